// 看到了: what was called out to the kitchen and is not about a new order waits here until a cook says it was seen.
// The cash desk, the other boards and who called are told. Refuses to stay: after two minutes a line goes by itself.

import { clock } from "../link/clock.js";
import { concerns } from "../link/concerns.js";
import { Part } from "../link/elements.js";
import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").Event} Event
 * @typedef {import("../link/frames.d.ts").Utterance} Utterance
 * @typedef {import("../link/screen.js").Screen} Screen
 */

const KEPT_MS = 120_000;
const LINES_MAX = 3;
const REFRESH = 2;
/** What the board shows by itself: nobody has to say that it was seen. */
const SHOWN = new Set(["order_placed", "item_cancelled", "item_ready"]);

export class SeenLine extends Part {
  static properties = { screen: { attribute: false }, keyed: { attribute: false } };

  constructor() {
    super();
    /** @type {Screen | null} */
    this.screen = null;
    /** Whether 0 is for the newest line: nothing else waits for it. */
    this.keyed = false;
    /** Newest first. @type {Utterance[]} */
    this.lines = [];
  }

  subscribe() {
    if (!this.screen) return [];
    return [
      this.screen.happened.on((event) => this.#hear(event)),
      // also what is caught up with after a cut: a colleague may have seen it meanwhile
      this.screen.link.frames.on((frame) => frame.t === "event" && this.#over(frame.event)),
      clock.onTick(() => this.requestUpdate()),
    ];
  }

  /** @param {Event} event */
  #hear(event) {
    const view = this.screen?.view;
    if (event.kind !== "Announced" || !view) return;
    const { utterance } = event;
    if (utterance.msg_type === REFRESH || SHOWN.has(utterance.event) || !concerns(view, utterance)) return;
    this.#drop(utterance.call_id);
    this.lines = [utterance, ...this.lines].slice(0, LINES_MAX);
    this.requestUpdate();
  }

  /** What was said to its end waits for a cook all the same. @param {Event} event */
  #over(event) {
    if (event.kind === "CallEnded" && event.reason !== "done") this.#drop(event.call_id);
    if (event.kind === "CallHeard") for (const { call_id: id, stage } of event.heard) if (stage === "acknowledged") this.#drop(id);
  }

  /** @param {number} callId */
  #drop(callId) {
    this.lines = this.lines.filter(({ call_id: id }) => id !== callId);
    this.requestUpdate();
  }

  #fresh() {
    return this.lines.filter(({ at_ms: atMs }) => clock.nowMs() - atMs < KEPT_MS);
  }

  /** Say that a line was seen, the newest unless another is named. */
  see(utterance = this.#fresh()[0]) {
    if (!utterance) return;
    const { call_id: call, ring, text } = utterance;
    if (this.screen?.send("SeeCall", { call_id: call, ring }, { verb: "saw", label: name(text) })) this.#drop(call);
  }

  render() {
    const fresh = this.#fresh();
    if (!fresh.length) return nothing;
    return html`<div class="seen-lines">${fresh.map((one, at) => html`<button class="btn" data-kind="slip" data-seen=${one.call_id} @click=${() => this.see(one)}>
      ${this.keyed && at === 0 ? html`<key-cap .key=${"0"}></key-cap>` : nothing}${icon("bell")}<span>${name(one.text)}</span><b>${say("saw")}</b></button>`)}</div>`;
  }
}

customElements.define("seen-line", SeenLine);
