// ◆ What a monitor lists: the day's trades, and what was done to cards while it looked on; newest first, by kind.
// Refuses to paint and to read a clock.

/**
 * @typedef {import("../link/frames.d.ts").CardFace} CardFace
 * @typedef {import("../link/frames.d.ts").Event} Event
 * @typedef {import("../link/frames.d.ts").Trade} Trade
 * @typedef {"opened" | "frozen" | "user_frozen" | "unfrozen" | "user_unfrozen" | "replaced"} Deed
 * @typedef {"all" | "consume" | "top_up" | "refund" | "other"} Filter
 * @typedef {{key: string, atMs: number, masked: string, by: string, trade: Trade | null, deed: Deed | null}} Line
 */

/** @type {Filter[]} */
export const FILTERS = ["all", "consume", "top_up", "refund", "other"];
export const DEEDS_MAX = 100;

/** What was done to a card, or null for an event about something else. @param {Event} event @returns {Line | null} */
export function deedOf(event) {
  if (event.kind !== "CardOpened" && event.kind !== "CardFrozen" && event.kind !== "CardUnfrozen" && event.kind !== "CardReplaced") return null;
  const { card, at_ms: atMs, by } = event;
  return { key: `${event.kind}/${card.id}/${atMs}`, atMs, masked: card.number_masked, by, trade: null, deed: nameOf(event.kind, card) };
}

/** @param {"CardOpened" | "CardFrozen" | "CardUnfrozen" | "CardReplaced"} kind @param {CardFace} card @returns {Deed} */
function nameOf(kind, { state, user_state: user }) {
  if (kind === "CardOpened") return "opened";
  if (kind === "CardReplaced") return "replaced";
  if (kind === "CardFrozen") return user === "frozen" && state === "open" ? "user_frozen" : "frozen";
  return state === "frozen" ? "user_unfrozen" : "unfrozen";
}

/** @param {Trade[]} trades @param {readonly Line[]} deeds @param {Filter} filter @returns {Line[]} newest first */
export function feedOf(trades, deeds, filter) {
  const lines = trades.map((trade) => ({ key: String(trade.id), atMs: trade.at_ms, masked: trade.number_masked, by: trade.by, trade, deed: null }));
  return [...lines, ...deeds].filter((line) => filter === "all" || filter === groupOf(line)).sort((a, b) => b.atMs - a.atMs);
}

/** @param {Line} line @returns {Filter} */
function groupOf({ trade }) {
  const kind = trade?.kind;
  return kind === "consume" || kind === "top_up" || kind === "refund" ? kind : "other";
}
