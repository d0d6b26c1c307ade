// Asks the house's doors in the session of who is logged in here (a cookie the page cannot read).
// Refuses to hide why not: what was refused comes back as its code and sentence.

import { lang } from "./i18n.js";
import { REFUSALS } from "./refusals.js";

const ANSWER_MS_MAX = 15_000;

/** @typedef {{ok: true, body: any} | {ok: false, code: string, facts: any, sentence: string}} Told */

/**
 * @param {"GET" | "POST" | "PUT" | "DELETE"} method @param {string} path @param {object} [body]
 * @returns {Promise<Told>} `no_answer` when nobody answered in time
 */
export async function askHouse(method, path, body) {
  const how = { method, cache: /** @type {const} */ ("no-store"), signal: AbortSignal.timeout(ANSWER_MS_MAX) };
  const sent = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  try {
    const answer = await fetch(path, { ...how, ...sent });
    const told = await answer.json();
    return answer.ok ? { ok: true, body: told } : { ok: false, code: told.code ?? "internal", facts: told.facts ?? {}, sentence: told.detail ?? "" };
  } catch {
    return { ok: false, code: "no_answer", facts: {}, sentence: "" };
  }
}

/** Why not, in the page's language. @param {string} code @param {string} otherwise for what is not of the house's codes */
export const refusalText = (code, otherwise) => REFUSALS[code]?.[lang()] ?? otherwise;
