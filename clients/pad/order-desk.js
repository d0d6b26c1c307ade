// 点单: a waiter orders for a place. The guest's menu and cart, with the place on top.

import { Part } from "../link/elements.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { CartShelf } from "./cart-shelf.js";
import { cartList } from "./cart-list.js";
import { categoryOfKey, menuCards, menuRail } from "./menu-page.js";
import { orderProgress } from "./order-progress.js";
import { placeBoard } from "./place-board.js";
import { placeWords } from "./said.js";
import { Sheet } from "./sheet.js";
import { say } from "./words.js";
import "./allergy-sheet.js";

/**
 * @typedef {import("../link/frames.d.ts").Menu} Menu
 * @typedef {import("../link/frames.d.ts").PlaceView} PlaceView
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/outbox.js").Entry} Entry
 * @typedef {import("../link/screen.js").Screen} Screen
 */

/** Where to: the board of places as a sheet. */
class PlaceSheet extends Sheet {
  /** @type {View | null} */ view = null;
  /** @type {(place: PlaceView) => void} */ give = () => {};

  content() {
    if (!this.view) return nothing;
    const press = (/** @type {PlaceView} */ place) => {
      this.give(place);
      this.close();
    };
    return html`<div class="body"><h2>${say("pick_place")}</h2>${placeBoard(this.view, press)}</div>
      <div class="ends"><button type="button" class="btn" @click=${() => this.close()}>${say("cancel")}</button></div>`;
  }
}
customElements.define("place-sheet", PlaceSheet);

class OrderDesk extends Part {
  static properties = { category: { state: true }, place: { attribute: false } };
  #recovered = false;

  /** @param {Screen} screen a screen that has its view */
  constructor(screen) {
    super();
    this.screen = screen;
    /** @type {PlaceView | null} */
    this.place = null;
    const view = /** @type {View} */ (screen.view);
    this.shelf = new CartShelf(screen, `chuancai.cart.${view.shop.id}.${view.device.id}`);
    this.category = view.menu?.categories[0]?.id ?? "";
  }

  subscribe() {
    const key = (/** @type {KeyboardEvent} */ event) => {
      const menu = this.screen.view?.menu;
      this.category = (menu && categoryOfKey(menu, event)) ?? this.category;
    };
    window.addEventListener("keydown", key);
    return [
      this.screen.changed.on(() => this.requestUpdate()),
      this.shelf.listen(),
      this.shelf.changed.on(() => this.requestUpdate()),
      () => window.removeEventListener("keydown", key),
    ];
  }

  willUpdate() {
    if (this.#recovered || !this.screen.outbox.loaded) return;
    this.#recovered = true;
    this.shelf.recover();
  }

  #place() {
    if (!this.place) return this.#pickPlace();
    const { id, kind, name: place } = this.place;
    if (!this.shelf.place(id, { act: "order", where: placeWords(kind, place), what: "", all: "", press: 0 })) return;
    this.shelf.set({ ...this.shelf.cart, allergens: [] }); // they belong to the guest, not to this pad
    this.place = null;
  }

  #pickPlace() {
    const sheet = /** @type {PlaceSheet | null} */ (this.querySelector("place-sheet"));
    if (!sheet) return;
    sheet.view = this.screen.view;
    sheet.give = (place) => (this.place = place);
    sheet.show();
  }

  render() {
    const view = this.screen.view;
    if (!view?.menu) return nothing;
    const sheet = () =>
      /** @type {import("./dish-sheet.js").DishSheetElement | null} */ (this.querySelector("dish-sheet"));
    const choosing = { menu: view.menu, category: this.category, shelf: this.shelf, sheet };
    return html`${menuRail(view.menu, this.category, (id) => (this.category = id))}
      ${menuCards(choosing)}
      ${cartList({
        choosing,
        allergySheet: () =>
          /** @type {import("./allergy-sheet.js").AllergySheetElement | null} */ (this.querySelector("allergy-sheet")),
        place: () => this.#place(),
        title: say("to_order"),
        total: say("total"),
        where: this.#where(view),
        first: this.place ? "" : say("place_hint"),
      })}
      <dish-sheet></dish-sheet><allergy-sheet></allergy-sheet><place-sheet></place-sheet>`;
  }

  /** @param {View} view */
  #where(view) {
    return html`${this.#unanswered(/** @type {Menu} */ (view.menu), view)}
      <button class="where" @click=${() => this.#pickPlace()}>
        ${
          this.place
            ? html`<place-plate .kind=${this.place.kind} .place=${this.place.name}></place-plate>`
            : html`<b>${icon("room")} ${say("where")}</b>`
        }
        <span class="hint">${say(this.place ? "change" : "pick_place")}</span>${icon("next")}
      </button>`;
  }

  /** Orders on their way, and refused ones. @param {Menu} menu @param {View} view */
  #unanswered(menu, view) {
    const { outbox, link } = this.screen;
    const back = (/** @type {Entry} */ entry) => {
      this.place = view.places.find((one) => one.id === entry.body.place_id) ?? this.place;
      this.shelf.putBack(entry.about.cart);
    };
    const orders = (/** @type {readonly Entry[]} */ entries) => entries.filter((entry) => entry.name === "PlaceOrder");
    return orderProgress({
      order: undefined,
      menu,
      timezone: view.shop.timezone,
      linked: link.state === "open" && link.health() === "ok",
      unsent: orders(outbox.waiting),
      refused: orders(outbox.refused),
      cancelling: new Set(),
      nowMs: 0,
      pacing: false,
      cancel: () => {},
      rush: () => {},
      fire: () => {},
      withdraw: (entry) => outbox.withdraw(entry.id) && back(entry),
      putBack: (entry) => {
        outbox.dismiss(entry.id);
        back(entry);
      },
      dismiss: (entry) => {
        outbox.dismiss(entry.id);
        this.shelf.forgetSent(entry.id);
      },
    });
  }
}

customElements.define("order-desk", OrderDesk);
export { OrderDesk };
