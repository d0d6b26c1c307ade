// ◆ A shop's day of card trades, carried from event to event: the same rules as server/events/card_day.py.
// The recorded sequences in tests/core/replica are fed to both. Refuses to paint and to read a clock.

/**
 * @typedef {import("./frames.d.ts").CardDay} CardDay
 * @typedef {import("./frames.d.ts").CardTotals} CardTotals
 * @typedef {import("./frames.d.ts").Trade} Trade
 * @typedef {import("./frames.d.ts").Event} Event
 */

const TRADES_MAX = 100;

/** kind → what it counts under, and what its amount adds to @type {Record<string, [keyof CardTotals, keyof CardTotals]>} */
const COUNTED = {
  top_up: ["top_ups", "top_up_fen"],
  consume: ["consumptions", "consumed_fen"],
  refund: ["refunds", "refunded_fen"],
  close: ["closures", "paid_out_fen"],
};

/** @type {CardTotals} */
const NOTHING = {
  top_ups: 0,
  top_up_fen: 0,
  bonus_fen: 0,
  consumptions: 0,
  consumed_fen: 0,
  refunds: 0,
  refunded_fen: 0,
  closures: 0,
  paid_out_fen: 0,
};

/**
 * The day after an event; one that moves no money, or of a day before, changes nothing.
 * @param {CardDay} day @param {Event} event @returns {CardDay}
 */
export function carried(day, event) {
  if (!("trade" in event) || event.trade.business_day < day.business_day) return day;
  const trade = event.trade;
  if (trade.business_day > day.business_day)
    day = { business_day: trade.business_day, trades: [], totals: NOTHING };
  const others = day.trades.filter((known) => known.id !== trade.id);
  const isNew = others.length === day.trades.length;
  const after = event.kind === "CardRefunded" ? event.refunded : null;
  const trades = [...others.map((known) => (known.id === after?.id ? { ...known, ...after } : known)), trade]
    .sort((a, b) => a.id - b.id)
    .slice(-TRADES_MAX);
  return { ...day, trades, totals: isNew ? counted(day.totals, trade) : day.totals };
}

/** @param {CardTotals} totals @param {Trade} trade @returns {CardTotals} */
function counted(totals, trade) {
  if (!(trade.kind in COUNTED)) return totals;
  const [number, amount] = COUNTED[trade.kind];
  const bonus = trade.kind === "top_up" ? trade.bonus_fen : 0;
  return {
    ...totals,
    [number]: totals[number] + 1,
    [amount]: totals[amount] + trade.amount_fen,
    bonus_fen: totals.bonus_fen + bonus,
  };
}
