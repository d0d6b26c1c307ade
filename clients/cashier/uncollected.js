// The middle column's list: numbers that were called and that nobody has collected, the longest wait first.
// Say one again, or note that it was collected; for the marked one by key. Refuses to call what nobody called before.

import { elapsed } from "../link/format.js";
import { icon } from "../link/icons.js";
import { numbersOf } from "../link/numbers.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { Places } from "./places.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/numbers.js").QueueNumber} QueueNumber
 * @typedef {import("../link/screen.js").Screen} Screen
 */

/** Longest wait first. @param {View} view @param {number} nowMs @returns {QueueNumber[]} */
export const uncollected = (view, nowMs) => numbersOf(view, nowMs).ready.reverse();

export class Uncollected {
  #screen;
  /** Whether a press means the row it is on, and a key the marked one. */
  #rows = new Places();
  #keyed = new Places();
  /** The order somebody marked; without one the first is. @type {number | null} */
  #chosen = null;
  /** @type {QueueNumber[]} */
  #numbers = [];

  /** @param {Screen} screen */
  constructor(screen) {
    this.#screen = screen;
  }

  #marked() {
    return this.#numbers.find(({ orderId }) => orderId === this.#chosen) ?? this.#numbers[0];
  }

  /** @param {number} atMs of the monotonic clock */
  painted(atMs) {
    this.#rows.painted(this.#numbers.map(({ orderId }) => String(orderId)), atMs);
    this.#keyed.painted(this.#numbers.length ? [String(this.#marked().orderId)] : ["-"], atMs);
  }

  /** ↑ ↓ mark a number, R says it again, C notes that it was collected. @param {string} key @param {number} atMs @returns {boolean} whether it was one of these */
  press(key, atMs) {
    const marked = this.#marked();
    if (!marked || !["arrowup", "arrowdown", "r", "c"].includes(key)) return false;
    if (key === "r" || key === "c") {
      if (this.#keyed.means(marked.orderId, atMs)) this.#send(marked, key === "r" ? "CallItem" : "PickUpItem");
      return true;
    }
    const at = this.#numbers.indexOf(marked) + (key === "arrowdown" ? 1 : -1);
    this.#chosen = this.#numbers[Math.max(0, Math.min(at, this.#numbers.length - 1))].orderId;
    this.#keyed = new Places(); // a hand that marks a number means it at once
    return true;
  }

  /** A number is said again by its newest dish, once; collected is all that was called of it. @param {QueueNumber} one @param {"CallItem" | "PickUpItem"} command */
  #send(one, command) {
    if (this.#waits().has(one.calledIds[0])) return;
    for (const id of command === "CallItem" ? one.calledIds.slice(0, 1) : one.calledIds) this.#screen.send(command, { item_id: id });
  }

  #waits() {
    return new Set(this.#screen.outbox.waiting.map(({ body }) => body.item_id));
  }

  /** @param {View} view @param {number} nowMs @param {() => number} monotonic */
  render(view, nowMs, monotonic) {
    this.#numbers = uncollected(view, nowMs);
    const waits = this.#waits();
    const marked = this.#marked();
    return html`<h2 class="second">${icon("ready")}${say("uncollected")} <b>${this.#numbers.length}</b>
      ${this.#numbers.length > 1 ? html`<span class="end"><key-cap .key=${"↑"}></key-cap> <key-cap .key=${"↓"}></key-cap></span>` : nothing}</h2>
      <div class="card numbers" tabindex="0">${this.#numbers.length
        ? repeat(this.#numbers, ({ orderId }) => orderId, (one) => this.#row(one, one === marked, waits.has(one.calledIds[0]), nowMs, monotonic))
        : html`<p class="none">${say("no_uncollected")}</p>`}</div>`;
  }

  /** @param {QueueNumber} one @param {boolean} marked @param {boolean} pending @param {number} nowMs @param {() => number} monotonic */
  #row(one, marked, pending, nowMs, monotonic) {
    const button = (/** @type {string} */ words, /** @type {string} */ key, /** @type {"CallItem" | "PickUpItem"} */ command) =>
      html`<button class="btn" data-kind="line" data-does=${command} ?disabled=${pending} @click=${() => this.#rows.means(one.orderId, monotonic()) && this.#send(one, command)}>
        ${marked ? html`<key-cap .key=${key}></key-cap>` : nothing}${words}</button>`;
    return html`<div class="number" data-order=${one.orderId} ?data-marked=${marked} aria-current=${marked ? "true" : "false"}>
      <b>${one.number}</b><span class="wait">${one.yesterday ? html`<small>${shared("yesterday")}</small>` : nothing}${say("waits", { time: elapsed(nowMs - one.sinceMs) })}</span>
      ${pending ? html`<span class="wait">${icon("waits")}${shared("to_send")}</span>` : html`${button(say("again_short"), "R", "CallItem")}${button(say("collected"), "C", "PickUpItem")}`}
    </div>`;
  }
}
