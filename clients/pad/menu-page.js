// The menu as a page of cards, and the rail of its categories. Used by the guest and by the waiter's 点单.
// Templates only: what is chosen lives in the cart of whoever shows them.

import { yuan } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { lastLineOf, lineKey, quantityOf, withLine, withQuantity } from "./cart.js";
import { containsWords } from "./dish-sheet.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Dish} Dish
 * @typedef {import("../link/frames.d.ts").Menu} Menu
 * @typedef {import("./cart-shelf.js").CartShelf} CartShelf
 * @typedef {import("./dish-sheet.js").DishSheetElement} DishSheetElement
 * @typedef {{menu: Menu, category: string, shelf: CartShelf, sheet: () => DishSheetElement | null}} Choosing
 */

/** The categories; digits choose them too. @param {Menu} menu @param {string} current @param {(id: string) => void} choose */
export const menuRail = (menu, current, choose) => html`<nav class="rail" aria-label=${say("headings")}>
  ${menu.categories.map(
    (category, i) => html`<button aria-keyshortcuts=${i + 1} aria-current=${category.id === current ? "page" : nothing}
      @click=${() => choose(category.id)}>${name(category.name)}</button>`,
  )}
</nav>`;

/** The category that a digit key means, or null. @param {Menu} menu @param {KeyboardEvent} event */
export function categoryOfKey(menu, event) {
  const writing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  if (writing || event.ctrlKey || event.altKey || event.metaKey || !/^[1-9]$/.test(event.key)) return null;
  if (document.querySelector("dialog[open]")) return null;
  return menu.categories[Number(event.key) - 1]?.id ?? null;
}

/** @param {Choosing} choosing */
export function menuCards(choosing) {
  const { menu, category, shelf } = choosing;
  const dishes = menu.dishes.filter((dish) => dish.category === category);
  const heading = menu.categories.find((one) => one.id === category);
  const inCart = shelf.cart.lines.map((line) => menu.dishes.find((dish) => dish.id === line.dish_id)?.target_s ?? 0);
  const shown = dishes.filter((dish) => !dish.sold_out).map((dish) => dish.target_s);
  const minutes = Math.ceil(Math.max(0, ...(inCart.length ? inCart : shown)) / 60);
  return html`<section class="menu">
    <header><h1>${heading ? name(heading.name) : ""}</h1>${minutes ? html`<span>${say("eta", { n: minutes })}</span>` : nothing}</header>
    <div class="dishes">${repeat(
      dishes,
      (dish) => dish.id,
      (dish) => dishCard(dish, choosing),
    )}</div>
  </section>`;
}

/** @param {Dish} dish @param {Choosing} choosing */
function dishCard(dish, { shelf, sheet }) {
  const quantity = quantityOf(shelf.cart, dish.id);
  const ask = () => sheet()?.ask(dish, null, (line) => shelf.set(withLine(shelf.cart, line)));
  const more = () => {
    const last = lastLineOf(shelf.cart, dish.id);
    if (last) shelf.set(withQuantity(shelf.cart, lineKey(last), 1));
    else if (dish.modifier_groups.length) ask();
    else shelf.set(withLine(shelf.cart, { dish_id: dish.id, quantity: 1, modifier_ids: [], note: "", hold: false }));
  };
  const less = () => {
    const last = lastLineOf(shelf.cart, dish.id);
    if (last) shelf.set(withQuantity(shelf.cart, lineKey(last), -1));
  };
  return html`<article class="dish" data-dish=${dish.id} ?data-gone=${dish.sold_out}>
    <button class="open" ?disabled=${dish.sold_out} @click=${ask}>
      <dish-art class="art" picture=${dish.picture}></dish-art>
      <span class="text"><h2>${name(dish.name)}</h2><p class="alt">${name(dish.about)}</p>${marks(dish, shelf.cart.allergens)}</span>
    </button>
    <footer>
      ${price(dish.price_fen)}
      ${
        dish.sold_out
          ? html`<span class="gone">${say("sold_out")}</span>`
          : html`<span class="step">
            ${
              quantity
                ? html`<button aria-label=${say("take_one", { what: name(dish.name) })} @click=${less}>${icon("minus")}</button><b>${quantity}</b>`
                : nothing
            }
            <button aria-label=${say("add_one", { what: name(dish.name) })} @click=${more}>${icon("plus")}</button>
          </span>`
      }
    </footer>
  </article>`;
}

/** ¥38 with a small ¥; nothing to pay is a word. @param {number} fen */
export const price = (fen) =>
  fen
    ? html`<span class="price"><small>¥</small>${yuan(fen).slice(1)}</span>`
    : html`<span class="price">${say("free")}</span>`;

const HEAT = /** @type {const} */ (["heat_1", "heat_2", "heat_3"]);

/** How hot, and what may not be eaten by everybody. @param {Dish} dish @param {string[]} mine what this guest named */
function marks(dish, mine) {
  const named = dish.allergens.filter((word) => mine.includes(word));
  const shown = named.length ? named : dish.allergens.filter((word) => TOLD.has(word));
  return html`<p class="marks">
    ${dish.spicy ? html`<span class="heat"><i>${icon("hot")}</i>${say(HEAT[Math.min(dish.spicy, 3) - 1])}</span>` : nothing}
    ${shown.length ? html`<span class="contains" ?data-mine=${named.length > 0}>${containsWords(shown)}</span>` : nothing}
  </p>`;
}
/** Told on the card unasked: what sends people to hospital. The rest stands on the dish's sheet. */
const TOLD = new Set(["花生", "坚果", "甲壳类", "贝类", "鱼类", "芒果"]);
