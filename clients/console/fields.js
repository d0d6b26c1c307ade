// The fields of the console's forms, and what was typed into them. Refuses to check: doors do, and say what is wrong.

import { lang } from "../link/i18n.js";
import { html, nothing } from "../link/vendor/lit.js";

/** @typedef {{type?: string, min?: number, max?: number, step?: number | "any", maxlength?: number, required?: boolean, placeholder?: string, whole?: boolean, inputmode?: string, autofocus?: boolean}} How */

/** @param {string} name @param {string} label @param {string | number} value @param {How} [how] */
export function field(name, label, value, how = {}) {
  return html`<label class=${how.whole ? "whole" : nothing}>${label}<input
    name=${name} type=${how.type ?? "text"} .value=${String(value)} min=${how.min ?? nothing} max=${how.max ?? nothing} step=${how.step ?? nothing}
    maxlength=${how.maxlength ?? nothing} placeholder=${how.placeholder ?? nothing} inputmode=${how.inputmode ?? nothing} autocomplete="off"
    ?required=${how.required} ?autofocus=${how.autofocus}
  /></label>`;
}

/** @param {string} name @param {string} label @param {[string, string][]} choices value and words @param {string} value @param {(value: string) => void} [chosen] */
export function choice(name, label, choices, value, chosen) {
  const heard = chosen && ((/** @type {Event} */ event) => chosen(/** @type {HTMLSelectElement} */ (event.target).value));
  return html`<label>${label}<select name=${name} @change=${heard ?? nothing}>
    ${choices.map(([one, words]) => html`<option value=${one} ?selected=${one === value}>${words}</option>`)}
  </select></label>`;
}

/** @param {string} name @param {string} label @param {boolean} checked @param {string} [value] */
export const tick = (name, label, checked, value = "on") => html`<label class="tick"><input type="checkbox" name=${name} value=${value} ?checked=${checked} />${label}</label>`;

/** What was typed, by name; submitting does not leave the page. @param {Event} event */
export function typed(event) {
  event.preventDefault();
  return typedIn(/** @type {HTMLFormElement} */ (event.target));
}

/** What stands in a form now, by name. @param {HTMLFormElement} form */
export function typedIn(form) {
  const data = new FormData(form);
  return {
    /** @param {string} name */
    text: (name) => String(data.get(name) ?? "").trim(),
    /** Null when nothing was typed. @param {string} name */
    number: (name) => (String(data.get(name) ?? "").trim() === "" ? null : Number(data.get(name))),
    /** @param {string} name */
    has: (name) => data.has(name),
    /** @param {string} name */
    all: (name) => data.getAll(name).map(String),
  };
}

/** Fen as people write them. @param {number} fen */
export const yuan = (fen) => (fen / 100).toFixed(2);

/** @param {number} price in yuan */
export const fen = (price) => Math.round(price * 100);

/** @param {string[]} words */
export const listed = (words) => words.join(lang() === "en" ? ", " : "、");
