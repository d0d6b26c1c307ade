// What the room of the broadcast says.

import { dictionary } from "../link/i18n.js";

const words = {
  zh: {
    title: "播报", lead: "什么事在哪里播、说什么、响几遍、没人应答怎么办。改动从下一次响铃起生效，正在等的呼叫也照新的办。",
    rules: "播报设置", templates: "播报句子", scope: "改谁的", scope_shop: "只改这家店", scope_brand: "改品牌默认", at_brand: "品牌默认",
    event: "事件", open: "{event}，{channel}：{how}", off: "不播", once: "1 遍", times: "{n} 遍", every_s: "每 {n} 秒", until_come: "直到有人应答", quiet_at: "{from}–{to} 安静",
    layer_house: "默认", layer_brand: "品牌", layer_shop: "本店", from_layer: "来自：{layer}", give_back: "改回", give_back_to: "“{field}”改回{layer}的“{value}”",
    says: "播什么", repeats: "响几遍", quietly: "安静时段", escalates: "没人应答", orders: "先后与过时",
    on: "播报", template_id: "句子", sound: "提示音", one_as_yao: "房号和号码里的 1 读“幺”", until_acknowledged: "一直响到有人应答（最多 60 遍）", repeat_max: "第一遍之后再响几遍", interval_s: "两遍间隔（秒）", expiry_s: "多少秒没播出就不再播", coalesce_s: "几秒内的几条合成一句（0：不合）", claim_reminder_s: "接单后多少秒没取再提醒",
    quiet: "安静时段", quiet_label: "安静时段（本店时间）", quiet_none: "没有安静时段", quiet_from: "从", quiet_to: "到", quiet_exempt: "这件事在安静时段照样出声", quiet_then: "安静时段里的", quiet_suppress: "不再播", quiet_postpone: "等结束后再播",
    escalate_after_rings: "响几遍没人应答就升级", escalate_to: "升级到", nobody: "不升级", priority: "优先级（0 最急，9 最缓）", misfire: "系统中断后错过的", misfire_drop: "不补播", misfire_once: "补播一次", misfire_late: "没太晚就补播", late_s_max: "最多晚多少秒",
    yes: "是", no: "否", caller_says: "由呼叫方指定", like: "跟随：{value}", hear_sound: "听提示音", there: "在{channel}播一次", sure_there: "在“{shop}”的{channel}真的播一次？那里的人会听到，并记入呼叫。", there_queued: "已在{channel}播：{n} 台设备，{on} 台在线", there_suppressed: "{channel}没有播：本店“自定义”事件的设置不让播，或在安静时段", there_no_such_end: "这家店没有已配对的{channel}设备",
    sound_new: "新单", sound_round: "加菜", sound_ring: "铃声", sound_rush: "催促", sound_cancelled: "取消", sound_notice: "提示", sound_none: "无声",
    order_placed: "新订单", item_ready: "菜品完成", item_cancelled: "退菜", order_rushed: "催菜", item_unseen: "厨房没显示", service_wanted: "呼叫服务", technician_wanted: "呼叫技师", custom: "自定义", number_ready: "叫号", order_crossed: "清房时来的单",
    kitchen: "厨房", pad: "服务员平板", cashier: "收银台", call_screen: "叫号屏", room: "客房", console: "后台",
    try: "试听", as_desk: "和收银台听到的一样：先提示音，再说话。", place_kind: "地点", place_room: "801 房间", place_tag: "手牌 23", place_table: "A3 桌",
    also: "同时改这些门店", all_shops: "全部 {n} 家 / 都不选", also_lead: "只改这里改动过的内容，那些门店其他的设置不变。什么都没改时，把本店在这里的设置都抄过去。", deviate: "这些门店在这里有自己的设置，不跟着品牌变", follow: "{shop}：改回跟随品牌（{fields}）",
    sure_shops: "在{shops}（{n} 家门店）同样修改“{event} · {channel}”的{fields}？", sure_follow: "让{shops}（{n} 家门店）的“{event} · {channel}”改回跟随品牌？", do_it: "改",
    saved: "“{event} · {channel}”已保存", unchanged: "没有改动", in_shops: "{done} 家门店已改", not_in: "{shop}没有改：{why}",
    history: "谁改过", no_history: "还没有人改过", gave_all: "全部改回",
    name: "名称", sentence: "句子", parameters: "参数", version: "版本", of_house: "自带", of_brand: "品牌", nth: "第 {n} 版", add: "新句子", look: "查看", edit: "修改", none: "没有句子", search: "找名称或内容",
    zh: "中文", en: "英文", no_sentence: "这里没有自己的句子，由呼叫方在呼叫时指定。", aloud: "念作", say_zh: "念中文", say_en: "念英文", stop: "停",
    heard_recording: "已播放：本店的录音，和收银台的一样", heard_browser: "已播放：浏览器的语音（本店没有录音）", heard_chime: "已播放", heard_blocked: "浏览器不让出声：请点一下页面再试", heard_silent: "没有声音：没有录音，浏览器也没有语音",
    add_parameter: "加一个参数", parameter_name: "参数名（字母和数字）", type: "读法", sample: "试听用的值", put_in: "把 {name} 放进句子", drop: "去掉 {name}", make_parameter: "把 {name} 设为参数", unused: "句子里还没用到", fixed: "参数已定：呼叫方按它们填值。要换参数，请写一个新句子。", from_house: "自带的句子不能改。可以照它写一个自己的。", write_own: "照它写一个", own_name: "{name}（自定）",
    text: "照读", room_type: "房号", goods: "菜名", number: "数字", quantity: "份数", money: "金额（分）", time: "时间", queue_number: "取餐号",
    versions: "以前的版本", no_versions: "还没有", take: "用回这一版", by: "{who}，{when}", template_saved: "“{name}”已保存，从下一次响铃起这样说",
    wrong_empty: "{language}还是空的", wrong_control_character: "{language}里有看不见的控制字符", wrong_too_long: "{language}太长，最多 {n} 个字", wrong_brace: "{language}第 {at} 个字处的花括号不成对，或括号里不是参数名", wrong_unknown: "{language}里的 {names} 不是参数", wrong_name: "参数名“{name}”只能是字母开头的字母和数字", wrong_field: "这个值不能用", many_parameters: "参数太多，最多 {n} 个", many_templates: "品牌的句子太多，最多 {n} 个",
  },
  en: {
    title: "Broadcast", lead: "What is said where, in which words, how often, and what happens when nobody comes. A change holds from the next ring on, for calls that wait too.",
    rules: "Rules", templates: "Sentences", scope: "Change", scope_shop: "this shop only", scope_brand: "the brand's default", at_brand: "the brand's default",
    event: "Event", open: "{event}, {channel}: {how}", off: "Off", once: "Once", times: "{n} times", every_s: "every {n} s", until_come: "until somebody comes", quiet_at: "quiet {from}–{to}",
    layer_house: "House", layer_brand: "Brand", layer_shop: "This shop", from_layer: "From: {layer}", give_back: "Give back", give_back_to: "Give “{field}” back to the {layer}: {value}",
    says: "What is said", repeats: "How often", quietly: "Quiet hours", escalates: "When nobody comes", orders: "What goes first, what is too late",
    on: "Broadcast", template_id: "Sentence", sound: "Chime", one_as_yao: "Say 1 as 幺 in rooms and numbers (Chinese)", until_acknowledged: "Ring until somebody comes (60 times at most)", repeat_max: "Further rings after the first", interval_s: "Seconds between rings", expiry_s: "Not said any more after (seconds)", coalesce_s: "Several within so many seconds are one sentence (0: never)", claim_reminder_s: "Seconds after which who claimed it is reminded",
    quiet: "Quiet hours", quiet_label: "Quiet hours (the shop's time)", quiet_none: "No quiet hours", quiet_from: "From", quiet_to: "To", quiet_exempt: "Sounds in quiet hours all the same", quiet_then: "In quiet hours", quiet_suppress: "it is not said", quiet_postpone: "it is said when they end",
    escalate_after_rings: "Escalates after so many rings", escalate_to: "Escalates to", nobody: "Never", priority: "Priority (0 most urgent, 9 least)", misfire: "What was missed while the house was away", misfire_drop: "is not said", misfire_once: "is said once", misfire_late: "is said if not too late", late_s_max: "At most so many seconds late",
    yes: "Yes", no: "No", caller_says: "The caller's own", like: "As below: {value}", hear_sound: "Hear the chime", there: "Say it there: {channel}", sure_there: "Say it once at {channel} of “{shop}”? People there hear it, and it stands among the calls.", there_queued: "Said at {channel}: {n} devices, {on} online", there_suppressed: "Not said at {channel}: the shop's rules for custom calls are off there, or quiet hours hold", there_no_such_end: "The shop has no paired device at {channel}",
    sound_new: "New order", sound_round: "Another round", sound_ring: "Ring", sound_rush: "Rush", sound_cancelled: "Cancelled", sound_notice: "Notice", sound_none: "None",
    order_placed: "New order", item_ready: "Dish done", item_cancelled: "Dish cancelled", order_rushed: "Rush", item_unseen: "Shown on no board", service_wanted: "Service wanted", technician_wanted: "Technician wanted", custom: "Custom", number_ready: "Number called", order_crossed: "Order as a room was cleared",
    kitchen: "Kitchen", pad: "Waiters' pads", cashier: "Cash desk", call_screen: "Number screen", room: "Room", console: "Console",
    try: "Try it", as_desk: "As the cash desk hears it: the chime, then the voice.", place_kind: "Place", place_room: "room 801", place_tag: "wrist tag 23", place_table: "table A3",
    also: "Also in these shops", all_shops: "All {n}, or none", also_lead: "Only what was changed here; all else of theirs stays. When nothing was changed, all that this shop has of its own here is copied.", deviate: "These shops have rules of their own here and do not follow the brand", follow: "{shop}: follow the brand again ({fields})",
    sure_shops: "Change {fields} of “{event} · {channel}” in {shops} too ({n} shops)?", sure_follow: "Let {shops} ({n} shops) follow the brand again in “{event} · {channel}”?", do_it: "Change",
    saved: "“{event} · {channel}” is saved", unchanged: "Nothing was changed", in_shops: "Changed in {done} shops", not_in: "Not in {shop}: {why}",
    history: "Who changed it", no_history: "Nobody has changed it", gave_all: "gave everything back",
    name: "Name", sentence: "Sentence", parameters: "Parameters", version: "Version", of_house: "built in", of_brand: "brand", nth: "version {n}", add: "New sentence", look: "Look", edit: "Change", none: "There is no sentence", search: "Name or words",
    zh: "Chinese", en: "English", no_sentence: "Nothing is said of its own accord: the caller names a sentence.", aloud: "Read aloud", say_zh: "Say it in Chinese", say_en: "Say it in English", stop: "Stop",
    heard_recording: "Played: the house's recording, as at the cash desk", heard_browser: "Played: the browser's voice (there is no recording)", heard_chime: "Played", heard_blocked: "The browser blocks sound: press anywhere and try again", heard_silent: "Nothing was heard: no recording, and the browser has no voice",
    add_parameter: "Add a parameter", parameter_name: "Its name (letters and digits)", type: "Read as", sample: "Tried with", put_in: "Put {name} into the sentence", drop: "Remove {name}", make_parameter: "Make {name} a parameter", unused: "no sentence uses it yet", fixed: "Its parameters are fixed: callers fill them. Write another sentence for others.", from_house: "A built-in sentence cannot be changed. Write one of your own from it.", write_own: "Write one from it", own_name: "{name} (own)",
    text: "as it stands", room_type: "room", goods: "dish", number: "number", quantity: "portions", money: "money (fen)", time: "time", queue_number: "queue number",
    versions: "Earlier versions", no_versions: "None yet", take: "Take this one", by: "{who}, {when}", template_saved: "“{name}” is saved and said from the next ring on",
    wrong_empty: "The {language} is still empty", wrong_control_character: "The {language} has an invisible control character", wrong_too_long: "The {language} is too long: {n} characters at most", wrong_brace: "The brace at character {at} of the {language} has no partner, or no name within", wrong_unknown: "{names} in the {language} is no parameter", wrong_name: "A parameter is called by letters and digits, a letter first: not “{name}”", wrong_field: "This value cannot be used", many_parameters: "Too many parameters: {n} at most", many_templates: "The brand has too many sentences: {n} at most",
  },
};

export const say = dictionary(words);

/** The words for one of a rule's words. @param {string} what */
export const told = (what) => (what in words.zh ? say(/** @type {keyof typeof words.zh} */ (what)) : what);

/** How a parameter of this type is read. @param {string} type */
export const typeWords = (type) => told(type === "room" ? "room_type" : type);

/** The house's own sentences, by what they are about. server/broadcast/policy.py @type {Record<number, string>} */
const HOUSE = { 1: "order_placed", 2: "item_ready", 3: "number_ready", 4: "item_cancelled", 5: "service_wanted", 6: "technician_wanted", 7: "order_rushed", 8: "item_unseen", 9: "order_crossed" };

/** What a sentence is called; the house's own are called in the page's language. @param {import("./sentences.js").Template} template */
export const called = ({ id, name }) => (id in HOUSE ? told(HOUSE[id]) : name);
