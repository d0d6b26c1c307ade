// What the room of API keys says.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    title: "接口密钥", lead: "哪些业务系统能以本品牌的名义调用接口。密钥只显示一次；改动和作废对所有服务器立刻生效。", counts: "{n} 个在用，最多 {max} 个。", add: "接入业务系统", none: "还没有业务系统接入",
    name: "名称", name_hint: "例如：收银系统", may: "可以做", where: "范围", keys: "密钥", number: "编号 {n}", ended: "{when}停用",
    business: "点单与呼叫", manager: "配对与管理", money: "短信、储值卡、积分的余额", all_shops: "全部门店", shop_n: "{n} 号店", anywhere: "不限来源地址", told: "回调 {url}",
    made: "{when}生成", used: "{when}用过", unused: "从未用过", end_key: "作废", sure_end_key: "作废密钥 {id}？用它的系统立刻被拒绝。", key_ended: "密钥已作废",
    edit: "设置", more_key: "再生成一把", sure_third: "“{name}”已有两把密钥。再生成一把，较早的 {id} 立刻作废。", key_made: "“{name}”的新密钥已生成",
    shown_once: "“{name}”的密钥，只显示这一次。请马上交给对方的技术人员，不要用聊天软件留底。", key_id: "密钥编号", secret: "密钥",
    shops: "门店", shops_hint: "都不勾：全部门店", addresses: "来源地址", addresses_hint: "如 10.0.0.0/8，用逗号隔开；不填：不限", make: "生成密钥", saved: "“{name}”已保存", entered: "“{name}”已接入",
    sure_everywhere: "没有勾选门店：“{name}”从此可以在全部门店调用。", revoke: "停用", sure_revoke: "停用“{name}”？它的密钥和回调立刻失效，不能恢复。", revoked: "“{name}”已停用", live: "在用",
  },
  en: {
    title: "API keys", lead: "Which business services call in the brand's name. A secret is shown once; what you change or end holds on every server at once.", counts: "{n} live, {max} at most.", add: "Let a service in", none: "No business service yet",
    name: "Name", name_hint: "such as: till", may: "May", where: "Where", keys: "Keys", number: "number {n}", ended: "ended {when}",
    business: "order and call", manager: "pair and manage", money: "move balances: texts, cards, points", all_shops: "all shops", shop_n: "shop {n}", anywhere: "from any address", told: "told at {url}",
    made: "made {when}", used: "last used: {when}", unused: "never used", end_key: "End", sure_end_key: "End the key {id}? Whoever uses it is refused at once.", key_ended: "The key is ended",
    edit: "Settings", more_key: "Another key", sure_third: "“{name}” has two keys. With another one the older, {id}, ends at once.", key_made: "“{name}” has a new key",
    shown_once: "The key of “{name}”, shown this once. Hand it to whoever runs the service now; leave no copy in a chat.", key_id: "Key id", secret: "Secret",
    shops: "Shops", shops_hint: "none ticked: all shops", addresses: "Addresses", addresses_hint: "such as 10.0.0.0/8, with commas between; none: from anywhere", make: "Make the key", saved: "“{name}” is saved", entered: "“{name}” is let in",
    sure_everywhere: "No shop is ticked: “{name}” may then call in every shop.", revoke: "End", sure_revoke: "End “{name}”? Its keys and its webhook stop at once, for good.", revoked: "“{name}” is ended", live: "Live",
  },
});
