// A dish as a form: names, price, station, target, choices, allergens. Refuses to save: the room does.

import { html, nothing } from "../link/vendor/lit.js";
import { choice, fen, field, tick, yuan } from "./fields.js";
import { say } from "./menu-words.js";

/** @typedef {import("../link/frames.d.ts").Dish} Dish */
/** @typedef {Dish["modifier_groups"]} Groups */
/** @typedef {Groups[number]["choices"][number]} Choice */
/**
 * @typedef {{headings: [string, string][], stations: [string, string][], groups: Groups, put: (change: (groups: Groups) => Groups) => void, photo: (file: File, picture: HTMLInputElement) => void}} Look
 * `put` hands over the groups with what was typed so far, and takes what they shall be; `photo` brings a photograph. */

const PHOTOGRAPH = /[./]/; // a word without either names a drawing
const STAGES = /** @type {const} */ (["waiting_s", "cooking_s", "pick_up_s"]);
/** @param {number | null} seconds */
const minutes = (seconds) => (seconds === null ? "" : seconds / 60);
/** @param {number | null} minutes */
const seconds = (minutes) => (minutes === null ? null : Math.round(minutes * 60));
const DESK_WORDS = /[、，,;；]/;

/** @param {Dish} dish @param {Look} look */
export function dishForm(dish, look) {
  return html`<div class="fields">
      ${field("zh", say("zh"), dish.name.zh, { maxlength: 60, autofocus: !dish.id })}${field("en", say("en"), dish.name.en, { maxlength: 60 })}
      ${field("price", say("price_yuan"), yuan(dish.price_fen), { type: "number", min: 0, max: 100_000, step: 0.01, required: true })}
      ${field("target", say("target_min"), dish.target_s / 60, { type: "number", min: 0.5, max: 240, step: "any", required: true })}
      ${STAGES.map((stage) => field(stage, say(stage), minutes(dish.stage_targets[stage]), { type: "number", min: 0.5, max: 240, step: "any", placeholder: say("no_target") }))}
      ${choice("station", say("station"), [["", say("unrouted")], ...look.stations], String(dish.station_id ?? ""))}
      ${choice("category", say("heading"), look.headings, dish.category)}
      ${field("about_zh", say("about_zh"), dish.about.zh, { maxlength: 500, whole: true })}${field("about_en", say("about_en"), dish.about.en, { maxlength: 500, whole: true })}
      ${field("allergens", say("allergens"), dish.allergens.join("、"), { maxlength: 400, whole: true })}
      ${field("spicy", say("spicy"), dish.spicy, { type: "number", min: 0, max: 5, required: true })}${field("picture", say("picture"), dish.picture, { maxlength: 200 })}
      ${photoField(dish.picture, look)}
    </div>
    <h3>${say("groups")}</h3>${look.groups.map((group, at) => groupFields(group, at, look))}
    <button type="button" class="btn" name="add_group" @click=${() => look.put((groups) => [...groups, freshGroup()])}>${say("add_group")}</button>`;
}

/** The photograph as it is, and another instead. @param {string} picture @param {Look} look */
function photoField(picture, { photo }) {
  const chosen = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const [file] = input.files ?? [];
    if (file) photo(file, /** @type {HTMLInputElement} */ (input.form?.elements.namedItem("picture")));
    input.value = "";
  };
  return html`<label class="whole">${say("photo")}<input name="photo" type="file" accept="image/jpeg,image/png,image/webp" @change=${chosen} />
    <img class="photo" alt="" src=${PHOTOGRAPH.test(picture) ? picture : nothing} ?hidden=${!PHOTOGRAPH.test(picture)}></label>`;
}

/** @param {Groups[number]} group @param {number} at @param {Look} look */
function groupFields(group, at, look) {
  const put = (/** @type {(choices: Choice[]) => Choice[]} */ change) =>
    look.put((groups) => groups.map((one) => (one.id === group.id ? { ...one, choices: change(one.choices) } : one)));
  const key = (/** @type {string} */ name) => `${group.id}:${name}`;
  return html`<fieldset class="group"><legend>${say("group")} ${at + 1}</legend><div class="fields">
      ${field(key("zh"), say("zh"), group.name.zh, { maxlength: 60 })}${field(key("en"), say("en"), group.name.en, { maxlength: 60 })}
      ${field(key("min"), say("min"), group.min, { type: "number", min: 0, max: 50, required: true })}${field(key("max"), say("max"), group.max, { type: "number", min: 0, max: 50, required: true })}
    </div>
    ${group.choices.map((one) => choiceFields(one, () => put((choices) => choices.filter(({ id }) => id !== one.id))))}
    <div class="do"><button type="button" class="btn" name="add_choice" @click=${() => put((choices) => [...choices, freshChoice()])}>${say("add_choice")}</button>
      <button type="button" class="btn" data-kind="line" name="remove_group" @click=${() => look.put((groups) => groups.filter(({ id }) => id !== group.id))}>${say("remove")}</button></div></fieldset>`;
}

/** @param {Choice} one @param {() => void} remove */
function choiceFields(one, remove) {
  const key = (/** @type {string} */ name) => `${one.id}:${name}`;
  return html`<div class="fields choice">${field(key("zh"), say("zh"), one.name.zh, { maxlength: 60 })}${field(key("en"), say("en"), one.name.en, { maxlength: 60 })}
    ${choice(key("sign"), say("sign"), [["less", say("less")], ["plus", say("plus")], ["change", say("change")]], one.sign)}
    ${field(key("extra"), say("extra"), yuan(one.price_fen ?? 0), { type: "number", min: -100_000, max: 100_000, step: 0.01 })}
    ${tick(key("allergen"), say("allergen"), Boolean(one.allergen))}
    <button type="button" class="btn" data-kind="line" @click=${remove}>${say("remove")}</button></div>`;
}

/** The choices with what was typed about them. @param {Groups} groups @param {ReturnType<typeof import("./fields.js").typed>} form @returns {Groups} */
export const groupsOf = (groups, form) =>
  groups.map((group) => ({
    id: group.id,
    name: { zh: form.text(`${group.id}:zh`), en: form.text(`${group.id}:en`) },
    min: form.number(`${group.id}:min`) ?? 0,
    max: form.number(`${group.id}:max`) ?? 0,
    choices: group.choices.map((one) => ({
      id: one.id,
      name: { zh: form.text(`${one.id}:zh`), en: form.text(`${one.id}:en`) },
      sign: /** @type {Choice["sign"]} */ (form.text(`${one.id}:sign`)),
      price_fen: fen(form.number(`${one.id}:extra`) ?? 0),
      allergen: form.has(`${one.id}:allergen`),
    })),
  }));

/** @param {ReturnType<typeof import("./fields.js").typed>} form @param {Groups} groups */
export const dishOf = (form, groups) => ({
  category: form.text("category"),
  name: { zh: form.text("zh"), en: form.text("en") },
  about: { zh: form.text("about_zh"), en: form.text("about_en") },
  price_fen: fen(form.number("price") ?? 0),
  station_id: form.number("station"),
  target_s: Math.round((form.number("target") ?? 0) * 60),
  stage_targets: { waiting_s: seconds(form.number("waiting_s")), cooking_s: seconds(form.number("cooking_s")), pick_up_s: seconds(form.number("pick_up_s")) },
  modifier_groups: groups,
  allergens: form.text("allergens").split(DESK_WORDS).map((one) => one.trim()).filter(Boolean),
  picture: form.text("picture"),
  spicy: form.number("spicy") ?? 0,
});

/** @returns {Groups[number]} */
const freshGroup = () => ({ id: freshId(), name: { zh: "", en: "" }, min: 0, max: 1, choices: [freshChoice()] });

/** @returns {Choice} */
const freshChoice = () => ({ id: freshId(), name: { zh: "", en: "" }, sign: "change", price_fen: 0, allergen: false });

const freshId = () => Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => byte.toString(16).padStart(2, "0")).join("");
