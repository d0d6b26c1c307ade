// The head and the foot of the board: who am I, how much is open, can I trust what I see; take back, batch, more.

import { wallClock } from "../link/format.js";
import { lang, name, toggleLang } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { refusalWords, say as shared } from "../link/words.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/frames.d.ts").Item} Item
 * @typedef {import("../link/screen.js").Screen} Screen
 */

/** @param {View} view @param {number} nowMs */
function clockTemplate(view, nowMs) {
  const { hm, s } = wallClock(nowMs, view.shop.timezone);
  return html`<time class="clock">${hm}<small>:${s}</small></time>`;
}

/**
 * @param {{view: View, nowMs: number, screen: Screen, speaker: import("../link/speaker.js").Speaker}} board
 * @param {{queued: number, cooking: number, ready: number, late: number}} counts
 */
export function headTemplate({ view, nowMs, screen, speaker }, counts) {
  const { device, shop, stations } = view;
  const station = stations.find(({ id }) => id === device.station_id);
  const title = device.settings.mode === "expo" ? say("expo") : station ? name(station.name) : say("all_stations");
  const where = device.name === title ? name(shop.name) : `${device.name} · ${name(shop.name)}`;
  return html`<header class="head">
    <h1>${title}</h1>
    <span class="where">${where}</span>
    <div class="counts">
      <span class="state" data-state="queued">${icon("queued")}${shared("queued")} <b>${counts.queued}</b></span>
      <span class="state" data-state="cooking">${icon("cooking")}${shared("cooking")} <b>${counts.cooking}</b></span>
      <span class="state" data-state="ready">${icon("ready")}${say("to_pick_up")} <b>${counts.ready}</b></span>
      <span class="state" data-state=${counts.late ? "late" : "none"}>${icon("late")}${say("late_count")} <b>${counts.late}</b></span>
    </div>
    <div class="end">
      <button class="btn lang" @click=${toggleLang}><key-cap .key=${"L"}></key-cap>${say("lang")}</button>
      <sound-state .speaker=${speaker} .key=${"T"}></sound-state>
      <link-health .link=${screen.link}></link-health>
      ${clockTemplate(view, nowMs)}
    </div>
  </header>`;
}

/** The link is lost: what happened, what to do, what became of my presses. @param {{view: View, nowMs: number, screen: Screen}} board */
export function lostTemplate({ view, nowMs, screen }) {
  const ageS = Math.floor(screen.link.ageS());
  const { hm, s } = wallClock(nowMs - ageS * 1000, view.shop.timezone);
  const n = screen.outbox.waiting.length;
  const words = { time: `${hm}:${s}`, n };
  return html`<header class="lost" role="alert">
    ${icon("cut")}
    <h1>${ageS < 600 ? say("lost", { n: ageS }) : say("lost_min", { n: Math.floor(ageS / 60) })}</h1>
    <p>${say(n ? "lost_kept" : "lost_help", words)}</p>
    ${clockTemplate(view, nowMs)}
  </header>`;
}

/**
 * @param {{
 *   undo: {label: string, leftS: number, verb: string} | null, refused: {label: string, why: string} | null, full: boolean,
 *   finished: number, soldOut: number, expo: boolean, behind: number, seen: unknown, batches: {item: Item, quantity: number}[], mode: string,
 *   more: number, moreNew: number, page: number, pages: number,
 * }} foot
 * @param {{undo: () => void, dismiss: () => void, mode: (to: "recall" | "batch" | "sale") => void, turn: (by: number) => void, home: () => void}} act
 * `behind`: new tickets that a list covers. `seen`: the 看到了 lines; they lie over what stands left of them.
 */
export function footTemplate(foot, act) {
  return html`<footer class="foot">
    ${undoTemplate(foot, act)}
    <button class="btn recall-button" ?data-on=${foot.mode === "recall"} @click=${() => act.mode("recall")}>
      <key-cap .key=${"."}></key-cap>${icon("recall")}${foot.mode === "recall" ? say("back_to_grid") : `${say("recall")} ${foot.finished}`}
    </button>
    <button class="btn sale-button" ?data-on=${foot.mode === "sale"} @click=${() => act.mode("sale")}>
      ${foot.expo || foot.mode === "recall" ? nothing : html`<key-cap .key=${"/"}></key-cap>`}${icon("soldout")}${saleWords(foot)}
    </button>
    <button class="allday" ?data-on=${foot.mode === "batch"} @click=${() => act.mode("batch")}>
      <h2>${foot.expo ? nothing : html`<key-cap .key=${"*"}></key-cap>`}${icon("batch")}${foot.mode === "batch" ? say("back_to_grid") : say("batch")}</h2>
      <ol>
        ${foot.batches.slice(0, 12).map(({ item, quantity }) => html`<li><span>${name(item.name)}</span><b>${quantity}</b></li>`)}
      </ol>
      <span class="rest">${say("kinds", { n: foot.batches.length })}</span>
    </button>
    <div class="seen-slot">${foot.seen}</div>
    ${foot.behind
      ? html`<button class="btn behind" @click=${act.home}>
          <key-cap .key=${(foot.expo ? PASS_KEYS : LIST_KEYS)[foot.mode] ?? "Esc"}></key-cap><change-slip .text=${say("new_n", { n: foot.behind })}></change-slip>${say("back_to_grid")}
        </button>`
      : nothing}
    ${foot.pages > 1
      ? html`<button class="btn more" @click=${() => act.turn(1)}>
          <key-cap .key=${"+"}></key-cap>${foot.more ? html`<b>${say("more", { n: foot.more })}</b>` : nothing}
          ${foot.moreNew ? html`<change-slip .text=${say("new_n", { n: foot.moreNew })}></change-slip>` : nothing}
          <span class="page">${say("page", { page: foot.page + 1, pages: foot.pages })}</span>${icon("go")}
        </button>`
      : nothing}
  </footer>`;
}

/** The key that opened a list shuts it. @type {Record<string, string>} */
const LIST_KEYS = { recall: ".", sale: "/", batch: "*", recipe: "=" };
/** At the pass the others run and call. @type {Record<string, string>} */
const PASS_KEYS = { recall: ".", recipe: "=" };

/** @param {Parameters<typeof footTemplate>[0]} foot */
function saleWords({ mode, soldOut }) {
  if (mode === "sale") return say("back_to_grid");
  return soldOut ? say("soldout_n", { n: soldOut }) : say("soldout");
}

/** @param {Parameters<typeof footTemplate>[0]} foot @param {Parameters<typeof footTemplate>[1]} act */
function undoTemplate({ undo, refused, full }, act) {
  if (full) return html`<p class="btn undo" data-kind="slip">${icon("late")}${say("too_many")}</p>`;
  if (refused) {
    return html`<button class="btn undo" data-kind="slip" @click=${act.dismiss}>
      <key-cap .key=${"0"}></key-cap>${say("refused_gone", refused)}<b>${say("understood")}</b>
    </button>`;
  }
  if (!undo) {
    return html`<span class="btn undo" data-idle>
      <key-cap .key=${"0"}></key-cap>${icon("undo")}${say("undo")}
    </span>`;
  }
  return html`<button class="btn undo" @click=${act.undo}>
    <key-cap .key=${"0"}></key-cap>${icon("undo")}${say("undo")} <b>${undo.label}</b>
    <span class="left">${Math.ceil(undo.leftS)} s</span><i style="width: ${(undo.leftS / 5) * 100}%"></i>
  </button>`;
}

/** The first orphaned refusal: the dish it was about is not on the board any more. @param {Screen} screen @param {Set<number>} shown */
export function orphanedRefusal(screen, shown) {
  const entry = screen.outbox.refused.find(({ body }) => !shown.has(body.item_id));
  return entry ? { id: entry.id, label: String(entry.about?.label ?? entry.name), why: refusalWords(entry.refusal) } : null;
}

/** Nothing to cook, or nothing known yet. @param {boolean} known */
export function emptyTemplate(known) {
  return html`<div class="empty" lang=${lang()}>
    ${icon(known ? "ready" : "linked")}
    <h2>${known ? say("empty") : shared("connecting")}</h2>
    <p>${known ? say("empty_help") : shared("connecting_help")}</p>
  </div>`;
}
