// What a screen says aloud: takes what was announced, plays one thing after the other (chime, then the house's recording,
// else the browser's voice, else large text), and tells the gateway what became of it.
// Which is next: speech-queue.js. Refuses to repeat, to say what is late, and to speak when another screen speaks for its kind.

import { tellAudible } from "./audible.js";
import { clock } from "./clock.js";
import { concerns } from "./concerns.js";
import { lang } from "./i18n.js";
import { MuteSwitch } from "./mute.js";
import { QuietHours } from "./quiet-hours.js";
import { Receipts } from "./receipts.js";
import { Sentences } from "./sentences.js";
import { Signal } from "./signal.js";
import { SoundTest } from "./sound-test.js";
import { QUEUED_MAX, SpeechQueue } from "./speech-queue.js";
import { soundNamed, Voice } from "./voice.js";

/**
 * @typedef {import("./frames.d.ts").Event} Event
 * @typedef {import("./frames.d.ts").HeardStage} HeardStage
 * @typedef {import("./frames.d.ts").Utterance} Utterance
 * @typedef {import("./frames.d.ts").View} View
 * @typedef {import("./screen.js").Screen} Screen
 * @typedef {import("./voice.js").Playing} Playing
 * @typedef {import("./voice.js").Sound} Sound
 * @typedef {"" | "recording" | "browser" | "text"} Means
 * @typedef {import("./speech-queue.js").Line & {
 *   sound: Sound | null, utterance: Utterance | null, means: Means, stopped: boolean, playing: Playing | null,
 * }} Entry one thing to be heard; without an utterance a chime of the page's own
 */

/** Each speaks for itself; of the other kinds one screen speaks for all of a shop. */
const PERSONAL = new Set(["waiter", "guest"]);

const REFRESH = 2;
const NOTIFY = 3;
const TEXT_MS = 6_000; // a line is read twice in that time
const TEXT_MS_MIN = 2_000; // while others wait
const WATCHDOG_MS = 2_000; // beyond a sound's own length
const CHIME_KEPT_MS = 3_000; // a chime that comes later says nothing
const CHOOSING_MS_MAX = 4_000; // a screen that just came is chosen within a round trip to Redis
const CHIMED_MS = 5_000; // the page's own chime stands for that of the sentence that follows
/** Chimes of the page's own: how urgent. @type {Record<Sound, number>} */
const URGENCY = { lost: 0, cancelled: 0, rush: 1, ring: 2, new: 3, round: 3, notice: 4 };

export class Speaker {
  /** What is being heard now. @type {Entry | null} */
  saying = null;
  /** What stands in large letters just now. @type {Utterance | null} */
  caption = null;
  /** What the house said last, by a recording. @type {Utterance | null} */
  last = null;
  /** Something of the above changed: paint. @type {Signal<void>} */
  changed = new Signal();
  /** Something began or ended to be heard, by the sound's own clock. @type {Signal<{what: "began" | "ended", entry: Entry, atS: number, stage: HeardStage | null}>} */
  spoke = new Signal();

  voice = new Voice();
  quiet = new QuietHours();
  sentences = new Sentences(this.voice);
  /** @type {SpeechQueue<Entry>} */
  queue = new SpeechQueue();
  soundTest = new SoundTest(this);

  #screen;
  /** Whether this screen speaks for its kind; null: the gateway has not said yet. @type {boolean | null} */
  #chosen = null;
  /** What came before it said. @type {Entry[]} */
  #unsaid = [];
  #textTimer = 0;
  /** When the page's own chimes were last heard. @type {Map<Sound, number>} */
  #chimedAtMs = new Map();

  /** @param {Screen} screen @param {{mutes?: boolean}} [page] whether people may mute it */
  constructor(screen, { mutes = false } = {}) {
    this.#screen = screen;
    this.receipts = new Receipts(screen.link);
    this.muting = new MuteSwitch(mutes);
    screen.speaker = this;
  }

  /** Speak from now on; returns the end of it. */
  listen() {
    const ends = [
      this.#screen.link.frames.on((frame) => frame.t === "voice" && this.#choose(frame.speaks)),
      this.#screen.happened.on((event) => this.#hear(event)),
      this.voice.changed.on(() => this.#opened()),
      this.receipts.listen(),
      tellAudible(this, this.#screen.link),
      this.quiet.listen(this.#screen.link),
      clock.onTick(() => this.#tick()),
    ];
    this.voice.start();
    return () => {
      ends.forEach((end) => end());
      this.saying?.playing?.stop();
      this.voice.stop();
    };
  }

  /** Whether this screen is the one that speaks for its kind. */
  get speaks() {
    return this.#chosen === true || PERSONAL.has(this.#screen.view?.device.kind ?? "");
  }

  /**
   * Let a chime of the page's own be heard, after what is being heard now; whether anybody can hear it.
   * @param {Sound} sound @param {import("./frames.d.ts").CallEvent | null} [about] what the shop's quiet hours are asked for
   * @returns {"played" | "blocked" | "muted"}
   */
  chime(sound, about = null) {
    if (this.muting.holds || this.quiet.holds(about)) return "muted";
    if (this.voice.state !== "on") return "blocked";
    if (!this.queue.lines.some((line) => !line.utterance && line.sound === sound)) {
      const nowMs = clock.nowMs();
      this.#enqueue(entryOf({
        call_id: 0, ring: 0, priority: URGENCY[sound], at_ms: nowMs, expires_at_ms: nowMs + CHIME_KEPT_MS,
      }, sound, null));
    }
    return "played";
  }

  /** Be silent for so long; what is being said stops. @param {number} ms @param {string} why */
  mute(ms, why) {
    this.muting.on(ms, why);
    this.#tell(this.queue.take(() => true), "muted");
    this.#stop("muted");
    this.changed.emit();
  }

  unmute() {
    this.muting.off();
    this.changed.emit();
  }

  /** Say a sentence of the page's own, as soon as may be. @param {Utterance} utterance @returns {Entry} */
  sayNow(utterance) {
    const entry = entryOf(utterance, soundNamed(utterance.sound), utterance);
    this.#enqueue(entry);
    return entry;
  }

  // ── what comes in ──

  /** The first screen of a kind says what came while it was being chosen: nobody else did. @param {boolean} speaks */
  #choose(speaks) {
    this.#chosen = speaks;
    if (speaks) for (const entry of this.#justCame()) this.#due(entry);
    this.#unsaid = [];
    this.changed.emit();
  }

  #justCame = () => this.#unsaid.filter((entry) => clock.nowMs() - entry.at_ms < CHOOSING_MS_MAX);

  /** @param {Event} event */
  #hear(event) {
    if (event.kind === "Announced") this.#announced(event.utterance);
    else if (event.kind === "CallEnded" || event.kind === "CallClaimed") this.#over(event.call_id);
  }

  /** @param {Utterance} utterance */
  #announced(utterance) {
    const { view } = this.#screen;
    if (!view || !concerns(view, utterance) || !this.queue.isNew(utterance)) return;
    const entry = entryOf(utterance, soundNamed(utterance.sound), utterance);
    if (utterance.msg_type === REFRESH) {
      this.#tell([entry], "shown");
      return this.#screen.changed.emit();
    }
    if (utterance.expires_at_ms <= clock.nowMs()) return this.#tell([entry], "failed");
    if (!this.speaks) {
      if (this.#chosen === null) this.#unsaid = [...this.#justCame(), entry].slice(-QUEUED_MAX);
      if (utterance.msg_type === NOTIFY) this.#show(utterance, TEXT_MS);
    } else this.#due(entry);
  }

  /** A sentence that this screen is to say. @param {Entry} entry */
  #due(entry) {
    const utterance = /** @type {Utterance} */ (entry.utterance);
    if (this.muting.holds) {
      this.#show(utterance, TEXT_MS); // a mute never hides text
      return this.#tell([entry], "muted");
    }
    if (this.voice.state === "blocked") this.#tell([entry], "blocked");
    if (utterance.msg_type !== NOTIFY) void this.sentences.recording(addressOf(utterance)); // while others speak
    this.#enqueue(entry);
  }

  /** Nothing more of a call is to be heard. @param {number} callId */
  #over(callId) {
    this.queue.take((line) => line.call_id === callId);
    this.#unsaid = this.#unsaid.filter((line) => line.call_id !== callId);
    if (this.saying?.call_id === callId) this.#stop(null);
    if (this.caption?.call_id === callId) this.#hide();
    this.changed.emit();
  }

  #opened() {
    this.changed.emit();
    if (this.voice.state === "blocked") this.#tell(this.queue.lines, "blocked");
    void this.#run();
  }

  #tick() {
    if (this.muting.current && !this.muting.holds) this.unmute();
    this.#dropLate();
  }

  #dropLate() {
    const late = this.queue.expired(clock.nowMs());
    this.#tell(late, "failed");
    if (late.length) this.changed.emit();
  }

  // ── what goes out ──

  /** @param {Entry} entry */
  #enqueue(entry) {
    const lost = this.queue.add(entry);
    if (lost) this.#tell([lost], "failed");
    this.changed.emit();
    void this.#run();
  }

  /** Say what waits, one after the other. */
  async #run() {
    if (this.saying || this.voice.state === "starting" || this.voice.state === "blocked") return;
    this.#dropLate();
    const entry = this.queue.next();
    if (!entry) return;
    this.saying = entry;
    this.changed.emit();
    this.spoke.emit({ what: "began", entry, atS: this.voice.nowS(), stage: null });
    const stage = await this.#say(entry);
    this.saying = null;
    if (stage && !entry.stopped) this.#tell([entry], stage);
    if (entry.means === "recording") this.last = entry.utterance;
    this.spoke.emit({ what: "ended", entry, atS: this.voice.nowS(), stage: entry.stopped ? null : stage });
    this.changed.emit();
    void this.#run();
  }

  /** Chime, then the sentence by the best voice there is. @param {Entry} entry @returns {Promise<HeardStage | null>} null: stopped */
  async #say(entry) {
    const { utterance } = entry;
    if (utterance) this.#show(utterance);
    const chimed = await this.#chime(entry);
    if (entry.stopped) return null;
    if (!utterance) return chimed;
    if (utterance.msg_type === NOTIFY) {
      this.#show(utterance, TEXT_MS);
      return "shown";
    }
    const recording = await this.sentences.recording(addressOf(utterance));
    if (entry.stopped) return null;
    entry.means = "recording";
    let stage = await this.#play(entry, recording && this.voice.clip(recording));
    if (stage === null && !entry.stopped) {
      entry.means = "browser";
      const language = utterance.spoken[lang()] ? lang() : "zh";
      stage = await this.#play(entry, this.sentences.browser(utterance.spoken[language], language));
    }
    if (stage === null && !entry.stopped) {
      entry.means = "text";
      return this.#read(entry, utterance);
    }
    if (this.caption === utterance) this.#hide();
    return stage;
  }

  /** The chime of an entry, unless the page itself chimed for the same thing a moment ago. @param {Entry} entry */
  async #chime(entry) {
    const { sound, utterance } = entry;
    if (!sound) return "shown";
    const kind = sound === "round" ? "new" : sound;
    if (utterance) {
      this.queue.take((line) => !line.utterance && (line.sound === "round" ? "new" : line.sound) === kind);
      const chimedAtMs = this.#chimedAtMs.get(kind);
      this.#chimedAtMs.delete(kind);
      if (chimedAtMs !== undefined && clock.nowMs() - chimedAtMs < CHIMED_MS) return "played";
    } else this.#chimedAtMs.set(kind, clock.nowMs());
    return this.#play(entry, this.voice.chime(sound));
  }

  /**
   * Wait for the end of a sound, but not for ever.
   * @param {Entry} entry @param {Playing | null} playing @returns {Promise<HeardStage | null>} null: there is no such voice
   */
  async #play(entry, playing) {
    if (!playing) return null;
    entry.playing = playing;
    let timer = 0;
    const late = new Promise((done) => {
      timer = window.setTimeout(() => done("failed"), playing.durationS * 1000 + WATCHDOG_MS);
    });
    try {
      return await Promise.race([late, playing.ended.then(() => /** @type {const} */ ("played"))]);
    } catch (error) {
      console.warn("a voice gave up", error);
      return null;
    } finally {
      window.clearTimeout(timer);
      if (entry.playing === playing) entry.playing = null;
    }
  }

  /** No voice says it: it stands in large letters. @param {Entry} entry @param {Utterance} utterance @returns {Promise<HeardStage | null>} */
  async #read(entry, utterance) {
    this.#show(utterance, TEXT_MS);
    await new Promise((done) => window.setTimeout(done, TEXT_MS_MIN));
    return entry.stopped ? null : "shown";
  }

  /** Stop what is being heard. @param {HeardStage | null} stage what to tell of it */
  #stop(stage) {
    const entry = this.saying;
    if (!entry || entry.stopped) return;
    entry.stopped = true;
    if (stage) this.#tell([entry], stage);
    entry.playing?.stop();
    if (this.caption === entry.utterance) this.#hide();
  }

  /** @param {Utterance} utterance @param {number} [ms] without: until it has been said */
  #show(utterance, ms) {
    window.clearTimeout(this.#textTimer);
    this.caption = utterance;
    if (ms) this.#textTimer = window.setTimeout(() => this.#hide(), ms);
    this.changed.emit();
  }

  #hide() {
    window.clearTimeout(this.#textTimer);
    this.caption = null;
    this.changed.emit();
  }

  /** @param {Entry[]} entries @param {HeardStage} stage */
  #tell(entries, stage) {
    this.receipts.tell(entries.map(({ call_id, ring }) => ({ call_id, ring, stage })));
  }
}

/** @param {import("./speech-queue.js").Line} line @param {Sound | null} sound @param {Utterance | null} utterance @returns {Entry} */
function entryOf({ call_id, ring, priority, at_ms, expires_at_ms }, sound, utterance) {
  return { call_id, ring, priority, at_ms, expires_at_ms, sound, utterance, means: "", stopped: false, playing: null };
}

/** Where the recording of a sentence lies, in the page's language if there is one. @param {Utterance} utterance */
const addressOf = ({ audio }) => audio[lang()] ?? audio.zh;
