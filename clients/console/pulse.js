// Whether the house answers, how quickly, and whether it has newer pages than this one.
// Refuses to load the page anew by itself: somebody may be typing.

import { clock } from "../link/clock.js";
import { Signal } from "../link/signal.js";

const EVERY_MS = 10_000;
const ANSWER_MS_MAX = 8_000;
export const SLOW_MS = 1_000;
const HALF_SECOND_MS = 500;

/** @typedef {{link: "ok" | "slow" | "lost", ms: number, newer: boolean}} Pulse */

/** @type {Signal<Pulse>} */
export const pulseFelt = new Signal();
let version = "";
let newest = "";

/** Of which version the house's pages are now; empty: not heard yet. */
export const houseVersion = () => newest;

/** Feel it now and from now on; returns the end. */
export function feelPulse() {
  const feel = () => document.visibilityState === "visible" && void once();
  feel();
  const every = window.setInterval(feel, EVERY_MS);
  document.addEventListener("visibilitychange", feel);
  return () => {
    window.clearInterval(every);
    document.removeEventListener("visibilitychange", feel);
  };
}

async function once() {
  const began = performance.now();
  try {
    const answer = await fetch("/console/", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    const ms = performance.now() - began;
    const served = answer.headers.get("x-chuancai-version") ?? "";
    version ||= served;
    newest = served;
    const saidMs = Date.parse(answer.headers.get("date") ?? "");
    if (!Number.isNaN(saidMs)) clock.heard(saidMs + HALF_SECOND_MS, ms); // the header knows whole seconds
    pulseFelt.emit({ link: ms > SLOW_MS ? "slow" : "ok", ms, newer: served !== version });
  } catch {
    pulseFelt.emit({ link: "lost", ms: 0, newer: false });
  }
}
