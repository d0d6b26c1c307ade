// The words all screens share: states, places, link, allergens, refusals.

import { dictionary, lang } from "./i18n.js";
import { REFUSALS } from "./refusals.js";

export const say = dictionary({
  zh: {
    brand: "传菜",
    queued: "待制作", cooking: "制作中", ready: "制作完成", called: "已叫", picked_up: "已取走", delivered: "已送达",
    cancelled: "已退菜", held: "等叫",
    room: "房", table: "桌", tag: "手牌", takeaway: "外卖",
    guest_room: "客房", waiter: "服务员", cashier: "收银台", api: "外部系统",
    linked: "已连接", slow: "变慢", no_link: "断线", allergy: "过敏：{what}", comma: "、",
    left_min: "剩 {n} 分", left_less: "不到 1 分", late_min: "超时 {n} 分", late: "超时", yesterday: "昨日",
    sought: "{who}在找这台设备",
    to_send: "待送出", refused: "未执行：{why}", sound_on: "声音开", sound_off: "无声音",
    gate: "点一下，打开声音", gate_why: "或按任意键。没有声音，就听不到新单",
    test_sentence: "这是声音测试，请听一听", testing: "正在试声音", muted: "已静音", sound_test: "试声音",
    heard_recording: "听到了：提示音和语音", heard_browser: "听到了：提示音；句子由浏览器来读", heard_text: "只有提示音，没有语音，句子会显示成大字",
    heard_nothing: "没有声音，请检查音量和喇叭",
    stopped: "这块屏已停止", take_over: "在这里继续用", reload: "重新载入",
    replaced_help: "同一设备在别处打开了。要在这里用，点下面，那边会停。", bad_frame_help: "程序可能已更新，请重新载入。",
    connecting: "正在连接服务器", connecting_help: "找不到服务器时，请检查网线或无线网。会一直重试。",
  },
  en: {
    brand: "Chuancai",
    queued: "To cook", cooking: "Cooking", ready: "Done", called: "Called", picked_up: "Picked up",
    delivered: "Delivered", cancelled: "Cancelled", held: "On hold",
    room: "", table: "", tag: "Wrist tag", takeaway: "Takeaway",
    guest_room: "room", waiter: "waiter", cashier: "cash desk", api: "other system",
    linked: "Connected", slow: "Slow", no_link: "No link", allergy: "Allergy: {what}", comma: ", ",
    left_min: "{n} min left", left_less: "< 1 min left", late_min: "{n} min late", late: "Late", yesterday: "Yesterday",
    sought: "{who} is looking for this device",
    to_send: "Unsent", refused: "Not done: {why}", sound_on: "Sound on", sound_off: "No sound",
    gate: "Touch to turn on sound", gate_why: "Or press any key. Without sound nobody hears new orders",
    test_sentence: "This is a sound test", testing: "Testing the sound", muted: "Muted", sound_test: "Sound test",
    heard_recording: "Heard: chime and voice", heard_browser: "Heard: chime; the browser reads the sentence",
    heard_text: "Chime only, no voice: sentences are shown in large letters",
    heard_nothing: "Nothing heard: check volume and loudspeaker",
    stopped: "This screen has stopped", take_over: "Use it here", reload: "Reload",
    replaced_help: "The same device was opened elsewhere. To use it here press below; the other one will stop.",
    bad_frame_help: "The program may be newer than this page. Please reload.",
    connecting: "Connecting to the server", connecting_help: "If this stays, check the network cable or Wi-Fi. It keeps trying.",
  },
});

/** The kitchen's own words → English. @type {Record<string, string>} */
const ALLERGENS = {
  花生: "peanuts", 坚果: "nuts", 牛奶: "milk", 奶: "milk", 乳制品: "dairy", 鸡蛋: "egg", 蛋: "egg", 鱼类: "fish", 鱼: "fish",
  贝类: "shellfish", 甲壳类: "crustaceans", 虾: "shrimp", 蟹: "crab", 大豆: "soy", 麸质: "gluten", 芝麻: "sesame",
};

/** An allergen in the page's language; a word nobody translated stays as it was written. @param {string} word */
export const allergen = (word) => (lang() === "en" ? (ALLERGENS[word] ?? word) : word);

/** Why a command was refused. @param {{code: string, sentence: string} | null} refusal */
export const refusalWords = (refusal) => (refusal ? (REFUSALS[refusal.code]?.[lang()] ?? refusal.sentence) : "");
