// /console/: what managers, owners and auditors see of their shops. The rail shows the rooms a role may enter (rooms.js),
// the head which shop one looks at; the address names both (#devices@2), so a room can be bookmarked.
// Refuses to decide who may: the doors do, and what they refuse is told.

import { Part } from "../link/elements.js";
import { askHouse } from "../link/house.js";
import { name, toggleLang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { remember, remembered } from "../link/storage.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { feelPulse, pulseFelt } from "./pulse.js";
import { everywhere, openShops, roomsOf } from "./rooms.js";
import "./tell.js";
import { say } from "./words.js";
import { offsetWords, readTimesIn } from "./zone.js";

/** @typedef {import("./room.js").Me} Me */
/** @typedef {import("./rooms.js").RoomRow} RoomRow */

const LOGIN = "/login/";
const SHOP_KEY = "chuancai.console.shop";

class ConsolePage extends Part {
  static properties = { me: { state: true }, away: { state: true }, at: { state: true }, shopId: { state: true }, pulse: { state: true } };
  /** The room as it stands on the page. @type {import("./room.js").Room | null} */
  #room = null;

  constructor() {
    super();
    /** @type {Me | null} */
    this.me = null;
    this.away = false;
    this.at = "";
    this.shopId = Number(remembered(SHOP_KEY)) || 0;
    /** @type {import("./pulse.js").Pulse | null} */
    this.pulse = null;
    this.#readAddress();
  }

  subscribe() {
    void this.#look();
    const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    const went = () => this.#readAddress();
    window.addEventListener("keydown", key);
    window.addEventListener("hashchange", went);
    return [() => window.removeEventListener("keydown", key), () => window.removeEventListener("hashchange", went), pulseFelt.on((felt) => (this.pulse = felt)), feelPulse()];
  }

  async #look() {
    const told = await askHouse("GET", "/v1/staff/me");
    if (told.ok && !told.body.must_change) this.me = told.body;
    else if (!told.ok && told.code === "no_answer") this.away = true;
    else location.replace(LOGIN);
  }

  #readAddress() {
    const [room, shop] = location.hash.slice(1).split("@");
    this.at = room;
    if (Number(shop)) this.shopId = Number(shop);
  }

  /** Digits: a room, 0 the tenth; K: the kitchen's report; < and >: the shop before or after; / the room's search; L language, A one's account, U the newer page. @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || document.querySelector("dialog[open]")) return;
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.target instanceof HTMLTextAreaElement) return;
    const key = event.key.toUpperCase();
    if (key === "L") toggleLang();
    else if (key === "A") location.assign(LOGIN);
    else if (key === "U" && this.pulse?.newer) location.reload();
    else if (key === "<" || key === "," || key === ">" || key === ".") this.#step(key === "<" || key === "," ? -1 : 1);
    else if (key === "/") this.#search(event);
    else this.#enter(this.#rooms().find((one) => this.#keyOf(one) === key));
  }

  /** @param {KeyboardEvent} event */
  #search(event) {
    event.preventDefault();
    /** @type {HTMLElement | null} */ (this.querySelector("main input, main select"))?.focus();
  }

  #rooms() {
    return this.me ? roomsOf(this.me) : [];
  }

  #here() {
    const rooms = this.#rooms();
    return rooms.find(({ id }) => id === this.at) ?? rooms[0];
  }

  /** The key that enters a room; of an eleventh without a letter none. @param {RoomRow} room */
  #keyOf(room) {
    const index = this.#rooms().filter(({ key }) => !key).indexOf(room);
    return room.key ?? (index < ROOMS_BY_KEY ? String((index + 1) % ROOMS_BY_KEY) : "");
  }

  /** @param {RoomRow | undefined} room */
  #enter(room) {
    if (room) location.hash = `${room.id}${this.shopId ? `@${this.shopId}` : ""}`;
  }

  /** @param {number} by */
  #step(by) {
    const room = this.#here();
    if (!room || !this.me || room.wide) return;
    const shops = openShops(room, this.me);
    const at = shops.findIndex(({ id }) => id === this.#shop(shops)?.id);
    this.#choose(shops[(at + by + shops.length) % shops.length].id);
  }

  /** @param {number} shopId */
  #choose(shopId) {
    remember(SHOP_KEY, String(shopId));
    this.shopId = shopId;
    this.#enter(this.#here());
  }

  /** @param {import("./room.js").Shop[]} shops */
  #shop(shops) {
    return shops.find(({ id }) => id === this.shopId) ?? shops[0];
  }

  render() {
    const room = this.#here();
    document.title = `${room ? name(room.words) : say("title")} · ${shared("brand")}`;
    return html`<nav class="rail" aria-label=${say("title")}>
        <p class="brand">${icon("brand")}${shared("brand")}</p>
        ${this.#rooms().map((one) => this.#link(one, room))}
        <div class="me">
          ${this.me ? html`<b>${this.me.name}</b>` : nothing}
          <a class="btn" href=${LOGIN}><key-cap .key=${"A"}></key-cap>${say("account")}</a>
        </div>
      </nav>
      <header class="head">
        ${room && this.me ? html`${this.#shops(room, this.me)}${this.#zone(room, this.me)}` : nothing}
        <div class="end">${this.#pulse()}
          <button class="btn" @click=${toggleLang}><key-cap .key=${"L"}></key-cap>${say("other_language")}</button>
        </div>
      </header>
      <main>${this.#main(room)}</main><told-shelf></told-shelf>`;
  }

  /** @param {RoomRow} room @param {RoomRow | undefined} here */
  #link(room, here) {
    const to = `#${room.id}${this.shopId ? `@${this.shopId}` : ""}`;
    return html`<a class="to" href=${to} aria-current=${room === here ? "page" : nothing}><key-cap .key=${this.#keyOf(room)}></key-cap>${icon(room.icon)}<span>${name(room.words)}</span></a>`;
  }

  /** Of which shop, under its brand. @param {RoomRow} room @param {Me} me */
  #shops(room, me) {
    const shops = openShops(room, me);
    const shop = this.#shop(shops);
    if (!shop) return nothing;
    const brand = name(shop.brand) === name(shop.name) && shops.length === 1 ? "" : name(shop.brand);
    if (room.wide) return html`<p class="at">${brand || name(shop.name)}</p>`;
    const chosen = (/** @type {Event} */ event) => this.#choose(Number(/** @type {HTMLSelectElement} */ (event.target).value));
    return html`<label class="at">${brand}
      <select name="at_shop" aria-label=${say("shop")} @change=${chosen}>
        ${shops.map((one) => html`<option value=${one.id} ?selected=${one.id === shop.id}>${name(one.name)}</option>`)}
      </select></label>`;
  }

  /** Whose clock the times of the room are read from. @param {RoomRow} room @param {Me} me */
  #zone(room, me) {
    const shop = this.#shop(openShops(room, me));
    if (!shop) return nothing;
    const known = readTimesIn(shop.timezone);
    return html`<p class="zone" title=${shop.timezone}>${say(known ? "zone" : "zone_unknown", { shop: name(shop.name), offset: offsetWords() })}</p>`;
  }

  #pulse() {
    const { pulse } = this;
    if (!pulse) return nothing;
    return html`${pulse.newer ? html`<button class="btn" data-kind="go" @click=${() => location.reload()}><key-cap .key=${"U"}></key-cap>${say("newer")}</button>` : nothing}
      <span class="link" data-link=${pulse.link} role="status">${icon(pulse.link === "lost" ? "cut" : "linked")}${say(PULSE[pulse.link])}${pulse.link === "lost" ? nothing : html` <b>${Math.round(pulse.ms)} ms</b>`}</span>`;
  }

  /** @param {RoomRow | undefined} room */
  #main(room) {
    if (this.away) return html`<p class="told" role="alert">${icon("late")}${say("no_answer")}</p>`;
    if (!this.me) return html`<p class="wait">${say("wait")}</p>`;
    if (!room) return html`<p class="wait">${say("nothing_for_you")}</p>`;
    const shops = openShops(room, this.me);
    if (this.#room?.localName !== room.tag) this.#room = /** @type {import("./room.js").Room} */ (document.createElement(room.tag));
    Object.assign(this.#room, { me: this.me, shops: everywhere(room, this.me) ? this.me.shops : shops, shop: this.#shop(shops) });
    return this.#room;
  }
}

const ROOMS_BY_KEY = 10;
const PULSE = /** @type {const} */ ({ ok: "linked", slow: "slow", lost: "no_link" });

customElements.define("console-page", ConsolePage);
document.body.append(document.createElement("console-page"));
