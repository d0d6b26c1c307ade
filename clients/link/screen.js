// A paired screen: link, replica, outbox and clock put together. What every page of the family starts from.
// Refuses to paint.

import { Link } from "./link.js";
import { Outbox } from "./outbox.js";
import { apply, stateHash } from "./replica.js";
import { sha256 } from "./sha256.js";
import { Signal } from "./signal.js";
import { remember, remembered } from "./storage.js";
import { obey } from "./told.js";

/**
 * @typedef {import("./frames.d.ts").View} View
 * @typedef {import("./frames.d.ts").Event} Event
 * @typedef {import("./frames.d.ts").ToDevice} ToDevice
 */

/** The gateway's address beside this page. */
export function gatewayUrl() {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
}

/**
 * Where a page keeps its token. `?as=hot` gives several screens of one kind in one browser a token each.
 * @param {string} app "kds", "pad", "cashier" or "screen"
 */
export function tokenKey(app) {
  const as = new URLSearchParams(location.search).get("as");
  return `chuancai.token.${app}${as ? `.${as}` : ""}`;
}

/**
 * The token of this page, or null when it is not paired. An address ending in `#token=…` pairs it at once.
 * @param {string} app
 */
export function pairedToken(app) {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    remember(tokenKey(app), given);
    history.replaceState(null, "", location.pathname + location.search);
    return given;
  }
  return remembered(tokenKey(app));
}

/** The pairing code an address ending in `#code=…` brings, taken out of the address; "" without one. */
export function givenCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code") ?? "";
  if (code) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** @param {string} app @param {string | null} token null: not paired any more */
export function setPairedToken(app, token) {
  remember(tokenKey(app), token);
}

export class Screen {
  /** What this screen knows; null until the first snapshot. @type {View | null} */
  view = null;
  /** The view, the outbox or the link changed: paint. @type {Signal<void>} */
  changed = new Signal();
  /** What this page says aloud, if it speaks. @type {import("./speaker.js").Speaker | null} */
  speaker = null;
  /** An event that happened just now, not one caught up with: flash and sound. @type {Signal<Event>} */
  happened = new Signal();

  #liveAfterSeq = 0;
  /** @type {(() => void)[]} */
  #ends = [];

  /** @param {{app: string, token: string, url?: string, version?: string, capabilities?: string[]}} door */
  constructor({ app, token, url = gatewayUrl(), version = "", capabilities }) {
    this.link = new Link({ url, token, app: version ? `${app}/${version}` : app, capabilities });
    // Ids of dishes mean something only in their own shop, so another token has another shelf.
    this.outbox = new Outbox(`chuancai.outbox.${sha256(token).slice(0, 12)}`, (entry) =>
      this.link.send({ t: "command", id: entry.id, name: entry.name, body: entry.body }),
    );
  }

  start() {
    this.#ends.push(
      this.link.frames.on((frame) => this.#receive(frame)),
      this.link.changed.on(() => this.#linkChanged()),
      this.outbox.changed.on(() => this.changed.emit()),
    );
    void this.outbox.load();
    this.link.start();
  }

  /** Close the link and stop hearing it. */
  stop() {
    this.link.stop();
    this.#ends.splice(0).forEach((end) => end());
  }

  /**
   * Keep a command and send it now or after the next reconnect. Null: too many kept, tell the person.
   * @param {string} name @param {any} body @param {any} [about] what the screen wants to remember of it
   */
  send(name, body, about) {
    return this.outbox.add(name, body, about);
  }

  /** Sixteen hex digits equal to the server's for an equal view; empty before the first snapshot. */
  stateHash() {
    return this.view ? stateHash(this.view) : "";
  }

  /** @param {ToDevice} frame */
  #receive(frame) {
    if (frame.t === "welcome") this.#liveAfterSeq = frame.seq;
    else if (frame.t === "snapshot") {
      this.#liveAfterSeq = Math.max(this.#liveAfterSeq, frame.seq);
      this.view = frame.view;
    } else if (frame.t === "event") this.#apply(frame.seq, frame.event);
    else if (frame.t === "reply") this.outbox.heard(frame);
    if (this.view) obey(this.view.device.settings, this.speaker);
    this.changed.emit();
  }

  /** @param {number} seq @param {Event} event */
  #apply(seq, event) {
    if (!this.view) return;
    const { device } = this.view;
    this.view = apply(this.view, event);
    const { place_id: place, station_id: station } = this.view.device;
    if (place !== device.place_id || station !== device.station_id) this.link.resync(); // elsewhere other things are heard
    if (seq > this.#liveAfterSeq) this.happened.emit(event);
  }

  #linkChanged() {
    if (this.link.state === "open") this.outbox.linkOpened();
    else this.outbox.linkClosed();
    this.changed.emit();
  }
}
