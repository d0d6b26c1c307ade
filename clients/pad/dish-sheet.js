// One dish: what is in it, how to make it, how many, a word to the cook.

import { yuan } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, live, nothing } from "../link/vendor/lit.js";
import { allergen, say as shared } from "../link/words.js";
import { chosen, missingGroups, NOTE_CHARS_MAX, pick, QUANTITY_MAX } from "./cart.js";
import { Sheet } from "./sheet.js";
import { say } from "./words.js";
import "./dish-art.js";

/**
 * @typedef {import("../link/frames.d.ts").Dish} Dish
 * @typedef {import("../link/frames.d.ts").ModifierGroup} ModifierGroup
 * @typedef {import("./cart.js").CartLine} CartLine
 */

/** "含花生、大豆" / "Peanuts, soy". @param {string[]} allergens */
export const containsWords = (allergens) => {
  const what = allergens.map(allergen).join(shared("comma"));
  return say("contains", { what: what.charAt(0).toUpperCase() + what.slice(1) });
};

class DishSheet extends Sheet {
  static properties = { line: { state: true } };
  /** @type {Dish | null} */ dish = null;
  /** @type {(line: CartLine) => void} */
  #give = () => {};

  constructor() {
    super();
    /** @type {CartLine} */
    this.line = { dish_id: 0, quantity: 1, modifier_ids: [], note: "", hold: false };
  }

  /**
   * Ask how a dish should be made. @param {Dish} dish @param {CartLine | null} line as it was before, if any
   * @param {(line: CartLine) => void} give hears the wish; not when the sheet is just closed
   */
  ask(dish, line, give) {
    this.dish = dish;
    this.line = line ?? { dish_id: dish.id, quantity: 1, modifier_ids: [], note: "", hold: false };
    this.#give = give;
    this.show();
  }

  accept() {
    if (!this.dish || missingGroups(this.dish, this.line.modifier_ids).length) return;
    this.#give(this.line);
    this.close();
  }

  /** @param {number} by */
  #count(by) {
    const quantity = Math.min(QUANTITY_MAX, Math.max(1, this.line.quantity + by));
    this.line = { ...this.line, quantity };
  }

  /** @param {string} group @param {string} choice */
  #press(group, choice) {
    if (!this.dish) return;
    const modifier_ids = pick(this.dish, this.line.modifier_ids, group, choice);
    this.line = { ...this.line, modifier_ids };
  }

  /** @param {ModifierGroup} group */
  #group(group) {
    const must = group.min > 0;
    const hint = must ? say("must") : group.max > 1 ? say("up_to", { n: group.max }) : "";
    return html`<h3 id="g-${group.id}">${name(group.name)}<small class=${must ? "must" : ""}>${hint}</small></h3>
      <div class="chips" role="group" aria-labelledby="g-${group.id}">
        ${group.choices.map((choice) => {
          const on = this.line.modifier_ids.includes(choice.id);
          return html`<button type="button" class="chip" data-kind=${choice.allergen ? "allergen" : nothing}
            aria-pressed=${on} @click=${() => this.#press(group.id, choice.id)}>
            ${icon(on ? "tick" : choice.allergen ? "hazard" : "ring")}${name(choice.name)}
            ${choice.price_fen ? html`<small>${say("plus_fen", { fen: yuan(choice.price_fen) })}</small>` : nothing}
          </button>`;
        })}
      </div>`;
  }

  content() {
    const { dish, line } = this;
    if (!dish) return nothing;
    const each = dish.price_fen + chosen(dish, line.modifier_ids).reduce((sum, one) => sum + one.price_fen, 0);
    const missing = missingGroups(dish, line.modifier_ids);
    const note = (/** @type {InputEvent} */ event) => {
      this.line = { ...this.line, note: /** @type {HTMLInputElement} */ (event.target).value };
    };
    return html`<div class="body">
        <div class="top">
          <dish-art class="art" picture=${dish.picture}></dish-art>
          <div><h2>${name(dish.name)}</h2><p class="lead">${name(dish.about)}</p>
            ${
              dish.allergens.length
                ? html`<p class="contains">${icon("hazard")}${containsWords(dish.allergens)}</p>`
                : nothing
            }</div>
        </div>
        ${dish.modifier_groups.map((group) => this.#group(group))}
        <h3 id="dish-when">${say("when")}</h3>
        <div class="chips" role="group" aria-labelledby="dish-when">
          <button type="button" class="chip hold" aria-pressed=${line.hold} @click=${() => (this.line = { ...line, hold: !line.hold })}>
            ${icon(line.hold ? "tick" : "held")}${say("hold_it")}</button>
        </div>
        <h3 id="dish-note">${say("note")}</h3>
        <input type="text" aria-labelledby="dish-note" maxlength=${NOTE_CHARS_MAX} autocomplete="off"
          placeholder=${say("dish_note_hint")} .value=${live(line.note)} @input=${note} />
      </div>
      <div class="ends">
        <button type="button" class="btn" @click=${() => this.close()}>${say("cancel")}</button>
        <span class="step">
          <button type="button" aria-label=${say("take_one", { what: name(dish.name) })} ?disabled=${line.quantity < 2}
            @click=${() => this.#count(-1)}>${icon("minus")}</button>
          <b>${line.quantity}</b>
          <button type="button" aria-label=${say("add_one", { what: name(dish.name) })} @click=${() => this.#count(1)}>${icon("plus")}</button>
        </span>
        <button class="btn" data-kind="go" ?disabled=${missing.length > 0}>
          ${
            missing.length
              ? say("choose_first", { what: name(missing[0].name) })
              : html`${say("add")} <span class="price">${yuan(each * line.quantity)}</span>`
          }
        </button>
      </div>`;
  }
}

customElements.define("dish-sheet", DishSheet);
/** @typedef {DishSheet} DishSheetElement */
