// What the room of live health says: what is wrong in words a shop's manager has, and what to do about it. ◆ Pure.
// Refuses to hide what it has no words for: that is shown by its own name.

import { dictionary, lang } from "../link/i18n.js";

export const say = dictionary({
  zh: {
    title: "运行状况", lead: "服务器现在怎么样，哪里需要人处理，该做什么。每 3 秒更新一次。",
    well: "一切正常", slow: "在工作，但有点慢", trouble: "需要有人处理", unknown: "服务器没有回答，下面是之前的情况",
    well_do: "没有要做的事。", slow_do: "先等一分钟；一直不好，请联系管理这台服务器的人。", trouble_do: "下面写着是什么、该做什么。", unknown_do: "请检查这台电脑的网络和服务器。",
    age: "{n} 秒前的情况",
    database: "数据库", redis: "Redis（提速用）", lag: "反应延迟", queue: "排队的操作", late: "迟到的事", given_up: "放弃的事", printers: "不能打印的打印机", papers: "单据", processes: "进程",
    answers: "应答 {ms} 毫秒", no_answer: "没有应答", redis_do: "不丢任何东西，会慢一点；请联系管理服务器的人。",
    lag_means: "服务器处理一件事最多晚多久", queue_means: "等着处理的操作，最忙的进程", late_means: "该做还没做（响铃、打印、通知）", late_oldest: "最早的已晚 {n}", seconds: "{n} 秒", minutes: "{n} 分钟", late_none: "到点的都做了",
    given_up_means: "试了多次仍没做成，见下", given_up_none: "没有", printers_none: "都能打印，或状态不明", printers_do: "见下", papers_means: "{n} 张在等打印", papers_undecided: "{n} 张要决定（在“打印机”里）",
    work: "{webs} 个服务，{workers} 个到点执行", no_worker: "没有进程做到点的事：不会再响铃、不会打印、不会发短信。请联系管理服务器的人启动 worker。",
    alarms: "要处理的", no_alarms: "没有要处理的", what: "什么", where: "哪里", since: "从", todo: "该做什么", house: "整台服务器", brand: "整个品牌", times: "{n} 次", count_n: "{n} 个",
    dead: "放弃的事", dead_lead: "这些事试了多次都没做成。原因解决后，可以再试一次。", no_dead: "没有放弃的事", due: "应做时间", shop: "门店", attempts: "试了 {n} 次", why: "最后一次的原因",
    revive: "再试", revive_all: "全部再试（{n}）", sure_revive: "再试一次“{what}”？{effect}", sure_all: "把这 {n} 件事都再试一次？响铃会响，单据会打印，通知会发出去。", revived: "已安排再试", revived_all: "{n} 件已安排再试", revived_some: "{n} 件已安排，{left} 件没有：请看原因",
    waits: "再试中…", again_done: "做成了", again_dead: "又没做成：{why}", cancelled: "已不需要",
    paper_room: "到打印机去", printer: "打印机", condition: "状况", waiting: "等待的单据",
    paper_out: "缺纸", cover_open: "上盖开着", cutter_error: "切刀卡住", offline: "连不上", silent: "不应答", error: "报错", not_private: "地址不在内网",
    paper_out_do: "装上纸。等着的单据会自动打出来。", cover_open_do: "合上盖子。", cutter_error_do: "关机，清掉卡住的纸，再开机。", offline_do: "看电源和网线，再看地址对不对。", silent_do: "关机再开机；还不行，换备用打印机。", error_do: "看打印机上的灯，关机再开机。", not_private_do: "在打印机设置里填内网地址。",
    shared: "这台服务器上还有别的品牌，所以不显示各个进程；上面的数字是最差的那个。", machine: "主机", kind: "做什么", web: "服务", worker: "到点执行", started: "启动", devices: "连着的设备", guard: "数据库保护", closed: "正常", open: "暂停访问", half_open: "试探中", resting: "暂停的短信通道",
    none_known: "没有人知道：Redis 没有应答", process_of: "进程 {pid}",
  },
  en: {
    title: "Live health", lead: "How the house is now, what wants somebody, and what to do. Read anew every 3 seconds.",
    well: "All is well", slow: "Works, but slowly", trouble: "Somebody must look", unknown: "The house does not answer; this is from before",
    well_do: "There is nothing to do.", slow_do: "Wait a minute; if it stays so, tell whoever keeps this house's machine.", trouble_do: "What it is and what to do stands below.", unknown_do: "Look at this computer's network and at the house's machine.",
    age: "as of {n} s ago",
    database: "Database", redis: "Redis (makes it quick)", lag: "Delay", queue: "Work queued", late: "Late", given_up: "Given up", printers: "Printers that do not print", papers: "Papers", processes: "Processes",
    answers: "answers in {ms} ms", no_answer: "no answer", redis_do: "Nothing is lost, all is a little slower; tell whoever keeps the machine.",
    lag_means: "how late anything is done, at most", queue_means: "commands that wait at the busiest process", late_means: "due and not done (rings, papers, words to others)", late_oldest: "the oldest by {n}", seconds: "{n} s", minutes: "{n} min", late_none: "all that is due was done",
    given_up_means: "tried often and not done: see below", given_up_none: "none", printers_none: "all print, or nobody knows", printers_do: "see below", papers_means: "{n} wait to be printed", papers_undecided: "{n} want a decision, at the printers",
    work: "{webs} serve, {workers} keep time", no_worker: "No process does what is due: nothing rings again, nothing is printed, no text is sent. Ask whoever keeps the machine to start a worker.",
    alarms: "Wants somebody", no_alarms: "Nothing wants anybody", what: "What", where: "Where", since: "Since", todo: "What to do", house: "the whole house", brand: "the whole brand", times: "{n} times", count_n: "{n}",
    dead: "Given up", dead_lead: "Tried often, and not done. When its cause is mended, try it again.", no_dead: "Nothing was given up", due: "Was due", shop: "Shop", attempts: "tried {n} times", why: "What the last one met",
    revive: "Try again", revive_all: "Try all again ({n})", sure_revive: "Try “{what}” once more? {effect}", sure_all: "Try all {n} once more? What rings will ring, papers are printed, words go out.", revived: "It will be tried again", revived_all: "{n} will be tried again", revived_some: "{n} will be tried again, {left} not: see why",
    waits: "being tried…", again_done: "Done now", again_dead: "Not done again: {why}", cancelled: "Not wanted any more",
    paper_room: "To the printers", printer: "Printer", condition: "How it is", waiting: "Papers waiting",
    paper_out: "out of paper", cover_open: "cover open", cutter_error: "cutter jammed", offline: "not reached", silent: "does not answer", error: "reports an error", not_private: "address not private",
    paper_out_do: "Put paper in. What waits is printed by itself.", cover_open_do: "Shut the cover.", cutter_error_do: "Switch it off, clear the jam, switch it on.", offline_do: "Look at its power and cable, then at its address.", silent_do: "Switch it off and on; else use the other printer.", error_do: "Look at its lights; switch it off and on.", not_private_do: "Give it an address of your own network in its settings.",
    shared: "Other brands are in this house, so its processes are not listed; the figures above are the worst of them.", machine: "Machine", kind: "Does", web: "serves", worker: "keeps time", started: "Began", devices: "Devices connected", guard: "Database guard", closed: "well", open: "leaves it alone", half_open: "tries it", resting: "Carriers left alone",
    none_known: "Nobody knows: Redis does not answer", process_of: "process {pid}",
  },
});

/** @typedef {{zh: [string, string], en: [string, string]}} Advice what it is, and what to do */

const KEEPER_ZH = "请联系管理这台服务器的人。";
const KEEPER_EN = "Tell whoever keeps this house's machine.";

/** Kind of alarm → its words. server/health/alarms.py @type {Record<string, Advice>} */
const ALARMS = {
  signature_refused: { zh: ["有人用错误的签名访问接口", "问一下对接的系统是不是换过密钥；不认得就停用那把密钥。"], en: ["Somebody calls with wrong signatures", "Ask the service that calls us whether its key changed; revoke a key nobody knows."] },
  replay_refused: { zh: ["有人重复发同一个请求", "问一下对接的系统；不认得就停用那把密钥。"], en: ["Somebody repeats old requests", "Ask the service that calls us; revoke a key nobody knows."] },
  address_refused: { zh: ["密钥在不该用的地方被使用", "密钥可能泄露了：停用它，换一把新的。"], en: ["A key is used from where it does not belong", "It may have leaked: revoke it and make a new one."] },
  origin_refused: { zh: ["别的网页想以员工名义操作", "让员工不要点陌生链接；不知道是哪里来的，看操作记录。"], en: ["A page from elsewhere asks in somebody's name", "Let nobody open strange links; the audit log says from where."] },
  login_failed: { zh: ["有人在试密码", "看操作记录里从哪里来；员工忘了密码就重置。"], en: ["Somebody guesses passwords", "The audit log says from where; reset whoever forgot his."] },
  login_locked: { zh: ["有账号因密码错误被锁", "一刻钟后自动解开；是自己人就重置他的密码。"], en: ["A login is locked by wrong passwords", "It opens after a quarter of an hour; reset the password if it is one of yours."] },
  audit_refused: { zh: ["操作记录写不进去，所以不让改动", KEEPER_ZH], en: ["Nothing can be written down, so changes are refused", KEEPER_EN] },
  unavailable: { zh: ["很多请求没有得到数据库的回答", KEEPER_ZH], en: ["The database does not answer many requests", KEEPER_EN] },
  broken: { zh: ["程序出了错", `${KEEPER_ZH}错误在日志里。`], en: ["Something in the house broke", `${KEEPER_EN} The log has it.`] },
  rate_limited: { zh: ["有系统请求太频繁", "问一下对接的系统是不是在死循环。"], en: ["Somebody calls far too often", "Ask the service that calls us whether it runs in a loop."] },
  database_guard: { zh: ["数据库没有应答，暂停访问", KEEPER_ZH], en: ["The database does not answer and is left alone", KEEPER_EN] },
  carrier_down: { zh: ["短信通道没有应答，短信在排队", "通道恢复后会自动发出；很久不好，打给短信公司。"], en: ["The carrier of texts does not answer; they wait", "They go by themselves when it does; call the carrier if it lasts."] },
  promises_dead: { zh: ["有事情做不成，放弃了", "见下面“放弃的事”：解决原因，再试一次。"], en: ["Something was given up", "See “Given up” below: mend its cause, then try it again."] },
  promises_late: { zh: ["到点的事没有按时做", `过一分钟还这样，${KEEPER_ZH}`], en: ["What is due is late", `If it stays so for a minute: ${KEEPER_EN}`] },
  ledger_finding: { zh: ["账本核对发现不一致", `先不要充值或退款，${KEEPER_ZH}`], en: ["The ledger's audit found something", `Top up and refund nothing for now. ${KEEPER_EN}`] },
  printer_down: { zh: ["打印机不能打印", "见下面的打印机：装纸、合盖，或看电源。"], en: ["A printer does not print", "See the printers below: paper, cover, power."] },
  devices_away: { zh: ["有客人在等，但这类屏幕全部离线", "看屏幕的电源和网络；厨房先用打印单。"], en: ["Guests wait, and all screens of a kind are off", "Look at their power and network; let the kitchen go by paper."] },
  sms_low: { zh: ["短信快用完了", "买一个套餐；用完后短信发不出去。"], en: ["Texts are nearly used up", "Buy a package; without one no text goes out."] },
};

/** @type {Record<string, {zh: string, en: string}>} */
const SUBJECTS = { kitchen: { zh: "厨房屏", en: "kitchen boards" }, waiter: { zh: "服务员平板", en: "waiters' pads" }, cashier: { zh: "收银台", en: "cash desks" }, call_screen: { zh: "叫号屏", en: "number screens" } };

/** Kind of promise → what it does, and what somebody notices when it is done now. @type {Record<string, {zh: [string, string], en: [string, string]}>} */
const PROMISES = {
  PostWebhook: { zh: ["通知对接的系统", "对接的系统会收到通知。"], en: ["Tell a business service", "The service is told."] },
  PrintRound: { zh: ["打印厨打单", "过了时限的单不会再打。"], en: ["Print a kitchen ticket", "What is too old is not printed any more."] },
  PrintChange: { zh: ["打印改单", "过了时限的单不会再打。"], en: ["Print a change", "What is too old is not printed any more."] },
  CallFinishedItem: { zh: ["叫人来取做好的菜", "还没取走就会叫。"], en: ["Call somebody for a finished dish", "Somebody is called if it was not fetched."] },
  RingCall: { zh: ["响铃", "还没有人应答就会再响。"], en: ["Ring", "It rings if nobody has come."] },
  RingEnd: { zh: ["在一端响铃", "还没有人应答就会再响。"], en: ["Ring at one end", "It rings if nobody has come."] },
  Announce: { zh: ["播报", "还用得着就会播。"], en: ["Say something", "It is said if it is still of use."] },
  RemindClaimer: { zh: ["提醒已接的人", "还没送到就会提醒。"], en: ["Remind whoever came", "He is reminded if it is not served."] },
  ExpireCall: { zh: ["结束过期的呼叫", "呼叫会结束。"], en: ["End a call that is over", "The call ends."] },
  ProveShown: { zh: ["核对屏幕是否显示", "没显示的会出现在收银台。"], en: ["Look whether a board showed a dish", "What was not shown stands at the cash desk."] },
};

/** @param {string} kind @param {string} subject @returns {{what: string, todo: string}} */
export function alarmWords(kind, subject) {
  const [what, todo] = ALARMS[kind]?.[lang()] ?? [kind, ""];
  const of = SUBJECTS[subject]?.[lang()] ?? subject;
  return { what: of ? `${what}${lang() === "en" ? ": " : "："}${of}` : what, todo };
}

/** What a promise does, and what is noticed when it is done after all. @param {string} kind @returns {[string, string]} */
export const promiseWords = (kind) => PROMISES[kind]?.[lang()] ?? [kind, ""];
