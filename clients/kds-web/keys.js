// The board by keyboard, number pad or bump bar alone. A held key counts once.

/** @typedef {import("../link/frames.js").Item} Item */

/**
 * @typedef {object} Board what keys need of the board
 * @property {"grid" | "recall" | "batch" | "sale" | "recipe"} mode
 * @property {import("./floor.js").Floor} floor
 * @property {import("./tickets.js").Ticket[]} finished
 * @property {number | null} selectedId
 * @property {() => void} touched
 * @property {() => void} home
 * @property {(by: number) => void} turn
 * @property {(mode: "recall" | "batch" | "sale") => void} show
 * @property {import("./row-lists.js").RowLists | null} rows the list that replaces the grid, if one does
 * @property {(item: Item, ticket: import("./tickets.js").Ticket) => void} press
 * @property {() => void} undo
 * @property {() => void} ask
 * @property {import("./presses.js").Presses | undefined} presses
 * @property {boolean} expo
 * @property {import("./expo.js").Pass} pass
 * @property {import("../link/speaker.js").Speaker | undefined} speaker
 */

import { toggleLang } from "../link/i18n.js";

export class Keys {
  #board;

  /** @param {Board} board */
  constructor(board) {
    this.#board = board;
  }

  /** Hear the keyboard until the returned function is called. */
  listen() {
    const press = (/** @type {KeyboardEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.repeat || this.#act(event.key)) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }

  /** @param {string} key @returns {boolean} whether it meant something */
  #act(key) {
    const board = this.#board;
    if (/^[1-9]$/.test(key)) this.#choose(Number(key) - 1);
    else if (key === "0") board.undo();
    else if (key === "." || key === ",") board.show("recall"); // a German or French number pad has a comma there
    else if (key === "*") board.expo ? board.pass.whole("run") : board.show("batch");
    else if (key === "/" && board.mode === "recall") this.#again();
    else if (key === "/") board.expo ? board.pass.whole("call") : board.show("sale");
    else if (key === "+" || key === "PageDown") board.turn(1);
    else if (key === "-" || key === "PageUp") board.turn(-1);
    else if (key === "ArrowDown") this.#step(1);
    else if (key === "ArrowUp") this.#step(-1);
    else if (key === "ArrowRight") this.#sideways(1);
    else if (key === "ArrowLeft") this.#sideways(-1);
    else if (key === "Enter" || key === " ") return this.#press();
    else if (key === "Tab") return this.#leave();
    else if (key === "Escape") board.home();
    else if (key === "Backspace" || key === "=" || key.toLowerCase() === "i") board.ask();
    else if (key.toLowerCase() === "l") toggleLang();
    else if (key.toLowerCase() === "t") void board.speaker?.soundTest.run();
    else return false;
    return true;
  }

  /** The number of the chosen dish once more. */
  #again() {
    const { finished, presses, selectedId } = this.#board;
    const ticket = finished.find(({ items }) => items.some(({ id }) => id === selectedId));
    if (ticket) presses?.again(ticket);
    this.#board.touched();
  }

  /** The dishes of what is shown, by cell or finished ticket. */
  #groups() {
    const board = this.#board;
    if (board.mode === "recall") return board.finished.map((ticket) => ticket.items.map((item) => ({ item, ticket })));
    return board.floor.cells.map((part) =>
      part ? part.units.flatMap((unit) => (unit.kind === "row" ? [{ item: unit.item, ticket: part.ticket }] : [])) : [],
    );
  }

  /** @param {{item: import("../link/frames.js").Item}[][]} groups */
  #at(groups) {
    for (const [group, rows] of groups.entries()) {
      const row = rows.findIndex(({ item }) => item.id === this.#board.selectedId);
      if (row >= 0) return { group, row };
    }
    return null;
  }

  /** A cell's number: its first dish that waits for a hand; the same number again: the next dish. @param {number} cell */
  #choose(cell) {
    if (this.#board.rows) return this.#board.rows.choose(cell);
    const groups = this.#groups();
    const rows = groups[cell];
    if (!rows?.length) return;
    const at = this.#at(groups);
    const waits = rows.findIndex(({ item }) => ["queued", "cooking", "cancelled"].includes(item.state));
    this.#select(at?.group === cell ? rows[(at.row + 1) % rows.length] : rows[Math.max(0, waits)]);
  }

  /** @param {number} by */
  #step(by) {
    if (this.#board.rows) return this.#board.rows.step(by);
    const rows = this.#groups().flat();
    if (!rows.length) return;
    const at = rows.findIndex(({ item }) => item.id === this.#board.selectedId);
    this.#select(rows[at < 0 ? 0 : (at + by + rows.length) % rows.length]);
  }

  /** To the next cell that holds something. @param {number} by */
  #sideways(by) {
    if (this.#board.rows) return this.#board.rows.adjust(by);
    const groups = this.#groups();
    const from = this.#at(groups)?.group ?? (by > 0 ? -1 : groups.length);
    for (let i = 1; i <= groups.length; i += 1) {
      const rows = groups[(from + by * i + groups.length * 2) % groups.length];
      if (rows.length) return this.#select(rows[0]);
    }
  }

  /** @param {{item: import("../link/frames.js").Item}} row */
  #select({ item }) {
    this.#board.selectedId = item.id;
    this.#board.touched();
    queueMicrotask(() => document.querySelector("[data-selected]")?.scrollIntoView({ block: "nearest" }));
  }

  /** The dish chosen by keys; without one, what Tab went to is the browser's to press. */
  #press() {
    const board = this.#board;
    if (board.selectedId === null && document.activeElement?.matches("button:focus-visible")) return false;
    if (board.rows?.selectedKey) return board.rows.press();
    const chosen = this.#groups().flat().find(({ item }) => item.id === board.selectedId);
    if (chosen) board.press(chosen.item, chosen.ticket);
    return true;
  }

  /** Tab goes from button to button: two marks on the screen would leave open which one Enter means. */
  #leave() {
    this.#board.selectedId = null;
    this.#board.touched();
    return false;
  }
}
