// ◆ An amount as it is typed, key by key, and the fen it means. Digits and strings only: refuses to know fractions of a fen.

const YUAN_DIGITS_MAX = 6; // a million yuan is a slip of the finger
const FEN_DIGITS = 2;

/**
 * What stands there after a key: a digit, "00", "." or "Backspace". A key that makes no amount changes nothing.
 * @param {string} text @param {string} key
 */
export function pressed(text, key) {
  if (key === "Backspace") return text.slice(0, -1);
  if (key === "00") return pressed(pressed(text, "0"), "0");
  const [yuan, fen] = text.split(".");
  if (key === ".") return fen === undefined ? `${yuan || "0"}.` : text;
  if (!/^\d$/.test(key)) return text;
  if (fen !== undefined) return fen.length < FEN_DIGITS ? text + key : text;
  if (yuan === "0") return key;
  return yuan.length < YUAN_DIGITS_MAX ? text + key : text;
}

/** The fen of what was typed; 0 for nothing. @param {string} text */
export function fenOf(text) {
  const [yuan, fen = ""] = text.split(".");
  return Number(yuan || "0") * 100 + Number(fen.padEnd(FEN_DIGITS, "0"));
}

/** What a person would have typed for so many fen. @param {number} fen */
export function typedAs(fen) {
  const yuan = String(Math.trunc(fen / 100));
  const rest = String(fen % 100).padStart(FEN_DIGITS, "0");
  return rest === "00" ? yuan : `${yuan}.${rest}`;
}

/**
 * What is given on top of a top-up: the highest step that was reached.
 * @param {{from_fen: number, bonus_fen: number}[]} rules @param {number} fen
 */
export function bonusOf(rules, fen) {
  const reached = rules.filter((rule) => rule.from_fen <= fen).sort((a, b) => b.from_fen - a.from_fen);
  return reached.length ? reached[0].bonus_fen : 0;
}
