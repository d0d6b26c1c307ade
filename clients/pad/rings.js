// What a ring does to the person who holds the pad: a chime and a buzz, once per ring, never for the past.
// Tells the gateway what could be seen and heard. Refuses to decide when to ring: that is the server's promise.

/**
 * @typedef {import("../link/frames.d.ts").Event} Event
 * @typedef {import("../link/frames.d.ts").RingStage} RingStage
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("../link/voice.js").Voice} Voice
 */

/** Two dishes of one order ring in the same moment: one chime says it. A chime lasts 0.8 s. */
const TOGETHER_MS = 900;
const BUZZ_MS = [220, 90, 220];

/**
 * Ring from now on; returns the end of it. A claim, wherever it was pressed, ends the buzz at once, and the
 * chime is over within its 0.8 s: nothing is queued behind it.
 * @param {Screen} screen @param {Voice} voice @returns {() => void}
 */
export function ringOnCalls(screen, voice) {
  let rangAtMs = -TOGETHER_MS;
  let heard = false;
  return screen.happened.on((event) => {
    const rung = ringOf(event);
    if (rung) {
      if (performance.now() - rangAtMs >= TOGETHER_MS) {
        rangAtMs = performance.now();
        heard = voice.play("ring");
        buzz(BUZZ_MS);
      }
      /** @type {RingStage} */
      const sound = { ...rung, stage: heard ? "played" : "muted" };
      tell(screen, document.visibilityState === "visible" ? [{ ...rung, stage: "shown" }, sound] : [sound]);
    } else if (event.kind === "CallClaimed" || event.kind === "CallEnded") buzz(0);
  });
}

/** Say that a person answered this ring. @param {Screen} screen @param {{id: number, rings: number}[]} calls */
export const tellAcknowledged = (screen, calls) =>
  tell(
    screen,
    calls.map((call) => ({ call_id: call.id, ring: call.rings, stage: "acknowledged" })),
  );

/** @param {Event} event @returns {{call_id: number, ring: number} | null} */
function ringOf(event) {
  if (event.kind === "CallRaised") return { call_id: event.call.id, ring: event.call.rings };
  return event.kind === "CallRang" ? { call_id: event.call_id, ring: event.rings } : null;
}

/** @param {Screen} screen @param {RingStage[]} rings */
function tell(screen, rings) {
  screen.link.send({ t: "ack", up_to: screen.link.seq, rings });
}

/** @param {number | number[]} pattern */
function buzz(pattern) {
  // a browser that was never touched refuses, and says so in its console: ask first
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(pattern);
}
