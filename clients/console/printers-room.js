// The room of printers: how each is, what became of each paper, and what a person decides about one in doubt.
// Refuses to print anything twice by itself, and to hide that nobody knows.

import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { choice, field, listed, tick, typed } from "./fields.js";
import { say } from "./printers-words.js";
import { ago, closeDialog, moment, Room } from "./room.js";
import { say as shared } from "./words.js";

/** @typedef {{width_dots: number, columns: number, encoding: string, mode: string | null, cutter: boolean, buzzer: boolean, drawer: boolean}} Paper */
/** @typedef {{id: number, version: number, name: string, kind: string, address: string, language: string, paper: Paper, documents: string[], stations: number[], answers: boolean, backup_id: number | null, expires_after_s: number, enabled: boolean, condition: string, condition_at_ms: number | null, waiting: number}} Printer */
/** @typedef {{id: number, printer_id: number, printer: string, printed_for: string | null, document: string, title: string, copy: number, state: string, reason: string, made_at_ms: number, ended_at_ms: number | null, settled: string | null}} Job */

const LOOK_EVERY_S = 5;
const PAGE_JOBS = 30;
const STATES = ["queued", "sending", "sent", "confirmed", "uncertain", "failed", "expired"];
const IN_DOUBT = new Set(["uncertain", "failed", "expired"]);
const ENDED = new Set(["sent", "confirmed", ...IN_DOUBT]);
const FRESH = { name: "", kind: "network", address: "", language: "zh", documents: ["ticket"], stations: [], answers: true, backup_id: null, expires_after_s: 900, enabled: true, paper: { width_dots: 576, columns: 48, encoding: "gb18030", mode: null, cutter: true, buzzer: false, drawer: false } };
const WIDTHS = /** @type {Record<string, {width_dots: number, columns: number}>} */ ({ 58: { width_dots: 384, columns: 32 }, 80: { width_dots: 576, columns: 48 } });
const DOTS_58_MAX = 400;

class PrintersRoom extends Room {
  static properties = { printers: { state: true }, stations: { state: true }, jobs: { state: true }, next: { state: true }, asked: { state: true }, open: { state: true }, seen: { state: true } };

  constructor() {
    super();
    /** @type {Printer[]} */
    this.printers = [];
    /** @type {import("../link/frames.d.ts").StationView[]} */
    this.stations = [];
    /** @type {Job[]} */
    this.jobs = [];
    /** @type {number | null} */
    this.next = null;
    this.asked = { state: "", printer: "" };
    /** @type {Printer | typeof FRESH | null} */
    this.open = null;
    /** What is previewed. @type {{title: string, path: string} | null} */
    this.seen = null;
  }

  get #at() {
    return `/v1/shops/${this.shopId}`;
  }

  async opened() {
    Object.assign(this, { printers: [], jobs: [], next: null });
    void this.#look();
    this.every(LOOK_EVERY_S, () => this.jobs.length <= PAGE_JOBS && this.#look());
    const menu = await this.readBeside(`${this.#at}/menu`);
    if (menu) this.stations = menu.stations;
  }

  async #look() {
    const told = await this.read(`${this.#at}/printers`);
    if (told) this.printers = told.printers;
    await this.#readJobs(false);
  }

  /** @param {boolean} on */
  async #readJobs(on) {
    const { state, printer } = this.asked;
    const query = new URLSearchParams({ limit: String(PAGE_JOBS) });
    if (state === "undecided") query.set("undecided", "true");
    else if (state) query.set("state", state);
    if (printer) query.set("printer_id", printer);
    if (on && this.next) query.set("before", String(this.next));
    const told = await this.readBeside(`${this.#at}/print-jobs?${query}`);
    if (!told) return;
    this.jobs = on ? [...this.jobs, ...told.jobs] : told.jobs;
    this.next = told.next;
  }

  /** @param {Partial<typeof this.asked>} change */
  #ask(change) {
    this.asked = { ...this.asked, ...change };
    void this.#readJobs(false);
  }

  render() {
    const tools = html`<button class="btn" data-kind="go" name="add" @click=${() => (this.open = FRESH)}>${icon("plus")}${say("add")}</button>`;
    return html`${this.head(say("title"), say("lead"), tools)}
      <section class="printers">${this.table([say("name"), say("address"), say("prints"), say("waiting"), say("condition"), ""], this.printers.map((one) => this.#printer(one)), say("none"))}</section>
      <h2>${say("jobs")}</h2>${this.#form()}
      <section class="jobs">${this.table([say("made"), say("paper"), say("printer"), say("state"), ""], this.jobs.map((one) => this.#job(one)), say("no_jobs"))}</section>
      <p class="foot">${this.next ? html`<button class="btn" data-kind="line" @click=${() => this.#readJobs(true)}>${say("more")}</button>` : nothing}</p>
      ${this.open ? this.#settings(this.open) : nothing}${this.seen ? this.#preview(this.seen) : nothing}`;
  }

  /** @param {Printer} one */
  #printer(one) {
    const condition = one.enabled ? one.condition : "disabled";
    const as = condition === "ready" ? "ok" : condition === "unknown" || condition === "disabled" ? "unseen" : "refused";
    const stations = one.stations.map((id) => this.stations.find((station) => station.id === id)).filter((found) => found !== undefined).map((found) => name(found.name));
    return html`<tr data-printer=${one.id} ?data-gone=${!one.enabled}>
      <td><b>${one.name}</b></td>
      <td>${say(/** @type {any} */ (one.kind))}<small>${one.address}</small></td>
      <td>${listed(one.documents.map((kind) => say(/** @type {any} */ (kind))))}${stations.length ? html`<small>${listed(stations)}</small>` : nothing}</td>
      <td>${one.waiting}</td>
      <td><span class="came" data-as=${as}>${icon(as === "ok" ? "tick" : as === "refused" ? "late" : "ring")}<span>${say(/** @type {any} */ (condition))}${one.condition_at_ms ? html`<small>${ago(one.condition_at_ms)}</small>` : nothing}</span></span></td>
      <td><div class="do">
        <button class="btn" name="look" @click=${() => (this.seen = { title: say("sample_of", { name: one.name }), path: `printers/${one.id}` })}>${say("look")}</button>
        ${one.enabled ? html`<button class="btn" name="test" @click=${() => this.#test(one)}>${say("test")}</button>` : nothing}
        <button class="btn" name="edit" @click=${() => (this.open = one)}>${say("edit")}</button>
      </div></td>
    </tr>`;
  }

  /** @param {Printer} one */
  async #test(one) {
    await this.change("POST", `${this.#at}/printers/${one.id}/test`, undefined, say("tested"));
    void this.#look();
  }

  #form() {
    const states = /** @type {[string, string][]} */ ([["", say("every")], ["undecided", say("undecided")], ...STATES.map((one) => [one, say(/** @type {any} */ (one))])]);
    const printers = /** @type {[string, string][]} */ ([["", say("all_printers")], ...this.printers.map((one) => [String(one.id), one.name])]);
    return html`<section class="asked">${choice("state", say("state"), states, this.asked.state, (state) => this.#ask({ state }))}
      ${choice("printer", say("printer"), printers, this.asked.printer, (printer) => this.#ask({ printer }))}</section>`;
  }

  /** @param {Job} job */
  #job(job) {
    const doubtful = IN_DOUBT.has(job.state) && !job.settled;
    const as = doubtful ? "refused" : job.state === "confirmed" ? "ok" : "unseen";
    const kind = job.document === "test" ? "test_page" : job.document;
    return html`<tr data-job=${job.id}>
      <td><time>${moment(job.made_at_ms)}</time></td>
      <td><button @click=${() => (this.seen = { title: job.title, path: `print-jobs/${job.id}` })}>${job.title}</button><small>${say(/** @type {any} */ (kind))}${job.copy > 1 ? ` · ${say("copy", { n: job.copy })}` : nothing}</small></td>
      <td>${job.printer}${job.printed_for ? html`<small>${say("instead", { name: job.printed_for })}</small>` : nothing}</td>
      <td><span class="came" data-as=${as}>${icon(as === "ok" ? "tick" : doubtful ? "late" : "ring")}<span>${say(/** @type {any} */ (job.state))}${job.settled ? html`<small>${say(/** @type {any} */ (`settled_${job.settled}`))}</small>` : nothing}</span></span></td>
      <td><div class="do">
        ${doubtful ? html`<button class="btn" name="printed" @click=${() => this.#settle(job, "printed")}>${say("there")}</button><button class="btn" name="dropped" @click=${() => this.#settle(job, "dropped")}>${say("drop")}</button>` : nothing}
        ${ENDED.has(job.state) ? html`<button class="btn" name="again" @click=${() => this.#again(job)}>${say("again")}</button>` : nothing}
      </div></td>
    </tr>`;
  }

  /** @param {Job} job @param {"printed" | "dropped"} outcome */
  async #settle(job, outcome) {
    await this.change("POST", `${this.#at}/print-jobs/${job.id}/settle`, { outcome }, say(`settled_${outcome}`));
    void this.#look();
  }

  /** @param {Job} job */
  async #again(job) {
    if (!(await this.sure(say("sure_again", { title: job.title }), say("again")))) return;
    await this.change("POST", `${this.#at}/print-jobs/${job.id}/reprint`, undefined, say("again_done"));
    void this.#look();
  }

  /** @param {{title: string, path: string}} seen */
  #preview({ title, path }) {
    return this.sheet(title, html`<div class="preview"><img alt=${title} src=${`${this.#at}/${path}/preview?format=png`} /></div>`, () => (this.seen = null));
  }

  /** @param {Printer | typeof FRESH} one */
  #settings(one) {
    const { paper } = one;
    const pairs = (/** @type {string[]} */ words) => words.map((word) => /** @type {[string, string]} */ ([word, say(/** @type {any} */ (word))]));
    const others = this.printers.filter((other) => !("id" in one) || other.id !== one.id);
    return this.sheet(one.name || say("add"), html`<form name="printer" @submit=${(/** @type {Event} */ event) => this.#save(event, one)}><div class="fields">
        ${field("name", say("name"), one.name, { required: true, maxlength: 40 })}${choice("kind", say("kind"), pairs(["network", "serial", "usb", "file"]), one.kind)}
        <label class="whole">${say("address")}<input name="address" required maxlength="200" autocomplete="off" .value=${one.address} /><small>${say("address_help")}</small></label>
        <fieldset class="whole"><legend>${say("documents")}</legend><div class="ticks">${pairs(["ticket", "receipt", "label"]).map(([kind, words]) => tick("documents", words, one.documents.includes(kind), kind))}</div></fieldset>
        <fieldset class="whole"><legend>${say("stations")}</legend><div class="ticks">${this.stations.map((station) => tick("stations", name(station.name), /** @type {number[]} */ (one.stations).includes(station.id), String(station.id)))}</div></fieldset>
        ${choice("width", say("width"), [["58", say("w58")], ["80", say("w80")]], paper.width_dots <= DOTS_58_MAX ? "58" : "80")}
        ${choice("mode", say("mode"), [["", say("mode_auto")], ...pairs(["text", "raster"])], paper.mode ?? "")}
        ${choice("encoding", say("encoding"), [["gb18030", "GB18030"], ["gbk", "GBK"], ["big5", "Big5"], ["utf8", "UTF-8"]], paper.encoding)}
        ${choice("language", say("language"), pairs(["zh", "en"]), one.language)}
        ${choice("backup", say("backup"), [["", say("no_backup")], ...others.map((other) => /** @type {[string, string]} */ ([String(other.id), other.name]))], String(one.backup_id ?? ""))}
        ${field("expires", say("expires"), one.expires_after_s / 60, { type: "number", min: 0.5, max: 1440, step: "any", required: true })}
        <div class="ticks whole">${tick("cutter", say("cutter"), paper.cutter)}${tick("buzzer", say("buzzer"), paper.buzzer)}${tick("drawer", say("drawer"), paper.drawer)}${tick("answers", say("answers"), one.answers)}${tick("enabled", say("enabled"), one.enabled)}</div>
      </div><div class="do"><button class="btn" data-kind="go">${shared("save")}</button></div></form>`, () => (this.open = null));
  }

  /** @param {Event} event @param {Printer | typeof FRESH} one */
  async #save(event, one) {
    const form = typed(event);
    const own = (/** @type {string} */ key) => form.has(key);
    const same = (one.paper.width_dots <= DOTS_58_MAX ? "58" : "80") === form.text("width") && "id" in one;
    const paper = { ...one.paper, ...(same ? {} : WIDTHS[form.text("width")]), encoding: form.text("encoding"), mode: form.text("mode") || null, cutter: own("cutter"), buzzer: own("buzzer"), drawer: own("drawer") };
    const plan = { name: form.text("name"), kind: form.text("kind"), address: form.text("address"), language: form.text("language"), documents: form.all("documents"), stations: form.all("stations").map(Number), answers: own("answers"), enabled: own("enabled"), backup_id: form.number("backup"), expires_after_s: Math.round((form.number("expires") ?? 0) * 60), paper };
    const path = `${this.#at}/printers`;
    const done = say("saved", { name: plan.name });
    const told = "id" in one ? await this.change("PUT", `${path}/${one.id}`, { ...plan, version: one.version }, done) : await this.change("POST", path, plan, done);
    if (told) closeDialog(this);
    void this.#look();
  }
}

customElements.define("printers-room", PrintersRoom);
