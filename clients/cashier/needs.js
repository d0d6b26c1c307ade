// The left column: calls nobody answered, large, with the one thing to press; wrist-tag orders below.

import { elapsed, queueNumber, wallClock, yuan } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing, repeat } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { olderPapers, paperAlarm, papersOf, PAPERS_SHOWN_MAX, printerAlarm, troublesOf } from "./paper.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Call} Call
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("./desk-work.js").TagOrder} TagOrder
 * @typedef {{view: View, nowMs: number, pending: (callId: number) => boolean, claim: (callId: number) => void, close: (callId: number) => void, paper: import("./paper.js").PaperWork}} Work
 */

export const KEYED_MAX = 9;
const LONG_MIN = 3; // who has not come for so long may not come at all

/** @param {{words: string, kind: string, key: string, pending: boolean, press: () => void}} button */
const act = ({ words, kind, key, pending, press }) => html`<button class="btn act" data-kind=${kind} ?data-pending=${pending} ?disabled=${pending} @click=${press}>
  ${pending ? html`${icon("waits")}${shared("to_send")}` : html`${key ? html`<key-cap .key=${key}></key-cap>` : nothing}${words}`}
</button>`;

/** "809房" @param {{place_kind: string | null, place_name: string}} call */
function whereOf({ place_kind: kind, place_name: place }) {
  if (!kind) return "";
  const unit = shared(/** @type {"room"} */ (kind));
  return kind === "room" || kind === "table" ? `${place}${unit && ` ${unit}`}` : `${unit} ${place}`;
}

/** Calls first, then what is the matter with paper. @param {Call[]} calls @param {Work} work */
export function needsTemplate(calls, work) {
  const { view, nowMs, paper: paperWork } = work;
  const troubles = troublesOf(view);
  const papers = papersOf(view);
  const hidden = papers.length - PAPERS_SHOWN_MAX + olderPapers(view);
  const all = calls.length + troubles.length + papers.length + olderPapers(view) + view.unseen.length;
  if (!all) {
    return html`<h2>${icon("late")}${say("needs")} <b>0</b></h2>
      <div class="card calm">${icon("tick")}<b>${say("nothing")}</b><span>${say("nothing_help")}</span></div>`;
  }
  return html`<h2>${icon("late")}${say("needs")} <b>${all}</b></h2>
    <div class="alarms">${repeat(view.unseen, (one) => `${one.order_id}/${one.at_ms}`, (one) => unseenAlarm(one, nowMs))}
      ${repeat(calls, ({ id }) => id, (call, i) => alarm(call, i < KEYED_MAX ? String(i + 1) : "", work))}
      ${repeat(papers.slice(0, PAPERS_SHOWN_MAX), ({ id }) => id, (one, i) => paperAlarm(one, calls.length + 2 * i + 1, act, nowMs, paperWork))}
      ${hidden > 0 ? html`<p class="none">${say("papers_more", { n: hidden })}</p>` : nothing}
      ${repeat(troubles, ({ id }) => id, (one) => printerAlarm(one, nowMs))}</div>`;
}

/** No kitchen screen showed these dishes in time: somebody goes and says so. @param {import("../link/frames.d.ts").Unseen} one @param {number} nowMs */
const unseenAlarm = (one, nowMs) => html`<section class="card alarm" role="alert" data-unseen=${one.order_id} data-level="late">
  <p class="what">${icon("cut")}<span>${say("unseen", { number: queueNumber(one.number), where: whereOf(one) })}</span></p>
  <time class="since">${elapsed(nowMs - one.at_ms)}</time>
  <p class="why">${one.dishes.map((dish, i) => html`${i ? shared("comma") : nothing}${name(dish.name)} ${dish.quantity}${dish.station ? ` (${name(dish.station)})` : ""}`)}
    · ${say(one.printed ? "unseen_printed" : "unseen_tell")}</p>
</section>`;

/** @param {Call} call @param {string} key @param {Work} work */
function alarm(call, key, work) {
  const where = whereOf(call);
  const dish = call.dish ? `${name(call.dish)} ${call.quantity ?? 1}` : call.text ? name(call.text) : "";
  const claimed = call.state === "claimed";
  const claimedMin = Math.floor((work.nowMs - (call.claimed_at_ms ?? work.nowMs)) / 60_000);
  const arranged = claimedMin < LONG_MIN ? say("arranged", { who: call.claimed_by }) : say("not_come", { who: call.claimed_by, n: claimedMin });
  const what = where ? say(call.dish ? "nobody_fetches" : "nobody_answers", { where }) : say("nobody");
  const pending = work.pending(call.id);
  return html`<section class="card alarm" role="alert" data-call=${call.id} data-level=${claimed && claimedMin < LONG_MIN ? "warn" : "late"}>
    <p class="what">${icon(claimed ? "person" : "late")}<span>${claimed ? arranged : what}</span></p>
    <time class="since">${elapsed(work.nowMs - call.raised_at_ms)}</time>
    <p class="why">${claimed ? [where, dish].filter(Boolean).join(" · ") : say("tried", { what: dish, n: call.rings })}</p>
    ${claimed
      ? act({ words: say("done"), kind: "line", key, pending, press: () => work.close(call.id) })
      : act({ words: say("come"), kind: "go", key, pending, press: () => work.claim(call.id) })}
  </section>`;
}

/** @param {TagOrder[]} orders @param {number} fresh how many came just now @param {Work} work */
export function tagsTemplate(orders, fresh, work) {
  return html`<h2 class="second">${icon("tag")}${say("tags")} <b>${orders.length}</b>
      <span class="end">${fresh ? html`<change-slip .text=${say("new_n", { n: fresh })}></change-slip>` : nothing}</span></h2>
    <div class="card tags" tabindex="0">
      ${orders.length ? repeat(orders, ({ order }) => order.id, (one) => tagRow(one, work)) : html`<p class="none">${say("no_tags")}</p>`}
    </div>`;
}

/** @param {TagOrder} one @param {Work} work */
function tagRow({ order, state, sumFen, sentence }, work) {
  const words = order.items.map((item) => {
    const dish = html`${name(item.name)} ${item.quantity}`;
    return item.state === "cancelled" ? html`<s>${dish}</s>` : dish;
  });
  const time = wallClock(order.opened_at_ms, work.view.shop.timezone).hm;
  const meta = say("placed", { number: queueNumber(order.number), time, sum: yuan(sumFen) });
  return html`<div class="tag" data-order=${order.id}>
    <place-plate .kind=${"tag"} .place=${order.place_name} bare></place-plate>
    <span class="items"><span>${words.map((one, i) => html`${i ? shared("comma") : nothing}${one}`)}</span><small>${meta}</small></span>
    ${sentence
      ? act({ words: say("seen"), kind: "slip", key: "", pending: work.pending(sentence.call_id), press: () => work.claim(sentence.call_id) })
      : html`<state-mark .state=${state}></state-mark>`}
  </div>`;
}
