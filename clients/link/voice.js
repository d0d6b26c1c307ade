// Short sounds made in code: no files, nothing to fetch. Tells whether the browser lets them be heard.
// Five that a cook tells apart with his back to the screen. Refuses to speak words and to decide when.

import { Signal } from "./signal.js";

/** @typedef {"new" | "round" | "cancelled" | "ring" | "lost"} Sound */
/** @typedef {"starting" | "on" | "blocked" | "none"} VoiceState */

/** [Hz, starts after s, lasts s, wave] @type {Record<Sound, [number, number, number, OscillatorType][]>} */
const SOUNDS = {
  new: [[784, 0, 0.18, "triangle"], [1047, 0.16, 0.18, "triangle"], [1319, 0.32, 0.4, "triangle"]],
  round: [[1047, 0, 0.14, "triangle"], [1047, 0.2, 0.3, "triangle"]],
  cancelled: [[659, 0, 0.2, "square"], [440, 0.22, 0.4, "square"]],
  ring: [[1319, 0, 0.12, "sine"], [1047, 0.14, 0.12, "sine"], [1319, 0.28, 0.12, "sine"], [1047, 0.42, 0.4, "sine"]],
  lost: [[196, 0, 0.35, "sawtooth"], [165, 0.4, 0.5, "sawtooth"]],
};
const LOUDNESS = { triangle: 0.9, sine: 0.9, square: 0.35, sawtooth: 0.4, custom: 0 };
const START_MS_MAX = 700; // a context that may play runs within a few ms; one that may not never does
const GAP_S = 0.25;

export class Voice {
  /** @type {VoiceState} */
  state = "starting";
  /** The browser let sound through, or does not any more. @type {Signal<VoiceState>} */
  changed = new Signal();

  /** @type {AudioContext | null} */
  #context = null;
  #busyUntilS = 0;

  /** Ask the browser for sound; what it says comes as `state`. */
  start() {
    if (!("AudioContext" in window)) return this.#become("none");
    this.#context = new AudioContext();
    this.#context.onstatechange = () => this.#look();
    window.setTimeout(() => this.#look(true), START_MS_MAX);
    this.#look();
  }

  /** Give the browser's sound back: the page goes. */
  stop() {
    if (this.#context) this.#context.onstatechange = null;
    void this.#context?.close();
    this.#context = null;
  }

  /** Call from a touch or a key: only those may open the sound. */
  async unlock() {
    await this.#context?.resume();
    this.#look();
  }

  /** Play one sound after those still playing; false when nobody can hear it. @param {Sound} sound */
  play(sound) {
    const context = this.#context;
    if (!context || this.state !== "on") return false;
    const start = Math.max(context.currentTime + 0.02, this.#busyUntilS);
    if (start > context.currentTime + 3) return false; // a burst: three seconds of chimes say enough
    let end = start;
    for (const [hz, after, lasts, wave] of SOUNDS[sound]) {
      tone(context, { hz, wave, start: start + after, lasts });
      end = Math.max(end, start + after + lasts);
    }
    this.#busyUntilS = end + GAP_S;
    return true;
  }

  #look(waited = false) {
    const state = this.#context?.state;
    if (state === "running") this.#become("on");
    else if (waited || this.state !== "starting") this.#become("blocked");
  }

  /** @param {VoiceState} state */
  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.changed.emit(state);
  }
}

/**
 * One note that swells and fades, so that it does not click.
 * @param {AudioContext} context
 * @param {{hz: number, wave: OscillatorType, start: number, lasts: number}} note
 */
function tone(context, { hz, wave, start, lasts }) {
  const oscillator = new OscillatorNode(context, { frequency: hz, type: wave });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(LOUDNESS[wave], start + 0.012);
  gain.gain.exponentialRampToValueAtTime(0.001, start + lasts);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + lasts);
  oscillator.onended = () => gain.disconnect();
}
