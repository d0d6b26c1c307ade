// One change to many dishes in many shops: planned whole before anything is done, so that it can be said which.
// Refuses to guess: a dish, a station or a heading is the same in another shop when its Chinese name is.

import { askHouse } from "../link/house.js";

/** @typedef {import("../link/frames.d.ts").Dish} Dish */
/** @typedef {import("./room.js").Shop} Shop */
/** @typedef {{stations: import("../link/frames.d.ts").StationView[], menu: {categories: {id: string, name: import("../link/i18n.js").Text}[], dishes: Dish[]}}} Ground */
/** `sale`: "off", "on", or as it is. @typedef {{change: Partial<Dish>, sale: string}} Wish */
/** @typedef {{dish: Dish, asks: {method: "PUT" | "POST", path: string, body: object}[]}} Step */
/** What is to be done in a shop; `missing` is not on its menu. @typedef {{shop: Shop, steps: Step[], missing: Dish[]}} Part */

const AGAIN_MAX = 5; // a house that asks to be asked later
const WAIT_S_MAX = 10;

/** @param {Shop} shop @param {Ground} here where the dishes were chosen @param {Ground} there the shop's own @param {Dish[]} dishes @param {Wish} wish @returns {Part} */
export function partOf(shop, here, there, dishes, { change, sale }) {
  /** @type {Part} */
  const part = { shop, steps: [], missing: [] };
  const station = sameName(here.stations, there.stations, change.station_id);
  const heading = sameName(here.menu.categories, there.menu.categories, change.category);
  for (const dish of dishes) {
    const theirs = here === there ? dish : there.menu.dishes.find((one) => one.name.zh === dish.name.zh);
    if (!theirs) {
      part.missing.push(dish);
      continue;
    }
    const wanted = { ...change, ...(change.station_id ? { station_id: station ?? theirs.station_id } : {}), ...(change.category ? { category: heading ?? theirs.category } : {}) };
    const otherwise = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => value !== theirs[/** @type {keyof Dish} */ (key)]));
    const asks = /** @type {Step["asks"]} */ ([]);
    if (Object.keys(otherwise).length) asks.push({ method: "PUT", path: `/v1/shops/${shop.id}/dishes/${theirs.id}`, body: otherwise });
    if (sale && theirs.sold_out !== (sale === "off")) asks.push({ method: "POST", path: `/v1/dishes/${theirs.id}/sale`, body: { shop_id: shop.id, sold_out: sale === "off" } });
    if (asks.length) part.steps.push({ dish: theirs, asks });
  }
  return part;
}

/** @template {string | number} I @param {{id: I, name: {zh: string}}[]} here @param {{id: I, name: {zh: string}}[]} there @param {I | null} [id] */
function sameName(here, there, id) {
  const wanted = here.find((one) => one.id === id)?.name.zh;
  return there.find((one) => one.name.zh === wanted)?.id;
}

/**
 * Do it, one after another; what is refused is left as it was, and the rest goes on unless nobody answers.
 * @param {Part[]} parts
 * @returns {Promise<{done: number, refused: {shop: Shop, dish: Dish, told: Extract<import("../link/house.js").Told, {ok: false}>}[]}>}
 */
export async function carryOut(parts) {
  const came = { done: 0, refused: /** @type {{shop: Shop, dish: Dish, told: Extract<import("../link/house.js").Told, {ok: false}>}[]} */ ([]) };
  for (const { shop, steps } of parts)
    for (const { dish, asks } of steps) {
      const told = await all(asks);
      if (told.ok) came.done += 1;
      else came.refused.push({ shop, dish, told });
      if (!told.ok && told.code === "no_answer") return came;
    }
  return came;
}

/** @param {Step["asks"]} asks @returns {Promise<import("../link/house.js").Told>} */
async function all(asks) {
  /** @type {import("../link/house.js").Told} */
  let told = { ok: true, body: null };
  for (const { method, path, body } of asks) {
    told = await askHouse(method, path, body);
    for (let again = 0; !told.ok && told.code === "rate_limited" && again < AGAIN_MAX; again += 1) {
      const waitMs = 1000 * Math.min(WAIT_S_MAX, told.facts.retry_after_s ?? 1);
      await new Promise((over) => window.setTimeout(over, waitMs));
      told = await askHouse(method, path, body);
    }
    if (!told.ok) return told;
  }
  return told;
}
