// The fields of a rule, each with its control and its value in words. Refuses to check: doors do.

import { name } from "../link/i18n.js";
import { html } from "../link/vendor/lit.js";
import { called, say, told } from "./broadcast-words.js";
import { choice, listed } from "./fields.js";
import { CHANNELS, hm, minuteOf } from "./rule-layers.js";

/** @typedef {import("./rule-layers.js").Field} Field */
/** @typedef {import("./rule-layers.js").Policy} Policy */
/** @typedef {import("./rule-layers.js").Quiet} Quiet */
/** @typedef {import("./sentences.js").Template} Template */
/** @typedef {{event: string, templates: Template[], under: Policy, put: (value: unknown) => void}} Where `under`: what the layer below says */

const SOUNDS = ["new", "round", "ring", "rush", "cancelled", "notice", "none"];
/** Smallest and largest. server/broadcast/policy.py @type {Partial<Record<Field, [number, number]>>} */
const BOUNDS = { repeat_max: [0, 59], interval_s: [3, 3600], expiry_s: [5, 86_400], coalesce_s: [0, 10], claim_reminder_s: [10, 3600], escalate_after_rings: [1, 60], priority: [0, 9], late_s_max: [1, 86_400] };
/** What the house announces by itself needs a sentence. server/broadcast/changes.py */
const HOUSE_EVENTS = new Set(["order_placed", "item_ready", "item_cancelled", "order_rushed", "item_unseen"]);
const EVENING = /** @type {Quiet} */ ({ from_minute: 22 * 60, to_minute: 7 * 60 });
/** @type {Partial<Record<Field, string[]>>} */
const CHOICES = { quiet_then: ["suppress", "postpone"], misfire: ["drop", "once", "late"] };
const PREFIX = /** @type {Partial<Record<Field, string>>} */ ({ quiet_then: "quiet", misfire: "misfire" });

/** @param {Field} field @param {unknown} value @param {Template[]} templates @returns {string} */
export function valueWords(field, value, templates) {
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  if (field === "template_id") return sentenceWords(/** @type {number | null} */ (value), templates);
  if (field === "sound") return told(`sound_${value}`);
  if (field === "quiet") return value ? `${hm(/** @type {Quiet} */ (value).from_minute)}–${hm(/** @type {Quiet} */ (value).to_minute)}` : say("quiet_none");
  if (field === "escalate_to") return listed(/** @type {string[]} */ (value).map(told)) || say("nobody");
  if (field in PREFIX) return told(`${PREFIX[field]}_${value}`);
  return value === null ? say("nobody") : String(value);
}

/** @param {number | null} id @param {Template[]} templates */
function sentenceWords(id, templates) {
  const found = templates.find((one) => one.id === id);
  return found ? called(found) : id ? String(id) : say("caller_says");
}

/** @param {Field} field @param {unknown} value what holds @param {Where} where */
export function control(field, value, where) {
  if (typeof value === "boolean") return tickOf(field, value, where);
  if (field === "template_id") return choice(field, told(field), sentences(where), String(value ?? ""), (one) => where.put(one ? Number(one) : null));
  if (field === "sound") return choice(field, told(field), SOUNDS.map((one) => [one, told(`sound_${one}`)]), String(value), where.put);
  if (field === "quiet") return quietOf(/** @type {Quiet | null} */ (value), where);
  if (field === "escalate_to") return endsOf(/** @type {string[]} */ (value), where);
  const words = CHOICES[field];
  if (words) return choice(field, told(field), words.map((one) => [one, told(`${PREFIX[field]}_${one}`)]), String(value), where.put);
  return numberOf(field, /** @type {number | null} */ (value), where);
}

/** @param {Field} field @param {boolean} value @param {Where} where */
function tickOf(field, value, where) {
  const heard = (/** @type {Event} */ event) => where.put(/** @type {HTMLInputElement} */ (event.target).checked);
  return html`<label class="tick"><input type="checkbox" name=${field} .checked=${value} @change=${heard} />${told(field)}</label>`;
}

/** @param {Where} where @returns {[string, string][]} */
function sentences({ templates, event }) {
  const named = templates.map((one) => /** @type {[string, string]} */ ([String(one.id), `${called(one)} · ${name(one.text)}`]));
  return HOUSE_EVENTS.has(event) ? named : [["", say("caller_says")], ...named];
}

/** What is left empty follows the layer below. @param {Field} field @param {number | null} value @param {Where} where */
function numberOf(field, value, where) {
  const [min, max] = BOUNDS[field] ?? [0, 0];
  const typed = (/** @type {Event} */ event) => {
    const words = /** @type {HTMLInputElement} */ (event.target).value.trim();
    if (words) where.put(Number(words));
  };
  const left = (/** @type {Event} */ event) => {
    if (!(/** @type {HTMLInputElement} */ (event.target).value.trim())) where.put(field === "escalate_after_rings" && where.under[field] !== null ? null : undefined);
  };
  return html`<label>${told(field)}<input name=${field} type="number" min=${min} max=${max} step="1" autocomplete="off" .value=${String(value ?? "")} placeholder=${valueWords(field, where.under[field], [])} @input=${typed} @change=${left} /></label>`;
}

/** @param {Quiet | null} value @param {Where} where */
function quietOf(value, where) {
  const switched = (/** @type {Event} */ event) => where.put(/** @type {HTMLInputElement} */ (event.target).checked ? EVENING : null);
  const at = (/** @type {"from_minute" | "to_minute"} */ end) => (/** @type {Event} */ event) => {
    const minute = minuteOf(/** @type {HTMLInputElement} */ (event.target).value);
    if (minute !== null) where.put({ ...(value ?? EVENING), [end]: minute });
  };
  return html`<label class="tick"><input type="checkbox" name="quiet" .checked=${value !== null} @change=${switched} />${say("quiet_label")}</label>
    ${value ? html`<div class="from-to"><label>${say("quiet_from")}<input type="time" name="quiet_from" .value=${hm(value.from_minute)} @change=${at("from_minute")} /></label>
      <label>${say("quiet_to")}<input type="time" name="quiet_to" .value=${hm(value.to_minute)} @change=${at("to_minute")} /></label></div>` : ""}`;
}

/** @param {string[]} value @param {Where} where */
function endsOf(value, where) {
  const heard = (/** @type {string} */ end) => (/** @type {Event} */ event) =>
    where.put(CHANNELS.filter((one) => (one === end ? /** @type {HTMLInputElement} */ (event.target).checked : value.includes(one))));
  return html`<fieldset><legend>${told("escalate_to")}</legend><div class="ticks">${CHANNELS.map((one) => html`<label class="tick"><input type="checkbox" name="escalate_to" value=${one} .checked=${value.includes(one)} @change=${heard(one)} />${told(one)}</label>`)}</div></fieldset>`;
}
