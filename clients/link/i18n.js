// Two languages, one choice for the page: `?lang=`, else what was chosen before, else Chinese.
// A page's words are one object per language with the same keys; tsc sees a missing one.

import { Signal } from "./signal.js";
import { remember, remembered } from "./storage.js";

/** @typedef {"zh" | "en"} Lang */
/** @typedef {{zh: string, en: string}} Text */

const KEY = "chuancai.lang";

/** @returns {Lang} */
function chosen() {
  const asked = new URLSearchParams(location.search).get("lang") ?? remembered(KEY);
  return asked === "en" ? "en" : "zh";
}

/** The language changed. @type {Signal<Lang>} */
export const languageChanged = new Signal();

/** @type {Lang} */
let current = chosen();
document.documentElement.lang = current === "en" ? "en" : "zh-CN";

/** @returns {Lang} */
export const lang = () => current;

/** @param {Lang} next */
export function setLang(next) {
  current = next;
  remember(KEY, next);
  document.documentElement.lang = next === "en" ? "en" : "zh-CN";
  languageChanged.emit(next);
}

/** The other language. */
export function toggleLang() {
  setLang(current === "en" ? "zh" : "en");
}

/** A noun of the shop in the page's language. @param {Text} text */
export const name = (text) => (current === "en" ? text.en || text.zh : text.zh || text.en);

/**
 * Say a page's words: `const say = dictionary({zh: {...}, en: {...}})`, then `say("hello", {n: 3})`; `{n}` is filled in.
 * @template {Record<string, string>} W
 * @param {{zh: W, en: {[K in keyof W]: string}}} words
 * @returns {(key: keyof W & string, fill?: Record<string, string | number>) => string}
 */
export function dictionary(words) {
  return (key, fill = {}) =>
    words[current][key].replace(/\{(\w+)\}/g, (_, slot) => String(fill[slot] ?? ""));
}
