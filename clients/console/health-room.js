// The room of live health: whether the house is well, what wants somebody and what to do, what was given up and is tried again.
// Refuses to look well when nobody answers: what stands there then says from when it is.

import { monotonicMs } from "../link/clock.js";
import { askHouse } from "../link/house.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { alarmWords, promiseWords, say } from "./health-words.js";
import { ago, moment, Room, whyNot } from "./room.js";
import { tell } from "./tell.js";
import { say as shared } from "./words.js";

/** @typedef {{shop_id: number, id: number, kind: string, due_at_ms: number, attempts: number, why: string}} Dead */
/** @typedef {{kind: string, shop_id: number, subject: string, count: number, began_at_ms: number}} Alarm */
/** @typedef {{shop_id: number, id: number, name: string, condition: string, since_ms: number | null, waiting: number}} Printer */
/** @typedef {{node: string, kind: "web" | "worker", host: string, pid: number, started_ms: number, lag_ms: number, waiting: number, devices: number, guard: "closed" | "open" | "half_open", resting: string[]}} Process */
/**
 * @typedef {{level: Level, shared: boolean, engines: {name: "postgresql" | "redis", up: boolean, took_ms: number}[],
 *   work: {webs: number, workers: number, lag_ms: number, waiting: number}, processes: Process[], late: number, oldest_late_ms: number,
 *   dead: Dead[], printers_troubled: number, printers: Printer[], papers_waiting: number, papers_undecided: number, alarms: Alarm[]}} Health
 */
/** @typedef {"well" | "slow" | "trouble" | "unknown"} Level */
/** @typedef {"ok" | "soon" | "refused" | "unseen"} As */
/** What was tried again, as it stands. @typedef {Dead & {state: "waiting" | "done" | "cancelled" | "dead"}} Tried */

const LOOK_EVERY_S = 3;
const OLD_AFTER_S = 12; // four looks that nobody answered
const MINUTE_MS = 60_000;
const TRIED_MAX = 100;
const LAG_MS_MAX = 250; // as server/api/health.py has them
const WAITING_MAX = 1_000;
const LEVELS = /** @type {Record<Level, As>} */ ({ well: "ok", slow: "soon", trouble: "refused", unknown: "unseen" });
const DRAWINGS = /** @type {Record<As, string>} */ ({ ok: "tick", soon: "soon", refused: "late", unseen: "ring" });

class HealthRoom extends Room {
  static properties = { health: { state: true }, ageS: { state: true }, tried: { state: true } };
  #heardMs = 0;
  #looked = 0;
  /** How many looks are on their way. */
  #looking = 0;

  constructor() {
    super();
    /** @type {Health | null} */
    this.health = null;
    this.ageS = 0;
    /** By shop and number. @type {Map<string, Tried>} */
    this.tried = new Map();
  }

  opened() {
    void this.#look();
    this.every(1, () => this.#tick());
  }

  /** Say each second how old it is, and look every few; a slow answer is waited for, or none would ever count. */
  #tick() {
    if (this.#heardMs) this.ageS = Math.round((monotonicMs() - this.#heardMs) / 1000);
    if (!this.#looking && monotonicMs() - this.#looked >= LOOK_EVERY_S * 1000) void this.#look();
  }

  async #look() {
    this.#looked = monotonicMs();
    this.#looking += 1;
    await this.#ask();
    this.#looking -= 1;
  }

  async #ask() {
    const told = await this.read("/v1/ops/health");
    if (!told) return;
    this.#heardMs = monotonicMs();
    this.ageS = 0;
    this.health = told;
    for (const one of this.tried.values()) if (one.state === "waiting") await this.#follow(one);
  }

  /** See what became of what was tried again. @param {Tried} one */
  async #follow(one) {
    const told = await this.readBeside(`/v1/ops/promises/${one.id}?shop_id=${one.shop_id}`);
    if (told) this.#keep({ ...one, state: told.state, why: told.why });
  }

  /** @param {Tried} one */
  #keep(one) {
    const others = [...this.tried.values()].filter((other) => keyOf(other) !== keyOf(one));
    this.tried = new Map([...others, one].slice(-TRIED_MAX).map((kept) => [keyOf(kept), kept]));
  }

  render() {
    return html`${this.head(say("title"), say("lead"))}${this.health ? this.#all(this.health) : this.wrong ? nothing : html`<p class="wait">${shared("wait")}</p>`}`;
  }

  /** @param {Health} health */
  #all(health) {
    return html`${this.#verdict(health)}<section class="tiles">${this.#tiles(health)}</section>
      <h2>${say("alarms")}</h2>
      <section class="alarms">${this.table([say("what"), say("where"), say("since"), say("todo")], health.alarms.map((one) => this.#alarm(one)), say("no_alarms"))}</section>
      ${health.printers.length ? this.#printers(health.printers) : nothing}${this.#givenUp(health)}
      <h2>${say("processes")}</h2>${this.#processes(health)}`;
  }

  /** @param {Health} health */
  #verdict(health) {
    const level = this.ageS > OLD_AFTER_S ? "unknown" : health.level;
    const as = LEVELS[level];
    return html`<section class="verdict" data-as=${as}>${icon(DRAWINGS[as])}<div role="status"><b>${say(level)}</b><p>${say(`${level}_do`)}</p></div>
        <p class="age" ?data-old=${level === "unknown"}>${say("age", { n: this.ageS })}</p></section>
      ${isKnown(health) && !health.work.workers ? html`<p class="told">${icon("late")}${say("no_worker")}</p>` : nothing}`;
  }

  /** @param {Health} health */
  #tiles(health) {
    const { work, late, dead, printers_troubled: troubled, papers_waiting: waiting, papers_undecided: undecided } = health;
    const [database, redis] = /** @type {const} */ (["postgresql", "redis"]).map((one) => health.engines.find((engine) => engine.name === one));
    const ms = (/** @type {number} */ n) => `${Math.round(n)} ms`;
    return html`
      ${tile("database", say("database"), database?.up ? ms(database.took_ms) : "—", database?.up ? "ok" : "refused", database?.up ? "" : say("no_answer"))}
      ${tile("redis", say("redis"), redis?.up ? ms(redis.took_ms) : "—", redis?.up ? "ok" : "soon", redis?.up ? "" : `${say("no_answer")} · ${say("redis_do")}`)}
      ${tile("lag", say("lag"), redis?.up ? ms(work.lag_ms) : "—", work.lag_ms > LAG_MS_MAX ? "soon" : redis?.up ? "ok" : "unseen", say("lag_means"))}
      ${tile("queue", say("queue"), redis?.up ? work.waiting : "—", work.waiting > WAITING_MAX ? "soon" : redis?.up ? "ok" : "unseen", say("queue_means"))}
      ${tile("late", say("late"), late, late ? "soon" : "ok", late ? `${say("late_means")} · ${say("late_oldest", { n: lasting(health.oldest_late_ms) })}` : say("late_none"))}
      ${tile("dead", say("given_up"), dead.length, dead.length ? "refused" : "ok", dead.length ? say("given_up_means") : say("given_up_none"))}
      ${tile("printers", say("printers"), troubled, troubled ? "refused" : "ok", troubled ? say("printers_do") : say("printers_none"))}
      ${tile("papers", say("papers"), waiting + undecided, undecided ? "refused" : "ok", `${say("papers_means", { n: waiting })} · ${say("papers_undecided", { n: undecided })}`)}`;
  }

  /** A shop of another time is told by its number. @param {number} id */
  #shopName(id) {
    const shop = this.shops.find((one) => one.id === id);
    return shop ? name(shop.name) : id || say("house");
  }

  /** @param {Alarm} one */
  #alarm(one) {
    const { what, todo } = alarmWords(one.kind, one.subject);
    const where = one.kind === "sms_low" ? say("brand") : this.#shopName(one.shop_id);
    return html`<tr data-alarm=${one.kind}>
      <td><span class="came" data-as="refused">${icon("late")}<span>${what}${one.count && one.kind !== "sms_low" ? html`<small>${say("count_n", { n: one.count })}</small>` : nothing}</span></span></td>
      <td>${where}</td><td><time title=${moment(one.began_at_ms)}>${ago(one.began_at_ms)}</time></td><td>${todo}</td>
    </tr>`;
  }

  /** @param {Printer[]} printers */
  #printers(printers) {
    const rows = printers.map((one) => {
      const condition = /** @type {"paper_out"} */ (one.condition);
      return html`<tr data-printer=${one.id}><td><b>${one.name}</b></td><td>${this.#shopName(one.shop_id)}</td>
        <td><span class="came" data-as="refused">${icon("late")}<span>${say(condition)}<small>${ago(one.since_ms)}</small></span></span></td><td>${one.waiting}</td><td>${say(`${condition}_do`)}</td>
        <td><div class="do"><a class="btn" href="#printers@${one.shop_id}">${say("paper_room")}</a></div></td></tr>`;
    });
    return html`<h2>${say("printers")}</h2><section>${this.table([say("printer"), say("where"), say("condition"), say("waiting"), say("todo"), ""], rows, "")}</section>`;
  }

  /** What was given up, and above it what was tried again. @param {Health} health */
  #givenUp({ dead }) {
    const there = new Set(dead.map(keyOf));
    const gone = [...this.tried.values()].filter((one) => !there.has(keyOf(one))).reverse();
    const rows = [...gone, ...dead].map((one) => this.#deadRow(one));
    const all = dead.length > 1 ? html`<div class="tools"><button class="btn" data-kind="line" name="revive_all" @click=${() => this.#reviveAll(dead)}>${say("revive_all", { n: dead.length })}</button></div>` : nothing;
    return html`<header class="title"><div><h2>${say("dead")}</h2><p class="lead">${say("dead_lead")}</p></div>${all}</header>
      <section class="dead">${this.table([say("due"), say("shop"), say("what"), say("why"), ""], rows, say("no_dead"))}</section>`;
  }

  /** @param {Dead} one */
  #deadRow(one) {
    const tried = this.tried.get(keyOf(one));
    const over = tried && tried.state !== "dead";
    return html`<tr data-promise=${one.id}>
      <td><time>${moment(one.due_at_ms)}</time></td><td>${this.#shopName(one.shop_id)}</td>
      <td><b>${promiseWords(one.kind)[0]}</b><small>${say("attempts", { n: one.attempts })}</small></td><td>${one.why}</td>
      <td>${tried ? cameOf(tried) : nothing}${over ? nothing : html`<div class="do"><button class="btn" name="revive" @click=${() => this.#revive(one)}>${say("revive")}</button></div>`}</td>
    </tr>`;
  }

  /** @param {Dead} one */
  async #revive(one) {
    const [what, effect] = promiseWords(one.kind);
    if (!(await this.sure(say("sure_revive", { what, effect }), say("revive")))) return;
    if (await this.change("POST", revivalOf(one), undefined, say("revived"))) this.#keep({ ...one, state: "waiting" });
    void this.#look();
  }

  /** One after another: each is written down by itself, and the first that is refused ends it. @param {Dead[]} dead */
  async #reviveAll(dead) {
    if (!(await this.sure(say("sure_all", { n: dead.length }), say("revive_all", { n: dead.length })))) return;
    let done = 0;
    for (const one of dead) {
      const told = await askHouse("POST", revivalOf(one));
      if (!told.ok) {
        tell(whyNot(told), "refused");
        break;
      }
      this.#keep({ ...one, state: "waiting" });
      done += 1;
    }
    this.say(done === dead.length ? say("revived_all", { n: done }) : say("revived_some", { n: done, left: dead.length - done }));
    void this.#look();
  }

  /** @param {Health} health */
  #processes(health) {
    const { shared: beside, work, processes } = health;
    const sum = html`<p class="lead">${isKnown(health) ? say("work", work) : say("none_known")}</p>`;
    if (beside) return html`${sum}<p class="lead">${say("shared")}</p>`;
    const rows = processes.map((one) => html`<tr data-process=${one.kind}>
      <td><b>${one.host}</b><small>${say("process_of", { pid: one.pid })}</small></td><td>${say(one.kind)}</td><td><time title=${moment(one.started_ms)}>${ago(one.started_ms)}</time></td>
      <td>${mark(`${Math.round(one.lag_ms)} ms`, one.lag_ms > LAG_MS_MAX)}</td><td>${mark(one.waiting, one.waiting > WAITING_MAX)}</td><td>${one.kind === "web" ? one.devices : "—"}</td>
      <td>${mark(say(one.guard), one.guard !== "closed")}</td><td>${one.resting.join(" ") || "—"}</td></tr>`);
    return html`${sum}<section>${this.table([say("machine"), say("kind"), say("started"), say("lag"), say("queue"), say("devices"), say("guard"), say("resting")], rows, say("none_known"))}</section>`;
  }
}

/** @param {number} ms */
const lasting = (ms) => (ms < 2 * MINUTE_MS ? say("seconds", { n: Math.round(ms / 1000) }) : say("minutes", { n: Math.round(ms / MINUTE_MS) }));

/** Who is at work is written in Redis. @param {Health} health */
const isKnown = ({ engines }) => engines.every(({ up }) => up);

/** @param {{shop_id: number, id: number}} one */
const keyOf = (one) => `${one.shop_id}:${one.id}`;

/** @param {{shop_id: number, id: number}} one */
const revivalOf = (one) => `/v1/ops/promises/${one.id}/revive?shop_id=${one.shop_id}`;

/** @param {string} id @param {string} label @param {string | number} figure @param {As} as @param {string} means */
const tile = (id, label, figure, as, means) => html`<div class="tile" data-tile=${id} data-as=${as}><p>${label}</p><b class="came" data-as=${as}>${icon(DRAWINGS[as])}${figure}</b><small>${means}</small></div>`;

/** @param {string | number} figure @param {boolean} wrong */
const mark = (figure, wrong) => html`<span class="came" data-as=${wrong ? "refused" : "unseen"}>${wrong ? icon("late") : nothing}${figure}</span>`;

/** How it went. @param {Tried} one */
function cameOf({ state, why }) {
  const as = /** @type {As} */ ({ waiting: "soon", done: "ok", cancelled: "unseen", dead: "refused" }[state]);
  const words = { waiting: say("waits"), done: say("again_done"), cancelled: say("cancelled"), dead: say("again_dead", { why }) }[state];
  return html`<span class="came" data-as=${as} role="status">${icon(DRAWINGS[as])}${words}</span>`;
}

customElements.define("health-room", HealthRoom);
