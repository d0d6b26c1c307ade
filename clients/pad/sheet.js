// A sheet: the one thing that may lie over the page. Esc, the backdrop and 关闭 close it; focus goes back where it was.

import { Part } from "../link/elements.js";
import { html, nothing } from "../link/vendor/lit.js";

export class Sheet extends Part {
  /** @type {Record<string, {state: boolean}>} */
  static properties = { open: { state: true } };

  constructor() {
    super();
    this.open = false;
  }

  show() {
    this.open = true;
    this.requestUpdate();
    void this.updateComplete.then(() => {
      const dialog = this.querySelector("dialog");
      if (dialog && !dialog.open) dialog.showModal();
    });
  }

  close() {
    this.querySelector("dialog")?.close();
  }

  /** What lies on the sheet. @returns {unknown} */
  content() {
    return nothing;
  }

  /** The filled button was pressed, or Enter in a field. */
  accept() {
    this.close();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    this.accept();
  }

  /** A press beside the sheet. @param {MouseEvent} event */
  #beside(event) {
    if (event.target === event.currentTarget) this.close();
  }

  #closed() {
    this.open = false;
  }

  render() {
    const name = this.localName;
    return html`<dialog class="sheet ${name}" @click=${this.#beside} @close=${this.#closed}>
      ${this.open ? html`<form @submit=${this.#submit}>${this.content()}</form>` : nothing}
    </dialog>`;
  }
}
