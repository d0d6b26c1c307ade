// The day's statistics to print: the house makes the page and names its address for two minutes.

import { lang } from "../link/i18n.js";
import { REFUSALS } from "../link/refusals.js";
import { pairedToken } from "../link/screen.js";
import { say } from "./words.js";

/** @typedef {"day" | "dish" | "hour"} By */
/** @type {By[]} */
export const BYS = ["day", "dish", "hour"];

/**
 * Open the printable statistics of a business day in a tab of its own. Returns why not, or "".
 * @param {string} app whose token this page has @param {By} by @param {string} day `2026-11-26`
 */
export async function openReport(app, by, day) {
  const tab = window.open("", "_blank"); // at once: a tab opened after an answer counts as a pop-up
  const why = await goTo(tab, app, by, day);
  if (why) tab?.close();
  return why;
}

/** @param {Window | null} tab @param {string} app @param {By} by @param {string} day */
async function goTo(tab, app, by, day) {
  const query = new URLSearchParams({ since: day, until: day, by, format: "html" });
  try {
    const response = await fetch(`/device/card-report?${query}`, { cache: "no-store", headers: { authorization: `Bearer ${pairedToken(app)}` } });
    const body = await response.json();
    if (!response.ok) return REFUSALS[body.code]?.[lang()] ?? body.code;
    (tab ?? window).location.assign(body.url);
    return "";
  } catch {
    return say("no_server");
  }
}
