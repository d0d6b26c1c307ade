// Every drawing of the family: a 24-unit grid, 2-unit stroke; size and colour come from the text beside it.
// `solid` fills, `punch` draws in the colour behind (tokens.css).

import { svg } from "./vendor/lit.js";

const DRAWINGS = {
  queued: svg`<circle cx="12" cy="12" r="9"/>`,
  cooking: svg`<path class="solid" d="M.5 10.5h16.6a8.3 8.3 0 0 1-16.6 0z"/><path d="M17 12.3 23.4 10.3" stroke-width="3"/><path d="M5.5 7c0-1.7 1.4-1.7 1.4-3.4M10.8 7c0-1.7 1.4-1.7 1.4-3.4"/>`,
  ready: svg`<circle class="solid" cx="12" cy="12" r="10.2"/><path class="punch" d="m7.2 12.4 3.3 3.3 6.4-7" stroke-width="2.6"/>`,
  called: svg`<path d="M5 17c1.3-1.4 1.6-3 1.6-6a5.4 5.4 0 0 1 10.8 0c0 3 .3 4.6 1.6 6z"/><path d="M10 20.5h4"/>`,
  held: svg`<circle cx="12" cy="12" r="9" stroke-dasharray="3.2 2.6"/><path d="M9.8 9v6M14.2 9v6"/>`,
  room: svg`<path d="M5.5 21V3h13v18M3 21h18M14.6 12v.8"/>`,
  tag: svg`<circle cx="12" cy="12" r="5.2"/><path d="M8.6 8 9.4 2.5h5.2l.8 5.5M8.6 16l.8 5.5h5.2l.8-5.5"/>`,
  bag: svg`<path d="M4.5 8h15l1 13h-17zM8.5 11V7a3.5 3.5 0 0 1 7 0v4"/>`,
  table: svg`<path d="M2.5 8.5h19M5.5 8.5V20M18.5 8.5V20M5.5 13h13"/>`,
  ontime: svg`<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 2"/>`,
  soon: svg`<path d="M6 3h12M6 21h12M7.5 3c0 5 9 5 9 9s-9 4-9 9M16.5 3c0 5-9 5-9 9s9 4 9 9"/>`,
  late: svg`<path class="solid" d="M12 1.6 23.3 21.5H.7z"/><path class="punch" d="M12 9v5.2M12 18v.1" stroke-width="2.6"/>`,
  hazard: svg`<path class="solid" d="M7.5 1.5h9l6 6v9l-6 6h-9l-6-6v-9z"/><path class="punch" d="M12 6.5v7M12 17.3v.2" stroke-width="3"/>`,
  rush: svg`<path d="m4 4.5 7.5 7.5L4 19.5M12.5 4.5 20 12l-7.5 7.5" stroke-width="3.6"/>`,
  pin: svg`<path d="M8 3h8l-1.2 7L19 14H5l4.2-4zM12 14v7"/>`,
  less: svg`<path d="M5 12h14" stroke-width="3.6"/>`,
  plus: svg`<path d="M5 12h14M12 5v14" stroke-width="3.6"/>`,
  tilde: svg`<path d="M12 4.5v14M6 13l6 6 6-6" stroke-width="3.2"/>`,
  soldout: svg`<circle cx="12" cy="12" r="9" stroke-width="2.6"/><path d="M5.6 5.6l12.8 12.8" stroke-width="2.6"/>`,
  go: svg`<path d="M4 12h15M13 6l6 6-6 6" stroke-width="2.6"/>`,
  undo: svg`<path d="M8 5 3.5 9.5 8 14M4 9.5h10a6 6 0 0 1 0 12h-3"/>`,
  recall: svg`<path d="M4 4v6h6M4.6 10a8.3 8.3 0 1 1-.8 5M12 8v4.5l3 1.8"/>`,
  batch: svg`<path d="m12 3 9 5-9 5-9-5zM3.5 12.5 12 17l8.5-4.5M3.5 17 12 21.5l8.5-4.5"/>`,
  speaker: svg`<path d="M3 9v6h4l6 5V4L7 9zM16.5 9c1.6 1.6 1.6 4.4 0 6M19.2 6.2c3.2 3.2 3.2 8.4 0 11.6"/>`,
  linked: svg`<path d="M4 18v-4M10 18v-8M16 18V6M22 18V3" stroke-width="3"/>`,
  cut: svg`<path d="M4 18v-4M10 18v-8M14 6l8 8M22 6l-8 8" stroke-width="3"/>`,
  waits: svg`<path d="M12 19V6M6.5 11 12 5.5 17.5 11" stroke-dasharray="3.4 3"/><path d="M4 21.5h16"/>`,
  tick: svg`<circle class="solid" cx="12" cy="12" r="10.2"/><path class="punch" d="m7.2 12.4 3.3 3.3 6.4-7" stroke-width="2.6"/>`,
  back: svg`<path d="M8 5h13v14H8l-6-7zM12 9.5l5 5M17 9.5l-5 5"/>`,
  bell: svg`<path class="solid" d="M4 18c1.6-1.5 2-3.2 2-6.5a6 6 0 0 1 12 0c0 3.3.4 5 2 6.5zM9.5 19.5h5a2.5 2.5 0 0 1-5 0zM11 3h2v3h-2z"/>`,
  ring: svg`<circle cx="12" cy="12" r="9"/>`,
  tray: svg`<path d="M3 17h18M5 17a7 7 0 0 1 14 0M12 10V7.5M2.5 20.5h19"/>`,
  broom: svg`<path d="m14.5 3-3.5 8M7 10.5l8.5 3.5-1.5 7H4.5C6 18.5 6.5 14.5 7 10.5zM9 21l1-4M12 21l.8-3"/>`,
  person: svg`<circle cx="12" cy="8" r="4"/><path d="M4.5 21c.6-4.5 3.5-7 7.5-7s6.9 2.5 7.5 7"/>`,
  add: svg`<path d="M6 3h12v18l-3-2-3 2-3-2-3 2zM9.5 10h5M12 7.5v5"/>`,
  minus: svg`<path d="M5 12h14"/>`,
  hot: svg`<path class="solid" d="M16 8c2 5-2 12-11 13 5-3 5-7 6-11 .5-2 4-3.5 5-2z"/><path d="M14 7c.5-2 1.5-3 3.5-3.5"/>`,
  next: svg`<path d="m9 5 7 7-7 7"/>`,
  mute: svg`<path d="M3 9v6h4l6 5V4L7 9zM17 9.5l5 5M22 9.5l-5 5"/>`,
  blocked: svg`<circle cx="12" cy="12" r="9" stroke-width="2.6"/><path d="M5.6 5.6l12.8 12.8" stroke-width="2.6"/>`,
  note: svg`<path d="M5 3h14v18H5zM8.5 8h7M8.5 12h7M8.5 16h4"/>`,
  close: svg`<path d="M6 6l12 12M18 6 6 18" stroke-width="2.6"/>`,
  keypad: svg`<path d="M4 4h4v4H4zM10 4h4v4h-4zM16 4h4v4h-4zM4 10h4v4H4zM10 10h4v4h-4zM16 10h4v4h-4zM10 16h4v4h-4z"/>`,
  silent: svg`<path d="M3 9v6h4l6 5V4L7 9zM17 9l5 6M22 9l-5 6"/>`,
  card: svg`<path d="M2.5 5h19v14h-19zM2.5 9.5h19M6 15h4"/>`,
  frost: svg`<path d="M12 2v20M3.3 7l17.4 10M3.3 17 20.7 7M9 3.5l3 3 3-3M9 20.5l3-3 3 3"/>`,
  print: svg`<path d="M7 8V3h10v5M7 17H3V8h18v9h-4M7 13.5h10V21H7z"/>`,
  coin: svg`<circle cx="12" cy="12" r="9"/><path d="m8.5 7.5 3.5 5 3.5-5M12 12.5V17M8.8 12.5h6.4M8.8 15h6.4"/>`,
  brand: svg`<circle cx="12" cy="12" r="10.6"/><circle cx="12" cy="12" r="7.4" stroke-dasharray=".1 2.5"/><path d="M7.8 13a4.2 4.2 0 0 1 8.4 0z" fill="currentColor"/>`,
};

/** @typedef {keyof typeof DRAWINGS} IconName */

/** Names of states and places that share a drawing. @type {Record<string, IconName>} */
const ALSO = { picked_up: "tray", delivered: "tick", cancelled: "soldout", takeaway: "bag" };

/** The drawing, or nothing for a name without one. @param {string} name */
export function icon(name) {
  const drawing = DRAWINGS[/** @type {IconName} */ (ALSO[name] ?? name)];
  return svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>`;
}
