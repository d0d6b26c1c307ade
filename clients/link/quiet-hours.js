// ◆ What the house keeps silent just now: quiet hours as the gateway tells them.
// Refuses to know a shop's rules and a clock: the screen's own may be wrong.

/** @typedef {import("./frames.d.ts").CallEvent} CallEvent */

export class QuietHours {
  /** @type {Set<CallEvent>} */
  #events = new Set();

  /** Keep what is told; a welcome ends what held before. @param {import("./link.js").Link} link @returns {() => void} */
  listen(link) {
    return link.frames.on((frame) => {
      if (frame.t === "welcome") this.#events = new Set();
      else if (frame.t === "quiet") this.#events = new Set(frame.events);
    });
  }

  /** Whether a sound about this is to be kept back. @param {CallEvent | null} about null: the house has no rule for it */
  holds(about) {
    return about !== null && this.#events.has(about);
  }
}
