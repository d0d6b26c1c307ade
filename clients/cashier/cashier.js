// The cash desk: what needs somebody, what is being said, what was said and who heard it. Speaks for all desks of the shop
// when the gateway chose it. Refuses to take money and to decide anything: it claims, closes, mutes.

import { clock, monotonicMs } from "../link/clock.js";
import { openPage } from "../link/doorway.js";
import { Part } from "../link/elements.js";
import { wallClock } from "../link/format.js";
import { name, toggleLang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { Speaker } from "../link/speaker.js";
import { html, nothing } from "../link/vendor/lit.js";
import { refusalWords, say as shared } from "../link/words.js";
import { muteTemplate, MINUTES, nowTemplate, REASONS } from "./aloud.js";
import { escalations, said, tagOrders } from "./desk-work.js";
import { logTemplate } from "./heard-log.js";
import { needsTemplate, tagsTemplate } from "./needs.js";
import { papersRunOut, paperWaits } from "./paper.js";
import { Places } from "./places.js";
import { Uncollected } from "./uncollected.js";
import { say } from "./words.js";
import "../link/sounding.js";

/**
 * @typedef {import("../link/frames.d.ts").Event} Event
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("../link/frames.d.ts").CallEvent | null} About what an alarm is for; null: no rule is asked
 */

const DESIGN_PX = { width: 1366, height: 768 };
const ZOOM_MIN = 0.9;
const FRESH_MS = 60_000;
const ALARM_EVERY_MS = 30_000; // what nobody answers rings at the desk until somebody does
const REMEMBERED_MAX = 200;

class CashDesk extends Part {
  /** Calls that ended while this page was open. @type {Set<number>} */
  #over = new Set();
  /** Wrist-tag orders and rounds → when they came. @type {Map<string, number>} */
  #cameAtMs = new Map();
  #alarmedAtMs = 0;
  #places = new Places();

  /** @param {Screen} screen */
  constructor(screen) {
    super();
    this.screen = screen;
    this.speaker = new Speaker(screen, { mutes: true });
    this.uncollected = new Uncollected(screen);
    /** @type {{minutes: number, reason: import("./aloud.js").Reason}} */
    this.choice = { minutes: MINUTES[0], reason: REASONS[0] };
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
      this.speaker.changed.on(() => this.requestUpdate()),
      this.speaker.listen(),
      clock.onTick(() => this.#tick()),
      () => window.removeEventListener("keydown", key),
      () => window.removeEventListener("resize", fit),
    ];
  }

  #fit() {
    const zoom = Math.max(ZOOM_MIN, Math.min(window.innerWidth / DESIGN_PX.width, window.innerHeight / DESIGN_PX.height));
    document.documentElement.style.setProperty("--desk-zoom", String(zoom));
  }

  /** 1–9 the alarms' buttons, 0 read it, ↑ ↓ R C the numbers not collected, M mute, T test, L language. @param {KeyboardEvent} event */
  #key(event) {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const key = event.key.toLowerCase();
    if (/^[1-9]$/.test(key)) /** @type {HTMLButtonElement | undefined} */ (this.querySelectorAll(".alarm .act")[Number(key) - 1])?.click();
    else if (key === "0") this.#dismiss();
    else if (key === "m") this.#toggleMute();
    else if (key === "t") void this.speaker.soundTest.run();
    else if (key === "l") toggleLang();
    else if (this.uncollected.press(key, monotonicMs())) {
      event.preventDefault();
      this.requestUpdate();
    }
  }

  /** @param {Event} event */
  #hear(event) {
    if (event.kind === "CallEnded") keepNewest(this.#over.add(event.call_id));
    else if (event.kind === "PaperSettled" && this.screen.view && papersRunOut(this.screen.view)) this.screen.link.resync();
    else if (event.kind === "CallUnanswered") this.#alarm([event.call.event]);
    else if (event.kind === "ItemsUnseen") this.#alarm(["item_unseen"]);
    else if (event.kind === "PaperStuck") this.#alarm([null]);
    else if (event.kind === "PrinterChanged" && event.printer.condition !== "ready") this.#alarm([null]);
    else if (event.kind === "OrderPlaced" && event.order.place_kind === "tag") {
      this.#cameAtMs.set(`${event.order.id}/${event.round}`, clock.nowMs());
      keepNewest(this.#cameAtMs);
    }
  }

  #tick() {
    const { view } = this.screen;
    const about = view ? alarming(view) : [];
    if (!about.length) this.#alarmedAtMs = 0;
    else if (clock.nowMs() - this.#alarmedAtMs > ALARM_EVERY_MS) this.#alarm(about);
    this.requestUpdate();
  }

  /** Sound for what the shop's quiet hours let through; once they end, for the rest. @param {About[]} about */
  #alarm(about) {
    const loud = about.find((one) => !this.speaker.quiet.holds(one));
    if (loud === undefined) return;
    this.#alarmedAtMs = clock.nowMs();
    if (this.speaker.speaks) this.speaker.chime("rush", loud);
  }

  #toggleMute() {
    if (this.speaker.muting.current) this.speaker.unmute();
    else this.speaker.mute(this.choice.minutes * 60_000, this.choice.reason);
  }

  #dismiss() {
    const [refused] = this.screen.outbox.refused;
    if (refused) this.screen.outbox.dismiss(refused.id);
  }

  render() {
    const { view, link } = this.screen;
    const gate = html`<sound-gate .voice=${this.speaker.voice} .why=${say("gate")}></sound-gate>`;
    if (!view) {
      return html`<main class="waits">${icon("linked")}<h1>${shared("connecting")}</h1><p>${shared("connecting_help")}</p></main>${gate}`;
    }
    document.title = `${view.device.name} · 传菜`;
    document.documentElement.dataset.link = link.health();
    const nowMs = clock.nowMs();
    const pending = new Set(this.screen.outbox.waiting.map(({ body }) => body.call_id));
    const papers = new Set(this.screen.outbox.waiting.map(({ body }) => body.job_id));
    const work = {
      view, nowMs,
      pending: (/** @type {number} */ id) => pending.has(id),
      claim: (/** @type {number} */ id) => this.#places.means(id, monotonicMs()) && void this.screen.send("ClaimCall", { call_id: id }),
      close: (/** @type {number} */ id) => this.#places.means(id, monotonicMs()) && void this.screen.send("CloseCall", { call_id: id }),
      paper: {
        pending: (/** @type {number} */ id) => papers.has(id),
        again: (/** @type {number} */ id) => this.#places.means(id, monotonicMs()) && void this.screen.send("PrintAgain", { job_id: id, undecided: true }),
        settle: (/** @type {number} */ id, /** @type {"printed" | "dropped"} */ outcome) => this.#places.means(id, monotonicMs()) && void this.screen.send("SettlePaper", { job_id: id, outcome }),
      },
    };
    const fresh = [...this.#cameAtMs.values()].filter((atMs) => nowMs - atMs < FRESH_MS).length;
    return html`${link.health() === "lost" ? this.#lost(view, nowMs) : this.#head(view, nowMs)}
      <main class="all"><section class="col">${needsTemplate(escalations(view), work)}${tagsTemplate(tagOrders(view, nowMs, (id) => this.#over.has(id)), fresh, work)}${this.#refused()}</section>
      <section class="col">${nowTemplate(this.speaker)}${this.uncollected.render(view, nowMs, monotonicMs)}${muteTemplate(view, this.speaker, nowMs, this.choice, {
        choose: (part) => {
          this.choice = { ...this.choice, ...part };
          this.requestUpdate();
        },
        toggle: () => this.#toggleMute(),
      })}</section>
      <section class="col">${logTemplate(view, said(view, nowMs), {
        nowMs, pending: work.pending, press: (id) => void this.screen.send("CallAgain", { call_id: id }),
      })}</section></main>
      ${gate}`;
  }

  updated() {
    const alarms = /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll(".alarm"));
    this.#places.painted([...alarms].map(({ dataset }) => dataset.paper ?? dataset.call ?? "-"), monotonicMs());
    this.uncollected.painted(monotonicMs());
    this.querySelector(".number[data-marked]")?.scrollIntoView({ block: "nearest" });
  }

  /** @param {View} view @param {number} nowMs */
  #head(view, nowMs) {
    const { hm, s } = wallClock(nowMs, view.shop.timezone);
    return html`<header class="head">
      <h1>${view.device.name}</h1><span>${name(view.shop.name)}</span>
      <div class="end">
        <button class="btn lang" @click=${toggleLang}><key-cap .key=${"L"}></key-cap>${say("lang")}</button>
        <sound-state .speaker=${this.speaker} .key=${"T"}></sound-state>
        <link-health .link=${this.screen.link}></link-health>
        <time>${hm}:${s}</time>
      </div>
    </header>`;
  }

  /** @param {View} view @param {number} nowMs */
  #lost(view, nowMs) {
    const ageS = Math.floor(this.screen.link.ageS());
    const time = wallClock(nowMs - ageS * 1000, view.shop.timezone).hm;
    return html`<header class="head lost" role="alert">${icon("cut")}
      <h1>${ageS < 600 ? say("lost", { n: ageS }) : say("lost_min", { n: Math.floor(ageS / 60) })}</h1><span>${say("lost_help", { time })}</span>
    </header>`;
  }

  /** A press that was not done, and why, until somebody has read it. */
  #refused() {
    const [refused] = this.screen.outbox.refused;
    if (!refused) return nothing;
    return html`<button class="btn refused" data-kind="slip" @click=${() => this.#dismiss()}>
      <key-cap .key=${"0"}></key-cap>${shared("refused", { why: refusalWords(refused.refusal) })}<b>${say("understood")}</b></button>`;
  }
}

/** What a desk sounds for until somebody sees to it. @param {View} view @returns {About[]} */
const alarming = (view) => [
  ...escalations(view).flatMap(({ state, event }) => (state === "claimed" ? [] : [event])),
  ...(view.unseen.length ? [/** @type {const} */ ("item_unseen")] : []),
  ...(paperWaits(view) ? [null] : []),
];

/** Forget the oldest beyond what is kept. @param {Set<any> | Map<any, any>} kept */
function keepNewest(kept) {
  for (const oldest of kept.keys()) {
    if (kept.size <= REMEMBERED_MAX) break;
    kept.delete(oldest);
  }
}

customElements.define("cash-desk", CashDesk);

openPage({ app: "cashier", kind: "cashier", show: (screen) => new CashDesk(screen) });
