// The room of calls: what rang, how often, at which ends, where it was heard, who came; a call that still rings is cancelled.
// Refuses to take silence for hearing: an end without a device's word has none.

import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say, told } from "./calls-words.js";
import { choice, field, listed } from "./fields.js";
import { closeDialog, dayMs, moment, Room, timeOf } from "./room.js";

/** @typedef {import("../link/i18n.js").Text} Text */
/** @typedef {{callId: number, event: string, msgType: number, channels: string[], accounts: number[], text: Text | null, state: string, endedReason: string | null, rings: number, ringsMax: number, intervalS: number, raisedAtMs: number, expiresAtMs: number | null, claimedBy: string, claimedAtMs: number | null, escalated: boolean, placeId: number | null, source: string, endedAtMs: number | null}} Call */
/** @typedef {{end: string, ring: number, state: string, reason: string, dueAtMs: number, sentAtMs: number | null, spokenBy: number | null}} Ring */
/** @typedef {{ring: number, end: string | null, deviceId: number, deviceName: string, stage: string, atMs: number}} Receipt */
/** @typedef {Call & {messages: Ring[], receipts: Receipt[]}} Record */

const EVENTS = ["order_placed", "item_ready", "item_cancelled", "order_rushed", "service_wanted", "technician_wanted", "custom"];
const STATES = ["ringing", "unanswered", "claimed", "ended"];
const PAGE_CALLS = 50;
const LOOK_EVERY_S = 5;
const NOTHING_ASKED = { event: "", state: "", place: "", since: "", until: "" };

class CallsRoom extends Room {
  static properties = { calls: { state: true }, places: { state: true }, next: { state: true }, asked: { state: true }, open: { state: true } };

  constructor() {
    super();
    /** @type {Call[]} */
    this.calls = [];
    /** @type {import("../link/frames.d.ts").PlaceView[]} */
    this.places = [];
    /** @type {number | null} */
    this.next = null;
    this.asked = NOTHING_ASKED;
    /** @type {Record | null} */
    this.open = null;
  }

  async opened() {
    this.calls = [];
    void this.#look(false);
    this.every(LOOK_EVERY_S, () => this.calls.length <= PAGE_CALLS && this.#look(false));
    const menu = await this.readBeside(`/v1/shops/${this.shopId}/menu`);
    if (menu) this.places = menu.places;
  }

  /** @param {boolean} on */
  async #look(on) {
    const { event, state, place, since, until } = this.asked;
    const query = new URLSearchParams({ shopId: String(this.shopId), limit: String(PAGE_CALLS) });
    for (const [key, value] of Object.entries({ event, state, place })) if (value) query.set(key, value);
    if (since) query.set("since", String(dayMs(since, 0)));
    if (until) query.set("until", String(dayMs(until, 1)));
    if (on && this.next) query.set("before", String(this.next));
    const page = await this.read(`/v1/im/calls?${query}`);
    if (!page) return;
    this.calls = on ? [...this.calls, ...page.calls] : page.calls;
    this.next = page.next;
  }

  /** @param {Partial<typeof NOTHING_ASKED>} change */
  #ask(change) {
    this.asked = { ...this.asked, ...change };
    void this.#look(false);
  }

  render() {
    return html`${this.head(say("title"), say("lead"))}${this.#form()}
      ${this.table([say("raised"), say("what"), say("sentence"), say("where"), say("rings"), say("state"), ""], this.calls.map((one) => this.#row(one)), say("none"))}
      <p class="foot">${this.next ? html`<button class="btn" data-kind="line" @click=${() => this.#look(true)}>${say("more")}</button>` : nothing}</p>
      ${this.open ? this.#record(this.open) : nothing}`;
  }

  #form() {
    const { event, state, place, since, until } = this.asked;
    const pairs = (/** @type {string[]} */ words) => /** @type {[string, string][]} */ ([["", say("all")], ...words.map((word) => [word, told(word)])]);
    const places = /** @type {[string, string][]} */ ([["", say("all")], ...this.places.map((one) => [String(one.id), `${one.name} · ${name(one.area)}`])]);
    const heard = (/** @type {Event} */ typed) => {
      const input = /** @type {HTMLInputElement} */ (typed.target);
      if (input.type === "date") this.#ask({ [input.name]: input.value });
    };
    return html`<section class="asked" @change=${heard}>
      ${choice("event", say("what"), pairs(EVENTS), event, (one) => this.#ask({ event: one }))}
      ${choice("state", say("state"), pairs(STATES), state, (one) => this.#ask({ state: one }))}
      ${choice("place", say("place"), places, place, (one) => this.#ask({ place: one }))}
      ${field("since", say("since"), since, { type: "date" })}${field("until", say("until"), until, { type: "date" })}
    </section>`;
  }

  /** @param {Call} call */
  #row(call) {
    return html`<tr data-call=${call.callId}>
      <td><time>${moment(call.raisedAtMs)}</time></td>
      <td>${told(call.event)}<small>${call.source && call.source !== "house" ? say("from", { who: call.source }) : say("house")}</small></td>
      <td><button name="open" @click=${() => this.#show(call)}>${call.text ? name(call.text) : told(`msg_${call.msgType}`)}</button></td>
      <td>${this.#place(call.placeId)}</td>
      <td data-tight>${rung(call)}</td>
      <td>${standing(call)}</td>
      <td><div class="do">${call.state === "ended" ? nothing : html`<button class="btn" name="cancel" @click=${() => this.#cancel(call)}>${say("cancel")}</button>`}</div></td>
    </tr>`;
  }

  /** @param {number | null} id */
  #place(id) {
    const place = this.places.find((one) => one.id === id);
    return place ? html`<place-plate .kind=${place.kind} .place=${place.name}></place-plate>` : "—";
  }

  /** @param {Call} call */
  async #show(call) {
    this.open = await this.readBeside(`/v1/im/calls/${call.callId}?shopId=${this.shopId}`);
  }

  /** @param {Call} call */
  async #cancel(call) {
    if (!(await this.sure(say("sure"), say("cancel")))) return;
    const done = await this.change("POST", `/v1/im/calls/${call.callId}/cancel`, { shopId: this.shopId }, say("cancelled_done"));
    if (done) closeDialog(this);
    void this.#look(false);
  }

  /** @param {Record} call */
  #record(call) {
    const ends = [...call.channels.map(told), ...call.accounts.map((n) => say("account", { n }))];
    const plan = call.messages.map((one) => html`<tr><td>${endWords(one.end)}</td><td>${one.ring}</td><td><time>${timeOf(one.dueAtMs)}</time></td>
      <td>${one.sentAtMs ? html`<time>${timeOf(one.sentAtMs)}</time>` : html`—`}</td><td>${told(one.reason || one.state)}${one.spokenBy && one.spokenBy !== call.callId ? html`<small>${say("spoken_by", { n: one.spokenBy })}</small>` : nothing}</td></tr>`);
    const receipts = call.receipts.map((one) => html`<tr><td>${one.deviceName || one.deviceId}</td><td>${one.end ? endWords(one.end) : "—"}</td><td>${one.ring}</td><td>${stageMark(one.stage)}</td><td><time>${timeOf(one.atMs)}</time></td></tr>`);
    return this.sheet(`${told(call.event)} · ${call.callId}`, html`<div class="record">
      ${call.text ? html`<p><b>${call.text.zh}</b></p><p class="lead">${call.text.en}</p>` : nothing}
      <p>${standing(call)}</p>
      <p class="lead">${say("channels")}: ${listed(ends)} · ${rung(call)}${call.ringsMax > 1 ? html`, ${say("every_s", { n: call.intervalS })}` : nothing}${call.expiresAtMs ? ` · ${say("expires", { time: timeOf(call.expiresAtMs) })}` : nothing}</p>
      <h3>${say("plan")}</h3>${this.table([say("end"), say("ring"), say("due"), say("sent"), say("stage")], plan, "—")}
      <h3>${say("receipts")}</h3>${this.table([say("device"), say("end"), say("ring"), say("stage"), say("at")], receipts, say("no_receipts"))}
    </div>`, () => (this.open = null));
  }
}

/** @param {string} end `account:12` or a channel */
const endWords = (end) => (end.startsWith("account:") ? say("account", { n: end.slice("account:".length) }) : told(end));

/** How often it rang, of how often it may; what is said once has no such number. @param {Call} call */
const rung = (call) => (call.ringsMax ? say("of", { n: call.rings, all: call.ringsMax }) : say("once", { n: call.rings }));

/** How a call stands, by a drawing and words. @param {Call} call */
function standing(call) {
  const as = { ringing: "soon", unanswered: "refused", claimed: "ok", ended: "unseen" }[call.state] ?? "unseen";
  const drawing = { ringing: "bell", unanswered: "late", claimed: "tick", ended: "ring" }[call.state] ?? "ring";
  const why = call.endedReason === "item_cancelled" ? say("item_cancelled_end") : call.endedReason ? told(call.endedReason) : "";
  const more = [call.claimedBy && say("by", { who: call.claimedBy }), call.escalated && say("escalated"), why].filter((one) => typeof one === "string" && one);
  return html`<span class="came" data-as=${as}>${icon(drawing)}<span>${told(call.state)}${more.length ? html`<small>${listed(/** @type {string[]} */ (more))}</small>` : nothing}</span></span>`;
}

/** @param {string} stage */
function stageMark(stage) {
  const heard = stage === "played" || stage === "shown" || stage === "acknowledged";
  return html`<span class="came" data-as=${heard ? "ok" : "refused"}>${icon(heard ? "tick" : "late")}${told(stage)}</span>`;
}

customElements.define("calls-room", CallsRoom);
