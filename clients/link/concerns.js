// ◆ Whether a screen is an end of what is announced. Refuses to know a clock, words and sounds.

/**
 * @typedef {import("./frames.d.ts").Utterance} Utterance
 * @typedef {import("./frames.d.ts").View} View
 */

/** kind of device → the channel it is an end of @type {Record<string, string>} */
const CHANNELS = { kitchen: "kitchen", waiter: "pad", guest: "room", cashier: "cashier", call_screen: "call_screen" };

/**
 * Whether this screen is an end of it. A cash desk lists what all ends hear; the others get only what is meant for
 * their channel or, by their account, for them.
 * @param {View} view @param {Utterance} utterance
 */
export function concerns({ device }, { channels, accounts }) {
  if (/** @type {string[]} */ (channels).includes(CHANNELS[device.kind])) return true;
  return accounts.length > 0 && device.kind !== "cashier";
}
