// The lists whose rows a digit chooses, nine to a page: 沽清 (the menu) and 并菜 (dishes across tickets).
// Holds which page, which row and how many portions; what a press does is in presses.js.

import { html } from "../link/vendor/lit.js";
import { batchTemplate } from "./batch.js";
import { saleTemplate } from "./sale.js";
import { saleList, workOf } from "./tickets.js";

/**
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("./tickets.js").Ticket} Ticket
 * @typedef {import("./tickets.js").Work} Work
 * @typedef {import("./tickets.js").Sale} Sale
 * @typedef {"sale" | "batch"} ListMode
 */

const ROWS = 9; // as many as the digits of a key pad

export class RowLists {
  /** @type {ListMode} */
  mode = "sale";
  page = 0;
  pages = 1;
  /** @type {string | null} */
  selectedKey = null;
  #presses;
  #changed;
  /** Fewer portions than all, by row. @type {Map<string, number>} */
  #taken = new Map();
  /** @type {(Work | Sale)[]} */
  #rows = [];

  /** @param {import("./presses.js").Presses} presses @param {() => void} changed somebody did something */
  constructor(presses, changed) {
    this.#presses = presses;
    this.#changed = changed;
  }

  /** @param {ListMode} mode */
  open(mode) {
    this.mode = mode;
    this.page = 0;
    this.selectedKey = null;
    this.#taken.clear();
  }

  /** @param {View} view @param {Ticket[]} open tickets on the grid */
  render(view, open) {
    const all = this.mode === "sale" ? saleList(view) : workOf(open);
    this.pages = Math.max(1, Math.ceil(all.length / ROWS));
    this.page = Math.min(this.page, this.pages - 1);
    this.#rows = all.slice(this.page * ROWS, (this.page + 1) * ROWS);
    const look = { view, selectedKey: this.selectedKey, presses: this.#presses, press: (/** @type {Work | Sale} */ row) => this.press(row) };
    const count = (/** @type {Work} */ row) => this.count(row);
    const adjust = (/** @type {Work} */ row, /** @type {number} */ by) => this.adjust(by, row);
    return this.mode === "sale"
      ? html`<main>${saleTemplate(/** @type {Sale[]} */ (this.#rows), look)}</main>`
      : html`<main>${batchTemplate(/** @type {Work[]} */ (this.#rows), { ...look, count, adjust })}</main>`;
  }

  /** @param {number} by */
  turn(by) {
    this.page = (this.page + by + this.pages) % this.pages;
    this.selectedKey = null;
    this.#changed();
  }

  /** @param {number} at on this page */
  choose(at) {
    this.selectedKey = this.#rows[at]?.key ?? this.selectedKey;
    this.#changed();
  }

  /** @param {number} by */
  step(by) {
    const at = this.#rows.findIndex(({ key }) => key === this.selectedKey);
    this.choose(at < 0 ? 0 : (at + by + this.#rows.length) % this.#rows.length);
  }

  /** How many portions a press is about. @param {Work} row */
  count(row) {
    return Math.min(this.#taken.get(row.key) ?? row.quantity, row.quantity);
  }

  /** One portion more or fewer than was meant; round and round. @param {number} by @param {Work | Sale | undefined} row */
  adjust(by, row = this.#chosen()) {
    if (!row || !("quantity" in row)) return;
    this.#taken.set(row.key, ((this.count(row) - 1 + by + row.quantity) % row.quantity) + 1);
    this.#changed();
  }

  /** @param {Work | Sale | undefined} row @returns {boolean} whether there was one */
  press(row = this.#chosen()) {
    if (!row) return false;
    if ("quantity" in row) {
      this.#presses.together(row, this.count(row));
      this.#taken.delete(row.key);
    } else this.#presses.sale(row.dish);
    this.#changed();
    return true;
  }

  #chosen() {
    return this.#rows.find(({ key }) => key === this.selectedKey);
  }
}
