// What the room of printers says.

import { dictionary } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    title: "打印机", lead: "打印机怎么样了，每一张单据的下落。不确定的单据，请先去看一眼再决定。", none: "还没有打印机", add: "新增打印机", no_jobs: "没有这样的单据",
    name: "名称", address: "地址", prints: "打印什么", waiting: "待打印", condition: "状况", test: "打印测试页", tested: "测试页已送去打印", edit: "设置", look: "预览",
    ready: "正常", unknown: "状态不明", offline: "连不上", silent: "不应答", paper_out: "缺纸", cover_open: "上盖开着", cutter_error: "切刀卡住", error: "报错", not_private: "地址不在内网", disabled: "已停用",
    ticket: "厨打单", receipt: "账单", label: "标签", test_page: "测试页", jobs: "单据", every: "全部", undecided: "待决定", printer: "打印机", all_printers: "全部打印机",
    paper: "单据", made: "时间", state: "下落", queued: "等待", sending: "正在打印", sent: "已送出", confirmed: "已打印", uncertain: "不确定", failed: "没有打出", expired: "过期未打",
    again: "重印", there: "已出纸", drop: "不要了", settled_printed: "已确认出纸", settled_dropped: "已作废", settled_reprinted: "已重印", copy: "第 {n} 份", instead: "代替 {name}", again_done: "已送去重印（带“补打”字样）",
    sure_again: "重印“{title}”？纸上会印“补打”。", more: "更早的", kind: "接法", network: "网络", serial: "串口", usb: "USB", file: "文件",
    address_help: "网络 192.168.1.60:9100 · 串口 /dev/ttyUSB0@9600 · USB 04b8:0202 · 文件夹 kitchen", language: "纸上语言", zh: "中文", en: "英文", documents: "打印什么", stations: "哪些档口（都不选：全部）", answers: "打印机会应答状态",
    backup: "备用打印机", no_backup: "无", expires: "多久后不再打印（分）", enabled: "使用中", width: "纸宽", w58: "58 毫米", w80: "80 毫米", mode: "方式", mode_auto: "按接法", text: "文字", raster: "图像", encoding: "编码", cutter: "切纸", buzzer: "蜂鸣", drawer: "钱箱",
    saved: "“{name}”已保存", sample_of: "{name} 会印成这样",
  },
  en: {
    title: "Printers", lead: "How the printers are, and what became of each paper. Look before you decide about one in doubt.", none: "No printer yet", add: "Set a printer up", no_jobs: "There is no such paper",
    name: "Name", address: "Address", prints: "Prints", waiting: "Waiting", condition: "How it is", test: "Print a test", tested: "A test is on its way", edit: "Settings", look: "Preview",
    ready: "Prints", unknown: "Nobody knows", offline: "Cannot be reached", silent: "Does not answer", paper_out: "Out of paper", cover_open: "Cover open", cutter_error: "Cutter stuck", error: "Has an error", not_private: "Address leads outside", disabled: "Not in use",
    ticket: "Tickets", receipt: "Bills", label: "Labels", test_page: "Test", jobs: "Papers", every: "All", undecided: "To be decided", printer: "Printer", all_printers: "All printers",
    paper: "Paper", made: "When", state: "What became of it", queued: "Waits", sending: "Is printing", sent: "Sent", confirmed: "Printed", uncertain: "In doubt", failed: "Did not come out", expired: "Too late, not printed",
    again: "Print again", there: "It is there", drop: "Not wanted", settled_printed: "Somebody saw it", settled_dropped: "Not wanted", settled_reprinted: "Printed again", copy: "copy {n}", instead: "for {name}", again_done: "On its way again, marked as a copy",
    sure_again: "Print “{title}” again? The paper says that it is a copy.", more: "Earlier ones", kind: "Plug", network: "Network", serial: "Serial", usb: "USB", file: "File",
    address_help: "Network 192.168.1.60:9100 · serial /dev/ttyUSB0@9600 · USB 04b8:0202 · folder kitchen", language: "Language on paper", zh: "Chinese", en: "English", documents: "Prints", stations: "Of which stations (none: all)", answers: "The printer says how it is",
    backup: "Backup printer", no_backup: "None", expires: "Not printed after (minutes)", enabled: "In use", width: "Paper", w58: "58 mm", w80: "80 mm", mode: "As", mode_auto: "as suits the plug", text: "characters", raster: "a picture", encoding: "Encoding", cutter: "Cutter", buzzer: "Buzzer", drawer: "Drawer",
    saved: "“{name}” is saved", sample_of: "How {name} prints",
  },
});
