// What is shown this once, with a button that copies it: a first password, a key's secret.
// Refuses to keep it: whoever holds the element lets go of it, and nobody can show it again.

import { Part } from "../link/elements.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say } from "./words.js";

/** @param {unknown} one @param {unknown} other */
const otherwise = (one, other) => JSON.stringify(one) !== JSON.stringify(other);

class SecretSlip extends Part {
  static properties = { lead: {}, lines: { attribute: false, hasChanged: otherwise }, copied: { state: true } };

  constructor() {
    super();
    this.lead = "";
    /** Labels and what they are of. @type {[string, string][]} */
    this.lines = [];
    /** Which line was copied last. */
    this.copied = -1;
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has("lines")) this.copied = -1;
  }

  render() {
    return html`<div class="secret" role="status"><p>${this.lead}</p>
      ${this.lines.map(([label, words], at) => html`<div class="line"><small>${label}</small><code>${words}</code>
        <button type="button" class="btn" name="copy" aria-label=${`${say("copy")} ${label}`} @click=${() => this.#copy(at)}>${this.copied === at ? html`${icon("tick")}${say("copied")}` : say("copy")}</button></div>`)}
      ${this.copied < 0 ? nothing : html`<p class="lead">${say("copied_where")}</p>`}</div>`;
  }

  /** Over plain HTTP there is no clipboard to write to; there the browser copies what is chosen on the page. @param {number} at */
  async #copy(at) {
    const written = await navigator.clipboard?.writeText(this.lines[at][1]).then(() => true, () => false);
    if (!written) {
      window.getSelection()?.selectAllChildren(this.querySelectorAll("code")[at]);
      document.execCommand("copy");
    }
    this.copied = at;
  }
}

customElements.define("secret-slip", SecretSlip);
