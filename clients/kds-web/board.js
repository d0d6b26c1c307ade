// The kitchen board: the page's element. Holds what is looked at (page, list, selection) and paints the rest.
// What tickets are: tickets.js; where they lie: cells.js; what a press means: presses.js.

import { clock, monotonicMs } from "../link/clock.js";
import { openPage } from "../link/doorway.js";
import { Part } from "../link/elements.js";
import { OUTBOX_MAX } from "../link/outbox.js";
import { Speaker } from "../link/speaker.js";
import { html } from "../link/vendor/lit.js";
import { gridFor, seat, split, zoomAt } from "./cells.js";
import { DisplayProof } from "./display-proof.js";
import { ACTS_PX, Pass } from "./expo.js";
import { emptyTemplate, footTemplate, headTemplate, lostTemplate, orphanedRefusal } from "./frame.js";
import { Keys } from "./keys.js";
import { Ruler } from "./measure.js";
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
 * @typedef {import("./cells.js").TicketPart} TicketPart
 * @typedef {"grid" | "recall" | "batch" | "sale" | "recipe"} Mode
 */

const HOME_AFTER_MS = 30_000; // nobody pressed anything: back to the first page
const FRESH_CELL_MS = 400; // a finger on its way to the ticket that lay here must not press the next one
const LOST_AGAIN_MS = 30_000;
const TWICE_MS = 1_500; // the second 0 of a double press is no word about a line nobody read
const ZOOM_MIN = 0.8;
const FOOT_PX = 86;
const HEAD_PX = 74;

class KitchenBoard extends Part {
  static properties = { screen: { attribute: false } };

  constructor() {
    super();
    /** @type {Screen} */
    this.screen = /** @type {any} */ (null);
    /** @type {Mode} */
    this.mode = "grid";
    this.page = 0;
    this.pages = 1;
    /** @type {{columns: number, rows: number}} */
    this.grid = { columns: 4, rows: 2 };
    this.zoom = 1;
    this.widthPx = window.innerWidth;
    this.heightPx = window.innerHeight;
    /** The settings the cells were fitted to. @type {import("../link/frames.d.ts").ScreenSettings | undefined} */
    this.fitted = undefined;
    /** The dish chosen by keys. @type {number | null} */
    this.selectedId = null;
    /** What lies in the cells of this page, by cell. @type {(TicketPart | null)[]} */
    this.cells = [];
    /** @type {Ticket[]} */
    this.finished = [];
    /** @type {Map<string, number>} */
    this.seats = new Map();
    /** When each cell of the page got what it holds. @type {Map<number, {key: string, atMs: number}>} */
    this.filled = new Map();
    this.ruler = new Ruler();
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
      this.ruler.forget();
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
    this.grid = asked
      ? { columns: Number(asked[1]), rows: Number(asked[2]) }
      : { columns: settings?.columns ?? fitting.columns, rows: settings?.rows ?? fitting.rows };
    this.fitted = settings;
    this.requestUpdate();
  }

  #tick() {
    if ((this.page || this.mode !== "grid") && monotonicMs() - this.touchedAtMs > HOME_AFTER_MS) this.home();
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
    this.page = 0;
    this.mode = "grid";
    this.selectedId = null;
    this.requestUpdate();
  }

  /** Turn pages, round and round. @param {number} by */
  turn(by) {
    if (this.rows) return this.rows.turn(by);
    this.mode = "grid";
    this.selectedId = null;
    this.page = (this.page + by + this.pages) % this.pages;
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
    else if (!this.#justFilled(item.id) && !(this.expo && this.pass.holds(ticket))) this.presses?.press(item, ticket.order.number);
    this.touched();
  }

  /** Whether this is the expo's screen. */
  get expo() {
    return this.screen.view?.device.settings.mode === "expo";
  }

  /** The ticket of the dish chosen by keys. */
  chosen() {
    return this.cells.find((part) => part?.ticket.items.some(({ id }) => id === this.selectedId))?.ticket;
  }

  /** @param {number} itemId */
  #justFilled(itemId) {
    const cell = this.cells.findIndex((part) => part?.units.some((u) => u.kind === "row" && u.item.id === itemId));
    const filled = this.filled.get(cell);
    return filled !== undefined && monotonicMs() - filled.atMs < FRESH_CELL_MS;
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
    const { open, finished } = ticketsOf(view, nowMs, undo?.orderId, this.#pinnedMax());
    this.finished = finished;
    const look = {
      view, nowMs, presses, selectedId: this.selectedId, soldOut: soldOut(view), stages: stageTargets(view),
      news: (/** @type {number} */ order, /** @type {number} */ round) => news.of(order, round),
      acts: this.expo ? (/** @type {Ticket} */ ticket) => this.pass.acts(ticket) : null,
      onAsk: (/** @type {number} */ itemId) => this.ask(itemId),
      onPress: (/** @type {Item} */ item, /** @type {Ticket} */ ticket) => this.press(item, ticket),
    };
    const { more, moreNew } = this.#seat(open, look), counts = countsOf(open, finished, nowMs, view.shop.warn_percent);
    const board = { view, nowMs, screen: this.screen, speaker };
    const shown = new Set(open.flatMap(({ items }) => items.map(({ id }) => id)));
    this.orphan = orphanedRefusal(this.screen, shown);
    const foot = {
      undo, refused: this.orphan, full: this.screen.outbox.waiting.length >= OUTBOX_MAX, finished: finished.length, batches: batchesOf(open),
      seen: html`<seen-line .screen=${this.screen} .keyed=${!this.orphan && !undo}></seen-line>`, behind: this.mode === "grid" ? 0 : open.filter(({ id }) => news.isUnseen(id)).length,
      soldOut: look.soldOut.size, expo: this.expo, mode: this.mode, ...(this.rows ? { more: 0, moreNew: 0, page: this.rows.page, pages: this.rows.pages } : { more, moreNew: this.mode === "grid" ? moreNew : 0, page: this.page, pages: this.pages }),
    };
    return html`${health === "lost" ? lostTemplate(board) : headTemplate(board, counts)}
      ${this.#main(open, finished, look)}
      ${footTemplate(foot, {
        undo: () => this.undo(), dismiss: () => this.undo(), mode: (to) => this.show(to), turn: (by) => this.turn(by), home: () => this.home(),
      })}
      ${this.#gate()}`;
  }

  /** 催菜 takes no more than half of the cells, so that what is late without a word stays in sight. */
  #pinnedMax() {
    return Math.max(1, Math.floor((this.grid.columns * this.grid.rows) / 2));
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
    const { columns, rows } = this.grid;
    const shape = `grid: repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))`;
    if (!open.length) return html`<main class="grid">${emptyTemplate(true)}</main>`;
    return html`<main class="grid" style=${shape}>
      ${this.cells.map((part, cell) =>
        part ? cellTemplate(part, look, placeOf(part, cell, this)) : html`<div class="vacant"></div>`,
      )}
    </main>`;
  }

  /** Cut tickets into parts, give them cells, and tell what is not on this page. @param {Ticket[]} open @param {import("./ticket.js").Look} look */
  #seat(open, look) {
    const { columns, rows } = this.grid;
    const perPage = columns * rows;
    const cellWidth = (this.widthPx - 24 - (columns - 1) * 12) / columns;
    const cellHeight = (this.heightPx - HEAD_PX - FOOT_PX - (rows - 1) * 12) / rows;
    const room = { first: cellHeight - HEAD_FIRST_PX - (this.expo ? ACTS_PX : 0), next: cellHeight - HEAD_NEXT_PX, footer: FOOTER_PX, gap: GAP_PX };
    this.ruler.attach(this, cellWidth);
    const parts = open.map((ticket) => {
      const { units, topPx } = this.ruler.measure(ticket, look);
      return split(ticket, units, topPx, room);
    });
    this.seats = seat(parts, this.seats, this.grid, this.page);
    this.pages = Math.max(1, Math.ceil((Math.max(0, ...this.seats.values()) + 1) / perPage));
    if (this.page >= this.pages) this.page = this.pages - 1;
    const first = this.page * perPage;
    this.cells = Array(perPage).fill(null);
    for (const part of parts.flat()) {
      const cell = /** @type {number} */ (this.seats.get(part.key)) - first;
      if (cell >= 0 && cell < perPage) this.cells[cell] = part;
    }
    this.#noteFilled();
    const here = new Set(this.cells.map((part) => part?.ticket.id));
    const away = parts.filter((mine) => mine.some((part) => !this.cells.includes(part)));
    const orders = away.map((mine) => mine[0].ticket.id);
    if (this.mode === "grid") this.news?.looked(here);
    return { more: away.length, moreNew: orders.filter((id) => this.news?.isUnseen(id)).length };
  }

  #noteFilled() {
    this.cells.forEach((part, cell) => {
      const key = part?.key ?? "";
      if (this.filled.get(cell)?.key !== key) this.filled.set(cell, { key, atMs: monotonicMs() });
    });
  }
}

// What a cell spends on other things than rows (board.css has the same figures).
const HEAD_FIRST_PX = 118;
const HEAD_NEXT_PX = 78;
const FOOTER_PX = 44;
const GAP_PX = 6;

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
