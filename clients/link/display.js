// ◆ Proof of display: what screens showed, and what none did in time. The same rules as server/events/display.py.

/**
 * @typedef {import("./frames.d.ts").Order} Order
 * @typedef {import("./frames.d.ts").Unseen} Unseen
 * @typedef {Extract<import("./frames.d.ts").Event, {kind: "ItemsShown" | "ItemsUnseen"}>} DisplayFact
 */

const UNSEEN_MAX = 100;

/** Orders with what is said of their dishes. @param {Order[]} orders @param {DisplayFact} event @returns {Order[]} */
export function displayed(orders, event) {
  const versions = new Map(event.items.map((mark) => [mark.item_id, mark.version]));
  const stamp =
    event.kind === "ItemsShown"
      ? { shown_at_ms: event.at_ms, shown_on: event.by }
      : { unseen_at_ms: event.unseen.at_ms, unseen_printed: event.unseen.printed };
  return orders.map((order) => {
    if (!order.items.some(({ id }) => versions.has(id))) return order;
    const items = order.items.map((item) => {
      const version = versions.get(item.id);
      return version === undefined || version <= item.version ? item : { ...item, ...stamp, version };
    });
    return { ...order, items };
  });
}

/** A cash desk's list after `event`. @param {Unseen[]} cards @param {DisplayFact} event @returns {Unseen[]} */
export const unseen = (cards, event) =>
  event.kind === "ItemsShown" ? without(cards, event.items.map((mark) => mark.item_id)) : [...cards, event.unseen].slice(-UNSEEN_MAX);

/** The list without dishes somebody knows of; an empty card is gone. @param {Unseen[]} cards @param {number[]} itemIds */
export function without(cards, itemIds) {
  if (!cards.length) return cards;
  return cards
    .map((card) => ({ ...card, dishes: card.dishes.filter((dish) => !itemIds.includes(dish.item_id)) }))
    .filter(({ dishes }) => dishes.length);
}
