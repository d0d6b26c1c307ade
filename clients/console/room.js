// What every room of the console is made of: it asks doors, says what came of it, asks before it does harm.
// A new room: a module with a class that extends Room, and a row in rooms.js. The shell gives it `me`, the chosen `shop`
// and all `shops`, tells it when the shop changes (`opened`), and shows its toasts and questions. What it may rely on:
//   read(path)                    a GET; null when refused, and then `wrong` says why, in words, above the room
//   change(method, path, body)    a change; a toast says that it was done, or why it was not; null when refused
//   sure(sentence, verb)          a question before harm; resolves to whether it was affirmed
//   sheet(title, body, close)     a form in front of the room; Escape closes it
//   every(seconds)                in `opened`: read again quietly while somebody looks
// Refuses to decide who may: doors do. Refuses to hide a refusal.

import { Part } from "../link/elements.js";
import { clock } from "../link/clock.js";
import { askHouse, refusalText } from "../link/house.js";
import { lang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { ask, tell } from "./tell.js";
import { say } from "./words.js";

/** Times and days are the shop's. */
export { dayMs, moment, timeOf } from "./zone.js";

/** @typedef {{id: number, name: import("../link/i18n.js").Text, brand: import("../link/i18n.js").Text, timezone: string}} Shop */
/** @typedef {{id: number, name: string, roles: {role: string, shop_id: number, gives: string[]}[], must_change: boolean, shops: Shop[]}} Me */
/** @typedef {import("../link/house.js").Told} Told */

const LOGIN = "/login/";
const DOUBLE_MS = 600;

export class Room extends Part {
  /** Rooms add their own. @type {Record<string, object>} */
  static properties = { me: { attribute: false }, shop: { attribute: false }, shops: { attribute: false }, busy: { state: true }, wrong: { state: true } };
  #every = 0;
  /** Which reading is the last: an answer to an older one is dropped. */
  #turn = 0;
  /** The change that is on its way, or was asked for just now. */
  #asked = "";

  constructor() {
    super();
    /** @type {Me | null} */
    this.me = null;
    /** The shop one looks at. @type {Shop | null} */
    this.shop = null;
    /** Shops in which one may enter this room. @type {Shop[]} */
    this.shops = [];
    this.busy = false;
    this.wrong = "";
  }

  get shopId() {
    return this.shop?.id ?? 0;
  }

  /** Read what the room shows: when it opens, and for another shop. */
  opened() {}

  disconnectedCallback() {
    super.disconnectedCallback();
    window.clearInterval(this.#every);
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has("shop") && this.shop) {
      window.clearInterval(this.#every);
      this.wrong = "";
      this.opened();
    }
  }

  updated() {
    for (const dialog of this.querySelectorAll("dialog")) if (!dialog.open) dialog.showModal();
  }

  /** @param {number} seconds @param {() => unknown} look */
  every(seconds, look) {
    window.clearInterval(this.#every);
    this.#every = window.setInterval(() => document.visibilityState === "visible" && look(), seconds * 1000);
  }

  /** @param {string} path @returns {Promise<any>} null when refused or no longer wanted */
  async read(path) {
    const turn = ++this.#turn;
    this.busy = true;
    const told = await askHouse("GET", path);
    if (turn !== this.#turn) return null;
    this.busy = false;
    this.wrong = told.ok ? "" : whyNot(told);
    return told.ok ? told.body : null;
  }

  /** @param {string} path @returns {Promise<any>} null when refused; for what stands beside the room's own list */
  async readBeside(path) {
    const told = await askHouse("GET", path);
    if (!told.ok) this.wrong = whyNot(told);
    return told.ok ? told.body : null;
  }

  /**
   * Ask for a change, once: the second half of a double click asks for nothing.
   * @param {"POST" | "PUT" | "DELETE"} method @param {string} path @param {object} [body] @param {string} [done] what the toast says
   */
  async change(method, path, body, done) {
    const asked = `${method} ${path} ${JSON.stringify(body)}`;
    if (this.#asked === asked) return null;
    this.#asked = asked;
    // Counted from the press: who presses again after a slow answer means it.
    const double = new Promise((end) => window.setTimeout(end, DOUBLE_MS));
    const told = await askHouse(method, path, body);
    void double.then(() => this.#asked === asked && (this.#asked = ""));
    if (told.ok) tell(done ?? say("done"));
    else tell(whyNot(told), "refused");
    return told.ok ? told.body : null;
  }

  /** Say something over the room. @param {string} sentence */
  say(sentence) {
    tell(sentence);
  }

  /** @param {string} sentence @param {string} verb what the button says @returns {Promise<boolean>} */
  sure(sentence, verb) {
    return ask(sentence, verb);
  }

  /** @param {string} title @param {unknown} body @param {() => void} close */
  sheet(title, body, close) {
    const cancel = () => closeDialog(this);
    return html`<dialog class="sheet" aria-label=${title} @close=${close}>
      <header><h2>${title}</h2><button class="btn" type="button" aria-label=${say("close")} @click=${cancel}>${icon("close")}</button></header>
      ${body}
    </dialog>`;
  }

  /** Title, what may be done, and what went wrong. @param {string} title @param {string} lead @param {unknown} [tools] */
  head(title, lead, tools = nothing) {
    return html`<header class="title"><div><h1>${title}</h1><p class="lead">${lead}</p></div><div class="tools">${tools}</div></header>
      ${this.wrong ? html`<p class="told" role="alert">${icon("late")}${this.wrong}</p>` : nothing}`;
  }

  /** A table, or why it is empty. @param {string[]} heads @param {unknown[]} rows @param {string} none */
  table(heads, rows, none) {
    if (!rows.length) return html`<p class="wait">${this.busy ? say("wait") : this.wrong ? nothing : none}</p>`;
    return html`<table><thead><tr>${heads.map((one) => (one ? html`<th scope="col">${one}</th>` : html`<td></td>`))}</tr></thead><tbody>${rows}</tbody></table>`;
  }
}

/** @param {ParentNode} within */
export const closeDialog = (within) => /** @type {HTMLDialogElement | null} */ (within.querySelector("dialog.sheet"))?.close();

/** Why not, in the page's language, with the field it is about; who is logged out is led to the login. @param {Extract<Told, {ok: false}>} told */
export function whyNot(told) {
  if (told.code === "session_ended" || told.code === "password_must_change") location.replace(LOGIN);
  if (told.code === "no_answer") return say("no_answer");
  const field = told.code === "bad_field" && told.facts.field ? `${lang() === "en" ? ": " : "："}${told.facts.field}` : "";
  return refusalText(told.code, told.sentence || say("refused")) + field;
}

/** How long ago, in the largest unit that says it. @param {number | null} atMs */
export function ago(atMs) {
  if (atMs === null) return say("never");
  const seconds = Math.max(0, Math.round((clock.nowMs() - atMs) / 1000));
  for (const [unit, size] of UNITS) if (seconds >= size) return say(unit, { n: Math.floor(seconds / size) });
  return say("just_now");
}
const UNITS = /** @type {const} */ ([["days_ago", 86_400], ["hours_ago", 3600], ["minutes_ago", 60]]);
