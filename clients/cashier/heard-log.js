// The right column: what was announced anywhere, newest first, and where it was heard or why not.

import { wallClock } from "../link/format.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, repeat } from "../link/vendor/lit.js";
import { endsOf, kindTag } from "./aloud.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Heard} Heard
 * @typedef {import("../link/frames.d.ts").HeardStage} HeardStage
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {import("./desk-work.js").Said} Said
 */

/** stage → drawing and word @type {Record<HeardStage, [string, Parameters<typeof say>[0]]>} */
const STAGES = {
  played: ["tick", "played"], shown: ["tick", "shown"], acknowledged: ["person", "acknowledged"],
  muted: ["mute", "muted_at"], blocked: ["blocked", "blocked"], failed: ["soon", "failed"],
};

/** How long a sentence may be said again, and the command that says it. @typedef {{nowMs: number, pending: (callId: number) => boolean, press: (callId: number) => void}} Again */
const AGAIN_WITHIN_MS = 1_800_000;
const AGAIN_EVERY_MS = 5_000; // the house takes an impatient thumb for one call: server/broadcast/again/commands.py
const REFRESH = 2;

/** @param {View} view @param {Said[]} lines @param {Again} again */
export function logTemplate(view, lines, again) {
  const unheard = lines.filter(({ fate }) => fate === "unheard").length;
  /** @type {Map<string, number>} */
  const saidAtMs = new Map(); // the newest of each
  for (const { utterance } of [...lines].reverse()) saidAtMs.set(sentence(utterance), utterance.at_ms);
  return html`<h2>${say("log")}<span class="end">${lines.length ? say("log_count", { n: lines.length, m: unheard }) : ""}</span></h2>
    <ol class="card log" tabindex="0">
      ${lines.length
        ? repeat(lines, ({ utterance: { call_id: call, ring, channels } }) => `${call}/${ring}/${channels}`, // its ends hear other words
           (one) => row(view, one, { ...again, lastMs: saidAtMs.get(sentence(one.utterance)) ?? 0 }))
        : html`<p class="none">${say("log_empty")}</p>`}
    </ol>`;
}

/** What makes two lines the same thing said twice. @param {import("../link/frames.d.ts").Utterance} utterance */
const sentence = ({ event, text }) => `${event}/${text.zh}/${text.en}`;

/** @param {View} view @param {Said} one @param {Again & {lastMs: number}} act */
function row(view, { utterance, heard, fate }, act) {
  const { hm, s } = wallClock(utterance.at_ms, view.shop.timezone);
  const again = utterance.ring > 1 ? html` <small>${say("nth", { n: utterance.ring })}</small>` : "";
  return html`<li data-call=${utterance.call_id} data-fate=${fate}>
    <time>${hm}:${s}</time>${againButton(utterance, act)}
    <div><p>${kindTag(utterance)}${name(utterance.text)}${again}</p>
      <p class="heard">${heard.length
        ? heard.map(mark)
        : html`<span data-as=${fate}>${icon(fate === "waiting" ? "ring" : "soon")}${say(fate === "waiting" ? "waiting" : "unheard", { ends: endsOf(utterance) })}</span>`}</p></div>
  </li>`;
}

/** @param {Heard} one */
function mark({ stage, device_name: device }) {
  const [drawing, word] = STAGES[stage];
  return html`<span data-as=${stage}>${icon(drawing)}${say(word, { device })}</span>`;
}

/** 再叫一遍, while it is news. @param {import("../link/frames.d.ts").Utterance} utterance @param {Again & {lastMs: number}} act */
function againButton({ call_id: call, msg_type: type, at_ms: atMs }, act) {
  if (type === REFRESH || act.nowMs - atMs > AGAIN_WITHIN_MS) return "";
  return html`<button class="again" aria-label=${say("again")} title=${say("again")} ?disabled=${act.pending(call) || act.nowMs - act.lastMs < AGAIN_EVERY_MS} @click=${() => act.press(call)}>${icon("bell")}${say("again_short")}</button>`;
}
