// The cart of this page: kept across reloads, turned into one order at most.
// A sent cart stays on a second shelf until its answer came, so that a page that dies in between forgets nothing.

import { uuid } from "../link/ids.js";
import { Signal } from "../link/signal.js";
import { remember, remembered } from "../link/storage.js";
import { newCart, orderBody, readCart, withLine } from "./cart.js";

/**
 * @typedef {import("./cart.js").Cart} Cart
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("../link/outbox.js").Entry} Entry
 */

export class CartShelf {
  /** The cart changed: paint. @type {Signal<void>} */
  changed = new Signal();
  #screen;
  #key;
  /** @type {Cart} */
  #cart;

  /** @param {Screen} screen @param {string} key one cart per device */
  constructor(screen, key) {
    this.#screen = screen;
    this.#key = key;
    this.#cart = readCart(remembered(key)) ?? newCart(uuid());
  }

  get cart() {
    return this.#cart;
  }

  /** @param {Cart} cart */
  set(cart) {
    this.#cart = cart;
    remember(this.#key, JSON.stringify(cart));
    this.changed.emit();
  }

  /**
   * Order what is in the cart. The same tick empties it, so a second press finds nothing to order;
   * null when there was nothing or the outbox is full. What the kitchen must not cook with stays.
   * @param {number} placeId @param {object} [about] what else the screen wants to remember @returns {Entry | null}
   */
  place(placeId, about = {}) {
    const cart = this.#cart;
    if (!cart.lines.length) return null;
    const { view, outbox } = this.#screen;
    const open = view?.orders.find((order) => order.place_id === placeId);
    const stay = view?.places.find((one) => one.id === placeId)?.stay;
    const entry = outbox.add("PlaceOrder", orderBody(cart, placeId, open?.id, stay), { ...about, cart }, cart.id);
    if (!entry) return null;
    remember(`${this.#key}.sent`, JSON.stringify(cart));
    this.set({ ...newCart(uuid()), allergens: cart.allergens });
    return entry;
  }

  /** Put a refused or withdrawn cart back, under a new id: its old one has an answer. @param {Cart} cart */
  putBack(cart) {
    const merged = cart.lines.reduce(withLine, this.#cart);
    // what somebody must not eat comes back with the dishes, whatever else was named since
    const allergens = [...new Set([...merged.allergens, ...cart.allergens])];
    this.set({ ...merged, id: uuid(), note: merged.note || cart.note, allergens });
    this.forgetSent(cart.id);
  }

  /** Nothing to order, for nobody in particular: another guest sits here. */
  clear() {
    this.set(newCart(uuid()));
  }

  /** Hear the answers to this page's orders; returns the end of it. */
  listen() {
    return this.#screen.outbox.answered.on(({ entry, reply }) => {
      if (entry.name !== "PlaceOrder") return;
      if (reply.ok) this.forgetSent(entry.id);
      // the menu travels in snapshots only: fetch the one that says what is sold out
      else if (MENU_IS_OLD.has(reply.refusal?.code ?? "")) this.#screen.link.resync();
    });
  }

  /** An answer came: the second shelf is not needed any more. @param {string} id */
  forgetSent(id) {
    if (readCart(remembered(`${this.#key}.sent`))?.id === id) remember(`${this.#key}.sent`, null);
  }

  /** After the outbox was read: a cart that was taken off but never reached it comes back. */
  recover() {
    const sent = readCart(remembered(`${this.#key}.sent`));
    if (!sent || this.#screen.outbox.entries.some((entry) => entry.id === sent.id)) return;
    if (!this.#cart.lines.length) this.set(sent); // same id: if it did arrive, the desk gives the old answer
    remember(`${this.#key}.sent`, null);
  }
}

const MENU_IS_OLD = new Set(["dish_sold_out", "dish_not_found", "modifier_not_found", "modifier_choice_invalid"]);
