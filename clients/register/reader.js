// ◆ Tells a card reader from a hand. A reader is a keyboard that types a number faster than anybody can, then Enter.
// Refuses to hold keys back: a hand's digit shows at once, and what a reader typed into the amount is taken out again.

const GAP_MS_MAX = 50; // between two keys; readers need 1 to 30 ms, a quick hand 90
const DIGITS_MIN = 6; // fewer may be an amount

export class Reader {
  #digits = "";
  #atMs = -Infinity;

  /** How many keys of the run came so far. */
  get length() {
    return this.#digits.length;
  }

  /**
   * Hear a key. Returns the card number when Enter ends what only a reader types, else "".
   * @param {string} key @param {number} atMs
   */
  heard(key, atMs) {
    const quick = atMs - this.#atMs <= GAP_MS_MAX;
    this.#atMs = atMs;
    if (/^\d$/.test(key)) {
      this.#digits = quick ? this.#digits + key : key;
      return "";
    }
    const number = key === "Enter" && quick && this.#digits.length >= DIGITS_MIN ? this.#digits : "";
    this.#digits = "";
    return number;
  }
}
