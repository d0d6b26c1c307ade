"""Rings that quiet hours hold back: dropped or postponed, and what goes on afterwards."""

from __future__ import annotations

from tests.support.calling import calling

# The house's clock stands at noon in China; these hours end at 13:00.
POSTPONE = (
    '{"quiet": {"from_minute": 660, "to_minute": 780}, "quiet_then": "postpone", "expiry_s": %d%s}'
)
ASK = {"event": "custom", "channels": ["cashier"], "template_id": 3, "params": {"number": "7"}}
HOUR = 3600


async def test_a_ring_waits_for_the_end_of_quiet_hours(database_url: str) -> None:
    """R-004-33: postponed with its reason, rung at 13:00 sharp, and repeated from there."""
    async with calling(database_url) as house:
        await house.policy("custom", "cashier", POSTPONE % (60, ', "repeat_max": 1'))
        call = await house.send(**ASK)
        (end,) = call["ends"]
        assert (end["state"], end["reason"]) == ("queued", "quiet_hours")
        assert await house.messages(call["call_id"]) == [("cashier", 1, "queued", "quiet_hours")]
        assert await house.after(seconds=HOUR - 1) == []
        (rung,) = await house.after(seconds=1)
        assert (rung.ring, rung.channels) == (1, ["cashier"])
        (again,) = await house.after(seconds=15)
        assert again.ring == 2
        assert [m[2] for m in await house.messages(call["call_id"])] == ["sent", "sent"]


async def test_a_postponed_call_expires_as_if_it_were_raised_when_quiet_hours_end(
    database_url: str,
) -> None:
    """R-004-33: a minute's expiry is a minute from 13:00; what comes later than that is not said."""
    async with calling(database_url) as house:
        await house.policy("custom", "cashier", POSTPONE % (60, ', "misfire": "once"'))
        call = await house.send(**ASK)
        assert await house.after(seconds=HOUR + 60 + 15 + 1) == []  # nothing ran at 13:00
        assert await house.messages(call["call_id"]) == [("cashier", 1, "suppressed", "expired")]


async def test_a_repeat_that_would_be_expired_by_then_is_not_postponed(database_url: str) -> None:
    """R-004-33: the call was heard once and is of no use at 13:00: its repeat is suppressed."""
    async with calling(database_url) as house:
        await house.policy("custom", "cashier", '{"repeat_max": 1, "interval_s": 10}')
        call = await house.send(**ASK)
        await house.policy("custom", "cashier", POSTPONE % (60, ', "repeat_max": 1'))
        assert await house.after(seconds=10) == []
        assert await house.messages(call["call_id"]) == [
            ("cashier", 1, "sent", ""), ("cashier", 2, "suppressed", "quiet_hours"),
        ]  # fmt: skip


async def test_a_call_that_is_over_by_then_stays_silent(database_url: str) -> None:
    """R-004-34: taken back during quiet hours, it does not ring when they end."""
    async with calling(database_url) as house:
        await house.policy("custom", "cashier", POSTPONE % (2 * HOUR, ""))
        call = await house.send(**ASK)
        await house.kitchen.ask("business", "CancelCall", call_id=call["call_id"])
        assert await house.after(seconds=2 * HOUR) == []
        assert await house.messages(call["call_id"]) == [("cashier", 1, "cancelled", "cancelled")]


async def test_repeats_go_on_when_the_reason_has_passed(database_url: str) -> None:
    """A repeat that may not ring is written down as such; the next one rings when it may."""
    async with calling(database_url) as house:
        rule = '{"repeat_max": 3, "interval_s": 10%s}'
        await house.policy("custom", "cashier", rule % "")
        call = await house.send(**ASK)
        await house.policy("custom", "cashier", rule % ', "on": false')
        assert await house.after(seconds=10) == []
        await house.policy("custom", "cashier", rule % "")
        assert [one.ring for one in await house.after(seconds=10)] == [3]
        assert [one.ring for one in await house.after(seconds=10)] == [4]
        assert await house.after(seconds=60) == []
        states = [
            (ring, state, why) for _, ring, state, why in await house.messages(call["call_id"])
        ]
        assert states == [
            (1, "sent", ""), (2, "suppressed", "off"), (3, "sent", ""), (4, "sent", ""),
        ]  # fmt: skip
