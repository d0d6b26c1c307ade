// ◆ What a kitchen board shows of the shop: tickets with rounds and clocks, counts, what is finished.
// Pure: view and time come in. Refuses to know pixels, keys or the network.

import { businessDay } from "../link/format.js";

/**
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {"ok" | "warn" | "late"} Urgency
 * @typedef {object} Round
 * @property {number} round
 * @property {number} placedAtMs
 * @property {number} sinceMs from when its time runs: placed, or let go (起菜)
 * @property {number} targetS the longest target of its dishes
 * @property {Item[]} items
 * @property {boolean} open somebody still has to cook
 * @typedef {object} Ticket
 * @property {number} id the order's
 * @property {Order} order
 * @property {Round[]} rounds
 * @property {Item[]} items all rounds', in the order shown
 * @property {boolean} yesterday
 * @property {Round | null} due the oldest round with something to cook
 * @property {boolean} held something waits for its 起菜
 * @property {{times: number, atMs: number} | null} rush somebody waits for a dish of it (催菜)
 * @property {boolean} pinned its rush puts it before all others; only so many at a time, so that what is late stays in sight
 * @property {boolean} late a round is beyond its target
 * @property {number} doneAtMs when the last dish stood ready; 0 while something is to be cooked
 * @typedef {{key: string, dish: import("../link/frames.d.ts").Dish, waiting: number}} Sale `waiting` dishes of it are ordered
 * @typedef {object} Work the same dish, made the same way, at the same step, on several tickets
 * @property {string} key
 * @property {Item} item one of them
 * @property {"queued" | "cooking"} state
 * @property {number} quantity portions together
 * @property {number[]} numbers of the tickets
 * @property {{item: Item, number: number}[]} parts oldest first
 */

export const UNDO_S = 5;
export const RECALL_MAX = 100;
const PINNED_MAX = 4; // half of a board's usual eight cells
const CONFIRM_WITHIN_MS = 30 * 60 * 1000; // an older cancellation is no news to anybody

const TO_COOK = new Set(["queued", "cooking"]);
/** States in which a dish no longer keeps a ticket on the grid. At the pass that is only what was fetched. */
const LEFT = {
  station: new Set(["called", "picked_up", "delivered", "cancelled"]),
  pass: new Set(["picked_up", "delivered", "cancelled"]),
};

/** Whether a board of `stationId` shows a dish: its own, and what belongs to nobody. @param {Item} item @param {number | null} stationId */
export const shows = (item, stationId) =>
  stationId === null || item.station_id === null || item.station_id === stationId;

/**
 * Every ticket of a board, split into those on the grid and those finished (newest first). On the grid: the oldest
 * `pinnedMax` of those somebody waits for (催菜), then what is late or waited for, then the rest, each oldest first.
 * @param {View} view @param {number} nowMs
 * @param {number | null | undefined} [heldOrderId] stays on the grid although finished, because it may still be undone
 * @param {number} [pinnedMax]
 * @returns {{open: Ticket[], finished: Ticket[]}}
 */
export function ticketsOf(view, nowMs, heldOrderId = null, pinnedMax = PINNED_MAX) {
  const stationId = view.device.station_id;
  const left = stationId === null ? LEFT.pass : LEFT.station;
  const today = businessDay(nowMs, view.shop.timezone);
  const keep = (/** @type {Item} */ item) =>
    shows(item, stationId) && !(item.state === "cancelled" && known(item, nowMs));
  /** @type {Ticket[]} */ const open = [];
  /** @type {Ticket[]} */ const finished = [];
  for (const order of view.orders) {
    const items = order.items.filter(keep).sort((a, b) => a.round - b.round || a.id - b.id);
    if (!items.length) continue;
    const ticket = ticketOf(order, items, today);
    ticket.late = ticket.due !== null && timeOf(ticket.due, nowMs, 100).urgency === "late";
    const gone = items.every((item) => left.has(item.state) && item.state !== "cancelled");
    const quiet = nowMs >= ticket.doneAtMs + UNDO_S * 1000 && order.id !== heldOrderId;
    (gone && quiet ? finished : open).push(ticket);
  }
  open.sort((a, b) => firstAt(a) - firstAt(b) || a.id - b.id);
  for (const ticket of open.filter(({ rush }) => rush).slice(0, pinnedMax)) ticket.pinned = true;
  const rank = (/** @type {Ticket} */ { pinned, late, rush }) => (pinned ? 0 : late || rush ? 1 : 2);
  open.sort((a, b) => rank(a) - rank(b)); // stable: the oldest stay first
  finished.sort((a, b) => b.doneAtMs - a.doneAtMs || b.id - a.id);
  return { open, finished: finished.slice(0, RECALL_MAX) };
}

/** @param {Ticket} ticket */
const firstAt = (ticket) => ticket.rounds[0].placedAtMs;

/** Whether the kitchen has yet to say that it saw a change or a cancel. @param {Item} item */
export const isUnconfirmed = (item) =>
  item.quantity_was !== null || (item.state === "cancelled" && item.confirmed_at_ms === null);

/** @param {Item} item @param {number} nowMs */
const known = (item, nowMs) =>
  item.confirmed_at_ms !== null || nowMs - (item.cancelled_at_ms ?? 0) > CONFIRM_WITHIN_MS;

/** @param {Order} order @param {Item[]} items @param {string} today @returns {Ticket} */
function ticketOf(order, items, today) {
  /** @type {Round[]} */ const rounds = [];
  for (const item of items) {
    let round = rounds.at(-1);
    if (round?.round !== item.round) {
      round = { round: item.round, placedAtMs: item.placed_at_ms, sinceMs: Infinity, targetS: 0, items: [], open: false };
      rounds.push(round);
    }
    round.items.push(item);
    round.targetS = Math.max(round.targetS, item.target_s);
    if (!TO_COOK.has(item.state)) continue;
    round.open = true;
    round.sinceMs = Math.min(round.sinceMs, sinceOf(item));
  }
  const due = rounds.find((round) => round.open) ?? null;
  const doneAtMs = due ? 0 : Math.max(...items.map((i) => i.ready_at_ms ?? i.cancelled_at_ms ?? i.placed_at_ms));
  const held = items.some((item) => item.state === "held");
  return { id: order.id, order, rounds, items, yesterday: order.business_day < today, due, held, rush: rushOf(items), pinned: false, late: false, doneAtMs };
}

/** Ids of dishes that are sold out (沽清). @param {View} view */
export const soldOut = (view) => new Set((view.menu?.dishes ?? []).filter((dish) => dish.sold_out).map(({ id }) => id));

/**
 * The menu as the kitchen stops and resumes it: the station's own dishes first. A press moves nothing.
 * @param {View} view @returns {Sale[]}
 */
export function saleList(view) {
  const mine = (/** @type {{station_id: number | null}} */ { station_id }) => Number(station_id === view.device.station_id);
  const items = view.orders.flatMap((order) => order.items).filter(({ state }) => state === "held" || TO_COOK.has(state));
  return (view.menu?.dishes ?? [])
    .map((dish) => ({ key: String(dish.id), dish, waiting: items.filter((item) => item.dish_id === dish.id).length }))
    .sort((a, b) => mine(b.dish) - mine(a.dish));
}

/** Whether a dish is still waited for. @param {Item} item */
export const isRushed = (item) => item.rushes > 0 && TO_COOK.has(item.state);

/** @param {Item[]} items @returns {Ticket["rush"]} */
function rushOf(items) {
  const rushed = items.filter(isRushed);
  if (!rushed.length) return null;
  return { times: Math.max(...rushed.map((item) => item.rushes)), atMs: Math.max(...rushed.map((item) => item.rushed_at_ms ?? 0)) };
}

/**
 * How urgent a round is, how much of its time is used, and how many seconds are left (negative: late).
 * @param {Round} round @param {number} nowMs @param {number} warnPercent
 * @returns {{urgency: Urgency, share: number, leftS: number}}
 */
export function timeOf(round, nowMs, warnPercent) {
  const elapsedS = (nowMs - round.sinceMs) / 1000;
  const share = round.targetS ? elapsedS / round.targetS : 0;
  const urgency = share >= 1 ? "late" : share * 100 >= warnPercent ? "warn" : "ok";
  return { urgency, share: Math.max(0, Math.min(1, share)), leftS: round.targetS - elapsedS };
}

/** dish → the targets of its stages, of the dishes that have any @param {View} view */
export const stageTargets = (view) =>
  new Map((view.menu?.dishes ?? []).filter(({ stage_targets: one }) => one?.waiting_s || one?.cooking_s || one?.pick_up_s).map(({ id, stage_targets: one }) => [id, one]));

/**
 * Since when a dish is at its stage, and how urgent that is; null where the stage has no target.
 * @param {Item} item @param {ReturnType<typeof stageTargets>} targets @param {number} nowMs @param {number} warnPercent
 * @returns {{sinceMs: number, urgency: Urgency} | null}
 */
export function stageOf(item, targets, nowMs, warnPercent) {
  const own = targets.get(item.dish_id);
  /** @type {[number | null | undefined, number | null]} */
  const [targetS, sinceMs] =
    item.state === "queued" ? [own?.waiting_s, sinceOf(item)]
    : item.state === "cooking" ? [own?.cooking_s, item.started_at_ms]
    : item.state === "ready" || item.state === "called" ? [own?.pick_up_s, item.ready_at_ms]
    : [null, null];
  if (!targetS || sinceMs === null) return null;
  const share = (nowMs - sinceMs) / 1000 / targetS;
  return { sinceMs, urgency: share >= 1 ? "late" : share * 100 >= warnPercent ? "warn" : "ok" };
}

/**
 * What the head of the board counts: dishes by state, late tickets.
 * @param {Ticket[]} open @param {Ticket[]} finished @param {number} nowMs @param {number} warnPercent
 */
export function countsOf(open, finished, nowMs, warnPercent) {
  const counts = { queued: 0, cooking: 0, ready: 0, late: 0 };
  for (const { items } of [...open, ...finished]) {
    for (const { state } of items) {
      if (state === "queued" || state === "cooking") counts[state] += 1;
      else if (state === "ready" || state === "called") counts.ready += 1;
    }
  }
  for (const { due } of open) if (due && timeOf(due, nowMs, warnPercent).urgency === "late") counts.late += 1;
  return counts;
}

/**
 * 并菜 at a glance: how many portions of each dish are still to be cooked, most first.
 * @param {Ticket[]} tickets @returns {{item: Item, quantity: number}[]}
 */
export function batchesOf(tickets) {
  /** @type {Map<string, {item: Item, quantity: number}>} */
  const batches = new Map();
  for (const item of tickets.flatMap(({ items }) => items)) {
    if (!TO_COOK.has(item.state)) continue;
    const key = `${item.dish_id}|${item.name.zh}`;
    const batch = batches.get(key) ?? { item, quantity: 0 };
    batch.quantity += item.quantity;
    batches.set(key, batch);
  }
  return [...batches.values()].sort((a, b) => b.quantity - a.quantity);
}

/**
 * 并菜 to work on: a row for each dish, way of making and step, the dish that waits longest first, what cooks
 * before what does not.
 * @param {Ticket[]} tickets @returns {Work[]}
 */
export function workOf(tickets) {
  /** @type {Map<string, Work>} */
  const rows = new Map();
  const dishes = tickets.flatMap(({ items, order }) => items.map((item) => ({ item, number: order.number })));
  for (const part of dishes.sort((a, b) => sinceOf(a.item) - sinceOf(b.item) || a.item.id - b.item.id)) {
    const { item } = part;
    if (item.state !== "queued" && item.state !== "cooking") continue;
    const way = `${item.dish_id}|${item.name.zh}|${item.modifiers.map(({ id }) => id).sort().join()}|${item.note}`;
    for (const state of /** @type {const} */ (["cooking", "queued"])) {
      const key = `${way}|${state}`;
      const row = rows.get(key) ?? { key, item, state, quantity: 0, numbers: [], parts: [] };
      rows.set(key, row); // both steps of a dish stand together
      if (item.state !== state) continue;
      row.quantity += item.quantity;
      row.parts.push(part);
      if (!row.numbers.includes(part.number)) row.numbers.push(part.number);
    }
  }
  return [...rows.values()].filter(({ quantity }) => quantity > 0);
}

/** @param {Item} item */
const sinceOf = (item) => item.fired_at_ms ?? item.placed_at_ms;
