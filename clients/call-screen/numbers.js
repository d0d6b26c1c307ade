// ◆ Which queue numbers a hall sees: being prepared, or called and not fetched yet; and which page of them now.
// A number is at 请取餐 while any of its dishes is called and not picked up. Refuses to know names, rooms and a clock.

import { businessDay } from "../link/format.js";

/**
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {{orderId: number, number: string, yesterday: boolean, sinceMs: number}} QueueNumber
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
    .map((order) => ({ order, calledAtMs: calledAt(order), waits: order.items.some(({ state }) => IN_KITCHEN.has(state)) }));
  const entry = (/** @type {Order} */ order, /** @type {number} */ sinceMs) => ({
    orderId: order.id, number: String(order.number).padStart(2, "0"), yesterday: order.business_day < today, sinceMs,
  });
  return {
    cooking: numbered
      .filter(({ calledAtMs, waits }) => waits && !calledAtMs)
      .map(({ order }) => entry(order, order.opened_at_ms))
      .sort((a, b) => a.sinceMs - b.sinceMs || a.orderId - b.orderId),
    ready: numbered
      .filter(({ calledAtMs }) => calledAtMs)
      .map(({ order, calledAtMs }) => entry(order, calledAtMs))
      .sort((a, b) => b.sinceMs - a.sinceMs || b.orderId - a.orderId),
  };
}

/** When a dish of it was called last, of those nobody has fetched; 0 for none. @param {Order} order */
const calledAt = ({ items }) =>
  Math.max(0, ...items.filter(({ state }) => state === "called").map((item) => item.called_at_ms ?? item.placed_at_ms));

/**
 * The page that is shown at a moment; pages turn by themselves, all screens together.
 * @template T @param {T[]} all @param {number} nowMs @param {number} perPage
 */
export function pageOf(all, nowMs, perPage) {
  const pages = Math.max(1, Math.ceil(all.length / perPage));
  const page = Math.floor(nowMs / PAGE_MS) % pages;
  return { shown: all.slice(page * perPage, (page + 1) * perPage), page: page + 1, pages };
}
