// What the console says.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    title: "后台", audit: "操作记录", account: "我的账号", other_language: "English",
    lead: "谁从哪里做了什么、结果如何。只能看，不能改，也不能删；保存三年。",
    wait: "请稍候…", no_answer: "服务器没有回答，请再试", nothing_for_you: "你的角色在后台没有可看的内容。需要的话，请店主给你店长或审计的角色。",
    time: "时间", who: "谁", did: "做了什么", what: "对什么", came: "结果",
    action: "操作", everything: "全部", shop: "门店", all_shops: "全部门店", since: "从", until: "到",
    who_only: "只看：{who}", refresh: "刷新", clear: "清除条件", more: "更早的", none: "没有符合条件的记录", no_more: "没有更早的了",
    ok: "已完成", unseen: "没有看到结果", request: "请求号 {id}", from: "来自 {address}", nobody: "未登录的人",
    refused: "被拒绝",
    copy: "复制", copied: "已复制", copied_where: "已在剪贴板里。关掉这里就再也看不到了。",
    done: "已完成", close: "关闭", no: "不", save: "保存", never: "从未", just_now: "刚刚", minutes_ago: "{n} 分钟前", hours_ago: "{n} 小时前", days_ago: "{n} 天前",
    linked: "已连接", slow: "变慢", no_link: "断线", newer: "有新版本，重新载入", zone: "时间：{shop}当地（{offset}）", zone_unknown: "时间：这台电脑的（{offset}），浏览器不认识门店的时区",
  },
  en: {
    title: "Console", audit: "Audit log", account: "My account", other_language: "中文",
    lead: "Who did what, from where, and what came of it. Read only: nobody changes or deletes a line; kept for three years.",
    wait: "One moment…", no_answer: "The server did not answer; try again",
    nothing_for_you: "There is nothing here for your role. An owner can give you the role of a manager or an auditor.",
    time: "Time", who: "Who", did: "Did what", what: "On what", came: "What came of it",
    action: "Action", everything: "Everything", shop: "Shop", all_shops: "All shops", since: "From", until: "To",
    who_only: "Only: {who}", refresh: "Refresh", clear: "Clear", more: "Earlier ones", none: "No line is like this", no_more: "There are no earlier ones",
    ok: "Done", unseen: "Nobody saw the end of it", request: "request {id}", from: "from {address}", nobody: "somebody not logged in",
    refused: "Refused",
    copy: "Copy", copied: "Copied", copied_where: "It is on the clipboard. Once this is shut nobody sees it again.",
    done: "Done", close: "Close", no: "No", save: "Save", never: "Never", just_now: "Just now", minutes_ago: "{n} min ago", hours_ago: "{n} h ago", days_ago: "{n} d ago",
    linked: "Connected", slow: "Slow", no_link: "No link", newer: "A newer page: reload", zone: "Times: {shop} ({offset})", zone_unknown: "Times: this desk's ({offset}); the browser does not know the shop's zone",
  },
});
