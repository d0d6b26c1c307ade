// What the room of texts says.

import { dictionary } from "../link/i18n.js";

const words = {
  zh: {
    title: "短信", lead: "还能发多少条、买过哪些套餐、每一条花在哪里、发出去的短信怎么样了。全品牌共用。号码只显示头尾，内容不显示。",
    available: "可用", available_means: "还能发这么多计费条数", held: "冻结中", held_means: "已为要发的短信留出", expiring: "快过期", expires_at: "{when} 过期", expiring_none: "没有会过期的", warn: "提醒线", warn_off: "不提醒", warn_means: "可用低于这个数就提醒",
    low: "短信快用完了：可用 {n} 条，低于提醒线 {below} 条。请联系卖家买套餐。", out: "短信已用完：现在发不出去。请联系卖家买套餐。", set_warn: "改提醒线", warn_field: "可用低于多少条时提醒（0：不提醒）", warn_help: "每半分钟看一次，到了就出现在“运行状况”里，每小时最多提醒一次。", warn_saved: "提醒线已保存",
    undelivered_kept: "没有送达的照样计费。", undelivered_comes_back: "没有送达的会退回原套餐。",
    packages: "套餐", statement: "明细", messages: "短信",
    package: "套餐", order_no: "订单号", price: "价格", bought: "购买时间", segments: "共", left: "剩余", expires: "过期时间", state: "状态", which: "哪些套餐", open_ones: "有剩余的（按使用顺序）", all_ones: "全部", no_packages: "没有这样的套餐。买了之后，卖家的系统会通知这里。", unnamed: "短信套餐", never: "不过期", returned: "退了 {n}",
    open: "可用", used: "用完", expired: "已过期", first: "先用这个",
    kind: "类型", since: "从", until: "到", all: "全部", time: "时间", change: "变动", balance: "结余", usable: "可用", about: "关于", csv: "导出 CSV", more: "更早的", no_lines: "没有这样的明细", about_only: "只看与 {id} 有关的", look: "看有关的", go_on: "继续往前找",
    record_package: "买套餐", record_freeze: "冻结", record_payment: "发送扣除", record_release: "解冻", record_refund: "退还", record_expiry: "过期", record_return: "退套餐", frozen: "冻结 {n}", freed: "解冻", paid_sent: "已发出", paid_failed: "没有发出",
    type: "用途", verification: "验证码", notice: "通知", marketing: "营销", accepted: "收下", to: "发给", phones: "{n} 个号码", carrier: "通道", billed: "计费", billed_n: "计费 {n} 条", number: "单号", no_messages: "没有这样的短信", open_message: "看每个号码",
    queued: "等待发送", sending: "正在发送", sent: "已发出", failed: "没有发出", unknown: "不知道发出没有", lapsed: "一直没有结果", delivered: "已送达", undelivered: "没有送达", attempts: "试了 {n} 次", phone: "号码", receipt: "回执", sent_at: "发出", next: "后面的号码",
    request: "单号 {id}：{messages} 条短信，计费 {segments} 条，{when} 收下",
  },
  en: {
    title: "Texts", lead: "How many can still be sent, which packages were bought, what each segment went for, what became of each text. Of the whole brand. Numbers are masked, texts are not shown.",
    available: "Can be sent", available_means: "so many billed segments", held: "Frozen", held_means: "set aside for what will be sent", expiring: "Expire soon", expires_at: "on {when}", expiring_none: "nothing expires", warn: "Warned below", warn_off: "never", warn_means: "of what can be sent",
    low: "Texts are nearly used up: {n} can be sent, fewer than {below}. Ask your seller for a package.", out: "Texts are used up: none can be sent now. Ask your seller for a package.", set_warn: "Change the limit", warn_field: "Warn below so many that can be sent (0: never)", warn_help: "Looked at each half minute; it stands in Live health, and is said once an hour at most.", warn_saved: "The limit is saved",
    undelivered_kept: "What is not delivered is billed all the same.", undelivered_comes_back: "What is not delivered comes back into its package.",
    packages: "Packages", statement: "Statement", messages: "Texts",
    package: "Package", order_no: "Order", price: "Price", bought: "Bought", segments: "Of", left: "Left", expires: "Expires", state: "State", which: "Which", open_ones: "Those with something left, as they are used", all_ones: "All", no_packages: "There is no such package. Once one is bought, the seller's system says so here.", unnamed: "Package of texts", never: "never", returned: "{n} returned",
    open: "in use", used: "used up", expired: "expired", first: "used first",
    kind: "Kind", since: "From", until: "To", all: "All", time: "Time", change: "Change", balance: "Balance", usable: "Can be sent", about: "About", csv: "As CSV", more: "Earlier ones", no_lines: "No line is like this", about_only: "Only what is about {id}", look: "What is about it", go_on: "Look further back",
    record_package: "package bought", record_freeze: "frozen", record_payment: "paid for sending", record_release: "released", record_refund: "given back", record_expiry: "expired", record_return: "package returned", frozen: "{n} frozen", freed: "released", paid_sent: "sent", paid_failed: "not sent",
    type: "For", verification: "Code", notice: "Notice", marketing: "Marketing", accepted: "Accepted", to: "To", phones: "{n} numbers", carrier: "Carrier", billed: "Billed", billed_n: "{n} billed", number: "Number", no_messages: "There is no such text", open_message: "Each number",
    queued: "waits", sending: "being sent", sent: "sent", failed: "not sent", unknown: "nobody knows", lapsed: "nobody ever said", delivered: "delivered", undelivered: "not delivered", attempts: "tried {n} times", phone: "Number", receipt: "Receipt", sent_at: "Sent", next: "Further numbers",
    request: "Number {id} · texts: {messages} · billed: {segments} · accepted {when}",
  },
};

export const say = dictionary(words);

/** The words for something, or its own name where nobody gave it any. @param {string} what */
export const told = (what) => (what in words.zh ? say(/** @type {keyof typeof words.zh} */ (what)) : what);
