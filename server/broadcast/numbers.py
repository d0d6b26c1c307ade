"""◆ Numbers as people say them, in Chinese and English.

A room is read digit by digit (801 八零一), a quantity with 两 (2份 两份), money and times the way a
cashier says them. Voices are never handed digits: an engine reads 801 as eight hundred and one.
Sources: GB/T 15835 for when numbers are counted and when spelled; R-004-35 for the room.
"""

from __future__ import annotations

DIGITS_ZH = "零一二三四五六七八九"
_UNITS_ZH = ("", "十", "百", "千")
NUMBER_MAX = 10**12  # beyond it a number is spelled out

_DIGITS_EN = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SMALL_EN = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS_EN = (
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip


def spelled_zh(digits: str, *, yao: bool = False) -> str:
    """Return a room, a queue number or a telephone number digit by digit; `yao` reads 1 as 幺."""
    read = "".join(DIGITS_ZH[int(digit)] for digit in digits)
    return read.replace("一", "幺") if yao else read


def counted_zh(number: int) -> str:
    """Return a cardinal: 0 零, 10 十, 12 十二, 102 一百零二, 2000 两千, 20000 两万."""
    if not 0 <= number < NUMBER_MAX:
        return spelled_zh(str(abs(number)))
    if number == 0:
        return DIGITS_ZH[0]
    read = _myriads_zh(number)
    return read.removeprefix("一") if read.startswith("一十") else read


def _myriads_zh(number: int) -> str:
    """Read groups of four digits, each with its 万 or 亿; a gap between groups is one 零."""
    groups: list[int] = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    read, gap = "", False
    for place in reversed(range(len(groups))):
        group = groups[place]
        if group == 0:
            gap = bool(read)
            continue
        if read and (gap or group < 1000):  # noqa: PLR2004 - a group that lacks its thousands
            read += DIGITS_ZH[0]
        said = "两" if group == 2 and place else _thousands_zh(group)  # noqa: PLR2004 - 两万
        read, gap = read + said + ("", "万", "亿")[place], False
    return read


def _thousands_zh(group: int) -> str:
    read, gap = "", False
    digits = [int(digit) for digit in str(group)]
    for position, digit in enumerate(digits):
        power = len(digits) - 1 - position
        if digit == 0:
            gap = True
            continue
        if gap and read:
            read += DIGITS_ZH[0]
        two = digit == 2 and power >= 2  # noqa: PLR2004 - 两百, 两千, but 二十
        read, gap = read + ("两" if two else DIGITS_ZH[digit]) + _UNITS_ZH[power], False
    return read


def quantity_zh(number: int) -> str:
    """Return a number before a measure word: 2份 is 两份, 12份 stays 十二份."""
    return "两" if number == 2 else counted_zh(number)  # noqa: PLR2004


def money_zh(fen: int) -> str:
    """Return an amount of fen: 1250 十二元五角, 5 五分, 8800 八十八元, 200 两元."""
    yuan, rest = divmod(fen, 100)
    jiao, cents = divmod(rest, 10)
    read = f"{quantity_zh(yuan)}元" if yuan or not rest else ""
    if jiao:
        read += f"{quantity_zh(jiao)}角"
    elif cents and yuan:
        read += DIGITS_ZH[0]
    return read + (f"{quantity_zh(cents)}分" if cents else "")


def time_zh(hour: int, minute: int) -> str:
    """Return a time of day: 15:05 十五点零五分, 15:00 十五点整, 2:30 两点三十分."""
    read = f"{quantity_zh(hour)}点"
    if minute == 0:
        return read + "整"
    zero = DIGITS_ZH[0] if minute < 10 else ""  # noqa: PLR2004
    return f"{read}{zero}{counted_zh(minute)}分"


def spelled_en(digits: str) -> str:
    """Return a room or a queue number digit by digit: 801 eight oh one."""
    return " ".join(_DIGITS_EN[int(digit)] for digit in digits)


def counted_en(number: int) -> str:
    """Return a cardinal: 342 three hundred and forty-two."""
    if not 0 <= number < NUMBER_MAX:
        return spelled_en(str(abs(number)))
    for size, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if number >= size:
            high, low = divmod(number, size)
            joint = " and " if 0 < low < 100 else " "  # noqa: PLR2004
            return f"{counted_en(high)} {name}" + (f"{joint}{counted_en(low)}" if low else "")
    return _hundreds_en(number)


def _hundreds_en(number: int) -> str:
    if number < len(_SMALL_EN):
        return _SMALL_EN[number]
    if number < 100:  # noqa: PLR2004
        tens, ones = divmod(number, 10)
        return _TENS_EN[tens] + (f"-{_SMALL_EN[ones]}" if ones else "")
    hundreds, rest = divmod(number, 100)
    return f"{_SMALL_EN[hundreds]} hundred" + (f" and {_hundreds_en(rest)}" if rest else "")


def money_en(fen: int) -> str:
    """Return an amount of fen: 1250 twelve yuan fifty."""
    yuan, rest = divmod(fen, 100)
    whole = f"{counted_en(yuan)} yuan"
    if not rest:
        return whole
    return f"{whole} {counted_en(rest)}" if rest >= 10 else f"{whole} oh {counted_en(rest)}"  # noqa: PLR2004


def time_en(hour: int, minute: int) -> str:
    """Return a time of day: 15:05 fifteen oh five, 15:00 fifteen o'clock."""
    if minute == 0:
        return f"{counted_en(hour)} o'clock"
    zero = "oh " if minute < 10 else ""  # noqa: PLR2004
    return f"{counted_en(hour)} {zero}{counted_en(minute)}"
