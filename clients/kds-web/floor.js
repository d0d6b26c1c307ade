// The floor of a board: which part of which ticket lies in which cell of the page that is looked at, and since when.
// Remembers seats from painting to painting, so that no ticket moves without need. How tickets are cut and seated: cells.js.

import { monotonicMs } from "../link/clock.js";
import { seat, split } from "./cells.js";
import { Ruler } from "./measure.js";

/**
 * @typedef {import("./tickets.js").Ticket} Ticket
 * @typedef {import("./cells.js").TicketPart} TicketPart
 */

// What a cell spends on other things than rows, and a board on other things than cells (board.css has the same figures).
const HEAD_FIRST_PX = 118;
const HEAD_NEXT_PX = 78;
const FOOTER_PX = 44;
const GAP_PX = 6;
const BETWEEN_PX = 12;
const FRAME_PX = { head: 74, foot: 86, sides: 24 };
const FRESH_CELL_MS = 400; // a finger on its way to the ticket that lay here must not press the next one

export class Floor {
  grid = { columns: 4, rows: 2 };
  page = 0;
  pages = 1;
  /** What lies in the cells of this page, by cell. @type {(TicketPart | null)[]} */
  cells = [];
  /** @type {Map<string, number>} */
  seats = new Map();
  /** When each cell of the page got what it holds. @type {Map<number, {key: string, atMs: number}>} */
  #filled = new Map();
  #ruler = new Ruler();

  /** Measure anew: another font may have arrived. */
  forget() {
    this.#ruler.forget();
  }

  /** Turn pages, round and round. @param {number} by */
  turn(by) {
    this.page = (this.page + by + this.pages) % this.pages;
  }

  /** 催菜 takes no more than half of the cells, so that what is late without a word stays in sight. */
  get pinnedMax() {
    return Math.max(1, Math.floor((this.grid.columns * this.grid.rows) / 2));
  }

  /** The ticket in sight that holds a dish. @param {number | null} itemId */
  ticketOf(itemId) {
    return this.cells.find((part) => part?.ticket.items.some(({ id }) => id === itemId))?.ticket;
  }

  /** Whether the cell a dish lies in held something else a moment ago. @param {number} itemId */
  isFresh(itemId) {
    const cell = this.cells.findIndex((part) => part?.units.some((unit) => unit.kind === "row" && unit.item.id === itemId));
    const filled = this.#filled.get(cell);
    return filled !== undefined && monotonicMs() - filled.atMs < FRESH_CELL_MS;
  }

  /**
   * Cut tickets into parts and give them cells; returns the orders in sight, and those of which something is not.
   * @param {Ticket[]} open @param {import("./ticket.js").Look} look
   * @param {{host: HTMLElement, widthPx: number, heightPx: number, actsPx: number}} room `actsPx`: for buttons below each ticket
   * @returns {{here: Set<number | undefined>, away: number[]}}
   */
  lay(open, look, { host, widthPx, heightPx, actsPx }) {
    const { columns, rows } = this.grid;
    const perPage = columns * rows;
    const cellWidth = (widthPx - FRAME_PX.sides - (columns - 1) * BETWEEN_PX) / columns;
    const cellHeight = (heightPx - FRAME_PX.head - FRAME_PX.foot - (rows - 1) * BETWEEN_PX) / rows;
    const room = { first: cellHeight - HEAD_FIRST_PX - actsPx, next: cellHeight - HEAD_NEXT_PX, footer: FOOTER_PX, gap: GAP_PX };
    this.#ruler.attach(host, cellWidth);
    const parts = open.map((ticket) => {
      const { units, topPx } = this.#ruler.measure(ticket, look);
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
    const away = parts.filter((mine) => mine.some((part) => !this.cells.includes(part)));
    return { here: new Set(this.cells.map((part) => part?.ticket.id)), away: away.map((mine) => mine[0].ticket.id) };
  }

  #noteFilled() {
    this.cells.forEach((part, cell) => {
      const key = part?.key ?? "";
      if (this.#filled.get(cell)?.key !== key) this.#filled.set(cell, { key, atMs: monotonicMs() });
    });
  }
}
