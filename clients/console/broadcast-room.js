// The room of the broadcast: what is said where, how often and in which words; the brand's defaults, each shop's own, the sentences.
// Refuses to hide from where a value is: every rule says whether it is the house's, the brand's or the shop's.

import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { called, say, told, typeWords } from "./broadcast-words.js";
import { choice } from "./fields.js";
import { closeDialog, Room } from "./room.js";
import "./rule-form.js";
import { CHANNELS, EVENTS, hm, topmost } from "./rule-layers.js";
import "./sentence-form.js";
import { HOUSE_ID_MAX } from "./sentences.js";
import { say as shared } from "./words.js";

/** @typedef {import("./rule-layers.js").EventRules} EventRules */
/** @typedef {import("./rule-layers.js").Rule} Rule */
/** @typedef {import("./sentences.js").Template} Template */
/** @typedef {{event: string, rule: Rule}} AtChannel */

const LOOK_EVERY_S = 15;
const KEEPS_BRAND = ["owner", "manager"]; // in all shops; server/staff/member.py
/** @type {Template} */
const FRESH = { id: 0, version: 0, name: "", parameters: {}, text: { zh: "", en: "" } };

class BroadcastRoom extends Room {
  static properties = { tab: { state: true }, scope: { state: true }, rules: { state: true }, templates: { state: true }, words: { state: true }, open: { state: true } };

  constructor() {
    super();
    /** @type {"rules" | "templates"} */
    this.tab = "rules";
    /** Whose rules are looked at. @type {"shop" | "brand"} */
    this.scope = "shop";
    /** @type {EventRules[]} */
    this.rules = [];
    /** The house's and the brand's sentences. @type {Template[]} */
    this.templates = [];
    /** What sentences are looked for by. */
    this.words = "";
    /** What lies in front. @type {AtChannel | Template | null} */
    this.open = null;
  }

  /** Whether one keeps what all shops share. */
  get #brandToo() {
    return Boolean(this.me?.roles.some(({ role, shop_id }) => shop_id === 0 && KEEPS_BRAND.includes(role)));
  }

  opened() {
    Object.assign(this, { rules: [], open: null });
    if (!this.#brandToo) this.scope = "shop";
    void this.#look();
    this.every(LOOK_EVERY_S, () => !this.open && this.#look());
  }

  async #look() {
    const told = await this.read(`/v1/im/rules?shop_id=${this.scope === "shop" ? this.shopId : 0}`);
    if (told) this.rules = told.events;
    const sentences = await this.readBeside("/v1/im/templates");
    if (sentences) this.templates = [...sentences.brand, ...sentences.house];
  }

  render() {
    const add = this.tab === "templates" && this.#brandToo ? html`<button class="btn" data-kind="go" name="add" @click=${() => (this.open = FRESH)}>${icon("plus")}${say("add")}</button>` : nothing;
    return html`${this.head(say("title"), say("lead"), add)}
      <div class="tabs" role="tablist">${this.#tab("rules")}${this.#tab("templates")}</div>
      <section role="tabpanel">${this.tab === "rules" ? this.#rules() : this.#sentences()}</section>${this.#front()}`;
  }

  /** @param {"rules" | "templates"} tab */
  #tab(tab) {
    return html`<button class="btn" role="tab" name=${tab} aria-selected=${tab === this.tab} @click=${() => (this.tab = tab)}>${say(tab)}</button>`;
  }

  #rules() {
    const chosen = (/** @type {string} */ scope) => {
      Object.assign(this, { scope, rules: [] });
      void this.#look();
    };
    return html`${this.#brandToo ? html`<section class="asked">${choice("scope", say("scope"), [["shop", say("scope_shop")], ["brand", say("scope_brand")]], this.scope, chosen)}</section>` : nothing}
      <div class="rules">${this.table([say("event"), ...CHANNELS.map(told)], this.#rows(), shared("wait"))}</div>`;
  }

  #rows() {
    const found = EVENTS.map((event) => this.rules.find((one) => one.event === event)).filter((one) => one !== undefined);
    return found.map(({ event, channels }) => html`<tr data-event=${event}><th scope="row">${told(event)}</th>
      ${CHANNELS.map((channel) => channels.find((one) => one.channel === channel)).map((rule) => (rule ? this.#cell(event, rule) : html`<td></td>`))}</tr>`);
  }

  /** @param {string} event @param {Rule} rule */
  #cell(event, rule) {
    const { effective: holds, channel } = rule;
    const layer = topmost(rule);
    const words = how(rule);
    const sentence = this.templates.find(({ id }) => id === holds.template_id);
    return html`<td data-channel=${channel} data-name=${told(channel)}><button class="cell" name="rule" ?data-off=${!holds.on} data-layer=${layer} aria-label=${say("open", { event: told(event), channel: told(channel), how: words })} @click=${() => (this.open = { event, rule })}>
      <span>${icon(holds.on ? "bell" : "mute")}${words}</span>
      ${holds.on && sentence && holds.template_id !== rule.house.template_id ? html`<small>${called(sentence)}</small>` : nothing}
      ${holds.on && holds.quiet ? html`<small>${say("quiet_at", { from: hm(holds.quiet.from_minute), to: hm(holds.quiet.to_minute) })}</small>` : nothing}
      ${layer === "house" ? nothing : html`<small class="layer">${say(`layer_${layer}`)}</small>`}</button></td>`;
  }

  #sentences() {
    const wanted = this.words.toLowerCase();
    const shown = this.templates.filter((one) => `${called(one)} ${one.text.zh} ${one.text.en}`.toLowerCase().includes(wanted));
    const heard = (/** @type {Event} */ event) => (this.words = /** @type {HTMLInputElement} */ (event.target).value);
    return html`<section class="asked"><label>${say("search")}<input name="words" type="search" .value=${this.words} @input=${heard} /></label></section>
      ${this.table([say("name"), say("sentence"), say("parameters"), say("version"), ""], shown.map((one) => this.#sentence(one)), say("none"))}`;
  }

  /** @param {Template} one */
  #sentence(one) {
    const house = one.id <= HOUSE_ID_MAX;
    return html`<tr data-template=${one.id}>
      <td><b>${called(one)}</b></td>
      <td>${name(one.text)}<small>${name({ zh: one.text.en, en: one.text.zh })}</small></td>
      <td><ul class="chips">${Object.entries(one.parameters).map(([parameter, type]) => html`<li><b>{${parameter}}</b> ${typeWords(type)}</li>`)}</ul></td>
      <td data-tight>${house ? say("of_house") : say("nth", { n: one.version })}</td>
      <td><div class="do"><button class="btn" name="edit" @click=${() => (this.open = one)}>${say(house || !this.#brandToo ? "look" : "edit")}</button></div></td>
    </tr>`;
  }

  #front() {
    const { open, shop } = this;
    const shut = () => {
      this.open = null;
      void this.#look(); // a version that was refused is read anew before it is tried again
    };
    const saved = () => closeDialog(this);
    if (!open || !shop) return nothing;
    if (!("rule" in open)) return this.sheet(called(open) || say("add"), html`<sentence-form .template=${open} .may=${this.#brandToo} @saved=${saved}></sentence-form>`, shut);
    const subject = { event: open.event, rule: open.rule, scope: this.scope, shop, shops: this.shops, templates: this.templates };
    const title = `${told(open.event)} · ${told(open.rule.channel)} · ${this.scope === "shop" ? name(shop.name) : say("at_brand")}`;
    return this.sheet(title, html`<rule-form .subject=${subject} @saved=${saved}></rule-form>`, shut);
  }
}

/** How a rule rings, in a few words. @param {Rule} rule */
function how({ effective: holds }) {
  if (!holds.on) return say("off");
  if (holds.until_acknowledged) return `${say("until_come")} · ${say("every_s", { n: holds.interval_s })}`;
  if (holds.repeat_max === 0) return say("once");
  return `${say("times", { n: holds.repeat_max + 1 })} · ${say("every_s", { n: holds.interval_s })}`;
}

customElements.define("broadcast-room", BroadcastRoom);
