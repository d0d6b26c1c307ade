// How one cell looks: a ticket's head, its rounds and rows, the perforation to the next cell.
// Templates only; what a press does is handed in.

import { elapsed, queueNumber, wallClock } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { refusalWords, say as shared } from "../link/words.js";
import { isRushed, stageOf, timeOf } from "./tickets.js";
import { say } from "./words.js";

/**
 * @typedef {import("./cells.js").TicketPart} TicketPart
 * @typedef {import("./tickets.js").Ticket} Ticket
 * @typedef {import("./tickets.js").Round} Round
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {object} Look what a cell needs besides its part
 * @property {View} view
 * @property {number} nowMs
 * @property {import("./presses.js").Presses} presses
 * @property {number | null} selectedId the dish chosen by keys
 * @property {Set<number>} soldOut dishes of the menu that are sold out
 * @property {ReturnType<typeof import("./tickets.js").stageTargets>} stages what dishes' stages may take
 * @property {(orderId: number, round: number) => "flash" | "new" | ""} news
 * @property {(item: Item, ticket: Ticket) => void} onPress
 * @property {(itemId: number) => void} onAsk a long touch: what is this dish?
 * @property {((ticket: Ticket) => unknown) | null} acts of the expo: what is done with the whole order
 */

const MARK_AFTER_MS = 400; // an answer that comes sooner needs no words
const NOTE_SHORT_PX_MAX = 560; // two lines of a row; longer ones are set smaller and wider, so that none is cut off
const WIDE = /[\u2e80-\uffef]/; // a Chinese sign is twice as wide as a Latin one

/**
 * One cell. `nextCell` is where the ticket goes on: beside it, or a sentence saying where.
 * @param {TicketPart} part @param {Look} look
 * @param {{key: string, runsOn: string, beside: boolean, besideBefore: boolean}} place
 */
export function cellTemplate(part, look, place) {
  const { ticket, index, units } = part;
  const time = ticket.due ? timeOf(ticket.due, look.nowMs, look.view.shop.warn_percent) : null;
  const news = look.news(ticket.id, ticket.rounds[0].round);
  const head = index === 0;
  const classes = `ticket${place.beside ? " runs-on" : ""}${place.besideBefore ? " runs-in" : ""}`;
  return html`<article
    class="${classes}${head && news === "flash" ? " flash" : ""}"
    data-time=${time?.urgency ?? "done"} data-order=${ticket.id} data-part=${index}
  >
    ${head
      ? html`<div class="age"><i style="width: ${Math.round((time?.share ?? 0) * 100)}%"></i></div>`
      : html`<div class="age" data-empty></div>`}
    ${head ? headTemplate(ticket, time, look, place.key, news !== "") : nextHeadTemplate(part, place.key)}
    ${head && look.acts ? look.acts(ticket) : nothing}
    ${head ? topTemplate(ticket, look.nowMs) : nothing}
    <div class="rows">
      ${units.map((unit) =>
        unit.kind === "round" ? roundTemplate(unit.round, ticket, look) : rowTemplate(unit.item, ticket, look),
      )}
    </div>
    ${place.runsOn ? html`<footer>${place.runsOn}${icon("go")}</footer>` : nothing}
  </article>`;
}

/**
 * How a cell touches its neighbours, its key, and where its ticket goes on.
 * @param {TicketPart} part @param {number} cell on this page
 * @param {{seats: Map<string, number>, grid: {columns: number, rows: number}, page: number}} floor
 */
export function placeOf(part, cell, { seats, grid, page }) {
  const perPage = grid.columns * grid.rows;
  const nextSeat = seats.get(`${part.ticket.id}/${part.index + 1}`);
  const here = page * perPage + cell;
  const sameRow = (/** @type {number} */ a, /** @type {number} */ b) => Math.floor(a / grid.columns) === Math.floor(b / grid.columns);
  const beside = nextSeat === here + 1 && sameRow(here, here + 1);
  const besideBefore = seats.get(`${part.ticket.id}/${part.index - 1}`) === here - 1 && sameRow(here, here - 1);
  let runsOn = "";
  if (nextSeat !== undefined && !part.full) {
    const there = Math.floor(nextSeat / perPage);
    const n = part.moreCount;
    if (beside) runsOn = say("runs_on", { n });
    else if (there === page) runsOn = say("runs_on_cell", { n, cell: (nextSeat % perPage) + 1 });
    else runsOn = say("runs_on_page", { n, page: there + 1 });
  }
  return { key: cell < KEYED_MAX ? String(cell + 1) : "", runsOn, beside, besideBefore };
}
const KEYED_MAX = 9;

/**
 * @param {Ticket} ticket @param {ReturnType<typeof timeOf> | null} time @param {Look} look
 * @param {string} key @param {boolean} isNew
 */
function headTemplate(ticket, time, look, key, isNew) {
  const { order, due, doneAtMs } = ticket;
  const sinceMs = due ? due.sinceMs : doneAtMs;
  return html`<header>
    <div class="who">
      ${key ? html`<key-cap .key=${key}></key-cap>` : nothing}<span class="number">${queueNumber(order.number)}</span>
      <place-plate .kind=${order.place_kind} .place=${order.place_name}></place-plate>
    </div>
    <div class="clockbox">
      <time class="time" data-time=${time?.urgency ?? "done"}>${elapsed(look.nowMs - sinceMs)}</time>
      ${isNew
        ? html`<change-slip class="fresh" .text=${say("new_order")}></change-slip>`
        : html`<span class="word">${time ? timeWords(time) : restWords(ticket)}</span>`}
    </div>
    <div class="meta">
      ${ticket.yesterday ? html`<change-slip .text=${shared("yesterday")}></change-slip>` : nothing}
      <span>${placedWords(ticket, look.view)}</span>
    </div>
  </header>`;
}

/** Nothing to cook: all is done, or the next course waits for its word. @param {Ticket} ticket */
const restWords = ({ held }) => (held ? html`${icon("held")}${shared("held")}` : html`${icon("ready")}${say("all_done")}`);

/** @param {TicketPart} part @param {string} key */
function nextHeadTemplate({ ticket, from, to }, key) {
  const { order } = ticket;
  return html`<header>
    <div class="who">
      ${key ? html`<key-cap .key=${key}></key-cap>` : nothing}
      <span class="number">${say("continued", { number: queueNumber(order.number) })}</span>
      <place-plate .kind=${order.place_kind} .place=${order.place_name} .bare=${true}></place-plate>
    </div>
    <div class="clockbox"><span class="range">${rangeWords(from, to, ticket.items.length)}</span></div>
  </header>`;
}

/** @param {number} from @param {number} to @param {number} all */
const rangeWords = (from, to, all) => (from === to ? say("range_one", { from, all }) : say("range", { from, to, all }));

/** @param {ReturnType<typeof timeOf>} time */
function timeWords({ urgency, leftS }) {
  const minutes = Math.floor(Math.abs(leftS) / 60);
  if (urgency === "late") {
    const hours = Math.floor(minutes / 60);
    const words = hours >= 2 ? say("late_hours", { n: hours }) : minutes ? shared("late_min", { n: minutes }) : shared("late");
    return html`${icon("late")}${words}`;
  }
  const words = minutes ? shared("left_min", { n: minutes }) : shared("left_less");
  return html`${icon(urgency === "warn" ? "soon" : "ontime")}${words}`;
}

/** @param {Ticket} ticket @param {View} view */
function placedWords({ order, rounds, yesterday }, view) {
  const { date, hm } = wallClock(rounds[0].placedAtMs, view.shop.timezone);
  const who = { pad: "guest_room", tag: "tag", waiter: "waiter", cashier: "cashier", api: "api" };
  const fill = { date: date.slice(5), time: hm, who: shared(/** @type {"tag"} */ (who[order.source])) };
  return say(yesterday ? "placed_yesterday" : "placed", fill);
}

/** That somebody waits, what the guest must not eat, and what was said about the whole order. @param {Ticket} ticket @param {number} nowMs */
export function topTemplate({ order, rush }, nowMs) {
  return html`<div class="top">
    ${rush
      ? html`<p class="slip">${icon("rush")}${say("rushed", { n: rush.times })}<span class="why">${icon("pin")}<time>${elapsed(nowMs - rush.atMs)}</time></span></p>`
      : nothing}
    <allergen-bar .allergens=${order.allergens}></allergen-bar>
    ${order.note ? html`<p class="remark" ?data-long=${isLong(order.note)}>${icon("note")}<span>${order.note}</span></p>` : nothing}
  </div>`;
}

/** @param {string} note */
const isLong = (note) => [...note].reduce((px, sign) => px + (WIDE.test(sign) ? 28 : 14), 0) > NOTE_SHORT_PX_MAX;

/** @param {Round} round @param {Ticket} ticket @param {Look} look */
export function roundTemplate(round, ticket, look) {
  const { hm } = wallClock(round.placedAtMs, look.view.shop.timezone);
  const time = timeOf(round, look.nowMs, look.view.shop.warn_percent);
  const flash = look.news(ticket.id, round.round) === "flash" ? "flash" : "";
  return html`<div class="round ${flash}">
    <change-slip .drawing=${"plus"} .text=${say("round")}></change-slip>
    <span>${say("round_n", { n: round.round, time: hm })}</span>
    ${round.open
      ? html`<time class="time" data-time=${time.urgency}>${elapsed(look.nowMs - round.sinceMs)}</time>`
      : html`<span class="time" data-time="done">${icon("ready")}</span>`}
  </div>`;
}

/** @param {Item} item @param {Ticket} ticket @param {Look} look */
export function rowTemplate(item, ticket, look) {
  if (item.state === "cancelled") return goneTemplate(item, ticket, look);
  const mark = look.presses.mark(item.id);
  return html`<button
    class="row" data-state=${item.state} data-item=${item.id} ?data-kept=${mark !== null}
    ?data-selected=${look.selectedId === item.id} @click=${() => look.onPress(item, ticket)}
    @contextmenu=${(/** @type {Event} */ event) => { event.preventDefault(); look.onAsk(item.id); }}
  >
    ${icon(item.state)}<span class="n" ?data-many=${item.quantity > 1}>${item.quantity}</span>
    <span class="dish">${name(item.name)}${stationTemplate(item, look.view)}</span>
    ${mark && look.nowMs - mark.sinceMs > MARK_AFTER_MS ? waitsTemplate(mark.verb) : stateTemplate(item, look)}
    ${modsTemplate(item, look)}
  </button>`;
}

/** Cancelled: struck through until the cook has said yes. @param {Item} item @param {Ticket} ticket @param {Look} look */
function goneTemplate(item, ticket, look) {
  return html`<button
    class="row" data-gone data-state="cancelled" data-item=${item.id}
    ?data-selected=${look.selectedId === item.id} @click=${() => look.onPress(item, ticket)}
  >
    <span class="stamp">${say("cancelled_stamp")}</span><s class="n">${item.quantity}</s>
    <s class="dish">${name(item.name)}</s><span class="btn" data-kind="slip">${say("confirm")}</span>
    ${modsTemplate(item, look)}
  </button>`;
}

/** Where a dish belongs, when that is not plain: at the pass its station, elsewhere that it has none. @param {Item} item @param {View} view */
function stationTemplate(item, view) {
  if (item.station_id === null || view.device.station_id !== null) return nothing;
  const station = view.stations.find(({ id }) => id === item.station_id);
  return station ? html` <small class="at">${name(station.name)}</small>` : nothing;
}

/** @param {string} verb */
function waitsTemplate(verb) {
  const word = verb ? say(/** @type {"start"} */ (verb)) : "";
  return html`<span class="state" data-waits>
    <span class="sent">${icon("waits")}${word}</span>${shared("to_send")}
  </span>`;
}

/** The stage in a word, since when where that matters, and whether it takes too long. @param {Item} item @param {Look} look */
function stateTemplate(item, { nowMs, stages, view }) {
  const stage = stageOf(item, stages, nowMs, view.shop.warn_percent);
  const since = stage?.sinceMs ?? { cooking: item.started_at_ms, called: item.called_at_ms }[/** @type {"cooking"} */ (item.state)];
  const urgent = stage && stage.urgency !== "ok" ? stage.urgency : null;
  return html`<span class="state" data-state=${item.state} data-time=${urgent ?? nothing}>
    ${since ? html`<time>${urgent ? icon(urgent === "warn" ? "soon" : "late") : nothing}${elapsed(nowMs - since)}</time>` : nothing}${shared(item.state)}
  </span>`;
}

/** Whether a dish that nobody began was sold out meanwhile. @param {Item} item @param {Look} look */
export const isGone = (item, look) => look.soldOut.has(item.dish_id) && (item.state === "queued" || item.state === "held");

/** How it is made, what was said about it, and what became of presses. @param {Item} item @param {Look} look */
function modsTemplate(item, look) {
  const refused = look.presses.refused(item.id);
  const unrouted = item.station_id === null;
  const rushed = isRushed(item);
  const was = item.state === "cancelled" ? null : item.quantity_was;
  const gone = isGone(item, look);
  const unseen = item.unseen_at_ms !== null && (item.state === "queued" || item.state === "held");
  if (!unseen && !item.modifiers.length && !item.note && !refused.length && !unrouted && !rushed && !gone && was === null) return nothing;
  return html`<span class="mods">
    ${refused.map(
      ({ refusal }) => html`<span class="tag-slip refused">${shared("refused", { why: refusalWords(refusal) })}${icon("close")}</span>`,
    )}
    ${was !== null
      ? html`<span class="tag-slip changed">${say("changed")} <s>${was}</s> → ${item.quantity}<b>${say("confirm")}</b></span>`
      : nothing}
    ${rushed ? html`<span class="tag-slip rushed">${icon("rush")}${say("rush_stamp")}</span>` : nothing}
    ${gone ? html`<span class="tag-slip gone">${icon("soldout")}${say("ask_front")}</span>` : nothing}
    ${unseen ? html`<span class="tag-slip unseen">${icon("print")}${say(item.unseen_printed ? "unseen_printed" : "unseen_told")}</span>` : nothing}
    ${unrouted ? html`<span class="tag-slip">${say("unrouted")}</span>` : nothing}
    ${item.modifiers.map((modifier) => html`<dish-modifier .modifier=${modifier}></dish-modifier>`)}
    ${item.note
      ? html`<span class="mod" data-kind="note" ?data-long=${isLong(item.note)}><span class="sign">${icon("note")}</span><span>${item.note}</span></span>`
      : nothing}
  </span>`;
}
