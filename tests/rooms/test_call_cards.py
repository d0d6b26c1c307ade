"""Cards on the pads: claimed once, for whom, told again, and gone at last."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec
import pytest

from server.broadcast import call as calls
from server.broadcast.views import read_call
from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Actor
from tests.support.calling import calling
from tests.support.kitchen import SHOP, actor


async def test_a_pad_call_of_a_service_is_claimed_once(database_url: str) -> None:
    """Two taps at once, fifty times: exactly one owner each, the other is told who (R-004-32)."""
    async with calling(database_url) as house:
        for _ in range(50):
            call = await house.send(
                event="service_wanted", msg_type=4, template_id=3, params={"number": "7"}
            )
            body = msgspec.json.encode({"call_id": call["call_id"]})
            people = [
                msgspec.structs.replace(actor("waiter", n), name=f"waiter {n}") for n in (7, 8)
            ]
            answers = await asyncio.gather(
                *(
                    house.kitchen.desk.execute(one, uuid.uuid4(), "ClaimCall", body)
                    for one in people
                ),
                return_exceptions=True,
            )
            owners = [one for one in answers if isinstance(one, dict)]
            (told,) = [one for one in answers if isinstance(one, Refusal)]
            assert len(owners) == 1
            assert told.code == "call_already_claimed"
            assert told.detail["by"] == owners[0]["by"]
            await house.kitchen.ask("waiter", "CloseCall", call_id=call["call_id"])


async def test_a_designated_call_is_only_its_accounts(database_url: str) -> None:
    """A call for one account reaches that account's devices and no other pad (R-004-31)."""
    async with calling(database_url) as house:
        account = await house.kitchen.pool.fetchval(
            "SELECT account_id FROM device WHERE kind = 'waiter' AND token_hash IS NOT NULL"
        )
        since = len(house.kitchen.ear.heard)
        await house.send(
            event="service_wanted", msg_type=4, template_id=3, params={"number": "7"},
            accounts=[account],
        )  # fmt: skip
        raised, said = house.kitchen.ear.heard[since:]
        assert raised.topics == {f"account:{account}"}
        assert said.topics == {f"account:{account}", "cashier", "console"}
        assert (await house.kitchen.view("waiter")).calls == []


async def test_who_said_coming_and_did_not_come_is_told_again(database_url: str) -> None:
    """A claimed dish that still waits after 90 s rings its claimer's device, not the others."""
    async with calling(database_url) as house:
        item = (await house.kitchen.order(1, 1))["item_ids"][0]
        for verb in ("StartItem", "FinishItem", "CallItem"):
            await house.kitchen.ask("kitchen", verb, item_id=item)
        (call,) = (await house.kitchen.view("waiter")).calls
        await house.kitchen.ask("waiter", "ClaimCall", call_id=call.id)
        since = len(house.kitchen.ear.heard)
        await house.after(seconds=90)
        reminded = [
            line for line in house.kitchen.ear.heard[since:] if b"CallReminded" in line.body
        ]
        assert [line.topics for line in reminded] == [{"device:7"}]
        await house.kitchen.ask("waiter", "PickUpItem", item_id=item)
        since = len(house.kitchen.ear.heard)
        await house.after(seconds=600)
        assert house.kitchen.ear.heard[since:] == []


async def test_the_first_reminder_keeps_to_the_shops_rule(database_url: str) -> None:
    """A shop that wants its claimers told after 20 s is obeyed from the first time on."""
    async with calling(database_url) as house:
        await house.policy("service_wanted", "pad", '{"claim_reminder_s": 20}')
        call = await house.send(
            event="service_wanted", msg_type=4, template_id=3, params={"number": "7"}
        )
        await house.kitchen.ask("waiter", "ClaimCall", call_id=call["call_id"])
        told = []
        for seconds in (10, 9.9, 0.1, 20, 20, 60):
            since = len(house.kitchen.ear.heard)
            await house.after(seconds=seconds)
            told.append(sum(isinstance(e, c.CallReminded) for e in house.kitchen.events(since)))
        assert told == [0, 0, 1, 1, 1, 0]


async def test_who_never_comes_is_the_cash_desks_affair(database_url: str) -> None:
    """After three reminders the desk sees the card, hears of it once, and knows who said "coming"."""
    async with calling(database_url) as house:
        call = await house.send(
            event="service_wanted", msg_type=4, template_id=3, params={"number": "7"}
        )
        await house.kitchen.ask("waiter", "ClaimCall", call_id=call["call_id"])
        desk = await house.kitchen.view("cashier")
        pad = await house.kitchen.view("waiter")
        since = len(house.kitchen.ear.heard)
        for _ in range(3):
            assert desk.calls == []
            await house.after(seconds=90)
            desk = await house.kitchen.view("cashier")
        told = [e for e in house.kitchen.events(since) if isinstance(e, c.CallUnanswered)]
        assert [(one.call.state, one.call.claimed_by) for one in told] == [("claimed", "王敏")]
        (card,) = desk.calls
        assert (card.id, card.state) == (call["call_id"], "claimed")
        assert house.kitchen.carry(pad, since) == await house.kitchen.view("waiter")
        await house.after(seconds=600)
        await house.kitchen.ask("cashier", "CloseCall", call_id=call["call_id"])
        assert (await house.kitchen.view("cashier")).calls == []


async def test_a_pad_call_is_on_the_pads_whatever_else_hears_it(database_url: str) -> None:
    """R-004-32: who names only the kitchen is told of the pads too, and of their state."""
    async with calling(database_url) as house:
        call = await house.send(
            event="service_wanted", msg_type=4, template_id=3, params={"number": "7"},
            channels=["kitchen"],
        )  # fmt: skip
        assert [end["channel"] for end in call["ends"]] == ["pad", "kitchen"]
        assert [end["state"] for end in call["ends"]] == ["queued", "queued"]


async def test_a_card_nobody_closes_leaves_the_pads(database_url: str) -> None:
    """A business service's card is gone after two hours, claimed or not."""
    async with calling(database_url) as house:
        for _ in range(2):
            await house.send(
                event="service_wanted", msg_type=4, template_id=3, params={"number": "7"}
            )
        first, _ = (await house.kitchen.view("waiter")).calls
        await house.kitchen.ask("waiter", "ClaimCall", call_id=first.id)
        await house.after(seconds=calls.CARD_S_MAX - 1)
        assert len((await house.kitchen.view("waiter")).calls) == 2
        await house.after(seconds=1)
        assert (await house.kitchen.view("waiter")).calls == []


async def test_a_claimed_call_is_given_back_and_rings_anew_at_once(database_url: str) -> None:
    """R-004-33: the next ring is due now and counted anew; only who claimed may; the record shows it."""
    async with calling(database_url) as house:
        kitchen = house.kitchen
        call = await house.send(
            event="service_wanted", msg_type=4, template_id=3, params={"number": "7"}
        )
        body = msgspec.json.encode({"call_id": call["call_id"]})
        pad = await kitchen.pool.fetchval("SELECT max(id) FROM device WHERE kind = 'waiter'")
        mine, other = (
            msgspec.structs.replace(actor("waiter", n), name=f"waiter {n}") for n in (pad, 8)
        )

        async def ask(who: Actor, name: str) -> dict[str, Any]:
            return await kitchen.desk.execute(who, uuid.uuid4(), name, body)

        assert not (await ask(mine, "GiveBackCall"))["changed"], "nobody has it"
        await house.after(seconds=15)
        await ask(mine, "ClaimCall")
        assert await house.after(seconds=300) == []  # and its use of a minute and a half is over
        with pytest.raises(Refusal, match="call_already_claimed"):
            await ask(other, "GiveBackCall")
        since = len(kitchen.ear.heard)
        assert (await ask(mine, "GiveBackCall"))["changed"]
        (told,) = kitchen.events(since)
        assert isinstance(told, c.CallGivenBack)
        assert (told.by, told.device_id) == (mine.name, pad)
        (said,) = await house.after(seconds=0)
        assert said.channels == ["pad"]
        (card,) = (await kitchen.view("waiter")).calls
        assert (card.state, card.rings, card.claimed_by) == ("ringing", 1, "")
        assert not (await ask(other, "GiveBackCall"))["changed"]
        rest = [len(await house.after(seconds=15)) for _ in range(4)]
        assert rest == [1, 1, 1, 0], "two further rings, then the cash desk"
        (card,) = (await kitchen.view("waiter")).calls
        assert card.state == "unanswered"
        record = await read_call(kitchen.pool, SHOP, call["call_id"])
        assert record is not None
        (receipt,) = record.receipts
        assert (receipt.stage, receipt.device_id, receipt.end) == ("given_back", pad, "pad")
        assert (record.claimed_by, record.claimed_at_ms) == ("", None)
        assert all(ring.due_at_ms <= (ring.sent_at_ms or 0) for ring in record.messages)


async def test_who_takes_a_call_after_it_was_given_back_is_reminded_anew(database_url: str) -> None:
    """R-004-34: reminders of who could not come are over; the next one has all of theirs."""
    async with calling(database_url) as house:
        await house.policy("service_wanted", "pad", '{"claim_reminder_s": 20}')
        call = await house.send(
            event="service_wanted", msg_type=4, template_id=3, params={"number": "7"}
        )
        for reminders in (2, 3):
            await house.kitchen.ask("waiter", "ClaimCall", call_id=call["call_id"])
            since = len(house.kitchen.ear.heard)
            for seconds in (10, *[10] * (2 * reminders - 1)):
                await house.after(seconds=seconds)
            told = [one for one in house.kitchen.events(since) if isinstance(one, c.CallReminded)]
            assert len(told) == reminders
            await house.kitchen.ask("waiter", "GiveBackCall", call_id=call["call_id"])
        assert (await house.messages(call["call_id"]))[-1][2] == "sent"
