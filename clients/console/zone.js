// Times as the shop's clock shows them: whoever keeps a shop from another city reads the shop's times, and is told so.
// Refuses to guess a zone: what the browser does not know is shown by the reader's own clock, and that is said.

import { wallClock } from "../link/format.js";
import { lang } from "../link/i18n.js";

/** Where times are read; undefined: at the reader's desk. @type {string | undefined} */
let zone;

const locale = () => (lang() === "en" ? "en-GB" : "zh-CN");

/** From now on times are those of a shop there. @param {string} timezone @returns {boolean} whether the browser knows it */
export function readTimesIn(timezone) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
    zone = timezone;
  } catch (error) {
    console.warn("times are those of this desk", error);
    zone = undefined;
  }
  return zone !== undefined;
}

/** How far the times that are read are from Greenwich: GMT+8. */
export function offsetWords() {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts();
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** The zone by its name, for doors that write times. */
export const zoneName = () => zone ?? (Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");

/** Day and time. @param {number | null} atMs */
export const moment = (atMs) => (atMs === null ? "—" : new Date(atMs).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "medium", timeZone: zone }));

/** The time of the day. @param {number} atMs */
export const timeOf = (atMs) => new Date(atMs).toLocaleTimeString(locale(), { timeZone: zone });

/** When a day begins on that clock, so many days on. @param {string} day 2026-11-26 @param {number} daysOn */
export function dayMs(day, daysOn) {
  const [year, month, date] = day.split("-").map(Number);
  if (!zone) return Math.max(0, new Date(year, month - 1, date + daysOn).getTime());
  const wanted = Date.UTC(year, month - 1, date + daysOn);
  // Twice: the first guess may lie on the other side of a change of the clocks.
  let found = wanted;
  for (let step = 0; step < 2; step += 1) found -= shownAs(found) - wanted;
  return Math.max(0, found);
}

/** What the clock there shows, as if it were Greenwich's. @param {number} atMs */
function shownAs(atMs) {
  const { date, hm, s } = wallClock(atMs, /** @type {string} */ (zone));
  return Date.parse(`${date}T${hm}:${s}Z`);
}
