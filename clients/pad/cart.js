/**
 * ◆ What will be ordered: lines of dishes before anybody has sent them.
 *
 * A cart carries the id of the command that will place it, minted when the cart is begun. Whoever
 * presses twice, reloads or comes back from a dead network sends the same id, so a cart can only
 * ever become one order. Refuses to send, to store, to read a clock: every function returns a new cart.
 */

/**
 * @typedef {import("../link/frames.d.ts").Dish} Dish
 * @typedef {import("../link/frames.d.ts").Menu} Menu
 * @typedef {import("../link/frames.d.ts").ModifierChoice} ModifierChoice
 * @typedef {{dish_id: number, quantity: number, modifier_ids: string[], note: string, hold: boolean}} CartLine hold: not begun before somebody says so (等叫)
 * @typedef {{id: string, lines: CartLine[], note: string, allergens: string[]}} Cart
 */

export const QUANTITY_MAX = 99; // of one line; the desk refuses more
export const LINES_MAX = 60;
export const NOTE_CHARS_MAX = 120;

/** An empty cart. @param {string} id of the command that will place it @returns {Cart} */
export const newCart = (id) => ({ id, lines: [], note: "", allergens: [] });

/** Two lines with the same key are the same wish. @param {CartLine} line */
export const lineKey = (line) => `${line.dish_id}|${line.modifier_ids.join(",")}|${line.note}${line.hold ? "|hold" : ""}`;

/** @param {Cart} cart @param {CartLine} line @returns {Cart} */
export function withLine(cart, line) {
  const wish = { ...line, modifier_ids: [...line.modifier_ids].sort(), note: line.note.trim() };
  const key = lineKey(wish);
  if (cart.lines.some((one) => lineKey(one) === key)) {
    const lines = cart.lines.map((one) =>
      lineKey(one) === key ? { ...one, quantity: Math.min(QUANTITY_MAX, one.quantity + wish.quantity) } : one,
    );
    return { ...cart, lines };
  }
  return cart.lines.length < LINES_MAX ? { ...cart, lines: [...cart.lines, wish] } : cart;
}

/** Change how many of one line; 0 takes it out. @param {Cart} cart @param {string} key @param {number} by */
export function withQuantity(cart, key, by) {
  const lines = cart.lines
    .map((line) => (lineKey(line) === key ? { ...line, quantity: Math.min(QUANTITY_MAX, line.quantity + by) } : line))
    .filter((line) => line.quantity > 0);
  return { ...cart, lines };
}

/** How many of a dish are in the cart, over all its ways of making. @param {Cart} cart @param {number} dishId */
export const quantityOf = (cart, dishId) =>
  cart.lines.reduce((sum, line) => sum + (line.dish_id === dishId ? line.quantity : 0), 0);

/** The line that a `−` on the dish's card takes from: the youngest. @param {Cart} cart @param {number} dishId */
export const lastLineOf = (cart, dishId) => [...cart.lines].reverse().find((line) => line.dish_id === dishId);

/** @param {Menu} menu @param {number} id @returns {Dish | undefined} */
export const dishOf = (menu, id) => menu.dishes.find((dish) => dish.id === id);

/** The chosen options of a line, in the menu's order. @param {Dish} dish @param {string[]} ids @returns {ModifierChoice[]} */
export const chosen = (dish, ids) =>
  dish.modifier_groups.flatMap((group) => group.choices.filter((choice) => ids.includes(choice.id)));

/** What a line costs in fen. @param {Menu} menu @param {CartLine} line */
export function lineFen(menu, line) {
  const dish = dishOf(menu, line.dish_id);
  if (!dish) return 0;
  const extra = chosen(dish, line.modifier_ids).reduce((sum, choice) => sum + choice.price_fen, 0);
  return (dish.price_fen + extra) * line.quantity;
}

/** What the cart costs in fen. @param {Menu} menu @param {Cart} cart */
export const totalFen = (menu, cart) => cart.lines.reduce((sum, line) => sum + lineFen(menu, line), 0);

/** How many plates. @param {Cart} cart */
export const dishCount = (cart) => cart.lines.reduce((sum, line) => sum + line.quantity, 0);

/** Dishes of the cart that cannot be had now: sold out or off the menu. @param {Menu} menu @param {Cart} cart */
export const goneLines = (menu, cart) => cart.lines.filter((line) => dishOf(menu, line.dish_id)?.sold_out ?? true);

/** The body of PlaceOrder. @param {Cart} cart @param {number} placeId @param {number | undefined} orderId whose round it is, if one is open @param {number | undefined} stay whose guest's */
export const orderBody = (cart, placeId, orderId, stay) => ({
  place_id: placeId,
  ...(stay === undefined ? {} : { stay }),
  ...(orderId === undefined ? {} : { order_id: orderId }),
  lines: cart.lines,
  note: cart.note.trim(),
  allergens: cart.allergens,
});

/** Groups of a dish whose choice is still missing. @param {Dish} dish @param {string[]} ids */
export const missingGroups = (dish, ids) =>
  dish.modifier_groups.filter((group) => group.choices.filter((choice) => ids.includes(choice.id)).length < group.min);

/**
 * The picked ids after a press on one choice: single choices replace each other, full groups refuse.
 * @param {Dish} dish @param {string[]} ids @param {string} groupId @param {string} choiceId @returns {string[]}
 */
export function pick(dish, ids, groupId, choiceId) {
  const group = dish.modifier_groups.find((one) => one.id === groupId);
  if (!group) return ids;
  if (ids.includes(choiceId)) return ids.filter((id) => id !== choiceId);
  const mine = group.choices.map((choice) => choice.id);
  if (group.max === 1) return [...ids.filter((id) => !mine.includes(id)), choiceId];
  return ids.filter((id) => mine.includes(id)).length < group.max ? [...ids, choiceId] : ids;
}

/** Read a cart that this device kept; anything else is no cart. @param {unknown} kept @returns {Cart | null} */
export function readCart(kept) {
  if (typeof kept !== "string") return null;
  try {
    const cart = JSON.parse(kept);
    const sound = typeof cart?.id === "string" && Array.isArray(cart.lines) && Array.isArray(cart.allergens);
    return sound ? cart : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null; // an older version's cart is worth less than a start
    throw error;
  }
}
