// ◆ Which part of which ticket lies in which cell. A ticket never slides while somebody looks at it: places are
// kept, and a cell that becomes free is filled by who waits longest. Pure; heights come in, cell numbers go out.

/**
 * @typedef {import("./tickets.js").Ticket} Ticket
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {{kind: "row", item: Item, height: number} | {kind: "round", round: import("./tickets.js").Round, height: number}} Unit
 * @typedef {object} TicketPart one cell's worth of a ticket
 * @property {string} key `order/part`
 * @property {Ticket} ticket
 * @property {number} index 0 is the head
 * @property {Unit[]} units
 * @property {number} from number of the first dish, from 1
 * @property {number} to
 * @property {number} moreCount dishes in later parts
 * @property {boolean} full no room is left for the line "goes on"
 * @typedef {{first: number, next: number, footer: number, gap: number}} Room pixels for rows in a first cell,
 *   in a later one, what the line "goes on" takes of it, and between rows
 */

/**
 * Cut a ticket into parts that fit their cells. A round's line never ends a part. Long slips above the rows may
 * leave the first cell without a row.
 * @param {Ticket} ticket @param {Unit[]} units @param {number} topPx slips above the rows @param {Room} room
 * @returns {TicketPart[]}
 */
export function split(ticket, units, topPx, room) {
  /** @type {Unit[][]} */ const pieces = [[]];
  /** @type {boolean[]} */ const full = [];
  let free = room.first - topPx;
  let rest = units.reduce((sum, unit) => sum + unit.height + room.gap, 0);
  for (const [i, unit] of units.entries()) {
    const piece = /** @type {Unit[]} */ (pieces.at(-1));
    const next = unit.kind === "round" ? units[i + 1] : undefined; // a round's line stays with its first dish
    const need = unit.height + (next ? next.height + room.gap : 0);
    const fits = rest <= free + room.gap || need <= free - room.footer;
    if (!fits && (piece.length || (pieces.length === 1 && topPx > 0))) {
      pieces.push([unit]);
      full.push(free + room.gap < room.footer);
      free = room.next;
    } else piece.push(unit);
    free -= unit.height + room.gap;
    rest -= unit.height + room.gap;
  }
  return numbered(ticket, pieces, full);
}

/** @param {Ticket} ticket @param {Unit[][]} pieces @param {boolean[]} full @returns {TicketPart[]} */
function numbered(ticket, pieces, full) {
  const all = ticket.items.length;
  let to = 0;
  return pieces.map((units, index) => {
    const from = to + 1;
    to += units.filter(({ kind }) => kind === "row").length;
    return { key: `${ticket.id}/${index}`, ticket, index, units, from, to, moreCount: all - to, full: full[index] ?? false };
  });
}

/**
 * Give every part a cell; cells count on over the pages.
 * On page 0 (`page` 0) kept places on page 0 stay, free cells there go to who waits longest, the rest queues up
 * behind. Only a pinned ticket (催菜) takes the place of the youngest that nobody has begun: of one in time if there is such. While a later page is looked at nothing moves at all and new parts go to the end.
 * @param {TicketPart[][]} tickets parts by ticket, oldest first
 * @param {Map<string, number>} kept the places so far
 * @param {{columns: number, rows: number}} grid @param {number} page the one looked at
 * @returns {Map<string, number>}
 */
export function seat(tickets, kept, { columns, rows }, page) {
  const perPage = columns * rows;
  /** @type {Map<string, number>} */ const seats = new Map();
  /** @type {Set<number>} */ const taken = new Set();
  const put = (/** @type {TicketPart} */ part, /** @type {number} */ cell) => {
    seats.set(part.key, cell);
    taken.add(cell);
  };
  const parts = tickets.flat();
  for (const part of parts) {
    const cell = kept.get(part.key);
    if (cell !== undefined && (page > 0 || cell < perPage) && !taken.has(cell)) put(part, cell);
  }
  if (page === 0) makeRoom(tickets, seats, taken, perPage);
  let end = page > 0 ? Math.max(perPage, ...[...taken].map((cell) => cell + 1)) : perPage;
  for (const ticketParts of tickets) {
    const waiting = ticketParts.filter((part) => !seats.has(part.key));
    const cells = page > 0 ? [] : freeCells(waiting.length, seats.get(`${ticketParts[0].ticket.id}/0`), taken, columns, perPage);
    for (const part of waiting) {
      const cell = cells.shift() ?? end++;
      put(part, cell);
    }
  }
  return seats;
}

/** Take the youngest tickets that nobody has begun off the first page, late ones last, until the pinned ones fit. @param {TicketPart[][]} tickets @param {Map<string, number>} seats @param {Set<number>} taken @param {number} perPage */
function makeRoom(tickets, seats, taken, perPage) {
  const seated = (/** @type {TicketPart[]} */ parts) => parts.some(({ key }) => seats.has(key));
  const needed = tickets.filter(([{ ticket }]) => ticket.pinned).flat().filter(({ key }) => !seats.has(key)).length;
  const youngest = [...tickets].reverse();
  for (const parts of [...youngest.filter(([{ ticket }]) => !ticket.late), ...youngest.filter(([{ ticket }]) => ticket.late)]) {
    if (needed <= perPage - taken.size) return;
    const { pinned, items } = parts[0].ticket;
    if (pinned || !seated(parts) || !items.every(({ state }) => state === "queued" || state === "held")) continue;
    for (const { key } of parts) {
      const cell = seats.get(key);
      if (cell !== undefined) taken.delete(cell);
      seats.delete(key);
    }
  }
}

/**
 * Free cells of the first page for `count` parts: side by side in one row if there are such, else side by side, else any.
 * @param {number} count @param {number | undefined} headCell where the ticket's head lies already
 * @param {Set<number>} taken @param {number} columns @param {number} perPage @returns {number[]}
 */
function freeCells(count, headCell, taken, columns, perPage) {
  const free = [...Array(perPage).keys()].filter((cell) => !taken.has(cell));
  if (headCell !== undefined) {
    const after = free.filter((cell) => cell > headCell);
    return [...after, ...free.filter((cell) => cell < headCell)].slice(0, count);
  }
  const runs = free.filter((cell) => [...Array(count).keys()].every((i) => cell + i < perPage && !taken.has(cell + i)));
  const start = runs.find((cell) => (cell % columns) + count <= columns) ?? runs[0];
  return start === undefined ? free.slice(0, count) : [...Array(count).keys()].map((i) => start + i);
}

/** How many columns and rows of cells a screen has room for. @param {number} widthPx @param {number} heightPx */
export function gridFor(widthPx, heightPx) {
  const between = (/** @type {number} */ low, /** @type {number} */ n, /** @type {number} */ high) =>
    Math.max(low, Math.min(high, n));
  return {
    columns: between(2, Math.floor((widthPx - 12) / CELL_PX_MIN), 8),
    rows: between(1, Math.floor((heightPx - HEAD_AND_FOOT_PX) / ROW_PX_MIN), 4),
  };
}
const CELL_PX_MIN = 440; // number, place and clock side by side at their size for two metres
const ROW_PX_MIN = 380; // a head and four dishes
const HEAD_AND_FOOT_PX = 160;

const READ_AT_CM = 150; // what the type is made for
const ZOOM_FAR_MAX = 2.2;

/** How much larger all is painted for who stands so far away; null: as it is made. @param {number | null} distanceCm */
export const zoomAt = (distanceCm) =>
  distanceCm === null ? 1 : Math.max(0.6, Math.min(ZOOM_FAR_MAX, distanceCm / READ_AT_CM));
