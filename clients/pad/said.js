// What just happened on this pad, in one line, in one slot: what can be taken back, what somebody else did first,
// what was refused. Refuses to paint: the waiter's pad shows `current`.

import { queueNumber } from "../link/format.js";
import { clock } from "../link/clock.js";
import { name } from "../link/i18n.js";
import { Signal } from "../link/signal.js";
import { refusalWords, say as shared } from "../link/words.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/outbox.js").Entry} Entry
 * @typedef {import("../link/frames.d.ts").Reply} Reply
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {"claim" | "give_back" | "close" | "take" | "deliver" | "clean" | "cancel" | "undo" | "order" | "rush" | "hold" | "fire" | "change"} Act
 * @typedef {{act: Act, press: number, where: string, what: string, all: string}} About what a command remembers
 *   of the press that made it: what it is about, and all that the press was about
 * @typedef {{text: string, slip: boolean, untilMs: number, undo: {item_id: number, state: string}[], press: number,
 *   entryId: string}} Said
 */

export const UNDO_MS = 5000;
const READ_MS = 6000; // long enough to read one line while walking
const LATE_MS = 8000; // an answer this long after the press comes to a person who thinks of something else

export class SaidSlot {
  /** @type {Said | null} */
  current = null;
  /** @type {Signal<void>} */
  changed = new Signal();
  #screen;
  #press = 0;

  /** @param {Screen} screen */
  constructor(screen) {
    this.#screen = screen;
  }

  /** Hear answers; returns the end of it. */
  listen() {
    return this.#screen.outbox.answered.on(({ entry, reply }) => this.#answered(entry, reply));
  }

  /**
   * Send one press, which may be several commands: a tray carries more than one dish.
   * @param {string} command @param {Act} act @param {string} where @param {{body: any, what: string}[]} targets
   */
  press(command, act, where, targets) {
    this.#press += 1;
    const all = targets.map(({ what }) => what).join(" · ");
    for (const { body, what } of targets) {
      const kept = this.#screen.send(command, body, { act, where, what, all, press: this.#press });
      if (!kept) this.#show({ text: say("too_many"), slip: true });
    }
  }

  /** Take the current action back. */
  undo() {
    const undo = this.current?.undo ?? [];
    if (!undo.length) return;
    this.#set(null);
    this.press(
      "UndoItem",
      "undo",
      "",
      undo.map((body) => ({ body, what: "" })),
    );
  }

  /** Somebody read it. */
  dismiss() {
    if (this.current?.entryId) this.#screen.outbox.dismiss(this.current.entryId);
    this.#set(null);
    this.#nextRefused();
  }

  /** Time passes: what was read goes; a refused press that nobody saw comes back. */
  tick() {
    if (this.current && !this.current.entryId && performance.now() > this.current.untilMs) this.#set(null);
    if (!this.current) this.#nextRefused();
  }

  #nextRefused() {
    const entry = this.#screen.outbox.refused.find((one) => one.about?.act && one.about.act !== "order");
    if (entry) this.#show({ text: refusedText(entry), slip: true, entryId: entry.id });
  }

  /** @param {Entry} entry @param {Reply} reply */
  #answered(entry, reply) {
    const about = /** @type {About | null} */ (entry.about);
    if (!about?.act) return;
    if (!reply.ok) return this.#refused(entry, reply);
    const result = reply.result ?? {};
    if (result.changed === false && !(about.act in DID)) {
      const text = doneBefore(about, result.by || say("me"));
      if (text) this.#show({ text, slip: false });
    } else if (about.act === "take" || about.act === "deliver") this.#undoable(entry, about);
    else if (about.act === "clean") this.#show({ text: say("did_clean", about), slip: false });
    else if (about.act in DID) this.#show({ text: say(DID[/** @type {keyof typeof DID} */ (about.act)], about), slip: false });
    else if (about.act === "undo") this.#show({ text: say("undone"), slip: false });
    else if (about.act === "order") {
      this.#show({ text: say("did_order", { ...about, number: queueNumber(result.number) }), slip: false });
    }
  }

  /** The dishes of one press are one undo. @param {Entry} entry @param {About} about */
  #undoable(entry, about) {
    const before = this.current?.press === about.press ? this.current.undo : [];
    const undo = [...before, { item_id: entry.body.item_id, state: about.act === "take" ? "picked_up" : "delivered" }];
    const text = say(about.act === "take" ? "did_take" : "did_deliver", { where: about.where, what: about.all });
    this.#show({ text, slip: false, undo, press: about.press, ms: UNDO_MS });
  }

  /**
   * A colleague was quicker: say so and be done. Anything else stays on paper until somebody has read it,
   * and so does an answer that comes long after its press.
   * @param {Entry} entry @param {Reply} reply
   */
  #refused(entry, reply) {
    if (entry.about.act === "order") {
      // the 点单 page keeps it, with the dishes; who is on another page by now is sent there
      const text = say("order_not_done", { where: entry.about.where, why: refusalWords(entry.refusal) });
      return this.#show({ text, slip: true });
    }
    const late = clock.nowMs() - entry.madeAtMs > LATE_MS;
    const polite = !late && COLLEAGUE_WAS_QUICKER.has(reply.refusal?.code ?? "");
    const text = refusedText(entry);
    if (polite) this.#screen.outbox.dismiss(entry.id);
    this.#show({ text, slip: !polite, entryId: polite ? "" : entry.id });
  }

  /** @param {Partial<Said> & {text: string, slip: boolean, ms?: number}} said */
  #show({ text, slip, undo = [], press = 0, entryId = "", ms = READ_MS }) {
    this.#set({ text, slip, undo, press, entryId, untilMs: performance.now() + ms });
  }

  /** @param {Said | null} said */
  #set(said) {
    this.current = said;
    this.changed.emit();
  }
}

const DID = /** @type {const} */ ({ give_back: "did_give_back", rush: "did_rush", hold: "did_hold", fire: "did_fire", change: "did_change" });
const COLLEAGUE_WAS_QUICKER = new Set(["call_already_claimed", "call_ended"]);

/** @param {About} about @param {string} by */
function doneBefore(about, by) {
  if (about.act === "take") return say("already_taken", { ...about, by });
  if (about.act === "deliver") return say("already_delivered", { ...about, by });
  return about.act === "claim" || about.act === "close" ? "" : say("already", { ...about, by });
}

/** @param {Entry} entry */
function refusedText(entry) {
  const { refusal, about } = entry;
  if (refusal?.code === "call_already_claimed" && refusal.detail?.by) {
    return say("claimed_by", { where: about.where, by: refusal.detail.by });
  }
  return say("not_done", { where: about.where, what: about.what, why: refusalWords(refusal) });
}

/** "801房", "A3桌", "手牌 23" @param {import("../link/frames.d.ts").PlaceKind} kind @param {string} place */
export const placeWords = (kind, place) =>
  kind === "room" || kind === "table" ? `${place}${shared(kind)}` : `${shared(kind)} ${place}`;

/** "糖醋里脊 1 · 西湖牛肉羹 1" @param {Item[]} items */
export const dishWords = (items) => items.map((item) => `${name(item.name)} ${item.quantity}`).join(" · ");
