// The middle of the register: what is on the card before and after, what is asked for, what became of it. Figures large enough
// for the guest across the counter. Refuses to decide: it paints what the till holds and names the one thing to press.

import { clock } from "../link/clock.js";
import { exactYuan, wallClock } from "../link/format.js";
import { icon } from "../link/icons.js";
import { html, live, nothing } from "../link/vendor/lit.js";
import { refusalWords } from "../link/words.js";
import { fenOf, typedAs } from "./amount.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").RefusalBody} RefusalBody
 * @typedef {import("../link/outbox.js").Entry} Entry
 * @typedef {import("./till.js").Card} Card
 * @typedef {import("./till.js").Done} Done
 * @typedef {import("./till.js").Field} Field
 * @typedef {import("./till.js").Till} Till
 * @typedef {{words: string, run: (() => void) | null}} Press
 */

const UNKNOWN_AFTER_MS = 2_000;

/** Why not, in a sentence with its figures. @param {RefusalBody} refusal */
export function why(refusal) {
  const { code, detail } = refusal;
  const sum = (/** @type {string} */ key) => exactYuan(Number(detail[key] ?? 0));
  switch (code) {
    case "balance_insufficient":
      return say("balance_insufficient", { short: sum("short_fen") });
    case "card_limit_reached":
      return say("card_limit_reached", detail);
    case "card_amount_invalid":
      return say("card_amount_invalid", { min: sum("amount_fen_min"), max: sum("amount_fen_max") });
    case "card_balance_limit":
      return say("card_balance_limit", { max: sum("balance_fen_max") });
    case "refund_exceeded":
      return say("refund_exceeded", { max: sum("refundable_fen") });
    case "not_allowed":
      if ("amount_fen_max" in detail) return say("refund_not_allowed", { max: sum("amount_fen_max") });
  }
  return say("not_done", { why: refusalWords(refusal) });
}

/** The one thing that Enter does now. @param {Till} till @returns {Press} */
export function nextPress(till) {
  const { card, amountFen, shortFen, bonusFen } = till;
  const sum = exactYuan(amountFen);
  const run = () => till.confirm();
  if (till.done) return { words: say("next"), run: () => till.clear() };
  if (till.active === "number" && till.fields.number) return { words: say("read"), run: () => till.present(till.fields.number) };
  switch (till.task) {
    case "open":
      return till.fields.identity ? { words: say("do_open"), run } : { words: say("need_identity"), run: null };
    case "replace":
      return card ? { words: say("do_replace"), run } : { words: say("need_card"), run: null };
    case "refund":
      if (!till.trade) return { words: say("need_trade"), run: null };
      return { words: say("do_refund", { sum: exactYuan(amountFen || till.refundableFen) }), run };
    case "top_up":
      if (!card) return { words: say("need_card"), run: null };
      if (!amountFen) return { words: say("need_amount"), run: null };
      return { words: bonusFen ? say("do_top_up_bonus", { sum, bonus: exactYuan(bonusFen) }) : say("do_top_up", { sum }), run };
    default:
      if (!amountFen) return { words: say("need_amount"), run: null };
      if (!card) return { words: say("need_card"), run: null };
      if (barred(card)) return { words: say(barred(card) || "frozen"), run: null };
      if (shortFen) return { words: say("do_short", { sum: exactYuan(shortFen) }), run: () => till.topUpFirst() };
      return { words: say("do_charge", { sum }), run };
  }
}

/** Why a card may not pay at all, or "". @param {Card} card @returns {"" | "frozen" | "user_frozen" | "closed"} */
const barred = ({ state, user_state: user }) => (state !== "open" ? state : user === "frozen" ? "user_frozen" : "");

/** @param {Till} till @param {string} timezone */
export function middleTemplate(till, timezone) {
  const { pending } = till;
  if (pending) return pendingTemplate(pending, till);
  if (till.done) return doneTemplate(till.done);
  const parts = { open: openTemplate, refund: refundTemplate, charge: cardTemplate, top_up: cardTemplate, replace: cardTemplate };
  return html`${parts[till.task](till, timezone)}${noticeTemplate(till)}${wipedTemplate(till)}`;
}

/** Nobody knows whether it was done. @param {Till} till */
export function isUnknown({ pending, reachable }) {
  return Boolean(pending?.tried) && (!reachable || clock.nowMs() - (pending?.madeAtMs ?? 0) > UNKNOWN_AFTER_MS);
}

/** Money is on its way; after a moment without an answer nobody knows. @param {Entry} entry @param {Till} till */
function pendingTemplate({ name, about, madeAtMs }, till) {
  const ageMs = clock.nowMs() - madeAtMs;
  const unknown = isUnknown(till);
  const task = name === "ConsumeCard" ? "charge" : name === "TopUpCard" ? "top_up" : "refund";
  return html`<section class="card outcome" data-as=${unknown ? "unknown" : "pending"} role="alert">
    <h2>${icon(unknown ? "late" : "waits")}${say(unknown ? "unknown" : "pending")}</h2>
    <p class="what">${say(task)} · ${about?.masked}</p><b class="sum">${exactYuan(about?.amountFen ?? 0)}</b>
    ${unknown ? html`<p class="help">${say("unknown_help")}</p><p class="age">${say("since", { n: Math.max(0, Math.floor(ageMs / 1000)) })}</p>` : nothing}
  </section>`;
}

/** @param {Done} done */
function doneTemplate({ task, amountFen, bonusFen, balanceFen, masked, number }) {
  const head = html`<h2>${icon("tick")}${say(`done_${task}`)}<span>${masked}</span></h2>`;
  if (number) {
    return html`<section class="card outcome" data-as="done" role="status">${head}
      <p class="what">${say("new_number")}</p><b class="sum fresh">${number.replace(/(.{4})(?=.)/g, "$1 ")}</b>
      ${task === "replace" ? html`<p class="help">${say("old_dead")}</p>` : nothing}</section>`;
  }
  return html`<section class="card outcome" data-as="done" role="status">${head}
    <b class="sum">${exactYuan(amountFen)}</b>
    ${bonusFen ? html`<p class="what">${say("with_bonus", { sum: exactYuan(bonusFen) })}</p>` : nothing}
    <p class="left"><span>${say("left")}</span><b>${exactYuan(balanceFen)}</b></p></section>`;
}

/** The card, before and after. @param {Till} till */
function cardTemplate(till) {
  const { card, task, amountFen, bonusFen, topped } = till;
  if (!card) return emptyTemplate(till);
  const bar = barred(card);
  const adds = task === "top_up";
  const afterFen = adds ? card.balance_fen + amountFen + bonusFen : card.available_fen - amountFen;
  const line = (/** @type {string} */ kind, /** @type {string} */ words, /** @type {string} */ sum, /** @type {unknown} */ more = nothing) =>
    html`<p class="line" data-line=${kind} ?data-none=${sum === "—"}><span>${words}<small>${more}</small></span><b>${sum}</b></p>`;
  return html`${topped
      ? html`<p class="strip">${icon("tick")}${say("done_top_up")} ${exactYuan(topped.amountFen)}${topped.bonusFen ? ` · ${say("given")} ${exactYuan(topped.bonusFen)}` : ""}</p>`
      : nothing}
    <section class="card face">
      <h2>${icon("card")}<b>${card.number_masked}</b>${card.name_masked}<span class="end">${dayUse(card)}</span></h2>
      ${line("before", say("before"), exactYuan(card.balance_fen), inside(card))}
      ${task === "replace"
        ? html`${inputTemplate(till, "fresh", say("fresh"))}`
        : html`${line("amount", say(adds ? "added" : "taken"), amountFen ? `${adds ? "+" : "−"}${exactYuan(amountFen)}` : "—", bonusFen ? `${say("given")} +${exactYuan(bonusFen)}` : nothing)}
          ${line("after", say(adds ? "after_top_up" : "after"), afterFen < 0 ? "—" : exactYuan(afterFen))}`}
    </section>
    ${bar && task !== "replace" ? html`<p class="says" data-as="late">${icon("frost")}${say(bar)}</p>` : nothing}
    ${till.shortFen ? html`<p class="says" data-as="warn">${icon("late")}${say("balance_insufficient", { short: exactYuan(till.shortFen) })}</p>` : nothing}
    ${adds ? rulesTemplate(till, card) : nothing}
    ${till.afterwards ? html`<p class="says">${icon("go")}${say("then_charge", { sum: `¥${till.afterwards}` })}</p>` : nothing}`;
}

/** How often it was used today. @param {Card} card */
function dayUse({ trades_today: n, trades_max: max }) {
  if (!max) return say("today_free", { n: n + 1 });
  if (n >= max) return html`<em>${icon("late")}${say("limit_near", { n, max })}</em>`;
  return say("today_used", { n: n + 1, max });
}

/** @param {Card} card */
function inside({ bonus_fen: bonus, held_fen: held }) {
  return [bonus ? say("of_bonus", { sum: exactYuan(bonus) }) : "", held ? say("held", { sum: exactYuan(held) }) : ""].filter(Boolean).join(" · ");
}

/** 充 500 送 50: each step is a button that types its amount. @param {Till} till @param {Card} card */
function rulesTemplate(till, { bonus_rules: rules }) {
  if (!rules.length) return html`<p class="says">${say("no_rules")}</p>`;
  const steps = [...rules].sort((a, b) => a.from_fen - b.from_fen);
  return html`<div class="rules"><span>${icon("coin")}${say("rules")}</span>${steps.map(
    ({ from_fen: from, bonus_fen: bonus }) => html`<button class="btn" aria-pressed=${till.amountFen === from ? "true" : "false"}
      @click=${() => (till.aim("amount"), till.write("amount", typedAs(from)))}>${say("rule", { from: typedAs(from), bonus: typedAs(bonus) })}</button>`,
  )}</div>`;
}

/** No card yet: lay it down, or type its number. @param {Till} till */
function emptyTemplate(till) {
  const typing = till.active === "number";
  const reading = till.questions.asking === "ReadCard";
  return html`<button class="card empty" ?data-here=${typing} @click=${() => till.aim("number")}>
    ${icon("card")}<b class="typed">${typing ? till.fields.number || " " : ""}</b>
    <span>${say(reading ? "reading" : typing ? "typing" : "lay")}</span>
    ${till.task === "replace" ? html`<small>${say("replace_help")}</small>` : nothing}
  </button>`;
}

/** @param {Till} till @param {string} timezone */
function refundTemplate(till, timezone) {
  const { trade } = till;
  if (!trade) return html`<section class="card empty">${icon("undo")}<span>${say("need_trade")}</span></section>`;
  const time = wallClock(trade.at_ms, timezone).hm;
  return html`<section class="card face">
    <h2>${icon("undo")}<b>${trade.number_masked}</b><span class="end">${say("back_to_card")}</span></h2>
    <p class="line" data-line="before"><span>${say("picked", { time, sum: "" })}<small>${trade.refunded_fen ? say("refunded_before", { sum: exactYuan(trade.refunded_fen) }) : nothing}</small></span><b>${exactYuan(trade.amount_fen)}</b></p>
    <p class="line" data-line="after"><span>${say("refund")}</span><b>${exactYuan(till.amountFen || till.refundableFen)}</b></p>
  </section>`;
}

/** @param {Till} till */
const openTemplate = (till) => html`<section class="card face form">
  <h2>${icon("person")}<b>${say("open")}</b><span class="end">${say("open_help")}</span></h2>
  ${inputTemplate(till, "identity", say("identity"), say("shown_by"))}${inputTemplate(till, "name", say("name"))}${inputTemplate(till, "fresh", say("fresh"))}
</section>`;

/** @param {Till} till @param {Field} field @param {string} words @param {string} [help] */
const inputTemplate = (till, field, words, help = "") => html`<label class="field"><span>${words}<small>${help}</small></span>
  <input name=${field} .value=${live(till.fields[field])} autocomplete="off" spellcheck="false" maxlength="40" ?data-here=${till.active === field}
    @focus=${() => till.active !== field && till.aim(field)} @input=${(/** @type {InputEvent} */ event) => till.write(field, /** @type {HTMLInputElement} */ (event.target).value)}></label>`;

/** What was cleared, for as long as it can be laid back. @param {Till} till */
function wipedTemplate(till) {
  const { wiped } = till;
  if (!wiped) return nothing;
  const { fields, card, trade, done, task } = wiped;
  const sum = task === "refund" && trade ? exactYuan(fenOf(fields.amount) || trade.amount_fen - trade.refunded_fen) : fields.amount && exactYuan(fenOf(fields.amount));
  const what = [sum, trade?.number_masked ?? card?.number_masked ?? done?.masked ?? fields.number, fields.identity && say("identity")].filter(Boolean).join(" · ");
  return html`<p class="says wiped" role="status">${icon("undo")}<span>${say("wiped")}<small>${what}</small></span>
    <button class="btn" name="put_back" @mousedown=${(/** @type {Event} */ event) => event.preventDefault()} @click=${() => till.putBack()}><key-cap .key=${"Z"}></key-cap>${say("put_back", { s: Math.ceil(wiped.leftMs / 1000) })}</button></p>`;
}

/** What was not done, and why. @param {Till} till */
function noticeTemplate({ notice }) {
  if (!notice) return nothing;
  if (notice.as === "refused") return html`<p class="says" role="alert" data-as="late">${icon("late")}${why(notice.refusal)}</p>`;
  return html`<p class="says" role="alert" data-as="late">${icon("cut")}<span>${say(notice.as)}<small>${say(`${notice.as}_help`)}</small></span></p>`;
}
