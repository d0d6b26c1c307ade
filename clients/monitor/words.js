// What the monitor of meal cards says.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    title: "储值卡监控", lang: "EN", all: "全部", consume: "消费", top_up: "充值", refund: "退款", consumed: "消费", topped_up: "充值", gave_back: "退款", other: "冻结、开卡等",
    freeze_funds: "冻结资金", close: "销卡", opened: "开卡", frozen: "冻结", user_frozen: "冻结持卡人", unfrozen: "解冻", user_unfrozen: "解冻持卡人", replaced: "补卡",
    part_refunded: "部分已退", refunded: "已退款", released: "已解冻", held: "冻结中",
    n: "{n} 笔", given: "送 {sum}", left: "余额 {sum}", gives_back: "退 {time} 的消费", paid_out: "退给持卡人", lapsed: "作废赠送 {sum}",
    time: "时间", kind: "类型", card: "卡号", amount: "金额", after: "卡内余额", what: "内容", by: "经手",
    sum_consumed: "今日消费", sum_top_up: "今日充值", sum_bonus: "赠送", sum_refunded: "今日退款", sum_net: "消费净额", sum_paid_out: "销卡退出",
    report: "打印今日统计", by_day: "按日", by_dish: "按菜", by_hour: "按时段", report_away: "取不到统计：{why}", no_server: "找不到服务器", making: "正在取…",
    none: "今天还没有交易。有人刷卡，这里立刻出现。", none_kind: "今天没有这一类", newest: "最新 {n} 笔", business_day: "营业日 {day}", fresh: "新",
    since: "开卡、冻结、补卡：本页打开以来", lost: "断线 {n} 秒", lost_min: "断线 {n} 分", lost_help: "画面停在 {time}，恢复后自动补齐",
  },
  en: {
    title: "Meal card monitor", lang: "中", all: "All", consume: "Charges", top_up: "Top-ups", refund: "Refunds", consumed: "Charge", topped_up: "Top-up", gave_back: "Refund", other: "Freezes, new cards",
    freeze_funds: "Funds held", close: "Closed", opened: "New card", frozen: "Frozen", user_frozen: "Holder frozen", unfrozen: "Unfrozen", user_unfrozen: "Holder unfrozen", replaced: "Replaced",
    part_refunded: "part refunded", refunded: "refunded", released: "released", held: "held",
    n: "{n} in all", given: "bonus {sum}", left: "left {sum}", gives_back: "of the charge at {time}", paid_out: "paid to the holder", lapsed: "bonus lapsed {sum}",
    time: "Time", kind: "Kind", card: "Card", amount: "Amount", after: "Balance after", what: "What", by: "By",
    sum_consumed: "Charged today", sum_top_up: "Topped up", sum_bonus: "Bonus", sum_refunded: "Refunded", sum_net: "Net charged", sum_paid_out: "Paid out",
    report: "Print today", by_day: "by day", by_dish: "by dish", by_hour: "by hour", report_away: "No statistics: {why}", no_server: "server not found", making: "Fetching…",
    none: "No trades today yet. A charge appears here at once.", none_kind: "None of this kind today", newest: "newest {n}", business_day: "Business day {day}", fresh: "new",
    since: "New cards, freezes, replacements: since this page opened", lost: "No link for {n} s", lost_min: "No link for {n} min", lost_help: "Picture from {time}; it catches up by itself",
  },
});
