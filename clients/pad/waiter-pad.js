// The waiter's pad: hears calls, answers them, carries, clears, orders for a guest.
// Shows what the server says; what was pressed and not answered is dashed, never pretended.

import { clock } from "../link/clock.js";
import { Part } from "../link/elements.js";
import { wallClock } from "../link/format.js";
import { name, toggleLang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { Speaker } from "../link/speaker.js";
import { html, nothing } from "../link/vendor/lit.js";
import { OrderDesk } from "./order-desk.js";
import { placeBoard } from "./place-board.js";
import { ringingCalls } from "./ringing-call.js";
import { ringOnCalls, tellAcknowledged } from "./rings.js";
import { dishWords, placeWords, SaidSlot } from "./said.js";
import { lastPromise, ringing, waitingCount } from "./tasks.js";
import { callsPage, readyPage } from "./waiter-lists.js";
import { say } from "./words.js";
import "./confirm-sheet.js";
import "./order-sheet.js";
import "../link/sounding.js";

/**
 * @typedef {import("../link/frames.d.ts").Call} Call
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {import("../link/frames.d.ts").PlaceView} PlaceView
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("./tasks.js").Ringing} Ringing
 * @typedef {import("./waiter-lists.js").Work} Work
 * @typedef {"calls" | "ready" | "places" | "order"} Tab
 */

/** tab → its drawing and its word @type {[Tab, string, "tab_calls" | "tab_ready" | "tab_places" | "tab_order"][]} */
const TABS = [
  ["calls", "bell", "tab_calls"],
  ["ready", "tray", "tab_ready"],
  ["places", "room", "tab_places"],
  ["order", "add", "tab_order"],
];

const SETTLE_MS = 350; // a tap that was begun lands within this; so does the second half of a double tap

class WaiterPad extends Part {
  static properties = { tab: { state: true } };
  /** @type {string[]} keys of what rings, oldest first */
  #ringing = [];
  #settledAtMs = 0;

  /** @param {Screen} screen a screen that has its view */
  constructor(screen) {
    super();
    this.screen = screen;
    /** @type {Tab} */
    this.tab = "calls"; // not a class field: that would hide the accessor that repaints
    this.speaker = new Speaker(screen);
    this.said = new SaidSlot(screen);
    this.desk = new OrderDesk(screen);
    this.desk.className = "ordering";
    /** What rings on a card needs no line beside it. @type {(utterance: {call_id: number}) => boolean} */
    this.hidesLine = ({ call_id: id }) => this.screen.view?.calls.some((call) => call.id === id) ?? false;
  }

  subscribe() {
    const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    window.addEventListener("keydown", key);
    return [
      this.screen.changed.on(() => this.requestUpdate()),
      this.speaker.changed.on(() => this.requestUpdate()),
      this.speaker.listen(),
      this.said.listen(),
      this.said.changed.on(() => this.requestUpdate()),
      ringOnCalls(this.screen, this.speaker),
      clock.onTick(() => {
        this.said.tick();
        this.requestUpdate();
      }),
      () => window.removeEventListener("keydown", key),
    ];
  }

  /** F1–F4 the tabs, 0 undo, B gives back what I said "coming" to last, Enter with nothing chosen: the call under the thumb. @param {KeyboardEvent} event */
  #key(event) {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]"))
      return;
    const view = this.screen.view;
    const tab = TABS.findIndex((_, i) => event.key === `F${i + 1}`);
    if (tab >= 0) {
      event.preventDefault();
      this.tab = TABS[tab][0];
    } else if (event.key === "0") this.said.undo();
    else if (event.key.toLowerCase() === "b" && view && this.tab === "calls") {
      const promise = lastPromise(view);
      if (promise) this.#giveBack(promise.order, promise.calls);
    }
    else if (event.key === "Enter" && view && document.activeElement === document.body) {
      const groups = ringing(view);
      if (groups.length && !this.#settling(groups)) this.#come(groups[0]);
    }
  }

  /**
   * Whether a call came under a finger a moment ago, because another one went: 我来取 must not promise what
   * nobody read. A younger call comes on top and moves nothing.
   * @param {Ringing[]} groups
   */
  #settling(groups) {
    const now = groups.map((group) => group.key);
    const stayed = this.#ringing.length > 0 && this.#ringing.every((id, i) => now[i] === id);
    if (!stayed && now.length) {
      this.#settledAtMs = performance.now() + SETTLE_MS;
      window.setTimeout(() => this.requestUpdate(), SETTLE_MS + 10);
    }
    this.#ringing = now;
    return performance.now() < this.#settledAtMs;
  }

  /** @param {Ringing} group */
  #come(group) {
    tellAcknowledged(this.speaker, this.#answer("ClaimCall", "claim", group.order, group.calls));
  }

  /** @param {Order | null} order @param {Call[]} calls */
  #giveBack(order, calls) {
    this.#answer("GiveBackCall", "give_back", order, calls);
  }

  /** One press about calls, which those were that had none on its way. @param {string} command @param {"claim" | "give_back"} act @param {Order | null} order @param {Call[]} all */
  #answer(command, act, order, all) {
    const pending = this.#pending("call_id");
    const calls = all.filter((call) => !pending.has(call.id));
    const targets = calls.map((call) => ({
      body: { call_id: call.id }, what: order ? this.#dish(order, call.item_id) : callWords(call),
    }));
    this.said.press(command, act, order ? where(order) : whence(all[0]), targets);
    return calls;
  }

  /** @param {Order} order @param {number | null} itemId */
  #dish(order, itemId) {
    const item = order.items.find((one) => one.id === itemId);
    return item ? `${name(item.name)} ${item.quantity}` : "";
  }

  /** @param {string} command @param {"take" | "deliver" | "cancel"} act @param {Order} order @param {Item[]} items */
  #items(command, act, order, items) {
    const pending = this.#pending("item_id");
    const targets = items
      .filter((item) => !pending.has(item.id))
      .map((item) => ({ body: { item_id: item.id }, what: this.#dish(order, item.id) }));
    this.said.press(command, act, where(order), targets);
  }

  /** @param {Order} order @param {Item} item */
  #cancel(order, item) {
    const ask = {
      title: say("cancel_title"),
      lead: `${this.#dish(order, item.id)} · ${say("cancel_lead")}`,
      no: say("keep"),
      yes: say("cancel_it"),
    };
    /** @type {import("./confirm-sheet.js").ConfirmSheetElement | null} */ (this.querySelector("confirm-sheet"))?.ask(
      ask,
      () => this.#items("CancelItem", "cancel", order, [item]),
    );
  }

  /** @param {"rush" | "hold" | "fire"} pace @param {Order} order @param {Item[]} items */
  #pace(pace, order, items) {
    const body = { order_id: order.id, item_ids: items.map((item) => item.id) };
    this.said.press(PACES[pace], pace, where(order), [{ body, what: dishWords(items) }]);
  }

  /** Ids named by commands that have no answer yet. @param {"item_id" | "call_id" | "place_id" | "order_id"} field */
  #pending(field) {
    const kinds = { place_id: ["CleanPlace"], order_id: Object.values(PACES) }[/** @type {"place_id"} */ (field)] ?? null;
    const entries = this.screen.outbox.waiting.filter((entry) => !kinds || kinds.includes(entry.name));
    return new Set(entries.map((entry) => entry.body[field]).filter((id) => id !== undefined));
  }

  /** @param {View} view @returns {Work} */
  #work(view) {
    return {
      view,
      nowMs: clock.nowMs(),
      pendingItems: this.#pending("item_id"),
      pendingPlaces: this.#pending("place_id"),
      pendingCalls: this.#pending("call_id"),
      close: (call) => this.said.press("CloseCall", "close", whence(call), [{ body: { call_id: call.id }, what: callWords(call) }]),
      giveBack: (order, calls) => this.#giveBack(order, calls),
      take: (order, items) => this.#items("PickUpItem", "take", order, items),
      deliver: (order, items) => this.#items("DeliverItem", "deliver", order, items),
      pendingOrders: this.#pending("order_id"),
      change: (order, item, quantity) =>
        this.said.press("ChangeItem", "change", where(order), [{ body: { item_id: item.id, quantity }, what: `${name(item.name)} ${item.quantity} → ${quantity}` }]),
      pace: (pace, order, items) => this.#pace(pace, order, items),
      clean: (order) =>
        this.said.press("CleanPlace", "clean", where(order), [{ body: { place_id: order.place_id, order_id: order.id }, what: "" }]),
    };
  }

  /** @param {PlaceView} place */
  #orderFor(place) {
    this.desk.place = place;
    this.tab = "order";
  }

  render() {
    const { view, link } = this.screen;
    if (!view) return nothing;
    const groups = ringing(view);
    const settling = this.#settling(groups);
    this.dataset.link = link.health();
    this.dataset.tab = this.tab;
    this.toggleAttribute("data-rings", groups.length > 0);
    return html`${this.#head(view)}
      <main>${this.#page(view)}</main>
      ${this.#slot()}
      ${ringingCalls({
        view,
        groups,
        settling,
        nowMs: clock.nowMs(),
        compact: this.tab !== "calls",
        claiming: this.#pending("call_id"),
        come: (group) => this.#come(group),
      })}
      ${this.#tabs(groups.length, waitingCount(view))}
      <order-sheet .doing=${this.#doing()}></order-sheet><confirm-sheet></confirm-sheet>
      <spoken-line .speaker=${this.speaker} .hides=${this.hidesLine}></spoken-line>
      <sound-gate .voice=${this.speaker.voice} .why=${say("waiter_gate")}></sound-gate>
      <div class="lost-frame"></div>`;
  }


  updated() {
    // the sheet paints from the same view, and has nobody else to tell it
    /** @type {Part | null} */ (this.querySelector("order-sheet"))?.requestUpdate();
  }

  #doing() {
    return {
      work: () => this.screen.view && this.#work(this.screen.view),
      cancel: (/** @type {Order} */ order, /** @type {Item} */ item) => this.#cancel(order, item),
      orderMore: (/** @type {PlaceView} */ place) => this.#orderFor(place),
    };
  }

  /** @param {View} view */
  #page(view) {
    if (this.tab === "calls") return callsPage(this.#work(view));
    if (this.tab === "ready") return readyPage(this.#work(view));
    if (this.tab === "order") return this.desk;
    return placeBoard(view, (place) =>
      /** @type {import("./order-sheet.js").OrderSheetElement | null} */ (this.querySelector("order-sheet"))?.ask(
        place,
      ),
    );
  }

  /** @param {View} view */
  #head(view) {
    return html`<header class="head">
      <h1>${view.device.name}</h1><span class="at">${name(view.shop.name)}</span>
      <div class="end">
        <link-health .link=${this.screen.link}></link-health>
        <sound-state .speaker=${this.speaker}></sound-state>
        <button class="flip" @click=${toggleLang}>${say("other_language")}</button>
        <time>${wallClock(clock.nowMs(), view.shop.timezone).hm}</time>
      </div>
    </header>`;
  }

  #slot() {
    const { current } = this.said;
    const { link } = this.screen;
    if (!current) {
      const lost = html`<p class="said lost-say">${icon("cut")}<span>${say("lost_waiter", { n: Math.floor(link.ageS()) })}</span></p>`;
      return html`<div class="slot" role="status">${link.health() === "lost" ? lost : nothing}</div>`;
    }
    const left = Math.max(1, Math.ceil((current.untilMs - performance.now()) / 1000));
    return html`<div class="slot" role="status"><p class="said ${current.slip ? "slip" : ""}">
      <span>${current.text}</span>
      ${
        current.undo.length
          ? html`<button class="btn" @click=${() => this.said.undo()}>${icon("undo")}${say("undo", { s: left })}</button>`
          : nothing
      }
      ${current.entryId ? html`<button class="btn" @click=${() => this.said.dismiss()}>${say("understood")}</button>` : nothing}
    </p></div>`;
  }

  /** @param {number} calls @param {number} ready */
  #tabs(calls, ready) {
    const refused = this.screen.outbox.refused.filter((entry) => entry.name === "PlaceOrder").length;
    const counts = { calls, ready, places: 0, order: refused || this.desk.shelf.cart.lines.length };
    return html`<nav class="tabs">
      ${TABS.map(
        (
          [tab, drawing, word],
          i,
        ) => html`<button aria-keyshortcuts="F${i + 1}" aria-current=${tab === this.tab ? "page" : nothing} @click=${() => (this.tab = tab)}>
          ${icon(drawing)}<span>${say(word)} ${counts[tab] ? html`<b ?data-refused=${tab === "order" && refused > 0}>${counts[tab]}</b>` : nothing}</span></button>`,
      )}
    </nav>`;
  }
}

/** @type {Record<"rush" | "hold" | "fire", string>} */
const PACES = { rush: "RushItems", hold: "HoldItems", fire: "FireItems" };

/** @param {Order} order */
const where = (order) => placeWords(order.place_kind, order.place_name);

/** @param {Call} call */
const whence = (call) => (call.place_kind ? placeWords(call.place_kind, call.place_name) : "");

/** @param {Call} call */
const callWords = (call) => (call.text ? name(call.text) : "");

customElements.define("waiter-pad", WaiterPad);
export { WaiterPad };
