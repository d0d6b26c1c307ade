// What the room of the kitchen's report says.

import { dictionary } from "../link/i18n.js";

const words = {
  zh: {
    title: "厨房报表", lead: "出餐快不快、多少道超时、什么时候忙。每个数都来自屏上按下的时刻；没按的不算。",
    since: "从", until: "到", today: "今天", week: "近 7 天", month: "近 30 天",
    page: "图表 · 打印", csv: "CSV", workbook: "下载工作簿",
    station: "按档口", dish: "按菜品", hour: "按时段", day: "按日",
    name: "名称", orders: "订单", dishes: "菜品", waiting: "等待", cooking: "制作", to_ready: "出餐", pick_up: "待取", delivery: "送达", late: "超时", total: "合计",
    most: "九成 {time}", late_of: "{n} 道超时", portions: "{n} 份", in_orders: "{n} 单", no_station: "未分档口",
    orders_tile: "订单", ready_tile: "一半的菜出餐在", ready_most: "九成在 {time} 以内", late_tile: "超时率", late_means: "出餐 {all} 道，超时 {n} 道", busiest: "最忙时段",
    none: "这几天没有订单", first_only: "只列前 {n} 项，全部在 CSV 和工作簿里",
  },
  en: {
    title: "Kitchen report", lead: "How quickly dishes came, how many were late, when it was busy. Every figure is of presses on the screens; what nobody pressed does not count.",
    since: "From", until: "To", today: "Today", week: "7 days", month: "30 days",
    page: "Charts · print", csv: "CSV", workbook: "Workbook",
    station: "By station", dish: "By dish", hour: "By hour", day: "By day",
    name: "Name", orders: "Orders", dishes: "Dishes", waiting: "Waiting", cooking: "Cooking", to_ready: "To ready", pick_up: "Pick-up", delivery: "Delivery", late: "Late", total: "Total",
    most: "nine of ten {time}", late_of: "{n} late", portions: "portions: {n}", in_orders: "orders: {n}", no_station: "No station",
    orders_tile: "Orders", ready_tile: "Half of the dishes ready within", ready_most: "nine of ten within {time}", late_tile: "Late share", late_means: "{n} of {all} dishes late", busiest: "Busiest hour",
    none: "Nothing was ordered on these days", first_only: "The first {n} only; all are in the CSV and the workbook",
  },
};

export const say = dictionary(words);
