// What the room of calls says.

import { dictionary } from "../link/i18n.js";

const words = {
  zh: {
    title: "呼叫", lead: "谁被呼叫，响了几遍，在哪里响过，谁接的。点一行看每一遍的回执。", none: "没有符合条件的呼叫", more: "更早的",
    what: "事件", sentence: "说的话", where: "地点", state: "状态", rings: "响铃", raised: "时间", place: "房间或桌位", since: "从", until: "到", all: "全部",
    order_placed: "新订单", item_ready: "菜品完成", item_cancelled: "退菜", order_rushed: "催菜", service_wanted: "呼叫服务", technician_wanted: "呼叫技师", custom: "自定义",
    ringing: "正在响", unanswered: "无人应答", claimed: "已接", ended: "已结束",
    picked_up: "已取餐", undone: "已撤销", cleaned: "已清房", item_cancelled_end: "菜已退", acknowledged: "已确认", served: "已服务", cancelled: "已取消", done: "已完成", expired: "已过期", suppressed: "未播报",
    of: "{n} / {all} 遍", once: "{n} 遍", every_s: "每 {n} 秒", by: "{who} 接了", house: "本店自动", from: "来自 {who}", escalated: "已升级到收银台",
    cancel: "取消呼叫", sure: "取消这个呼叫？还在响的会立刻停下。", cancelled_done: "已取消", channels: "去向", expires: "{time} 过期",
    plan: "每一遍", end: "哪一端", ring: "第几遍", due: "应响", sent: "已发", stage: "结果", receipts: "哪些设备响了", no_receipts: "还没有设备回执", device: "设备", at: "时间",
    kitchen: "厨房", pad: "服务员平板", cashier: "收银台", call_screen: "叫号屏", room: "客房", console: "后台", account: "账号 {n}",
    shown: "已显示", played: "已播放", failed: "播放失败", blocked: "浏览器禁声", muted: "已静音", given_back: "去不了，已交回",
    queued: "待响", spoken_by: "与呼叫 {n} 同一句", msg: "类型", msg_1: "播报", msg_2: "刷新", msg_3: "通知", msg_4: "平板呼叫",
  },
  en: {
    title: "Calls", lead: "Who was called, how often it rang and where, who came. Open a line for each ring's receipts.", none: "There is no such call", more: "Earlier ones",
    what: "Event", sentence: "Says", where: "Where", state: "State", rings: "Rings", raised: "When", place: "Room or table", since: "From", until: "To", all: "All",
    order_placed: "New order", item_ready: "Dish done", item_cancelled: "Dish cancelled", order_rushed: "Rush", service_wanted: "Service wanted", technician_wanted: "Technician wanted", custom: "Custom",
    ringing: "Rings", unanswered: "Nobody came", claimed: "Claimed", ended: "Over",
    picked_up: "picked up", undone: "taken back", cleaned: "room cleaned", item_cancelled_end: "dish cancelled", acknowledged: "acknowledged", served: "served", cancelled: "cancelled", done: "done", expired: "expired", suppressed: "not said",
    of: "{n} of {all}", once: "{n}", every_s: "every {n} s", by: "{who} came", house: "the house itself", from: "from {who}", escalated: "escalated to the cash desk",
    cancel: "Cancel the call", sure: "Cancel this call? What still rings falls silent at once.", cancelled_done: "Cancelled", channels: "Goes to", expires: "expires {time}",
    plan: "Each ring", end: "End", ring: "Ring", due: "Due", sent: "Sent", stage: "Outcome", receipts: "Which devices rang", no_receipts: "No device has said anything yet", device: "Device", at: "When",
    kitchen: "Kitchen", pad: "Waiters' pads", cashier: "Cash desk", call_screen: "Number screen", room: "Room", console: "Console", account: "account {n}",
    shown: "shown", played: "played", failed: "failed", blocked: "browser blocked sound", muted: "muted", given_back: "given back",
    queued: "to ring", spoken_by: "said with call {n}", msg: "Kind", msg_1: "spoken", msg_2: "refresh", msg_3: "notice", msg_4: "pad call",
  },
};

export const say = dictionary(words);

/** The words for something, or its own name where nobody gave it any. @param {string} what */
export const told = (what) => (what in words.zh ? say(/** @type {keyof typeof words.zh} */ (what)) : what);
