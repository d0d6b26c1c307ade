// What the guest must not eat, and a word to the kitchen for the whole order.

import { icon } from "../link/icons.js";
import { html, live } from "../link/vendor/lit.js";
import { allergen } from "../link/words.js";
import { NOTE_CHARS_MAX } from "./cart.js";
import { Sheet } from "./sheet.js";
import { say } from "./words.js";

/** In the kitchen's words, which stand on its ticket. The fourteen that food law names, as kitchens group them. */
const ALLERGENS = ["花生", "坚果", "甲壳类", "贝类", "鱼类", "鸡蛋", "牛奶", "大豆", "麸质", "芝麻"];

class AllergySheet extends Sheet {
  static properties = { allergens: { state: true }, note: { state: true } };
  /** @type {(told: {allergens: string[], note: string}) => void} */
  #give = () => {};

  constructor() {
    super();
    /** @type {string[]} */
    this.allergens = [];
    this.note = "";
  }

  /** @param {{allergens: string[], note: string}} told @param {(told: {allergens: string[], note: string}) => void} give */
  ask(told, give) {
    this.allergens = told.allergens;
    this.note = told.note;
    this.#give = give;
    this.show();
  }

  accept() {
    this.#give({ allergens: this.allergens, note: this.note.trim() });
    this.close();
  }

  /** @param {string} word */
  #press(word) {
    this.allergens = this.allergens.includes(word)
      ? this.allergens.filter((one) => one !== word)
      : [...this.allergens, word];
  }

  content() {
    const note = (/** @type {InputEvent} */ event) => {
      this.note = /** @type {HTMLTextAreaElement} */ (event.target).value;
    };
    return html`<div class="body">
        <h2>${say("allergy_title")}</h2>
        <p class="lead">${say("allergy_lead")}</p>
        <div class="chips first">
          ${ALLERGENS.map((word) => {
            const on = this.allergens.includes(word);
            return html`<button type="button" class="chip" data-kind="allergen" aria-pressed=${on} @click=${() => this.#press(word)}>
              ${icon(on ? "hazard" : "ring")}${allergen(word)}</button>`;
          })}
        </div>
        <h3 id="order-note">${say("note")}</h3>
        <textarea rows="2" aria-labelledby="order-note" maxlength=${NOTE_CHARS_MAX} placeholder=${say("note_hint")}
          .value=${live(this.note)} @input=${note}></textarea>
      </div>
      <div class="ends">
        <button type="button" class="btn" @click=${() => this.close()}>${say("cancel")}</button>
        <button class="btn" data-kind="go">${say("done")}</button>
      </div>`;
  }
}

customElements.define("allergy-sheet", AllergySheet);
/** @typedef {AllergySheet} AllergySheetElement */
