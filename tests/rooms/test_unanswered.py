"""Rings that nobody answered: when further ends hear it, and how long each end goes on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.calling import Calling, calling

NUMBER: dict[str, Any] = {"event": "custom", "template_id": 3, "params": {"number": "7"}}


async def _rule(house: Calling, repeat_max: int, after_rings: int) -> None:
    await house.policy(
        "custom", "kitchen",
        f'{{"repeat_max": {repeat_max}, "interval_s": 10, "escalate_after_rings": {after_rings},'
        ' "escalate_to": ["cashier"]}',
    )  # fmt: skip


@pytest.mark.parametrize(
    ("repeat_max", "after_rings", "heard_after_s"),
    [(3, 1, 10), (3, 2, 20), (1, 2, 20), (0, 1, 10), (1, 5, 20)],
)
async def test_further_ends_hear_it_when_so_many_rings_stayed_unanswered(
    database_url: str, repeat_max: int, after_rings: int, heard_after_s: int
) -> None:
    """An interval after the last of them, the end's last ring too; never is no answer."""
    async with calling(database_url) as house:
        await _rule(house, repeat_max, after_rings)
        call = await house.send(channels=["kitchen"], **NUMBER)
        for passed_s in range(10, 70, 10):
            channels = [one.channels for one in await house.after(seconds=10)]
            assert (["cashier"] in channels) is (passed_s == heard_after_s), passed_s
        rows = await house.messages(call["call_id"])
        assert [row for row in rows if row[0] == "cashier"] == [("cashier", 1, "sent", "")]
        sent = [row for row in rows if row[0] == "kitchen" and row[2] == "sent"]
        assert len(sent) == repeat_max + 1, "a look whether anybody came is no ring"
        state = await house.kitchen.pool.fetchval(
            "SELECT state FROM im_call WHERE id = $1", call["call_id"]
        )
        assert state == "ended"


async def test_who_answers_the_last_ring_in_time_is_left_alone(database_url: str) -> None:
    """Somebody came after the last ring: nobody else is told."""
    async with calling(database_url) as house:
        await _rule(house, 0, 1)
        call = await house.send(channels=["kitchen"], **NUMBER)
        await house.kitchen.ask("cashier", "ClaimCall", call_id=call["call_id"])
        assert await house.after(seconds=60) == []


async def test_a_ring_that_could_not_be_heard_was_not_answered(database_url: str) -> None:
    """The kitchen's rings fell into quiet hours meanwhile: the cash desk hears it all the same."""
    async with calling(database_url) as house:
        await _rule(house, 3, 1)
        call = await house.send(channels=["kitchen"], **NUMBER)
        await house.policy(
            "custom", "kitchen",
            '{"repeat_max": 3, "interval_s": 10, "escalate_after_rings": 1,'
            ' "escalate_to": ["cashier"], "quiet": {"from_minute": 660, "to_minute": 780}}',
        )  # fmt: skip
        assert [one.channels for one in await house.after(seconds=10)] == [["cashier"]]
        assert ("kitchen", 2, "suppressed", "quiet_hours") in await house.messages(call["call_id"])


async def test_fewer_repeats_hold_for_calls_that_wait(database_url: str) -> None:
    """A repeat that is armed is not heard any more once the shop wants none."""
    async with calling(database_url) as house:
        await house.policy("custom", "kitchen", '{"repeat_max": 5, "interval_s": 10}')
        call = await house.send(channels=["kitchen"], **NUMBER)
        await house.policy("custom", "kitchen", '{"repeat_max": 0, "interval_s": 10}')
        assert await house.after(seconds=10) == []
        assert (await house.messages(call["call_id"]))[-1] == (
            "kitchen", 2, "suppressed", "rang_out",
        )  # fmt: skip


async def test_every_end_rings_as_often_as_its_rule_says(database_url: str) -> None:
    """A call is of use as long as its longest end, not its first one; also one that hears it later."""
    async with calling(database_url) as house:
        often = '{"repeat_max": 4, "interval_s": 60, "misfire": "once"}'
        await house.policy("custom", "cashier", often)
        await house.policy("custom", "console", often)
        await _rule(house, 0, 1)
        call = await house.send(channels=["kitchen", "console"], **NUMBER)
        for _ in range(70):
            await house.after(seconds=5)
        rows = await house.messages(call["call_id"])
        for end in ("console", "cashier"):
            assert [row[2] for row in rows if row[0] == end] == ["sent"] * 5, end


async def test_a_card_that_rang_more_than_it_should_by_now_is_given_up(database_url: str) -> None:
    """Fewer repeats hold for cards that ring, too: the next look gives up, and the desk is told."""
    async with calling(database_url) as house:
        await house.policy("service_wanted", "pad", '{"repeat_max": 5, "interval_s": 10}')
        await house.send(event="service_wanted", msg_type=4, template_id=3, params={"number": "7"})
        for _ in range(2):
            await house.after(seconds=10)
        await house.policy("service_wanted", "pad", '{"repeat_max": 0, "interval_s": 10}')
        await house.after(seconds=10)
        (card,) = (await house.kitchen.view("cashier")).calls
        assert card.state == "unanswered"


async def test_a_card_escalates_by_its_rule_and_rings_on(database_url: str) -> None:
    """Rings until somebody comes, and after two unanswered rings the cash desk sees and hears it too."""
    async with calling(database_url) as house:
        await house.policy(
            "service_wanted", "pad",
            '{"until_acknowledged": true, "interval_s": 10, "escalate_after_rings": 2,'
            ' "escalate_to": ["cashier"]}',
        )  # fmt: skip
        call = await house.send(
            event="service_wanted", msg_type=4, template_id=3, params={"number": "7"}
        )
        pad, since = await house.kitchen.view("waiter"), len(house.kitchen.ear.heard)
        assert [one.channels for one in await house.after(seconds=10)] == [["pad"]]
        assert (await house.kitchen.view("cashier")).calls == []
        said = await house.after(seconds=10)
        assert [one.channels for one in said] == [["pad"], ["cashier"]]
        (card,) = (await house.kitchen.view("cashier")).calls
        assert (card.state, card.rings) == ("ringing", 3)
        assert house.kitchen.carry(pad, since) == await house.kitchen.view("waiter")
        assert [one.channels for one in await house.after(seconds=10)] == [["pad"]]
        await house.kitchen.ask("cashier", "ClaimCall", call_id=call["call_id"])
        assert house.kitchen.carry(pad, since) == await house.kitchen.view("waiter")
