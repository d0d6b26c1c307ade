// The waiter's lists: what I promised, what lies ready, what colleagues do, what is to be cleared.
// One line = one place, and at most one thing to press.

import { wallClock } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { callPlate, madeAt, numberAndPass, orderNumber } from "./ringing-call.js";
import { dishWords } from "./said.js";
import { errands, lastPromise, mine, readyUncalled, ringing, theirs, toClean } from "./tasks.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/frames.d.ts").Order} Order
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {object} Work
 * @property {View} view
 * @property {number} nowMs
 * @property {Set<number>} pendingItems item ids with a command on its way
 * @property {Set<number>} pendingPlaces place ids being cleared
 * @property {Set<number>} pendingCalls call ids being answered or done
 * @property {(call: import("../link/frames.d.ts").Call) => void} close
 * @property {(order: Order | null, calls: import("../link/frames.d.ts").Call[]) => void} giveBack
 * @property {(order: Order, items: Item[]) => void} take
 * @property {(order: Order, items: Item[]) => void} deliver
 * @property {(order: Order) => void} clean
 * @property {(pace: "rush" | "hold" | "fire", order: Order, items: Item[]) => void} pace
 * @property {(order: Order, item: Item, quantity: number) => void} change
 * @property {Set<number>} pendingOrders order ids with a rush, hold or fire on its way
 */

/** @param {Order} order */
const plate = (order) => html`<place-plate .kind=${order.place_kind} .place=${order.place_name}></place-plate>`;

/**
 * A button, or what was pressed and waits: dashed, with the word.
 * @param {{kind: string, drawing?: string, words: string, pending: boolean, press: () => void}} button
 */
export const actButton = ({ kind, drawing, words, pending, press }) =>
  html`<button type="button" class="btn" data-kind=${kind} ?data-pending=${pending} ?disabled=${pending} @click=${press}>
    ${pending ? html`${icon("waits")}${shared("to_send")}` : html`${drawing ? icon(drawing) : nothing}${words}`}
  </button>`;

/** @param {string | undefined} drawing @param {string} words @param {unknown[]} rows @param {number} count */
const section = (drawing, words, rows, count) =>
  count
    ? html`<section><h2>${drawing ? icon(drawing) : nothing}${words} <b>${count}</b></h2>${rows}</section>`
    : nothing;

/** The page 呼叫. @param {Work} work */
export function callsPage(work) {
  const { view } = work;
  const [my, ready, others, clean] = [mine(view), readyUncalled(view), theirs(view), toClean(view)];
  const going = errands(view);
  const [goingMine, goingOthers] = [going.filter((one) => one.mine), going.filter((one) => !one.mine)];
  const calm = my.length + ready.length + others.length + clean.length + going.length === 0;
  return html`<div class="lists">
    ${
      calm && !ringing(view).length
        ? html`<div class="all-calm">${icon("tick")}<b>${say("calm")}</b>${say("calm_help")}</div>`
        : nothing
    }
    ${section(
      "person",
      say("mine"),
      [
        repeat(
          my,
          (one) => one.order.id,
          (one) => mineCard(one, work),
        ),
        goingMine.map((one) => errandCard(one, work)),
      ],
      my.length + goingMine.length,
    )}
    ${section("tray", say("ready_uncalled"), [readyLines(ready, work)], ready.length)}
    ${section(undefined, say("theirs"), [html`<div class="card">${others.map((one) => theirLine(one))}${goingOthers.map(errandLine)}</div>`], others.length + goingOthers.length)}
    ${section("broom", say("to_clean"), [html`<div class="card">${clean.map((one) => cleanLine(one, work))}</div>`], clean.length)}
  </div>`;
}

/** I cannot come after all; B gives back the newest. @param {Order | null} order @param {import("../link/frames.d.ts").Call[]} calls @param {Work} work */
function backButton(order, calls, work) {
  const newest = lastPromise(work.view)?.calls[0]?.id === calls[0].id;
  return html`<button type="button" class="give-back" name="give_back" aria-keyshortcuts=${newest ? "B" : nothing} ?disabled=${calls.every(({ id }) => work.pendingCalls.has(id))} @click=${() => work.giveBack(order, calls)}>
    ${icon("undo")}${say("give_back")}</button>`;
}

/** @param {import("./tasks.js").Mine} one @param {Work} work */
function mineCard(one, work) {
  const { order, take, carry, calls, claimed_at_ms: claimedAt } = one;
  const items = take.length ? take : carry;
  const zone = work.view.shop.timezone;
  const taken = carry.length > 0 && !take.length;
  const claimed = claimedAt ?? carry[0]?.called_at_ms;
  const pickedAt = Math.min(...carry.map((item) => item.picked_up_at_ms ?? item.placed_at_ms));
  const pending = items.every((item) => work.pendingItems.has(item.id));
  return html`<article class="card mine" data-order=${order.id}>
    <div class="top">${plate(order)}<span>${numberAndPass(work.view, order, items)}</span></div>
    <p class="what">${dishWords(items)}</p>
    <ol class="steps">
      ${
        claimed && !taken
          ? html`<li class="did">${icon("tick")}${say("claimed_at", { time: wallClock(claimed, zone).hm })}</li>`
          : nothing
      }
      <li class=${taken ? "did" : "next"}>${icon(taken ? "tick" : "ring")}${say("step_take")}${taken ? ` ${wallClock(pickedAt, zone).hm}` : ""}</li>
      <li class=${taken ? "next" : ""}>${icon("ring")}${say("step_deliver")}</li>
    </ol>
    ${actButton({
      kind: "go",
      drawing: taken ? "tick" : "tray",
      words: say(taken ? "deliver" : "picked_up"),
      pending,
      press: () => (taken ? work.deliver : work.take)(order, items),
    })}
    ${take.length && calls.length ? backButton(order, calls, work) : nothing}
  </article>`;
}

/** @param {import("./tasks.js").Ready[]} ready @param {Work} work */
const readyLines = (ready, work) => html`<div class="card">
  ${repeat(
    ready,
    (one) => one.order.id,
    ({ order, items, since_ms: since, cooking }) => {
      const more = cooking ? say("still_cooking", { n: cooking }) : madeAt(work.view, items);
      return html`<div class="line" data-order=${order.id}>
      ${plate(order)}
      <span class="what">${dishWords(items)}<small>${[orderNumber(work.view, order), more].filter(Boolean).join(" · ")}</small></span>
      <stage-clock .since=${since}></stage-clock>
      ${actButton({
        kind: "line",
        words: say("take"),
        pending: items.every((item) => work.pendingItems.has(item.id)),
        press: () => work.take(order, items),
      })}
    </div>`;
    },
  )}
</div>`;

/** @param {import("./tasks.js").Theirs} one */
const theirLine = ({
  order,
  items,
  who,
  doing,
  since_ms: since,
}) => html`<div class="line" data-mine="no" data-order=${order.id}>
  ${plate(order)}<span class="what">${dishWords(items)}</span>
  <stage-clock .since=${since}></stage-clock><span class="who">${say(doing, { who })}</span>
</div>`;

/** A call without an order that this waiter answered. @param {import("./tasks.js").Errand} one @param {Work} work */
function errandCard({ call, since_ms: since }, work) {
  return html`<article class="card mine" data-call=${call.id}>
    <div class="top">${callPlate(call)}<span>${say("claimed_at", { time: wallClock(since, work.view.shop.timezone).hm })}</span></div>
    <p class="what">${call.text ? name(call.text) : nothing}</p>
    ${actButton({ kind: "go", drawing: "tick", words: say("errand_done"), pending: work.pendingCalls.has(call.id), press: () => work.close(call) })}
    ${backButton(null, [call], work)}
  </article>`;
}

/** @param {import("./tasks.js").Errand} one */
const errandLine = ({ call, since_ms: since }) => html`<div class="line" data-mine="no" data-call=${call.id}>
  ${callPlate(call)}<span class="what">${call.text ? name(call.text) : nothing}</span>
  <stage-clock .since=${since}></stage-clock><span class="who">${say("going", { who: call.claimed_by })}</span>
</div>`;

/** @param {import("./tasks.js").Clean} one @param {Work} work */
const cleanLine = ({ order, count, done_at_ms: done }, work) => html`<div class="line" data-order=${order.id}>
  ${plate(order)}
  <span class="what">${say("all_delivered", { n: count })}<small>${say("done_at", { time: wallClock(done, work.view.shop.timezone).hm })}</small></span>
  <time>${say("minutes", { n: Math.max(0, Math.floor((work.nowMs - done) / 60_000)) })}</time>
  ${actButton({ kind: "line", words: say("clean"), pending: work.pendingPlaces.has(order.place_id), press: () => work.clean(order) })}
</div>`;

/** The page 待取: everything made and not yet at the guest, by order, rung for or not. @param {Work} work */
export function readyPage(work) {
  const { view } = work;
  const rows = view.orders
    .map((order) => ({ order, items: order.items.filter((item) => item.state === "ready" || item.state === "called") }))
    .filter(({ items }) => items.length)
    .map((one) => ({ ...one, since: Math.min(...one.items.map((item) => item.ready_at_ms ?? item.placed_at_ms)) }))
    .sort((a, b) => a.since - b.since);
  if (!rows.length) {
    return html`<div class="lists"><div class="all-calm">${icon("tick")}<b>${say("nothing_ready")}</b>${say("calm_help")}</div></div>`;
  }
  return html`<div class="lists"><div class="card">
    ${repeat(
      rows,
      ({ order }) => order.id,
      ({ order, items, since }) => {
        const claim = view.calls.find((call) => call.order_id === order.id && call.state === "claimed");
        const who = claim ? say("fetching", { who: claim.claimed_by }) : "";
        return html`<div class="line" data-order=${order.id}>
        ${plate(order)}
        <span class="what">${items.map((item) => html`${name(item.name)} ${item.quantity}<br />`)}
          <small>${[numberAndPass(view, order, items), who].filter(Boolean).join(" · ")}</small></span>
        <stage-clock .since=${since}></stage-clock>
        ${actButton({
          kind: "line",
          words: say("take"),
          pending: items.every((item) => work.pendingItems.has(item.id)),
          press: () => work.take(order, items),
        })}
      </div>`;
      },
    )}
  </div></div>`;
}
