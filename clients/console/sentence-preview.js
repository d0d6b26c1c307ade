// What a sentence says, as it is typed: shown and read aloud in both languages, and said as a cash desk would say it.
// Refuses to guess: the house's own reading is asked for, and what it refuses is handed to the form.

import { Part } from "../link/elements.js";
import { askHouse } from "../link/house.js";
import { lang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say } from "./broadcast-words.js";
import { whyNot } from "./room.js";
import { mouth } from "./say-it.js";

/** @typedef {import("./say-it.js").Lang} Lang */
/** @typedef {{words: {shown: Record<Lang, string>, spoken: Record<Lang, string>}, audio: Partial<Record<Lang, string>>}} Preview */
/** @typedef {{code: string, sentence: string, facts: any}} Refused */

const PAUSE_MS = 250; // between a key and the question
const LANGUAGES = /** @type {Lang[]} */ (["zh", "en"]);

class SentencePreview extends Part {
  static properties = { asks: { attribute: false }, sound: {}, only: { attribute: false }, refused: { attribute: false }, told: { state: true }, wrong: { state: true }, heard: { state: true } };
  #timer = 0;
  #asked = "";

  constructor() {
    super();
    /** What the door of previews is asked; null: there is no sentence. @type {object | null} */
    this.asks = null;
    this.sound = "none";
    /** Languages that have words. @type {Lang[]} */
    this.only = LANGUAGES;
    /** Told what the house refuses, and null when it does not. @type {((refused: Refused | null) => void) | null} */
    this.refused = null;
    /** @type {Preview | null} */
    this.told = null;
    this.wrong = "";
    /** How it was heard last. @type {Exclude<import("./say-it.js").Heard, "stopped"> | ""} */
    this.heard = "";
  }

  subscribe() {
    return [mouth.changed.on(() => this.requestUpdate()), () => mouth.stop(), () => window.clearTimeout(this.#timer)];
  }

  willUpdate() {
    const asked = JSON.stringify(this.asks);
    if (asked === this.#asked) return;
    const pause = this.#asked ? PAUSE_MS : 0;
    this.#asked = asked;
    this.heard = "";
    window.clearTimeout(this.#timer);
    if (this.asks) this.#timer = window.setTimeout(() => this.#ask(asked), pause);
    else this.told = null;
  }

  /** @param {string} asked */
  async #ask(asked) {
    const told = await askHouse("POST", "/v1/im/previews", this.asks ?? {});
    if (asked !== this.#asked) return;
    if (told.ok) this.told = told.body;
    this.wrong = told.ok ? "" : whyNot(told);
    this.refused?.(told.ok ? null : told);
  }

  render() {
    if (!this.asks) return html`<p class="lead">${say("no_sentence")}</p>`;
    return html`<div class="said" data-wrong=${this.wrong ? "" : nothing} aria-live="polite">
      ${this.told ? LANGUAGES.filter((one) => this.only.includes(one)).map((one) => this.#line(one)) : nothing}
      ${this.wrong && !this.refused ? html`<p class="told">${icon("late")}${this.wrong}</p>` : nothing}
      ${this.heard ? html`<p class="came" role="status" data-as=${this.heard === "recording" || this.heard === "chime" ? "ok" : "soon"}>${icon(this.heard === "blocked" || this.heard === "silent" ? "silent" : "speaker")}${say(`heard_${this.heard}`)}</p>` : nothing}
    </div>`;
  }

  /** @param {Lang} language */
  #line(language) {
    const { words, audio } = /** @type {Preview} */ (this.told);
    const spoken = words.spoken[language];
    const saying = mouth.saying !== null && mouth.saying.audio === audio[language] && mouth.saying.spoken === spoken;
    return html`<div class="line" lang=${language === "zh" ? "zh-CN" : "en"}>
      <p class="shown">${words.shown[language]}</p><p class="lead">${say("aloud")}${lang() === "zh" ? "：" : ": "}${spoken}</p>
      <button type="button" class="btn" name=${`say_${language}`} ?disabled=${Boolean(this.wrong)} @click=${() => (saying ? mouth.stop() : this.#say(language))}>
        ${icon(saying ? "close" : "speaker")}${say(saying ? "stop" : `say_${language}`)}</button>
    </div>`;
  }

  /** @param {Lang} language */
  async #say(language) {
    const { words, audio } = /** @type {Preview} */ (this.told);
    this.heard = "";
    const asked = this.#asked;
    const heard = await mouth.say({ sound: this.sound, audio: audio[language], spoken: words.spoken[language], language });
    if (asked === this.#asked && heard !== "stopped") this.heard = heard;
  }
}

customElements.define("sentence-preview", SentencePreview);
