// The register for meal cards (储值卡): an amount, a card, one key. A card reader may type at any moment; every press has a key.
// What lies on the counter: till.js. Refuses to know balances of its own: each one shown came from the house.

import { clock } from "../link/clock.js";
import { openPage } from "../link/doorway.js";
import { Part } from "../link/elements.js";
import { exactYuan, wallClock } from "../link/format.js";
import { name, toggleLang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { Speaker } from "../link/speaker.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { dayTemplate, refundable } from "./day-list.js";
import { isUnknown, middleTemplate, nextPress } from "./panels.js";
import { Reader } from "./reader.js";
import { Till } from "./till.js";
import { say } from "./words.js";
import "../link/sounding.js";

/**
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("./till.js").Task} Task
 */

const DESIGN_PX = { width: 1366, height: 768 };
const ZOOM_MIN = 0.9;
const AWAY_S = 3; // a closed link that comes back at once is not worth a red frame
const ENTER_EVERY_MS = 400; // a second press of the same finger
/** Task → its key and drawing. @type {[Task, string, string][]} */
const TASKS = [
  ["charge", "*", "card"],
  ["top_up", "+", "plus"],
  ["refund", "-", "undo"],
  ["open", "N", "person"],
  ["replace", "R", "recall"],
];
const PAD = ["7", "8", "9", "4", "5", "6", "1", "2", "3", "00", "0", "."];

class CardRegister extends Part {
  #reader = new Reader();
  /** What stood on the counter before a run of quick keys. */
  #before;
  #pressedAtMs = -Infinity;

  /** @param {Screen} screen */
  constructor(screen) {
    super();
    this.screen = screen;
    this.till = new Till(screen);
    this.#before = this.till.counter;
    this.speaker = new Speaker(screen, { mutes: false });
  }

  subscribe() {
    const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    const fit = () => this.#fit();
    window.addEventListener("keydown", key);
    window.addEventListener("resize", fit);
    this.#fit();
    return [
      this.screen.changed.on(() => this.requestUpdate()),
      this.till.changed.on(() => this.requestUpdate()),
      this.speaker.listen(),
      ...this.till.listen(),
      clock.onTick(() => (this.till.questions.tick(), this.requestUpdate())),
      () => window.removeEventListener("keydown", key),
      () => window.removeEventListener("resize", fit),
    ];
  }

  #fit() {
    const zoom = Math.max(ZOOM_MIN, Math.min(window.innerWidth / DESIGN_PX.width, window.innerHeight / DESIGN_PX.height));
    document.documentElement.style.setProperty("--till-zoom", String(zoom));
  }

  /** A reader or a hand. @param {KeyboardEvent} event */
  #key(event) {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const { till } = this;
    const number = this.#reader.heard(event.key, event.timeStamp);
    if (this.#reader.length === 1) this.#before = till.counter;
    if (number) {
      event.preventDefault();
      till.lay(this.#before);
      till.present(number);
      return;
    }
    const inField = event.target instanceof HTMLInputElement;
    if (event.key === "Enter") {
      if (event.target instanceof HTMLButtonElement && event.target.matches(":focus-visible")) return; // it is pressed itself
      event.preventDefault();
      this.#enter();
    } else if (event.key === "Escape") till.wipe();
    else if (!inField && this.#command(event.key)) event.preventDefault();
  }

  /** Keys that are not for a field. @param {string} key */
  #command(key) {
    const { till } = this;
    const task = TASKS.find(([, cap]) => cap === key.toUpperCase());
    if (/^\d$/.test(key) || key === "." || key === "Backspace") till.press(key);
    else if (task) this.#turn(task[0]);
    else if (key === "/") till.aim("number");
    else if (key === "ArrowDown" || key === "ArrowUp") this.#walk(key === "ArrowDown" ? 1 : -1);
    else if (key.toLowerCase() === "z") till.putBack();
    else if (key.toLowerCase() === "l") toggleLang();
    else if (key.toLowerCase() === "t") void this.speaker.soundTest.run();
    else return false;
    return true;
  }

  /** @param {Task} task */
  #turn(task) {
    this.till.turn(task);
    if (task === "refund") this.#walk(1);
    if (task === "open") void this.updateComplete.then(() => this.querySelector("input")?.focus());
  }

  /** To the next charge of the list that can be given back. @param {1 | -1} step */
  #walk(step) {
    const { view } = this.screen;
    if (this.till.task !== "refund" || !view?.cards) return;
    const all = refundable(view.cards);
    const at = all.findIndex(({ id }) => id === this.till.trade?.id);
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    if (next) this.till.pick(next);
    void this.updateComplete.then(() => this.querySelector(".day [aria-pressed=true]")?.scrollIntoView({ block: "nearest" }));
  }

  /** The one thing to press; a second press of the same finger is none. */
  #enter() {
    const { till } = this;
    const now = performance.now();
    if (now - this.#pressedAtMs < ENTER_EVERY_MS || !till.calm) return;
    this.#pressedAtMs = now;
    nextPress(till).run?.();
  }

  render() {
    const { view, link } = this.screen;
    const gate = html`<spoken-line .speaker=${this.speaker}></spoken-line><sound-gate .voice=${this.speaker.voice} .why=${say("gate")}></sound-gate>`;
    if (!view) {
      return html`<main class="waits">${icon("linked")}<h1>${shared("connecting")}</h1><p>${shared("connecting_help")}</p></main>${gate}`;
    }
    const health = link.state !== "open" && link.ageS() > AWAY_S ? "lost" : link.health();
    document.title = `${view.device.name} · ${say("title")}`;
    document.documentElement.dataset.link = health;
    const { till } = this;
    const { timezone } = view.shop;
    return html`${health === "lost" ? this.#lost() : this.#head(view)}
      <nav class="tasks">${TASKS.map(([task, cap, drawing]) => html`<button class="btn" aria-pressed=${till.task === task ? "true" : "false"}
        ?disabled=${Boolean(till.pending)} @mousedown=${keepFocus} @click=${() => this.#turn(task)}><key-cap .key=${cap}></key-cap>${icon(drawing)}${say(task)}</button>`)}</nav>
      <main class="all"><section class="col left">${this.#keypad()}</section>
      <section class="col middle"><div class="counter">${middleTemplate(till, timezone)}</div>${this.#primary()}</section>
      <section class="col right">${view.cards ? dayTemplate(view.cards, till, timezone) : nothing}</section></main>
      ${gate}`;
  }

  #primary() {
    const { till } = this;
    const { words, run } = nextPress(till);
    if (till.pending) return html`<button class="btn primary" data-kind="line" disabled>${icon("waits")}${say(isUnknown(till) ? "asking" : "pending")}</button>`;
    return html`<button class="btn primary" data-kind=${run ? "go" : "line"} ?disabled=${!run} @mousedown=${keepFocus} @click=${() => this.#enter()}>
      ${run ? html`<key-cap .key=${"Enter"}></key-cap>` : nothing}${words}</button>`;
  }

  #keypad() {
    const { till } = this;
    const key = (/** @type {string} */ cap) => html`<button @mousedown=${keepFocus} @click=${() => till.press(cap)}>${cap}</button>`;
    const shown = till.fields.amount;
    const whole = till.task === "refund" && !shown ? till.refundableFen : 0;
    const label = till.task === "top_up" || till.task === "refund" ? till.task : "charge";
    return html`<button class="amount" ?data-here=${till.active === "amount"} @mousedown=${keepFocus} @click=${() => till.aim("amount")}>
        <span>${say(`amount_${label}`)}</span><b>${whole ? html`<i>${exactYuan(whole)}</i>` : html`¥${shown || html`<i>0</i>`}`}</b></button>
      <div class="pad">${PAD.map(key)}
        <button class="soft erase" aria-label=${say("erase")} @mousedown=${keepFocus} @click=${() => till.press("Backspace")}>${icon("back")}</button>
        <button class="soft" @mousedown=${keepFocus} @click=${() => till.wipe()}><key-cap .key=${"Esc"}></key-cap>${say("clear")}</button>
        <button class="soft" @mousedown=${keepFocus} @click=${() => till.aim("number")}><key-cap .key=${"/"}></key-cap>${say("by_hand")}</button>
      </div>`;
  }

  /** @param {View} view */
  #head(view) {
    const { hm, s } = wallClock(clock.nowMs(), view.shop.timezone);
    return html`<header class="head">
      <h1>${view.device.name}</h1><span>${name(view.shop.name)} · ${say("title")}</span>
      <div class="end">
        <button class="btn lang" @mousedown=${keepFocus} @click=${toggleLang}><key-cap .key=${"L"}></key-cap>${say("lang")}</button>
        <sound-state .speaker=${this.speaker} .key=${"T"}></sound-state>
        <link-health .link=${this.screen.link}></link-health>
        <time>${hm}:${s}</time>
      </div>
    </header>`;
  }

  #lost() {
    const ageS = Math.floor(this.screen.link.ageS());
    return html`<header class="head lost" role="alert">${icon("cut")}
      <h1>${ageS < 600 ? say("lost", { n: ageS }) : say("lost_min", { n: Math.floor(ageS / 60) })}</h1><span>${say("lost_help")}</span>
      <div class="end"><button class="btn lang" @mousedown=${keepFocus} @click=${toggleLang}><key-cap .key=${"L"}></key-cap>${say("lang")}</button></div>
    </header>`;
  }
}

/** A pressed button does not take the keys: Enter stays the one thing to press. @param {globalThis.Event} event */
const keepFocus = (event) => event.preventDefault();

customElements.define("card-register", CardRegister);

openPage({ app: "register", kind: "cashier", show: (screen) => new CardRegister(screen) });
