// The room of API keys, an owner's: business services, what they may and where, their keys.
// Refuses to show a secret twice: it comes in one answer and goes when its sheet is shut.

import { icon } from "../link/icons.js";
import { name } from "../link/i18n.js";
import { html, nothing } from "../link/vendor/lit.js";
import { field, listed, tick, typed } from "./fields.js";
import { say } from "./keys-words.js";
import { ago, closeDialog, moment, Room } from "./room.js";
import "./secret-slip.js";
import { say as shared } from "./words.js";

/** @typedef {"business" | "manager" | "money"} ApiRole */
/** @typedef {{id: string, made_at_ms: number, used_at_ms: number | null}} Key */
/** @typedef {{id: number, name: string, roles: ApiRole[], shop_ids: number[] | null, addresses: string[], ended_at_ms: number | null, webhook: string | null, keys: Key[]}} Client */

const ROLES = /** @type {ApiRole[]} */ (["business", "manager", "money"]);
const KEYS_LIVE = 2; // of one service; server/api/keys.py
const DOORS = "/v1/staff/api-clients";

class KeysRoom extends Room {
  static properties = { clients: { state: true }, open: { state: true }, made: { state: true } };
  #max = 0;

  constructor() {
    super();
    /** @type {Client[]} */
    this.clients = [];
    /** What lies in front: a service, a new one, or nothing. @type {Client | "new" | null} */
    this.open = null;
    /** A key as it was made, shown this once. @type {{name: string, key_id: string, secret: string} | null} */
    this.made = null;
  }

  opened() {
    void this.#look();
  }

  async #look() {
    const told = await this.read(DOORS);
    if (!told) return;
    this.clients = told.clients;
    this.#max = told.clients_max;
  }

  render() {
    const live = this.clients.filter((one) => one.ended_at_ms === null).length;
    const tools = html`<button class="btn" data-kind="go" name="add" @click=${() => (this.open = "new")}>${icon("plus")}${say("add")}</button>`;
    return html`${this.head(say("title"), `${say("lead")}${this.#max ? ` ${say("counts", { n: live, max: this.#max })}` : ""}`, tools)}
      ${this.table([say("name"), say("may"), say("where"), say("keys"), ""], this.clients.map((one) => this.#row(one)), say("none"))}
      ${this.made ? this.#shown(this.made) : this.open ? this.#sheet(this.open) : nothing}`;
  }

  /** @param {Client} client */
  #row(client) {
    const ended = client.ended_at_ms !== null;
    return html`<tr data-client=${client.id} ?data-gone=${ended}>
      <td data-tight><b>${client.name}</b><small>${ended ? say("ended", { when: moment(client.ended_at_ms) }) : say("number", { n: client.id })}</small></td>
      <td>${listed(client.roles.map((one) => say(one)))}</td>
      <td>${client.shop_ids ? listed(client.shop_ids.map((id) => this.#shopName(id))) : say("all_shops")}<small>${client.addresses.length ? client.addresses.join(", ") : say("anywhere")}</small>${client.webhook ? html`<small>${say("told", { url: client.webhook })}</small>` : nothing}</td>
      <td>${client.keys.map((key) => this.#key(client, key))}</td>
      <td>${ended ? nothing : html`<div class="do"><button class="btn" name="more_key" @click=${() => this.#more(client)}>${say("more_key")}</button><button class="btn" name="edit" @click=${() => (this.open = client)}>${say("edit")}</button></div>`}</td>
    </tr>`;
  }

  /** @param {number} id */
  #shopName(id) {
    const shop = this.me?.shops.find((one) => one.id === id);
    return shop ? name(shop.name) : say("shop_n", { n: id });
  }

  /** @param {Client} client @param {Key} key */
  #key(client, key) {
    const used = key.used_at_ms === null ? say("unused") : say("used", { when: ago(key.used_at_ms) });
    return html`<div class="api-key" data-key=${key.id}><span><code>${key.id}</code><small title=${moment(key.used_at_ms)}>${used} · ${say("made", { when: moment(key.made_at_ms) })}</small></span>
      <button class="btn" name="end_key" aria-label=${`${say("end_key")} ${key.id}`} @click=${() => this.#endKey(client, key)}>${say("end_key")}</button></div>`;
  }

  /** @param {NonNullable<typeof this.made>} made */
  #shown(made) {
    const lines = [[say("key_id"), made.key_id], [say("secret"), made.secret]];
    return this.sheet(made.name, html`<secret-slip .lead=${say("shown_once", { name: made.name })} .lines=${lines}></secret-slip>`, () => this.#shut());
  }

  #shut() {
    this.open = this.made = null;
  }

  /** @param {Client | "new"} open */
  #sheet(open) {
    const client = open === "new" ? null : open;
    return this.sheet(client?.name ?? say("add"), html`<form name="client" @submit=${(/** @type {Event} */ event) => this.#save(event, client)}>
      <div class="fields">${field("name", `${say("name")} · ${say("name_hint")}`, client?.name ?? "", { required: true, maxlength: 40, autofocus: true, whole: true })}
        <fieldset class="whole"><legend>${say("may")}</legend><div class="ticks">${ROLES.map((one) => tick("roles", say(one), client ? client.roles.includes(one) : one === "business", one))}</div></fieldset>
        <fieldset class="whole"><legend>${say("shops")} · ${say("shops_hint")}</legend><div class="ticks">${this.me?.shops.map((one) => tick("shop_ids", name(one.name), Boolean(client?.shop_ids?.includes(one.id)), String(one.id)))}</div></fieldset>
        ${field("addresses", `${say("addresses")} · ${say("addresses_hint")}`, client?.addresses.join(", ") ?? "", { maxlength: 1000, whole: true })}</div>
      <div class="do">${client ? html`<button type="button" class="btn" data-kind="line" name="revoke" @click=${() => this.#revoke(client)}>${say("revoke")}</button>` : nothing}
        <button class="btn" data-kind="go">${client ? shared("save") : say("make")}</button></div></form>`, () => this.#shut());
  }

  /** @param {Event} event @param {Client | null} client */
  async #save(event, client) {
    const form = typed(event);
    const listed = new Set(this.me?.shops.map(({ id }) => id));
    const held = client?.shop_ids ?? [];
    // Shops beyond those listed here stay as they are.
    const shops = [...form.all("shop_ids").map(Number), ...held.filter((id) => !listed.has(id))];
    if (held.length && !shops.length && !(await this.sure(say("sure_everywhere", { name: form.text("name") }), shared("save")))) return;
    const wish = { name: form.text("name"), roles: form.all("roles"), shop_ids: shops.length ? shops : null, addresses: form.text("addresses").split(/[\s,，、;；]+/).filter(Boolean) };
    if (client) {
      if (await this.change("PUT", `${DOORS}/${client.id}`, wish, say("saved", { name: wish.name }))) closeDialog(this);
    } else {
      const told = await this.change("POST", DOORS, wish, say("entered", { name: wish.name }));
      if (told) this.made = { name: wish.name, key_id: told.key_id, secret: told.secret };
    }
    void this.#look();
  }

  /** @param {Client} client */
  async #more(client) {
    if (client.keys.length >= KEYS_LIVE && !(await this.sure(say("sure_third", { name: client.name, id: client.keys[0].id }), say("more_key")))) return;
    const told = await this.change("POST", `${DOORS}/${client.id}/keys`, undefined, say("key_made", { name: client.name }));
    if (told) this.made = { name: client.name, key_id: told.key_id, secret: told.secret };
    void this.#look();
  }

  /** @param {Client} client @param {Key} key */
  async #endKey(client, key) {
    if (!(await this.sure(say("sure_end_key", { id: key.id }), say("end_key")))) return;
    await this.change("DELETE", `${DOORS}/${client.id}/keys/${key.id}`, undefined, say("key_ended"));
    void this.#look();
  }

  /** @param {Client} client */
  async #revoke(client) {
    if (!(await this.sure(say("sure_revoke", { name: client.name }), say("revoke")))) return;
    if (await this.change("DELETE", `${DOORS}/${client.id}`, undefined, say("revoked", { name: client.name }))) closeDialog(this);
    void this.#look();
  }
}

customElements.define("keys-room", KeysRoom);
