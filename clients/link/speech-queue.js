// ◆ What a screen still has to say, and what it says next: the most urgent, then the oldest.
// Times come in as server milliseconds. Refuses to make sound, to read a clock, and to repeat: the server does that.

/**
 * @typedef {import("./frames.d.ts").Utterance} Utterance
 * @typedef {{call_id: number, ring: number, priority: number, at_ms: number, expires_at_ms: number}} Line
 *   what the queue needs of an utterance; a chime of the page's own is a line of call 0
 */

export const QUEUED_MAX = 50;
export const REMEMBERED_MAX = 1_000;

/** Most urgent first (0 is the most), then oldest. @param {Line} a @param {Line} b */
export const moreUrgent = (a, b) =>
  a.priority - b.priority || a.at_ms - b.at_ms || a.call_id - b.call_id || a.ring - b.ring;

/** @template {Line} T */
export class SpeechQueue {
  /** Waiting, in the order of saying. @type {T[]} */
  lines = [];
  /** `call/ring` of what came before, oldest first. @type {Set<string>} */
  #known = new Set();
  /** Calls whose next ring is for others to hear. @type {Set<number>} */
  #passedOver = new Set();

  /**
   * Whether this ring is new here; remembers the newest thousand. A line without a call is always new.
   * @param {Line} line
   */
  isNew({ call_id: call, ring }) {
    const key = `${call}/${ring}`;
    if (!call) return true;
    if (this.#known.has(key)) return false;
    this.#known.add(key);
    const passed = this.#passedOver.delete(call);
    for (const oldest of this.#known) {
      if (this.#known.size <= REMEMBERED_MAX) break;
      this.#known.delete(oldest);
    }
    return !passed;
  }

  /** The next ring of a call is not for here; `false`: it is again. @param {number} call @param {boolean} passed */
  passOver(call, passed) {
    if (passed) this.#passedOver.add(call);
    else this.#passedOver.delete(call);
  }

  /**
   * Put a line into its place. When the queue is full, the least urgent goes, of those the oldest;
   * it is returned, and may be the line itself.
   * @param {T} line @returns {T | null}
   */
  add(line) {
    this.lines = [...this.lines, line].sort(moreUrgent);
    if (this.lines.length <= QUEUED_MAX) return null;
    const least = Math.max(...this.lines.map(({ priority }) => priority));
    const lost = /** @type {T} */ (this.lines.find(({ priority }) => priority === least));
    this.lines = this.lines.filter((one) => one !== lost);
    return lost;
  }

  /** Take out all that fits; returns it. @param {(line: T) => boolean} fits @returns {T[]} */
  take(fits) {
    const taken = this.lines.filter(fits);
    if (taken.length) this.lines = this.lines.filter((one) => !taken.includes(one));
    return taken;
  }

  /** Take out what is too late to be said; returns it. @param {number} nowMs */
  expired(nowMs) {
    return this.take((line) => line.expires_at_ms <= nowMs);
  }

  /** Take the next line to say, or null. @returns {T | null} */
  next() {
    const [first = null, ...rest] = this.lines;
    if (first) this.lines = rest;
    return first;
  }
}
