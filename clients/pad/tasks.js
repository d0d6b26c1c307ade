/**
 * ◆ A waiter's work, read from the view: what rings, what is mine, what lies ready, what to clean.
 *
 * One order is one walk, so everything is grouped by order; a call without an order stands for itself. Order of a list never depends on what a
 * person presses: the oldest stands first. Refuses to know the clock, commands or words.
 */

/**
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/frames.d.ts").Call} Call
 * @typedef {{key: string, order: Order | null, calls: Call[], items: Item[], since_ms: number, rings: number,
 *   next_ring_ms: number | null, unanswered: boolean}} Ringing
 * @typedef {{order: Order, take: Item[], carry: Item[], calls: Call[], claimed_at_ms: number | null, since_ms: number}} Mine
 *   calls: what I said "coming" to
 * @typedef {{order: Order, items: Item[], since_ms: number, cooking: number}} Ready
 * @typedef {{order: Order, items: Item[], who: string, doing: "fetching" | "carrying", since_ms: number}} Theirs
 * @typedef {{order: Order, count: number, done_at_ms: number}} Clean
 * @typedef {{call: Call, mine: boolean, since_ms: number}} Errand a claimed call without an order
 */

const MADE = new Set(["ready", "called"]);

/** @param {Item} item */
const readyAt = (item) => item.ready_at_ms ?? item.placed_at_ms;

/** @param {{since_ms: number, order: Order}} a @param {{since_ms: number, order: Order}} b */
const oldestFirst = (a, b) => a.since_ms - b.since_ms || a.order.id - b.order.id;

/** @param {Order} order @param {Set<number | null>} ids */
const itemsOf = (order, ids) => order.items.filter((item) => ids.has(item.id));

/** @param {Call} call */
const rings = (call) => call.state === "ringing" || call.state === "unanswered";

/** Calls nobody has answered, one entry per order, and one per call without an order. @param {View} view @returns {Ringing[]} */
export function ringing(view) {
  const open = view.calls.filter(rings);
  /** @type {{key: string, order: Order | null, calls: Call[]}[]} */
  const groups = [
    ...view.orders.map((order) => ({ key: `order/${order.id}`, order, calls: open.filter((one) => one.order_id === order.id) })),
    ...orderless(view, open).map((call) => ({ key: `call/${call.id}`, order: null, calls: [call] })),
  ];
  return groups
    .filter(({ calls }) => calls.length > 0)
    .map(({ key, order, calls }) => {
      const again = calls.filter((call) => call.state === "ringing" && call.rings < call.rings_max);
      return {
        key,
        order,
        calls,
        items: order ? itemsOf(order, new Set(calls.map((call) => call.item_id))) : [],
        since_ms: Math.min(...calls.map((call) => call.raised_at_ms)),
        rings: Math.max(...calls.map((call) => call.rings)),
        next_ring_ms: again.length ? Math.min(...again.map((call) => call.rang_at_ms + call.interval_s * 1000)) : null,
        unanswered: calls.some((call) => call.state === "unanswered"),
      };
    })
    .sort((a, b) => a.since_ms - b.since_ms || a.calls[0].id - b.calls[0].id);
}

/** Calls with words and without a dish on the screen: a guest wants service, a manager asks. @param {View} view @param {Call[]} calls */
function orderless(view, calls) {
  const known = new Set(view.orders.map(({ id }) => id));
  return calls.filter((call) => call.text !== null && (call.order_id === null || !known.has(call.order_id)));
}

/** What somebody said "coming" to, and is not done yet. @param {View} view @returns {Errand[]} */
export function errands(view) {
  return orderless(view, view.calls)
    .filter((call) => call.state === "claimed")
    .map((call) => ({
      call, mine: call.claimed_by_device === view.device.id, since_ms: call.claimed_at_ms ?? call.raised_at_ms,
    }))
    .sort((a, b) => a.since_ms - b.since_ms || a.call.id - b.call.id);
}

/** What this waiter promised to fetch or has in hand. @param {View} view @returns {Mine[]} */
export function mine(view) {
  const me = view.device;
  return view.orders
    .map((order) => {
      const calls = view.calls.filter(
        (call) => call.order_id === order.id && call.state === "claimed" && call.claimed_by_device === me.id,
      );
      const ids = new Set(calls.map((call) => call.item_id));
      const take = itemsOf(order, ids).filter((item) => MADE.has(item.state));
      const carry = order.items.filter((item) => item.state === "picked_up" && item.picked_up_by_device === me.id);
      const stamps = [
        ...calls.map((call) => call.claimed_at_ms ?? call.raised_at_ms),
        ...carry.map((item) => item.picked_up_at_ms ?? item.placed_at_ms),
      ];
      return {
        order,
        take,
        carry,
        calls,
        claimed_at_ms: calls.length ? Math.min(...calls.map((call) => call.claimed_at_ms ?? 0)) : null,
        since_ms: Math.min(...stamps),
      };
    })
    .filter(({ take, carry }) => take.length + carry.length > 0)
    .sort(oldestFirst);
}

/** The newest thing I said "coming" to: what is most likely given back. @param {View} view @returns {{order: Order | null, calls: Call[]} | null} */
export function lastPromise(view) {
  const all = [
    ...mine(view).filter(({ take }) => take.length > 0).map(({ order, calls }) => ({ order, calls })),
    ...errands(view).filter((one) => one.mine).map(({ call }) => ({ order: null, calls: [call] })),
  ].filter(({ calls }) => calls.length > 0);
  const since = (/** @type {{calls: Call[]}} */ { calls }) => Math.max(...calls.map((call) => call.claimed_at_ms ?? 0));
  return all.sort((a, b) => since(b) - since(a))[0] ?? null;
}

/** Made, and nobody was called for it: whoever passes may take it. @param {View} view @returns {Ready[]} */
export function readyUncalled(view) {
  const called = new Set(view.calls.map((call) => call.item_id));
  return view.orders
    .map((order) => {
      const items = order.items.filter((item) => MADE.has(item.state) && !called.has(item.id));
      return {
        order,
        items,
        since_ms: Math.min(...items.map(readyAt)),
        cooking: order.items.filter((item) => item.state === "queued" || item.state === "cooking").length,
      };
    })
    .filter(({ items }) => items.length > 0)
    .sort(oldestFirst);
}

/** What colleagues fetch or carry. @param {View} view @returns {Theirs[]} */
export function theirs(view) {
  const me = view.device;
  /** @type {Theirs[]} */
  const out = [];
  for (const order of view.orders) {
    /** @type {Map<string, Theirs>} two people may have one name */
    const byPerson = new Map();
    const add = (
      /** @type {string} */ who,
      /** @type {number | null} */ device,
      /** @type {Theirs["doing"]} */ doing,
      /** @type {Item} */ item,
      /** @type {number} */ at,
    ) => {
      const key = `${doing} ${device} ${who}`;
      const known = byPerson.get(key) ?? { order, items: [], who, doing, since_ms: at };
      byPerson.set(key, { ...known, items: [...known.items, item], since_ms: Math.min(known.since_ms, at) });
    };
    for (const call of view.calls) {
      const item = order.items.find((one) => one.id === call.item_id);
      if (!item || call.state !== "claimed" || call.claimed_by_device === me.id) continue;
      add(call.claimed_by, call.claimed_by_device, "fetching", item, call.claimed_at_ms ?? call.raised_at_ms);
    }
    for (const item of order.items) {
      if (item.state !== "picked_up" || item.picked_up_by_device === me.id) continue;
      add(item.by, item.picked_up_by_device, "carrying", item, item.picked_up_at_ms ?? item.placed_at_ms);
    }
    out.push(...byPerson.values());
  }
  return out.sort(oldestFirst);
}

/** Orders whose every wanted dish has arrived. @param {View} view @returns {Clean[]} */
export function toClean(view) {
  return view.orders
    .map((order) => {
      const wanted = order.items.filter((item) => item.state !== "cancelled");
      const arrived = wanted.every((item) => item.state === "delivered");
      return {
        order,
        count: arrived ? wanted.length : -1,
        done_at_ms: Math.max(order.opened_at_ms, ...wanted.map((item) => item.delivered_at_ms ?? 0)),
      };
    })
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.done_at_ms - b.done_at_ms || a.order.id - b.order.id);
}

/** Dishes that stand on the pass, rung for or not. @param {View} view */
export const waitingCount = (view) =>
  view.orders.reduce((sum, order) => sum + order.items.filter((item) => MADE.has(item.state)).length, 0);

/**
 * The state of a place in one word: the thing about it a waiter would act on first.
 * @param {Order | undefined} order
 * @returns {"free" | "queued" | "cooking" | "ready" | "picked_up" | "delivered"}
 */
export function placeState(order) {
  const open = order?.items.filter((item) => item.state !== "cancelled") ?? [];
  if (!open.length) return "free";
  if (open.some((item) => MADE.has(item.state))) return "ready";
  if (open.some((item) => item.state === "picked_up")) return "picked_up";
  if (open.some((item) => item.state === "cooking")) return "cooking";
  return open.every((item) => item.state === "delivered") ? "delivered" : "queued";
}
