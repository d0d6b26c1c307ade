// What the console says over its rooms: toasts, and questions before harm. Refuses to keep more than TOASTS_MAX of them.

import { Part } from "../link/elements.js";
import { icon } from "../link/icons.js";
import { Signal } from "../link/signal.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say } from "./words.js";

const TOASTS_MAX = 4;
const DONE_MS = 4_000;
const REFUSED_MS = 10_000; // a reason is read more slowly

/** @typedef {{id: number, text: string, as: "ok" | "refused"}} Toast */
/** @typedef {{sentence: string, verb: string, answer: (sure: boolean) => void}} Question */

/** @type {Signal<Toast>} */
const toasted = new Signal();
/** @type {Signal<Question>} */
const asked = new Signal();
let toasts = 0;

/** @param {string} text @param {"ok" | "refused"} as */
export const tell = (text, as = "ok") => toasted.emit({ id: ++toasts, text, as });

/** @param {string} sentence @param {string} verb @returns {Promise<boolean>} */
export const ask = (sentence, verb) => new Promise((answer) => asked.emit({ sentence, verb, answer }));

class ToldShelf extends Part {
  static properties = { toasts: { state: true }, question: { state: true } };

  constructor() {
    super();
    /** @type {Toast[]} */
    this.toasts = [];
    /** @type {Question | null} */
    this.question = null;
  }

  subscribe() {
    return [toasted.on((one) => this.#show(one)), asked.on((one) => this.#ask(one))];
  }

  /** @param {Toast} one */
  #show(one) {
    this.toasts = [...this.toasts, one].slice(-TOASTS_MAX);
    window.setTimeout(() => (this.toasts = this.toasts.filter(({ id }) => id !== one.id)), one.as === "ok" ? DONE_MS : REFUSED_MS);
  }

  /** @param {Question} one */
  #ask(one) {
    this.question?.answer(false);
    this.question = one;
  }

  /** @param {boolean} sure */
  #answer(sure) {
    this.question?.answer(sure);
    this.question = null;
  }

  /** Over whatever form lies in front: there the reason for a refusal is read. @param {Map<string, unknown>} changed */
  updated(changed) {
    const shelf = /** @type {HTMLElement} */ (this.querySelector(".toasts"));
    if (changed.has("toasts") && shelf.showPopover) {
      shelf.hidePopover();
      if (this.toasts.length) shelf.showPopover();
    }
    const dialog = this.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  render() {
    return html`<div class="toasts" role="status" popover="manual">${this.toasts.map((one) => html`<p data-as=${one.as}>${icon(one.as === "ok" ? "tick" : "late")}${one.text}</p>`)}</div>
      ${this.question ? this.#dialog(this.question) : nothing}`;
  }

  /** @param {Question} question */
  #dialog({ sentence, verb }) {
    return html`<dialog class="ask" @close=${() => this.#answer(false)}>
      <p>${sentence}</p>
      <div class="do"><button class="btn" data-kind="line" @click=${() => this.#answer(false)}>${say("no")}</button>
      <button class="btn" data-kind="late" name="sure" @click=${() => this.#answer(true)}>${verb}</button></div>
    </dialog>`;
  }
}

customElements.define("told-shelf", ToldShelf);
