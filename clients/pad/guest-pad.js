// The pad in a guest's room: choose, order, see it come. Knows one place; everything else is the server's.

import { clock } from "../link/clock.js";
import { Part } from "../link/elements.js";
import { wallClock } from "../link/format.js";
import { lang, name, setLang } from "../link/i18n.js";
import { Speaker } from "../link/speaker.js";
import { remember, remembered } from "../link/storage.js";
import { html, nothing } from "../link/vendor/lit.js";
import { CartShelf } from "./cart-shelf.js";
import { cartList } from "./cart-list.js";
import { categoryOfKey, menuCards, menuRail } from "./menu-page.js";
import { maybeStillHere, orderProgress } from "./order-progress.js";
import { say as shared } from "../link/words.js";
import { say } from "./words.js";
import "./allergy-sheet.js";
import "./confirm-sheet.js";
import "../link/sounding.js";

/**
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/outbox.js").Entry} Entry
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("./allergy-sheet.js").AllergySheetElement} AllergySheetElement
 * @typedef {import("./confirm-sheet.js").ConfirmSheetElement} ConfirmSheetElement
 * @typedef {import("./dish-sheet.js").DishSheetElement} DishSheetElement
 */

class GuestPad extends Part {
  static properties = { category: { state: true } };
  #recovered = false;
  #stayKey;

  /** @param {Screen} screen a screen that has its view */
  constructor(screen) {
    super();
    this.screen = screen;
    this.speaker = new Speaker(screen);
    const view = /** @type {View} */ (screen.view);
    this.shelf = new CartShelf(screen, `chuancai.cart.${view.shop.id}.${view.device.id}`);
    this.#stayKey = `chuancai.stay.${view.shop.id}.${view.device.id}`;
    this.category = view.menu?.categories[0]?.id ?? "";
  }

  subscribe() {
    const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    window.addEventListener("keydown", key);
    // a gate over the menu would be a riddle to a guest: the first touch of the menu opens the sound
    const unlock = () => void this.speaker.voice.unlock();
    window.addEventListener("pointerdown", unlock);
    return [
      this.speaker.listen(),
      () => window.removeEventListener("pointerdown", unlock),
      this.screen.changed.on(() => this.requestUpdate()),
      this.shelf.listen(),
      this.screen.outbox.answered.on((answer) => this.#answered(answer)),
      this.shelf.changed.on(() => this.requestUpdate()),
      clock.onTick(() => this.requestUpdate()),
      () => window.removeEventListener("keydown", key),
    ];
  }

  willUpdate() {
    if (!this.screen.outbox.loaded) return;
    if (!this.#recovered) this.shelf.recover();
    this.#recovered = true;
    this.#follow();
  }

  /** Another stay began, heard live or found after having been away: what the last guest left on this pad goes. */
  #follow() {
    const { view } = this.screen;
    const place = view?.places.find((one) => one.id === view.device.place_id);
    if (!place) return;
    const [was, now] = [remembered(this.#stayKey), `${place.id}.${place.stay}`];
    if (was === now) return;
    remember(this.#stayKey, now);
    if (was?.startsWith(`${place.id}.`)) this.#forget();
  }

  /** What was chosen, what must not be eaten, what was refused. What is on its way the house refuses, and says so. */
  #forget() {
    this.shelf.clear();
    for (const entry of this.screen.outbox.refused) {
      if (entry.name === "PlaceOrder" && !maybeStillHere(entry, clock.nowMs())) this.#dismiss(entry);
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const menu = this.screen.view?.menu;
    const category = menu && categoryOfKey(menu, event);
    if (category) this.category = category;
  }

  /** What came too late for its guest is nobody's business here. @param {{entry: import("../link/outbox.js").Entry, reply: import("../link/frames.d.ts").Reply}} answer */
  #answered({ entry, reply }) {
    if (entry.name !== "PlaceOrder" || reply.refusal?.code !== "order_completed") return;
    this.screen.outbox.dismiss(entry.id);
    this.shelf.forgetSent(entry.id);
  }

  /** @param {Item} item */
  #cancel(item) {
    const what = `${name(item.name)} ${item.quantity}`;
    const question = {
      title: say("cancel_title"),
      lead: `${what} · ${say("cancel_lead")}`,
      no: say("keep"),
      yes: say("cancel_it"),
    };
    /** @type {ConfirmSheetElement | null} */ (this.querySelector("confirm-sheet"))?.ask(question, () =>
      this.screen.send("CancelItem", { item_id: item.id, reason: "" }, { what }),
    );
  }

  /** @param {Entry} entry */
  #withdraw(entry) {
    if (this.screen.outbox.withdraw(entry.id)) this.shelf.putBack(entry.about.cart);
  }

  /** @param {Entry} entry */
  #putBack(entry) {
    this.screen.outbox.dismiss(entry.id);
    this.shelf.putBack(entry.about.cart);
  }

  /** @param {Entry} entry */
  #dismiss(entry) {
    this.screen.outbox.dismiss(entry.id);
    this.shelf.forgetSent(entry.id);
  }

  render() {
    const { view, link } = this.screen;
    if (!view?.menu) return nothing;
    const place = view.places.find((one) => one.id === view.device.place_id);
    this.dataset.link = link.health();
    return html`${this.#head(view, place?.name ?? "–")}
      ${menuRail(view.menu, this.category, (id) => (this.category = id))}
      <main class="all">${menuCards(this.#choosing(view.menu))}</main>
      <aside class="mine-side">
        ${this.#progress(view)}
        ${this.#cart(view)}
      </aside>
      <dish-sheet></dish-sheet><allergy-sheet></allergy-sheet><confirm-sheet></confirm-sheet>
      <spoken-line .speaker=${this.speaker}></spoken-line>
      <div class="lost-frame"></div>`;
  }

  /** @param {import("../link/frames.d.ts").Menu} menu */
  #choosing(menu) {
    const sheet = () => /** @type {DishSheetElement | null} */ (this.querySelector("dish-sheet"));
    return { menu, category: this.category, shelf: this.shelf, sheet };
  }

  /** @param {View} view @param {string} room */
  #head(view, room) {
    const { link } = this.screen;
    const lost = link.health() === "lost";
    const { hm } = wallClock(clock.nowMs(), view.shop.timezone);
    return html`<header class="head">
      <span class="room">${room}</span>
      ${
        lost
          ? html`<span class="lost-say" role="status">${say("lost_guest", { n: Math.floor(link.ageS()) })}</span>`
          : html`<p>${name(view.shop.name)} · ${say("dining")}</p>`
      }
      <div class="end">
        <div class="lang" role="group">
          <button aria-pressed=${lang() === "zh"} @click=${() => setLang("zh")}>中文</button>
          <button aria-pressed=${lang() === "en"} @click=${() => setLang("en")}>EN</button>
        </div>
        <link-health .link=${link}></link-health>
        <time>${hm}</time>
      </div>
    </header>`;
  }

  /** @param {View} view */
  #progress(view) {
    const { outbox, link } = this.screen;
    const mine = view.orders.filter((order) => order.place_id === view.device.place_id);
    return orderProgress({
      order: mine.at(-1),
      menu: /** @type {import("../link/frames.d.ts").Menu} */ (view.menu),
      timezone: view.shop.timezone,
      linked: link.state === "open" && link.health() === "ok",
      unsent: outbox.waiting.filter((entry) => entry.name === "PlaceOrder"),
      refused: outbox.refused,
      cancelling: new Set(outbox.waiting.filter((one) => one.name === "CancelItem").map((one) => one.body.item_id)),
      nowMs: clock.nowMs(),
      pacing: outbox.waiting.some((one) => one.name === "RushItems" || one.name === "FireItems"),
      cancel: (item) => this.#cancel(item),
      rush: (order) => this.screen.send("RushItems", { order_id: order.id }, { what: say("rush_it") }),
      fire: (order, items) =>
        this.screen.send("FireItems", { order_id: order.id, item_ids: items.map((item) => item.id) }, { what: shared("held") }),
      withdraw: (entry) => this.#withdraw(entry),
      putBack: (entry) => this.#putBack(entry),
      dismiss: (entry) => this.#dismiss(entry),
    });
  }

  /** @param {View} view */
  #cart(view) {
    const placeId = view.device.place_id;
    const running = view.orders.some((order) => order.place_id === placeId);
    return cartList({
      choosing: this.#choosing(/** @type {import("../link/frames.d.ts").Menu} */ (view.menu)),
      allergySheet: () => /** @type {AllergySheetElement | null} */ (this.querySelector("allergy-sheet")),
      place: () => placeId !== null && this.shelf.place(placeId),
      title: say(running ? "to_add" : "to_order"),
      total: say("total_room"),
      hindered: placeId === null ? say("not_here") : "",
    });
  }
}

customElements.define("guest-pad", GuestPad);
export { GuestPad };
