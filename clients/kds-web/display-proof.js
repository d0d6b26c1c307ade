// Tells the gateway which dishes this board has really painted while its page could be seen, each once.
// A ticket on a later page, or behind a list, counts when the button that counts it is painted. Nothing is sent by an idle board.
// Refuses to tell before two frames of the browser have passed: until then nothing is on the glass.

import { monotonicMs } from "../link/clock.js";
import { shows } from "./tickets.js";

/** @typedef {import("../link/frames.d.ts").View} View */

const PER_FRAME_MAX = 200; // the gateway takes 500
const AGAIN_MS = 3_000; // what the log does not say by then was lost on its way
const TOLD_TIMES_MAX = 3; // a board that is not asked for this station's dishes says it no oftener
const REMEMBERED_MAX = 2_000;
const TOGETHER_MS = 100;

export class DisplayProof {
  #screen;
  /** dish → when it was told last, and how often @type {Map<number, {atMs: number, times: number}>} */
  #told = new Map();
  #timer = 0;
  /** The open dishes that were in sight once, whatever lies over them since. @type {Set<number>} */
  #painted = new Set();

  /** @param {import("../link/screen.js").Screen} screen */
  constructor(screen) {
    this.#screen = screen;
  }

  /** Call after each painting; returns at once. @param {(orderId: number) => boolean} inSight whether an order's ticket can be seen, or is counted */
  painted(inSight) {
    const { view, link } = this.#screen;
    if (!view || !seen()) return;
    const dishes = (/** @type {import("../link/frames.d.ts").Order} */ { id, items }) => items.filter((item) => this.#painted.has(item.id) || inSight(id));
    this.#painted = new Set(view.orders.flatMap(dishes).map(({ id }) => id));
    if (this.#timer || link.state !== "open" || !this.#untold(view).length) return;
    this.#timer = window.setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => this.#tell())), TOGETHER_MS);
  }

  #tell() {
    this.#timer = 0;
    const { view, link } = this.#screen;
    if (!view || !seen()) return;
    const shown = this.#untold(view).slice(0, PER_FRAME_MAX);
    if (!shown.length || !link.send({ t: "ack", up_to: link.seq, shown })) return;
    for (const id of shown) {
      const times = (this.#told.get(id)?.times ?? 0) + 1;
      this.#told.delete(id);
      this.#told.set(id, { atMs: monotonicMs(), times });
    }
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= REMEMBERED_MAX) break;
      this.#told.delete(oldest);
    }
  }

  /** @param {View} view */
  #untold(view) {
    const { station_id: stationId, settings } = view.device;
    if (settings.mode === "expo") return [];
    const nowMs = monotonicMs();
    return view.orders
      .flatMap(({ items }) => items)
      .filter((item) => this.#painted.has(item.id) && (item.state === "queued" || item.state === "held") && item.shown_at_ms === null && shows(item, stationId))
      .map(({ id }) => id)
      .filter((id) => {
        const told = this.#told.get(id);
        return !told || (told.times < TOLD_TIMES_MAX && nowMs - told.atMs > AGAIN_MS);
      });
  }
}

const seen = () => document.visibilityState === "visible";
