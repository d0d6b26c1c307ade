"""◆ Text as a voice reads it: no digit is left in it.

`said` reads one typed value; `read_aloud` reads free text with numbers in it, by the word that
follows: a number before a measure word is counted (2份 两份), a long one is spelled (13800138000),
times and money are recognised. Refuses to make sound: `audio.py` does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from server.broadcast import numbers as n

Language = Literal["zh", "en"]
ParamType = Literal[
    "text", "room", "goods", "number", "quantity", "money", "time", "queue_number"
]  # fmt: skip

COUNTED_TABLE_DIGITS_MAX = 2
COUNTED_DIGITS_MAX = 5  # a longer number without a unit is a code: it is spelled

_MEASURES = "份个碗盘杯瓶位只块串桌人次条两斤克单号分秒件张双套壶罐盒包袋例扎粒颗片根"
_FULL_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF0E: ".", 0xFF05: "%"}
_TIME = re.compile(r"(?<!\d)([01]?\d|2[0-3])[:：]([0-5]\d)(?!\d)")
_MONEY = re.compile(r"[¥￥]\s?(\d+)(?:\.(\d{1,2}))?|(\d+)(?:\.(\d{1,2}))?元")
_DECIMAL = re.compile(r"(\d+)\.(\d+)")
_HASH = re.compile(r"#(\d+)")
_ORDINAL_ZH = re.compile(r"第\s?(\d+)")
_YEAR_ZH = re.compile(r"(?<!\d)(\d{4})(?=年)")
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_HOUR_ZH = re.compile(r"(?<!\d)2(?=小时|点|刻)")
_ROOM_ZH = re.compile(r"\d{3,5}(?=房|室|号房|号桌|包)")
# A table is called by its name (2桌 二桌, 12桌 十二桌, 102桌 一零二桌) unless tables are counted: 来了2桌 两桌.
_TABLE_ZH = re.compile(r"(?<![有来加开共订定剩约满\d.])(\d{1,5})(?=号?桌(?![客人酒宴]))")
_TABLE_NAME_ZH = re.compile(r"(\d{1,2})(号?桌)", re.ASCII)
_ROOM_EN = re.compile(
    r"\b(rooms?|tables?|suites?|box|cabin|floor room)(\s+(?:no\.?\s*|number\s+)?)(\d{3,5})(?!\d|[.:]\d)"
    r"|(?<![\d.])(\d{3,5})(?=\s+(?:room|suite)\b)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+")
_DIGIT = re.compile(r"\d")
_UNITS_ZH = {
    "ml": "毫升",
    "kg": "千克",
    "cm": "厘米",
    "℃": "摄氏度",
    "°C": "摄氏度",
    "g": "克",
    "L": "升",
}
_UNIT_ZH = re.compile(r"(\d+)(?:\.(\d+))?\s?(ml|kg|cm|℃|°C|g|L)(?![A-Za-z])")
_PERCENT = re.compile(r"(\d+)\s?%")


def said(kind: ParamType, value: str, language: Language, *, yao: bool = False) -> str:
    """Return one typed value as it is said; a value that is not of its type is read as text."""
    return _said(kind, value, language, yao)


@lru_cache(8192)  # the same rooms, dishes and quantities come by all day
def _said(kind: ParamType, value: str, language: Language, yao: bool) -> str:  # noqa: FBT001
    plain = value.strip().translate(_FULL_WIDTH)
    if kind == "room" and language == "zh" and (table := _TABLE_NAME_ZH.fullmatch(plain)):
        return f"{_table_zh(table[1])}{table[2]}"
    if kind in {"room", "queue_number"}:
        return _spelled(plain.removeprefix("#"), language, yao=yao)
    if kind in {"quantity", "number"} and plain.isascii() and plain.isdigit():
        if language == "en":
            return n.counted_en(int(plain))
        read = n.quantity_zh if kind == "quantity" else n.counted_zh
        return read(int(plain))
    if kind == "money" and plain.isascii() and plain.isdigit():  # fen
        return n.money_zh(int(plain)) if language == "zh" else n.money_en(int(plain))
    return read_aloud(plain, language)


def _spelled(text: str, language: Language, *, yao: bool) -> str:
    """Spell every digit of a room or a number; letters stay letters: A3 is A三."""

    def spell(found: re.Match[str]) -> str:
        digits = found.group()
        return n.spelled_zh(digits, yao=yao) if language == "zh" else f" {n.spelled_en(digits)} "

    return _NUMBER.sub(spell, _ascii_digits(text)).replace("  ", " ").strip()


def read_aloud(text: str, language: Language) -> str:
    """Return free text with every number in it read; no digit is left."""
    plain = text.translate(_FULL_WIDTH)
    if not _DIGIT.search(plain):
        return plain.replace("号号", "号") if language == "zh" else plain
    plain = _ascii_digits(plain)
    read = _read_zh(plain) if language == "zh" else _read_en(plain)
    assert not any(char.isdecimal() for char in read), "a digit is left in the voice's text"
    return read


def _ascii_digits(text: str) -> str:
    """Write the digits of every script in ASCII, so that none escapes."""
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)


def _read_zh(text: str) -> str:
    text = _DATE.sub(_date_zh, text)
    text = _TIME.sub(lambda m: n.time_zh(int(m[1]), int(m[2])), text)
    text = _YEAR_ZH.sub(lambda m: n.spelled_zh(m[1]), text)
    text = _ORDINAL_ZH.sub(_ordinal_zh, text)
    text = _HOUR_ZH.sub("两", text)
    text = _MONEY.sub(_money_zh, text)
    text = _PERCENT.sub(lambda m: f"百分之{n.counted_zh(int(m[1]))}", text)
    text = _UNIT_ZH.sub(_measured_zh, text)
    text = _ROOM_ZH.sub(lambda m: n.spelled_zh(m[0]), text)
    text = _TABLE_ZH.sub(lambda m: _table_zh(m[1]), text)
    text = _DECIMAL.sub(lambda m: f"{n.counted_zh(int(m[1]))}点{n.spelled_zh(m[2])}", text)
    text = _HASH.sub(lambda m: f"{n.spelled_zh(m[1])}号", text).replace("号号", "号")
    return _NUMBER.sub(lambda m: _number_zh(m[0], text[m.end() : m.end() + 1]), text)


def _table_zh(digits: str) -> str:
    spelled = len(digits) > COUNTED_TABLE_DIGITS_MAX or digits.startswith("0")
    return n.spelled_zh(digits) if spelled else n.counted_zh(int(digits))


def _date_zh(match: re.Match[str]) -> str:
    year, month, day = match.groups()
    return f"{n.spelled_zh(year)}年{n.counted_zh(int(month))}月{n.counted_zh(int(day))}日"


def _ordinal_zh(match: re.Match[str]) -> str:
    """A place in a row is counted without 两: 第二份."""
    digits = match[1]
    known = len(digits) <= COUNTED_DIGITS_MAX
    return "第" + (n.counted_zh(int(digits)) if known else n.spelled_zh(digits))


def _measured_zh(match: re.Match[str]) -> str:
    whole, part, unit = match.groups()
    if part:
        return f"{n.counted_zh(int(whole))}点{n.spelled_zh(part)}{_UNITS_ZH[unit]}"
    return n.quantity_zh(int(whole)) + _UNITS_ZH[unit]


def _number_zh(digits: str, after: str) -> str:
    if digits.startswith("0") and len(digits) > 1:
        return n.spelled_zh(digits)
    if len(digits) > COUNTED_DIGITS_MAX:
        return n.spelled_zh(digits)
    if after and after in _MEASURES and after != "号":
        return n.quantity_zh(int(digits))
    return n.counted_zh(int(digits))


def _money_zh(match: re.Match[str]) -> str:
    yuan, cents = (match[1], match[2]) if match[1] else (match[3], match[4])
    fen = int(yuan) * 100 + int((cents or "").ljust(2, "0") or 0)
    return n.money_zh(fen)


def _read_en(text: str) -> str:
    text = _ROOM_EN.sub(_room_en, text)
    text = _TIME.sub(lambda m: n.time_en(int(m[1]), int(m[2])), text)
    text = re.sub(
        r"[¥￥]\s?(\d+)(?:\.(\d{1,2}))?",
        lambda m: n.money_en(int(m[1]) * 100 + int((m[2] or "").ljust(2, "0") or 0)),
        text,
    )
    text = _PERCENT.sub(lambda m: f"{n.counted_en(int(m[1]))} percent", text)
    text = _DECIMAL.sub(
        lambda m: f"{n.counted_en(int(m[1]))} point {n.spelled_en(m[2]).replace('oh', 'zero')}",
        text,
    )
    text = _HASH.sub(lambda m: f"number {n.spelled_en(m[1]).replace('oh', 'zero')}", text)
    return _NUMBER.sub(lambda m: _number_en(m[0]), text)


def _room_en(match: re.Match[str]) -> str:
    before, gap, room, alone = match.groups()
    return n.spelled_en(alone) if alone else f"{before}{gap}{n.spelled_en(room)}"


def _number_en(digits: str) -> str:
    spelled = len(digits) > COUNTED_DIGITS_MAX or (digits.startswith("0") and len(digits) > 1)
    return n.spelled_en(digits) if spelled else n.counted_en(int(digits))
