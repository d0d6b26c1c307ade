// The audit log: who did what, from where, and what came of it, the newest first.
// Refuses to change anything, and to guess: a line without an outcome says that nobody saw its end.

import { refusalText } from "../link/house.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { ACTIONS, actionWords } from "./actions.js";
import { dayMs, moment, Room } from "./room.js";
import { say } from "./words.js";

/** @typedef {{id: number, at_ms: number, shop_id: number, who: string, name: string, address: string, action: string, subject: string, outcome: string | null, request_id: string}} Line */

const PAGE_LINES = 50;
const LINES_SHOWN_MAX = 1_000; // then narrow the question
const NOTHING_ASKED = { who: "", action: "", outcome: "", shop_id: "", since: "", until: "" };

class AuditRoom extends Room {
  static properties = { lines: { state: true }, asked: { state: true }, next: { state: true } };

  constructor() {
    super();
    /** @type {Line[]} */
    this.lines = [];
    this.asked = { ...NOTHING_ASKED };
    /** @type {number | null} */
    this.next = null;
  }

  subscribe() {
    const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    window.addEventListener("keydown", key);
    return [() => window.removeEventListener("keydown", key)];
  }

  opened() {
    void this.#read(false);
  }

  /** R anew, N earlier ones, Escape forgets what was asked. @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return this.#ask(NOTHING_ASKED);
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const key = event.key.toUpperCase();
    if (key === "R") void this.#read(false);
    else if (key === "N" && this.#hasMore()) void this.#read(true);
  }

  #hasMore() {
    return this.next !== null && this.lines.length < LINES_SHOWN_MAX && !this.busy;
  }

  /** @param {Partial<typeof NOTHING_ASKED>} change */
  #ask(change) {
    this.asked = { ...this.asked, ...change };
    void this.#read(false);
  }

  /** @param {boolean} on further down, or anew from the top */
  async #read(on) {
    const told = await this.read(`/v1/audit?${this.#query(on)}`);
    if (!told) return;
    this.lines = on ? [...this.lines, ...told.lines] : told.lines;
    this.next = told.next;
  }

  /** @param {boolean} on */
  #query(on) {
    const { since, until, ...plain } = this.asked;
    const query = new URLSearchParams({ limit: String(PAGE_LINES) });
    for (const [key, value] of Object.entries(plain)) if (value) query.set(key, value);
    if (since) query.set("since_ms", String(dayMs(since, 0)));
    if (until) query.set("until_ms", String(dayMs(until, 1)));
    if (on && this.next !== null) query.set("before", String(this.next));
    return query;
  }

  render() {
    return html`${this.head(say("audit"), say("lead"))}
      ${this.#form()}
      ${this.lines.length ? this.#lines() : html`<p class="wait">${this.busy ? say("wait") : say("none")}</p>`}
      <p class="foot">${this.lines.length ? this.#more() : nothing}</p>`;
  }

  #more() {
    if (this.next === null) return say("no_more");
    return html`<button class="btn" data-kind="line" ?disabled=${!this.#hasMore()} @click=${() => this.#read(true)}><key-cap .key=${"N"}></key-cap>${say("more")}</button>`;
  }

  #form() {
    const { asked } = this;
    const chosen = (/** @type {keyof typeof NOTHING_ASKED} */ key) => (/** @type {Event} */ event) =>
      this.#ask({ [key]: /** @type {HTMLInputElement} */ (event.target).value });
    return html`<section class="asked">
      <label>${say("action")}<select name="action" @change=${chosen("action")}>
        <option value="" ?selected=${!asked.action}>${say("everything")}</option>
        ${[...new Set([...Object.keys(ACTIONS), asked.action])].filter(Boolean).map((one) => html`<option value=${one} ?selected=${asked.action === one}>${actionWords(one)}</option>`)}
      </select></label>
      <label>${say("shop")}${this.#shopField(chosen("shop_id"))}</label>
      <label>${say("since")}<input type="date" name="since" .value=${asked.since} @change=${chosen("since")} /></label>
      <label>${say("until")}<input type="date" name="until" .value=${asked.until} @change=${chosen("until")} /></label>
      ${asked.who ? html`<button class="btn" data-kind="line" name="who" @click=${() => this.#ask({ who: "" })}>${say("who_only", { who: asked.who })}${icon("close")}</button>` : nothing}
      <button class="btn" @click=${() => this.#read(false)}><key-cap .key=${"R"}></key-cap>${say("refresh")}</button>
      <button class="btn" @click=${() => this.#ask(NOTHING_ASKED)}><key-cap .key=${"Esc"}></key-cap>${say("clear")}</button>
    </section>`;
  }

  /** @param {(event: Event) => void} chosen */
  #shopField(chosen) {
    const { shop_id } = this.asked;
    return html`<select name="shop_id" @change=${chosen}>
      <option value="" ?selected=${!shop_id}>${say("all_shops")}</option>
      ${this.shops.map((one) => html`<option value=${one.id} ?selected=${shop_id === String(one.id)}>${name(one.name)}</option>`)}
    </select>`;
  }

  #lines() {
    return html`<table>
      <thead><tr>${(/** @type {const} */ (["time", "who", "did", "what", "came"])).map((one) => html`<th scope="col">${say(one)}</th>`)}</tr></thead>
      <tbody>${this.lines.map((line) => this.#row(line))}</tbody>
    </table>`;
  }

  /** A shop of another time is told by its number. @param {number} id */
  #shopName(id) {
    const shop = this.shops.find((one) => one.id === id);
    return shop ? name(shop.name) : id || nothing;
  }

  /** @param {Line} line */
  #row(line) {
    return html`<tr>
      <td><time>${moment(line.at_ms)}</time></td>
      <td><button @click=${() => this.#ask({ who: line.who })}>${line.name || (line.who === "unknown" ? say("nobody") : line.who)}</button>
        <small>${line.who}${line.address ? ` · ${say("from", { address: line.address })}` : nothing}</small></td>
      <td><button @click=${() => this.#ask({ action: line.action })}>${actionWords(line.action)}</button><small>${line.action}</small></td>
      <td>${this.#shopName(line.shop_id)} ${besidesShop(line.subject)}${line.request_id ? html`<small>${say("request", { id: line.request_id })}</small>` : nothing}</td>
      <td>${outcome(line.outcome)}</td>
    </tr>`;
  }
}

/** A shop is told in words already. @param {string} subject */
const besidesShop = (subject) => subject.replace(/\bshop_?[iI]d=\d+\s*/, "");

/** What came of it, by a drawing and words. @param {string | null} code */
function outcome(code) {
  if (code === null) return html`<span class="came" data-as="unseen">${icon("ring")}${say("unseen")}</span>`;
  if (code === "ok") return html`<span class="came" data-as="ok">${icon("tick")}${say("ok")}</span>`;
  return html`<span class="came" data-as="refused">${icon("late")}<span>${refusalText(code, say("refused"))}<small>${code}</small></span></span>`;
}

customElements.define("audit-room", AuditRoom);
