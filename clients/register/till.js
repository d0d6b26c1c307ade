// What lies on the counter: a task, an amount, a card, and what became of the money.
// A charge is made while the house answers or not at all; one without an answer is asked about, under its own id, until there
// is one. Refuses to paint, to store what a holder said of themselves, and to charge on a doubtful link.

import { monotonicMs } from "../link/clock.js";
import { uuid } from "../link/ids.js";
import { Signal } from "../link/signal.js";
import { bonusOf, fenOf, pressed, typedAs } from "./amount.js";
import { Questions } from "./questions.js";

/**
 * @typedef {import("../link/frames.d.ts").RefusalBody} RefusalBody
 * @typedef {import("../link/frames.d.ts").Trade} Trade
 * @typedef {import("../link/outbox.js").Entry} Entry
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {"charge" | "top_up" | "refund" | "open" | "replace"} Task
 * @typedef {"amount" | "number" | "identity" | "name" | "fresh"} Field
 * @typedef {{card_id: number, number_masked: string, name_masked: string, state: "open" | "frozen" | "closed", user_state: "open" | "frozen",
 *   balance_fen: number, available_fen: number, held_fen: number, bonus_fen: number, trades_today: number, trades_max: number,
 *   bonus_rules: {from_fen: number, bonus_fen: number}[]}} Card
 * @typedef {{task: Task, amountFen: number, bonusFen: number, balanceFen: number, masked: string, number: string}} Done
 * @typedef {{as: "refused", refusal: RefusalBody} | {as: "away"} | {as: "unsent"}} Notice
 */

const EMPTY = { amount: "", number: "", identity: "", name: "", fresh: "" };
/** How long what was cleared can be laid back, as a step is undone at a board. */
export const UNDO_MS = 5_000;
const CALM_MS = 500; // what appears under a finger, or behind a reader's Enter, is not pressed by it
const SAME_CARD_MS = 3_000; // some readers send a number twice
const NUMBER_MAX = 32;
/** The commands that move money: kept, and asked about until answered. @type {Record<string, Task>} */
const MOVES = { ConsumeCard: "charge", TopUpCard: "top_up", RefundTrade: "refund" };

export class Till {
  /** @type {Task} */
  task = "charge";
  /** @type {Record<Field, string>} */
  fields = { ...EMPTY };
  /** Where keys go. @type {Field} */
  active = "amount";
  /** @type {Card | null} */
  card = null;
  /** What is to be given back. @type {Trade | null} */
  trade = null;
  /** What was done, until the next guest. @type {Done | null} */
  done = null;
  /** @type {Notice | null} */
  notice = null;
  /** A charge that waits for a top-up. */
  afterwards = "";
  /** The top-up that a charge waited for, until it is charged. @type {Done | null} */
  topped = null;
  /** Something of the above changed. @type {Signal<void>} */
  changed = new Signal();

  /** What was cleared by hand, and until when it comes back. @type {{counter: Till["counter"], untilMs: number} | null} */
  #wiped = null;
  #shownAtMs = -Infinity;
  #read = { number: "", atMs: -Infinity };
  /** The intent on the counter and its command id. */
  #meant = { key: "", id: "" };

  /** @param {Screen} screen */
  constructor(screen) {
    this.screen = screen;
    this.questions = new Questions(screen.link);
  }

  /** Hear the house. */
  listen() {
    return [
      ...this.questions.listen(),
      this.screen.outbox.answered.on(({ entry, reply }) => {
        if (!(entry.name in MOVES)) return;
        if (reply.ok) this.#moved(entry, reply.result);
        else this.#refusedMove(entry, reply.refusal);
      }),
      this.screen.link.changed.on(() => this.#takeBack()),
    ];
  }

  /** The house is there and answers. */
  get reachable() {
    return this.screen.link.state === "open" && this.screen.link.health() === "ok";
  }

  /** Money whose answer has not come. */
  get pending() {
    return this.screen.outbox.waiting.find(({ name }) => name in MOVES) ?? null;
  }

  get amountFen() {
    return fenOf(this.fields.amount);
  }

  /** What the card lacks for the charge; 0 when it has enough. */
  get shortFen() {
    return this.task === "charge" && this.card ? Math.max(0, this.amountFen - this.card.available_fen) : 0;
  }

  /** What is given on top of the top-up that stands there. */
  get bonusFen() {
    return this.task === "top_up" && this.card ? bonusOf(this.card.bonus_rules, this.amountFen) : 0;
  }

  /** What of the trade can still be given back. */
  get refundableFen() {
    return this.trade ? this.trade.amount_fen - this.trade.refunded_fen : 0;
  }

  /** Whether something may be pressed now: it has been seen for a moment, and no money is on its way. */
  get calm() {
    return monotonicMs() - this.#shownAtMs > CALM_MS && !this.pending;
  }

  /** The counter as it stands, to be laid back. */
  get counter() {
    const { task, fields, active, card, trade, done, notice, afterwards, topped } = this;
    return { task, fields: { ...fields }, active, card, trade, done, notice, afterwards, topped };
  }

  /** Lay the counter as it stood. @param {Till["counter"]} counter */
  lay(counter) {
    Object.assign(this, counter, { fields: { ...counter.fields } });
  }

  /** Everything off the counter because somebody said so: for a moment it can be laid back. */
  wipe() {
    if (this.pending) return;
    const { counter } = this;
    const before = this.wiped && this.#wiped;
    this.clear(this.task);
    this.#wiped = isBare(counter) ? before : { counter, untilMs: monotonicMs() + UNDO_MS };
    this.changed.emit();
  }

  /** What can be laid back, and for how long; null as soon as something else lies there. */
  get wiped() {
    const wiped = this.#wiped;
    if (!wiped || this.pending || this.questions.asking || this.done || this.task !== wiped.counter.task || !isBare(this.counter)) return null;
    const leftMs = wiped.untilMs - monotonicMs();
    return leftMs > 0 ? { ...wiped.counter, leftMs } : null;
  }

  /** Lay back what was cleared. */
  putBack() {
    const { wiped } = this;
    if (!wiped || !this.#wiped) return;
    this.lay(this.#wiped.counter);
    this.#wiped = null;
    this.#show();
  }

  /** Everything off the counter. @param {Task} [task] */
  clear(task = "charge") {
    if (this.pending) return;
    this.questions.forget();
    Object.assign(this, { task, fields: { ...EMPTY }, card: null, trade: null, done: null, notice: null, afterwards: "", topped: null });
    this.active = task === "open" ? "identity" : "amount";
    this.#show();
  }

  /** Another thing to do; what is known of the card stays. @param {Task} task */
  turn(task) {
    if (this.pending) return;
    const card = this.done || task === "open" ? null : this.card;
    this.clear(task);
    this.card = card;
    this.changed.emit();
  }

  /** Where keys go from now on. @param {Field} field */
  aim(field) {
    if (this.done) this.clear();
    this.active = field;
    this.changed.emit();
  }

  /** A key of the keypad, for the field that is aimed at. @param {string} key */
  press(key) {
    if (this.pending) return;
    if (this.done) this.clear();
    const { active, fields } = this;
    if (active === "amount") fields.amount = pressed(fields.amount, key);
    else if (key === "Backspace") fields[active] = fields[active].slice(0, -1);
    else if (key !== ".") fields[active] = (fields[active] + key).slice(0, NUMBER_MAX);
    this.notice = null;
    this.changed.emit();
  }

  /** What is typed into a field of the page itself. @param {Field} field @param {string} text */
  write(field, text) {
    this.fields[field] = text.slice(0, 40);
    this.notice = null;
    this.changed.emit();
  }

  /** A card was laid on the reader, or its number typed. @param {string} number */
  present(number) {
    if (this.pending) return;
    const now = monotonicMs();
    const again = number === this.#read.number && now - this.#read.atMs < SAME_CARD_MS;
    this.#read = { number, atMs: now };
    if (again && (this.card || this.done || this.questions.asking)) return;
    if (this.task === "open" || (this.task === "replace" && this.card)) return this.write("fresh", number);
    if (this.done || this.task === "refund") this.clear();
    this.#readCard({ number });
  }

  /** @param {object} by a number or an id */
  #readCard(by) {
    this.#query("ReadCard", by, (card) => {
      this.card = card;
      this.fields.number = "";
      this.active = "amount";
    });
  }

  /** Top up what is missing, then charge. */
  topUpFirst() {
    const { shortFen, fields } = this;
    this.task = "top_up";
    this.afterwards = fields.amount;
    this.fields = { ...EMPTY, amount: typedAs(shortFen) };
    this.notice = null;
    this.#show();
  }

  /** Choose a trade of today to give back. @param {Trade} trade */
  pick(trade) {
    if (this.pending) return;
    this.clear("refund");
    this.trade = trade;
    this.changed.emit();
  }

  /** Do what the counter says. */
  confirm() {
    const { card, amountFen } = this;
    if (this.task === "open") return this.#open();
    if (this.task === "replace") return this.#replace();
    if (this.task === "refund") {
      if (!this.trade) return;
      const part = amountFen || null;
      return this.#move("RefundTrade", { trade_id: this.trade.id, amount_fen: part }, this.trade.number_masked, part ?? this.refundableFen);
    }
    if (card && amountFen) this.#move(this.task === "charge" ? "ConsumeCard" : "TopUpCard", { card_id: card.card_id, amount_fen: amountFen }, card.number_masked, amountFen);
  }

  /** @param {string} name @param {object} body @param {string} masked @param {number} amountFen */
  #move(name, body, masked, amountFen) {
    if (this.pending) return;
    this.notice = null;
    if (!this.reachable) this.notice = { as: "away" };
    else {
      const key = name + JSON.stringify(body);
      if (this.#meant.key !== key) this.#meant = { key, id: uuid() };
      this.screen.outbox.add(name, body, { masked, amountFen, afterwards: this.afterwards }, this.#meant.id);
    }
    this.changed.emit();
  }

  /** The link went before a charge was on the wire: it is not made later behind everybody's back. */
  #takeBack() {
    const { pending } = this;
    if (this.screen.link.state === "open" || !pending || !this.screen.outbox.withdraw(pending.id)) return;
    this.notice = { as: "unsent" };
    this.changed.emit();
  }

  /** @param {Entry} entry @param {any} result */
  #moved({ name, about }, result) {
    this.#meant = { key: "", id: "" };
    const task = MOVES[name];
    const { amount_fen: amountFen, number_masked: masked } = result.trade;
    const done = { task, amountFen, bonusFen: result.bonus_fen ?? 0, balanceFen: result.balance_fen, masked, number: "" };
    const card = this.card;
    const goesOn = task === "top_up" && card && about?.afterwards && result.trade.card_id === card.card_id;
    Object.assign(this, { fields: { ...EMPTY }, trade: null, notice: null, afterwards: "", active: "amount", done, topped: null });
    if (goesOn) {
      this.task = "charge";
      this.fields.amount = about.afterwards;
      this.done = null;
      this.topped = done;
      this.card = { ...card, balance_fen: result.balance_fen, available_fen: result.available_fen };
    } else {
      this.card = null;
    }
    this.#read.atMs = monotonicMs();
    this.#show();
  }

  /** @param {Entry} entry @param {RefusalBody | null} refusal */
  #refusedMove(entry, refusal) {
    this.#meant = { key: "", id: "" };
    this.screen.outbox.dismiss(entry.id);
    this.notice = refusal && { as: "refused", refusal };
    // the card holds something else than was read
    if (refusal?.code === "balance_insufficient" && this.card) {
      this.card = { ...this.card, balance_fen: refusal.detail.balance_fen, available_fen: refusal.detail.available_fen };
    }
    this.#show();
  }

  #open() {
    const { identity, name, fresh } = this.fields;
    if (!identity) return;
    const kind = /^\+?\d{6,15}$/.test(identity.trim()) ? "phone" : "id_card";
    const body = { identity_kind: kind, identity: identity.trim(), name: name.trim(), number: fresh.trim() };
    this.#query("OpenCard", body, (card) => this.#made("open", card));
  }

  #replace() {
    if (!this.card) return;
    this.#query("ReplaceCard", { card_id: this.card.card_id, number: this.fields.fresh.trim() }, (card) => this.#made("replace", card));
  }

  /** A card was opened or replaced: its whole number is shown once. @param {Task} task @param {any} card */
  #made(task, card) {
    this.done = { task, amountFen: 0, bonusFen: 0, balanceFen: card.balance_fen ?? 0, masked: card.number_masked, number: card.number };
    this.fields = { ...EMPTY };
    this.card = null;
    this.active = "amount";
  }

  /** @param {string} name @param {object} body @param {(result: any) => void} yes */
  #query(name, body, yes) {
    if (this.questions.asking && this.questions.asking !== "ReadCard") return; // it is being done already
    this.notice = this.reachable ? null : { as: "away" };
    if (this.reachable) {
      const no = (/** @type {RefusalBody} */ refusal) => {
        this.notice = { as: "refused", refusal };
        this.fields.number = "";
        this.#show();
      };
      this.questions.ask({ name, body, no, yes: (result) => (yes(result), this.#show()) });
    }
    this.changed.emit();
  }

  #show() {
    this.#shownAtMs = monotonicMs();
    this.changed.emit();
  }
}

/** Nothing lies there that would be missed; a new card's number is shown only once. @param {Till["counter"]} counter */
const isBare = ({ fields, card, trade, done }) => !card && !trade && !done?.number && Object.values(fields).every((text) => !text);
