// The page's only clock: server time, told by a counter that no one can set wrong, and one tick a second.
// Refuses to believe the device's own clock: a wrong one changes nothing on the screen.

const TICK_MS = 1000;

/** Milliseconds that never run backwards. */
export const monotonicMs = () => performance.now();

export class Clock {
  #offsetMs = Date.now() - performance.now(); // until the server has spoken
  #bestRoundTripMs = Infinity;
  /** @type {Set<() => void>} */
  #ticked = new Set();
  #timer = 0;

  /** The server has told the time at least once. */
  known = false;

  /** Server time in milliseconds since 1970. */
  nowMs() {
    return performance.now() + this.#offsetMs;
  }

  /**
   * Take the server's time from a frame that just arrived. The quickest round trip of this link says
   * most about the offset; a slower one counts only when the clock has drifted outside its error.
   * @param {number} serverMs @param {number} [roundTripMs] 0 when only one way is known
   */
  heard(serverMs, roundTripMs) {
    const trip = roundTripMs ?? 400;
    const offset = serverMs + (roundTripMs ?? 0) / 2 - performance.now();
    const error = Math.abs(offset - this.#offsetMs);
    if (this.known && trip > this.#bestRoundTripMs && error <= trip) return;
    this.#offsetMs = offset;
    this.#bestRoundTripMs = Math.max(trip, 20);
    this.known = true;
  }

  /** Call `fn` once a second until the returned function is called. @param {() => void} fn */
  onTick(fn) {
    this.#ticked.add(fn);
    if (!this.#timer) this.#timer = window.setInterval(() => this.#tick(), TICK_MS);
    return () => {
      this.#ticked.delete(fn);
      if (!this.#ticked.size) {
        window.clearInterval(this.#timer);
        this.#timer = 0;
      }
    };
  }

  #tick() {
    for (const fn of [...this.#ticked]) fn();
  }
}

/** The clock of this page. */
export const clock = new Clock();
