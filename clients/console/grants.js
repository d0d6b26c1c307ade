// Which roles somebody may give, and where: never more than he has. ◆ Pure.
// Refuses to be the guard: the doors are; this offers only what they let pass.

/** @typedef {{role: string, shop_id: number}} Grant */
/** @typedef {import("./room.js").Me} Me */

/** The roles in their order; server/staff/member.py */
export const ROLES = ["owner", "manager", "cashier", "auditor"];
export const WHOLE_BRAND = 0;
export const GRANTS_MAX = 50;

/** Roles somebody may give, in some shop. @param {Me} me */
export const givable = (me) => ROLES.filter((role) => me.roles.some(({ gives }) => gives.includes(role)));

/** Shops in which somebody may give a role; 0: all of the brand. @param {Me} me @param {string} role @returns {number[]} */
export function placesOf(me, role) {
  const held = me.roles.filter(({ gives }) => gives.includes(role)).map(({ shop_id }) => shop_id);
  return held.includes(WHOLE_BRAND) ? [WHOLE_BRAND, ...me.shops.map(({ id }) => id)] : me.shops.map(({ id }) => id).filter((id) => held.includes(id));
}

/** A role to begin with: the least of those one may give. @param {Me} me @returns {Grant} */
export function firstGrant(me) {
  const role = givable(me).includes("cashier") ? "cashier" : givable(me)[0];
  return { role, shop_id: placesOf(me, role).find(Boolean) ?? WHOLE_BRAND };
}

/** Without those said twice. @param {Grant[]} grants */
export const distinct = (grants) => grants.filter((one, at) => grants.findIndex(({ role, shop_id }) => role === one.role && shop_id === one.shop_id) === at);
