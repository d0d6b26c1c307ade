// 沽清: the menu in place of the grid. One press stops a dish's sale everywhere, another one resumes it.

import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { say } from "./words.js";

export const SALE_ROWS = 9; // a page: as many as the digits of a key pad

/**
 * @typedef {import("../link/frames.d.ts").Dish} Dish
 * @typedef {ReturnType<typeof import("./tickets.js").saleList>} SaleList
 * @param {SaleList} list of this page
 * @param {{selectedId: number | null, pending: Set<number>, stations: import("../link/frames.d.ts").StationView[],
 *   press: (dish: Dish) => void}} look
 */
export function saleTemplate(list, look) {
  return html`<section class="list sale">
    <header><h2>${icon("soldout")}${say("soldout_title")}</h2></header>
    <ol>${list.map(({ dish, waiting }, i) => saleRow(dish, waiting, i, look))}</ol>
  </section>`;
}

/** @param {Dish} dish @param {number} waiting @param {number} i @param {Parameters<typeof saleTemplate>[1]} look */
function saleRow(dish, waiting, i, look) {
  const station = look.stations.find(({ id }) => id === dish.station_id);
  return html`<li class="card"><button
    class="row" data-dish=${dish.id} ?data-off=${dish.sold_out} ?data-selected=${look.selectedId === dish.id}
    aria-pressed=${dish.sold_out} @click=${() => look.press(dish)}
  >
    <key-cap .key=${String(i + 1)}></key-cap>
    <span class="dish">${name(dish.name)}<small class="at">${station ? name(station.name) : nothing}${waiting ? html` · ${say("waiting_n", { n: waiting })}` : nothing}</small></span>
    ${look.pending.has(dish.id)
      ? html`<span class="state" data-waits>${icon("waits")}${shared("to_send")}</span>`
      : dish.sold_out
        ? html`<span class="tag-slip">${icon("soldout")}${say("sold_out")}</span>`
        : html`<span class="state" data-state="queued">${say("on_sale")}</span>`}
  </button></li>`;
}
