// What will be ordered: lines, allergies, the sum, and the one button that orders.

import { yuan } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { allergen, say as shared } from "../link/words.js";
import { chosen, dishCount, dishOf, goneLines, lineFen, lineKey, totalFen, withLine, withQuantity } from "./cart.js";
import { price } from "./menu-page.js";
import { say } from "./words.js";

/**
 * @typedef {import("./cart.js").CartLine} CartLine
 * @typedef {import("./menu-page.js").Choosing} Choosing
 * @typedef {import("./allergy-sheet.js").AllergySheetElement} AllergySheetElement
 * @typedef {object} Ordering
 * @property {Choosing} choosing
 * @property {() => AllergySheetElement | null} allergySheet
 * @property {() => void} place
 * @property {string} title
 * @property {string} total what the sum is called
 * @property {unknown} [where] a place picker, for waiters
 * @property {string} [hindered] why it cannot be ordered at all, on the button
 * @property {string} [first] what must be told before: the button asks for it
 */

/** @param {Ordering} ordering */
export function cartList(ordering) {
  const { choosing, title, total, where, place, hindered, first } = ordering;
  const { menu, shelf } = choosing;
  const { cart } = shelf;
  const gone = new Set(goneLines(menu, cart).map(lineKey));
  const count = dishCount(cart);
  return html`<section class="cart" ?data-empty=${!count}>
    ${where ?? nothing}
    <h2><b>${title}</b><span>${count ? say("count", { n: count }) : ""}</span></h2>
    ${
      count
        ? html`<ol>${repeat(cart.lines, lineKey, (line) => cartLine(line, choosing, gone.has(lineKey(line))))}</ol>`
        : html`<p class="none">${say("cart_empty")}</p>`
    }
    ${tell(ordering)}
    <p class="sum"><span>${total}</span>${count ? price(totalFen(menu, cart)) : html`<span class="price"></span>`}</p>
    <button class="btn place-it" data-kind="go" ?disabled=${!count || gone.size > 0 || Boolean(hindered)} @click=${place}>
      ${(count && (hindered || first)) || say("place")}
    </button>
  </section>`;
}

/** @param {CartLine} line @param {Choosing} choosing @param {boolean} gone */
function cartLine(line, { menu, shelf, sheet }, gone) {
  const dish = dishOf(menu, line.dish_id);
  if (!dish) return nothing;
  const key = lineKey(line);
  const ways = [...chosen(dish, line.modifier_ids).map((one) => name(one.name)), line.note, line.hold ? shared("held") : ""].filter(Boolean);
  const again = () =>
    sheet()?.ask(dish, line, (wish) => shelf.set(withLine(withQuantity(shelf.cart, key, -line.quantity), wish)));
  const count = (/** @type {number} */ by) => () => shelf.set(withQuantity(shelf.cart, key, by));
  return html`<li ?data-gone=${gone}>
    <button class="again" @click=${again}>${name(dish.name)}
      ${gone ? html`<span class="tag-slip">${icon("soldout")}${say("sold_out")}</span>` : nothing}
      <small>${ways.length ? `${ways.join(shared("comma"))} · ` : ""}${lineFen(menu, line) ? yuan(lineFen(menu, line)) : say("free")}</small></button>
    <span class="step">
      <button aria-label=${say("take_one", { what: name(dish.name) })} @click=${count(-1)}>${icon("minus")}</button>
      <b>${line.quantity}</b>
      <button aria-label=${say("add_one", { what: name(dish.name) })} @click=${count(1)}>${icon("plus")}</button>
    </span>
  </li>`;
}

/** Allergies and wishes: a door while empty, a purple bar once told. @param {Ordering} ordering */
function tell({ choosing, allergySheet }) {
  const { shelf } = choosing;
  const { allergens, note } = shelf.cart;
  const ask = () => allergySheet()?.ask({ allergens, note }, (told) => shelf.set({ ...shelf.cart, ...told }));
  const words = allergens.length
    ? shared("allergy", { what: allergens.map(allergen).join(shared("comma")) })
    : say("tell");
  return html`<button class="tell ${allergens.length ? "allergen" : ""}" @click=${ask}>
    ${icon("hazard")}<span>${words}${note ? html`<small>${note}</small>` : nothing}</span>${icon("next")}
  </button>`;
}
