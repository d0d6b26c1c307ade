// What the call screen says to guests.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    cooking: "制作中", collect: "请取餐", orders: "{n} 单", please: "请 {number} 号顾客取餐",
    business_day: "营业日 {month} 月 {day} 日", page: "第 {page} 页，共 {pages} 页",
    none_cooking: "现在没有在做的单", none_ready: "做好的号码会出现在这里",
    lost: "断线 {n} 秒，号码停在 {time}", lost_min: "断线 {n} 分，号码停在 {time}",
  },
  en: {
    cooking: "Preparing", collect: "Please collect", orders: "{n} orders", please: "Please collect {number}",
    business_day: "Business day {month}/{day}", page: "Page {page} of {pages}",
    none_cooking: "Nothing is being prepared", none_ready: "Finished numbers appear here",
    lost: "No link for {n} s, numbers from {time}", lost_min: "No link for {n} min, numbers from {time}",
  },
});
