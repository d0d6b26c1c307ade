// The administrator's view of meal cards: every charge as it happens, what the day comes to, and its statistics to print.
// Refuses to change anything: it watches.

import { clock } from "../link/clock.js";
import { openPage } from "../link/doorway.js";
import { Part } from "../link/elements.js";
import { businessDay, exactYuan, wallClock } from "../link/format.js";
import { name, toggleLang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { deedOf, DEEDS_MAX, feedOf, FILTERS } from "./feed.js";
import { feedTemplate } from "./lines.js";
import { BYS, openReport } from "./report.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").CardDay} CardDay
 * @typedef {import("../link/frames.d.ts").Event} Event
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("./report.js").By} By
 */

const APP = "monitor";
const DESIGN_PX = { width: 1366, height: 768 };
const ZOOM_MIN = 0.9;
const FRESH_MS = 20_000;
/** @type {Record<By, string>} */
const REPORT_KEYS = { day: "D", dish: "G", hour: "H" };

class CardMonitor extends Part {
  /** What was done to cards since this page opened, newest last. @type {import("./feed.js").Line[]} */
  #deeds = [];
  /** Line → when it came while somebody looked. @type {Map<string, number>} */
  #cameAtMs = new Map();

  /** @param {Screen} screen */
  constructor(screen) {
    super();
    this.screen = screen;
    /** @type {import("./feed.js").Filter} */
    this.filter = "all";
    this.reportSays = "";
  }

  subscribe() {
    const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    const fit = () => this.#fit();
    window.addEventListener("keydown", key);
    window.addEventListener("resize", fit);
    this.#fit();
    return [
      this.screen.changed.on(() => this.requestUpdate()),
      this.screen.link.frames.on((frame) => frame.t === "event" && this.#keepDeed(frame.event)),
      this.screen.happened.on((event) => this.#happened(event)),
      clock.onTick(() => this.requestUpdate()),
      () => window.removeEventListener("keydown", key),
      () => window.removeEventListener("resize", fit),
    ];
  }

  #fit() {
    const zoom = Math.max(ZOOM_MIN, Math.min(window.innerWidth / DESIGN_PX.width, window.innerHeight / DESIGN_PX.height));
    document.documentElement.style.setProperty("--watch-zoom", String(zoom));
  }

  /** 1–5 which kinds, D G H the statistics, L language. @param {KeyboardEvent} event */
  #key(event) {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const key = event.key.toUpperCase();
    const by = BYS.find((one) => REPORT_KEYS[one] === key);
    if (FILTERS[Number(key) - 1]) this.#choose(FILTERS[Number(key) - 1]);
    else if (by) void this.#print(by);
    else if (key === "L") toggleLang();
  }

  /** @param {Event} event */
  #keepDeed(event) {
    const deed = deedOf(event);
    if (deed && !this.#deeds.some(({ key }) => key === deed.key)) this.#deeds = [...this.#deeds, deed].slice(-DEEDS_MAX);
  }

  /** @param {Event} event */
  #happened(event) {
    const key = "trade" in event ? String(event.trade.id) : deedOf(event)?.key;
    if (!key) return;
    this.#cameAtMs.set(key, clock.nowMs());
    for (const [known, atMs] of this.#cameAtMs) if (clock.nowMs() - atMs > FRESH_MS) this.#cameAtMs.delete(known);
    this.requestUpdate();
  }

  /** @param {import("./feed.js").Filter} filter */
  #choose(filter) {
    this.filter = filter;
    this.requestUpdate();
  }

  /** @param {By} by */
  async #print(by) {
    const day = this.screen.view?.cards?.business_day;
    if (!day || this.reportSays === say("making")) return;
    this.reportSays = say("making");
    this.requestUpdate();
    const why = await openReport(APP, by, day);
    this.reportSays = why && say("report_away", { why });
    this.requestUpdate();
  }

  render() {
    const { view, link } = this.screen;
    const day = view?.cards;
    if (!view || !day) {
      return html`<main class="waits">${icon("linked")}<h1>${shared("connecting")}</h1><p>${shared("connecting_help")}</p></main>`;
    }
    document.title = `${say("title")} · ${name(view.shop.name)}`;
    document.documentElement.dataset.link = link.health();
    const nowMs = clock.nowMs();
    const fresh = (/** @type {string} */ key) => nowMs - (this.#cameAtMs.get(key) ?? -FRESH_MS) < FRESH_MS;
    const deeds = this.#deeds.filter(({ atMs }) => businessDay(atMs, view.shop.timezone) >= day.business_day);
    return html`${link.health() === "lost" ? this.#lost(view, nowMs) : this.#head(view, nowMs)}
      <main class="all">${totalsTemplate(day)}
      <nav class="bar"><div class="pick">${FILTERS.map((one, i) => html`<button class="btn" aria-pressed=${this.filter === one ? "true" : "false"} @click=${() => this.#choose(one)}>
        <key-cap .key=${String(i + 1)}></key-cap>${say(one)}</button>`)}</div>
        <div class="end" role="group">${this.reportSays ? html`<span class="report" role="status">${this.reportSays === say("making") ? nothing : icon("late")}${this.reportSays}</span>` : html`<span>${icon("print")}${say("report")}</span>`}
        ${BYS.map((by) => html`<button class="btn" data-kind="line" data-by=${by} @click=${() => void this.#print(by)}><key-cap .key=${REPORT_KEYS[by]}></key-cap>${say(`by_${by}`)}</button>`)}</div></nav>
      ${feedTemplate(feedOf(day.trades, deeds, this.filter), { trades: day.trades, timezone: view.shop.timezone, filter: this.filter, fresh })}</main>`;
  }

  /** @param {View} view @param {number} nowMs */
  #head(view, nowMs) {
    const { hm, s } = wallClock(nowMs, view.shop.timezone);
    return html`<header class="head">
      <h1>${say("title")}</h1><span>${name(view.shop.name)} · ${say("business_day", { day: view.cards?.business_day ?? "" })}</span>
      <div class="end">
        <button class="btn lang" @click=${toggleLang}><key-cap .key=${"L"}></key-cap>${say("lang")}</button>
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
}


/** What the day comes to. @param {CardDay} day */
function totalsTemplate({ totals: t }) {
  const cell = (/** @type {string} */ id, /** @type {string} */ words, /** @type {number} */ fen, /** @type {number | null} */ n) =>
    html`<li data-sum=${id}><span>${words}</span><b>${exactYuan(fen)}</b><small>${n === null ? nothing : say("n", { n })}</small></li>`;
  return html`<ul class="totals">
    ${cell("consumed", say("sum_consumed"), t.consumed_fen, t.consumptions)}
    ${cell("refunded", say("sum_refunded"), t.refunded_fen, t.refunds)}
    ${cell("net", say("sum_net"), t.consumed_fen - t.refunded_fen, null)}
    ${cell("top_up", say("sum_top_up"), t.top_up_fen, t.top_ups)}
    ${cell("bonus", say("sum_bonus"), t.bonus_fen, null)}
    ${cell("paid_out", say("sum_paid_out"), t.paid_out_fen, t.closures)}
  </ul>`;
}

customElements.define("card-monitor", CardMonitor);

openPage({ app: APP, kind: "monitor", show: (screen) => new CardMonitor(screen) });
