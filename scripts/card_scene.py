"""Plays a quarter of an hour at the meal-card counter for the pictures: top-ups, charges, a refund, a freeze.

Refuses to open pages; `pictures.py` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.auth import new_token, token_hash
from server.cards import store
from server.cards.policy import BonusRule, CardPolicy

if TYPE_CHECKING:
    from playwright.async_api import Page

    from scripts.evening_scene import Evening

BRAND = 1
BONUS = [BonusRule(50_000, 5_000), BonusRule(100_000, 15_000)]  # 充 500 送 50, 充 1000 送 150
NUMBER = "8800100200300417"  # of the card that is laid down in the picture
DEVICES = (("register", "cashier", "储值卡 1 号机"), ("monitor", "monitor", "店长室"))
# A reader types faster than anybody can, then Enter.
READER = """number => {
  for (const key of [...number, "Enter"]) window.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
}"""


def _line(zh: str, en: str, fen: int, quantity: int = 1) -> dict[str, Any]:
    return {"name": {"zh": zh, "en": en}, "quantity": quantity, "amount_fen": fen}


async def serve(evening: Evening) -> None:
    """Play the last quarter of an hour at the counter."""
    await store.put_policy(evening.pool, BRAND, CardPolicy(bonus_rules=BONUS), 0)
    cards: list[int] = []
    for minutes, phone, name, fen in (
        (14, "13800138001", "王小明", 50_000),
        (12, "13800138002", "李芳", 20_000),
        (10, "13800138003", "陈伟", 100_000),
        (9, "13800138004", "赵敏", 10_000),
    ):
        await evening.at(minutes, 10)
        number = NUMBER if not cards else ""
        opened = await evening.do(
            "cashier", "OpenCard", identity_kind="phone", identity=phone, name=name, number=number
        )
        cards.append(opened["card_id"])
        await evening.do("cashier", "TopUpCard", card_id=cards[-1], amount_fen=fen)
    paid: list[int] = []
    for minutes, seconds, card, lines in (
        (8, 40, 0, [_line("牛肉面", "Beef noodles", 2800), _line("酸梅汤", "Plum drink", 800)]),
        (7, 15, 1, [_line("宫保鸡丁", "Kung Pao chicken", 3800), _line("米饭", "Rice", 200)]),
        (5, 30, 2, [_line("水饺", "Dumplings", 5200, 2), _line("拍黄瓜", "Cucumber", 1800)]),
        (3, 50, 3, [_line("番茄炒蛋", "Tomato and egg", 2600)]),
        (2, 20, 1, [_line("红烧肉", "Braised pork", 4800)]),
    ):
        await evening.at(minutes, seconds)
        amount = sum(line["amount_fen"] for line in lines)
        done = await evening.do(
            "cashier", "ConsumeCard", card_id=cards[card], amount_fen=amount, lines=lines
        )
        paid.append(done["trade_id"])
    await evening.at(1, 40)
    await evening.do("cashier", "RefundTrade", trade_id=paid[2], amount_fen=1800, note="黄瓜未上")
    await evening.at(0, 50)
    await evening.do("manager", "FreezeFunds", card_id=cards[2], amount_fen=20_000, note="包间押金")


async def pair(evening: Evening) -> dict[str, str]:
    """Pair a register and a monitor; return their tokens by page."""
    tokens = {}
    for page, kind, name in DEVICES:
        made = new_token()
        await evening.do(
            "manager", "PairDevice", kind=kind, name=name, place_id=None, station_id=None,
            token_hash=token_hash(made).hex(),
        )  # fmt: skip
        tokens[page] = made
    return tokens


async def ready_to_charge(page: Page) -> None:
    """Type an amount and lay the card down, and leave the last key to whoever looks."""
    for key in "46.80":
        await page.keyboard.press(key)
    await page.wait_for_timeout(200)
    await page.evaluate(READER, NUMBER)
    await page.wait_for_selector(".line[data-line=after]")
