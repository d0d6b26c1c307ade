// What a screen was told from a desk about how it shows and sounds, done to the page. What is null is left to the page.
// Refuses to know what cells are: a board takes those from its device itself.

import { setLang } from "./i18n.js";

/** @typedef {import("./frames.d.ts").ScreenSettings} ScreenSettings */

/** The theme the page chose by itself. @type {string | undefined} */
let ownTheme;
/** @type {ScreenSettings | null} */
let obeyed = null;

/** @param {ScreenSettings} settings @param {import("./speaker.js").Speaker | null} speaker */
export function obey(settings, speaker) {
  if (settings === obeyed) return;
  const { dataset } = document.documentElement;
  if (!obeyed) ownTheme = dataset.theme;
  const theme = settings.theme ?? ownTheme;
  if (theme) dataset.theme = theme;
  // said once: who presses the language key at the screen keeps what they chose
  if (settings.language && settings.language !== obeyed?.language) setLang(settings.language);
  speaker?.voice.setVolume((settings.volume ?? 100) / 100);
  obeyed = settings;
}
