// The console's rooms, in the order of its rail: who may enter, and the element that is the room.
// Refuses to hold what a room does; a role that may not enter does not see it, and the doors refuse it besides.

import "./audit-room.js";
import "./broadcast-room.js";
import "./calls-room.js";
import "./devices-room.js";
import "./health-room.js";
import "./keys-room.js";
import "./menu-room.js";
import "./printers-room.js";
import "./report-room.js";
import "./sms-room.js";
import "./staff-room.js";

/**
 * @typedef {{id: string, tag: string, icon: string, words: import("../link/i18n.js").Text, roles: string[], wide?: boolean, brand?: boolean, key?: string}} RoomRow
 * `key`: the letter it is entered by; the others have digits, in their order. `wide`: looks at all shops at once, so no shop is chosen. `brand`: for who has the role in all shops.
 */

/** Who keeps a shop. server/staff/member.py */
export const LEADERS = ["owner", "manager"];

/** @type {RoomRow[]} */
export const ROOMS = [
  { id: "devices", tag: "devices-room", icon: "linked", words: { zh: "设备", en: "Devices" }, roles: LEADERS },
  { id: "menu", tag: "menu-room", icon: "cooking", words: { zh: "菜单与档口", en: "Menu" }, roles: LEADERS },
  { id: "printers", tag: "printers-room", icon: "print", words: { zh: "打印机", en: "Printers" }, roles: LEADERS },
  { id: "calls", tag: "calls-room", icon: "bell", words: { zh: "呼叫", en: "Calls" }, roles: LEADERS },
  { id: "broadcast", tag: "broadcast-room", icon: "speaker", words: { zh: "播报", en: "Broadcast" }, roles: LEADERS },
  { id: "report", tag: "report-room", icon: "soon", words: { zh: "厨房报表", en: "Kitchen report" }, roles: LEADERS, key: "K" },
  { id: "sms", tag: "sms-room", icon: "coin", words: { zh: "短信", en: "Texts" }, roles: LEADERS, wide: true, brand: true },
  { id: "staff", tag: "staff-room", icon: "person", words: { zh: "员工", en: "Staff" }, roles: LEADERS, wide: true },
  { id: "keys", tag: "keys-room", icon: "tag", words: { zh: "接口密钥", en: "API keys" }, roles: ["owner"], wide: true, brand: true },
  { id: "health", tag: "health-room", icon: "ontime", words: { zh: "运行状况", en: "Live health" }, roles: LEADERS, wide: true },
  { id: "audit", tag: "audit-room", icon: "note", words: { zh: "操作记录", en: "Audit log" }, roles: [...LEADERS, "auditor"], wide: true },
];

/**
 * Shops in which somebody may enter a room.
 * @param {RoomRow} room @param {import("./room.js").Me} me
 */
export function openShops(room, me) {
  const held = me.roles.filter(({ role }) => room.roles.includes(role)).map((one) => one.shop_id);
  return held.includes(0) ? me.shops : room.brand ? [] : me.shops.filter((one) => held.includes(one.id));
}

/** Whether somebody may enter a room in every shop of the brand. @param {RoomRow} room @param {import("./room.js").Me} me */
export const everywhere = (room, me) => me.roles.some(({ role, shop_id }) => shop_id === 0 && room.roles.includes(role));

/** Rooms that open to somebody. @param {import("./room.js").Me} me */
export const roomsOf = (me) => ROOMS.filter((room) => openShops(room, me).length);
