// All places as plates, each with the state that matters first. Pressed: the order, or where to send one.

import { name } from "../link/i18n.js";
import { icon } from "../link/icons.js";
import { html, repeat } from "../link/vendor/lit.js";
import { placeState } from "./tasks.js";
import { say } from "./words.js";

/**
 * @typedef {import("../link/frames.d.ts").PlaceView} PlaceView
 * @typedef {import("../link/frames.d.ts").View} View
 */

const WORDS = /** @type {const} */ ({
  free: "free_place",
  queued: "queued",
  cooking: "cooking",
  ready: "ready",
  picked_up: "on_the_way",
  delivered: "delivered",
});

/** @param {View} view @param {(place: PlaceView) => void} press */
export function placeBoard(view, press) {
  const areas = [...new Set(view.places.map((place) => name(place.area)))];
  return html`<div class="places">
    ${areas.map((area) => {
      const places = view.places.filter((place) => name(place.area) === area);
      return html`<h2>${area}</h2><ul>${repeat(
        places,
        (place) => place.id,
        (place) => spot(view, place, press),
      )}</ul>`;
    })}
  </div>`;
}

/** @param {View} view @param {PlaceView} place @param {(place: PlaceView) => void} press */
function spot(view, place, press) {
  const state = placeState(view.orders.find((order) => order.place_id === place.id));
  const drawn = state === "free" ? "" : icon(state);
  return html`<li><button type="button" class="spot" data-place=${place.id} data-state=${state} @click=${() => press(place)}>
    <place-plate .kind=${place.kind} .place=${place.name}></place-plate>
    <span class="state" data-state=${state}>${drawn}${say(WORDS[state])}</span>
  </button></li>`;
}
