// What a screen shows of its voice: a line in large letters while it speaks, and the state of its sound, which is also
// the button of its test. Refuses to make sound.

import { Part } from "./elements.js";
import { name } from "./i18n.js";
import { icon } from "./icons.js";
import { html, nothing } from "./vendor/lit.js";
import { say } from "./words.js";

/** @typedef {import("./speaker.js").Speaker} Speaker */
/** @typedef {import("./frames.d.ts").Utterance} Utterance */

const SILENCE = 0.002; // below this the way out carried nothing; a chime reaches 0.3

/** What the test of the sound found, in words. @param {Speaker} speaker */
export function testWords({ soundTest: { found, running } }) {
  if (running) return say("testing");
  if (!found) return "";
  if (found.level < SILENCE) return say("heard_nothing");
  return say(found.means === "recording" ? "heard_recording" : found.means === "browser" ? "heard_browser" : "heard_text");
}

/** On, blocked or muted; a press tests it. */
class SoundState extends Part {
  static properties = { speaker: { attribute: false }, key: {} };

  constructor() {
    super();
    /** @type {Speaker | null} */
    this.speaker = null;
    /** The key that tests it, if the page has one. @type {string} */
    this.key = "";
  }

  subscribe() {
    return this.speaker ? [this.speaker.changed.on(() => this.requestUpdate())] : [];
  }

  render() {
    const { speaker } = this;
    if (!speaker) return nothing;
    const loud = speaker.voice.state === "on" && !speaker.muting.current;
    const word = say(speaker.muting.current ? "muted" : loud ? "sound_on" : "sound_off");
    return html`<button class="sound" data-sound=${loud ? "on" : "off"} title=${say("sound_test")} @click=${() => void speaker.soundTest.run()}>
      ${this.key ? html`<key-cap .key=${this.key}></key-cap>` : nothing}${icon(loud ? "speaker" : "silent")}<span class="word">${word}</span>
    </button>`;
  }
}

/** What is being said, in large letters; also what the test of the sound found. */
class SpokenLine extends Part {
  static properties = { speaker: { attribute: false }, hides: { attribute: false } };

  constructor() {
    super();
    /** @type {Speaker | null} */
    this.speaker = null;
    /** What the page shows anyway. @type {(utterance: Utterance) => boolean} */
    this.hides = () => false;
  }

  subscribe() {
    return this.speaker ? [this.speaker.changed.on(() => this.requestUpdate())] : [];
  }

  render() {
    if (!this.speaker) return nothing;
    const { caption } = this.speaker;
    const found = testWords(this.speaker);
    const text = found || (caption && !this.hides(caption) ? name(caption.text) : "");
    if (!text) return nothing;
    return html`<p class="spoken" role="status" ?data-long=${widthOf(text) > LONG}>${icon("speaker")}<span>${text}</span></p>`;
  }
}

/** How wide a text is, in 汉字. @param {string} text */
const widthOf = (text) => [...text].reduce((sum, sign) => sum + (sign < "⺀" ? 0.55 : 1), 0);
const LONG = 28;

customElements.define("sound-state", SoundState);
customElements.define("spoken-line", SpokenLine);
