// What became of rings on this screen, told to the gateway in batches: shown, played, failed, blocked, muted, acknowledged.
// Each stage of a ring is told once. Keeps them over a cut. Refuses to judge: it tells what it is told.

import { clock } from "./clock.js";

/**
 * @typedef {import("./frames.d.ts").RingStage} RingStage
 * @typedef {import("./link.js").Link} Link
 */

const TOGETHER_MS = 200; // twenty calls at once are one frame
const PER_FRAME_MAX = 200; // the gateway takes 500
const WAITING_MAX = 1_000;
const REMEMBERED_MAX = 2_000;

export class Receipts {
  #link;
  /** @type {RingStage[]} */
  #waiting = [];
  /** @type {Set<string>} */
  #told = new Set();
  #timer = 0;

  /** @param {Link} link */
  constructor(link) {
    this.#link = link;
  }

  /** Tell when the link is open again what waits. Returns the end of it. */
  listen() {
    const end = this.#link.changed.on(() => this.#soon());
    return () => {
      end();
      window.clearTimeout(this.#timer);
    };
  }

  /** @param {RingStage[]} rings without a time: now */
  tell(rings) {
    for (const ring of rings) {
      const key = `${ring.call_id}/${ring.ring}/${ring.stage}`;
      if (!ring.call_id || this.#told.has(key)) continue;
      this.#told.add(key);
      for (const oldest of this.#told) {
        if (this.#told.size <= REMEMBERED_MAX) break;
        this.#told.delete(oldest);
      }
      this.#waiting.push({ at_ms: Math.round(clock.nowMs()), ...ring });
    }
    if (this.#waiting.length > WAITING_MAX) this.#waiting = this.#waiting.slice(-WAITING_MAX);
    this.#soon();
  }

  #soon() {
    if (this.#waiting.length) this.#timer ||= window.setTimeout(() => this.#send(), TOGETHER_MS);
  }

  #send() {
    this.#timer = 0;
    const rings = this.#waiting.slice(0, PER_FRAME_MAX);
    if (!this.#link.send({ t: "ack", up_to: this.#link.seq, rings })) return; // the next open link tells
    this.#waiting = this.#waiting.slice(rings.length);
    this.#soon();
  }
}
