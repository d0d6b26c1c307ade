// What the page for logging in says.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    log_in: "登录", login: "登录名", password: "密码", lead: "店主、店长、收银、审计的入口。屏幕和平板不在这里登录，用配对码。",
    wait: "请稍候…", no_answer: "服务器没有回答，请再试", try_in: "，{n} 分钟后再试",
    first_title: "请先设自己的密码", first_lead: "现在的密码是别人给的，只能用一次。新密码至少 {n} 个字符，可以是一句话；有三类字符（大小写、数字、符号、汉字）时 10 个就够。",
    new_password: "新密码", again: "再输一遍", differ: "两次输入不一样", set: "设为我的密码",
    me: "我的账号", roles: "可以做", in_shop: "{n} 号店", all_shops: "全部门店", idle: "不用 {n} 分钟后自动退出",
    change_title: "换密码", old_password: "现在的密码", change: "换成新密码", changed: "密码已换，其他登录都已退出",
    sessions: "我的登录", console: "打开后台", own: "这一个", end: "退出它", last: "最后使用 {time} · {where}", log_out: "退出登录", other_language: "English",
    owner: "店主", manager: "店长", cashier: "收银", auditor: "审计",
  },
  en: {
    log_in: "Log in", login: "Login name", password: "Password",
    lead: "For owners, managers, cashiers, auditors. Screens and pads do not log in here; they are paired with a code.",
    wait: "One moment…", no_answer: "The server did not answer; try again", try_in: "; try again in {n} min",
    first_title: "Choose a password of your own", first_lead: "The present one was given to you and works once. At least {n} characters, a sentence is fine; ten are enough with characters of three kinds.",
    new_password: "New password", again: "Once more", differ: "These two differ", set: "Make it mine",
    me: "My account", roles: "May act as", in_shop: "shop {n}", all_shops: "all shops", idle: "Logged out after {n} minutes without use",
    change_title: "Change the password", old_password: "Present password", change: "Change it", changed: "Changed; all other logins have ended",
    sessions: "My logins", console: "Open the console", own: "this one", end: "End it", last: "last used {time} · {where}", log_out: "Log out", other_language: "中文",
    owner: "owner", manager: "manager", cashier: "cashier", auditor: "auditor",
  },
});
