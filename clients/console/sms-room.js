// The room of texts: what the brand can still send, packages, the account line by line, what became of each message.
// Refuses to add segments: what was bought is said by who sold it. Refuses to show a number whole, or a text.

import { lang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { choice, field, typed, yuan } from "./fields.js";
import { closeDialog, dayMs, moment, Room } from "./room.js";
import { say, told } from "./sms-words.js";
import { say as shared } from "./words.js";
import { zoneName } from "./zone.js";

/** @typedef {{available: number, held: number, expiring: number, expiresAt: number | null}} Balance */
/** @typedef {{warnBelow: number, undelivered: "kept" | "comes_back"}} Rules */
/** @typedef {{orderNo: string, name: string, segments: number, left: number, returned: number, priceFen: number, state: string, boughtAt: number, expiresAt: number | null}} Package */
/** @typedef {{line: number, at: number, id: string, kind: string, segments: number, balance: number, available: number, refersTo: string | null, expiresAt: number | null, state: string | null}} Line */
/** @typedef {{messageId: number, number: string, type: string, mode: string, state: string, phones: number, segments: number, carrier: string | null, code: string | null, attempts: number, acceptedAt: number}} Message */
/** @typedef {{messageId: number, phone: string, state: string, segments: number, carrier: string | null, code: string | null, attempts: number, sentAt: number | null, receiptCode: string | null, receiptAt: number | null}} Copy */
/** @typedef {{number: string, messages: number, segments: number, acceptedAt: number, copies: Copy[], next: string | null}} Request */
/** @typedef {"packages" | "statement" | "messages"} Tab */

const LOOK_EVERY_S = 10;
const PAGE_ROWS = 50;
const TABS = /** @type {Tab[]} */ (["packages", "statement", "messages"]);
const KINDS = ["package", "freeze", "payment", "release", "refund", "expiry", "return"];
const TYPES = ["verification", "notice", "marketing"];
const STATES = ["queued", "sending", "sent", "failed", "unknown", "lapsed"];
const NOTHING_ASKED = { which: "open", kind: "", type: "", state: "", since: "", until: "", about: "" };
/** Which way a line moves what there is. @type {Record<string, string>} */
const WAYS = { package: "+", refund: "+", payment: "−", expiry: "−", return: "−" };
const CAME = /** @type {Record<string, string>} */ ({ sent: "unseen", delivered: "ok", open: "ok", queued: "soon", sending: "soon", unknown: "soon", failed: "refused", undelivered: "refused", lapsed: "refused" });
const DRAWINGS = /** @type {Record<string, string>} */ ({ ok: "tick", soon: "soon", refused: "late", unseen: "ring" });

class SmsRoom extends Room {
  static properties = { balance: { state: true }, rules: { state: true }, tab: { state: true }, rows: { state: true }, next: { state: true }, asked: { state: true }, open: { state: true } };

  constructor() {
    super();
    /** @type {Balance | null} */
    this.balance = null;
    /** @type {Rules | null} */
    this.rules = null;
    /** @type {Tab} */
    this.tab = "packages";
    /** Of the tab one looks at. @type {any[]} */
    this.rows = [];
    /** @type {string | number | null} */
    this.next = null;
    this.asked = NOTHING_ASKED;
    /** What lies in front: a request with its numbers, or the limit. @type {Request | "limit" | null} */
    this.open = null;
  }

  opened() {
    void this.#weigh();
    void this.#look(false);
    this.every(LOOK_EVERY_S, () => {
      void this.#weigh();
      if (this.rows.length <= PAGE_ROWS) void this.#look(false);
    });
  }

  async #weigh() {
    const [balance, rules] = await Promise.all([this.readBeside("/v1/sms/balance"), this.readBeside("/v1/sms/rules")]);
    if (balance && rules) Object.assign(this, { balance, rules });
  }

  /** What is asked of a tab's door, without its page. @param {Tab} tab */
  #query(tab) {
    const { which, kind, type, state, since, until, about } = this.asked;
    const wanted = { packages: { state: which }, statement: { kind, about }, messages: { type, state } }[tab];
    const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
    if (tab !== "packages" && since) query.set("since", String(dayMs(since, 0)));
    if (tab !== "packages" && until) query.set("until", String(dayMs(until, 1)));
    return query;
  }

  /** @param {boolean} on further down, or anew from the top */
  async #look(on) {
    const { tab } = this;
    const query = this.#query(tab);
    query.set("limit", String(PAGE_ROWS));
    if (on && this.next) query.set("before", String(this.next));
    const path = { packages: "packages", statement: "records", messages: "messages" }[tab];
    const page = await this.read(`/v1/sms/${path}?${query}`);
    if (!page || tab !== this.tab) return;
    const found = page.packages ?? page.records ?? page.messages;
    this.rows = on ? [...this.rows, ...found] : found;
    this.next = page.next;
  }

  /** @param {Partial<typeof NOTHING_ASKED>} change @param {Tab} [tab] */
  #ask(change, tab = this.tab) {
    Object.assign(this, { asked: { ...this.asked, ...change }, tab, rows: [], next: null });
    void this.#look(false);
  }

  render() {
    const { tab } = this;
    const tabs = TABS.map((one) => html`<button class="btn" role="tab" name=${one} aria-selected=${one === tab} @click=${() => this.#ask({}, one)}>${say(one)}</button>`);
    const body = { packages: () => this.#packages(), statement: () => this.#statement(), messages: () => this.#messages() }[tab];
    return html`${this.head(say("title"), say("lead"))}${this.#standing()}
      <div class="tabs" role="tablist">${tabs}</div><section role="tabpanel" aria-label=${say(tab)}>${body()}</section>
      <p class="foot">${this.next ? html`<button class="btn" data-kind="line" name="more" @click=${() => this.#look(true)}>${this.rows.length ? say("more") : say("go_on")}</button>` : nothing}</p>
      ${this.open === "limit" ? this.#limit() : this.open ? this.#request(this.open) : nothing}`;
  }

  /** How much there is, and whether that is little. */
  #standing() {
    const { balance, rules } = this;
    if (!balance || !rules) return nothing;
    const below = rules.warnBelow;
    const out = balance.available <= 0;
    const low = out || balance.available < below;
    const soon = balance.expiresAt === null ? say("expiring_none") : say("expires_at", { when: moment(balance.expiresAt) });
    return html`${low ? html`<p class="told" role="alert">${icon("late")}${out ? say("out") : say("low", { n: count(balance.available), below: count(below) })}</p>` : nothing}
      <section class="tiles">
        ${tile("available", say("available"), count(balance.available), low ? "refused" : "ok", say("available_means"))}
        ${tile("held", say("held"), count(balance.held), "unseen", say("held_means"))}
        ${tile("expiring", say("expiring"), count(balance.expiring), balance.expiring ? "soon" : "unseen", soon)}
        <div class="tile" data-tile="warn"><p>${say("warn")}</p><b class="came">${below ? count(below) : say("warn_off")}</b><small>${below ? say("warn_means") : nothing}</small>
          <button class="btn" name="limit" @click=${() => (this.open = "limit")}>${say("set_warn")}</button></div>
      </section>`;
  }

  #packages() {
    const which = /** @type {[string, string][]} */ ([["open", say("open_ones")], ["all", say("all_ones")]]);
    const rows = this.rows.map((/** @type {Package} */ one, index) => html`<tr data-package=${one.orderNo}>
      <td><b>${one.name || say("unnamed")}</b><small>${one.orderNo}</small></td><td data-tight>${one.priceFen ? `¥${yuan(one.priceFen)}` : "—"}</td><td><time>${moment(one.boughtAt)}</time></td>
      <td data-tight>${count(one.segments)}${one.returned ? html`<small>${say("returned", { n: count(one.returned) })}</small>` : nothing}</td>
      <td data-tight><b>${count(one.left)}</b><meter min="0" max=${one.segments} value=${one.left} aria-label=${say("left")}></meter></td>
      <td>${one.expiresAt === null ? say("never") : html`<time>${moment(one.expiresAt)}</time>`}</td>
      <td>${came(one.state, this.asked.which === "open" && index === 0 ? say("first") : "")}</td></tr>`);
    return html`<section class="asked">${choice("which", say("which"), which, this.asked.which, (one) => this.#ask({ which: one }))}</section>
      ${this.table([say("package"), say("price"), say("bought"), say("segments"), say("left"), say("expires"), say("state")], rows, say("no_packages"))}`;
  }

  #days() {
    const { since, until } = this.asked;
    return html`${field("since", say("since"), since, { type: "date" })}${field("until", say("until"), until, { type: "date" })}`;
  }

  /** @param {Event} event */
  #dated(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (input.type === "date") this.#ask({ [input.name]: input.value });
  }

  #statement() {
    const { kind, about } = this.asked;
    const kinds = /** @type {[string, string][]} */ ([["", say("all")], ...KINDS.map((one) => [one, told(`record_${one}`)])]);
    const file = this.#query("statement");
    file.delete("about");
    for (const [key, value] of [["language", lang()], ["zone", zoneName()]]) file.set(key, value);
    return html`<section class="asked" @change=${this.#dated}>
        ${choice("kind", say("kind"), kinds, kind, (one) => this.#ask({ kind: one }))}${this.#days()}
        ${about ? html`<button class="btn" data-kind="line" name="about" @click=${() => this.#ask({ about: "" })}>${say("about_only", { id: about.slice(0, 8) })}${icon("close")}</button>` : nothing}
        <a class="btn" data-kind="line" name="csv" download href=${`/v1/sms/statement?${file}`}>${say("csv")}</a>
      </section>
      ${this.table([say("time"), say("kind"), say("change"), say("balance"), say("usable"), say("about")], this.rows.map((one) => this.#line(one)), this.next ? "" : say("no_lines"))}`;
  }

  /** @param {Line} one */
  #line(one) {
    const way = WAYS[one.kind];
    const change = way ? `${way}${count(one.segments)}` : one.kind === "freeze" ? say("frozen", { n: count(one.segments) }) : say("freed");
    const about = one.refersTo ?? one.id;
    const outcome = one.state ? say(/** @type {"paid_sent"} */ (`paid_${one.state}`)) : "";
    return html`<tr data-line=${one.line}>
      <td><time>${moment(one.at)}</time></td><td>${told(`record_${one.kind}`)}${outcome ? html`<small>${outcome}</small>` : nothing}</td>
      <td data-tight data-way=${way ?? nothing}>${change}</td><td data-tight>${count(one.balance)}</td><td data-tight>${count(one.available)}</td>
      <td><button name="about" title=${say("look")} @click=${() => this.#ask({ about })}>${about.slice(0, 8)}</button></td></tr>`;
  }

  #messages() {
    const { type, state } = this.asked;
    const pairs = (/** @type {string[]} */ names) => /** @type {[string, string][]} */ ([["", say("all")], ...names.map((one) => [one, told(one)])]);
    const rows = this.rows.map((/** @type {Message} */ one) => html`<tr data-message=${one.messageId}>
      <td><time>${moment(one.acceptedAt)}</time></td><td>${told(one.type)}</td><td data-tight>${say("phones", { n: count(one.phones) })}</td><td data-tight>${count(one.segments)}</td><td>${one.carrier ?? "—"}</td>
      <td>${came(one.state, [one.code, one.attempts > 1 ? say("attempts", { n: one.attempts }) : ""].filter(Boolean).join(" · "))}</td>
      <td><div class="do"><button class="btn" name="open" @click=${() => this.#show(one.number)}>${say("open_message")}</button></div></td></tr>`);
    return html`<section class="asked" @change=${this.#dated}>${choice("type", say("type"), pairs(TYPES), type, (one) => this.#ask({ type: one }))}
        ${choice("state", say("state"), pairs(STATES), state, (one) => this.#ask({ state: one }))}${this.#days()}</section>
      <p class="lead beside">${this.rules ? say(`undelivered_${this.rules.undelivered}`) : nothing}</p>
      ${this.table([say("accepted"), say("type"), say("to"), say("billed"), say("carrier"), say("state"), ""], rows, say("no_messages"))}`;
  }

  /** @param {string} number @param {Request} [before] whose next numbers are wanted */
  async #show(number, before) {
    const query = before?.next ? `?after=${encodeURIComponent(before.next)}` : "";
    const request = await this.readBeside(`/v1/sms/messages/${number}${query}`);
    if (request) this.open = { ...request, copies: [...(before?.copies ?? []), ...request.copies] };
  }

  /** @param {Request} request */
  #request(request) {
    const copies = request.copies.map((one) => html`<tr><td data-tight>${one.phone}${one.segments > 1 ? html`<small>${say("billed_n", { n: one.segments })}</small>` : nothing}</td><td data-tight>${came(one.state, one.code ?? "")}</td>
      <td><time>${moment(one.sentAt)}</time></td><td>${one.receiptAt === null ? "—" : html`<time>${moment(one.receiptAt)}</time><small>${one.receiptCode ?? nothing}</small>`}</td></tr>`);
    const sum = say("request", { id: request.number, messages: count(request.messages), segments: count(request.segments), when: moment(request.acceptedAt) });
    return this.sheet(say("messages"), html`<div class="record"><p class="lead">${sum}</p>
      ${this.table([say("phone"), say("state"), say("sent_at"), say("receipt")], copies, "—")}
      ${request.next ? html`<p class="foot"><button class="btn" data-kind="line" name="next" @click=${() => this.#show(request.number, request)}>${say("next")}</button></p>` : nothing}
      <p class="do"><button class="btn" name="paid" @click=${() => this.#paid(request.number)}>${say("look")}</button></p></div>`, () => (this.open = null));
  }

  /** The account's lines about a request. @param {string} number */
  #paid(number) {
    closeDialog(this);
    this.#ask({ ...NOTHING_ASKED, about: number }, "statement");
  }

  #limit() {
    const below = this.rules?.warnBelow ?? 0;
    return this.sheet(say("set_warn"), html`<form name="limit" @submit=${(/** @type {Event} */ event) => this.#save(event)}>
      <div class="fields">${field("warn_below", say("warn_field"), below, { type: "number", min: 0, max: 1_000_000_000, step: 1, required: true, whole: true, autofocus: true })}<p class="lead whole">${say("warn_help")}</p></div>
      <div class="do"><button class="btn" data-kind="go">${shared("save")}</button></div></form>`, () => (this.open = null));
  }

  /** @param {Event} event */
  async #save(event) {
    const warnBelow = typed(event).number("warn_below") ?? 0;
    const rules = await this.change("PUT", "/v1/sms/rules", { warnBelow }, say("warn_saved"));
    if (!rules) return;
    this.rules = rules;
    closeDialog(this);
  }
}

/** @param {number} n */
const count = (n) => n.toLocaleString("en-US");

/** @param {string} state @param {string} more */
function came(state, more) {
  const as = CAME[state] ?? "unseen";
  return html`<span class="came" data-as=${as}>${icon(DRAWINGS[as])}<span>${told(state)}${more ? html`<small>${more}</small>` : nothing}</span></span>`;
}

/** @param {string} id @param {string} label @param {string} figure @param {string} as @param {string} means */
const tile = (id, label, figure, as, means) => html`<div class="tile" data-tile=${id}><p>${label}</p><b class="came" data-as=${as}>${as === "unseen" ? nothing : icon(DRAWINGS[as])}${figure}</b><small>${means}</small></div>`;

customElements.define("sms-room", SmsRoom);
