// The room of devices: pair, name, place, set up, look for and unpair a shop's screens and pads.
// Refuses to guess whether a device is online: what nobody knows is said so.

import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say } from "./devices-words.js";
import { choice, field, typed } from "./fields.js";
import { houseVersion } from "./pulse.js";
import { ago, closeDialog, moment, Room } from "./room.js";
import { say as shared } from "./words.js";

/** @typedef {import("../link/frames.d.ts").ScreenSettings} Settings */
/** @typedef {{id: number, kind: Kind, name: string, place_id: number | null, station_id: number | null, paired: boolean, paired_at_ms: number | null, last_seen_at_ms: number | null, online: boolean | null, settings: Settings, settings_version: number, app: string, anew?: boolean}} Device anew: somebody else set it up while the form lay open */
/** @typedef {"kitchen" | "waiter" | "guest" | "cashier" | "call_screen" | "monitor"} Kind */
/** @typedef {{places: import("../link/frames.d.ts").PlaceView[], stations: import("../link/frames.d.ts").StationView[]}} Ground */

const KINDS = /** @type {Kind[]} */ (["kitchen", "waiter", "guest", "cashier", "call_screen", "monitor"]);
const LOOK_EVERY_S = 5;

/** What a house is called that only its own machine reaches. */
const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);

class DevicesRoom extends Room {
  static properties = { devices: { state: true }, ground: { state: true }, asked: { state: true }, open: { state: true }, made: { state: true } };

  constructor() {
    super();
    /** @type {Device[]} */
    this.devices = [];
    /** @type {Ground} */
    this.ground = { places: [], stations: [] };
    this.asked = { words: "", kind: "", state: "" };
    /** What lies in front: a device's settings, a new device, or nothing. @type {Device | "new" | null} */
    this.open = null;
    /** A code that was made, shown this once. @type {{code: string, expires_at_ms: number, open_url: string, open_qr: string} | null} */
    this.made = null;
  }

  opened() {
    this.devices = [];
    void this.#look();
    void this.#readGround();
    this.every(LOOK_EVERY_S, () => this.#look());
  }

  async #look() {
    const told = await this.read(`/v1/shops/${this.shopId}/devices`);
    if (told) this.devices = told.devices;
  }

  /** What was refused: when somebody else set the screen up meanwhile, the form is filled anew. @param {Device} device */
  async #lookAgain(device) {
    await this.#look();
    const now = this.devices.find(({ id }) => id === device.id);
    if (this.open !== device || !now || now.settings_version === device.settings_version) return;
    this.open = null; // a fresh form: what was typed over the old settings goes with them
    await this.updateComplete;
    this.open = { ...now, anew: true };
  }

  async #readGround() {
    const told = await this.readBeside(`/v1/shops/${this.shopId}/menu`);
    if (told) this.ground = told;
  }

  render() {
    const on = this.devices.filter((one) => one.online).length;
    const tools = html`<button class="btn" data-kind="go" name="pair" @click=${() => (this.open = "new")}>${icon("plus")}${say("pair")}</button>`;
    return html`${this.head(say("title"), `${say("lead")} ${say("counts", { on, all: this.devices.filter((one) => one.paired).length })}`, tools)}
      ${this.#form()}
      ${this.table([say("name"), say("kind"), say("stands"), say("state"), say("seen"), ""], this.#shown().map((one) => this.#row(one)), say("none"))}
      ${this.open === "new" ? this.#pairing() : this.open ? this.#settings(this.open) : nothing}`;
  }

  #shown() {
    const { words, kind, state } = this.asked;
    return this.devices.filter((one) => (!words || `${one.name} ${one.id}`.toLowerCase().includes(words.toLowerCase())) && (!kind || one.kind === kind) && (!state || stateOf(one) === state));
  }

  #form() {
    const { words, kind, state } = this.asked;
    const heard = (/** @type {Event} */ event) => (this.asked = { ...this.asked, words: /** @type {HTMLInputElement} */ (event.target).value });
    return html`<section class="asked">
      <label>${say("search")}<input name="words" type="search" .value=${words} @input=${heard} /></label>
      ${choice("kind", say("kind"), [["", say("all_kinds")], ...KINDS.map((one) => /** @type {[string, string]} */ ([one, say(one)]))], kind, (one) => (this.asked = { ...this.asked, kind: one }))}
      ${choice("state", say("only"), [["", say("any")], ["online", say("on")], ["offline", say("off")], ["unpaired", say("gone")]], state, (one) => (this.asked = { ...this.asked, state: one }))}
    </section>`;
  }

  /** @param {Device} device */
  #row(device) {
    const state = stateOf(device);
    const as = { online: "ok", offline: "refused", unknown: "unseen", unpaired: "unseen" }[state];
    return html`<tr data-device=${device.id} ?data-gone=${!device.paired}>
      <td><b>${device.name}</b><small>${say("number", { n: device.id })}</small></td>
      <td>${say(device.kind)}</td>
      <td>${this.#standing(device)}</td>
      <td><span class="came" data-as=${as}>${icon(state === "online" ? "linked" : state === "offline" ? "cut" : "ring")}${say(state)}</span></td>
      <td>${state === "online" ? shared("just_now") : html`<time title=${moment(device.last_seen_at_ms)}>${ago(device.last_seen_at_ms)}</time>`}${versionOf(device)}</td>
      <td><div class="do">
        ${device.online ? html`<button class="btn" name="seek" @click=${() => this.#seek(device)}>${icon("pin")}${say("seek")}</button>` : nothing}
        <button class="btn" name="edit" @click=${() => (this.open = device)}>${say("edit")}</button>
      </div></td>
    </tr>`;
  }

  /** @param {Device} device */
  #standing(device) {
    const place = this.ground.places.find(({ id }) => id === device.place_id);
    const station = this.ground.stations.find(({ id }) => id === device.station_id);
    if (place) return html`<place-plate .kind=${place.kind} .place=${place.name}></place-plate>`;
    return station ? name(station.name) : device.kind === "kitchen" ? say("all_stations") : say("nowhere");
  }

  /** @param {Device} device */
  #seek(device) {
    void this.change("POST", `${this.#path(device)}/seek`, undefined, say("sought", { name: device.name }));
  }

  /** @param {Device} device */
  #path(device) {
    return `/v1/shops/${this.shopId}/devices/${device.id}`;
  }

  #shut() {
    this.open = this.made = null;
  }

  /** @param {number | null} placeId @param {number | null} stationId */
  #stands(placeId, stationId) {
    const places = this.ground.places.map((one) => /** @type {[string, string]} */ ([String(one.id), `${one.name} · ${name(one.area)}`]));
    const stations = this.ground.stations.map((one) => /** @type {[string, string]} */ ([String(one.id), name(one.name)]));
    return html`${choice("place", say("place"), [["", say("no_place")], ...places], String(placeId ?? ""))}
      ${choice("station", say("station"), [["", say("all_stations")], ...stations], String(stationId ?? ""))}`;
  }

  #pairing() {
    const wish = html`${field("name", say("name"), "", { required: true, maxlength: 40 })}
      ${choice("kind", say("kind"), KINDS.map((one) => [one, say(one)]), "kitchen")}${this.#stands(null, null)}`;
    return this.sheet(say("pair_title"), html`<div><p>${say("pair_how")}</p>
      <form name="confirm" @submit=${(/** @type {Event} */ event) => this.#confirm(event)}><h3>${say("way_screen")}</h3><p class="lead">${say("way_screen_how")}</p>
        <div class="fields">${field("code", say("code"), "", { required: true, maxlength: 20, inputmode: "numeric", autofocus: true, whole: true })}${wish}</div>
        <div class="do"><button class="btn" data-kind="go">${say("confirm")}</button></div></form>
      <form name="make" @submit=${(/** @type {Event} */ event) => this.#make(event)}><h3>${say("way_code")}</h3><p class="lead">${say("way_code_how")}</p>
        ${this.#code() ?? html`<div class="fields">${wish}</div><div class="do"><button class="btn" data-kind="go">${say("make")}</button></div>`}</form></div>`, () => this.#shut());
  }

  #code() {
    if (!this.made) return null;
    const { code, expires_at_ms: until, open_url: url, open_qr: drawn } = this.made;
    return html`<div class="code" role="status"><p>${say("made")} <b>${code.slice(0, 4)} ${code.slice(4)}</b> <small>${say("until", { time: moment(until) })}</small></p>
      <figure><img src=${drawn} alt=${url}><figcaption>${say(HERE.has(new URL(url).hostname) ? "scan_alone" : "scan")}</figcaption></figure></div>`;
  }

  /** New hardware for a device there is: its account and place stay. @param {Device} device */
  async #renew(device) {
    this.made = await this.change("POST", `/v1/shops/${this.shopId}/pairing-codes`, { device_id: device.id });
  }

  /** @param {ReturnType<typeof typed>} form */
  #wish(form) {
    return { name: form.text("name"), kind: form.text("kind"), place_id: form.number("place"), station_id: form.number("station") };
  }

  /** @param {Event} event */
  async #confirm(event) {
    const form = typed(event);
    const wish = this.#wish(form);
    const path = `/v1/shops/${this.shopId}/pairing-offers/confirm`;
    const told = await this.change("POST", path, { code: form.text("code"), ...wish }, say("paired", { name: wish.name }));
    if (told) closeDialog(this);
    void this.#look();
  }

  /** @param {Event} event */
  async #make(event) {
    this.made = await this.change("POST", `/v1/shops/${this.shopId}/pairing-codes`, this.#wish(typed(event)));
  }

  /** @param {Device} device */
  #settings(device) {
    const { settings } = device;
    const liked = say("as_likes");
    const board = device.kind === "kitchen";
    return this.sheet(device.name, html`<form name="device" @submit=${(/** @type {Event} */ event) => this.#save(event, device)}>
      <h3>${say("where")}</h3>
      <p class="lead">${say(device.kind)} · ${say("number", { n: device.id })}${device.paired_at_ms ? ` · ${say("since", { when: moment(device.paired_at_ms) })}` : nothing}</p>
      <div class="fields">${field("name", say("name"), device.name, { required: true, maxlength: 40, whole: true })}${this.#stands(device.place_id, device.station_id)}</div>
      <h3>${say("screen")}</h3>
      ${device.anew ? html`<p class="told" role="alert">${icon("late")}${say("anew")}</p>` : nothing}
      <div class="fields">
        ${board ? html`${choice("mode", say("mode"), [["", liked], ["station", say("mode_station")], ["expo", say("mode_expo")]], settings.mode ?? "")}${choice("unfinished", say("unfinished"), [["", say("unfinished_ask")], ["never", say("unfinished_never")]], settings.unfinished === "never" ? "never" : "")}` : nothing}
        ${board ? html`${field("columns", say("columns"), settings.columns ?? "", { type: "number", min: 2, max: 8, placeholder: liked })}${field("rows", say("rows"), settings.rows ?? "", { type: "number", min: 1, max: 4, placeholder: liked })}` : nothing}
        ${field("distance", `${say("distance")} · ${say("distance_lead")}`, settings.distance_cm ?? "", { type: "number", min: 50, max: 500, placeholder: liked })}
        ${choice("theme", say("theme"), [["", liked], ["dark", say("dark")], ["light", say("light")]], settings.theme ?? "")}
        ${field("volume", say("volume"), settings.volume ?? "", { type: "number", min: 0, max: 100, placeholder: liked })}
        ${choice("language", say("language"), [["", liked], ["zh", say("zh")], ["en", say("en")]], settings.language ?? "")}
      </div>
      ${this.#code() ?? nothing}
      <div class="do"><button type="button" class="btn" data-kind="line" name="renew" @click=${() => this.#renew(device)}>${say("renew")}</button>
        ${device.paired ? html`<button type="button" class="btn" data-kind="line" name="revoke" @click=${() => this.#revoke(device)}>${say("revoke")}</button>` : nothing}
        <button class="btn" data-kind="go">${shared("save")}</button></div></form>`, () => this.#shut());
  }

  /** Only what is otherwise is asked for. @param {Event} event @param {Device} device */
  async #save(event, device) {
    const form = typed(event);
    const path = this.#path(device);
    const named = form.text("name");
    const stands = { place_id: form.number("place"), station_id: form.number("station") };
    const settings = { ...device.settings, columns: form.number("columns"), rows: form.number("rows"), distance_cm: form.number("distance"), volume: form.number("volume"), ...words(form, ["mode", "theme", "language"]), unfinished: form.text("unfinished") || null };
    /** @type {["POST" | "PUT", string, object, boolean][]} */
    const steps = [
      ["POST", `${path}/rename`, { name: named }, named !== device.name],
      ["POST", `${path}/move`, stands, stands.place_id !== device.place_id || stands.station_id !== device.station_id],
      ["PUT", `${path}/screen`, { ...settings, version: device.settings_version }, JSON.stringify(settings) !== JSON.stringify(device.settings)],
    ];
    for (const [method, to, body, wanted] of steps) if (wanted && !(await this.change(method, to, body, say("saved", { name: named })))) return void this.#lookAgain(device);
    closeDialog(this);
    void this.#look();
  }

  /** @param {Device} device */
  async #revoke(device) {
    if (!(await this.sure(say("sure_revoke", { name: device.name }), say("revoke")))) return;
    if (await this.change("DELETE", this.#path(device), undefined, say("revoked", { name: device.name }))) closeDialog(this);
    void this.#look();
  }
}

/** @param {ReturnType<typeof typed>} form @param {string[]} names */
const words = (form, names) => Object.fromEntries(names.map((one) => [one, form.text(one) || null]));

/** Of which version its page is, as its browser told, and whether the house has another one. @param {Device} device */
function versionOf({ app }) {
  const version = app.split("/")[1];
  if (!version) return nothing;
  const old = houseVersion() && version !== houseVersion();
  return html`<small data-version=${version}>${say("version", { version: version.slice(0, VERSION_SHOWN) })}${old ? html` · ${say("old_version")}` : nothing}</small>`;
}
const VERSION_SHOWN = 10;

/** @param {Device} device @returns {"online" | "offline" | "unknown" | "unpaired"} */
const stateOf = (device) => (!device.paired ? "unpaired" : device.online === null ? "unknown" : device.online ? "online" : "offline");

customElements.define("devices-room", DevicesRoom);
