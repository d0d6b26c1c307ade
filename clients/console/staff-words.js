// What the room of people says.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    title: "员工", lead: "谁能登录、在哪家店做什么。给不出自己没有的角色；停用、退出、改角色立刻生效。", add: "新增员工", none: "没有符合条件的员工",
    search: "找姓名或登录名", state: "状态", any: "全部", active: "在职", disabled: "已停用",
    name: "姓名", login: "登录名", login_hint: "2 到 40 个小写字母、数字或 . _ -", roles: "角色", seen: "最后在线", logins: "{n} 个登录", you: "你自己",
    in: "可登录", out: "已停用", first: "未设密码", no_roles: "没有角色", all_shops: "全部门店", shop_n: "{n} 号店", more: "更多",
    owner: "店主", manager: "店长", cashier: "收银", auditor: "审计", role: "角色", where: "门店", add_role: "加一个角色", drop_role: "去掉",
    edit: "管理", take_on: "新增", added: "“{name}”已加入", saved: "“{name}”的角色已保存", save: "保存角色",
    first_password: "“{name}”的初始密码，只显示这一次。第一次登录时必须换成自己的。", password: "初始密码", login_again: "登录名",
    reset: "重置密码", sure_reset: "重置“{name}”的密码？所有登录立刻退出，要用新的初始密码再登录。", was_reset: "“{name}”的密码已重置",
    end: "退出全部登录", sure_end: "退出“{name}”的全部登录？", ended: "已退出 {n} 个登录",
    disable: "停用", sure_disable: "停用“{name}”？会立刻退出，不能再登录。记录保留，以后可以恢复。", was_disabled: "“{name}”已停用", enable: "恢复", was_enabled: "“{name}”可以再登录",
    above: "角色比你能给的多，不能由你改", own: "自己的密码和登录在“我的账号”里", own_where: "打开我的账号", since: "密码设于{when}",
  },
  en: {
    title: "Staff", lead: "Who logs in, and may do what in which shop. Nobody gives a role beyond his own; what you change holds at once.", add: "Take somebody on", none: "Nobody is like this",
    search: "Name or login name", state: "State", any: "All", active: "Working here", disabled: "Disabled",
    name: "Name", login: "Login name", login_hint: "2 to 40 small letters, digits or . _ -", roles: "Roles", seen: "Last seen", logins: "logins: {n}", you: "you",
    in: "May log in", out: "Disabled", first: "No password yet", no_roles: "No role", all_shops: "all shops", shop_n: "shop {n}", more: "More",
    owner: "Owner", manager: "Manager", cashier: "Cashier", auditor: "Auditor", role: "Role", where: "Shop", add_role: "One more role", drop_role: "Take away",
    edit: "Manage", take_on: "Take on", added: "“{name}” is taken on", saved: "The roles of “{name}” are saved", save: "Save the roles",
    first_password: "The first password of “{name}”, shown this once. It must be changed at the first login.", password: "First password", login_again: "Login name",
    reset: "Reset password", sure_reset: "Reset the password of “{name}”? All logins end at once; a new first password opens the door.", was_reset: "The password of “{name}” is reset",
    end: "End all logins", sure_end: "End all logins of “{name}”?", ended: "Logins ended: {n}",
    disable: "Disable", sure_disable: "Disable “{name}”? All logins end at once and none begins. What was done stays written; you can let him in again.", was_disabled: "“{name}” is disabled", enable: "Let in again", was_enabled: "“{name}” may log in again",
    above: "Has roles you could not give; you cannot change them", own: "Your own password and logins are in “My account”", own_where: "Open my account", since: "password set {when}",
  },
});
