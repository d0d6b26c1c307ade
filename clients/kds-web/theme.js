// The board's own choice of light or dark, when nobody at a desk told it.

import { remember, remembered } from "../link/storage.js";

/** Dark unless `?theme=light` was asked for, now or before. */
export function theme() {
  const asked = new URLSearchParams(location.search).get("theme");
  if (asked === "light" || asked === "dark") remember("chuancai.kds.theme", asked);
  return remembered("chuancai.kds.theme") === "light" ? "light" : "dark";
}
