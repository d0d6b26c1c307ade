// 沽清: the menu in place of the grid. One press stops a dish's sale everywhere, another one resumes it.

import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { say } from "./words.js";

/**
 * @typedef {import("./tickets.js").Sale} Sale
 * @param {Sale[]} rows of this page
 * @param {{view: import("../link/frames.d.ts").View, selectedKey: string | null, presses: import("./presses.js").Presses,
 *   press: (row: Sale) => void}} look
 */
export function saleTemplate(rows, look) {
  const pending = look.presses.salesPending();
  return html`<section class="list sale">
    <header><h2>${icon("soldout")}${say("soldout_title")}</h2></header>
    <ol>${rows.map((row, i) => saleRow(row, i, look, pending.has(row.dish.id)))}</ol>
  </section>`;
}

/** @param {Sale} row @param {number} i @param {Parameters<typeof saleTemplate>[1]} look @param {boolean} pending */
function saleRow(row, i, look, pending) {
  const { dish, waiting } = row;
  const station = look.view.stations.find(({ id }) => id === dish.station_id);
  return html`<li class="card"><button
    class="row" data-dish=${dish.id} ?data-off=${dish.sold_out} ?data-selected=${look.selectedKey === row.key}
    aria-pressed=${dish.sold_out} @click=${() => look.press(row)}
  >
    <key-cap .key=${String(i + 1)}></key-cap>
    <span class="dish">${name(dish.name)}<small class="at">${[station ? name(station.name) : "", waiting ? say("waiting_n", { n: waiting }) : ""].filter(Boolean).join(" · ")}</small></span>
    ${pending
      ? html`<span class="state" data-waits>${icon("waits")}${shared("to_send")}</span>`
      : dish.sold_out
        ? html`<span class="tag-slip">${icon("soldout")}${say("sold_out")}</span>`
        : html`<span class="state" data-state="queued">${say("on_sale")}</span>`}
  </button></li>`;
}
