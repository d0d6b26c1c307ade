// What a cash desk must see to about paper: a printer that does not print, a paper nobody knows the fate of.
// Refuses to guess: somebody looks, then presses.

import { elapsed } from "../link/format.js";
import { icon } from "../link/icons.js";
import { html } from "../link/vendor/lit.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Paper} Paper
 * @typedef {import("../link/frames.d.ts").PrinterMark} PrinterMark
 * @typedef {import("../link/frames.d.ts").View} View
 * @typedef {{words: string, kind: string, key: string, pending: boolean, press: () => void}} Button
 * @typedef {{again: (paperId: number) => void, settle: (paperId: number, outcome: "printed" | "dropped") => void, pending: (paperId: number) => boolean}} PaperWork
 */

export const PAPERS_SHOWN_MAX = 4;
const PAPERS_LEFT_MIN = 50;

/** @param {View} view */
export const paperWaits = ({ printing }) => Boolean(printing && (printing.printers.length || printing.papers.length));

/** @param {View} view */
export const papersOf = ({ printing }) => printing?.papers ?? [];

/** Papers in doubt that are older than those listed. @param {View} view */
export const olderPapers = ({ printing }) => printing?.more ?? 0;

/** Whether half of those listed are decided while older ones wait: time to fetch the list anew. @param {View} view */
export const papersRunOut = (view) => olderPapers(view) > 0 && papersOf(view).length < PAPERS_LEFT_MIN;

/** @param {View} view */
export const troublesOf = ({ printing }) => printing?.printers ?? [];

/** @param {PrinterMark} printer @param {number} nowMs */
export const printerAlarm = ({ id, name, condition, since_ms: sinceMs }, nowMs) => html`<section class="card alarm" role="alert" data-printer=${id} data-level="late">
  <p class="what">${icon("print")}<span>${say("printer_stopped", { name })}</span></p>
  <time class="since">${elapsed(nowMs - sinceMs)}</time>
  <p class="why">${say(/** @type {any} */ (`printer_${condition}`))}</p>
</section>`;

/**
 * @param {Paper} paper @param {number} firstKey @param {(button: Button) => unknown} act @param {number} nowMs @param {PaperWork} work
 */
export function paperAlarm(paper, firstKey, act, nowMs, work) {
  const pending = work.pending(paper.id);
  const key = (/** @type {number} */ n) => (n <= 9 ? String(n) : "");
  const doubt = paper.state === "uncertain";
  const what = say(/** @type {any} */ (`paper_${paper.state}`), { title: paper.title });
  const kind = say(/** @type {any} */ (`document_${paper.document}`));
  return html`<section class="card alarm paper" role="alert" data-paper=${paper.id} data-level=${doubt ? "late" : "warn"}>
    <p class="what">${icon("print")}<span>${what}</span></p>
    <time class="since">${elapsed(nowMs - paper.made_at_ms)}</time>
    <p class="why">${kind} · ${paper.printer}${doubt ? html` · ${say("paper_look")}` : ""}</p>
    <div class="pair">
      ${act({ words: say("paper_again"), kind: "go", key: key(firstKey), pending, press: () => work.again(paper.id) })}
      ${act({ words: say(doubt ? "paper_there" : "paper_drop"), kind: "line", key: key(firstKey + 1), pending, press: () => work.settle(paper.id, doubt ? "printed" : "dropped") })}
    </div>
  </section>`;
}
