"""Numbers and sentences as people say them; no digit ever reaches a voice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.broadcast import numbers as n
from server.broadcast.speech import Language, ParamType, read_aloud, said

UNITS = {"十": 10, "百": 100, "千": 1000}


def _heard_zh(text: str) -> int:
    """Understand a cardinal the way a listener does: unit by unit, 万 and 亿 closing a group."""
    total = group = digit = 0
    for char in text:
        if char in n.DIGITS_ZH or char == "两":
            digit = 2 if char == "两" else n.DIGITS_ZH.index(char)
        elif char in UNITS:
            group += (digit or 1) * UNITS[char]
            digit = 0
        else:
            total = (total + group + digit) * {"万": 10_000, "亿": 100_000_000}[char]
            group = digit = 0
    return total + group + digit


def test_every_number_to_9999_is_understood() -> None:
    """Whoever hears the cardinal understands the number, for each of ten thousand."""
    for number in range(10_000):
        assert _heard_zh(n.counted_zh(number)) == number, number


def test_cardinals_keep_to_the_rules_of_the_language() -> None:
    """No 一十 in front, one 零 for any gap, 两 before 百 and 千 and never before 十, nothing doubled."""
    for number in range(10_000):
        read = n.counted_zh(number)
        assert not read.startswith("一十")
        assert "零零" not in read
        assert "两十" not in read
        assert "二百" not in read
        assert "二千" not in read
        assert len(read) == 1 or not read.endswith("零")


@given(st.integers(0, 10**12 - 1))
def test_large_numbers_are_understood(number: int) -> None:
    """Up to a trillion, with 万 and 亿."""
    groups = n.counted_zh(number)
    assert "零零" not in groups
    if number < 10**8:
        assert _heard_zh(groups) == number


def test_every_room_is_spelled() -> None:
    """801 is 八零一 and never 八百零一; with 幺 on request."""
    for room in range(10_000):
        digits = f"{room:03d}"
        read = n.spelled_zh(digits)
        assert [n.DIGITS_ZH.index(char) for char in read] == [int(d) for d in digits]
        assert "一" not in n.spelled_zh(digits, yao=True)


def test_every_minute_of_the_day_is_a_time() -> None:
    """Each of 1,440 times is different and ends in 整 or 分."""
    read = {n.time_zh(m // 60, m % 60) for m in range(1440)}
    assert len(read) == 1440
    assert all(one.endswith(("整", "分")) for one in read)


WORDS = [
    # type, value, language, as said
    ("room", "801", "zh", "八零一"),
    ("room", "A3", "zh", "A三"),
    ("room", "VIP2", "zh", "VIP二"),
    ("room", "1024", "zh", "一零二四"),
    ("room", "801", "en", "eight oh one"),
    ("room", "2桌", "zh", "二桌"),
    ("room", "12号桌", "zh", "十二号桌"),
    ("room", "102桌", "zh", "一零二桌"),
    ("room", "Table 12", "en", "Table one two"),
    ("queue_number", "#01", "zh", "零一"),
    ("queue_number", "100", "zh", "一零零"),
    ("quantity", "2", "zh", "两"),
    ("quantity", "12", "zh", "十二"),
    ("quantity", "20", "zh", "二十"),
    ("quantity", "22", "zh", "二十二"),
    ("quantity", "200", "zh", "两百"),
    ("quantity", "2", "en", "two"),
    ("number", "2", "zh", "二"),
    ("number", "102", "zh", "一百零二"),
    ("number", "110", "zh", "一百一十"),
    ("number", "1010", "zh", "一千零一十"),
    ("number", "10010", "zh", "一万零一十"),
    ("number", "342", "en", "three hundred and forty-two"),
    ("number", "1001", "en", "one thousand and one"),
    ("money", "1250", "zh", "十二元五角"),
    ("money", "200", "zh", "两元"),
    ("money", "205", "zh", "两元零五分"),
    ("money", "5", "zh", "五分"),
    ("money", "0", "zh", "零元"),
    ("money", "8800", "zh", "八十八元"),
    ("money", "100050", "zh", "一千元五角"),
    ("money", "1250", "en", "twelve yuan fifty"),
    ("money", "1205", "en", "twelve yuan oh five"),
    ("time", "15:05", "zh", "十五点零五分"),
    ("time", "15:00", "zh", "十五点整"),
    ("time", "2:30", "zh", "两点三十分"),
    ("time", "15:05", "en", "fifteen oh five"),
    ("goods", "水饺", "zh", "水饺"),
    ("goods", "可乐330ml", "zh", "可乐三百三十毫升"),
    ("quantity", "两", "zh", "两"),
]

SENTENCES = [
    ("801房间下单了水饺2份,请注意", "八零一房间下单了水饺两份,请注意"),
    ("请01号顾客取餐", "请零一号顾客取餐"),
    ("请#16号顾客取餐", "请一六号顾客取餐"),
    ("2号套餐3份", "二号套餐三份"),
    ("加2个荷包蛋", "加两个荷包蛋"),
    ("第12桌催菜", "第十二桌催菜"),
    ("80℃温水1杯", "八十摄氏度温水一杯"),
    ("消费￥12.50", "消费十二元五角"),
    ("消费12.5元", "消费十二元五角"),
    ("18:30到店,2位", "十八点三十分到店,两位"),
    ("电话13800138000", "电话一三八零零一三八零零零"),
    ("九折即90%", "九折即百分之九十"),
    ("大瓶1.5L", "大瓶一点五升"),
    ("５份水饺", "五份水饺"),
    ("٣份", "三份"),
    ("8012房间", "八零一二房间"),
    ("12房间", "十二房间"),
    ("20000份", "两万份"),
    ("2026年", "二零二六年"),
    ("2026-11-25到店", "二零二六年十一月二十五日到店"),
    ("第2桌", "第二桌"),
    ("请到2桌", "请到二桌"),
    ("2桌催菜", "二桌催菜"),
    ("12桌要加水", "十二桌要加水"),
    ("2号桌买单", "二号桌买单"),
    ("102桌结账", "一零二桌结账"),
    ("来了2桌客人", "来了两桌客人"),
    ("2桌客人到店", "两桌客人到店"),
    ("还剩2桌", "还剩两桌"),
    ("801包间加1壶茶", "八零一包间加一壶茶"),
    ("801房2碗面", "八零一房两碗面"),
    ("第2份", "第二份"),
    ("第102位", "第一百零二位"),
    ("2小时", "两小时"),
    ("2点", "两点"),
    ("12点", "十二点"),
    ("22小时", "二十二小时"),
    ("80°C", "八十摄氏度"),
    ("130000份", "一三零零零零份"),
    ("没有数字", "没有数字"),
    ("", ""),
]


@pytest.mark.parametrize(("kind", "value", "language", "expected"), WORDS)
def test_a_value_is_said_as_its_type(
    kind: ParamType, value: str, language: Language, expected: str
) -> None:
    """A room is spelled, a quantity counted, money and time said as a cashier says them."""
    assert said(kind, value, language) == expected


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_a_sentence_is_read_aloud(text: str, expected: str) -> None:
    """Free text with numbers in it (R-004-35)."""
    assert read_aloud(text, "zh") == expected


SENTENCES_EN = [
    ("Room 801 ordered 2 dumplings", "Room eight oh one ordered two dumplings"),
    ("Please come to room 1024", "Please come to room one oh two four"),
    ("Rooms 801 and 2 more", "Rooms eight oh one and two more"),
    ("Room no. 305 is ready", "Room no. three oh five is ready"),
    ("table number 102, 4 bowls", "table number one oh two, four bowls"),
    ("Table 12 pays", "Table twelve pays"),
    ("The 801 room wants tea", "The eight oh one room wants tea"),
    ("801 guests", "eight hundred and one guests"),
    ("Suite 900 at 15:05", "Suite nine oh oh at fifteen oh five"),
    ("a box 12.50 wide", "a box twelve point five zero wide"),
    ("Number #16, please", "Number number one six, please"),
    ("no numbers here", "no numbers here"),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES_EN)
def test_an_english_sentence_is_read_aloud(text: str, expected: str) -> None:
    """A room is a name in English too, whoever wrote the sentence; what is counted is counted."""
    assert read_aloud(text, "en") == expected


@given(st.text(max_size=80), st.sampled_from(["zh", "en"]))
def test_no_digit_is_left_in_anything(text: str, language: Language) -> None:
    """Whatever a dish is called, the voice gets no digit of any script."""
    assert not any(char.isdecimal() for char in read_aloud(text, language))
