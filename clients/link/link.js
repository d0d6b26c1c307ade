// One socket to the gateway: hello, resume, age of the last byte, and coming back after every cut.
// Reconnects in place (never two sockets), at once when the network returns, otherwise with full jitter
// from 0.2 s up to 5 s while somebody looks and 20 s otherwise.
// Refuses to know orders or commands: frames come in, frames go out.

import { CLOSINGS, SUBPROTOCOL } from "./closings.js";
import { clock, monotonicMs } from "./clock.js";
import { Signal } from "./signal.js";

/**
 * @typedef {import("./frames.d.ts").ToDevice} ToDevice
 * @typedef {import("./frames.d.ts").FromDevice} FromDevice
 * @typedef {"idle" | "connecting" | "open" | "waiting" | "stopped"} LinkState
 * @typedef {{code: number, reason: string, reconnect: boolean, zh: string}} Closing
 * @typedef {{url: string, token: string, app: string, capabilities?: string[]}} Door
 */

const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 20_000;
const BACKOFF_SEEN_MS_MAX = 5_000; // somebody waits in front of the screen; only an overloaded gateway is spared longer
const SPARED = new Set(["overloaded", "rate_limited"]);
const PING_EVERY_MS = 2_500; // keeps the age that people read honest
const WELCOME_MS_MAX = 10_000;
const SILENCE_SEEN_MS_MAX = 20_000; // we ask every 2.5 s while somebody looks: eight lost answers
const SILENCE_HIDDEN_MS_MAX = 40_000; // only the gateway's heartbeat of 25 s ± 20 % speaks then
const ACK_AFTER_MS = 200;
const SLOW_S = 5;
const LOST_S = 15;

export class Link {
  /** @type {LinkState} */
  state = "idle";
  /** Why the link stopped for good. @type {Closing | null} */
  stopped = null;
  epoch = 0;
  /** The last line of the shop's log that this screen has. */
  seq = 0;

  /** Every frame but pings, in order. @type {Signal<ToDevice>} */
  frames = new Signal();
  /** The state of the link changed. @type {Signal<Link>} */
  changed = new Signal();

  #door;
  /** @type {WebSocket | null} */
  #socket = null;
  #resumable = false;
  #attempt = 0;
  #heardAtMs = monotonicMs();
  #retryTimer = 0;
  #pingTimer = 0;
  #ackTimer = 0;
  #ackedSeq = 0;
  /** @type {(() => void)[]} */
  #endListening = [];

  /** @param {Door} door */
  constructor(door) {
    this.#door = door;
  }

  /** Open the link and keep it open. */
  start() {
    if (this.state !== "idle" && this.state !== "stopped") return;
    this.stopped = null;
    this.#listen();
    this.#connect();
  }

  /** Close the link and stay away. @param {Closing | null} [why] */
  stop(why = null) {
    this.#endListening.splice(0).forEach((end) => end());
    window.clearTimeout(this.#retryTimer);
    this.#drop();
    this.stopped = why;
    this.#become(why ? "stopped" : "idle");
  }

  /** Throw the picture away and fetch a fresh one: something is missing from it. */
  resync() {
    this.#resumable = false;
    this.#attempt = 0;
    this.#connect();
  }

  /** Send a frame; false when there is no open link. @param {FromDevice} frame */
  send(frame) {
    if (this.state !== "open" || !this.#socket) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Seconds since the last byte from the gateway. */
  ageS() {
    return (monotonicMs() - this.#heardAtMs) / 1000;
  }

  /** How far the picture can be trusted. @returns {"ok" | "slow" | "lost"} */
  health() {
    const age = this.ageS();
    if (age > LOST_S) return "lost";
    return age > SLOW_S ? "slow" : "ok";
  }

  /** Remember that this screen has everything up to `seq`, and say so soon. @param {number} seq */
  advance(seq) {
    this.seq = seq;
    this.#ackTimer ||= window.setTimeout(() => this.#ack(), ACK_AFTER_MS);
  }

  #listen() {
    const wake = () => this.#wake();
    const leave = () => {
      this.#drop();
      this.#become("waiting");
    };
    const seen = () => document.visibilityState === "visible" && wake();
    window.addEventListener("online", wake);
    window.addEventListener("pagehide", leave);
    window.addEventListener("pageshow", wake);
    document.addEventListener("visibilitychange", seen);
    this.#pingTimer = window.setInterval(() => this.#beat(), PING_EVERY_MS);
    this.#endListening.push(
      () => window.removeEventListener("online", wake),
      () => window.removeEventListener("pagehide", leave),
      () => window.removeEventListener("pageshow", wake),
      () => document.removeEventListener("visibilitychange", seen),
      () => window.clearInterval(this.#pingTimer),
    );
  }

  /** The network came back, or somebody looks again: do not sit out the back-off. */
  #wake() {
    this.#attempt = 0;
    if (this.state === "waiting" || this.ageS() > SLOW_S) this.#connect();
    else this.#ping();
  }

  #connect() {
    this.#drop();
    this.#become("connecting");
    const socket = new WebSocket(this.#door.url, SUBPROTOCOL);
    this.#socket = socket;
    socket.onopen = () => this.#hello();
    socket.onmessage = (message) => this.#receive(JSON.parse(message.data));
    socket.onclose = (event) => this.#closed(event.code, event.reason);
    this.#retryTimer = window.setTimeout(() => this.#closed(4002, "no welcome"), WELCOME_MS_MAX);
  }

  #hello() {
    const { token, app, capabilities = [] } = this.#door;
    const resume = this.#resumable ? { epoch: this.epoch, seq: this.seq } : null;
    this.#socket?.send(JSON.stringify({ t: "hello", token, app, resume, capabilities }));
  }

  /** Forget the socket without waiting for it: a dead one answers a close only after minutes. */
  #drop() {
    window.clearTimeout(this.#retryTimer);
    window.clearTimeout(this.#ackTimer);
    this.#ackTimer = 0;
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  /** @param {ToDevice} frame */
  #receive(frame) {
    this.#heardAtMs = monotonicMs();
    switch (frame.t) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "snapshot":
        this.epoch = frame.epoch;
        this.#resumable = true;
        this.advance(frame.seq);
        break;
      case "event":
        if (frame.seq <= this.seq) return; // heard before the cut already
        break;
      case "ping":
      case "pong":
        this.#compare(frame);
        return;
      case "bye":
        this.#closed(frame.code, frame.reason, frame.reconnect_after_ms);
        return;
    }
    this.frames.emit(frame);
    if (frame.t === "event") this.advance(frame.seq);
  }

  /** @param {import("./frames.d.ts").Welcome} frame */
  #welcome(frame) {
    window.clearTimeout(this.#retryTimer);
    clock.heard(frame.server_ms);
    if (frame.epoch !== this.epoch) this.#ackedSeq = 0; // a log reborn counts anew
    this.epoch = frame.epoch;
    if (frame.mode === "snapshot") this.#resumable = false; // until it has come
    this.#attempt = 0;
    this.#become("open");
    this.#ping();
  }

  /**
   * A ping names the last line meant for this screen: if we do not have it, a push was lost.
   * @param {import("./frames.d.ts").PingOut | import("./frames.d.ts").PongOut} frame
   */
  #compare(frame) {
    if (frame.t === "pong") {
      const trip = monotonicMs() - frame.sent_ms;
      clock.heard(frame.server_ms, frame.sent_ms && trip >= 0 ? trip : undefined);
    } else {
      clock.heard(frame.server_ms);
      this.send({ t: "pong" });
    }
    if (this.#resumable && frame.room_seq > this.seq) this.resync();
  }

  #ping() {
    this.send({ t: "ping", sent_ms: Math.round(monotonicMs()) });
  }

  #beat() {
    const looked = document.visibilityState === "visible";
    const silenceMs = monotonicMs() - this.#heardAtMs;
    if (this.state === "open" && silenceMs > (looked ? SILENCE_SEEN_MS_MAX : SILENCE_HIDDEN_MS_MAX)) {
      this.#closed(4002, "heartbeat lost");
    } else if (looked) this.#ping();
  }

  #ack() {
    this.#ackTimer = 0;
    if (this.seq > this.#ackedSeq && this.send({ t: "ack", up_to: this.seq })) this.#ackedSeq = this.seq;
  }

  /**
   * The link ended: wait and come back, or stop for good as the table says.
   * A replaced screen never fights back; what the table does not know is an accident, so come back.
   * @param {number} code @param {string} reason @param {number | null} [afterMs]
   */
  #closed(code, reason, afterMs) {
    this.#drop();
    const row = CLOSINGS[code] ?? { reason: reason || "cut", reconnect: true, zh: "连接中断" };
    if (!row.reconnect) {
      // a goodbye that we did not say is a server that goes: come back
      if (code !== 1000) return this.stop({ code, ...row });
    }
    if (row.reason === "resync") this.#resumable = false;
    const waitedFor = document.visibilityState === "visible" && !SPARED.has(row.reason);
    const top = Math.min(waitedFor ? BACKOFF_SEEN_MS_MAX : BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 16);
    const waitMs = afterMs ?? Math.random() * top;
    this.#become("waiting");
    this.#retryTimer = window.setTimeout(() => this.#connect(), waitMs);
  }

  /** @param {LinkState} state */
  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.changed.emit(this);
  }
}
