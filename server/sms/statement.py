"""A brand's account as a table to take away: one row for each line, in words, at the times of one zone.

Segments that came stand as they are, those that went are negative; what is only set aside or let go again changes
what can be used and not what there is. Refuses to add up: balances are the ledger's, line by line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from server.sheets import Column, Table
from server.sms.views import Record, RecordKind

Language = Literal["zh", "en"]

# Kind → its words, and which way it moves what a brand has.
KINDS: dict[RecordKind, tuple[str, str, int]] = {
    "package": ("买套餐", "package bought", 1),
    "freeze": ("冻结", "frozen", 0),
    "payment": ("发送扣除", "paid for sending", -1),
    "release": ("解冻", "released", 0),
    "refund": ("退还", "given back", 1),
    "expiry": ("过期", "expired", -1),
    "return": ("退套餐", "package returned", -1),
}
_STATES = {"sent": ("已发出", "sent"), "failed": ("没有发出", "failed")}
_HEADS = (
    ("时间", "Time"), ("流水号", "Line"), ("类型", "Kind"), ("条数变动", "Change"), ("条数", "Segments"),
    ("结余", "Balance"), ("可用", "Available"), ("结果", "Outcome"), ("编号", "Id"), ("关于", "About"),
)  # fmt: skip
_COUNTED = {"条数变动", "条数", "结余", "可用"}
_CUT = ("行数已到上限，请缩短日期再导出", "There are more lines: choose fewer days")


def table(records: Sequence[Record], zone: ZoneInfo, language: Language, *, cut: bool) -> Table:
    """Return a statement, the newest first; `cut`: it has more lines than a file may, which its last row says."""
    at = 0 if language == "zh" else 1
    rows = [_row(one, zone, at) for one in records]
    if cut:
        rows.append([_CUT[at], *[None] * (len(_HEADS) - 1)])
    heads = [Column(head[at], "count" if head[0] in _COUNTED else "text") for head in _HEADS]
    return Table("statement", heads, rows)


def _row(one: Record, zone: ZoneInfo, at: int) -> list[str | int | None]:
    *words, way = KINDS[one.kind]
    return [
        one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"), str(one.line), str(words[at]),
        way * one.segments, one.segments, one.balance, one.available,
        _STATES[one.state][at] if one.state else None, str(one.id),
        str(one.refers_to) if one.refers_to else None,
    ]  # fmt: skip
