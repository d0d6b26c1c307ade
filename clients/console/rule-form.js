// One event at one channel as a form: each value says which layer it is from, and is given back to the layer below.
// Saves through the room's doors, here and in the shops that were ticked, after saying which. Refuses to guess what follows a refusal: it says it.

import { Part } from "../link/elements.js";
import { askHouse } from "../link/house.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say, told } from "./broadcast-words.js";
import { choice, listed } from "./fields.js";
import { moment, whyNot } from "./room.js";
import { control, valueWords } from "./rule-fields.js";
import { below, fieldsOf, GROUPS, holding, laidOver, ownOf, saidBy, versionOf, withLaid } from "./rule-layers.js";
import { mouth } from "./say-it.js";
import "./sentence-preview.js";
import { PLACES, tried } from "./sentences.js";
import { ask, tell } from "./tell.js";
import { say as shared } from "./words.js";

/** @typedef {import("./rule-layers.js").Change} Change */
/** @typedef {import("./rule-layers.js").Field} Field */
/** @typedef {import("./rule-layers.js").Rule} Rule */
/** @typedef {import("./rule-layers.js").ShopChange} ShopChange */
/** @typedef {import("./room.js").Shop} Shop */
/** @typedef {{event: string, rule: Rule, scope: "shop" | "brand", shop: Shop, shops: Shop[], templates: import("./sentences.js").Template[]}} Subject */
/** @typedef {{version: number, change: Change, at_ms: number, by: string}} Changed */

const TRIES_MAX = 5; // of a shop, while the house asks to be slower

class RuleForm extends Part {
  static properties = { subject: { attribute: false }, own: { state: true }, wrong: { state: true }, others: { state: true }, history: { state: true }, kind: { state: true } };
  #shown = "";

  constructor() {
    super();
    /** @type {Subject | null} */
    this.subject = null;
    /** What this layer says, while it is changed. @type {Change} */
    this.own = {};
    /** The field that was refused, and why. @type {{field: string, why: string} | null} */
    this.wrong = null;
    /** Shops with rules of their own here. @type {ShopChange[]} */
    this.others = [];
    /** @type {Changed[] | null} */
    this.history = null;
    /** The kind of place it is tried with. */
    this.kind = "room";
  }

  willUpdate() {
    if (!this.subject) return;
    const { event, rule, scope, shop } = this.subject;
    const shown = `${event} ${rule.channel} ${scope} ${shop.id}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    Object.assign(this, { own: ownOf(rule, scope), wrong: null, history: null, others: [] });
    void this.#readOthers();
  }

  async #readOthers() {
    const { event, rule } = this.#asked;
    const answer = await askHouse("GET", `/v1/im/rules/${event}/shops`);
    if (answer.ok) this.others = answer.body.changes.filter((/** @type {ShopChange} */ one) => one.channel === rule.channel);
  }

  get #asked() {
    return /** @type {Subject} */ (this.subject);
  }

  /** @param {Field} field @param {unknown} value undefined: as the layer below says */
  #put(field, value) {
    const { [field]: _, ...others } = this.own;
    this.own = value === undefined ? others : { ...others, [field]: value };
    if (this.wrong?.field === field) this.wrong = null;
  }

  render() {
    if (!this.subject) return nothing;
    return html`<form name="rule" class="rule" novalidate @submit=${(/** @type {Event} */ event) => (event.preventDefault(), void this.#save())}>
      ${GROUPS.map(([group, fields]) => html`<h3>${told(group)}</h3>${fields.filter((field) => this.#concerns(field)).map((field) => this.#row(field))}${group === "says" ? this.#trial() : nothing}`)}
      ${this.subject.scope === "shop" ? this.#also() : this.#deviating()}${this.#past()}
      <div class="do"><button class="btn" data-kind="go">${shared("save")}</button></div></form>`;
  }

  /** A pad is claimed; where nobody claims there is nobody to remind. @param {Field} field */
  #concerns(field) {
    const { rule, scope } = this.#asked;
    const holds = holding(rule, scope, this.own);
    if (field === "claim_reminder_s") return rule.channel === "pad";
    if (field === "late_s_max") return holds.misfire === "late";
    if (field === "repeat_max") return !holds.until_acknowledged;
    return true;
  }

  /** @param {Field} field */
  #row(field) {
    const { rule, scope, templates, event } = this.#asked;
    const [holds, under] = [holding(rule, scope, this.own), below(rule, scope)];
    const layer = saidBy(rule, scope, this.own, field);
    const lower = saidBy(rule, scope, {}, field);
    const value = valueWords(field, under[field], templates);
    const where = { event, templates, under, put: (/** @type {unknown} */ one) => this.#put(field, one) };
    const wrong = this.wrong?.field === field ? this.wrong.why : "";
    return html`<div class="rule-row" data-field=${field} data-layer=${layer} ?data-wrong=${Boolean(wrong)}>
      <div class="what">${control(field, holds[field], where)}${wrong ? html`<p class="told" role="alert">${icon("late")}${wrong}</p>` : nothing}</div>
      <span class="layer" title=${say("from_layer", { layer: say(`layer_${layer}`) })}>${say(`layer_${layer}`)}</span>
      ${field in this.own ? html`<button type="button" class="btn" data-kind="line" name="back" aria-label=${say("give_back_to", { field: told(field), layer: say(`layer_${lower}`), value })} title=${value} @click=${() => this.#put(field, undefined)}>${icon("undo")}${say("give_back")}</button>` : html`<span></span>`}
    </div>`;
  }

  /** The sentence of this rule, with its chime. */
  #trial() {
    const { rule, scope, templates } = this.#asked;
    const holds = holding(rule, scope, this.own);
    const template = templates.find(({ id }) => id === holds.template_id);
    const asks = template ? { template_id: template.id, params: tried(template.parameters, {}, this.kind), one_as_yao: holds.one_as_yao } : null;
    return html`<section class="trial"><div class="fields"><p class="lead">${say("as_desk")}</p>
        ${choice("place_kind", say("place_kind"), Object.keys(PLACES).map((one) => [one, told(`place_${one}`)]), this.kind, (one) => (this.kind = one))}</div>
      <sentence-preview .asks=${asks} .sound=${holds.sound}></sentence-preview>
      <div class="do">${holds.sound === "none" ? nothing : html`<button type="button" class="btn" data-kind="line" name="chime" @click=${() => mouth.say({ sound: holds.sound, language: "zh" })}>${icon("bell")}${say("hear_sound")}</button>`}
        ${template && scope === "shop" ? html`<button type="button" class="btn" data-kind="line" name="there" @click=${() => this.#tryThere(template)}>${icon("speaker")}${say("there", { channel: told(rule.channel) })}</button>` : nothing}</div></section>`;
  }

  /** Say it on the shop's own devices: a call like any, and people hear it. @param {import("./sentences.js").Template} template */
  async #tryThere(template) {
    const { rule, shop } = this.#asked;
    const where = { shop: name(shop.name), channel: told(rule.channel) };
    if (!(await ask(say("sure_there", where), say("there", where)))) return;
    const body = { shop_id: shop.id, channel: rule.channel, params: tried(template.parameters, {}, this.kind) };
    const answer = await askHouse("POST", `/v1/im/templates/${template.id}/trial`, body);
    if (!answer.ok) return tell(whyNot(answer), "refused");
    const { state, devices, online } = answer.body;
    tell(say(`there_${/** @type {"queued"} */ (state)}`, { ...where, n: devices, on: online ?? "?" }), state === "queued" ? "ok" : "refused");
  }

  #also() {
    const { shops, shop } = this.#asked;
    const others = shops.filter(({ id }) => id !== shop.id);
    if (!others.length) return nothing;
    return html`<h3>${say("also")}</h3><p class="lead">${say("also_lead")}</p>
      ${others.length > 1 ? html`<button type="button" class="btn" data-kind="line" name="all_shops" @click=${() => this.#tickAll()}>${say("all_shops", { n: others.length })}</button>` : nothing}
      <div class="fields"><div class="ticks whole">${others.map((one) => this.#tick(one, name(one.name)))}</div></div>`;
  }

  #deviating() {
    const own = this.others.filter(({ change }) => Object.keys(change).length);
    const rows = own.map((one) => ({ one, shop: this.#asked.shops.find(({ id }) => id === one.shop_id) })).filter(({ shop }) => shop);
    if (!rows.length) return nothing;
    return html`<h3>${say("deviate")}</h3>
      <div class="fields"><div class="ticks whole">${rows.map(({ one, shop }) => shop && this.#tick(shop, say("follow", { shop: name(shop.name), fields: listed(Object.keys(one.change).map(told)) })))}</div></div>`;
  }

  /** @param {Shop} shop @param {string} words */
  #tick(shop, words) {
    return html`<label class="tick"><input type="checkbox" name="shops" value=${shop.id} />${words}</label>`;
  }

  /** All of them, or none when all are. */
  #tickAll() {
    const ticks = /** @type {HTMLInputElement[]} */ ([...this.querySelectorAll("input[name=shops]")]);
    const all = ticks.every((one) => one.checked);
    for (const one of ticks) one.checked = !all;
  }

  #past() {
    const { event, rule, scope, shop } = this.#asked;
    const look = async (/** @type {Event} */ toggled) => {
      if (!(/** @type {HTMLDetailsElement} */ (toggled.target).open) || this.history) return;
      const answer = await askHouse("GET", `/v1/im/rules/${event}/${rule.channel}/history?shop_id=${scope === "shop" ? shop.id : 0}`);
      this.history = answer.ok ? answer.body.changes : [];
    };
    return html`<details class="past" @toggle=${look}><summary>${say("history")}</summary>
      ${this.history?.length ? html`<ol>${this.history.map((one) => html`<li><b>${say("by", { who: one.by, when: moment(one.at_ms) })}</b> ${this.#changeWords(one.change)}</li>`)}</ol>` : this.history ? html`<p class="lead">${say("no_history")}</p>` : nothing}</details>`;
  }

  /** @param {Change} change */
  #changeWords(change) {
    const said = Object.entries(change).map(([field, value]) => `${told(field)}: ${valueWords(/** @type {Field} */ (field), value, this.#asked.templates)}`);
    return said.length ? listed(said) : say("gave_all");
  }

  // ── saving: here, then in the shops that were ticked ──

  async #save() {
    const { event, rule, scope, shop, shops } = this.#asked;
    const ticks = /** @type {HTMLInputElement[]} */ ([...this.querySelectorAll("input[name=shops]")]);
    const ticked = ticks.filter((one) => one.checked).map((one) => Number(one.value));
    const chosen = shops.filter(({ id }) => ticked.includes(id));
    const laid = laidOver(ownOf(rule, scope), this.own);
    const changed = fieldsOf(laid).length > 0;
    const there = changed ? laid : { set: this.own, back: [] };
    const about = { event: told(event), channel: told(rule.channel) };
    if (!changed && !chosen.length) return this.#close(say("unchanged"));
    if (chosen.length) {
      const sentence = scope === "shop" ? "sure_shops" : "sure_follow";
      if (!(await ask(say(sentence, { ...about, n: chosen.length, shops: listed(chosen.map((one) => name(one.name))), fields: listed(fieldsOf(there).map(told)) }), say("do_it")))) return;
    }
    if (changed && !(await this.#here(scope === "shop" ? shop.id : 0))) return;
    if (chosen.length) await this.#elsewhere(chosen, scope === "shop" ? (own) => withLaid(own, there) : () => ({}));
    this.#close(changed ? say("saved", about) : "");
  }

  /** @param {number} shopId 0: the brand's default */
  async #here(shopId) {
    const { event, rule, scope } = this.#asked;
    const answer = await askHouse("PUT", `/v1/im/rules/${event}?shop_id=${shopId}`, { channel: rule.channel, change: this.own, version: versionOf(rule, scope) });
    if (answer.ok) return true;
    const field = /^change\.(\w+)/.exec(answer.facts.field ?? "")?.[1] ?? (answer.code.startsWith("template") ? "template_id" : "");
    if (field) this.wrong = { field, why: answer.code === "bad_field" ? say("wrong_field") : whyNot(answer) };
    tell(field ? `${told(field)}: ${whyNot(answer)}` : whyNot(answer), "refused");
    return false;
  }

  /** @param {Shop[]} shops @param {(own: Change) => Change} otherwise what a shop says from now on */
  async #elsewhere(shops, otherwise) {
    const { event, rule } = this.#asked;
    await this.#readOthers();
    let done = 0;
    for (const shop of shops) {
      const theirs = this.others.find(({ shop_id }) => shop_id === shop.id);
      const body = { channel: rule.channel, change: otherwise(theirs?.change ?? {}), version: theirs?.version ?? 0 };
      const answer = await patiently(() => askHouse("PUT", `/v1/im/rules/${event}?shop_id=${shop.id}`, body));
      if (answer.ok) done += 1;
      else tell(say("not_in", { shop: name(shop.name), why: whyNot(answer) }), "refused");
    }
    if (done) tell(say("in_shops", { done }));
  }

  /** @param {string} words */
  #close(words) {
    if (words) tell(words);
    this.dispatchEvent(new Event("saved"));
  }
}

/** Ask again when the house wants it slower: a brand may have hundreds of shops. @param {() => Promise<import("../link/house.js").Told>} asks */
async function patiently(asks) {
  for (let tries = 1; ; tries += 1) {
    const answer = await asks();
    if (answer.ok || answer.code !== "rate_limited" || tries === TRIES_MAX) return answer;
    await new Promise((done) => window.setTimeout(done, 1000 * (answer.facts.retry_after_s ?? 1)));
  }
}

customElements.define("rule-form", RuleForm);
