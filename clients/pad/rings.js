// What a ring does to the person who holds the pad: a chime and a buzz, once per ring, never for the past.
// Tells the gateway what could be seen and heard. Refuses to decide when to ring: that is the server's promise.

/**
 * @typedef {import("../link/frames.d.ts").CallEvent} CallEvent
 * @typedef {import("../link/frames.d.ts").Event} Event
 * @typedef {import("../link/frames.d.ts").RingStage} RingStage
 * @typedef {import("../link/screen.js").Screen} Screen
 * @typedef {import("../link/speaker.js").Speaker} Speaker
 */

/** Two dishes of one order ring in the same moment: one chime says it. A chime lasts 0.8 s. */
const TOGETHER_MS = 900;
const BUZZ_MS = [220, 90, 220];

/**
 * Ring from now on; returns the end of it. A claim, wherever it was pressed, ends the buzz at once, and the
 * chime is over within its 0.8 s. Who said "coming" and did not come is rung for again, alone.
 * @param {Screen} screen @param {Speaker} speaker @returns {() => void}
 */
export function ringOnCalls(screen, speaker) {
  let rangAtMs = -TOGETHER_MS;
  /** What was given back here, until its next ring. @type {Set<number>} */
  const givenBack = new Set();
  /** @type {RingStage["stage"]} */
  let heard = "played";
  /** @param {CallEvent | null} about @returns {RingStage["stage"]} */
  const ring = (about) => {
    if (speaker.quiet.holds(about)) {
      buzz(BUZZ_MS); // felt, not heard
      return "muted";
    }
    if (performance.now() - rangAtMs < TOGETHER_MS) return heard;
    rangAtMs = performance.now();
    heard = speaker.chime("ring", about);
    buzz(BUZZ_MS);
    return heard;
  };
  /** @param {number} callId */
  const aboutOf = (callId) => screen.view?.calls.find(({ id }) => id === callId)?.event ?? null;
  return screen.happened.on((event) => {
    const rung = ringOf(event);
    if (event.kind === "CallGivenBack" && event.device_id === screen.view?.device.id) {
      givenBack.add(event.call_id);
      speaker.queue.passOver(event.call_id, true);
    } else if (rung && givenBack.delete(rung.call_id)) speaker.receipts.tell([{ ...rung, stage: "shown" }]); // for the others
    else if (rung) {
      speaker.queue.passOver(rung.call_id, false); // nobody spoke the last one
      /** @type {RingStage} */
      const sound = { ...rung, stage: ring(event.kind === "CallRaised" ? event.call.event : aboutOf(rung.call_id)) };
      speaker.receipts.tell(document.visibilityState === "visible" ? [{ ...rung, stage: "shown" }, sound] : [sound]);
    } else if (event.kind === "CallReminded") {
      if (event.device_id === screen.view?.device.id) ring(aboutOf(event.call_id));
    } else if (event.kind === "CallClaimed" || event.kind === "CallEnded") buzz(0);
  });
}

/** Say that a person answered this ring. @param {Speaker} speaker @param {{id: number, rings: number}[]} calls */
export const tellAcknowledged = (speaker, calls) =>
  speaker.receipts.tell(calls.map((call) => ({ call_id: call.id, ring: call.rings, stage: "acknowledged" })));

/** @param {Event} event @returns {{call_id: number, ring: number} | null} */
function ringOf(event) {
  if (event.kind === "CallRaised") return { call_id: event.call.id, ring: event.call.rings };
  return event.kind === "CallRang" ? { call_id: event.call_id, ring: event.rings } : null;
}

/** @param {number | number[]} pattern */
function buzz(pattern) {
  // a browser that was never touched refuses, and says so in its console: ask first
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(pattern);
}
