// ◆ Which alarm stands where on a cash desk: the second half of a double press was meant for the one that stood there before.
// Refuses to know a clock: time is handed in.

export const CALM_MS = 600; // as long as a hand takes to press twice

export class Places {
  /** @type {string[]} */
  #ids = [];
  /** Alarm → since when it stands where another one stood. @type {Map<string, number>} */
  #movedAtMs = new Map();

  /** What is painted now, from the top. @param {string[]} ids @param {number} nowMs */
  painted(ids, nowMs) {
    const movedAtMs = (/** @type {string} */ id, /** @type {number} */ at) =>
      this.#ids[at] && this.#ids[at] !== id ? nowMs : (this.#movedAtMs.get(id) ?? -CALM_MS);
    this.#movedAtMs = new Map(ids.map((id, at) => [id, movedAtMs(id, at)]));
    this.#ids = ids;
  }

  /** Whether a press on an alarm means it. @param {number} id @param {number} nowMs */
  means(id, nowMs) {
    return nowMs - (this.#movedAtMs.get(String(id)) ?? -CALM_MS) >= CALM_MS;
  }
}
