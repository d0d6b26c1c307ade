/**
 * ◆ How far a guest's order is, folded over its dishes; the words for it are elsewhere.
 * Refuses to know time or screens.
 */

/**
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {import("../link/frames.d.ts").Item} Item
 */

export const STAGES = /** @type {const} */ (["placed", "cooking", "on_the_way", "delivered"]);

/** Dishes that still count. @param {Order} order @returns {Item[]} */
export const wanted = (order) => order.items.filter((item) => item.state !== "cancelled");

/**
 * The stage of a whole order: of what has not arrived, the dish that is farthest speaks.
 * @param {Order} order @returns {number} index into STAGES
 */
export function stage(order) {
  const open = wanted(order).filter((item) => item.state !== "delivered");
  if (!open.length) return 3;
  if (open.some((item) => item.state === "picked_up")) return 2;
  return open.every((item) => item.state === "queued" || item.state === "held") ? 0 : 1;
}

/** The dishes by round, oldest first. @param {Order} order @returns {{round: number, items: Item[]}[]} */
export function rounds(order) {
  /** @type {Map<number, Item[]>} */
  const byRound = new Map();
  for (const item of order.items) {
    byRound.set(item.round, [...(byRound.get(item.round) ?? []), item]);
  }
  return [...byRound].sort((a, b) => a[0] - b[0]).map(([round, items]) => ({ round, items }));
}

/** Only a dish nobody has begun can be taken back (R-004-15). @param {Item} item */
export const canCancel = (item) => item.state === "queued" || item.state === "held";

/** A rush within this time is the same rush (server/kds/pace.py). */
const RUSH_AGAIN_MS = 120_000;

/** Dishes that may be asked after now (催菜): let go, still to come, not asked after a moment ago. @param {Order} order @param {number} nowMs */
export const rushable = (order, nowMs) =>
  order.items.filter(
    (item) => (item.state === "queued" || item.state === "cooking") && nowMs - (item.rushed_at_ms ?? -Infinity) >= RUSH_AGAIN_MS,
  );

/** Whether somebody asked after a dish that is still to come. @param {Order} order */
export const isRushed = (order) => order.items.some((item) => item.rushes > 0 && (canCancel(item) || item.state === "cooking"));
