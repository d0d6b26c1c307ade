"""Calls of every kind: accepted per end, repeated, spoken together, answered, cancelled, too late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from server import housekeeping
from server.events import catalogue as c
from tests.support.calling import calling
from tests.support.kitchen import DUMPLINGS

ORDER = {"roomName": "801", "goodsName": "水饺", "num": "2"}


async def test_an_order_is_heard_in_the_kitchen(database_url: str) -> None:
    """A room's order is announced to the kitchen, numbers as people say them (R-004-10, R-004-35)."""
    async with calling(database_url) as house:
        await house.kitchen.ask(
            "guest", "PlaceOrder", place_id=1, lines=[{"dish_id": DUMPLINGS, "quantity": 2}]
        )
        (heard,) = await house.after(seconds=0)
        assert heard.channels == ["kitchen"]
        assert heard.text.zh.startswith("801房间下单了")
        assert heard.text.zh.endswith("2份,请注意")
        assert heard.spoken.zh.startswith("八零一房间下单了")
        assert heard.spoken.zh.endswith("两份,请注意")
        assert heard.priority == 3
        assert await house.after(seconds=60) == []


async def test_a_wrist_tags_order_is_the_cash_desks(database_url: str) -> None:
    """A wrist tag's order is announced at the cash desk, three times 15 s apart (R-004-10, R-004-33)."""
    async with calling(database_url) as house:
        await house.kitchen.order(101, 1)
        rung = [await house.after(seconds=seconds) for seconds in (0, 15, 15, 60)]
        about = [[u.channels for u in said if u.event == "order_placed"] for said in rung]
        assert about == [[["cashier"]]] * 3 + [[]]
        placed = [[u.ring for u in said if u.event == "order_placed"] for said in rung[:3]]
        assert placed == [[1], [2], [3]]
        assert all(said[0].text.zh.startswith("手牌") for said in rung[:3])
        assert all("房间" not in said[0].spoken.zh for said in rung[:3])


async def test_a_finished_dish_rings_pads_and_call_screen(database_url: str) -> None:
    """The card has a voice on the pads; the call screen says the number twice."""
    async with calling(database_url) as house:
        item = (await house.kitchen.order(1, 1))["item_ids"][0]
        for verb in ("StartItem", "FinishItem", "CallItem"):
            await house.kitchen.ask("kitchen", verb, item_id=item)
        said = [u for u in await house.after(seconds=0) if u.event == "item_ready"]
        assert sorted(u.channels[0] for u in said) == ["call_screen", "pad"]
        screen = next(u for u in said if u.channels == ["call_screen"])
        assert screen.spoken.zh == "请零一号顾客取餐"
        (again,) = await house.after(seconds=8)
        assert (again.channels, again.ring) == (["call_screen"], 2)
        (pads,) = await house.after(seconds=7)
        assert (pads.channels, pads.ring) == (["pad"], 2)


async def test_undo_silences_pads_screen_and_what_is_queued(database_url: str) -> None:
    """A cook's slip taken back: everybody who heard is told, nothing rings later."""
    async with calling(database_url) as house:
        item = (await house.kitchen.order(1, 1))["item_ids"][0]
        for verb in ("StartItem", "FinishItem", "CallItem"):
            await house.kitchen.ask("kitchen", verb, item_id=item)
        await house.after(seconds=0)
        since = len(house.kitchen.ear.heard)
        await house.kitchen.ask("kitchen", "UndoItem", item_id=item, state="called")
        ended = [line for line in house.kitchen.ear.heard[since:] if b"CallEnded" in line.body]
        assert len(ended) == 1
        assert {"pad", "screen", "cashier"} <= ended[0].topics
        assert await house.after(seconds=120) == []


async def test_each_end_is_answered_for(database_url: str) -> None:
    """Per end the caller learns queued, suppressed with the reason, or no such end (R-004-31)."""
    async with calling(database_url) as house:
        await house.policy("order_placed", "cashier", '{"on": false}')
        answer = await house.send(
            event="order_placed", channels=["kitchen", "cashier", "room"], params=ORDER
        )
        assert [(e["channel"], e["state"], e["reason"]) for e in answer["ends"]] == [
            ("kitchen", "queued", ""),
            ("cashier", "suppressed", "off"),
            ("room", "no_such_end", "no_device"),
        ]
        assert await house.messages(answer["call_id"]) == [
            ("cashier", 1, "suppressed", "off"),
            ("kitchen", 1, "sent", ""),
            ("room", 1, "suppressed", "no_device"),
        ]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"params": {"roomName": "801"}}, "template_parameter_missing"),
    ({"params": ORDER | {"colour": "red"}}, "template_parameter_unknown"),
    ({"params": ORDER, "template_id": 5_000}, "template_not_found"),
    ({"params": ORDER, "channels": []}, "bad_field"),
    ({"params": ORDER, "msg_type": 4}, "bad_field"),
]


@pytest.mark.parametrize(("wrong", "code"), REFUSED, ids=[code for _, code in REFUSED])
async def test_a_wrong_call_is_refused_at_the_door(
    database_url: str, wrong: dict[str, Any], code: str
) -> None:
    """What cannot be said is refused when it is asked for, and its neighbours are taken."""
    async with calling(database_url) as house:
        right = {"event": "order_placed", "channels": ["kitchen"], "params": ORDER}
        sent = await house.kitchen.ask("business", "SendImCall", calls=[right | wrong, right])
        assert sent["calls"][0]["refusal"]["code"] == code
        assert sent["calls"][1]["ends"][0]["state"] == "queued"


@pytest.mark.parametrize("name", ["{num}", "<b>水饺</b>", "{{", "}", "水饺{0}%s\\n'\"$1"])
async def test_a_strange_dish_does_no_harm(database_url: str, name: str) -> None:
    """A value is put in once and never read again."""
    async with calling(database_url) as house:
        await house.send(
            event="order_placed", channels=["kitchen"], params=ORDER | {"goodsName": name}
        )
        assert house.announced()[-1].text.zh == f"801房间下单了{name}2份,请注意"


async def test_orders_that_come_together_are_said_together(database_url: str) -> None:
    """Five orders in two seconds: the first at once, the rest in one sentence."""
    async with calling(database_url) as house:
        sent = []
        for room in range(801, 806):
            params = ORDER | {"roomName": str(room)}
            sent.append(await house.send(event="order_placed", channels=["kitchen"], params=params))
            house.kitchen.advance(seconds=0.4)
        assert len(house.announced()) == 1
        (rest,) = await house.after(seconds=2)
        assert rest.text.zh == (
            "802房间下单了水饺2份；803房间下单了水饺2份；804房间下单了水饺2份；805房间下单了水饺2份,请注意"
        )
        assert await house.after(seconds=10) == []
        states = [await house.messages(one["call_id"]) for one in sent]
        assert all(state == [("kitchen", 1, "sent", "")] for state in states)


async def test_quiet_hours_hold_for_repeats_too(database_url: str) -> None:
    """A rule changed after the call was accepted silences its next ring, with the reason written."""
    async with calling(database_url) as house:
        await house.policy("custom", "cashier", '{"repeat_max": 3, "interval_s": 10}')
        call = await house.send(
            event="custom", channels=["cashier"], template_id=3, params={"number": "7"}
        )
        assert len(await house.after(seconds=10)) == 1
        await house.policy(
            "custom", "cashier",
            '{"repeat_max": 3, "quiet": {"from_minute": 660, "to_minute": 780}}',
        )  # fmt: skip
        assert await house.after(seconds=10) == []
        assert ("cashier", 3, "suppressed", "quiet_hours") in await house.messages(call["call_id"])


async def test_a_voice_that_comes_minutes_late_is_not_spoken(database_url: str) -> None:
    """The house was away for three minutes: the repeat is dropped and says why."""
    async with calling(database_url) as house:
        await house.policy(
            "custom", "cashier", '{"repeat_max": 1, "interval_s": 10, "expiry_s": 600}'
        )
        call = await house.send(
            event="custom", channels=["cashier"], template_id=3, params={"number": "7"}
        )
        assert await house.after(seconds=190) == []
        assert ("cashier", 2, "suppressed", "too_late") in await house.messages(call["call_id"])


async def test_rings_until_somebody_acknowledges(database_url: str) -> None:
    """Until acknowledged: one press stops the rest, whatever was armed (no race)."""
    async with calling(database_url) as house:
        await house.policy("custom", "cashier", '{"until_acknowledged": true, "interval_s": 5}')
        call = await house.send(
            event="custom", channels=["cashier"], template_id=3, params={"number": "7"}
        )
        assert [len(await house.after(seconds=5)) for _ in range(4)] == [1, 1, 1, 1]
        await house.kitchen.ask("cashier", "ClaimCall", call_id=call["call_id"])
        assert await house.after(seconds=60) == []
        assert (await house.messages(call["call_id"]))[-1] == (
            "cashier",
            6,
            "cancelled",
            "acknowledged",
        )


async def test_a_technician_off_the_clock_is_not_called(database_url: str) -> None:
    """Whose session ended before the call or before its repeat is not called (R-004-34)."""
    async with calling(database_url) as house:
        await house.policy("technician_wanted", "cashier", '{"repeat_max": 3, "interval_s": 10}')
        ask = {
            "event": "technician_wanted", "channels": ["cashier"], "template_id": 3,
            "params": {"number": "8", "technicianId": "t8"},
        }  # fmt: skip
        await house.kitchen.ask("business", "SetTechnician", technician_id="t8", on_clock=True)
        call = await house.send(**ask)
        assert call["ends"][0]["state"] == "queued"
        await house.kitchen.ask("business", "SetTechnician", technician_id="t8", on_clock=False)
        assert await house.after(seconds=10) == []
        assert ("cashier", 2, "suppressed", "technician_off_clock") in await house.messages(
            call["call_id"]
        )
        assert (await house.send(**ask))["ends"][0]["reason"] == "technician_off_clock"


async def test_a_cancelled_call_falls_silent(database_url: str) -> None:
    """Cancel ends the rings and tells every end to drop what it still wanted to say."""
    async with calling(database_url) as house:
        await house.policy("custom", "kitchen", '{"repeat_max": 5, "interval_s": 10}')
        call = await house.send(
            event="custom", channels=["kitchen"], template_id=3, params={"number": "7"}
        )
        since = len(house.kitchen.ear.heard)
        await house.kitchen.ask("business", "CancelCall", call_id=call["call_id"])
        (ended,) = house.kitchen.events(since)
        assert isinstance(ended, c.CallEnded)
        assert "kitchen" in house.kitchen.ear.heard[-1].topics
        assert await house.after(seconds=60) == []
        again = await house.kitchen.ask("business", "CancelCall", call_id=call["call_id"])
        assert again["changed"] is False


async def test_an_unanswered_announcement_reaches_further_ends(database_url: str) -> None:
    """After so many rings without an answer the next end is told, and the caller's record says so."""
    async with calling(database_url) as house:
        await house.policy(
            "custom", "kitchen",
            '{"repeat_max": 3, "interval_s": 10, "escalate_after_rings": 2,'
            ' "escalate_to": ["cashier"]}',
        )  # fmt: skip
        ask = {"event": "custom", "template_id": 3, "params": {"number": "7"}}
        call = await house.send(channels=["kitchen"], **ask)
        assert [u.channels for u in await house.after(seconds=10)] == [["kitchen"]]
        said = await house.after(seconds=10)
        assert [u.channels for u in said] == [["kitchen"], ["cashier"]]
        assert ("cashier", 1, "sent", "") in await house.messages(call["call_id"])
        await house.kitchen.ask("cashier", "ClaimCall", call_id=call["call_id"])
        assert await house.after(seconds=60) == []


async def test_an_escalation_knows_quiet_hours(database_url: str) -> None:
    """Escalation goes through the same gate as every ring."""
    async with calling(database_url) as house:
        await house.policy(
            "custom", "kitchen",
            '{"repeat_max": 3, "interval_s": 10, "escalate_after_rings": 2,'
            ' "escalate_to": ["cashier"]}',
        )  # fmt: skip
        await house.policy("custom", "cashier", '{"quiet": {"from_minute": 660, "to_minute": 780}}')
        ask = {"event": "custom", "template_id": 3, "params": {"number": "7"}}
        call = await house.send(channels=["kitchen"], **ask)
        for _ in range(2):
            assert [u.channels for u in await house.after(seconds=10)] == [["kitchen"]]
        assert ("cashier", 1, "suppressed", "quiet_hours") in await house.messages(call["call_id"])


async def test_an_order_is_announced_whatever_a_shop_chose(database_url: str) -> None:
    """A rule that names a sentence which is not there: the house says its own (R-004-10)."""
    async with calling(database_url) as house:
        await house.policy("order_placed", "kitchen", '{"template_id": 5000}')
        await house.kitchen.order(1, DUMPLINGS)
        (heard,) = await house.after(seconds=0)
        assert heard.text.zh.startswith("801房间下单了")
        call = {"event": "order_placed", "channels": ["kitchen"], "params": ORDER}
        refused = await house.send(**call)
        assert refused["refusal"]["code"] == "template_not_found", "a service is told"


async def test_a_shop_may_read_one_as_yao(database_url: str) -> None:
    """801 is 八零幺 where a shop wants it, and 1份 stays 一份."""
    async with calling(database_url) as house:
        await house.policy("order_placed", "kitchen", '{"one_as_yao": true}')
        await house.send(event="order_placed", channels=["kitchen"], params=ORDER | {"num": "1"})
        assert house.announced()[-1].spoken.zh == "八零幺房间下单了水饺一份,请注意"


async def test_calls_are_forgotten_in_time(database_url: str) -> None:
    """A call, its rings and its receipts go ninety days later; an open one stays."""
    async with calling(database_url) as house:
        call = await house.send(event="order_placed", channels=["kitchen"], params=ORDER)
        heard = c.Heard(call["call_id"], 1, 7, "kitchen", "played", 1)
        await house.kitchen.ask("system", "NoteRings", rings=[msgspec.to_builtins(heard)])
        await house.send(event="service_wanted", msg_type=4, template_id=3, params={"number": "7"})
        house.kitchen.advance(seconds=(housekeeping.CALLS_KEPT + timedelta(days=1)).total_seconds())
        await housekeeping.forget(house.kitchen.pool, house.kitchen.clock)
        left = [
            await house.kitchen.pool.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("im_call", "im_message", "im_receipt")
        ]
        assert left == [1, 1, 0]


SENTENCES = [
    ("service_wanted", "八零一房间需要服务,请前往"),
    ("technician_wanted", "八零一房间请安排技师"),
    ("order_rushed", "八零一房间催菜,请尽快"),
]


@pytest.mark.parametrize(("event", "spoken"), SENTENCES)
async def test_a_brand_without_sentences_is_heard_all_the_same(
    database_url: str, event: str, spoken: str
) -> None:
    """R-004-31: the house has words for every event but `custom`; a shop may do without them."""
    async with calling(database_url) as house:
        await house.kitchen.pool.execute("DELETE FROM broadcast_policy")  # the demo brand's own
        ask = {"event": event, "channels": ["cashier"], "params": {"roomName": "801"}}
        await house.send(**ask)
        assert house.announced()[-1].spoken.zh == spoken
        await house.policy(event, "cashier", '{"template_id": null}')
        assert (await house.send(**ask))["refusal"]["code"] == "template_not_found"
