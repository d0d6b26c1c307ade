// One question with two answers; the safe one has the focus.

import { html } from "../link/vendor/lit.js";
import { Sheet } from "./sheet.js";

/** @typedef {{title: string, lead: string, no: string, yes: string}} Question */

class ConfirmSheet extends Sheet {
  /** @type {Question} */ question = { title: "", lead: "", no: "", yes: "" };
  /** @type {() => void} */
  #give = () => {};

  /** @param {Question} question @param {() => void} give hears a yes */
  ask(question, give) {
    this.question = question;
    this.#give = give;
    this.show();
  }

  accept() {
    this.close();
    this.#give();
  }

  content() {
    const { title, lead, no, yes } = this.question;
    return html`<div class="body"><h2>${title}</h2><p class="lead">${lead}</p></div>
      <div class="ends">
        <button type="button" class="btn half" autofocus @click=${() => this.close()}>${no}</button>
        <button class="btn half" data-kind="slip">${yes}</button>
      </div>`;
  }
}

customElements.define("confirm-sheet", ConfirmSheet);
/** @typedef {ConfirmSheet} ConfirmSheetElement */
