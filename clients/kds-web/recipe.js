// What replaces the grid when a cook asks about a dish: its picture, what it is, what is in it, how this one is made.
// Refuses to be a cook book: it shows what the menu knows.

import { queueNumber, wallClock } from "../link/format.js";
import { name } from "../link/i18n.js";
import { html, nothing } from "../link/vendor/lit.js";
import { allergen, say as shared } from "../link/words.js";
import { say } from "./words.js";

const PHOTOGRAPH = /[./]/; // a word without either names a drawing of the guests' menu

/** @param {number} atMs @param {import("../link/frames.d.ts").View} view */
function atSecond(atMs, view) {
  const { hm, s } = wallClock(atMs, view.shop.timezone);
  return `${hm}:${s}`;
}

/** @param {{item: import("../link/frames.d.ts").Item, ticket: import("./tickets.js").Ticket}} chosen @param {import("../link/frames.d.ts").View} view */
export function recipeTemplate({ item, ticket }, view) {
  const dish = view.menu?.dishes.find(({ id }) => id === item.dish_id);
  const contains = dish?.allergens.map((one) => allergen(one)).join(shared("comma"));
  return html`<section class="list recipe" data-dish=${item.dish_id}>
    <header><h2>${queueNumber(ticket.order.number)} · ${name(item.name)} × ${item.quantity}</h2><p>${say("recipe_help")}</p></header>
    <div class="card">
      ${dish && PHOTOGRAPH.test(dish.picture) ? html`<img src=${dish.picture} alt=${name(item.name)}>` : nothing}
      <div class="said">
        <allergen-bar .allergens=${ticket.order.allergens}></allergen-bar>
        ${contains ? html`<p class="contains">${say("contains", { what: contains })}</p>` : nothing}
        ${dish ? html`<p class="about">${name(dish.about)}</p>` : nothing}
        <p class="mods">${item.modifiers.map((modifier) => html`<dish-modifier .modifier=${modifier}></dish-modifier>`)}</p>
        ${item.note ? html`<p class="note">${item.note}</p>` : nothing}
        ${item.shown_at_ms ? html`<p class="shown">${say("shown_on", { screen: item.shown_on, time: atSecond(item.shown_at_ms, view) })}</p>` : nothing}
      </div>
    </div>
  </section>`;
}
