// /login/: log in, choose a password of one's own, see and end one's logins. Knows nothing of the shop's day.

import { Part } from "../link/elements.js";
import { askHouse, refusalText } from "../link/house.js";
import { lang, toggleLang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { say } from "./words.js";

/**
 * @typedef {{login: string, name: string, roles: {role: string, shop_id: number}[], must_change?: boolean, session_id: string, idle_s_max: number}} Me
 * @typedef {{id: string, seen_at_ms: number, address: string, agent: string, own: boolean}} Session
 */

const PASSWORD_CHARS_MIN = 12; // server/staff/password.py; three kinds of characters need fewer
const PASSWORD_CHARS_MAX = 128;
const DOORS = "/v1/staff";
const CONSOLE_ROLES = new Set(["owner", "manager", "auditor"]); // who finds a room in the console

class StaffPage extends Part {
  static properties = { me: { state: true }, sessions: { state: true }, busy: { state: true }, wrong: { state: true }, done: { state: true } };

  constructor() {
    super();
    /** undefined: not asked yet; null: nobody is logged in. @type {Me | null | undefined} */
    this.me = undefined;
    /** @type {Session[]} */
    this.sessions = [];
    this.busy = false;
    this.wrong = "";
    this.done = "";
  }

  subscribe() {
    void this.#look();
    return [];
  }

  async #look() {
    const told = await askHouse("GET", `${DOORS}/me`);
    this.me = told.ok ? told.body : null;
    if (!told.ok && told.code === "no_answer") this.wrong = say("no_answer");
    if (this.me && !this.me.must_change) await this.#lookAtSessions();
  }

  async #lookAtSessions() {
    const told = await askHouse("GET", `${DOORS}/sessions`);
    if (told.ok) this.sessions = told.body.sessions;
  }

  /**
   * Ask once, whatever is pressed meanwhile. @param {"POST" | "DELETE"} method @param {string} path @param {object} [body]
   * @returns {Promise<boolean>} whether it was done
   */
  async #ask(method, path, body) {
    if (this.busy) return false;
    this.busy = true;
    this.wrong = this.done = "";
    const told = await askHouse(method, path, body);
    this.busy = false;
    if (told.ok) return true;
    const waits = told.facts?.retry_after_s ? say("try_in", { n: Math.ceil(told.facts.retry_after_s / 60) }) : "";
    const why = told.code === "password_weak" && lang() === "en" ? `: ${told.sentence}` : "";
    this.wrong = refusalText(told.code, say("no_answer")) + why + waits;
    return false;
  }

  /** @param {SubmitEvent} event */
  async #logIn(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const { login, password } = Object.fromEntries(new FormData(form));
    if (await this.#ask("POST", `${DOORS}/login`, { login, password })) await this.#look();
    else this.#focus(form, "password");
  }

  /** @param {SubmitEvent} event */
  async #change(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const { old, fresh, again } = Object.fromEntries(new FormData(form));
    if (fresh !== again) {
      this.wrong = say("differ");
      return this.#focus(form, "again");
    }
    if (!(await this.#ask("POST", `${DOORS}/password`, { old, new: fresh }))) return this.#focus(form, "fresh");
    form.reset();
    this.done = say("changed");
    await this.#look();
  }

  /** @param {HTMLFormElement} form @param {string} field */
  #focus(form, field) {
    const input = /** @type {HTMLInputElement} */ (form.elements.namedItem(field));
    input.focus();
    input.select();
  }

  async #logOut() {
    if (await this.#ask("POST", `${DOORS}/logout`)) this.me = null;
  }

  /** @param {Session} session */
  async #end(session) {
    if (await this.#ask("DELETE", `${DOORS}/sessions/${session.id}`)) await this.#lookAtSessions();
  }

  render() {
    return html`<header class="head">
        <p class="brand">${icon("brand")}${shared("brand")}</p>
        <button class="btn" @click=${toggleLang}>${say("other_language")}</button>
      </header>
      <main>${this.#page()}</main>`;
  }

  #page() {
    if (this.me === undefined) return html`<p class="wait">${say("wait")}</p>`;
    if (this.me === null) return this.#door();
    return this.me.must_change ? this.#first() : this.#own(this.me);
  }

  #said() {
    if (this.wrong) return html`<p class="told" data-as="wrong" role="alert">${icon("late")}${this.wrong}</p>`;
    return this.done ? html`<p class="told" role="status">${icon("tick")}${this.done}</p>` : nothing;
  }

  /** @param {string} words */
  #go(words) {
    return html`<button class="btn" data-kind="go" ?disabled=${this.busy}>${this.busy ? say("wait") : words}</button>`;
  }

  #door() {
    return html`<form class="card" @submit=${this.#logIn}>
      <h1>${say("log_in")}</h1><p class="lead">${say("lead")}</p>
      ${field(say("login"), "login", "text", "username")}
      ${field(say("password"), "password", "password", "current-password")}
      ${this.#said()} ${this.#go(say("log_in"))}
    </form>`;
  }

  #first() {
    return html`<form class="card" @submit=${this.#change}>
      <h1>${say("first_title")}</h1><p class="lead">${say("first_lead", { n: PASSWORD_CHARS_MIN })}</p>
      ${this.#passwords()}
      ${this.#said()} ${this.#go(say("set"))}
      <button type="button" class="btn" @click=${this.#logOut}>${say("log_out")}</button>
    </form>`;
  }

  #passwords() {
    return html`${field(say("old_password"), "old", "password", "current-password")}
      ${field(say("new_password"), "fresh", "password", "new-password")}
      ${field(say("again"), "again", "password", "new-password")}`;
  }

  /** @param {Me} me */
  #own(me) {
    return html`<section class="card">
        <h1>${me.name}</h1><p class="lead">${say("me")} · ${me.login} · ${say("idle", { n: Math.round(me.idle_s_max / 60) })}</p>
        <h2>${say("roles")}</h2>
        <ul class="roles">${me.roles.map((one) => html`<li><b>${say(/** @type {"owner"} */ (one.role))}</b>${where(one.shop_id)}</li>`)}</ul>
        ${this.#said()}
        ${me.roles.some(({ role }) => CONSOLE_ROLES.has(role)) ? html`<a class="btn" data-kind="go" href="/console/">${say("console")}</a>` : nothing}
        <button class="btn" data-kind="line" ?disabled=${this.busy} @click=${this.#logOut}>${say("log_out")}</button>
      </section>
      <section class="card">
        <h2>${say("sessions")}</h2>
        <ul class="sessions">${this.sessions.map((one) => this.#session(one))}</ul>
      </section>
      <form class="card" @submit=${this.#change}>
        <h2>${say("change_title")}</h2>
        ${this.#passwords()} ${this.#go(say("change"))}
      </form>`;
  }

  /** @param {Session} one */
  #session(one) {
    return html`<li data-own=${one.own}>
      <span><b>${agentWords(one.agent)}</b><small>${say("last", { time: new Date(one.seen_at_ms).toLocaleString(lang() === "en" ? "en-GB" : "zh-CN", { dateStyle: "medium", timeStyle: "short" }), where: one.address })}</small></span>
      ${one.own
        ? html`<span class="tag-slip">${say("own")}</span>`
        : html`<button class="btn" data-kind="line" ?disabled=${this.busy} @click=${() => this.#end(one)}>${say("end")}</button>`}
    </li>`;
  }
}

/** @param {number} shopId */
const where = (shopId) => (shopId ? say("in_shop", { n: shopId }) : say("all_shops"));

/** "Chrome · Windows" of what a browser says of itself. @param {string} agent */
function agentWords(agent) {
  const browser = /(Edg|Chrome|Firefox|Safari)(?=\/)/.exec(agent)?.[1]?.replace("Edg", "Edge");
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
  return [browser, system].filter(Boolean).join(" · ") || agent.slice(0, 40) || "?";
}

/** @param {string} label @param {string} name @param {"text" | "password"} type @param {"username" | "current-password" | "new-password"} fills */
const field = (label, name, type, fills) => html`<label>${label}
  <input name=${name} type=${type} autocomplete=${fills} required maxlength=${PASSWORD_CHARS_MAX} autocapitalize="none" spellcheck="false" />
</label>`;

customElements.define("staff-page", StaffPage);
document.body.append(document.createElement("staff-page"));
