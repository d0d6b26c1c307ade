// 并菜: the same dish of several tickets as one row for each step; begun or finished together, or some portions of it.

import { queueNumber } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { say } from "./words.js";

/**
 * @typedef {import("./tickets.js").Work} Work
 * @param {Work[]} rows of this page
 * @param {{selectedKey: string | null, presses: import("./presses.js").Presses, press: (row: Work) => void,
 *   count: (row: Work) => number, adjust: (row: Work, by: number) => void}} look
 */
export function batchTemplate(rows, look) {
  return html`<section class="list batch">
    <header><h2>${icon("batch")}${say("batch_title")}</h2><p>${say("batch_help")}</p></header>
    ${rows.length ? nothing : html`<p class="nothing">${say("batch_empty")}</p>`}
    <ol>${rows.map((row, i) => workRow(row, i, look))}</ol>
  </section>`;
}

/** @param {Work} row @param {number} i @param {Parameters<typeof batchTemplate>[1]} look */
function workRow(row, i, look) {
  const { item, state, quantity } = row;
  const n = look.count(row);
  const pending = row.parts.some(({ item: one }) => look.presses.mark(one.id));
  const verb = state === "cooking" ? "finish" : "start";
  return html`<li class="card work" data-state=${state} data-dish=${item.dish_id} ?data-selected=${look.selectedKey === row.key}>
    <key-cap .key=${String(i + 1)}></key-cap>
    <b class="quantity">${quantity}</b>
    <div class="what">
      <span class="dish">${name(item.name)}</span>
      <span class="mods">
        <span class="state" data-state=${state}>${icon(state)}${shared(state)}</span>
        ${item.modifiers.map((modifier) => html`<dish-modifier .modifier=${modifier}></dish-modifier>`)}
        ${item.note
          ? html`<span class="mod" data-kind="note"><span class="sign">${icon("note")}</span><span>${item.note}</span></span>`
          : nothing}
      </span>
      <span class="numbers">${row.numbers.map(queueNumber).join("  ")}</span>
    </div>
    <span class="portions">
      <button class="btn" aria-label=${say("fewer")} ?disabled=${quantity < 2} @click=${() => look.adjust(row, -1)}>${icon("minus")}</button>
      <button class="btn" aria-label=${say("more_portions")} ?disabled=${quantity < 2} @click=${() => look.adjust(row, 1)}>${icon("plus")}</button>
    </span>
    <button class="btn act" ?disabled=${pending} @click=${() => look.press(row)}>
      ${pending ? html`${icon("waits")}${shared("to_send")}` : html`<b>${say(verb)}</b><span>${n < quantity ? `${n} / ${quantity}` : n}</span>`}
    </button>
  </li>`;
}
