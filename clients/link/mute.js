// A page that is silent for a while: until when, and why. It ends by itself, and survives a reload.
// Refuses to hide anything: what is muted still stands on the screen.

import { clock } from "./clock.js";
import { remember, remembered } from "./storage.js";

/** @typedef {{untilMs: number, why: string}} Mute until when by the server's clock */

const KEY = "chuancai.mute";

export class MuteSwitch {
  /** @type {Mute | null} */
  current = null;
  #kept;

  /** @param {boolean} kept whether people may mute this page, so that a reload must not end it */
  constructor(kept) {
    this.#kept = kept;
    if (kept) this.current = JSON.parse(remembered(KEY) ?? "null");
  }

  /** Whether it is silent at this moment. */
  get holds() {
    return this.current !== null && this.current.untilMs > clock.nowMs();
  }

  /** @param {number} ms @param {string} why */
  on(ms, why) {
    this.#set({ untilMs: clock.nowMs() + ms, why });
  }

  off() {
    this.#set(null);
  }

  /** @param {Mute | null} mute */
  #set(mute) {
    this.current = mute;
    if (this.#kept) remember(KEY, mute && JSON.stringify(mute));
  }
}
