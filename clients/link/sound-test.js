// The sound heard by itself: says something, listens to the way out meanwhile, and keeps what it found for a moment.
// Refuses to know how things are said: the speaker does.

import { clock } from "./clock.js";
import { say } from "./words.js";

/**
 * @typedef {import("./frames.d.ts").HeardStage} HeardStage
 * @typedef {import("./frames.d.ts").Utterance} Utterance
 * @typedef {import("./speaker.js").Speaker} Speaker
 * @typedef {{level: number, means: import("./speaker.js").Means, stage: HeardStage | null}} Found how loud (0 to 1), by which voice
 */

const LISTEN_EVERY_MS = 40;
const LASTS_MS_MAX = 30_000;
const READ_MS = 6_000;

export class SoundTest {
  running = false;
  /** What the last test found, for a moment. @type {Found | null} */
  found = null;
  #speaker;

  /** @param {Speaker} speaker */
  constructor(speaker) {
    this.#speaker = speaker;
  }

  /** Say something, listen, and tell what was heard. */
  async run() {
    if (this.running) return;
    this.running = true;
    this.found = null;
    const speaker = this.#speaker;
    await speaker.voice.unlock();
    let level = 0;
    const listening = window.setInterval(() => (level = Math.max(level, speaker.voice.level())), LISTEN_EVERY_MS);
    const entry = speaker.sayNow(sentence(speaker.last));
    const end = speaker.spoke.on(({ what, entry: one, stage }) => {
      if (what !== "ended" || one !== entry) return;
      end();
      window.clearInterval(listening);
      this.running = false;
      this.found = { level, means: entry.means, stage };
      speaker.changed.emit();
      window.setTimeout(() => this.#forget(), READ_MS);
    });
  }

  #forget() {
    this.found = null;
    this.#speaker.changed.emit();
  }
}

/** What a test says: the house's last sentence, for only that shows the house's voice; else one of the page's own. @param {Utterance | null} last @returns {Utterance} */
function sentence(last) {
  const nowMs = clock.nowMs();
  const words = { zh: say("test_sentence"), en: say("test_sentence") };
  return {
    call_id: 0, ring: 0, rings_max: 0, event: "custom", msg_type: 1, channels: [], accounts: [],
    text: last?.text ?? words, spoken: last?.spoken ?? words, audio: last?.audio ?? {}, sound: "notice", priority: 0,
    at_ms: nowMs, expires_at_ms: nowMs + LASTS_MS_MAX, place_id: null, item_id: null,
  };
}
