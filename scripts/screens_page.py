"""Which screens there are to look at, and the page that shows them all: docs/screens.md.

Refuses to take pictures: `pictures.py` does, of what is listed here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Shown(NamedTuple):
    """A screen: its picture's name, where it is, whose token opens it, how large it is, what it is."""

    name: str
    path: str
    kept_by: str  # nobody's: it opens without
    size: tuple[int, int]
    zh: str
    en: str
    light_in: str = ""  # a board has two themes: one picture of each

    def address(self, language: Language, tokens: dict[str, str]) -> str:
        """Return its address in a language, with its token."""
        theme = "&theme=light" if language == self.light_in else ""
        token = f"#token={tokens[self.kept_by]}" if self.kept_by else ""
        return f"{self.path}?lang={language}{theme}{token}"


SCREENS = (
    Shown("board", "/kds/", "kitchen", (1920, 1080), "厨房屏（深色与浅色）", "Kitchen board (dark and light)", "en"),
    Shown("waiter", "/pad/", "waiter", (800, 1280), "服务员平板", "Waiter's pad"),
    Shown("guest", "/pad/", "guest", (1280, 800), "客房平板", "Guest's pad"),
    Shown("cashier", "/cashier/", "cashier", (1366, 768), "收银台", "Cash desk"),
    Shown("call-screen", "/screen/", "screen", (1920, 1080), "叫号屏", "Call screen"),
    Shown("register", "/register/", "register", (1366, 768), "储值卡收银", "Register for meal cards"),
    Shown("monitor", "/monitor/", "monitor", (1366, 768), "储值卡监控", "Monitor of meal cards"),
    Shown("pairing", "/kds/", "", (1280, 800), "新屏配对", "A screen that waits to be paired"),
)  # fmt: skip
# Pictures that others take: name, Chinese, English.
FURTHER = (
    ("board-lost", "断线的厨房屏", "A board without its link"),
    ("kitchen-report", "出品时效报告", "Kitchen report"),
    ("login", "登录", "Login"),
    ("console-devices", "后台：设备", "Console: devices"),
    ("console-device", "后台：一台屏的设置", "Console: a screen's settings"),
    ("console-menu", "后台：菜单与档口", "Console: menu and stations"),
    ("console-dish", "后台：一道菜", "Console: a dish"),
    ("console-printers", "后台：打印机", "Console: printers"),
    ("console-paper", "后台：一张单子", "Console: a paper"),
    ("console-calls", "后台：呼叫", "Console: calls"),
    ("console-call", "后台：一次呼叫", "Console: a call"),
    ("console-broadcast", "后台：播报设置", "Console: what is broadcast"),
    ("console-rule", "后台：一条播报设置", "Console: a rule of the broadcast"),
    ("console-sentences", "后台：播报句子", "Console: sentences"),
    ("console-sentence", "后台：写一句播报", "Console: a sentence while it is written"),
    ("console-report", "后台：厨房报表", "Console: kitchen report"),
    ("console-sms", "后台：短信", "Console: texts"),
    ("console-statement", "后台：短信明细", "Console: the account of texts"),
    ("console-message", "后台：一条短信的回执", "Console: what became of a text"),
    ("console-staff", "后台：员工", "Console: staff"),
    ("console-person", "后台：一名员工的角色", "Console: somebody's roles"),
    ("console-keys", "后台：接口密钥", "Console: API keys"),
    ("console-service", "后台：一个业务系统", "Console: a business service"),
    ("console-health", "后台：运行状况", "Console: live health"),
    ("console-audit", "后台：操作记录", "Console: audit log"),
    ("ticket", "厨房单、退菜单、补打代打单", "Tickets: a round, a cancel, a backup's copy"),
    ("ticket-receipt", "账单与标签", "Receipt and label"),
    ("ticket-characters", "打印机自带字体的单子", "Tickets in a printer's own characters"),
)
TAKEN_BY = "`python -m scripts.pictures` and `python -m scripts.paper_pictures`"


def picture_of(name: str, language: Language) -> str:
    """Return the file of a picture."""
    return f"{name}.png" if language == "zh" else f"{name}-{language}.png"


def screens() -> list[str]:
    """Return the page with every picture, one language beside the other."""
    lines = [
        "# Every screen and every paper",
        "",
        f"Taken of one staged evening by {TAKEN_BY}, which write these pictures anew.",
    ]
    named = [(one.name, one.zh, one.en) for one in SCREENS]
    for name, zh, en in (*named, *FURTHER):
        left, right = (f"pictures/{picture_of(name, language)}" for language in LANGUAGES)
        lines += ["", f"## {en} · {zh}", "", f"| ![{zh}]({left}) | ![{en}]({right}) |", "|---|---|"]
    return lines
