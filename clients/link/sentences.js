// Where a sentence's sound comes from: the house's recording, fetched once, or the browser's own voice.
// Refuses to queue and to chime. What cannot be had within its time is given up: text on the screen remains.

/** @typedef {import("./voice.js").Voice} Voice */
/** @typedef {import("./voice.js").Playing} Playing */

const FETCH_MS_MAX = 4_000;
const KEPT_MAX = 24; // a sentence of five seconds is a megabyte once it is decoded
const BROWSER_MS_FIRST = 4_000;
const BROWSER_MS_PER_SIGN = 400;
const BROWSER_MS_MAX = 14_000; // some browsers' voices stop at about 15 s and never say so

export class Sentences {
  #voice;
  /** Address → sound, newest last. @type {Map<string, Promise<AudioBuffer | null>>} */
  #kept = new Map();

  /** @param {Voice} voice */
  constructor(voice) {
    this.#voice = voice;
  }

  /** The recording at an address, or null when it cannot be had. @param {string | undefined} url */
  recording(url) {
    if (!url) return Promise.resolve(null);
    const kept = this.#kept.get(url) ?? this.#fetch(url);
    this.#kept.delete(url);
    this.#kept.set(url, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MAX) break;
      this.#kept.delete(oldest);
    }
    return kept;
  }

  /** @param {string} url @returns {Promise<AudioBuffer | null>} */
  async #fetch(url) {
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), FETCH_MS_MAX);
    try {
      const answer = await fetch(url, { signal: stop.signal });
      if (!answer.ok) throw new Error(`${answer.status} for ${url}`);
      return await this.#voice.decode(await answer.arrayBuffer());
    } catch (error) {
      console.warn("no recording of a sentence, the next best voice says it", error);
      this.#kept.delete(url); // the next ring may find it
      return null;
    } finally {
      window.clearTimeout(timer);
    }
  }

  /** The browser's voice for a language, one of its own before one from afar; null without. @param {"zh" | "en"} lang */
  browserVoice(lang) {
    const voices = "speechSynthesis" in window ? speechSynthesis.getVoices() : [];
    const fit = voices.filter((one) => one.lang.toLowerCase().startsWith(lang));
    return fit.find((one) => one.localService) ?? fit[0] ?? null;
  }

  /** Begin to say a sentence with the browser's voice; null without one. @param {string} text @param {"zh" | "en"} lang @returns {Playing | null} */
  browser(text, lang) {
    const voice = this.browserVoice(lang);
    if (!voice || !text) return null;
    const said = new SpeechSynthesisUtterance(text);
    said.voice = voice;
    said.lang = voice.lang;
    /** @type {Promise<void>} */
    const ended = new Promise((done, failed) => {
      said.onend = () => done();
      said.onerror = ({ error }) => failed(new Error(`the browser's voice: ${error}`));
    });
    speechSynthesis.cancel(); // one that hangs would keep this one waiting for ever
    speechSynthesis.speak(said);
    const ms = Math.min(BROWSER_MS_FIRST + text.length * BROWSER_MS_PER_SIGN, BROWSER_MS_MAX);
    return { durationS: ms / 1000, ended, stop: () => speechSynthesis.cancel() };
  }
}
