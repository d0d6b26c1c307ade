// One place opened from the rooms page: every dish with its state and what a waiter may do to it; clear the room.

import { wallClock } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { QUANTITY_MAX } from "./cart.js";
import { canCancel, rushable, wanted } from "./progress.js";
import { orderNumber } from "./ringing-call.js";
import { Sheet } from "./sheet.js";
import { actButton } from "./waiter-lists.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {import("../link/frames.d.ts").PlaceView} PlaceView
 * @typedef {import("./waiter-lists.js").Work} Work
 * @typedef {{cancel: (order: Order, item: Item) => void, orderMore: (place: PlaceView) => void, work: () => Work | null}} Doing
 */

class OrderSheet extends Sheet {
  /** @type {PlaceView | null} */ place = null;
  /** @type {Doing | null} */ doing = null;

  /** @param {PlaceView} place */
  ask(place) {
    this.place = place;
    this.show();
  }

  content() {
    const work = this.doing?.work();
    const { place, doing } = this;
    if (!work || !place || !doing) return nothing;
    const order = work.view.orders.find((one) => one.place_id === place.id);
    const more = () => {
      this.close();
      doing.orderMore(place);
    };
    return html`<div class="body">
        <h2><place-plate .kind=${place.kind} .place=${place.name}></place-plate></h2>
        <p class="lead">${
          order
            ? say("order_of", {
                number: orderNumber(work.view, order),
                time: wallClock(order.opened_at_ms, work.view.shop.timezone).hm,
              })
            : say("no_order")
        }</p>
        ${order?.allergens.length ? html`<allergen-bar class="bar" .allergens=${order.allergens}></allergen-bar>` : nothing}
        ${
          order
            ? html`<ul class="order-lines">${repeat(
                order.items,
                (item) => item.id,
                (item) => itemLine(order, item, work, doing),
              )}</ul>`
            : nothing
        }
      </div>
      <div class="ends">
        <button type="button" class="btn" @click=${() => this.close()}>${say("cancel")}</button>
        ${order ? rushButton(order, work) : nothing}
        ${order ? cleanButton(order, work, () => this.close()) : nothing}
        <button type="button" class="btn" data-kind="go" @click=${more}>${say("order_more")}</button>
      </div>`;
  }
}

/** 催菜 for everything that is still to come. @param {Order} order @param {Work} work */
function rushButton(order, work) {
  const items = rushable(order, work.nowMs);
  if (!items.length) return nothing;
  return html`<button type="button" class="btn" data-kind="line" ?disabled=${work.pendingOrders.has(order.id)}
    @click=${() => work.pace("rush", order, items)}>${icon("rush")}${say("rush")}</button>`;
}

/** @param {Order} order @param {Work} work @param {() => void} close */
function cleanButton(order, work, close) {
  const open = wanted(order).filter((item) => item.state !== "delivered").length;
  const press = () => {
    close();
    work.clean(order);
  };
  return html`<button type="button" class="btn" data-kind="line" ?disabled=${work.pendingPlaces.has(order.place_id)} @click=${press}>
    ${open ? say("clean_anyway", { n: open }) : say("clean")}</button>`;
}

/** @param {Order} order @param {Item} item @param {Work} work @param {Doing} doing */
function itemLine(order, item, work, doing) {
  const ways = [...item.modifiers.map((one) => name(one.name)), item.note].filter(Boolean).join(shared("comma"));
  return html`<li data-item=${item.id} data-state=${item.state}>
    <span>${name(item.name)} ${item.quantity}${ways ? html`<small>${ways}</small>` : nothing}</span>
    <state-mark .state=${item.state}></state-mark>${itemAct(order, item, work, doing)}
  </li>`;
}

/** What a waiter can do to a dish now: one thing, or two while nobody has begun. @param {Order} order @param {Item} item @param {Work} work @param {Doing} doing */
function itemAct(order, item, work, doing) {
  const pending = work.pendingItems.has(item.id);
  const act = (/** @type {string} */ words, /** @type {() => void} */ press) =>
    html`<span>${actButton({ kind: "line", words, pending, press })}</span>`;
  if (canCancel(item)) {
    const pace = item.state === "held" ? "fire" : "hold";
    const paced = { kind: "line", words: say(pace), pending: work.pendingOrders.has(order.id), press: () => work.pace(pace, order, [item]) };
    const off = { kind: "line", words: say("off"), pending, press: () => doing.cancel(order, item) };
    return html`<span class="two">${pending ? nothing : portions(order, item, work)}${pending ? nothing : actButton(paced)}${actButton(off)}</span>`;
  }
  if (item.state === "ready" || item.state === "called") return act(say("picked_up"), () => work.take(order, [item]));
  if (item.state === "picked_up") return act(say("deliver"), () => work.deliver(order, [item]));
  return html`<span></span>`;
}

/** One portion fewer or more, while nobody has begun. @param {Order} order @param {Item} item @param {Work} work */
function portions(order, item, work) {
  const step = (/** @type {number} */ by, /** @type {string} */ drawing, /** @type {"take_one" | "add_one"} */ word) =>
    html`<button type="button" class="btn portion" aria-label=${say(word, { what: name(item.name) })}
      ?disabled=${item.quantity + by < 1 || item.quantity + by > QUANTITY_MAX} @click=${() => work.change(order, item, item.quantity + by)}>${icon(drawing)}</button>`;
  return html`${step(-1, "minus", "take_one")}${step(1, "plus", "add_one")}`;
}

customElements.define("order-sheet", OrderSheet);
/** @typedef {OrderSheet} OrderSheetElement */
