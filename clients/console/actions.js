// What people and services do at the doors, in both languages. ◆ Pure.
// Refuses to hide a door it does not know: that one is shown by its own name.

import { lang } from "../link/i18n.js";

/** Door → its words; the names are those of docs/api.md. @type {Record<string, {zh: string, en: string}>} */
export const ACTIONS = {
  logIn: { zh: "登录", en: "Log in" },
  logOut: { zh: "退出登录", en: "Log out" },
  changePassword: { zh: "换自己的密码", en: "Change one's password" },
  endSession: { zh: "结束自己的一个登录", en: "End a login of one's own" },
  addStaff: { zh: "新增员工", en: "Take somebody on" },
  setStaffRoles: { zh: "改员工角色", en: "Change somebody's roles" },
  resetStaff: { zh: "重置员工密码", en: "Reset somebody's password" },
  disableStaff: { zh: "停用员工", en: "Let somebody in no more" },
  enableStaff: { zh: "恢复员工", en: "Let somebody in again" },
  makePairingCode: { zh: "生成配对码", en: "Make a pairing code" },
  confirmPairingOffer: { zh: "确认屏幕的配对码", en: "Confirm a screen's code" },
  moveDevice: { zh: "移动设备", en: "Move a device" },
  revokeDevice: { zh: "解除设备配对", en: "Unpair a device" },
  addPrinter: { zh: "新增打印机", en: "Set a printer up" },
  changePrinter: { zh: "改打印机设置", en: "Change a printer" },
  testPrinter: { zh: "打印测试页", en: "Print a test" },
  reprint: { zh: "重印", en: "Print again" },
  printReceipt: { zh: "打印账单", en: "Print a bill" },
  settlePrintJob: { zh: "处理不确定的打印", en: "Decide about a paper" },
  addTemplate: { zh: "新增播报句子", en: "Add a sentence" },
  changeTemplate: { zh: "改播报句子", en: "Change a sentence" },
  previewTemplate: { zh: "试听播报句子", en: "Try a sentence" },
  changeRules: { zh: "改呼叫规则", en: "Change how calls ring" },
  putWebhook: { zh: "设置回调地址", en: "Set a webhook" },
  dropWebhook: { zh: "取消回调地址", en: "Drop a webhook" },
  sendImCall: { zh: "发出呼叫", en: "Call people" },
  sendImCalls: { zh: "批量发出呼叫", en: "Call people of many shops" },
  cancelImCall: { zh: "取消呼叫", en: "Take a call back" },
  placeOrder: { zh: "下单", en: "Place an order" },
  cleanPlace: { zh: "确认已打扫", en: "Say a place was cleaned" },
  setDishSale: { zh: "沽清或恢复菜品", en: "Sold out, or had again" },
  setTechnician: { zh: "技师上下钟", en: "Technician on or off the clock" },
  openCard: { zh: "开卡", en: "Open a card" },
  topUpCard: { zh: "储值卡充值", en: "Top a card up" },
  putCardPolicy: { zh: "改储值卡规则", en: "Change the rules for cards" },
  earnByPurchase: { zh: "消费得积分", en: "Points of a purchase" },
  earnByReview: { zh: "评价得积分", en: "Points of a review" },
  exchangePoints: { zh: "积分兑换", en: "Exchange points" },
  refundExchange: { zh: "退回积分", en: "Give points back" },
  putPointsRule: { zh: "改积分规则", en: "Change what earns points" },
  buySmsPackage: { zh: "加短信套餐", en: "Add a text package" },
  returnSmsPackage: { zh: "退短信套餐", en: "Return a text package" },
  sendSms: { zh: "发短信", en: "Send texts" },
};

/** @param {string} action */
export const actionWords = (action) => ACTIONS[action]?.[lang()] ?? action;
