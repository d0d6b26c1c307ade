// ◆ What a screen knows, carried from event to event: the same rules as server/events/view.py.
// The recorded sequences in tests/core/replica are fed to both. Refuses to paint, to send, to read a clock.

import { carried } from "./card-day.js";
import { displayed, unseen, without } from "./display.js";
import { printed } from "./print-desk.js";
import { sha256 } from "./sha256.js";

/**
 * @typedef {import("./frames.d.ts").View} View
 * @typedef {import("./frames.d.ts").Order} Order
 * @typedef {import("./frames.d.ts").Item} Item
 * @typedef {import("./frames.d.ts").Call} Call
 * @typedef {import("./frames.d.ts").Event} Event
 */

/** A cash desk's list: the newest announcements, and where they were heard. */
const ANNOUNCED_MAX = 100;
const HEARD_MAX = 500;

/** kind → [the state it leads to, the time stamp it sets] @type {Record<string, [Item["state"], keyof Item]>} */
const STEPS = {
  ItemStarted: ["cooking", "started_at_ms"],
  ItemFinished: ["ready", "ready_at_ms"],
  ItemCalled: ["called", "called_at_ms"],
  ItemPickedUp: ["picked_up", "picked_up_at_ms"],
  ItemDelivered: ["delivered", "delivered_at_ms"],
  ItemCancelled: ["cancelled", "cancelled_at_ms"],
};

/** The stamps in the order of the states that set them. @type {(keyof Item)[]} */
const STAMPS = ["started_at_ms", "ready_at_ms", "called_at_ms", "picked_up_at_ms", "delivered_at_ms"];

/** state → how many of STAMPS survive a step back to it @type {Record<string, number>} */
const STAMPS_KEPT = { queued: 0, cooking: 1, ready: 2, called: 3, picked_up: 4 };

/**
 * The view after `event`; an event about something not in view changes nothing.
 * The old view is left as it was: parts that did not change are shared.
 * @param {View} view @param {Event} event @returns {View}
 */
export function apply(view, event) {
  switch (event.kind) {
    case "OrderPlaced":
      return { ...view, orders: placed(view.orders, event.order) };
    case "PlaceCleaned":
      return {
        ...view,
        orders: view.orders.filter((order) => order.id !== event.order_id),
        calls: view.calls.filter((call) => call.order_id !== event.order_id),
        unseen: view.unseen.filter((card) => card.order_id !== event.order_id),
        places: view.places.map((place) => (place.id === event.place_id ? { ...place, stay: event.stay ?? place.stay } : place)),
      };
    case "CallRaised":
    case "CallUnanswered":
      return { ...view, calls: [...view.calls.filter((call) => call.id !== event.call.id), event.call] };
    case "CallEnded":
      return { ...view, calls: view.calls.filter((call) => call.id !== event.call_id) };
    case "CallRang":
    case "CallClaimed":
    case "CallGivenBack":
      return { ...view, calls: view.calls.map((call) => (call.id === event.call_id ? called(call, event) : call)) };
    case "Announced":
      if (view.device.kind !== "cashier") return view;
      return { ...view, announced: [...view.announced, event.utterance].slice(-ANNOUNCED_MAX) };
    case "CallHeard":
      if (view.device.kind !== "cashier") return view;
      return { ...view, heard: [...view.heard, ...event.heard].slice(-HEARD_MAX) };
    case "ItemStarted":
    case "ItemFinished":
    case "ItemCalled":
    case "ItemPickedUp":
    case "ItemDelivered":
    case "ItemCancelled":
    case "ItemUndone":
    case "ItemChanged":
    case "ItemConfirmed":
      return stepped({ ...view, unseen: without(view.unseen, [event.item_id]) }, event);
    case "ItemSplit":
      return split(view, event);
    case "ItemsHeld":
    case "ItemsFired":
    case "ItemsRushed":
      return paced(view, event);
    case "ItemsShown":
    case "ItemsUnseen":
      return { ...view, orders: displayed(view.orders, event), unseen: view.device.kind === "cashier" ? unseen(view.unseen, event) : view.unseen };
    case "DishSale":
      return view.menu ? { ...view, menu: sold(view.menu, event) } : view;
    case "DishPut":
      return view.menu ? { ...view, menu: { ...view.menu, dishes: put(view.menu.dishes, event.dish) } } : view;
    case "StationPut":
      return { ...view, stations: put(view.stations, event.station) };
    case "CardToppedUp":
    case "CardConsumed":
    case "CardRefunded":
    case "CardFundsFrozen":
    case "CardFundsReleased":
    case "CardClosed":
      return view.cards ? { ...view, cards: carried(view.cards, event) } : view;
    case "PrinterChanged":
    case "PaperStuck":
    case "PaperSettled":
      return view.printing ? { ...view, printing: printed(view.printing, event) } : view;
    case "DeviceMoved":
      return event.device_id === view.device.id ? moved(view, event) : view;
    case "ScreenSet":
      if (event.device_id !== view.device.id) return view;
      return { ...view, device: { ...view.device, settings: event.settings } };
    case "DeviceRenamed":
      return event.device_id === view.device.id ? { ...view, device: { ...view.device, name: event.name } } : view;
    default:
      return view;
  }
}

/** One of a list in place of what it was, or last. @template {{id: number}} T @param {T[]} known @param {T} one @returns {T[]} */
const put = (known, one) => (known.some(({ id }) => id === one.id) ? known.map((was) => (was.id === one.id ? one : was)) : [...known, one]);

/** @param {Order[]} orders @param {Order} placed @returns {Order[]} */
function placed(orders, placed) {
  if (!orders.some((order) => order.id === placed.id)) return [...orders, placed];
  return orders.map((order) => {
    if (order.id !== placed.id) return order;
    const known = new Set(order.items.map((item) => item.id));
    const items = [...order.items, ...placed.items.filter((item) => !known.has(item.id))];
    return { ...order, items, allergens: placed.allergens, note: placed.note };
  });
}

/**
 * @param {View} view
 * @param {Extract<Event, {item_id: number}>} event
 * @returns {View}
 */
function stepped(view, event) {
  const order = view.orders.find((one) => one.items.some((item) => item.id === event.item_id));
  const item = order?.items.find((one) => one.id === event.item_id);
  if (!order || !item || event.version <= item.version) return view;
  /** @type {any} */
  const after = { ...item, by: event.by, version: event.version };
  if (event.kind === "ItemChanged") {
    Object.assign(after, { quantity: event.quantity, quantity_was: event.quantity_was, confirmed_at_ms: null });
  } else if (event.kind === "ItemConfirmed") {
    Object.assign(after, { quantity_was: null, confirmed_at_ms: event.at_ms, by: item.by });
  } else if (event.kind === "ItemUndone") {
    after.state = event.state;
    for (const stamp of STAMPS.slice(STAMPS_KEPT[event.state])) after[stamp] = null;
    if (after.picked_up_at_ms === null) after.picked_up_by_device = null;
  } else {
    const [state, stamp] = STEPS[event.kind];
    if (event.kind === "ItemCancelled") after.confirmed_at_ms = null;
    if (event.kind === "ItemPickedUp") after.picked_up_by_device = event.device_id ?? null; // older lines name none
    after.state = state;
    after[stamp] = event.at_ms;
  }
  const items = order.items.map((one) => (one === item ? after : one));
  return { ...view, orders: view.orders.map((one) => (one === order ? { ...order, items } : one)) };
}

/** Some portions of a dish go on by themselves. @param {View} view @param {Extract<Event, {kind: "ItemSplit"}>} event @returns {View} */
function split(view, event) {
  const orders = view.orders.map((order) => {
    if (order.id !== event.order_id) return order;
    const items = order.items.map((item) =>
      item.id === event.item_id && event.version > item.version ? { ...item, quantity: event.quantity, quantity_was: null, version: event.version } : item,
    );
    return { ...order, items: items.some(({ id }) => id === event.item.id) ? items : [...items, event.item] };
  });
  return { ...view, orders };
}

/** @param {import("./frames.d.ts").Menu} menu @param {{dish_id: number, sold_out: boolean}} event */
function sold(menu, { dish_id: id, sold_out }) {
  return { ...menu, dishes: menu.dishes.map((dish) => (dish.id === id ? { ...dish, sold_out } : dish)) };
}

/**
 * Several dishes of an order held (等叫), let go (起菜) or waited for (催菜).
 * @param {View} view
 * @param {Extract<Event, {kind: "ItemsHeld" | "ItemsFired" | "ItemsRushed"}>} event
 * @returns {View}
 */
function paced(view, event) {
  const versions = new Map(event.items.map((mark) => [mark.item_id, mark.version]));
  /** @param {Item} item @returns {Item} */
  const after = (item) => {
    const version = versions.get(item.id);
    if (version === undefined || version <= item.version) return item;
    const now = { ...item, by: event.by, version };
    if (event.kind === "ItemsHeld") Object.assign(now, { state: "held", fired_at_ms: null });
    else if (item.state === "held") Object.assign(now, { state: "queued", fired_at_ms: event.at_ms });
    if (event.kind === "ItemsRushed") Object.assign(now, { rushed_at_ms: event.at_ms, rushes: item.rushes + 1 });
    return now;
  };
  return { ...view, orders: view.orders.map((order) => ({ ...order, items: order.items.map(after) })) };
}

/**
 * @param {Call} call
 * @param {Extract<Event, {kind: "CallRang" | "CallClaimed" | "CallGivenBack"}>} event
 * @returns {Call}
 */
function called(call, event) {
  if (event.kind === "CallRang") return { ...call, rings: event.rings, rang_at_ms: event.at_ms };
  if (event.kind === "CallGivenBack") {
    return { ...call, state: "ringing", rings: 0, rang_at_ms: event.at_ms, claimed_by: "", claimed_by_device: null, claimed_at_ms: null };
  }
  return {
    ...call,
    state: "claimed",
    claimed_by: event.by,
    claimed_by_device: event.device_id,
    claimed_at_ms: event.at_ms,
  };
}

/** @param {View} view @param {{place_id: number|null, station_id: number|null}} event @returns {View} */
function moved(view, event) {
  return { ...view, device: { ...view.device, place_id: event.place_id, station_id: event.station_id } };
}

/** JSON with sorted keys and no spaces. @param {any} value @returns {string} */
function sortedJson(value) {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${sortedJson(value[key])}`).join(",")}}`;
}

/** @param {{id: number}} a @param {{id: number}} b */
const byId = (a, b) => a.id - b.id;

/** The moving part of a view as text that is equal when it is equal. @param {View} view */
export function canonical(view) {
  const orders = [...view.orders].sort(byId).map((o) => ({ ...o, items: [...o.items].sort(byId) }));
  /** @type {Record<string, unknown>} */
  const moving = { calls: [...view.calls].sort(byId), orders };
  if (view.cards) moving.cards = view.cards;
  if (view.menu) moving.sold_out = view.menu.dishes.filter((dish) => dish.sold_out).map(({ id }) => id).sort((a, b) => a - b);
  return sortedJson(moving);
}

/** Sixteen hex digits that two equal screens share. @param {View} view */
export function stateHash(view) {
  return sha256(canonical(view)).slice(0, 16);
}
