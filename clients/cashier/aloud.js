// The middle column: the sentence that is being said here, what waits, and silence for a while with a reason.

import { wallClock } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { testWords } from "../link/sounding.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Utterance} Utterance
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("../link/speaker.js").Speaker} Speaker
 * @typedef {"phone" | "event" | "repair"} Reason
 */

export const MINUTES = [15, 30, 60];
/** @type {Reason[]} */
export const REASONS = ["phone", "event", "repair"];
const WAITING_SHOWN_MAX = 4;

/** @param {Utterance} utterance */
export const kindTag = ({ event }) =>
  html`<span class="kindtag" ?data-slip=${event === "order_rushed" || event === "item_cancelled"}>${say(event)}</span>`;

/** Which ends an utterance is for. @param {Utterance} utterance */
export const endsOf = ({ channels, accounts }) =>
  [...channels.map((one) => say(one)), ...(accounts.length ? [say("somebody")] : [])].join(" · ");

/** @param {Speaker} speaker */
export function nowTemplate(speaker) {
  const utterance = speaker.saying?.utterance ?? speaker.caption;
  const waiting = speaker.queue.lines.flatMap((line) => (line.utterance ? [line.utterance] : []));
  return html`<h2>${icon("speaker")}${say("now")}</h2>
    <article class="card now" ?data-quiet=${!utterance}>${utterance ? sentence(utterance, waiting.length) : quiet(speaker)}</article>
    ${waiting.length
      ? html`<ol class="card queue">${waiting.slice(0, WAITING_SHOWN_MAX).map(
          (one) => html`<li>${kindTag(one)}<p>${name(one.text)}</p><small>${say("nth", { n: one.ring })}</small></li>`,
        )}</ol>`
      : nothing}`;
}

/** @param {Utterance} utterance @param {number} waiting */
const sentence = (utterance, waiting) => html`<p class="kind">${kindTag(utterance)}<span>${endsOf(utterance)}</span></p>
  <p class="say">${name(utterance.text)}</p>
  <p class="at"><span>${utterance.rings_max > 1 ? say("times", { n: utterance.ring, all: utterance.rings_max }) : say("once")}</span>
    ${waiting ? html`<b>${say("queued", { n: waiting })}</b>` : nothing}</p>`;

/** @param {Speaker} speaker */
const quiet = (speaker) => html`<p class="say">${testWords(speaker) || say("quiet")}</p>
  ${speaker.speaks ? nothing : html`<p class="at">${say("elsewhere")}</p>`}`;

/**
 * @param {View} view @param {Speaker} speaker @param {number} nowMs
 * @param {{minutes: number, reason: Reason}} choice
 * @param {{choose: (part: Partial<{minutes: number, reason: Reason}>) => void, toggle: () => void}} act
 */
export function muteTemplate(view, speaker, nowMs, choice, act) {
  const time = (/** @type {number} */ atMs) => wallClock(atMs, view.shop.timezone).hm;
  const { current } = speaker.muting;
  const head = html`<h2 class="second">${icon("mute")}${say("mute")}<span class="end">${say("mute_help")}</span></h2>`;
  if (current) {
    const why = say(/** @type {Reason} */ (REASONS.find((one) => one === current.why) ?? "event"));
    return html`${head}<div class="card mute" data-muted>
      <p class="until">${icon("mute")}${say("muted", { time: time(current.untilMs) })}</p><p class="help">${say("muted_help", { why })}</p>
      <button class="btn" data-kind="go" @click=${act.toggle}><key-cap .key=${"M"}></key-cap>${say("unmute")}</button></div>`;
  }
  return html`${head}<div class="card mute">
    <span>${say("how_long")}</span><div class="pick">${MINUTES.map((one) => pick(
      one === 60 ? say("hour") : say("minutes", { n: one }), one === choice.minutes, () => act.choose({ minutes: one })))}</div>
    <span>${say("why")}</span><div class="pick">${REASONS.map((one) => pick(say(one), one === choice.reason, () => act.choose({ reason: one })))}</div>
    <button class="btn" data-kind="line" @click=${act.toggle}><key-cap .key=${"M"}></key-cap>${icon("mute")}${say("mute_until", { time: time(nowMs + choice.minutes * 60_000) })}</button>
  </div>`;
}

/** @param {string} words @param {boolean} chosen @param {() => void} press */
const pick = (words, chosen, press) => html`<button aria-pressed=${chosen ? "true" : "false"} @click=${press}>${words}</button>`;
