// The room of people: take on, give roles per shop, reset, log out, disable.
// Refuses to offer what the doors would refuse: roles beyond one's own, somebody above one, oneself.

import { icon } from "../link/icons.js";
import { name } from "../link/i18n.js";
import { html, nothing } from "../link/vendor/lit.js";
import { choice, field, typed } from "./fields.js";
import { distinct, firstGrant, givable, GRANTS_MAX, placesOf } from "./grants.js";
import { ago, closeDialog, moment, Room } from "./room.js";
import "./secret-slip.js";
import { say } from "./staff-words.js";

/** @typedef {import("./grants.js").Grant} Grant */
/** @typedef {{id: number, login: string, name: string, roles: Grant[], must_change: boolean, disabled: boolean, password_at_ms: number, seen_at_ms: number | null, sessions: number, may_change: boolean}} Person */
/** @typedef {"owner" | "manager" | "cashier" | "auditor"} Role */

const PAGE_PEOPLE = 50;

class StaffRoom extends Room {
  static properties = { people: { state: true }, asked: { state: true }, next: { state: true }, open: { state: true }, grants: { state: true }, made: { state: true } };

  constructor() {
    super();
    /** @type {Person[]} */
    this.people = [];
    this.asked = { words: "", state: "" };
    /** @type {number | null} */
    this.next = null;
    /** Who lies in front: somebody, somebody new, or nobody. @type {Person | "new" | null} */
    this.open = null;
    /** The roles as they stand in the form. @type {Grant[]} */
    this.grants = [];
    /** A first password, shown this once. @type {{login: string, name: string, password: string} | null} */
    this.made = null;
  }

  opened() {
    void this.#look();
  }

  /** @param {number} [after] further on, or anew from the first */
  async #look(after = 0) {
    const query = new URLSearchParams({ limit: String(PAGE_PEOPLE), after: String(after) });
    for (const [key, value] of Object.entries(this.asked)) if (value) query.set(key, value);
    const told = await this.read(`/v1/staff/people?${query}`);
    if (!told) return;
    this.people = after ? [...this.people, ...told.people] : told.people;
    this.next = told.next;
  }

  /** @param {Partial<typeof this.asked>} change */
  #ask(change) {
    this.asked = { ...this.asked, ...change };
    void this.#look();
  }

  render() {
    const tools = html`<button class="btn" data-kind="go" name="add" @click=${() => this.#show("new")}>${icon("plus")}${say("add")}</button>`;
    return html`${this.head(say("title"), say("lead"), tools)}
      <section class="asked">
        <label>${say("search")}<input name="words" type="search" maxlength="40" .value=${this.asked.words} @input=${(/** @type {Event} */ event) => this.#ask({ words: /** @type {HTMLInputElement} */ (event.target).value })} /></label>
        ${choice("state", say("state"), [["", say("any")], ["active", say("active")], ["disabled", say("disabled")]], this.asked.state, (state) => this.#ask({ state }))}
      </section>
      ${this.table([say("name"), say("roles"), say("state"), say("seen"), ""], this.people.map((one) => this.#row(one)), say("none"))}
      ${this.next === null ? nothing : html`<p class="foot"><button class="btn" data-kind="line" name="more" ?disabled=${this.busy} @click=${() => this.#look(this.next ?? 0)}>${say("more")}</button></p>`}
      ${this.open ? this.#sheet(this.open) : nothing}`;
  }

  /** @param {Person} person */
  #row(person) {
    const [as, drawing, words] = person.disabled ? ["unseen", "blocked", say("out")] : person.must_change ? ["soon", "soon", say("first")] : ["ok", "tick", say("in")];
    return html`<tr data-staff=${person.id} ?data-gone=${person.disabled}>
      <td><b>${person.name}</b><small>${person.login}${this.#isMe(person) ? ` · ${say("you")}` : nothing}</small></td>
      <td>${person.roles.length ? person.roles.map((one) => html`<div>${say(/** @type {Role} */ (one.role))} · ${this.#shopName(one.shop_id)}</div>`) : say("no_roles")}</td>
      <td><span class="came" data-as=${as}>${icon(drawing)}${words}</span></td>
      <td><time title=${moment(person.seen_at_ms)}>${ago(person.seen_at_ms)}</time>${person.sessions ? html`<small>${say("logins", { n: person.sessions })}</small>` : nothing}</td>
      <td><div class="do"><button class="btn" name="edit" @click=${() => this.#show(person)}>${say("edit")}</button></div></td>
    </tr>`;
  }

  /** @param {Person} person */
  #isMe(person) {
    return person.id === this.me?.id;
  }

  /** A shop one does not work in is told by its number. @param {number} id */
  #shopName(id) {
    if (!id) return say("all_shops");
    const shop = this.me?.shops.find((one) => one.id === id);
    return shop ? name(shop.name) : say("shop_n", { n: id });
  }

  /** @param {Person | "new"} open */
  #show(open) {
    this.open = open;
    this.made = null;
    this.grants = open === "new" ? (this.me ? [firstGrant(this.me)] : []) : open.roles;
  }

  /** @param {Person | "new"} open */
  #sheet(open) {
    const shut = () => ((this.open = this.made = null), (this.grants = []));
    if (this.made) return this.sheet(this.made.name, this.#password(this.made), shut);
    if (open === "new") return this.sheet(say("add"), this.#newcomer(), shut);
    return this.sheet(open.name, this.#isMe(open) ? this.#self() : open.may_change ? this.#person(open) : html`<p>${say("above")}</p>`, shut);
  }

  /** @param {NonNullable<typeof this.made>} made */
  #password(made) {
    const lines = [[say("login_again"), made.login], [say("password"), made.password]];
    return html`<secret-slip .lead=${say("first_password", { name: made.name })} .lines=${lines}></secret-slip>`;
  }

  #self() {
    return html`<div><p>${say("own")}</p><p><a class="btn" data-kind="line" href="/login/">${say("own_where")}</a></p></div>`;
  }

  #newcomer() {
    return html`<form name="person" @submit=${(/** @type {Event} */ event) => this.#add(event)}>
      <div class="fields">${field("name", say("name"), "", { required: true, maxlength: 40, autofocus: true })}${field("login", `${say("login")} · ${say("login_hint")}`, "", { required: true, maxlength: 40 })}</div>
      ${this.#roles()}
      <div class="do"><button class="btn" data-kind="go">${say("take_on")}</button></div></form>`;
  }

  /** @param {Person} person */
  #person(person) {
    const button = (/** @type {string} */ kind, /** @type {string} */ words, /** @type {() => unknown} */ act) => html`<button type="button" class="btn" data-kind="line" name=${kind} @click=${act}>${words}</button>`;
    return html`<form name="person" @submit=${(/** @type {Event} */ event) => this.#save(event, person)}>
      <p class="lead">${person.login} · ${say("since", { when: moment(person.password_at_ms) })}</p>
      ${this.#roles()}
      <div class="do">${button("reset", say("reset"), () => this.#reset(person))}
        ${person.sessions ? button("end", say("end"), () => this.#end(person)) : nothing}
        ${person.disabled ? button("enable", say("enable"), () => this.#set(person, "enable", say("was_enabled", { name: person.name }))) : button("disable", say("disable"), () => this.#disable(person))}
        <button class="btn" data-kind="go">${say("save")}</button></div></form>`;
  }

  #roles() {
    const full = this.grants.length >= GRANTS_MAX;
    return html`<h3>${say("roles")}</h3>${this.grants.map((one, at) => this.#grant(one, at))}
      <button type="button" class="btn" data-kind="line" name="add_role" ?disabled=${full} @click=${() => this.me && (this.grants = [...this.grants, firstGrant(this.me)])}>${icon("plus")}${say("add_role")}</button>`;
  }

  /** @param {Grant} grant @param {number} at */
  #grant(grant, at) {
    const { me } = this;
    if (!me) return nothing;
    const places = placesOf(me, grant.role);
    const put = (/** @type {Partial<Grant>} */ change) => (this.grants = this.grants.map((one, other) => (other === at ? { ...one, ...change } : one)));
    const putRole = (/** @type {string} */ role) => put(placesOf(me, role).includes(grant.shop_id) ? { role } : { role, shop_id: placesOf(me, role)[0] });
    return html`<div class="fields grant">
      ${choice("role", say("role"), givable(me).map((one) => [one, say(/** @type {Role} */ (one))]), grant.role, putRole)}
      ${choice("where", say("where"), places.map((one) => [String(one), this.#shopName(one)]), String(grant.shop_id), (one) => put({ shop_id: Number(one) }))}
      <button type="button" class="btn" name="drop_role" aria-label=${say("drop_role")} @click=${() => (this.grants = this.grants.filter((_, other) => other !== at))}>${icon("close")}</button>
    </div>`;
  }

  /** @param {Event} event */
  async #add(event) {
    const form = typed(event);
    const [login, called] = [form.text("login").toLowerCase(), form.text("name")];
    const told = await this.change("POST", "/v1/staff/people", { login, name: called, roles: distinct(this.grants) }, say("added", { name: called }));
    if (told) this.made = { login, name: called, password: told.password };
    void this.#look();
  }

  /** @param {Event} event @param {Person} person */
  async #save(event, person) {
    event.preventDefault();
    const told = await this.change("PUT", `/v1/staff/people/${person.id}/roles`, { roles: distinct(this.grants) }, say("saved", { name: person.name }));
    if (told) closeDialog(this);
    void this.#look();
  }

  /** @param {Person} person */
  async #reset(person) {
    if (!(await this.sure(say("sure_reset", { name: person.name }), say("reset")))) return;
    const told = await this.change("POST", `/v1/staff/people/${person.id}/reset`, undefined, say("was_reset", { name: person.name }));
    if (told) this.made = { login: person.login, name: person.name, password: told.password };
    void this.#look();
  }

  /** @param {Person} person */
  async #end(person) {
    if (await this.sure(say("sure_end", { name: person.name }), say("end"))) await this.#set(person, "end-sessions", say("ended", { n: person.sessions }));
  }

  /** @param {Person} person */
  async #disable(person) {
    if (await this.sure(say("sure_disable", { name: person.name }), say("disable"))) await this.#set(person, "disable", say("was_disabled", { name: person.name }));
  }

  /** @param {Person} person @param {"enable" | "disable" | "end-sessions"} verb @param {string} done */
  async #set(person, verb, done) {
    if (await this.change("POST", `/v1/staff/people/${person.id}/${verb}`, undefined, done)) closeDialog(this);
    void this.#look();
  }
}

customElements.define("staff-room", StaffRoom);
