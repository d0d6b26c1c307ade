// What is new on the board: which orders and rounds flash, which nobody has looked at yet, and their sounds.
// Only for what arrives live: after a reload or a cut nothing flashes or rings for old news.

import { monotonicMs } from "../link/clock.js";
import { shows } from "./tickets.js";

const FLASH_MS = 3_000;
const NEW_MS = 60_000;
const KEPT_MAX = 300;

export class News {
  #screen;
  #speaker;
  /** `order/round` → when it came @type {Map<string, number>} */
  #cameAtMs = new Map();
  /** Orders with something new on a page nobody has looked at since. @type {Set<number>} */
  #unseen = new Set();

  /** @param {import("../link/screen.js").Screen} screen @param {import("../link/speaker.js").Speaker} speaker */
  constructor(screen, speaker) {
    this.#screen = screen;
    this.#speaker = speaker;
  }

  /** Hear what happens until the returned function is called. */
  listen() {
    return this.#screen.happened.on((event) => this.#hear(event));
  }

  /** @param {import("../link/frames.d.ts").Event} event */
  #hear(event) {
    const { view } = this.#screen;
    if (!view) return;
    const stationId = view.device.station_id;
    if (event.kind === "OrderPlaced") {
      if (!event.order.items.some((item) => shows(item, stationId))) return;
      this.#cameAtMs.set(`${event.order.id}/${event.round}`, monotonicMs());
      this.#unseen.add(event.order.id);
      if (this.#unseen.size > KEPT_MAX) this.#unseen.delete([...this.#unseen][0]);
      if (this.#cameAtMs.size > KEPT_MAX) this.#cameAtMs.delete([...this.#cameAtMs.keys()][0]);
      this.#speaker.chime(event.round > 1 ? "round" : "new", "order_placed");
    } else if (event.kind === "ItemCancelled" || event.kind === "ItemChanged") {
      const item = view.orders.flatMap(({ items }) => items).find(({ id }) => id === event.item_id);
      if (item && shows(item, stationId)) this.#speaker.chime("cancelled", "item_cancelled");
    }
  }

  /** What a round is just now: flashing, still new, or nothing of the kind. @param {number} orderId @param {number} round @returns {"flash" | "new" | ""} */
  of(orderId, round) {
    const ageMs = monotonicMs() - (this.#cameAtMs.get(`${orderId}/${round}`) ?? -NEW_MS);
    if (ageMs < FLASH_MS) return "flash";
    return ageMs < NEW_MS ? "new" : "";
  }

  /** These orders lie on the page that is looked at. @param {Set<number | undefined>} orderIds */
  looked(orderIds) {
    for (const id of this.#unseen) if (orderIds.has(id)) this.#unseen.delete(id);
  }

  /** @param {number} orderId */
  isUnseen(orderId) {
    return this.#unseen.has(orderId);
  }
}
