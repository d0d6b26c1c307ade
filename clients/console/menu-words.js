// What the room of the menu says.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    title: "菜单与档口", lead: "卖什么、多少钱、哪个档口做、多久算超时。改动立刻到每一块屏；已下的单不变。", none: "没有这样的菜", add: "新增菜品", search: "找菜名", heading: "分类", all: "全部", sale: "销售",
    dish: "菜品", price: "价格", station: "档口", target: "时限", extras: "做法与过敏原", on_sale: "在售", sold_out: "已沽清", stop: "沽清", resume: "恢复", stopped: "“{name}”已沽清", resumed: "“{name}”恢复销售", waiting: "还有 {n} 份已下单未做好",
    edit: "修改", minutes: "{n} 分", unrouted: "未分档", zh: "中文名", en: "英文名", about_zh: "介绍（中文）", about_en: "介绍（英文）", price_yuan: "价格（元）", target_min: "时限（分钟）", waiting_s: "待制作时限（分钟）", cooking_s: "制作时限（分钟）", pick_up_s: "待取时限（分钟）", no_target: "不限", spicy: "辣度（0–5）", picture: "图片（名称或本站路径）", photo: "上传照片", photo_there: "照片已上传，保存后生效", no_photo: "无法识别这张图片",
    allergens: "过敏原（用顿号或逗号隔开）", groups: "做法", group: "一组做法", add_group: "新增一组", add_choice: "新增一个", remove: "删除", min: "至少选", max: "最多选", less: "免/少", plus: "加", change: "改", sign: "类型", extra: "加价（元）", allergen: "关系到过敏",
    saved: "“{name}”已保存", shops: "同时改这些门店的同名菜", shops_lead: "只改这里改动过的内容。", in_shops: "{done} 家门店已改，{missing} 家没有这道菜", picked: "已选 {n} 道", bulk: "批量修改", bulk_title: "批量修改 {n} 道菜", keep: "不变", clear: "不选了", pick: "选中“{name}”", pick_all: "选中列出的 {n} 道", every_shop: "其余全部 {n} 家",
    sure_together: "在 {shops} 家门店改 {n} 道菜？{list}。", part: "{shop}：{n} 道", part_missing: "{shop}：{n} 道（{missing} 道没有）", then: "；", done_together: "已在 {shops} 家门店改了 {done} 道菜", refused_n: "{n} 道没有改成。{shop}“{dish}”：{why}", nothing_to_do: "没有要改的：已经是这样了",
    stations: "档口", add_station: "新增档口", station_saved: "档口已保存",
  },
  en: {
    title: "Menu and stations", lead: "What is sold, for how much, where it is made, and when it is late. Every screen knows at once; what was ordered stays as it was.", none: "There is no such dish", add: "Put a dish on", search: "Name", heading: "Heading", all: "All", sale: "Sale",
    dish: "Dish", price: "Price", station: "Station", target: "Target", extras: "Choices and allergens", on_sale: "On sale", sold_out: "Sold out", stop: "Sold out", resume: "Sell again", stopped: "“{name}” is sold out", resumed: "“{name}” can be had again", waiting: "{n} ordered before are still to be made",
    edit: "Change", minutes: "{n} min", unrouted: "No station", zh: "Chinese name", en: "English name", about_zh: "About it (Chinese)", about_en: "About it (English)", price_yuan: "Price (yuan)", target_min: "Target (minutes)", waiting_s: "To be begun within (minutes)", cooking_s: "To be cooked within (minutes)", pick_up_s: "To be fetched within (minutes)", no_target: "No limit", spicy: "How hot (0–5)", picture: "Picture (its name, or a path here)", photo: "Bring a photograph", photo_there: "The photograph is there; save to show it", no_photo: "This is no photograph that can be shown",
    allergens: "Allergens (commas between)", groups: "Choices", group: "A group of choices", add_group: "Another group", add_choice: "Another one", remove: "Remove", min: "At least", max: "At most", less: "less", plus: "more", change: "other", sign: "Kind", extra: "Costs more (yuan)", allergen: "About an allergy",
    saved: "“{name}” is saved", shops: "Also the dish of this name in", shops_lead: "Only what was changed here.", in_shops: "Changed in {done} shops; {missing} have no such dish", picked: "{n} chosen", bulk: "Change together", bulk_title: "Change {n} dishes together", keep: "Stays", clear: "Choose none", pick: "Choose “{name}”", pick_all: "Choose all {n} shown", every_shop: "All {n} others",
    sure_together: "Change {n} dishes in {shops} shops? {list}.", part: "{shop}: {n}", part_missing: "{shop}: {n} ({missing} are not there)", then: "; ", done_together: "{done} dishes changed in {shops} shops", refused_n: "{n} were not changed. “{dish}” in {shop}: {why}", nothing_to_do: "Nothing to change: all is so already",
    stations: "Stations", add_station: "Another station", station_saved: "The station is saved",
  },
});
