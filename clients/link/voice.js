// The page's sound: short chimes made in code, and recorded sentences, on one clock and through one way out that is
// listened to. Tells whether the browser lets it be heard. Refuses to decide what sounds, when, and to fetch files.

import { Signal } from "./signal.js";

/** @typedef {"new" | "round" | "ring" | "rush" | "cancelled" | "notice" | "lost"} Sound */
/** @typedef {"starting" | "on" | "blocked" | "none"} VoiceState */
/** @typedef {{durationS: number, ended: Promise<void>, stop: () => void}} Playing */

/** [Hz, starts after s, lasts s, wave]; a cook tells them apart with his back to the screen. @type {Record<Sound, [number, number, number, OscillatorType][]>} */
const SOUNDS = {
  new: [[784, 0, 0.18, "triangle"], [1047, 0.16, 0.18, "triangle"], [1319, 0.32, 0.4, "triangle"]],
  round: [[1047, 0, 0.14, "triangle"], [1047, 0.2, 0.3, "triangle"]],
  ring: [[1319, 0, 0.12, "sine"], [1047, 0.14, 0.12, "sine"], [1319, 0.28, 0.12, "sine"], [1047, 0.42, 0.4, "sine"]],
  rush: [[1175, 0, 0.1, "square"], [1175, 0.14, 0.1, "square"], [1568, 0.28, 0.3, "square"]],
  cancelled: [[659, 0, 0.2, "square"], [440, 0.22, 0.4, "square"]],
  notice: [[880, 0, 0.12, "sine"], [659, 0.14, 0.3, "sine"]],
  lost: [[196, 0, 0.35, "sawtooth"], [165, 0.4, 0.5, "sawtooth"]],
};
const LOUDNESS = { triangle: 0.9, sine: 0.9, square: 0.35, sawtooth: 0.4, custom: 0 };
const START_MS_MAX = 700; // a context that may play runs within a few ms; one that may not never does
const LEAD_S = 0.02;

export class Voice {
  /** @type {VoiceState} */
  state = "starting";
  /** The browser let sound through, or does not any more. @type {Signal<VoiceState>} */
  changed = new Signal();

  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AnalyserNode | null} */
  #out = null;
  /** @type {GainNode | null} */
  #loudness = null;
  #volume = 1;

  /** Ask the browser for sound; what it says comes as `state`. */
  start() {
    if (!("AudioContext" in window)) return this.#become("none");
    this.#context = new AudioContext();
    this.#out = new AnalyserNode(this.#context, { fftSize: 2048 });
    this.#loudness = new GainNode(this.#context, { gain: this.#volume });
    this.#out.connect(this.#loudness).connect(this.#context.destination);
    this.#context.onstatechange = () => this.#look();
    window.setTimeout(() => this.#look(true), START_MS_MAX);
    this.#look();
  }

  /** Give the browser's sound back: the page goes. */
  stop() {
    if (this.#context) this.#context.onstatechange = null;
    void this.#context?.close();
    this.#context = this.#out = this.#loudness = null;
  }

  /** How loud from now on, 0 to 1: behind what is listened to, so a quiet screen still knows that it played. @param {number} volume */
  setVolume(volume) {
    this.#volume = volume;
    if (this.#loudness) this.#loudness.gain.value = volume;
  }

  /** Call from a touch or a key: only those may open the sound. */
  async unlock() {
    await this.#context?.resume();
    this.#look();
  }

  /** Seconds on the clock that sound is played by. */
  nowS() {
    return this.#context?.currentTime ?? 0;
  }

  /** How loud the way out is just now, 0 to 1: the largest of the last 2,048 samples. */
  level() {
    if (!this.#out) return 0;
    const samples = new Float32Array(this.#out.fftSize);
    this.#out.getFloatTimeDomainData(samples);
    return samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  }

  /** Play one chime now; null when nobody can hear it. @param {Sound} sound @returns {Playing | null} */
  chime(sound) {
    if (!this.#context || !this.#out || this.state !== "on") return null;
    const [context, out] = [this.#context, this.#out];
    const start = context.currentTime + LEAD_S;
    const gain = new GainNode(context);
    gain.connect(out);
    const notes = SOUNDS[sound].map(([hz, after, lasts, wave]) => tone(gain, { hz, wave, start: start + after, lasts }));
    const durationS = Math.max(...SOUNDS[sound].map(([, after, lasts]) => after + lasts)) + LEAD_S;
    const all = notes.map((note) => new Promise((done) => (note.onended = () => done(undefined))));
    return {
      durationS,
      ended: Promise.all(all).then(() => gain.disconnect()),
      stop: () => notes.forEach((note) => note.stop()),
    };
  }

  /** Play a recorded sentence now; null when nobody can hear it. @param {AudioBuffer} buffer @returns {Playing | null} */
  clip(buffer) {
    if (!this.#context || !this.#out || this.state !== "on") return null;
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#out);
    /** @type {Promise<void>} */
    const ended = new Promise((done) => (source.onended = () => done()));
    source.start();
    return { durationS: buffer.duration, ended, stop: () => source.stop() };
  }

  /** Make bytes of a sound file into something that can be played. @param {ArrayBuffer} bytes */
  async decode(bytes) {
    if (!this.#context) throw new Error("there is no sound on this page");
    return this.#context.decodeAudioData(bytes);
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

/** The chime of this name; a name of a newer house sounds as a notice. @param {string} name @returns {Sound | null} */
export const soundNamed = (name) =>
  name === "none" || !name ? null : name in SOUNDS ? /** @type {Sound} */ (name) : "notice";

/**
 * One note that swells and fades, so that it does not click.
 * @param {GainNode} out
 * @param {{hz: number, wave: OscillatorType, start: number, lasts: number}} note
 */
function tone(out, { hz, wave, start, lasts }) {
  const { context } = out;
  const oscillator = new OscillatorNode(context, { frequency: hz, type: wave });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(LOUDNESS[wave], start + 0.012);
  gain.gain.exponentialRampToValueAtTime(0.001, start + lasts);
  oscillator.connect(gain).connect(out);
  oscillator.start(start);
  oscillator.stop(start + lasts);
  return oscillator;
}
