// The calls nobody has answered, under the thumb: the oldest large, the others as lines below it.

import { clock } from "../link/clock.js";
import { businessDay, queueNumber } from "../link/format.js";
import { icon } from "../link/icons.js";
import { name } from "../link/i18n.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("./tasks.js").Ringing} Ringing
 * @typedef {object} Calling
 * @property {View} view
 * @property {Ringing[]} groups
 * @property {number} nowMs
 * @property {boolean} compact on another tab: lines only
 * @property {Set<number>} claiming call ids with a claim on its way
 * @property {boolean} settling the calls changed places just now: a finger on its way means what was there before
 * @property {(group: Ringing) => void} come
 */

/** Where the dishes stand: the stations that made them. @param {View} view @param {Item[]} items */
export function madeAt(view, items) {
  const ids = new Set(items.map((item) => item.station_id));
  return view.stations
    .filter((one) => ids.has(one.id))
    .map((one) => name(one.name))
    .join(" / ");
}

/** "#16", and "昨日 #16" when it was opened before the last 03:00. @param {View} view @param {Order} order */
export function orderNumber(view, order) {
  const today = businessDay(clock.nowMs(), view.shop.timezone);
  return `${order.business_day < today ? `${shared("yesterday")} ` : ""}${queueNumber(order.number)}`;
}

/** "#16 · 热菜档" @param {View} view @param {Order} order @param {Item[]} items */
export const numberAndPass = (view, order, items) =>
  [orderNumber(view, order), madeAt(view, items)].filter(Boolean).join(" · ");

/** @param {Calling} calling */
export function ringingCalls(calling) {
  const { groups, compact, nowMs } = calling;
  if (!groups.length) return nothing;
  const [first, ...others] = compact ? [null, ...groups] : groups;
  const soonest = groups.reduce((least, one) => Math.min(least, one.next_ring_ms ?? Infinity), Infinity);
  const rings = Math.max(...groups.map((one) => one.rings));
  const next = Number.isFinite(soonest)
    ? say("rang", { n: rings, s: Math.max(0, Math.ceil((soonest - nowMs) / 1000)) })
    : say(groups.some((one) => one.unanswered) ? "nobody" : "rang_out", { n: rings });
  return html`<section class="ringing" role="alert" ?data-compact=${compact}>
    <header role="none">${icon("bell")}<b>${say("calling", { n: groups.length })}</b><span class="next">${next}</span></header>
    ${first ? large(first, calling) : nothing}
    ${
      others.length
        ? html`<div class="more">${repeat(
            others,
            (one) => one?.key,
            (one) => (one ? small(one, calling) : nothing),
          )}</div>`
        : nothing
    }
  </section>`;
}

/** @param {Ringing} group @param {Set<number>} claiming */
const isClaiming = (group, claiming) => group.calls.every((call) => claiming.has(call.id));

/** @param {Ringing} group @param {Calling} calling @param {string} [wait] what a pressed one says @returns {unknown} */
function button(group, { claiming, settling, come }, wait = say("come_wait")) {
  const pending = isClaiming(group, claiming);
  const words = pending ? html`${icon("waits")}${wait}` : say(group.order ? "come" : "come_there");
  return html`<button class="come" ?data-pending=${pending} ?disabled=${pending || settling} @click=${() => come(group)}>${words}</button>`;
}

/**
 * Where a call without an order comes from: a place, or the bell alone.
 * @param {import("../link/frames.d.ts").Call} call
 */
export const callPlate = ({ place_kind: kind, place_name: place }) =>
  kind ? html`<place-plate .kind=${kind} .place=${place}></place-plate>` : html`<span class="place">${icon("bell")}</span>`;

/** @param {Ringing} group @param {Calling} calling */
function large(group, calling) {
  const { order, items } = group;
  if (!order) {
    const [call] = group.calls;
    return html`<article class="call" data-call=${call.id}>
      ${callPlate(call)}
      <span class="since"><stage-clock .since=${group.since_ms}></stage-clock></span>
      <p class="dishes-called words">${call.text ? name(call.text) : nothing}</p>
      ${button(group, calling)}
    </article>`;
  }
  return html`<article class="call" data-order=${order.id}>
    <place-plate .kind=${order.place_kind} .place=${order.place_name}></place-plate>
    <span class="since"><stage-clock .since=${group.since_ms}></stage-clock>${numberAndPass(calling.view, order, items)}</span>
    <ul class="dishes-called">${items.map(
      (item) => html`<li>${name(item.name)} <span>${say("portion", { n: item.quantity })}</span></li>`,
    )}</ul>
    ${button(group, calling)}
  </article>`;
}

/** @param {Ringing} group @param {Calling} calling */
function small(group, calling) {
  const { order, items } = group;
  if (!order) {
    const [call] = group.calls;
    return html`<article class="also" data-call=${call.id}>
      ${callPlate(call)}<span>${call.text ? name(call.text) : nothing}</span>
      <stage-clock .since=${group.since_ms}></stage-clock>${button(group, calling, shared("to_send"))}
    </article>`;
  }
  const dishes = items.map((item) => `${name(item.name)} ${say("portion", { n: item.quantity })}`).join(" · ");
  const pass = madeAt(calling.view, items);
  return html`<article class="also" data-order=${order.id}>
    <place-plate .kind=${order.place_kind} .place=${order.place_name}></place-plate>
    <span>${dishes}${pass ? ` · ${pass}` : ""}</span>
    <stage-clock .since=${group.since_ms}></stage-clock>${button(group, calling, shared("to_send"))}
  </article>`;
}
