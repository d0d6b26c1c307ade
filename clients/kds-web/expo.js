// The expo screen (传菜口): whole orders, dishes of all stations, gone when they were run. What is on a ticket beside
// its rows: whether everything stands ready, and the two things to do with the whole of it.
// Refuses to cook: a dish somebody still makes cannot be pressed here. Where a shop wants it so, nothing of an order goes
// before all of it is ready, until a manager at a desk lets it.

import { monotonicMs } from "../link/clock.js";
import { icon } from "../link/icons.js";
import { html } from "../link/vendor/lit.js";
import { say } from "./words.js";

/** @typedef {import("./tickets.js").Ticket} Ticket */

export const ACTS_PX = 78;
const OVERRIDE_MS = 5_000; // the second press says "run it all the same"
const DOUBLE_MS = 600; // the second half of a double tap is no second press
const TOLD_MS = 3_000; // why nothing happened, long enough to be read

/** Dishes that stand at the pass, dishes the ticket waits for (not those on hold). @param {Ticket} ticket */
function passOf(ticket) {
  const here = ticket.items.filter(({ state }) => state === "ready" || state === "called");
  const waiting = ticket.items.filter(({ state }) => state === "queued" || state === "cooking");
  return { here, waiting, complete: here.length > 0 && waiting.length === 0 };
}

export class Pass {
  #board;
  /** The order whose run was pressed although a station still cooks for it. @type {{id: number, atMs: number} | null} */
  #override = null;
  /** The order that was pressed and has to wait. @type {{id: number, atMs: number} | null} */
  #held = null;

  /** @param {{screen: import("../link/screen.js").Screen, presses?: import("./presses.js").Presses, chosen: () => Ticket | undefined, touched: () => void}} board */
  constructor(board) {
    this.#board = board;
  }

  /** Whether nothing of a ticket may go yet; who pressed is told why. @param {Ticket} ticket */
  holds(ticket) {
    if (this.#board.screen.view?.device.settings.unfinished !== "never" || !passOf(ticket).waiting.length) return false;
    this.#held = { id: ticket.id, atMs: monotonicMs() };
    return true;
  }

  /**
   * Run a whole order or call somebody for it; what is still cooked blocks the run until the press is repeated.
   * @param {"run" | "call"} verb @param {Ticket | undefined} ticket by keys: of the chosen dish
   */
  whole(verb, ticket = this.#board.chosen()) {
    if (!ticket) return;
    const { here, complete } = passOf(ticket);
    if (this.holds(ticket)) return this.#board.touched();
    if (verb === "run" && !complete && this.#armedFor(ticket) < DOUBLE_MS) return;
    if (verb === "call" || complete || this.#overrides(ticket)) {
      this.#board.presses?.whole(here, verb, ticket.order.number);
      this.#override = null;
    } else if (here.length) this.#override = { id: ticket.id, atMs: monotonicMs() };
    this.#board.touched();
  }

  /** The bar of a ticket: call somebody, run the order. @param {Ticket} ticket */
  acts(ticket) {
    const { here, waiting, complete } = passOf(ticket);
    const override = this.#overrides(ticket);
    const held = this.#held?.id === ticket.id && monotonicMs() - this.#held.atMs < TOLD_MS;
    const selected = this.#board.chosen()?.id === ticket.id;
    const words = !here.length && !waiting.length ? say("run_done") : complete ? say("run_all") : held ? say("run_never", { n: waiting.length }) : override ? say("run_anyway", { n: here.length }) : say("run_waits", { n: waiting.length });
    return html`<div class="acts" ?data-complete=${complete}>
      <button class="btn call-all" ?disabled=${!here.length} @click=${() => this.whole("call", ticket)}>
        ${selected ? html`<key-cap .key=${"/"}></key-cap>` : icon("called")}${say("call_all")}
      </button>
      <button class="btn run-all" data-kind=${complete ? "go" : override || held ? "slip" : "line"} ?data-blocked=${!complete} ?disabled=${!here.length} @click=${() => this.whole("run", ticket)}>
        ${selected ? html`<key-cap .key=${"*"}></key-cap>` : icon(complete ? "ready" : "cooking")}${words}
      </button>
    </div>`;
  }

  /** @param {Ticket} ticket */
  #overrides(ticket) {
    return this.#armedFor(ticket) < OVERRIDE_MS;
  }

  /** Milliseconds since the run of a blocked ticket was pressed first. @param {Ticket} ticket */
  #armedFor({ id }) {
    return this.#override?.id === id ? monotonicMs() - this.#override.atMs : Infinity;
  }
}
