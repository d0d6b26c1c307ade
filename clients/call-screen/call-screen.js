// The call screen 叫号屏: a hall reads at 10 m which numbers are being prepared and which to fetch. Numbers only.
// What they are: link/numbers.js. What is said aloud comes from the server. Refuses to show names and rooms.

import { clock, monotonicMs } from "../link/clock.js";
import { concerns } from "../link/concerns.js";
import { openPage } from "../link/doorway.js";
import { Part } from "../link/elements.js";
import { businessDay, wallClock } from "../link/format.js";
import { name, toggleLang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { collectable, numbersOf, PAGE_MAX, pageOf } from "../link/numbers.js";
import { Speaker } from "../link/speaker.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { say } from "./words.js";
import "../link/sounding.js";

/**
 * @typedef {import("../link/frames.d.ts").Event} Event
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("../link/numbers.js").QueueNumber} QueueNumber
 */

const LARGE_MS = 12_000;
const LARGE_MAX = 3; // side by side; a fourth takes the place of the oldest
const BESIDE_LARGE_MAX = 8; // the large ones take the room of a row
const UPRIGHT_MAX = 8;
const DESIGN_PX = { wide: { width: 1920, height: 1080 }, upright: { width: 1080, height: 1920 } };

class CallScreen extends Part {
  /** Order → when it was called while somebody looked. @type {Map<number, number>} */
  #calledAtMs = new Map();

  /** @param {Screen} screen */
  constructor(screen) {
    super();
    this.screen = screen;
    this.speaker = new Speaker(screen);
  }

  subscribe() {
    const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    const fit = () => this.#fit();
    window.addEventListener("keydown", key);
    window.addEventListener("resize", fit);
    this.#fit();
    return [
      this.screen.changed.on(() => this.requestUpdate()),
      this.screen.happened.on((event) => this.#hear(event)),
      this.speaker.listen(),
      clock.onTick(() => this.requestUpdate()),
      () => window.removeEventListener("keydown", key),
      () => window.removeEventListener("resize", fit),
    ];
  }

  /** All is painted for one size and scaled: what is far away must not shrink to fit more. */
  #fit() {
    const upright = window.innerHeight > window.innerWidth;
    const { width, height } = DESIGN_PX[upright ? "upright" : "wide"];
    document.documentElement.dataset.shape = upright ? "upright" : "wide";
    const zoom = Math.min(window.innerWidth / width, window.innerHeight / height);
    document.documentElement.style.setProperty("--hall-zoom", String(zoom));
    this.requestUpdate();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key.toLowerCase() === "l") toggleLang();
    else if (event.key.toLowerCase() === "t") void this.speaker.soundTest.run();
  }

  /** @param {Event} event */
  #hear(event) {
    if (event.kind === "ItemCalled") this.#calls(event.order_id, event.item_id);
    else if (event.kind === "Announced") this.#said(event.utterance);
  }

  /** A dish whose company is still in the kitchen calls nobody. @param {number} orderId @param {number} itemId */
  #calls(orderId, itemId) {
    const order = this.screen.view?.orders.find(({ id }) => id === orderId);
    if (order && collectable(order).some(({ id }) => id === itemId)) this.#called(orderId);
  }

  /** A number that is said again, at a desk's request, stands large again; the voice of a call does not keep it there. @param {import("../link/frames.d.ts").Utterance} utterance */
  #said(utterance) {
    const { view } = this.screen;
    if (!view || !isNumber(utterance) || !concerns(view, utterance)) return;
    const order = view.orders.find(({ items }) => items.some(({ id, state }) => id === utterance.item_id && state === "called"));
    if (order && monotonicMs() - (this.#calledAtMs.get(order.id) ?? -LARGE_MS) >= LARGE_MS) this.#called(order.id);
  }

  /** @param {number} orderId */
  #called(orderId) {
    this.#calledAtMs.delete(orderId); // called again: the newest
    this.#calledAtMs.set(orderId, monotonicMs());
    for (const [order, atMs] of this.#calledAtMs) if (monotonicMs() - atMs > LARGE_MS) this.#calledAtMs.delete(order);
  }

  /** Those called in the last twelve seconds, newest first. @param {QueueNumber[]} ready */
  #large(ready) {
    const ageMs = (/** @type {QueueNumber} */ one) => monotonicMs() - (this.#calledAtMs.get(one.orderId) ?? -LARGE_MS);
    return ready.filter((one) => ageMs(one) < LARGE_MS).sort((a, b) => ageMs(a) - ageMs(b)).slice(0, LARGE_MAX);
  }

  render() {
    const { view, link } = this.screen;
    const gate = html`<spoken-line .speaker=${this.speaker} .hides=${isNumber}></spoken-line><sound-gate .voice=${this.speaker.voice}></sound-gate>`;
    if (!view) {
      return html`<main class="waits">${icon("linked")}<h1>${shared("connecting")}</h1><p>${shared("connecting_help")}</p></main>${gate}`;
    }
    document.documentElement.dataset.link = link.health();
    document.title = `${say("collect")} · ${name(view.shop.name)}`;
    const nowMs = clock.nowMs();
    const { cooking, ready } = numbersOf(view, nowMs);
    return html`<main class="all">${this.#cooking(view, cooking, nowMs)}${this.#ready(view, ready, nowMs)}</main>${gate}`;
  }

  /** @param {View} view @param {QueueNumber[]} all @param {number} nowMs */
  #cooking(view, all, nowMs) {
    const { shown, page, pages } = pageOf(all, nowMs, this.#perPage(0));
    return html`<section class="side cooking">
      <h1>${icon("cooking")}${say("cooking")}<small>${say("orders", { n: all.length })}</small></h1>
      ${all.length ? list(shown) : html`<p class="none">${say("none_cooking")}</p>`}
      <footer>
        <span class="where">${name(view.shop.name)} · ${view.device.name}</span>
        <span class="end">${pages > 1 ? say("page", { page, pages }) : nothing}</span>
      </footer>
    </section>`;
  }

  /** @param {View} view @param {QueueNumber[]} all @param {number} nowMs */
  #ready(view, all, nowMs) {
    const large = this.#large(all);
    const rest = all.filter((one) => !large.includes(one));
    const { shown, page, pages } = pageOf(rest, nowMs, this.#perPage(large.length));
    const { hm } = wallClock(nowMs, view.shop.timezone);
    const [, month, day] = businessDay(nowMs, view.shop.timezone).split("-");
    return html`<section class="side ready">
      <h1>${icon("ready")}${say("collect")}<small>${hm}</small></h1>
      <div>
        ${this.#lost(view, nowMs)}
        ${large.length ? called(large) : nothing}
        ${all.length ? list(shown) : html`<p class="none">${say("none_ready")}</p>`}
      </div>
      <footer>
        <link-health .link=${this.screen.link}></link-health>
        <sound-state .speaker=${this.speaker}></sound-state>
        <span>${say("business_day", { month: Number(month), day: Number(day) })}</span>
        <span class="end">${say("page", { page, pages })}</span>
      </footer>
    </section>`;
  }

  /** The link is lost: how long, and from when the numbers are. @param {View} view @param {number} nowMs */
  #lost(view, nowMs) {
    if (this.screen.link.health() !== "lost") return nothing;
    const ageS = Math.floor(this.screen.link.ageS());
    const time = wallClock(nowMs - ageS * 1000, view.shop.timezone).hm;
    const words = ageS < 600 ? say("lost", { n: ageS, time }) : say("lost_min", { n: Math.floor(ageS / 60), time });
    return html`<p class="lost" role="alert">${icon("cut")}${words}</p>`;
  }

  /** @param {number} large how many stand large */
  #perPage(large) {
    if (document.documentElement.dataset.shape === "upright") return UPRIGHT_MAX;
    return large ? BESIDE_LARGE_MAX : PAGE_MAX;
  }
}

/** A number that is called stands on the screen already. @param {{event: string}} utterance */
const isNumber = ({ event }) => event === "item_ready";

/** @param {QueueNumber[]} numbers */
const list = (numbers) => html`<ol class="numbers" ?data-wide=${numbers.some(({ number }) => number.length > 2)}>${repeat(
  numbers,
  ({ orderId }) => orderId,
  ({ orderId, number, yesterday }) =>
    html`<li data-order=${orderId}>${yesterday ? html`<small>${shared("yesterday")}</small>` : nothing}${number}</li>`,
)}</ol>`;

/** @param {QueueNumber[]} large newest first */
const called = (large) => html`<div class="called" data-count=${large.length} role="status">
  ${repeat(
    large,
    ({ orderId, sinceMs }) => `${orderId}/${sinceMs}`, // called again: it flashes again
    ({ orderId, number, yesterday }) => html`<article class="flashes" data-order=${orderId}>
      <b>${number}</b>${large.length === 1 ? html`<p>${say("please", { number })}</p>` : nothing}
      ${yesterday ? html`<small>${shared("yesterday")}</small>` : nothing}
    </article>`,
  )}
</div>`;

customElements.define("call-screen", CallScreen);

openPage({ app: "screen", kind: "call_screen", show: (screen) => new CallScreen(screen) });
