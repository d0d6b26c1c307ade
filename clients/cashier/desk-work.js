// ◆ A cash desk's work, read from the view: what nobody answered, wrist-tag orders, what was said and who heard it.
// Refuses to know a clock, words and sounds.

/**
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/frames.d.ts").Call} Call
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {import("../link/frames.d.ts").Heard} Heard
 * @typedef {import("../link/frames.d.ts").ItemState} ItemState
 * @typedef {import("../link/frames.d.ts").Utterance} Utterance
 * @typedef {"heard" | "waiting" | "unheard"} Fate
 * @typedef {{order: Order, state: ItemState, sumFen: number, sentence: Utterance | null}} TagOrder
 *   sentence: its announcement, if it still rings and somebody may say 收到
 * @typedef {{utterance: Utterance, heard: Heard[], fate: Fate}} Said
 */

const TELLS_MS_MAX = 20_000; // a sentence, and what stood before it in the queue
/** What a later stage says outweighs an earlier one. */
const WEIGHT = ["shown", "failed", "blocked", "muted", "played", "acknowledged"];
const REACHED = new Set(["shown", "played", "acknowledged"]);

/** Calls nobody came to, and those somebody at a desk sees to: unanswered first, oldest first. @param {View} view @returns {Call[]} */
export const escalations = (view) =>
  view.calls
    .filter(({ state, escalated }) => escalated && state !== "ended")
    .sort((a, b) => Number(a.state === "claimed") - Number(b.state === "claimed") || a.raised_at_ms - b.raised_at_ms || a.id - b.id);

/** Open wrist-tag orders, newest first. @param {View} view @param {number} nowMs @param {(callId: number) => boolean} isOver @returns {TagOrder[]} */
export const tagOrders = (view, nowMs, isOver) =>
  view.orders
    .filter(({ place_kind: kind }) => kind === "tag")
    .map((order) => ({
      order,
      state: stateOf(order),
      sumFen: order.items.reduce((sum, item) => sum + (item.state === "cancelled" ? 0 : item.price_fen * item.quantity), 0),
      sentence: [...view.announced].reverse().find((one) =>
        one.event === "order_placed" && one.place_id === order.place_id && one.channels.includes("cashier")
        && one.expires_at_ms > nowMs && !isOver(one.call_id)) ?? null,
    }))
    .sort((a, b) => b.order.opened_at_ms - a.order.opened_at_ms || b.order.id - a.order.id);

/** The thing about an order that a desk is asked for first. @param {Order} order @returns {ItemState} */
function stateOf(order) {
  const states = new Set(order.items.map(({ state }) => state));
  /** @type {ItemState[]} */
  const urgent = ["called", "ready", "cooking", "queued", "held", "picked_up", "delivered"];
  return urgent.find((state) => states.has(state)) ?? "cancelled";
}

/** A ring may hear other words at other ends: a line shows its own. Who names no end spoke before ends were named.
 * @param {Utterance} utterance @param {Heard} one */
const isAtEndOf = ({ channels, accounts }, { channel, account_id: account }) =>
  channel == null || channels.includes(channel) || (account != null && accounts.includes(account));

/** What was said, newest first, each with the last word of every device. @param {View} view @param {number} nowMs @returns {Said[]} */
export function said(view, nowMs) {
  /** @type {Map<string, Map<number, Heard>>} */
  const byRing = new Map();
  for (const one of view.heard) {
    const key = `${one.call_id}/${one.ring}`;
    const devices = byRing.get(key) ?? new Map();
    byRing.set(key, devices);
    const known = devices.get(one.device_id);
    if (!known || WEIGHT.indexOf(one.stage) >= WEIGHT.indexOf(known.stage)) devices.set(one.device_id, one);
  }
  return view.announced
    .filter(({ text }) => text.zh || text.en)
    .map((utterance) => {
      const ofRing = byRing.get(`${utterance.call_id}/${utterance.ring}`)?.values() ?? [];
      const heard = [...ofRing].filter((one) => isAtEndOf(utterance, one));
      /** @type {Fate} */
      let fate = nowMs - utterance.at_ms < TELLS_MS_MAX ? "waiting" : "unheard";
      if (heard.some(({ stage }) => REACHED.has(stage))) fate = "heard";
      return { utterance, heard, fate };
    })
    .reverse();
}
