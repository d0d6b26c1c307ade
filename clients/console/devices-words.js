// What the room of devices says.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    title: "设备", lead: "这家店的屏幕和平板：谁在线，站在哪里，怎么显示。改动立刻生效。",
    pair: "配对新设备", none: "还没有设备。用“配对新设备”添一台", search: "找名称或编号", all_kinds: "全部种类", only: "状态",
    any: "全部", on: "在线", off: "离线", gone: "已解除",
    version: "版本 {version}", old_version: "不是最新，空闲时自动更新",
    name: "名称", kind: "种类", stands: "在哪里", state: "状态", seen: "最后在线", nowhere: "—", all_stations: "全部档口",
    kitchen: "厨房屏", waiter: "服务员平板", guest: "客房平板", cashier: "收银台", call_screen: "叫号屏", monitor: "刷卡监控",
    online: "在线", offline: "离线", unknown: "不知道", unpaired: "未配对", counts: "{on} 台在线，共 {all} 台",
    edit: "设置", seek: "闪一下", sought: "已让“{name}”闪出名称", revoke: "解除配对", sure_revoke: "解除“{name}”的配对？它会立刻断开，要用新的配对码才能再连。",
    revoked: "“{name}”已解除配对", renew: "换新机器",
    pair_title: "配对新设备", pair_how: "两种办法，任选一种：", way_screen: "屏幕上已显示配对码", way_screen_how: "把屏幕上的 8 位数字填在这里。",
    scan: "或用设备的相机扫这个码，自动打开并配对", scan_alone: "服务器只在本机可用，别的设备打不开。请用 --host 0.0.0.0 启动", way_code: "在设备上输入配对码", way_code_how: "生成一个码，在设备上输入。十分钟内有效，只能用一次。", code: "配对码", confirm: "确认配对", make: "生成配对码",
    made: "在设备上输入", until: "{time} 前有效", paired: "“{name}”已配对",
    place: "房间或桌位", station: "档口", no_place: "不固定", saved: "“{name}”已保存",
    screen: "屏幕", anew: "刚才有别人改过这台屏。下面是现在的设置，请再填一次。", as_likes: "按屏幕自己", mode: "内容", mode_station: "本档口的菜", mode_expo: "整单（传菜口）", unfinished: "传菜口：整单没齐时", unfinished_ask: "再按一下可先出", unfinished_never: "等齐才出", columns: "列数", rows: "行数",
    distance: "观看距离（厘米）", distance_lead: "字号随距离变大", theme: "主题", dark: "深色", light: "浅色", volume: "音量（%）", language: "语言",
    zh: "中文", en: "英文", where: "身份与位置", number: "编号 {n}", since: "{when}配对",
  },
  en: {
    title: "Devices", lead: "The shop's screens and pads: who is online, where it stands, how it shows. Changes take effect at once.",
    pair: "Pair a device", none: "No device yet: pair one", search: "Name or number", all_kinds: "All kinds", only: "State",
    any: "All", on: "Online", off: "Offline", gone: "Unpaired",
    version: "version {version}", old_version: "not the newest; updates when idle",
    name: "Name", kind: "Kind", stands: "Stands", state: "State", seen: "Last seen", nowhere: "—", all_stations: "All stations",
    kitchen: "Kitchen board", waiter: "Waiter's pad", guest: "Guest's pad", cashier: "Cash desk", call_screen: "Number screen", monitor: "Card monitor",
    online: "Online", offline: "Offline", unknown: "Nobody knows", unpaired: "Not paired", counts: "{on} online of {all}",
    edit: "Settings", seek: "Flash", sought: "“{name}” flashes its name", revoke: "Unpair", sure_revoke: "Unpair “{name}”? It is cut off at once and needs a new code to come back.",
    revoked: "“{name}” is unpaired", renew: "New hardware",
    pair_title: "Pair a device", pair_how: "Either way will do:", way_screen: "The screen shows a code", way_screen_how: "Type the eight digits from the screen here.",
    scan: "Or scan this with the device: it opens and pairs itself", scan_alone: "Only this machine reaches the server, no other device: start it with --host 0.0.0.0", way_code: "Type a code on the device", way_code_how: "Make a code and type it on the device. Good for ten minutes, once.", code: "Code", confirm: "Confirm", make: "Make a code",
    made: "Type on the device", until: "good until {time}", paired: "“{name}” is paired",
    place: "Room or table", station: "Station", no_place: "Nowhere fixed", saved: "“{name}” is saved",
    screen: "Screen", anew: "Somebody else set this screen up just now. These are its settings; say again what you want.", as_likes: "As the screen likes", mode: "Shows", mode_station: "its station's dishes", mode_expo: "whole orders (expo)", unfinished: "Expo: an order not whole yet", unfinished_ask: "may go after a second press", unfinished_never: "waits until it is whole", columns: "Columns", rows: "Rows",
    distance: "Viewing distance (cm)", distance_lead: "text grows with it", theme: "Theme", dark: "Dark", light: "Light", volume: "Volume (%)", language: "Language",
    zh: "Chinese", en: "English", where: "Name and place", number: "number {n}", since: "paired {when}",
  },
});
