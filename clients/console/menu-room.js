// The room of the menu: dishes, their stations and targets, what is sold out; one at a time, several together, in many shops.
// Refuses to take a dish off the menu: sold out does, and orders still speak of it.

import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { allergen } from "../link/words.js";
import { dishForm, dishOf, groupsOf } from "./dish-form.js";
import { choice, field, listed, typed, typedIn, yuan } from "./fields.js";
import { carryOut, partOf } from "./menu-together.js";
import { say } from "./menu-words.js";
import { shrunk } from "./photograph.js";
import { closeDialog, Room, whyNot } from "./room.js";
import { tell } from "./tell.js";
import { say as shared } from "./words.js";

/** @typedef {import("../link/frames.d.ts").Dish} Dish */
/** @typedef {import("../link/frames.d.ts").StationView} Station */
/** @typedef {import("./menu-together.js").Ground} Ground */

const LOOK_EVERY_S = 15;
const EMPTY = /** @type {Ground} */ ({ stations: [], menu: { categories: [], dishes: [] } });
const BLANK = { zh: "", en: "" };

class MenuRoom extends Room {
  static properties = { ground: { state: true }, asked: { state: true }, open: { state: true }, groups: { state: true }, picked: { state: true } };

  constructor() {
    super();
    this.ground = EMPTY;
    this.asked = { words: "", category: "", station: "", sale: "" };
    /** What lies in front. @type {Dish | "bulk" | Station | null} */
    this.open = null;
    /** The choices of the dish in front, while they are changed. @type {Dish["modifier_groups"]} */
    this.groups = [];
    /** Dishes to be changed together. @type {ReadonlySet<number>} */
    this.picked = new Set();
  }

  get #at() {
    return `/v1/shops/${this.shopId}`;
  }

  opened() {
    Object.assign(this, { ground: EMPTY, picked: new Set() });
    void this.#look();
    this.every(LOOK_EVERY_S, () => this.#look());
  }

  async #look() {
    const told = await this.read(`${this.#at}/menu`);
    if (told) this.ground = told;
  }

  render() {
    const { menu, stations } = this.ground;
    const tools = html`${this.picked.size ? html`<button class="btn" name="bulk" @click=${() => (this.open = "bulk")}>${say("bulk")} · ${say("picked", { n: this.picked.size })}</button><button class="btn" data-kind="line" @click=${() => (this.picked = new Set())}>${say("clear")}</button>` : nothing}
      <button class="btn" data-kind="go" name="add" ?disabled=${!menu.categories.length} @click=${() => this.#edit(newDish(menu.categories[0].id))}>${icon("plus")}${say("add")}</button>`;
    return html`${this.head(say("title"), say("lead"), tools)}
      <section class="stations" aria-label=${say("stations")}>${stations.map((one) => html`<button class="btn" @click=${() => (this.open = one)}>${name(one.name)}</button>`)}
        <button class="btn" data-kind="line" name="add_station" @click=${() => (this.open = { id: 0, name: BLANK })}>${icon("plus")}${say("add_station")}</button></section>
      ${this.#form()}${this.#pickAll()}
      ${this.table(["", say("dish"), say("heading"), say("price"), say("station"), say("target"), say("extras"), say("sale"), ""], this.#shown().map((one) => this.#row(one)), say("none"))}
      ${this.#front()}`;
  }

  #shown() {
    const { words, category, station, sale } = this.asked;
    const wanted = words.toLowerCase();
    return this.ground.menu.dishes.filter((one) => (!wanted || `${one.name.zh} ${one.name.en}`.toLowerCase().includes(wanted)) && (!category || one.category === category) && (!station || String(one.station_id ?? "none") === station) && (!sale || one.sold_out === (sale === "off")));
  }

  #form() {
    const ask = (/** @type {Partial<typeof this.asked>} */ change) => (this.asked = { ...this.asked, ...change });
    const heard = (/** @type {Event} */ event) => ask({ words: /** @type {HTMLInputElement} */ (event.target).value });
    return html`<section class="asked"><label>${say("search")}<input name="words" type="search" .value=${this.asked.words} @input=${heard} /></label>
      ${choice("category", say("heading"), [["", say("all")], ...this.#headings()], this.asked.category, (category) => ask({ category }))}
      ${choice("station", say("station"), [["", say("all")], ...this.#stations(), ["none", say("unrouted")]], this.asked.station, (station) => ask({ station }))}
      ${choice("sale", say("sale"), [["", say("all")], ["on", say("on_sale")], ["off", say("sold_out")]], this.asked.sale, (sale) => ask({ sale }))}</section>`;
  }

  /** All that are shown, whatever was chosen before among those that are not. */
  #pickAll() {
    const shown = this.#shown().map(({ id }) => id);
    const all = shown.length > 0 && shown.every((id) => this.picked.has(id));
    const pick = () => (this.picked = new Set(all ? [...this.picked].filter((id) => !shown.includes(id)) : [...this.picked, ...shown]));
    return shown.length ? html`<p class="pick"><label><input type="checkbox" name="all" .checked=${all} @change=${pick} />${say("pick_all", { n: shown.length })}</label></p>` : nothing;
  }

  /** @returns {[string, string][]} */
  #headings() {
    return this.ground.menu.categories.map((one) => [one.id, name(one.name)]);
  }

  /** @returns {[string, string][]} */
  #stations() {
    return this.ground.stations.map((one) => [String(one.id), name(one.name)]);
  }

  /** @param {Dish} dish */
  #row(dish) {
    const station = this.ground.stations.find(({ id }) => id === dish.station_id);
    const heading = this.ground.menu.categories.find(({ id }) => id === dish.category);
    const pick = () => (this.picked = this.picked.has(dish.id) ? new Set([...this.picked].filter((id) => id !== dish.id)) : new Set([...this.picked, dish.id]));
    return html`<tr data-dish=${dish.id} ?data-gone=${dish.sold_out}>
      <td><input type="checkbox" aria-label=${say("pick", { name: name(dish.name) })} .checked=${this.picked.has(dish.id)} @change=${pick} /></td>
      <td><b>${name(dish.name)}</b><small>${name({ zh: dish.name.en, en: dish.name.zh })}</small></td>
      <td>${heading ? name(heading.name) : dish.category}</td>
      <td data-tight>¥${yuan(dish.price_fen)}</td>
      <td>${station ? name(station.name) : say("unrouted")}</td>
      <td data-tight>${say("minutes", { n: dish.target_s / 60 })}</td>
      <td>${listed(dish.modifier_groups.map((group) => name(group.name)))}${dish.allergens.length ? html`<small>${listed(dish.allergens.map(allergen))}</small>` : nothing}</td>
      <td data-tight><span class="came" data-as=${dish.sold_out ? "refused" : "ok"}>${icon(dish.sold_out ? "soldout" : "tick")}${say(dish.sold_out ? "sold_out" : "on_sale")}</span></td>
      <td><div class="do"><button class="btn" name="sale" @click=${() => this.#sell(dish)}>${say(dish.sold_out ? "resume" : "stop")}</button>
        <button class="btn" name="edit" @click=${() => this.#edit(dish)}>${say("edit")}</button></div></td>
    </tr>`;
  }

  /** @param {Dish} dish */
  async #sell(dish) {
    const sold_out = !dish.sold_out;
    await this.change("POST", `/v1/dishes/${dish.id}/sale`, { shop_id: this.shopId, sold_out }, say(sold_out ? "stopped" : "resumed", { name: name(dish.name) }));
    void this.#look();
  }

  /** @param {Dish} dish */
  #edit(dish) {
    Object.assign(this, { open: dish, groups: dish.modifier_groups });
  }

  #front() {
    const { open } = this;
    const shut = () => (this.open = null);
    if (!open) return nothing;
    if (open === "bulk") return this.sheet(say("bulk_title", { n: this.picked.size }), this.#together(), shut);
    if (!("price_fen" in open)) return this.sheet(name(open.name) || say("add_station"), this.#stationForm(open), shut);
    const look = { headings: this.#headings(), stations: this.#stations(), groups: this.groups, put: (/** @type {(groups: Dish["modifier_groups"]) => Dish["modifier_groups"]} */ change) => this.#regroup(change), photo: (/** @type {File} */ file, /** @type {HTMLInputElement} */ field) => void this.#photograph(file, field) };
    const body = html`<form name="dish" @submit=${(/** @type {Event} */ event) => this.#save(event, open)}>${dishForm(open, look)}${open.id ? this.#otherShops() : nothing}
      <div class="do"><button class="btn" data-kind="go">${shared("save")}</button></div></form>`;
    return this.sheet(name(open.name) || say("add"), body, shut);
  }

  /** @param {(groups: Dish["modifier_groups"]) => Dish["modifier_groups"]} change */
  #regroup(change) {
    const form = this.querySelector("form[name=dish]");
    if (form) this.groups = change(groupsOf(this.groups, typedIn(/** @type {HTMLFormElement} */ (form))));
  }

  /** Bring a photograph; the dish shows it once the form is saved. @param {File} file @param {HTMLInputElement} field */
  async #photograph(file, field) {
    const data = await shrunk(file);
    if (data === null) return tell(say("no_photo"), "refused");
    const told = await this.change("POST", `${this.#at}/pictures`, { data }, say("photo_there"));
    if (!told) return;
    field.value = told.picture;
    const shown = this.querySelector("img.photo");
    if (shown instanceof HTMLImageElement) Object.assign(shown, { src: told.picture, hidden: false });
  }

  /** Which further shops shall have it too. */
  #otherShops() {
    const others = this.shops.filter(({ id }) => id !== this.shopId);
    if (!others.length) return nothing;
    return html`<h3>${say("shops")}</h3><p class="lead">${say("shops_lead")}</p>
      <div class="fields"><div class="ticks whole">${others.length > 1 ? html`<label class="tick"><input type="checkbox" name="every_shop" @change=${tickAll} />${say("every_shop", { n: others.length })}</label>` : nothing}${others.map((one) => html`<label class="tick"><input type="checkbox" name="shops" value=${one.id} />${name(one.name)}</label>`)}</div></div>`;
  }

  /** @param {Event} event @param {Dish} dish */
  async #save(event, dish) {
    const form = typed(event);
    const wanted = dishOf(form, groupsOf(this.groups, form));
    const change = dish.id ? otherwise(wanted, dish) : wanted;
    const done = say("saved", { name: name(wanted.name) });
    const told = dish.id ? await this.change("PUT", `${this.#at}/dishes/${dish.id}`, change, done) : await this.change("POST", `${this.#at}/dishes`, change, done);
    if (told) {
      await this.#elsewhere(form.all("shops").map(Number), dish, change);
      closeDialog(this);
    }
    void this.#look();
  }

  /** The same change to the dish of the same name in other shops. @param {number[]} shops @param {Dish} dish @param {Partial<Dish>} change */
  async #elsewhere(shops, dish, change) {
    if (!shops.length) return;
    const parts = await this.#parts(shops, [dish], { change, sale: "" });
    const { done, refused } = await carryOut(parts);
    this.#tellRefused(refused);
    this.say(say("in_shops", { done, missing: parts.filter(({ missing }) => missing.length).length }));
  }

  /** What a change would do in each shop; a shop that cannot be read is left out, and that is told. @param {number[]} ids @param {Dish[]} dishes @param {import("./menu-together.js").Wish} wish */
  async #parts(ids, dishes, wish) {
    const parts = [];
    for (const id of ids) {
      const shop = this.shops.find((one) => one.id === id);
      const there = id === this.shopId ? this.ground : /** @type {Ground | null} */ (await this.readBeside(`/v1/shops/${id}/menu`));
      if (shop && there) parts.push(partOf(shop, this.ground, there, dishes, wish));
    }
    return parts;
  }

  /** @param {Awaited<ReturnType<typeof carryOut>>["refused"]} refused */
  #tellRefused(refused) {
    const [first] = refused;
    if (first) tell(say("refused_n", { n: refused.length, dish: name(first.dish.name), shop: name(first.shop.name), why: whyNot(first.told) }), "refused");
  }

  #together() {
    return html`<form name="bulk" @submit=${(/** @type {Event} */ event) => this.#saveTogether(event)}><div class="fields">
        ${choice("station", say("station"), [["", say("keep")], ...this.#stations()], "")}${choice("category", say("heading"), [["", say("keep")], ...this.#headings()], "")}
        ${field("target", say("target_min"), "", { type: "number", min: 0.5, max: 240, step: 0.5, placeholder: say("keep") })}
        ${choice("sale", say("sale"), [["", say("keep")], ["off", say("stop")], ["on", say("resume")]], "")}
      </div>${this.#otherShops()}<div class="do"><button class="btn" data-kind="go">${shared("save")}</button></div></form>`;
  }

  /** @param {Event} event */
  async #saveTogether(event) {
    const form = typed(event);
    const [station, category, target, sale] = [form.number("station"), form.text("category"), form.number("target"), form.text("sale")];
    const change = { ...(station ? { station_id: station } : {}), ...(category ? { category } : {}), ...(target ? { target_s: Math.round(target * 60) } : {}) };
    const dishes = this.ground.menu.dishes.filter(({ id }) => this.picked.has(id));
    const parts = await this.#parts([this.shopId, ...form.all("shops").map(Number)], dishes, { change, sale });
    const wanted = parts.filter(({ steps }) => steps.length);
    if (!wanted.length) return tell(say("nothing_to_do"), "refused");
    const list = parts.map(({ shop, steps, missing }) => say(missing.length ? "part_missing" : "part", { shop: name(shop.name), n: steps.length, missing: missing.length })).join(say("then"));
    if (!(await this.sure(say("sure_together", { n: wanted.reduce((sum, { steps }) => sum + steps.length, 0), shops: wanted.length, list }), say("bulk")))) return;
    const { done, refused } = await carryOut(wanted);
    this.#tellRefused(refused);
    this.say(say("done_together", { done, shops: wanted.length }));
    this.picked = new Set();
    closeDialog(this);
    void this.#look();
  }

  /** @param {Station} station */
  #stationForm(station) {
    return html`<form name="station" @submit=${(/** @type {Event} */ event) => this.#saveStation(event, station)}><div class="fields">
      ${field("zh", say("zh"), station.name.zh, { maxlength: 60, autofocus: true })}${field("en", say("en"), station.name.en, { maxlength: 60 })}</div>
      <div class="do"><button class="btn" data-kind="go">${shared("save")}</button></div></form>`;
  }

  /** @param {Event} event @param {Station} station */
  async #saveStation(event, station) {
    const form = typed(event);
    const body = { name: { zh: form.text("zh"), en: form.text("en") } };
    const path = `${this.#at}/stations`;
    const told = station.id ? await this.change("PUT", `${path}/${station.id}`, body, say("station_saved")) : await this.change("POST", path, body, say("station_saved"));
    if (told) closeDialog(this);
    void this.#look();
  }
}

/** Tick all shops, or none. @param {Event} event */
function tickAll(event) {
  const all = /** @type {HTMLInputElement} */ (event.target);
  for (const box of all.form?.querySelectorAll("input[name=shops]") ?? []) /** @type {HTMLInputElement} */ (box).checked = all.checked;
}

/** @param {string} category @returns {Dish} */
const newDish = (category) => ({ id: 0, category, name: BLANK, about: BLANK, price_fen: 0, station_id: null, target_s: 600, modifier_groups: [], allergens: [], picture: "", spicy: 0, sold_out: false, stage_targets: { waiting_s: null, cooking_s: null, pick_up_s: null } });

/** What is not as it was: two people may change different things of one dish. @param {Partial<Dish>} wanted @param {Dish} dish @returns {Partial<Dish>} */
const otherwise = (wanted, dish) => Object.fromEntries(Object.entries(wanted).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(dish[/** @type {keyof Dish} */ (key)])));

customElements.define("menu-room", MenuRoom);
