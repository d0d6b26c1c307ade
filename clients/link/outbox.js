// What people pressed and the server has not answered yet. Each command gets its id here, is stored, then sent;
// after a cut it is sent again under the same id, so it takes effect once. Refused ones stay until somebody has seen them.
// Refuses to change the picture: what is shown stays the server's.

import { clock } from "./clock.js";
import { uuid } from "./ids.js";
import { Signal } from "./signal.js";
import { openShelf } from "./storage.js";

/**
 * @typedef {import("./frames.d.ts").Reply} Reply
 * @typedef {import("./frames.d.ts").RefusalBody} RefusalBody
 * @typedef {"queued" | "sent" | "refused"} EntryState
 * @typedef {object} Entry
 * @property {string} id a UUID
 * @property {number} n the order of pressing
 * @property {string} name the command
 * @property {any} body
 * @property {any} about what the screen wants to remember (a label, a row); never sent
 * @property {number} madeAtMs server time
 * @property {EntryState} state queued: not on the wire; sent: waiting for its answer
 * @property {boolean} stored it lies on the shelf, so it may be sent
 * @property {boolean} tried it was on a wire once, so it may have taken effect
 * @property {RefusalBody | null} refusal
 */

export const OUTBOX_MAX = 500;
const IN_FLIGHT_MAX = 8;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;
const REPLY_MS_MAX = 8_000; // an answer that takes longer was lost: ask again, the id makes it safe
// The gateway takes 30 frames a second after a burst of 300; pings and acks need some of it.
const BURST = 150;
const PER_S = 20;

/** Commands about one thing go one after the other; others need not wait for them. @param {Entry} entry */
function lane({ body }) {
  return String(body.item_id ?? body.call_id ?? body.place_id ?? "");
}

export class Outbox {
  /** Something was put in, sent, answered or taken out. @type {Signal<void>} */
  changed = new Signal();
  /** A command was answered. @type {Signal<{entry: Entry, reply: Reply}>} */
  answered = new Signal();

  /** @type {Entry[]} */
  #entries = [];
  /** What an earlier page left behind has been read. */
  loaded = false;
  #n = 0;
  /** @type {Promise<import("./storage.js").Shelf>} */
  #shelf;
  /** @type {(entry: Entry) => boolean} */
  #transmit;
  #open = false;
  #timer = 0;
  #watch = 0;
  /** When commands on the wire were sent. @type {Map<string, number>} */
  #sentAtMs = new Map();
  #retryMs = RETRY_FIRST_MS;
  #allowance = BURST;
  #allowanceAtMs = performance.now();

  /**
   * @param {string} name one shelf per screen
   * @param {(entry: Entry) => boolean} transmit puts a command on the wire; false when there is none
   */
  constructor(name, transmit) {
    this.#transmit = transmit;
    this.#shelf = openShelf(name);
  }

  /** Read what an earlier page left behind. */
  async load() {
    const kept = await (await this.#shelf).all();
    for (const entry of kept) entry.stored = entry.tried = true; // the earlier page may have sent it
    const known = new Set(kept.map((entry) => entry.id));
    this.#entries = [...kept, ...this.#entries.filter((entry) => !known.has(entry.id))];
    this.#n = Math.max(this.#n, ...kept.map((entry) => entry.n));
    this.loaded = true;
    this.changed.emit();
    this.#flush();
  }

  /** Everything unanswered or refused, in the order of pressing. @returns {readonly Entry[]} */
  get entries() {
    return this.#entries;
  }

  /** Commands waiting for an answer. */
  get waiting() {
    return this.#entries.filter((entry) => entry.state !== "refused");
  }

  /** Refused commands nobody has dismissed. */
  get refused() {
    return this.#entries.filter((entry) => entry.state === "refused");
  }

  /**
   * Keep a command and send it as soon as there is a link. Null when too many are kept already.
   * @param {string} name @param {any} body @param {any} [about]
   * @param {string} [id] minted earlier, where one wish must never become two commands @returns {Entry | null}
   */
  add(name, body, about = null, id = uuid()) {
    if (this.waiting.length >= OUTBOX_MAX) return null;
    this.#n += 1;
    /** @type {Entry} */
    const entry = {
      id,
      n: this.#n,
      name,
      body,
      about,
      madeAtMs: clock.nowMs(),
      state: "queued",
      stored: false,
      tried: false,
      refusal: null,
    };
    this.#entries = [...this.#entries, entry];
    this.changed.emit();
    void this.#keep(entry).then(() => this.#flush());
    return entry;
  }

  /** Take back a command that never was on a wire; false when it is too late for that. @param {string} id */
  withdraw(id) {
    const entry = this.#entries.find((one) => one.id === id);
    if (!entry || entry.tried) return false;
    this.#remove(id);
    return true;
  }

  /** Remember more about a command that waits, over a reload too. @param {string} id @param {Record<string, unknown>} more */
  remark(id, more) {
    const entry = this.#entries.find((one) => one.id === id);
    if (!entry) return;
    entry.about = { ...entry.about, ...more };
    void this.#keep(entry);
  }

  /** Somebody has read why a command was refused. @param {string} id */
  dismiss(id) {
    if (this.#entries.some((one) => one.id === id && one.state === "refused")) this.#remove(id);
  }

  /** The link is open: send what waits, the sent ones again. */
  linkOpened() {
    this.#open = true;
    this.#allowance = BURST;
    for (const entry of this.#entries) if (entry.state === "sent") entry.state = "queued";
    this.#flush();
  }

  /** The link is gone. */
  linkClosed() {
    this.#open = false;
    for (const entry of this.#entries) if (entry.state === "sent") entry.state = "queued";
    this.changed.emit();
  }

  /** @param {Reply} reply */
  heard(reply) {
    const entry = this.#entries.find((one) => one.id === reply.id);
    if (!entry || entry.state === "refused") return;
    if (reply.refusal?.retryable) return this.#later(entry);
    if (reply.ok) {
      // What follows from the answer is on the shelf before the command leaves it: a reload between loses neither.
      this.#entries = this.#entries.filter((one) => one !== entry);
      this.answered.emit({ entry, reply });
      this.#remove(entry.id);
    }
    else {
      entry.state = "refused";
      entry.refusal = reply.refusal;
      void this.#keep(entry);
      this.changed.emit();
    }
    this.#retryMs = RETRY_FIRST_MS;
    if (!reply.ok) this.answered.emit({ entry, reply });
    this.#flush();
  }

  /** The server was busy: the same command again, a little later. @param {Entry} entry */
  #later(entry) {
    entry.state = "queued";
    this.changed.emit();
    this.#wait(Math.random() * this.#retryMs + 100);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }

  /** @param {number} ms */
  #wait(ms) {
    this.#timer ||= window.setTimeout(() => {
      this.#timer = 0;
      this.#flush();
    }, ms);
  }

  #flush() {
    if (!this.#open || this.#timer) return;
    const busy = new Set();
    let flying = 0;
    for (const entry of this.#entries) {
      if (entry.state === "refused") continue;
      const free = !busy.has(lane(entry));
      busy.add(lane(entry));
      if (entry.state === "sent") flying += 1;
      else if (free && entry.stored && flying < IN_FLIGHT_MAX) {
        if (!this.#spend()) return this.#wait(1000 / PER_S);
        if (!this.#transmit(entry)) return;
        entry.state = "sent";
        entry.tried = true;
        this.#sentAtMs.set(entry.id, performance.now());
        flying += 1;
      }
    }
    if (flying) this.#watch ||= window.setTimeout(() => this.#askAgain(), REPLY_MS_MAX);
    this.changed.emit();
  }

  /** Send again what was not answered in time. */
  #askAgain() {
    this.#watch = 0;
    const late = performance.now() - REPLY_MS_MAX;
    for (const entry of this.#entries) {
      if (entry.state === "sent" && (this.#sentAtMs.get(entry.id) ?? 0) <= late) entry.state = "queued";
    }
    this.#flush();
  }

  /** Take one frame from the allowance. */
  #spend() {
    const now = performance.now();
    this.#allowance = Math.min(BURST, this.#allowance + ((now - this.#allowanceAtMs) / 1000) * PER_S);
    this.#allowanceAtMs = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  /** Store an entry; a full disk must not stop the kitchen, so then it is sent unstored. @param {Entry} entry */
  async #keep(entry) {
    const { stored, ...plain } = entry;
    try {
      await (await this.#shelf).put({ ...plain, state: entry.state === "refused" ? "refused" : "queued" });
    } catch (error) {
      console.warn("a command could not be stored", error);
    }
    entry.stored = true;
  }

  /** @param {string} id */
  #remove(id) {
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
    this.#sentAtMs.delete(id);
    void this.#shelf.then((shelf) => shelf.remove(id));
    this.changed.emit();
  }
}
