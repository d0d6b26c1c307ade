// /console/: what managers, owners and auditors see of their shops. Its rooms are those a role may enter.
// Refuses to decide who may: the doors do, and what they refuse is told.

import { Part } from "../link/elements.js";
import { askHouse } from "../link/house.js";
import { toggleLang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import "./audit-room.js";
import { say } from "./words.js";

/** @typedef {{name: string, roles: {role: string, shop_id: number}[], must_change: boolean}} Me */

const AUDIT_ROLES = new Set(["owner", "manager", "auditor"]); // server/staff/member.py
const LOGIN = "/login/";

class ConsolePage extends Part {
  static properties = { me: { state: true }, away: { state: true } };

  constructor() {
    super();
    /** @type {Me | null} */
    this.me = null;
    this.away = false;
  }

  subscribe() {
    void this.#look();
    const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    window.addEventListener("keydown", key);
    return [() => window.removeEventListener("keydown", key)];
  }

  async #look() {
    const told = await askHouse("GET", "/v1/staff/me");
    if (told.ok && !told.body.must_change) this.me = told.body;
    else if (!told.ok && told.code === "no_answer") this.away = true;
    else location.replace(LOGIN);
  }

  /** L language, A one's account; in a field keys are letters. @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const key = event.key.toUpperCase();
    if (key === "L") toggleLang();
    else if (key === "A") location.assign(LOGIN);
  }

  render() {
    document.title = `${say("title")} · ${shared("brand")}`;
    return html`<header class="head">
        <p class="brand">${icon("brand")}${shared("brand")} · ${say("title")}</p>
        <div class="end">
          ${this.me ? html`<span>${this.me.name}</span>` : ""}
          <a class="btn" href=${LOGIN}><key-cap .key=${"A"}></key-cap>${say("account")}</a>
          <button class="btn" @click=${toggleLang}><key-cap .key=${"L"}></key-cap>${say("other_language")}</button>
        </div>
      </header>
      <main>${this.#room()}</main>`;
  }

  #room() {
    if (this.away) return html`<p class="told" role="alert">${icon("late")}${say("no_answer")}</p>`;
    if (!this.me) return html`<p class="wait">${say("wait")}</p>`;
    const held = this.me.roles.filter(({ role }) => AUDIT_ROLES.has(role)).map((one) => one.shop_id);
    if (!held.length) return html`<p class="wait">${say("nothing_for_you")}</p>`;
    return html`<audit-room .shops=${held.includes(0) ? [] : held}></audit-room>`;
  }
}

customElements.define("console-page", ConsolePage);
document.body.append(document.createElement("console-page"));
