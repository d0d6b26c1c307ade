// Times and money as people read them. Pure; refuses to read a clock.

/** `m:ss`; from 100 minutes on hours. @param {number} ms @returns {string} */
export function elapsed(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s >= 100 * 60) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** The shop's wall clock: date `2026-11-20`, hours, minutes, seconds. @param {number} atMs @param {string} timezone */
export function wallClock(atMs, timezone) {
  let format = formats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-CA", {
      timeZone: timezone, hourCycle: "h23",
      year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    });
    formats.set(timezone, format);
  }
  const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return { date: `${part.year}-${part.month}-${part.day}`, hm: `${part.hour}:${part.minute}`, s: part.second };
}

const DAY_STARTS_MS = 3 * 3600 * 1000;

/** The business day, which starts at 03:00 in the shop. @param {number} atMs @param {string} timezone */
export const businessDay = (atMs, timezone) => wallClock(atMs - DAY_STARTS_MS, timezone).date;

/** Fen as yuan: ¥28, ¥28.5. @param {number} fen */
export const yuan = (fen) => `¥${fen % 100 ? (fen / 100).toFixed(2).replace(/0$/, "") : fen / 100}`;

/** Fen as yuan to the last fen, for money on cards: ¥28.50. @param {number} fen */
export function exactYuan(fen) {
  const whole = Math.abs(fen);
  return `${fen < 0 ? "−" : ""}¥${Math.trunc(whole / 100)}.${String(whole % 100).padStart(2, "0")}`;
}

/** A queue number: #01, growing past #99. @param {number} number */
export const queueNumber = (number) => `#${String(number).padStart(2, "0")}`;
