// The guest's open order: how far it is as a whole, and every dish with its state; what waits to be sent; what was refused.

import { queueNumber, wallClock } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { refusalWords, say as shared } from "../link/words.js";
import { dishCount, dishOf } from "./cart.js";
import { canCancel, isRushed, rounds, rushable, stage, STAGES } from "./progress.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/frames.d.ts").Menu} Menu
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {import("../link/outbox.js").Entry} Entry
 * @typedef {object} Progress
 * @property {Order | undefined} order
 * @property {Menu} menu
 * @property {string} timezone
 * @property {boolean} linked
 * @property {Entry[]} unsent orders without an answer
 * @property {Entry[]} refused orders and cancellations that were refused
 * @property {Set<number>} cancelling item ids with a cancellation on its way
 * @property {number} nowMs
 * @property {boolean} pacing a rush or a fire is on its way
 * @property {(item: Item) => void} cancel
 * @property {(order: Order) => void} rush
 * @property {(order: Order, items: Item[]) => void} fire
 * @property {(entry: Entry) => void} withdraw
 * @property {(entry: Entry) => void} putBack
 * @property {(entry: Entry) => void} dismiss
 */

/** @param {Progress} progress */
export function orderProgress(progress) {
  const { order, unsent, refused } = progress;
  if (!order && !unsent.length && !refused.length) return nothing;
  return html`<section class="coming" aria-live="polite">
    ${order ? heading(order) : nothing}
    ${refused.map((entry) => slip(entry, progress))}
    ${unsent.map((entry) => waiting(entry, progress))}
    ${
      order
        ? html`<div class="list">${repeat(
            rounds(order),
            (one) => one.round,
            (one) => roundLines(one, progress),
          )}</div>${paceButtons(order, progress)}`
        : nothing
    }
  </section>`;
}

/** @param {Order} order */
function heading(order) {
  const at = stage(order);
  return html`<h2><b>${say(at === 3 ? "arrived" : "coming")}</b><span>${queueNumber(order.number)}</span></h2>
    <ol class="way">
      ${STAGES.map((word, index) => {
        const step = at === 3 || index < at ? "did" : index === at ? "now" : "";
        return html`<li class=${step} aria-current=${index === at ? "step" : nothing}>${say(word)}</li>`;
      })}
    </ol>`;
}

/** Start what waits (起菜), ask where it is (催菜). @param {Order} order @param {Progress} progress */
function paceButtons(order, { nowMs, pacing, rush, fire }) {
  const held = order.items.filter((item) => item.state === "held");
  const canRush = rushable(order, nowMs).length > 0;
  if (!held.length && !canRush && !isRushed(order)) return nothing;
  return html`<p class="pace">
    ${held.length ? html`<button class="btn" ?disabled=${pacing} @click=${() => fire(order, held)}>${icon("go")}${say("fire_it", { n: held.length })}</button>` : nothing}
    ${canRush ? html`<button class="btn" ?disabled=${pacing} @click=${() => rush(order)}>${icon("rush")}${say("rush_it")}</button>` : nothing}
    ${isRushed(order) && !canRush ? html`<span class="asked">${icon("tick")}${say("rushed")}</span>` : nothing}
  </p>`;
}

/** @param {{round: number, items: Item[]}} one @param {Progress} progress */
function roundLines({ round, items }, progress) {
  const { hm } = wallClock(items[0].placed_at_ms, progress.timezone);
  return html`${round > 1 ? html`<p class="round">${say("round", { n: round - 1, time: hm })}</p>` : nothing}
    <ul>${repeat(
      items,
      (item) => item.id,
      (item) => itemLine(item, progress),
    )}</ul>`;
}

/** The guest's word for a state: the room does not care who was called. @param {Item} item */
const guestState = (item) => {
  if (item.state === "called") return "ready";
  return item.state === "picked_up" ? "on_the_way" : item.state;
};

const DRAWN = { on_the_way: "tray", delivered: "tick" };

/** @param {Item} item @param {Progress} progress */
function itemLine(item, { cancel, cancelling }) {
  const state = guestState(item);
  const ways = [...item.modifiers.map((one) => name(one.name)), item.note].filter(Boolean);
  const drawing = state in DRAWN ? DRAWN[/** @type {keyof typeof DRAWN} */ (state)] : state;
  return html`<li class="it" data-item=${item.id} data-state=${item.state}>
    <span>${name(item.name)} ${item.quantity}${ways.length ? html`<small>${ways.join(shared("comma"))}</small>` : nothing}</span>
    ${
      cancelling.has(item.id)
        ? html`<span class="pending">${icon("waits")}${shared("to_send")}</span>`
        : html`<span class="state" data-state=${state}>${icon(drawing)}${say(state)}</span>`
    }
    ${
      canCancel(item) && !cancelling.has(item.id)
        ? html`<button class="off" aria-label="${say("cancel_it")}: ${name(item.name)}" @click=${() => cancel(item)}>${icon("close")}</button>`
        : nothing
    }
  </li>`;
}

/** "手工水饺 2、米饭 1" @param {Entry} entry @param {Menu} menu */
const dishesOf = (entry, menu) =>
  (entry.about?.cart?.lines ?? [])
    .map((/** @type {import("./cart.js").CartLine} */ line) => {
      const dish = dishOf(menu, line.dish_id);
      return dish ? `${name(dish.name)} ${line.quantity}` : "";
    })
    .filter(Boolean)
    .join(shared("comma"));

/** @param {Entry} entry @param {Progress} progress */
function waiting(entry, { menu, withdraw, linked }) {
  const n = dishCount(entry.about.cart);
  return html`<div class="unsent">
    <div class="two"><b>${icon("waits")}${say(linked ? "sending" : "unsent", { n })}</b>
      ${entry.tried ? nothing : html`<button class="btn" @click=${() => withdraw(entry)}>${say("withdraw")}</button>`}</div>
    ${entry.about.where ? html`<b>${entry.about.where}</b> ` : nothing}${dishesOf(entry, menu)}
    ${linked ? nothing : html`<br /><small>${say("unsent_why")}</small>`}
  </div>`;
}

/** Whether a place was cleared under an order of a moment ago: by mistake, perhaps; the house says until when. @param {Entry} entry @param {number} nowMs */
export const maybeStillHere = (entry, nowMs) =>
  entry.refusal?.code === "place_cleared" && nowMs - entry.madeAtMs < Number(entry.refusal.detail.same_guest_s ?? 0) * 1000;

/** The place was cleared under an order: said without what it was, for another guest may read it. @param {Entry} entry @param {Progress} progress */
const clearedSlip = (entry, { nowMs, putBack, dismiss }) => html`<div class="slip refused cleared" role="alert">
  ${say("cleared_order")}
  <div>
    ${maybeStillHere(entry, nowMs) ? html`<button class="btn" @click=${() => putBack(entry)}>${say("still_here")}</button>` : nothing}
    <button class="btn" @click=${() => dismiss(entry)}>${say("understood")}</button>
  </div>
</div>`;

/** A refused order or cancellation, on paper, until somebody has read it. @param {Entry} entry @param {Progress} progress */
function slip(entry, progress) {
  // a waiter's order says where to, and is the waiter's to read
  if (entry.refusal?.code === "place_cleared" && !entry.about?.where) return clearedSlip(entry, progress);
  const { menu, putBack, dismiss } = progress;
  const cart = entry.about?.cart;
  const why = refusalWords(entry.refusal);
  return html`<div class="slip refused" role="alert">
    ${
      cart
        ? html`${say("refused_order", { why })}<span>${dishesOf(entry, menu)}</span>`
        : html`${shared("refused", { why })}<span>${entry.about?.what ?? ""}</span>`
    }
    <div>
      ${cart ? html`<button class="btn" @click=${() => putBack(entry)}>${say("put_back")}</button>` : nothing}
      <button class="btn" @click=${() => dismiss(entry)}>${say("understood")}</button>
    </div>
  </div>`;
}
