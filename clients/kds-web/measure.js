// How tall rows are: painted once out of sight at the cell's width, remembered until what they say changes.
// Refuses to guess from character counts; fonts differ from screen to screen.

import { Part } from "../link/elements.js";
import { lang } from "../link/i18n.js";
import { html, render } from "../link/vendor/lit.js";
import { isGone, roundTemplate, rowTemplate, topTemplate } from "./ticket.js";
import { isRushed } from "./tickets.js";

/**
 * @typedef {import("./tickets.js").Ticket} Ticket
 * @typedef {import("./cells.js").Unit} Unit
 * @typedef {import("./ticket.js").Look} Look
 */

const REMEMBERED_MAX = 2000;

export class Ruler {
  /** @type {Map<string, number>} */
  #heights = new Map();
  #box = document.createElement("div");

  constructor() {
    this.#box.className = "ruler";
    this.#box.setAttribute("aria-hidden", "true");
  }

  /** @param {HTMLElement} host @param {number} widthPx of a cell */
  attach(host, widthPx) {
    if (this.#box.parentElement !== host) host.append(this.#box);
    const width = `${Math.floor(widthPx)}px`;
    if (this.#box.style.width === width) return;
    this.#box.style.width = width;
    this.#heights.clear();
  }

  /** Forget everything: another font may have arrived. */
  forget() {
    this.#heights.clear();
  }

  /**
   * The rows and round lines of a ticket with their heights, and that of the slips above them.
   * @param {Ticket} ticket @param {Look} look @returns {{units: Unit[], topPx: number}}
   */
  measure(ticket, look) {
    /** @type {{key: string, template: unknown}[]} */ const wanted = [];
    const ask = (/** @type {string} */ key, /** @type {() => unknown} */ template) => {
      const full = `${lang()}|${key}`;
      if (!this.#heights.has(full)) wanted.push({ key: full, template: template() });
      return full;
    };
    const { order } = ticket;
    const topKey = ask(`top|${order.note}|${order.allergens.join()}|${ticket.rush !== null}`, () => topTemplate(ticket, look.nowMs));
    /** @type {{key: string, unit: any}[]} */ const units = [];
    for (const [i, round] of ticket.rounds.entries()) {
      if (i > 0 || round.round > 1) {
        units.push({ key: ask("round", () => roundTemplate(round, ticket, look)), unit: { kind: "round", round } });
      }
      for (const item of round.items) {
        units.push({ key: ask(rowKey(item, look), () => rowTemplate(item, ticket, look)), unit: { kind: "row", item } });
      }
    }
    if (wanted.length) this.#paint(wanted);
    const height = (/** @type {string} */ key) => this.#heights.get(key) ?? 0;
    return { topPx: height(topKey), units: units.map(({ key, unit }) => ({ ...unit, height: height(key) })) };
  }

  /** @param {{key: string, template: unknown}[]} wanted */
  #paint(wanted) {
    if (this.#heights.size > REMEMBERED_MAX) this.#heights.clear();
    render(html`<article class="ticket"><div class="rows">${wanted.map(({ template }) => html`<div>${template}</div>`)}</div></article>`, this.#box);
    // elements paint themselves a moment later: measured before, a purple bar would have no height
    for (const part of this.#box.querySelectorAll("*")) if (part instanceof Part) part.paintNow();
    // a zoomed page measures in other pixels than it is laid out in
    const zoom = this.#box.getBoundingClientRect().width / parseFloat(this.#box.style.width) || 1;
    this.#box.querySelectorAll(":scope > article > .rows > div").forEach((box, i) => {
      this.#heights.set(wanted[i].key, Math.ceil(box.getBoundingClientRect().height / zoom - 0.01));
    });
  }
}

/** All that changes a row's height. @param {import("../link/frames.d.ts").Item} item @param {Look} look */
function rowKey(item, look) {
  const mods = item.modifiers.map(({ id, name }) => `${id}${name.zh}`).join();
  const refused = look.presses.refused(item.id).map(({ refusal }) => refusal?.code).join();
  return ["row", item.name.zh, item.name.en, item.quantity, mods, item.note, item.station_id, refused, item.state === "cancelled", isRushed(item), isGone(item, look), item.quantity_was, item.unseen_at_ms !== null].join("|");
}
