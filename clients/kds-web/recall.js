// What replaces the grid on request: finished tickets, to take back (召回) or to call once more (再叫).

import { elapsed, queueNumber } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { calledLast } from "./presses.js";
import { say } from "./words.js";

/**
 * @typedef {import("./tickets.js").Ticket} Ticket
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("./ticket.js").Look} Look
 */

/**
 * Finished tickets, newest first; pressing a dish takes it one step back.
 * @param {Ticket[]} finished @param {Look} look
 */
export function recallTemplate(finished, look) {
  return html`<section class="list recall">
    <header><h2>${icon("recall")}${say("recall_title")}</h2><p>${say("recall_help")}</p></header>
    ${finished.length ? nothing : html`<p class="nothing">${say("recall_empty")}</p>`}
    <ol>
      ${finished.map(
        (ticket) => html`<li class="card" data-order=${ticket.id}>
          <div class="who">
            <span class="number">${queueNumber(ticket.order.number)}</span>
            <place-plate .kind=${ticket.order.place_kind} .place=${ticket.order.place_name}></place-plate>
            ${ticket.yesterday ? html`<change-slip .text=${shared("yesterday")}></change-slip>` : nothing}
            <span class="ago">${elapsed(look.nowMs - ticket.doneAtMs)}</span>
            ${againButton(ticket, look)}
          </div>
          <div class="rows">${ticket.items.map((item) => finishedRow(item, ticket, look))}</div>
        </li>`,
      )}
    </ol>
  </section>`;
}

/** Nobody fetched it yet: its number is called once more, at the pads and in the hall. @param {Ticket} ticket @param {Look} look */
function againButton(ticket, look) {
  const [dish] = calledLast(ticket.items);
  if (!dish) return nothing;
  const chosen = ticket.items.some(({ id }) => id === look.selectedId);
  return html`<button class="btn again" ?disabled=${look.presses.mark(dish.id) !== null} @click=${() => look.presses.again(ticket)}>
    ${chosen ? html`<key-cap .key=${"/"}></key-cap>` : icon("called")}${say("call_again")}
  </button>`;
}

/** @param {Item} item @param {Ticket} ticket @param {Look} look */
function finishedRow(item, ticket, look) {
  const mark = look.presses.mark(item.id);
  return html`<button
    class="row" data-state=${item.state} data-item=${item.id} ?data-kept=${mark !== null}
    ?data-selected=${look.selectedId === item.id} @click=${() => look.onPress(item, ticket)}
  >
    ${icon(item.state)}<span class="n" ?data-many=${item.quantity > 1}>${item.quantity}</span>
    <span class="dish">${name(item.name)}</span>
    <span class="state" data-state=${item.state}>${mark ? shared("to_send") : shared(item.state)}</span>
  </button>`;
}
