// A sentence as a form: its words in both languages, typed parameters as chips, what it says while it is typed.
// The house's own sentences are looked at and taken as a pattern. Refuses to save: the room does.

import { Part } from "../link/elements.js";
import { askHouse } from "../link/house.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { called, say, told, typeWords } from "./broadcast-words.js";
import { choice, field, listed } from "./fields.js";
import { moment, whyNot } from "./room.js";
import { HOUSE_ID_MAX, PLACES, sampleOf, tried, TYPES, uses, whole } from "./sentences.js";
import "./sentence-preview.js";
import { tell } from "./tell.js";
import { say as shared } from "./words.js";

/** @typedef {import("./sentences.js").Template} Template */
/** @typedef {import("./sentences.js").Version} Version */
/** @typedef {import("./sentence-preview.js").Refused} Refused */
/** @typedef {"zh" | "en"} Lang */

const CHARACTERS_MAX = 300;
const PARAMETERS_MAX = 20;
const LANGUAGES = /** @type {Lang[]} */ (["zh", "en"]);
const NAME = /^[A-Za-z][A-Za-z0-9]{0,31}$/;

class SentenceForm extends Part {
  static properties = { template: { attribute: false }, may: { type: Boolean }, sketch: { state: true }, typed: { state: true }, kind: { state: true }, refused: { state: true }, versions: { state: true } };
  /** @type {Template | null} */
  #of = null;
  /** Where a chip is put. @type {Lang} */
  #last = "zh";

  constructor() {
    super();
    /** What is changed; id 0: a new one. @type {Template | null} */
    this.template = null;
    /** Whether one keeps the brand's sentences. */
    this.may = false;
    /** What stands in the form. @type {Pick<Template, "name" | "parameters" | "text">} */
    this.sketch = { name: "", parameters: {}, text: { zh: "", en: "" } };
    /** Values it is tried with. @type {Record<string, string>} */
    this.typed = {};
    this.kind = "room";
    /** @type {Refused | null} */
    this.refused = null;
    /** @type {Version[] | null} */
    this.versions = null;
  }

  willUpdate() {
    if (!this.template || this.template === this.#of) return;
    this.#of = this.template;
    const { parameters, text } = this.template;
    Object.assign(this, { sketch: { name: called(this.template), parameters, text }, typed: {}, refused: null, versions: null });
  }

  get #isHouse() {
    return this.template !== null && this.template.id > 0 && this.template.id <= HOUSE_ID_MAX;
  }

  get #reads() {
    return this.#isHouse || !this.may;
  }

  /** @param {Partial<typeof this.sketch>} change */
  #put(change) {
    this.sketch = { ...this.sketch, ...change };
  }

  render() {
    if (!this.template) return nothing;
    const named = (/** @type {Event} */ event) => this.#put({ name: /** @type {HTMLInputElement} */ (event.target).value });
    return html`<form name="sentence" class="sentence" @submit=${(/** @type {Event} */ event) => (event.preventDefault(), void this.#save())}>
      ${this.#isHouse ? html`<p class="lead">${say("from_house")}</p>` : nothing}
      <div class="fields"><label class="whole">${say("name")}<input name="name" required maxlength="64" autocomplete="off" ?readonly=${this.#reads} ?autofocus=${!this.template.id} .value=${this.sketch.name} @input=${named} /></label>
        ${LANGUAGES.map((one) => this.#words(one))}</div>
      <h3>${say("parameters")}</h3>${this.#chips()}
      <h3>${say("try")}</h3><p class="lead">${say("as_desk")}</p>${this.#samples()}
      <sentence-preview .asks=${this.#asks()} .only=${LANGUAGES.filter((one) => this.sketch.text[one].trim())} sound="notice" .refused=${(/** @type {Refused | null} */ refused) => (this.refused = refused)}></sentence-preview>
      ${this.#past()}
      <div class="do">${this.#isHouse && this.may ? html`<button type="button" class="btn" data-kind="go" name="write_own" @click=${() => this.#fork()}>${icon("plus")}${say("write_own")}</button>` : nothing}
        ${this.#reads ? nothing : html`<button class="btn" data-kind="go">${shared("save")}</button>`}</div></form>`;
  }

  /** @param {Lang} language */
  #words(language) {
    const typed = (/** @type {Event} */ event) => this.#put({ text: { ...this.sketch.text, [language]: /** @type {HTMLTextAreaElement} */ (event.target).value } });
    const wrong = this.#wrongIn(language);
    return html`<label class="whole" ?data-wrong=${Boolean(wrong)}>${say(language)}<textarea name=${language} rows="2" maxlength=${CHARACTERS_MAX} lang=${language === "zh" ? "zh-CN" : "en"} ?readonly=${this.#reads}
        aria-invalid=${wrong ? "true" : "false"} .value=${this.sketch.text[language]} @input=${typed} @focus=${() => (this.#last = language)}></textarea>
      ${wrong ? html`<span class="told" role="alert">${icon("late")}${wrong}</span>` : nothing}</label>
      ${this.#unknown(language).map((name) => html`<button type="button" class="btn whole" name="make_parameter" @click=${() => this.#declare(name, "text")}>${icon("plus")}${say("make_parameter", { name: `{${name}}` })}</button>`)}`;
  }

  // ── what the house refuses, at its place ──

  /** @param {Lang} language */
  #wrongIn(language) {
    const { refused, sketch } = this;
    if (this.#reads) return "";
    if (!sketch.text[language].trim()) return sketch.text.zh.trim() || sketch.text.en.trim() ? say("wrong_empty", { language: say(language) }) : "";
    if (!refused || (refused.facts.language ?? language) !== language) return "";
    return reason(refused, language);
  }

  /** What the sentence uses without declaring it. @param {Lang} language @returns {string[]} */
  #unknown(language) {
    const { refused } = this;
    if (!refused || this.#fixed || refused.code !== "template_parameter_unknown" || refused.facts.language !== language) return [];
    return refused.facts.names.filter((/** @type {string} */ name) => NAME.test(name) && !(name in this.sketch.parameters));
  }

  /** Callers fill the parameters there are. */
  get #fixed() {
    return this.#reads || (this.template?.id ?? 0) > 0;
  }

  // ── parameters ──

  #chips() {
    const { parameters, text } = this.sketch;
    return html`<ul class="chips">${Object.entries(parameters).map(([name, type]) => html`<li data-parameter=${name} ?data-unused=${!uses(text, name)}>
        <button type="button" class="btn" name="put_in" ?disabled=${this.#reads} aria-label=${say("put_in", { name })} title=${uses(text, name) ? say("put_in", { name }) : say("unused")} @click=${() => this.#putIn(name)}>{${name}}</button>
        ${this.#reads ? html`<span>${typeWords(type)}</span>` : html`<select name="type_of" aria-label=${`${name}: ${say("type")}`} @change=${(/** @type {Event} */ event) => this.#declare(name, /** @type {HTMLSelectElement} */ (event.target).value)}>${TYPES.map((one) => html`<option value=${one} ?selected=${one === type}>${typeWords(one)}</option>`)}</select>`}
        ${this.#fixed ? nothing : html`<button type="button" class="btn" data-kind="line" name="drop" aria-label=${say("drop", { name })} @click=${() => this.#drop(name)}>${icon("close")}</button>`}</li>`)}</ul>
      ${this.#fixed ? (this.#reads ? nothing : html`<p class="lead">${say("fixed")}</p>`) : this.#adding()}`;
  }

  #adding() {
    if (Object.keys(this.sketch.parameters).length >= PARAMETERS_MAX) return nothing;
    const value = (/** @type {string} */ name) => /** @type {HTMLInputElement | HTMLSelectElement} */ (this.querySelector(`[name=${name}]`));
    const add = () => {
      const name = value("fresh_name").value.trim();
      if (!NAME.test(name)) return tell(say("wrong_name", { name }), "refused");
      this.#declare(name, value("fresh_type").value);
      this.#putIn(name);
      value("fresh_name").value = "";
    };
    const key = (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (event.preventDefault(), add());
    return html`<div class="fields adding" @keydown=${key}>${field("fresh_name", say("parameter_name"), "", { maxlength: 32 })}${choice("fresh_type", say("type"), TYPES.map((one) => [one, typeWords(one)]), "text")}
      <button type="button" class="btn" name="add_parameter" @click=${add}>${icon("plus")}${say("add_parameter")}</button></div>`;
  }

  /** @param {string} name @param {string} type */
  #declare(name, type) {
    this.#put({ parameters: { ...this.sketch.parameters, [name]: type } });
  }

  /** @param {string} name */
  #drop(name) {
    const { [name]: _, ...parameters } = this.sketch.parameters;
    this.#put({ parameters });
  }

  /** Where the cursor stood last. @param {string} name */
  #putIn(name) {
    const area = /** @type {HTMLTextAreaElement} */ (this.querySelector(`textarea[name=${this.#last}]`));
    area.setRangeText(`{${name}}`, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    this.#put({ text: { ...this.sketch.text, [this.#last]: area.value } });
  }

  // ── trying it ──

  #samples() {
    const typed = (/** @type {string} */ name) => (/** @type {Event} */ event) => (this.typed = { ...this.typed, [name]: /** @type {HTMLInputElement} */ (event.target).value });
    const { parameters } = this.sketch;
    return html`<div class="fields samples">${choice("place_kind", say("place_kind"), Object.keys(PLACES).map((one) => [one, told(`place_${one}`)]), this.kind, (one) => (this.kind = one))}
      ${Object.entries(parameters).filter(([name]) => name !== "roomName" && name !== "place").map(([name, type]) => html`<label>${name}<input name=${`try_${name}`} maxlength="100" autocomplete="off" placeholder=${sampleOf(type).zh} .value=${this.typed[name] ?? ""} @input=${typed(name)} /></label>`)}</div>`;
  }

  #asks() {
    const { name, parameters, text } = this.sketch;
    if (!text.zh.trim() && !text.en.trim()) return null;
    const params = tried(parameters, this.typed, this.kind);
    if (this.#isHouse) return { template_id: this.template?.id, params };
    return { template: { name: name.trim() || "?", parameters, text: whole(text) }, params };
  }

  // ── versions ──

  #past() {
    const { template } = this;
    if (!template?.id || this.#isHouse) return nothing;
    const look = async (/** @type {Event} */ event) => {
      if (!(/** @type {HTMLDetailsElement} */ (event.target).open) || this.versions) return;
      const answer = await askHouse("GET", `/v1/im/templates/${template.id}/versions`);
      this.versions = answer.ok ? answer.body.versions : [];
    };
    return html`<details class="past" @toggle=${look}><summary>${say("versions")}</summary>
      <ol>${(this.versions ?? []).map((one) => html`<li data-version=${one.version}><b>${say("nth", { n: one.version })}</b> <small>${say("by", { who: one.by, when: moment(one.at_ms) })}</small>
        <p lang="zh-CN">${one.text.zh}</p><p lang="en">${one.text.en}</p>
        ${this.#reads || one.version === template.version ? nothing : html`<button type="button" class="btn" name="take" @click=${() => this.#put({ text: one.text, parameters: one.parameters })}>${icon("recall")}${say("take")}</button>`}</li>`)}</ol></details>`;
  }

  /** Write one's own from the house's. */
  #fork() {
    const { name, parameters, text } = this.sketch;
    this.template = { id: 0, version: 0, name: say("own_name", { name }), parameters, text };
  }

  async #save() {
    const { template, sketch } = this;
    if (!template) return;
    const body = { ...sketch, name: sketch.name.trim(), version: template.version };
    const answer = template.id ? await askHouse("PUT", `/v1/im/templates/${template.id}`, body) : await askHouse("POST", "/v1/im/templates", body);
    if (answer.ok) {
      tell(say("template_saved", { name: body.name }));
      this.dispatchEvent(new Event("saved"));
    } else {
      this.refused = answer;
      tell(reason(answer, answer.facts.language ?? "zh"), "refused");
    }
  }
}

/** Why not, with what it is about. @param {Refused} refused @param {Lang} language */
function reason(refused, language) {
  const { code, facts } = refused;
  const about = { language: say(language) };
  if (code === "template_parameter_unknown") return say("wrong_unknown", { ...about, names: listed(facts.names.map((/** @type {string} */ one) => `{${one}}`)) });
  if (code === "template_invalid") {
    if (facts.reason === "brace") return say("wrong_brace", { ...about, at: facts.at + 1 });
    if (facts.reason === "too_long") return say("wrong_too_long", { ...about, n: facts.characters_max });
    if (facts.reason === "empty" || facts.reason === "control_character") return say(`wrong_${/** @type {"empty"} */ (facts.reason)}`, about);
    if (facts.reason === "name") return say("wrong_name", { name: facts.name });
    if (facts.reason === "too_many") return facts.templates_max ? say("many_templates", { n: facts.templates_max }) : say("many_parameters", { n: facts.parameters_max });
  }
  return whyNot({ ok: false, ...refused });
}

customElements.define("sentence-form", SentenceForm);
