// The kitchen board: the page's element. Holds what is looked at (page, list, selection) and paints the rest.
// What tickets are: tickets.js; where they lie: floor.js; what a press means: presses.js.

import { clock, monotonicMs } from "../link/clock.js";
import { openPage } from "../link/doorway.js";
import { Part } from "../link/elements.js";
import { OUTBOX_MAX } from "../link/outbox.js";
import { Speaker } from "../link/speaker.js";
import { html } from "../link/vendor/lit.js";
import { gridFor, zoomAt } from "./cells.js";
import { DisplayProof } from "./display-proof.js";
import { ACTS_PX, Pass } from "./expo.js";
import { emptyTemplate, footTemplate, headTemplate, lostTemplate, orphanedRefusal } from "./frame.js";
import { Floor } from "./floor.js";
import { Keys } from "./keys.js";
import { News } from "./news.js";
import { Finger } from "./finger.js";
import { Presses } from "./presses.js";
import { recallTemplate } from "./recall.js";
import { recipeTemplate } from "./recipe.js";
import { RowLists } from "./row-lists.js";
import { cellTemplate, placeOf } from "./ticket.js";
import { batchesOf, countsOf, soldOut, stageTargets, ticketsOf } from "./tickets.js";
import { theme } from "./theme.js";
import "./seen-line.js";
import "../link/sounding.js";

/**
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("./tickets.js").Ticket} Ticket
 * @typedef {"grid" | "recall" | "batch" | "sale" | "recipe"} Mode
 */

const HOME_AFTER_MS = 30_000; // nobody pressed anything: back to the first page
const LOST_AGAIN_MS = 30_000;
const TWICE_MS = 1_500; // the second 0 of a double press is no word about a line nobody read
const ZOOM_MIN = 0.8;

class KitchenBoard extends Part {
  static properties = { screen: { attribute: false } };

  constructor() {
    super();
    /** @type {Screen} */
    this.screen = /** @type {any} */ (null);
    /** @type {Mode} */
    this.mode = "grid";
    this.floor = new Floor();
    this.zoom = 1;
    this.widthPx = window.innerWidth;
    this.heightPx = window.innerHeight;
    /** The settings the cells were fitted to. @type {import("../link/frames.d.ts").ScreenSettings | undefined} */
    this.fitted = undefined;
    /** The dish chosen by keys. @type {number | null} */
    this.selectedId = null;
    /** @type {Ticket[]} */
    this.finished = [];
    this.touchedAtMs = 0;
    this.pass = new Pass(this);
    this.finger = new Finger(this);
    this.lostSaidAtMs = 0;
    this.undoneAtMs = -Infinity;
  }

  subscribe() {
    document.documentElement.dataset.theme = theme();
    this.presses = new Presses(this.screen);
    this.lists = new RowLists(this.presses, () => this.touched());
    const speaker = new Speaker(this.screen);
    this.speaker = speaker;
    this.news = new News(this.screen, speaker);
    this.proof = new DisplayProof(this.screen);
    const resize = () => this.#fit();
    window.addEventListener("resize", resize);
    this.#fit();
    void document.fonts.ready.then(() => {
      this.floor.forget();
      this.requestUpdate();
    });
    return [
      this.screen.changed.on(() => this.requestUpdate()),
      speaker.changed.on(() => this.requestUpdate()),
      speaker.listen(),
      clock.onTick(() => this.#tick()),
      this.news.listen(),
      this.presses.listen(),
      this.finger.listen(),
      new Keys(this).listen(),
      () => window.removeEventListener("resize", resize),
    ];
  }

  /** Choose the number of cells. A smaller screen is looked at from nearer, so there all is painted smaller, to four fifths. */
  #fit() {
    const settings = this.screen.view?.device.settings;
    const own = Math.max(ZOOM_MIN, Math.min(1, window.innerWidth / 1920, window.innerHeight / 1080));
    this.zoom = own * zoomAt(settings?.distance_cm ?? null);
    this.widthPx = window.innerWidth / this.zoom;
    this.heightPx = window.innerHeight / this.zoom;
    const root = document.documentElement;
    root.style.setProperty("--board-zoom", String(this.zoom));
    root.dataset.width = this.widthPx > 1650 ? "wide" : this.widthPx > 1250 ? "middle" : "narrow";
    const asked = /^([2-8])x([1-4])$/.exec(new URLSearchParams(location.search).get("grid") ?? "");
    const fitting = gridFor(this.widthPx, this.heightPx);
    this.floor.grid = asked
      ? { columns: Number(asked[1]), rows: Number(asked[2]) }
      : { columns: settings?.columns ?? fitting.columns, rows: settings?.rows ?? fitting.rows };
    this.fitted = settings;
    this.requestUpdate();
  }

  #tick() {
    if ((this.floor.page || this.mode !== "grid") && monotonicMs() - this.touchedAtMs > HOME_AFTER_MS) this.home();
    this.#sayLost();
    this.requestUpdate();
  }

  /** A lost link is heard once, and again every half minute. */
  #sayLost() {
    if (this.screen.link.health() !== "lost") this.lostSaidAtMs = 0;
    else if (!this.lostSaidAtMs || monotonicMs() - this.lostSaidAtMs > LOST_AGAIN_MS) {
      this.lostSaidAtMs = monotonicMs();
      this.speaker?.chime("lost");
    }
  }

  /** The list that replaces the grid, if one with rows to choose does. */
  get rows() {
    return this.mode === "sale" || this.mode === "batch" ? (this.lists ?? null) : null;
  }

  // ── what people do ──

  touched() {
    this.touchedAtMs = monotonicMs();
    this.requestUpdate();
  }

  home() {
    this.floor.page = 0;
    this.mode = "grid";
    this.selectedId = null;
    this.requestUpdate();
  }

  /** Turn pages, round and round. @param {number} by */
  turn(by) {
    if (this.rows) return this.rows.turn(by);
    this.mode = "grid";
    this.selectedId = null;
    this.floor.turn(by);
    this.touched();
  }

  /** Show a list instead of the grid, or the grid again. @param {Mode} mode */
  show(mode) {
    this.mode = this.mode === mode ? "grid" : mode;
    if (this.mode === "sale" || this.mode === "batch") this.lists?.open(this.mode);
    this.selectedId = this.mode === "recall" ? (this.finished[0]?.items[0].id ?? null) : null;
    this.touched();
  }

  /** Show what is known of a dish, or the grid again. @param {number | null} [itemId] */
  ask(itemId = this.selectedId) {
    if (this.mode === "recipe" || itemId === null) return this.home();
    [this.mode, this.selectedId] = ["recipe", itemId];
    this.touched();
  }

  /** @param {Item} item @param {Ticket} ticket */
  press(item, ticket) {
    if (this.mode === "recall") this.presses?.recall(item, String(ticket.order.number));
    else if (!this.floor.isFresh(item.id) && !(this.expo && this.pass.holds(ticket))) this.presses?.press(item, ticket.order.number);
    this.touched();
  }

  /** Whether this is the expo's screen. */
  get expo() {
    return this.screen.view?.device.settings.mode === "expo";
  }

  /** The ticket of the dish chosen by keys. */
  chosen() {
    return this.floor.ticketOf(this.selectedId);
  }

  undo() {
    const orphan = this.orphan;
    if (orphan) this.screen.outbox.dismiss(orphan.id);
    else if (this.presses?.undoable()) {
      this.presses.undo((id) => this.#find(id));
      this.undoneAtMs = monotonicMs();
    } else if (monotonicMs() - this.undoneAtMs > TWICE_MS) /** @type {import("./seen-line.js").SeenLine | null} */ (this.querySelector("seen-line"))?.see();
    this.touched();
  }

  /** @param {number} itemId */
  #find(itemId) {
    return this.screen.view?.orders.flatMap(({ items }) => items).find(({ id }) => id === itemId);
  }

  // ── paint ──

  /** Nothing moves under a finger. */
  shouldUpdate() {
    return !this.finger.down;
  }

  updated() {
    this.proof?.painted((orderId) => this.mode === "grid" || Boolean(this.news?.isUnseen(orderId)));
  }

  render() {
    const { view } = this.screen;
    const { presses, news, speaker } = this;
    if (view && view.device.settings !== this.fitted) this.#fit();
    if (!view || !presses || !news || !speaker) return html`<main class="grid">${emptyTemplate(false)}</main>${this.#gate()}`;
    presses.atPass = this.expo;
    document.documentElement.dataset.mode = this.expo ? "expo" : "station";
    const nowMs = clock.nowMs();
    const health = this.screen.link.health();
    document.documentElement.dataset.link = health;
    const undo = presses.undoable();
    const { open, finished } = ticketsOf(view, nowMs, undo?.orderId, this.floor.pinnedMax);
    this.finished = finished;
    const look = {
      view, nowMs, presses, selectedId: this.selectedId, soldOut: soldOut(view), stages: stageTargets(view),
      news: (/** @type {number} */ order, /** @type {number} */ round) => news.of(order, round),
      acts: this.expo ? (/** @type {Ticket} */ ticket) => this.pass.acts(ticket) : null,
      onAsk: (/** @type {number} */ itemId) => this.ask(itemId),
      onPress: (/** @type {Item} */ item, /** @type {Ticket} */ ticket) => this.press(item, ticket),
    };
    const away = this.#lay(open, look);
    const board = { view, nowMs, screen: this.screen, speaker };
    const shown = new Set(open.flatMap(({ items }) => items.map(({ id }) => id)));
    this.orphan = orphanedRefusal(this.screen, shown);
    const foot = {
      undo, refused: this.orphan, full: this.screen.outbox.waiting.length >= OUTBOX_MAX,
      finished: finished.length, batches: batchesOf(open), soldOut: look.soldOut.size, expo: this.expo, mode: this.mode,
      seen: html`<seen-line .screen=${this.screen} .keyed=${!this.orphan && !undo}></seen-line>`,
      ...this.#outOfSight(open, away),
    };
    return html`${health === "lost" ? lostTemplate(board) : headTemplate(board, countsOf(open, finished, nowMs, view.shop.warn_percent))}
      ${this.#main(open, finished, look)}
      ${footTemplate(foot, {
        undo: () => this.undo(), dismiss: () => this.undo(), mode: (to) => this.show(to), turn: (by) => this.turn(by), home: () => this.home(),
      })}
      ${this.#gate()}`;
  }

  #gate() {
    return html`<spoken-line .speaker=${this.speaker}></spoken-line><sound-gate .voice=${this.speaker?.voice}></sound-gate>`;
  }

  /** @param {Ticket[]} open @param {Ticket[]} finished @param {import("./ticket.js").Look} look */
  #main(open, finished, look) {
    const asked = this.mode === "recipe" && this.chosen()?.items.find(({ id }) => id === this.selectedId);
    if (asked) return html`<main>${recipeTemplate({ item: asked, ticket: /** @type {Ticket} */ (this.chosen()) }, look.view)}</main>`;
    if (this.mode === "recall") return html`<main>${recallTemplate(finished, look)}</main>`;
    if (this.rows) return this.rows.render(look.view, open);
    const { columns, rows } = this.floor.grid;
    const shape = `grid: repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))`;
    if (!open.length) return html`<main class="grid">${emptyTemplate(true)}</main>`;
    return html`<main class="grid" style=${shape}>
      ${this.floor.cells.map((part, cell) =>
        part ? cellTemplate(part, look, placeOf(part, cell, this.floor)) : html`<div class="vacant"></div>`,
      )}
    </main>`;
  }

  /** Lay the tickets out; returns the orders that are not all on this page. @param {Ticket[]} open @param {import("./ticket.js").Look} look */
  #lay(open, look) {
    const { widthPx, heightPx } = this;
    const { here, away } = this.floor.lay(open, look, { host: this, widthPx, heightPx, actsPx: this.expo ? ACTS_PX : 0 });
    if (this.mode === "grid") this.news?.looked(here);
    return away;
  }

  /** What the foot counts of what cannot be seen now. @param {Ticket[]} open @param {number[]} away */
  #outOfSight(open, away) {
    const unseen = (/** @type {number[]} */ orders) => orders.filter((id) => this.news?.isUnseen(id)).length;
    const behind = this.mode === "grid" ? 0 : unseen(open.map(({ id }) => id));
    if (this.rows) return { behind, more: 0, moreNew: 0, page: this.rows.page, pages: this.rows.pages };
    const { page, pages } = this.floor;
    return { behind, more: away.length, moreNew: this.mode === "grid" ? unseen(away) : 0, page, pages };
  }
}

customElements.define("kitchen-board", KitchenBoard);

openPage({
  app: "kds",
  kind: "kitchen",
  show: (screen) => {
    const board = /** @type {KitchenBoard} */ (document.createElement("kitchen-board"));
    board.screen = screen;
    return board;
  },
});
