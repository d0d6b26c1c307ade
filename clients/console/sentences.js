// A sentence's parameters: their types, values to try it with, and where a refusal is about. ◆ Pure.
// Refuses to know what a sentence says: the house reads it.

/** @typedef {import("../link/i18n.js").Text} Text */
/** @typedef {Record<string, string>} Parameters name → type */
/** @typedef {{id: number, version: number, name: string, parameters: Parameters, text: Text}} Template */
/** @typedef {{version: number, parameters: Parameters, text: Text, at_ms: number, by: string}} Version */

export const TYPES = ["text", "room", "goods", "number", "quantity", "money", "time", "queue_number"];
export const HOUSE_ID_MAX = 999; // server/broadcast/templates.py
/** The house makes it of a room's name and kind, in each language. */
const PLACE = "place";

/** @type {Record<string, Text>} */
const SAMPLES = {
  text: { zh: "王小明", en: "Wang" },
  room: { zh: "801", en: "801" },
  goods: { zh: "水饺", en: "dumplings" },
  number: { zh: "30", en: "30" },
  quantity: { zh: "2", en: "2" },
  money: { zh: "4850", en: "4850" },
  time: { zh: "18:30", en: "18:30" },
  queue_number: { zh: "12", en: "12" },
};

/** Where a guest might sit. @type {Record<string, string>} */
export const PLACES = { room: "801", tag: "23", table: "A3" };

/** The value a parameter is tried with. @param {string} type */
export const sampleOf = (type) => SAMPLES[type] ?? SAMPLES.text;

/**
 * What a preview is asked with: what was typed for a parameter, else its sample, in both languages where they differ.
 * @param {Parameters} parameters @param {Record<string, string>} typed @param {string} kind of the place
 */
export function tried(parameters, typed, kind) {
  /** @type {Record<string, string>} */
  const params = { placeKind: kind, roomName: PLACES[kind] };
  for (const [name, type] of Object.entries(parameters)) {
    if (name === PLACE && !typed[name]) continue;
    const sample = sampleOf(type);
    if (typed[name]) params[name] = typed[name];
    else if (name !== "roomName") {
      params[name] = sample.zh;
      if (sample.en !== sample.zh) params[`${name}_en`] = sample.en;
    }
  }
  return params;
}

/** Whether a sentence has a place for a parameter. @param {Text} text @param {string} name */
export const uses = (text, name) => text.zh.includes(`{${name}}`) || text.en.includes(`{${name}}`);

/** A sentence that can be tried although one of its languages is still empty. @param {Text} text @returns {Text} */
export const whole = ({ zh, en }) => ({ zh: zh.trim() ? zh : en, en: en.trim() ? en : zh });
