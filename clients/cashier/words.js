// What the cash desk's page says.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    needs: "需要处理", nothing: "没有要处理的", nothing_help: "没人应的呼叫会出现在这里，并且响铃",
    nobody_fetches: "{where}的菜没人取", nobody_answers: "{where}的呼叫没人应", nobody: "呼叫没人应",
    tried: "{what}。已响 {n} 次，没有人接", arranged: "{who} 在安排", come: "我来安排", done: "办完了",
    tags: "手牌订单", no_tags: "没有进行中的手牌订单", new_n: "新 {n}", seen: "收到", placed: "{number} · {time} · {sum}",
    now: "正在播报", quiet: "现在没有播报", elsewhere: "由另一台收银台播报", times: "第 {n} 遍，共 {all} 遍", once: "只播一遍",
    queued: "排队 {n} 条", nth: "第 {n} 遍",
    mute: "静音本台", mute_help: "其他地方照常播报", how_long: "多久", why: "原因", minutes: "{n} 分", hour: "1 小时",
    phone: "客人通话", event: "前台活动", repair: "设备检修", mute_until: "静音到 {time}",
    muted: "已静音到 {time}", muted_help: "{why} · 到时自动恢复，文字照常显示", unmute: "恢复声音",
    log: "播报记录", log_count: "最近 {n} 条，未听到 {m} 条", log_empty: "今天还没有播报",
    played: "{device}", shown: "{device} 已显示", failed: "{device} 未播出", blocked: "{device} 声音被浏览器拦住",
    muted_at: "{device} 静音", acknowledged: "{device} 已应答", waiting: "{ends}：等回报", unheard: "{ends}：没有回报",
    kitchen: "厨房", pad: "平板", cashier: "收银台", call_screen: "叫号屏", room: "客房", console: "控制台", somebody: "指定的人",
    order_placed: "新单", item_ready: "取餐", item_cancelled: "退菜", order_rushed: "催菜", service_wanted: "服务",
    technician_wanted: "技师", custom: "通知",
    lost: "断线 {n} 秒", lost_min: "断线 {n} 分", lost_help: "画面停在 {time}。按过的会在恢复后送出", understood: "知道了", lang: "EN", gate: "没有声音，就听不到手牌订单和没人应的呼叫",
  },
  en: {
    needs: "Needs you", nothing: "Nothing needs you", nothing_help: "Calls nobody answers appear here, and ring",
    nobody_fetches: "{where}: dish not fetched", nobody_answers: "{where}: call not answered", nobody: "Nobody answers a call",
    tried: "{what}. Rang {n} times, nobody came", arranged: "{who} sees to it", come: "I see to it", done: "Done",
    tags: "Wrist-tag orders", no_tags: "No open wrist-tag orders", new_n: "{n} new", seen: "Got it", placed: "{number} · {time} · {sum}",
    now: "Being said", quiet: "Nothing is being said", elsewhere: "Another cash desk speaks", times: "time {n} of {all}", once: "Said once",
    queued: "{n} waiting", nth: "no. {n}",
    mute: "Mute this desk", mute_help: "Other places speak as ever", how_long: "Time", why: "Reason", minutes: "{n} min", hour: "1 hour",
    phone: "On the phone", event: "Event", repair: "Repair", mute_until: "Mute until {time}",
    muted: "Muted until {time}", muted_help: "{why} · ends by itself; text is shown as ever", unmute: "Sound on again",
    log: "What was said", log_count: "Last {n}, unheard {m}", log_empty: "Nothing was said today",
    played: "{device}", shown: "{device} shown", failed: "{device} not played", blocked: "{device} blocked by browser",
    muted_at: "{device} muted", acknowledged: "{device} answered", waiting: "{ends}: waiting to hear", unheard: "{ends}: no word back",
    kitchen: "Kitchen", pad: "Pads", cashier: "Cash desk", call_screen: "Call screen", room: "Room", console: "Console", somebody: "Named people",
    order_placed: "Order", item_ready: "Fetch", item_cancelled: "Cancel", order_rushed: "Rush", service_wanted: "Service",
    technician_wanted: "Technician", custom: "Notice",
    lost: "No link for {n} s", lost_min: "No link for {n} min", lost_help: "Picture from {time}. Presses are sent when the link is back", understood: "OK", lang: "中", gate: "Without sound nobody hears wrist-tag orders and unanswered calls",
  },
});
