// The room of the kitchen's report: the days' figures at a glance, by station, dish, hour and day; the page with charts,
// CSV and workbook are the report's own door. Refuses to reckon anything: every figure is as the house says it.

import { lang, name } from "../link/i18n.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say } from "./report-words.js";
import { Room } from "./room.js";

/** @typedef {{dishes: number, p50_ms: number | null, p90_ms: number | null}} Span */
/** @typedef {{key: string, name: import("../link/i18n.js").Text | null, orders: number | null, dishes: number, portions: number, late: number, late_share: number | null, waiting: Span, cooking: Span, to_ready: Span, pick_up: Span, delivery: Span}} Row */
/** @typedef {"station" | "dish" | "hour" | "day"} By */
/** @typedef {{since: string, until: string, total: Row} & Record<`by_${By}`, Row[]>} Report */

const BYS = /** @type {const} */ (["station", "dish", "hour", "day"]);
const STAGES = /** @type {const} */ (["waiting", "cooking", "to_ready", "pick_up", "delivery"]);
const PRESETS = /** @type {const} */ ([["today", 0], ["week", 6], ["month", 29]]);
const ROWS_SHOWN_MAX = 100;
const LOOK_EVERY_S = 30;
const DAY_MS = 86_400_000;

class ReportRoom extends Room {
  static properties = { report: { state: true }, asked: { state: true }, by: { state: true } };

  constructor() {
    super();
    /** @type {Report | null} */
    this.report = null;
    /** Business days, both included; empty: today. */
    this.asked = { since: "", until: "" };
    /** The shop's business day. */
    this.today = "";
    /** @type {By} */
    this.by = "station";
  }

  opened() {
    Object.assign(this, { report: null, asked: { since: "", until: "" }, today: "" });
    void this.#look();
    // days that are over do not change
    this.every(LOOK_EVERY_S, () => (!this.asked.until || this.asked.until === this.today) && this.#look());
  }

  async #look() {
    const told = await this.read(this.#path({}));
    if (!told) return;
    this.report = told;
    if (!this.asked.until) this.today = told.until;
  }

  /** @param {typeof this.asked} asked */
  #ask(asked) {
    this.asked = asked;
    this.report = null;
    void this.#look();
  }

  /** The other end goes along where a day would end before it began. @param {"since" | "until"} key @param {string} day */
  #move(key, day) {
    const now = this.report ?? this.asked;
    const [since, until] = key === "since" ? [day, now.until] : [now.since, day];
    if (day) this.#ask(since > until ? { since: day, until: day } : { since, until });
  }

  /** @param {Record<string, string>} more */
  #path(more) {
    const query = new URLSearchParams({ ...more });
    for (const [key, day] of Object.entries(this.asked)) if (day) query.set(key, day);
    return `/v1/shops/${this.shopId}/kitchen-report?${query}`;
  }

  render() {
    const file = (/** @type {Record<string, string>} */ more) => this.#path({ ...more, language: lang() });
    const tools = html`<a class="btn" data-kind="go" name="page" href=${file({ format: "html" })} target="_blank" rel="noopener">${say("page")}</a>
      <a class="btn" name="workbook" href=${file({ format: "xlsx" })}>${say("workbook")}</a><a class="btn" name="csv" href=${file({ format: "csv", by: this.by })}>${say("csv")} · ${say(this.by)}</a>`;
    return html`${this.head(say("title"), say("lead"), tools)}${this.#form()}${this.report ? this.#figures(this.report) : nothing}
      <div class="tabs" role="tablist">${BYS.map((by) => html`<button class="btn" role="tab" name=${by} aria-selected=${by === this.by} @click=${() => (this.by = by)}>${say(by)}</button>`)}</div>
      <section role="tabpanel" aria-label=${say(this.by)}>${this.#table()}</section>`;
  }

  #form() {
    const { since, until } = this.report ?? this.asked;
    const heard = (/** @type {"since" | "until"} */ key) => (/** @type {Event} */ event) => this.#move(key, /** @type {HTMLInputElement} */ (event.target).value);
    const back = (/** @type {number} */ days) => ({ since: new Date(Date.parse(this.today) - days * DAY_MS).toISOString().slice(0, 10), until: this.today });
    return html`<section class="asked">
      <label>${say("since")}<input type="date" name="since" max=${this.today || nothing} .value=${since} @change=${heard("since")} /></label>
      <label>${say("until")}<input type="date" name="until" max=${this.today || nothing} .value=${until} @change=${heard("until")} /></label>
      ${PRESETS.map(([word, days]) => html`<button class="btn" name=${word} ?disabled=${!this.today} @click=${() => this.#ask(back(days))}>${say(word)}</button>`)}
    </section>`;
  }

  /** @param {Report} report */
  #figures({ total, by_hour }) {
    const busiest = [...by_hour].sort((a, b) => (b.orders ?? 0) - (a.orders ?? 0))[0];
    return html`<section class="tiles">
      ${tile("orders", say("orders_tile"), String(total.orders ?? 0), say("portions", { n: total.portions }))}
      ${tile("ready", say("ready_tile"), minutes(total.to_ready.p50_ms), say("ready_most", { time: minutes(total.to_ready.p90_ms) }))}
      ${tile("late", say("late_tile"), percent(total.late_share), say("late_means", { n: total.late, all: total.to_ready.dishes }))}
      ${tile("busiest", say("busiest"), busiest?.key ?? "—", say("in_orders", { n: busiest?.orders ?? 0 }))}
    </section>`;
  }

  #table() {
    const rows = this.report?.[`by_${this.by}`] ?? [];
    const hasOrders = this.by === "hour" || this.by === "day";
    const heads = [say("name"), ...(hasOrders ? [say("orders")] : []), say("dishes"), ...STAGES.map((stage) => say(stage)), say("late")];
    const shown = rows.slice(0, ROWS_SHOWN_MAX).map((row) => this.#row(row, titleOf(row, this.by), hasOrders));
    const sum = this.report && rows.length ? [this.#row(this.report.total, say("total"), hasOrders)] : [];
    return html`${this.table(heads, [...shown, ...sum], say("none"))}
      ${rows.length > ROWS_SHOWN_MAX ? html`<p class="foot">${say("first_only", { n: ROWS_SHOWN_MAX })}</p>` : nothing}`;
  }

  /** @param {Row} row @param {string} title @param {boolean} hasOrders */
  #row(row, title, hasOrders) {
    return html`<tr data-key=${row.key}><td><b>${title}</b></td>${hasOrders ? html`<td data-tight>${row.orders ?? 0}</td>` : nothing}
      <td data-tight>${row.dishes}<small>${say("portions", { n: row.portions })}</small></td>
      ${STAGES.map((stage) => html`<td data-tight>${minutes(row[stage].p50_ms)}${row[stage].dishes ? html`<small>${say("most", { time: minutes(row[stage].p90_ms) })}</small>` : nothing}</td>`)}
      <td data-tight>${percent(row.late_share)}<small>${say("late_of", { n: row.late })}</small></td></tr>`;
  }
}

/** @param {Row} row @param {By} by */
const titleOf = (row, by) => (by === "hour" || by === "day" ? row.key : row.name ? name(row.name) : row.key || say("no_station"));

/** Minutes and seconds. @param {number | null} ms */
function minutes(ms) {
  if (ms === null) return "—";
  const s = Math.round(ms / 1000);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** @param {number | null} share */
const percent = (share) => (share === null ? "—" : `${(share * 100).toFixed(1)}%`);

/** @param {string} id @param {string} label @param {string} figure @param {string} means */
const tile = (id, label, figure, means) => html`<div class="tile" data-tile=${id}><p>${label}</p><b class="came">${figure}</b><small>${means}</small></div>`;

customElements.define("report-room", ReportRoom);
