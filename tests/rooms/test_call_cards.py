"""Cards on the pads: claimed once, for whom, told again, and gone at last."""

from __future__ import annotations

import asyncio
import uuid

import msgspec

from server.broadcast import call as calls
from server.errors import Refusal
from server.events import catalogue as c
from tests.support.calling import calling
from tests.support.kitchen import actor


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
