// What a rule says and which layer says it: the house, the brand over it, the shop over both. ◆ Pure.
// Refuses to judge values: doors do.

/** @typedef {"house" | "brand" | "shop"} Layer */
/** @typedef {{from_minute: number, to_minute: number}} Quiet */
/**
 * @typedef {{on: boolean, template_id: number | null, sound: string, one_as_yao: boolean, until_acknowledged: boolean, repeat_max: number, interval_s: number,
 *   expiry_s: number, coalesce_s: number, claim_reminder_s: number, quiet: Quiet | null, quiet_exempt: boolean, quiet_then: string,
 *   escalate_after_rings: number | null, escalate_to: string[], priority: number, misfire: string, late_s_max: number}} Policy server/broadcast/policy.py
 * @typedef {Partial<Policy>} Change
 * @typedef {keyof Policy} Field
 * @typedef {{channel: string, effective: Policy, house: Policy, brand: Change | null, brand_version: number, shop: Change | null, shop_version: number}} Rule
 * @typedef {{event: string, channels: Rule[]}} EventRules
 * @typedef {{shop_id: number, channel: string, change: Change, version: number}} ShopChange
 * @typedef {{set: Change, back: Field[]}} Laid what was changed, and what was given back to the layer below
 */

export const EVENTS = ["order_placed", "item_ready", "item_cancelled", "order_rushed", "item_unseen", "service_wanted", "technician_wanted", "custom"];
export const CHANNELS = ["kitchen", "pad", "cashier", "call_screen", "room", "console"];

/** In which company a form shows the fields. @type {[string, Field[]][]} */
export const GROUPS = [
  ["says", ["on", "template_id", "sound", "one_as_yao"]],
  ["repeats", ["until_acknowledged", "repeat_max", "interval_s", "expiry_s", "coalesce_s", "claim_reminder_s"]],
  ["quietly", ["quiet", "quiet_exempt", "quiet_then"]],
  ["escalates", ["escalate_after_rings", "escalate_to"]],
  ["orders", ["priority", "misfire", "late_s_max"]],
];
const FIELDS = GROUPS.flatMap(([, fields]) => fields);

/** What a rule's own layer says by itself. @param {Rule} rule @param {Layer} scope @returns {Change} */
export const ownOf = (rule, scope) => (scope === "shop" ? rule.shop : rule.brand) ?? {};

/** @param {Rule} rule @param {Layer} scope */
export const versionOf = (rule, scope) => (scope === "shop" ? rule.shop_version : rule.brand_version);

/** What holds when the own layer says nothing. @param {Rule} rule @param {Layer} scope @returns {Policy} */
export const below = (rule, scope) => ({ ...rule.house, ...(scope === "shop" ? rule.brand : null) });

/** What holds with these words of the own layer. @param {Rule} rule @param {Layer} scope @param {Change} own @returns {Policy} */
export const holding = (rule, scope, own) => ({ ...below(rule, scope), ...own });

/** Who says a field. @param {Rule} rule @param {Layer} scope @param {Change} own @param {Field} field @returns {Layer} */
export function saidBy(rule, scope, own, field) {
  if (field in own) return scope;
  return scope === "shop" && rule.brand && field in rule.brand ? "brand" : "house";
}

/** The highest layer that says anything of a rule. @param {Rule} rule @returns {Layer} */
export function topmost(rule) {
  const says = (/** @type {Change | null} */ change) => change !== null && Object.keys(change).length > 0;
  return says(rule.shop) ? "shop" : says(rule.brand) ? "brand" : "house";
}

/** @param {unknown} one @param {unknown} other */
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** What is otherwise. @param {Change} before @param {Change} after @returns {Laid} */
export function laidOver(before, after) {
  const set = Object.fromEntries(Object.entries(after).filter(([field, value]) => !(field in before) || !same(before[/** @type {Field} */ (field)], value)));
  return { set, back: FIELDS.filter((field) => field in before && !(field in after)) };
}

/** The same change over what somebody else says. @param {Change} own @param {Laid} laid @returns {Change} */
export function withLaid(own, { set, back }) {
  const kept = Object.entries(own).filter(([field]) => !back.includes(/** @type {Field} */ (field)));
  return { ...Object.fromEntries(kept), ...set };
}

/** Its fields, in the order of the form. @param {Laid} laid @returns {Field[]} */
export const fieldsOf = ({ set, back }) => FIELDS.filter((field) => field in set || back.includes(field));

/** Minutes of the day as 22:30. @param {number} minute */
export const hm = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** 22:30 as minutes of the day; null when it is no time. @param {string} words */
export function minuteOf(words) {
  const found = /^(\d\d):(\d\d)/.exec(words);
  return found ? Number(found[1]) * 60 + Number(found[2]) : null;
}
