// ◆ Which queue numbers a hall sees: being prepared, or called and not fetched yet; and which page of them now.
// Dishes of one round that were let go together are collected together: they stand at 请取餐 once all of them were called,
// until they are picked up. Refuses to know names, rooms and a clock.

import { businessDay } from "./format.js";

/**
 * @typedef {import("./frames.d.ts").View} View
 * @typedef {import("./frames.d.ts").Order} Order
 * @typedef {{orderId: number, number: string, yesterday: boolean, sinceMs: number, calledIds: number[]}} QueueNumber
 *   calledIds: its dishes that wait to be collected, the newest first
 */

export const PAGE_MAX = 12;
export const PAGE_MS = 8_000;
const IN_KITCHEN = new Set(["queued", "cooking", "ready"]);

/**
 * Both columns: what is prepared oldest first, what is called newest first.
 * @param {View} view @param {number} nowMs @returns {{cooking: QueueNumber[], ready: QueueNumber[]}}
 */
export function numbersOf(view, nowMs) {
  const today = businessDay(nowMs, view.shop.timezone);
  const numbered = view.orders
    .filter(({ place_kind: kind }) => kind !== "tag") // a wrist tag is called at the cash desk (R-004-10)
    .map((order) => ({ order, called: collectable(order), waits: order.items.some(({ state }) => IN_KITCHEN.has(state)) }));
  const entry = (/** @type {Order} */ order, /** @type {number} */ sinceMs, /** @type {number[]} */ calledIds = []) => ({
    orderId: order.id, number: String(order.number).padStart(2, "0"), yesterday: order.business_day < today, sinceMs, calledIds,
  });
  return {
    cooking: numbered
      .filter(({ called, waits }) => waits && !called.length)
      .map(({ order }) => entry(order, order.opened_at_ms))
      .sort((a, b) => a.sinceMs - b.sinceMs || a.orderId - b.orderId),
    ready: numbered
      .filter(({ called }) => called.length)
      .map(({ order, called }) => entry(order, calledAt(called[0]), called.map(({ id }) => id)))
      .sort((a, b) => b.sinceMs - a.sinceMs || b.orderId - a.orderId),
  };
}

/** @param {import("./frames.d.ts").Item} item */
const calledAt = (item) => item.called_at_ms ?? item.placed_at_ms;

/** @param {import("./frames.d.ts").Item} item */
const servingOf = ({ round, fired_at_ms: firedAtMs }) => `${round}/${firedAtMs ?? ""}`;

/** Its called dishes that wait for nothing in the kitchen, the newest first. @param {Order} order */
export function collectable({ items }) {
  const unfinished = new Set(items.filter(({ state }) => IN_KITCHEN.has(state)).map(servingOf));
  return items
    .filter((item) => item.state === "called" && !unfinished.has(servingOf(item)))
    .sort((a, b) => calledAt(b) - calledAt(a) || b.id - a.id);
}

/**
 * The page that is shown at a moment; pages turn by themselves, all screens together.
 * @template T @param {T[]} all @param {number} nowMs @param {number} perPage
 */
export function pageOf(all, nowMs, perPage) {
  const pages = Math.max(1, Math.ceil(all.length / perPage));
  const page = Math.floor(nowMs / PAGE_MS) % pages;
  return { shown: all.slice(page * perPage, (page + 1) * perPage), page: page + 1, pages };
}
