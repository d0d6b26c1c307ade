// Says a sentence at the desk as a cash desk would: the chime, then the house's recording, else the browser's voice.
// Refuses to say two at once, and to claim that somebody heard what nobody could.

import { Sentences } from "../link/sentences.js";
import { Signal } from "../link/signal.js";
import { soundNamed, Voice } from "../link/voice.js";

/** @typedef {"zh" | "en"} Lang */
/** @typedef {"recording" | "browser" | "chime" | "blocked" | "silent" | "stopped"} Heard */
/** @typedef {{sound: string, audio?: string, spoken?: string, language: Lang}} Said */

const WATCHDOG_MS = 2_000; // beyond a sound's own length
const OPEN_MS_MAX = 1_000; // a browser that lets sound through after a press does so within a few ms

class Mouth {
  voice = new Voice();
  sentences = new Sentences(this.voice);
  /** Something began or ended. @type {Signal<void>} */
  changed = new Signal();
  /** What is being said. @type {Said | null} */
  saying = null;
  /** @type {import("../link/voice.js").Playing | null} */
  #playing = null;
  #turn = 0;

  /** Say it now, instead of what is being said; call it from a press, which is what opens the sound. @param {Said} said @returns {Promise<Heard>} */
  async say(said) {
    this.stop();
    const turn = ++this.#turn;
    this.saying = said;
    this.changed.emit();
    const heard = (await this.#open()) ? await this.#say(said, turn) : "blocked";
    if (turn !== this.#turn) return "stopped";
    this.saying = this.#playing = null;
    this.changed.emit();
    return heard;
  }

  stop() {
    this.#turn += 1;
    this.#playing?.stop();
    this.saying = this.#playing = null;
    this.changed.emit();
  }

  async #open() {
    if (this.voice.state === "starting") this.voice.start();
    await this.voice.unlock();
    if (this.voice.state === "starting") {
      await new Promise((done) => {
        const end = this.voice.changed.on(() => (end(), done(undefined)));
        window.setTimeout(() => (end(), done(undefined)), OPEN_MS_MAX);
      });
    }
    return this.voice.state === "on";
  }

  /** @param {Said} said @param {number} turn @returns {Promise<Heard>} */
  async #say({ sound, audio, spoken, language }, turn) {
    const recorded = this.sentences.recording(audio); // on its way while it chimes
    const chime = soundNamed(sound);
    const chimed = chime !== null && (await this.#play(this.voice.chime(chime), turn));
    if (!audio && !spoken) return chimed ? "chime" : "silent";
    const recording = await recorded;
    if (turn !== this.#turn) return "silent";
    if (recording && (await this.#play(this.voice.clip(recording), turn))) return "recording";
    if (spoken && (await this.#play(this.sentences.browser(spoken, language), turn))) return "browser";
    return "silent";
  }

  /** Whether it was heard to its end. @param {import("../link/voice.js").Playing | null} playing @param {number} turn */
  async #play(playing, turn) {
    if (!playing || turn !== this.#turn) return false;
    this.#playing = playing;
    const late = new Promise((done) => window.setTimeout(() => done(false), playing.durationS * 1000 + WATCHDOG_MS));
    const heard = await Promise.race([late, playing.ended.then(() => true, () => false)]);
    return heard === true && turn === this.#turn;
  }
}

/** The desk has one mouth. */
export const mouth = new Mouth();
