// Somebody at a desk asks which screen this is: it shows its name over everything for some seconds, then is as before.
// Refuses to take presses: whoever works at the screen works on.

import { icon } from "./icons.js";
import { html, render } from "./vendor/lit.js";
import { say } from "./words.js";

const SHOWN_MS = 8_000;
let timer = 0;

/** @param {Extract<import("./frames.d.ts").Event, {kind: "DeviceSought"}>} event @param {import("./screen.js").Screen} screen */
export function showItself(event, screen) {
  const device = screen.view?.device;
  if (!device || event.device_id !== device.id) return;
  let shown = document.querySelector("body > .sought");
  if (!shown) {
    shown = document.createElement("div");
    shown.className = "sought";
    shown.setAttribute("role", "status");
    document.body.append(shown);
  }
  render(html`<p>${icon("pin")}<b>${device.name}</b><small>${say("sought", { who: event.by })}</small></p>`, /** @type {HTMLElement} */ (shown));
  window.clearTimeout(timer);
  timer = window.setTimeout(() => document.querySelector("body > .sought")?.remove(), SHOWN_MS);
}
