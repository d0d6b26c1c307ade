// One question to the house that is asked again, under the same id, until it is answered; after a cut and after silence.
// It lives as long as the page: what a guest said of themselves is never stored. Refuses to move money; the outbox does.

import { monotonicMs } from "../link/clock.js";
import { uuid } from "../link/ids.js";

/**
 * @typedef {import("../link/frames.d.ts").RefusalBody} RefusalBody
 * @typedef {import("../link/frames.d.ts").Reply} Reply
 * @typedef {import("../link/link.js").Link} Link
 * @typedef {{name: string, body: object, yes: (result: any) => void, no: (refusal: RefusalBody) => void}} Wish
 */

const ASK_AGAIN_MS = 4_000;
const BUSY_MS = 1_000;

export class Questions {
  /** @type {(Wish & {id: string, dueMs: number}) | null} */
  #open = null;

  /** @param {Link} link */
  constructor(link) {
    this.link = link;
  }

  /** The command that waits for its answer, or "". */
  get asking() {
    return this.#open?.name ?? "";
  }

  /** Ask; a question before that is still open is given up. @param {Wish} wish */
  ask(wish) {
    this.#open = { ...wish, id: uuid(), dueMs: 0 };
    this.#send();
  }

  /** Nobody wants the answer any more. */
  forget() {
    this.#open = null;
  }

  /** Hear the link and its answers; ask again. Call `tick` once a second. */
  listen() {
    return [
      this.link.frames.on((frame) => frame.t === "reply" && this.#heard(frame)),
      this.link.changed.on(({ state }) => state === "open" && this.#send()),
    ];
  }

  /** Ask again what is due. */
  tick() {
    if (this.#open && monotonicMs() >= this.#open.dueMs) this.#send();
  }

  #send() {
    if (!this.#open) return;
    const { id, name, body } = this.#open;
    this.link.send({ t: "command", id, name, body });
    this.#open.dueMs = monotonicMs() + ASK_AGAIN_MS;
  }

  /** @param {Reply} reply */
  #heard(reply) {
    const open = this.#open;
    if (!open || reply.id !== open.id) return;
    if (reply.refusal?.retryable) {
      open.dueMs = monotonicMs() + BUSY_MS;
      return;
    }
    this.#open = null;
    if (reply.ok) open.yes(reply.result);
    else if (reply.refusal) open.no(reply.refusal);
  }
}
