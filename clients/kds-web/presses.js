// What a press on a dish means, and how the last one is taken back. The state shown stays the server's;
// what was pressed and not answered is a mark on the row.

import { monotonicMs } from "../link/clock.js";
import { name } from "../link/i18n.js";
import { queueNumber } from "../link/format.js";
import { uuid } from "../link/ids.js";
import { isUnconfirmed, UNDO_S } from "./tickets.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/frames.d.ts").ItemState} ItemState
 * @typedef {import("../link/outbox.js").Entry} Entry
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {"start" | "finish" | "call" | "call_again" | "confirm" | "run"} Verb
 * @typedef {object} Done the last press, while it can be taken back
 * @property {number} orderId
 * @property {number} itemId
 * @property {string} label
 * @property {Verb | "sale"} verb
 * @property {string} entryId
 * @property {number} atMs monotonic
 * @property {{entryId: string, itemId: number}[]} [together] the presses of a row of 并菜
 * @property {import("../link/frames.d.ts").Dish} [dish] as it was before its sale was stopped or resumed
 */

/** state → what the next press does @type {Partial<Record<ItemState, [Verb, string]>>} */
const NEXT = {
  queued: ["start", "StartItem"],
  cooking: ["finish", "FinishItem"],
  ready: ["call", "CallItem"],
  called: ["call_again", "CallItem"],
};
/** The same at the pass: there dishes are taken away, not made. @type {Partial<Record<ItemState, [Verb, string]>>} */
const NEXT_AT_PASS = { ready: ["run", "PickUpItem"], called: ["run", "PickUpItem"] };
/** @type {[Verb, string]} */
const CONFIRM = ["confirm", "ConfirmItem"];
/** command → the state it leads to @type {Record<string, ItemState>} */
const LEADS_TO = { StartItem: "cooking", FinishItem: "ready", CallItem: "called", PickUpItem: "picked_up" };
/** state taken back → where the dish is then @type {Partial<Record<ItemState, ItemState>>} */
const BACK_TO = { cooking: "queued", ready: "cooking", called: "cooking", picked_up: "ready", delivered: "picked_up" };

const DOUBLE_MS = 600; // the second half of a double tap is no second press
const OVERTAKEN_MS = 500; // a finger on its way meant the state that was there before a colleague's step
const SEEN_MAX = 500;

export class Presses {
  /** @type {Done | null} */
  last = null;
  /** Whether this is the expo's screen. */
  atPass = false;

  #screen;
  /** @type {Map<number, number>} */
  #pressedAtMs = new Map();
  /** When dishes last took a step. @type {Map<number, number>} */
  #steppedAtMs = new Map();

  /** @param {Screen} screen */
  constructor(screen) {
    this.#screen = screen;
  }

  /** Hear of steps, also of colleagues', until the returned function is called. */
  listen() {
    const unhear = this.#screen.happened.on((event) => {
      if ("item_id" in event) note(this.#steppedAtMs, event.item_id);
    });
    const unanswer = this.#screen.outbox.answered.on(({ entry, reply }) => this.#becamePart(entry, reply));
    return () => {
      unhear();
      unanswer();
    };
  }

  /** Some portions became a dish of their own: that is what an undo means, also one that was pressed before. @param {Entry} entry @param {import("../link/frames.d.ts").Reply} reply */
  #becamePart(entry, reply) {
    const itemId = reply.ok && reply.result?.item_id;
    if (!itemId) return;
    const one = this.last?.together?.find((press) => press.entryId === entry.id);
    if (one) one.itemId = itemId;
    if (!entry.about?.takeBack) return;
    const about = { verb: "take_back", label: entry.about.label };
    // one wish, one command: should the answer come twice, over a reload
    this.#screen.outbox.add("UndoItem", { item_id: itemId, state: LEADS_TO[entry.name] }, about, String(entry.about.takeBack));
  }

  /** What waits for an answer about a dish, oldest first. @param {number} itemId */
  waiting(itemId) {
    return this.#screen.outbox.waiting.filter(({ body }) => body.item_id === itemId);
  }

  /** Presses on a dish that were refused and not yet read. @param {number} itemId */
  refused(itemId) {
    return this.#screen.outbox.refused.filter(({ body }) => body.item_id === itemId);
  }

  /** The word for the mark on a row: the last press that waits, and since when. @param {number} itemId */
  mark(itemId) {
    const entry = this.waiting(itemId).at(-1);
    return entry ? { verb: String(entry.about?.verb ?? ""), sinceMs: entry.madeAtMs } : null;
  }

  /** A touch or key on a dish. Returns whether it did anything. @param {Item} item @param {number} orderNumber */
  press(item, orderNumber) {
    const refused = this.refused(item.id);
    if (refused.length) {
      refused.forEach(({ id }) => this.#screen.outbox.dismiss(id));
      return true;
    }
    if (within(this.#pressedAtMs, item.id, DOUBLE_MS) || within(this.#steppedAtMs, item.id, OVERTAKEN_MS)) return false;
    note(this.#pressedAtMs, item.id);
    return this.#step(item, orderNumber);
  }

  /** @param {Item} item @param {number} orderNumber */
  #step(item, orderNumber) {
    const waiting = this.waiting(item.id);
    const step = this.#unseen(item, waiting) ? CONFIRM : (this.atPass ? NEXT_AT_PASS : NEXT)[this.#after(item, waiting)];
    if (!step || waiting.some((entry) => entry.name === step[1])) return false; // it waits already
    const [verb, command] = step;
    const entry = this.#screen.send(command, { item_id: item.id }, { verb, label: this.#label(item, orderNumber) });
    if (entry && verb !== "call_again" && verb !== "confirm") this.#remember(item, orderNumber, verb, entry.id);
    return Boolean(entry);
  }

  /** Whether a change or a cancel was not confirmed yet. @param {Item} item @param {Entry[]} waiting */
  #unseen(item, waiting) {
    return isUnconfirmed(item) && !waiting.some((entry) => entry.name === "ConfirmItem");
  }

  /** Where the dish will be when everything that waits has been done. @param {Item} item @param {Entry[]} waiting @returns {ItemState} */
  #after(item, waiting) {
    return waiting.reduce(
      (state, { name: command, body }) => {
        if (body.quantity) return state; // a part goes on by itself, the dish stays where it is
        return command === "UndoItem" ? (BACK_TO[state] ?? state) : (LEADS_TO[command] ?? state);
      },
      item.state,
    );
  }

  /**
   * Begin or finish so many portions of the same dish, the oldest first; the last ticket may get a part of its own.
   * @param {import("./tickets.js").Work} row @param {number} count
   */
  together(row, count) {
    const [verb, command] = /** @type {[Verb, string]} */ (NEXT[row.state]);
    if (row.parts.some(({ item }) => this.waiting(item.id).length) || within(this.#pressedAtMs, row.item.id, DOUBLE_MS)) return;
    note(this.#pressedAtMs, row.item.id);
    const label = `${name(row.item.name)} × ${count}`;
    /** @type {{entryId: string, itemId: number}[]} */ const together = [];
    let left = count;
    for (const { item } of row.parts) {
      if (left <= 0) break;
      const some = left < item.quantity ? { quantity: left } : {};
      const entry = this.#screen.send(command, { item_id: item.id, ...some }, { verb, label });
      if (!entry) break;
      together.push({ entryId: entry.id, itemId: item.id });
      left -= item.quantity;
    }
    if (together.length) this.last = { orderId: 0, itemId: 0, label, verb, entryId: together[0].entryId, atMs: monotonicMs(), together };
  }

  /**
   * Run dishes of an order together, or call somebody for them.
   * @param {Item[]} items @param {"run" | "call"} verb @param {number} orderNumber
   */
  whole(items, verb, orderNumber) {
    const [first] = items;
    if (!first) return;
    const pressed = -first.order_id - (verb === "run" ? 0 : 0.5); // ids of dishes are above, those of the menu far below
    if (within(this.#pressedAtMs, pressed, DOUBLE_MS)) return;
    note(this.#pressedAtMs, pressed);
    const command = verb === "run" ? "PickUpItem" : "CallItem";
    const label = queueNumber(orderNumber);
    /** @type {{entryId: string, itemId: number}[]} */ const together = [];
    for (const item of items) {
      if (this.waiting(item.id).some((entry) => entry.name === command)) continue;
      const entry = this.#screen.send(command, { item_id: item.id }, { verb, label: this.#label(item, orderNumber) });
      if (entry) together.push({ entryId: entry.id, itemId: item.id });
    }
    if (verb === "run" && together.length) this.last = { orderId: first.order_id, itemId: 0, label, verb, entryId: together[0].entryId, atMs: monotonicMs(), together };
  }

  /** Call a number that nobody fetched once more (再叫): the dish called last stands for all. @param {import("./tickets.js").Ticket} ticket */
  again({ items, order }) {
    this.whole(calledLast(items), "call", order.number);
  }

  /** Stop a dish's sale (沽清) or resume it. @param {import("../link/frames.d.ts").Dish} dish */
  sale(dish) {
    if (this.salesPending().has(dish.id) || within(this.#pressedAtMs, -dish.id, DOUBLE_MS)) return false;
    note(this.#pressedAtMs, -dish.id);
    const label = `${say(dish.sold_out ? "back_on_sale" : "soldout")} ${name(dish.name)}`;
    const entry = this.#screen.send("SetDishSale", { dish_id: dish.id, sold_out: !dish.sold_out }, { verb: "sale", label });
    if (entry) this.last = { orderId: 0, itemId: 0, label, verb: "sale", entryId: entry.id, atMs: monotonicMs(), dish };
    return Boolean(entry);
  }

  /** Dishes with a 沽清 on its way. @returns {Set<number>} */
  salesPending() {
    const entries = this.#screen.outbox.waiting.filter((entry) => entry.name === "SetDishSale");
    return new Set(entries.map(({ body }) => Number(body.dish_id)));
  }

  /** The last press, while it can still be taken back, and the seconds left for that. */
  undoable() {
    if (!this.last) return null;
    const leftS = UNDO_S - (monotonicMs() - this.last.atMs) / 1000;
    const refused = this.#screen.outbox.refused.some(({ id }) => id === this.last?.entryId);
    if (leftS <= 0 || refused) this.last = null;
    return this.last && { ...this.last, leftS };
  }

  /** Take the last press back. @param {(itemId: number) => Item | undefined} find */
  undo(find) {
    const last = this.undoable();
    this.last = null;
    if (!last) return false;
    if (last.together) return this.#undoTogether(last.together, last.label, find);
    if (this.#screen.outbox.withdraw(last.entryId)) return true;
    if (last.dish) {
      const body = { dish_id: last.dish.id, sold_out: last.dish.sold_out };
      return Boolean(this.#screen.send("SetDishSale", body, { verb: "sale", label: last.label }));
    }
    const item = find(last.itemId);
    return Boolean(item && this.recall(item, last.label));
  }

  /** @param {{entryId: string, itemId: number}[]} together @param {string} label @param {(itemId: number) => Item | undefined} find */
  #undoTogether(together, label, find) {
    const { outbox } = this.#screen;
    for (const { entryId, itemId } of together) {
      if (outbox.withdraw(entryId)) continue;
      // which dish the part will be is known when the press is answered
      if (outbox.waiting.some(({ id, body }) => id === entryId && body.quantity)) outbox.remark(entryId, { takeBack: uuid() });
      else {
        const item = find(itemId);
        if (item) this.recall(item, label);
      }
    }
    return true;
  }

  /** Take a dish one step back, however long ago the step was. @param {Item} item @param {string} label */
  recall(item, label) {
    const waiting = this.waiting(item.id);
    const state = this.#after(item, waiting);
    if (!BACK_TO[state] || waiting.some((entry) => entry.name === "UndoItem")) return false;
    return Boolean(this.#screen.send("UndoItem", { item_id: item.id, state }, { verb: "take_back", label }));
  }

  /** @param {Item} item @param {number} orderNumber @param {Done["verb"]} verb @param {string} entryId */
  #remember(item, orderNumber, verb, entryId) {
    const label = this.#label(item, orderNumber);
    this.last = { orderId: item.order_id, itemId: item.id, label, verb, entryId, atMs: monotonicMs() };
  }

  /** @param {Item} item @param {number} orderNumber */
  #label(item, orderNumber) {
    return `${queueNumber(orderNumber)} ${name(item.name)}`;
  }

}

/** Of the dishes that wait to be fetched the one called last, if any. @param {Item[]} items */
export const calledLast = (items) =>
  items.filter(({ state }) => state === "called").sort((a, b) => (b.called_at_ms ?? 0) - (a.called_at_ms ?? 0)).slice(0, 1);

/** Remember that something happened to a dish now; the oldest are forgotten. @param {Map<number, number>} times @param {number} itemId */
function note(times, itemId) {
  times.delete(itemId);
  times.set(itemId, monotonicMs());
  if (times.size > SEEN_MAX) times.delete([...times.keys()][0]);
}

/** @param {Map<number, number>} times @param {number} itemId @param {number} ms */
const within = (times, itemId, ms) => monotonicMs() - (times.get(itemId) ?? -ms) < ms;
