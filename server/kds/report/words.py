"""◆ What a kitchen's report says, in Chinese and in English.

Refuses to be a template: each entry is words, numbers are put beside them.
"""

from __future__ import annotations

from typing import Literal

from server.events.words import Text

Language = Literal["zh", "en"]

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("出品时效报告", "Kitchen report"),
    "day": ("日期", "Day"),
    "hour": ("时段", "Hour"),
    "station": ("档口", "Station"),
    "dish": ("菜品", "Dish"),
    "no_station": ("未分档口", "No station"),
    "total": ("合计", "Total"),
    "orders": ("订单", "Orders"),
    "dishes": ("菜品数", "Dishes"),
    "portions": ("份数", "Portions"),
    "cancelled": ("退菜", "Cancelled"),
    "late": ("超时", "Late"),
    "late_share": ("超时率", "Late share"),
    "target": ("目标时长", "Target"),
    "stage_target": ("目标", "target"),
    "waiting": ("等待", "Waiting"),
    "cooking": ("制作", "Cooking"),
    "to_ready": ("出餐", "To ready"),
    "pick_up": ("待取", "Pick-up"),
    "delivery": ("送达", "Delivery"),
    "count": ("次数", "count"),
    "sum": ("总时长", "sum"),
    "p50": ("中位", "p50"),
    "p90": ("九成", "p90"),
    "half": ("一半的菜以内", "Half of the dishes within"),
    "most": ("九成的菜以内", "Nine of ten within"),
    "busiest": ("最忙时段", "Busiest hour"),
    "orders_an_hour": ("每小时订单", "Orders per hour"),
    "average": ("按营业日平均", "average of the days that had orders"),
    "ready_by_hour": ("各时段出餐时长（分钟）", "Time to ready by hour (minutes)"),
    "late_by_hour": ("各时段超时率（%）", "Late share by hour (%)"),
    "stages": ("时间花在哪里（分钟）", "Where the time goes (minutes)"),
    "by_station": ("各档口出餐时长（分钟）", "Time to ready by station (minutes)"),
    "worst": (
        "最常超时的菜品（出餐分钟、超时率）",
        "Dishes most often late (minutes to ready, late share)",
    ),
    "stations": ("按档口", "By station"),
    "hours": ("按时段", "By hour"),
    "days": ("按日", "By day"),
    "all_dishes": ("按菜品", "By dish"),
    "n_portions": ("份", "portions"),
    "n_orders": ("单", "orders"),
    "of": ("/", "of"),
    "since": ("从", "From"),
    "until": ("到", "to"),
    "show": ("查看", "Show"),
    "other": ("English", "中文"),
    "workbook": ("下载工作簿", "Workbook"),
    "nothing": ("这段时间没有订单。", "No orders in these days."),
    "more": (
        "页面只列出份数最多的菜品，全部见 CSV 或工作簿。",
        "The page lists the dishes ordered most; all of them are in the CSV and the workbook.",
    ),
    "explained": (
        (
            "等待：下单或起菜到开始制作。制作：开始到制作完成。出餐：两者之和；超时只按出餐的目标时长算，达到或超过即为超时。"
            "括号里是目标：出餐的按最后一次下单时，各环节的按现在的菜单。"
            "待取：制作完成到取餐。送达：取餐到送达。没有按下的步骤不计入。营业日 03:00 开始；菜品算入开单那天，"
            "时段按开始等待的钟点。"
        ),
        (
            "Waiting: ordered or fired until begun. Cooking: begun until ready. To ready: both together; late is "
            "measured by its target alone, and means that it was reached. In brackets stand targets: of To ready as "
            "the dish was ordered last, of stages as the menu says now. Pick-up: ready until taken. Delivery: taken "
            "until with the guest. Steps nobody pressed are not counted. A business day begins at 03:00; a dish "
            "counts on the day its order was opened and in the hour its waiting began."
        ),
    ),
}


def say(language: Language, key: str) -> str:
    """Return the words for a key."""
    zh, en = _WORDS[key]
    return zh if language == "zh" else en


def named(language: Language, text: Text | None) -> str:
    """Return a name; in the other language where this one has none."""
    if text is None:
        return ""
    return (text.zh or text.en) if language == "zh" else (text.en or text.zh)
