// The list of the monitor: one line for each trade or deed, with a drawing and a word for its kind and for what became of it.

import { exactYuan, wallClock } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Trade} Trade
 * @typedef {import("./feed.js").Line} Line
 * @typedef {{trades: Trade[], timezone: string, filter: string, fresh: (key: string) => boolean}} About
 */

/** @type {Record<string, string>} */
const DRAWN = {
  consume: "card", top_up: "plus", refund: "undo", freeze_funds: "frost", close: "close",
  opened: "person", frozen: "frost", user_frozen: "frost", unfrozen: "tick", user_unfrozen: "tick", replaced: "recall",
};
/** Kinds that the filter says in the plural. @type {Record<string, "consumed" | "topped_up" | "gave_back">} */
const WORDS = { consume: "consumed", top_up: "topped_up", refund: "gave_back" };
const HEADS = /** @type {const} */ (["time", "kind", "card", "amount", "after", "what", "by"]);

/** @param {Line[]} lines @param {About} about */
export function feedTemplate(lines, about) {
  if (!lines.length) return html`<p class="card none">${say(about.filter === "all" ? "none" : "none_kind")}</p>`;
  return html`<section class="card feed"><div class="row heads">${HEADS.map((one) => html`<span data-cell=${one}>${say(one)}</span>`)}</div>
    <ol tabindex="0">${repeat(lines, ({ key }) => key, (line) => row(line, about))}</ol></section>
    <footer class="foot"><span>${say("newest", { n: lines.length })}</span><span class="end">${say("since")}</span></footer>`;
}

/** @param {Line} line @param {About} about */
function row({ key, atMs, masked, by, trade, deed }, about) {
  const kind = trade?.kind ?? deed ?? "consume";
  const { hm, s } = wallClock(atMs, about.timezone);
  return html`<li class="row" data-key=${key} data-kind=${kind} ?data-fresh=${about.fresh(key)}>
    <time data-cell="time">${hm}<small>:${s}</small></time>
    <span data-cell="kind"><span class="kind">${icon(DRAWN[kind])}${say(WORDS[kind] ?? kind)}</span>${about.fresh(key) ? html`<em>${say("fresh")}</em>` : nothing}</span>
    <span data-cell="card">${masked}</span>
    <b data-cell="amount">${trade ? signed(trade) : ""}</b>
    <span data-cell="after">${trade ? exactYuan(trade.balance_fen) : ""}</span>
    <span data-cell="what">${trade ? what(trade, about) : nothing}</span>
    <span data-cell="by">${by}</span>
  </li>`;
}

/** @param {Trade} trade */
function signed({ kind, amount_fen: fen }) {
  if (kind === "freeze_funds") return exactYuan(fen);
  return `${kind === "consume" || kind === "close" ? "−" : "+"}${exactYuan(fen)}`;
}

/** What it was for, and what became of it. @param {Trade} trade @param {About} about */
function what(trade, { trades, timezone }) {
  const { kind, state, bonus_fen: bonus, lines, refers_to: of, note } = trade;
  const before = of === null ? null : trades.find(({ id }) => id === of);
  const words = [
    lines.map((one) => `${name(one.name)} ${one.quantity}`).join(shared("comma")),
    kind === "top_up" && bonus ? say("given", { sum: exactYuan(bonus) }) : "",
    kind === "close" && bonus ? say("lapsed", { sum: exactYuan(bonus) }) : "",
    before ? say("gives_back", { time: wallClock(before.at_ms, timezone).hm }) : "",
    note,
  ].filter(Boolean);
  const became = state === "posted" ? nothing : html`<span class="became" data-state=${state}>${icon(state === "held" ? "frost" : state === "released" ? "tick" : "undo")}${say(state)}</span>`;
  return html`${became}<span>${words.join(" · ")}</span>`;
}
