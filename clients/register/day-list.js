// The right column: today's trades, newest first; a charge that can be given back is a button.

import { exactYuan, wallClock } from "../link/format.js";
import { icon } from "../link/icons.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").CardDay} CardDay
 * @typedef {import("../link/frames.d.ts").Trade} Trade
 * @typedef {import("./till.js").Till} Till
 */

/** @type {Record<Trade["kind"], string>} */
const DRAWN = { top_up: "plus", consume: "card", refund: "undo", freeze_funds: "frost", close: "close" };

/** Charges of today with something left to give back, newest first. @param {CardDay} day */
export const refundable = ({ trades }) =>
  trades.filter(({ kind, state }) => kind === "consume" && (state === "posted" || state === "part_refunded")).reverse();

/** @param {CardDay} day @param {Till} till @param {string} timezone */
export function dayTemplate({ trades, totals }, till, timezone) {
  const count = say("today_count", { n: totals.consumptions, sum: exactYuan(totals.consumed_fen) });
  if (!trades.length) return html`<h2>${say("today")}</h2><p class="card none">${say("none_today")}</p>`;
  return html`<h2>${say("today")}<span class="end">${count}</span></h2>
    <ol class="card day">${repeat([...trades].reverse(), ({ id }) => id, (trade) => row(trade, till, timezone))}</ol>`;
}

/** @param {Trade} trade @param {Till} till @param {string} timezone */
function row(trade, till, timezone) {
  const { kind, state, amount_fen: amount, bonus_fen: bonus } = trade;
  const open = kind === "consume" && (state === "posted" || state === "part_refunded");
  const sign = kind === "consume" || kind === "close" ? "−" : kind === "freeze_funds" ? "" : "+";
  const became = state === "held" ? say("was_held") : state === "posted" ? "" : say(state);
  const inside = html`<time>${wallClock(trade.at_ms, timezone).hm}</time>
    <span class="kind">${icon(DRAWN[kind])}${say(kind === "consume" ? "charge" : kind)}</span>
    <b>${sign}${exactYuan(amount)}</b>
    <small>${trade.number_masked}${bonus && kind === "top_up" ? ` · ${say("given")} ${exactYuan(bonus)}` : ""}</small>
    ${became ? html`<small class="became">${icon(state === "held" ? "frost" : "undo")}${became}</small>` : nothing}`;
  if (!open) return html`<li data-trade=${trade.id} data-kind=${kind}><p>${inside}</p></li>`;
  const here = till.trade?.id === trade.id;
  return html`<li data-trade=${trade.id} data-kind=${kind}><button aria-pressed=${here ? "true" : "false"} title=${say("refund")} @click=${() => till.pick(trade)}>${inside}</button></li>`;
}
