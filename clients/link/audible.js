// Whether this screen can be heard, told to the gateway: of several screens of a kind one that can is to speak.
// Refuses to decide who speaks, and to tell of a screen that is not asked (pads speak each for themselves).

/**
 * @typedef {import("./link.js").Link} Link
 * @typedef {import("./speaker.js").Speaker} Speaker
 */

/** Tell now, and whenever it changes; returns the end of it. @param {Speaker} speaker @param {Link} link */
export function tellAudible(speaker, link) {
  /** What the gateway takes it for; null: it did not ask. @type {boolean | null} */
  let told = null;
  const tell = () => {
    const { voice, muting } = speaker;
    if (told === null || voice.state === "starting") return;
    const audible = voice.state === "on" && !muting.holds;
    if (audible !== told && link.send({ t: "ack", up_to: link.seq, audible })) told = audible;
  };
  const ends = [
    link.frames.on((frame) => {
      if (frame.t === "welcome") told = null;
      if (frame.t !== "voice") return;
      told ??= true; // who comes is taken for one that can be heard
      tell();
    }),
    speaker.changed.on(tell),
  ];
  return () => ends.forEach((end) => end());
}
