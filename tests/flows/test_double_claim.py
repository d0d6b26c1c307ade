"""Two waiters answer at once, on two pads over real sockets: one goes, the other is told who."""

from __future__ import annotations

import asyncio
from typing import Any

from server.client.device import Device
from server.errors import Refusal
from tests.support.house import HouseOnThread

CLAIMS = 1_000
TOGETHER_MAX = 50  # how many calls are answered at the same moment
# As test_double_press.py: four pads a side are four times as quick as the gateway lets one be.
PADS_PER_SIDE = 4
S_MAX = 120.0
CARD = {
    "event": "service_wanted",
    "channels": ["pad"],
    "msg_type": 4,
    "template_id": 3,
    "params": {"number": "7"},
}


async def test_two_pads_say_coming_at_once(house: HouseOnThread) -> None:
    """R-004-32: 1,000 calls answered twice at the same moment have exactly one owner each."""
    names = ["王敏", "李强"]
    sides = [
        [Device(house.url, house.pair("waiter", name)) for _ in range(PADS_PER_SIDE)]
        for name in names
    ]
    pads = [pad for side in sides for pad in side]
    pairs: list[list[dict[str, Any] | Refusal]] = []
    async with asyncio.timeout(S_MAX):
        for pad in pads:
            await pad.__aenter__()
        try:
            for _ in range(CLAIMS // TOGETHER_MAX):
                sent = house.ask("business", "SendImCall", calls=[CARD] * TOGETHER_MAX)["calls"]
                both = [
                    asyncio.gather(
                        *(
                            side[n % PADS_PER_SIDE].ask("ClaimCall", call_id=one["call_id"])
                            for side in sides
                        ),
                        return_exceptions=True,
                    )
                    for n, one in enumerate(sent)
                ]
                pairs += await asyncio.gather(*both)  # type: ignore[arg-type]
                for one in sent:
                    house.ask("waiter", "CloseCall", call_id=one["call_id"])
            for pad in pads:
                await pad.until(lambda p: p.replica.view is not None and not p.replica.view.calls)
        finally:
            for pad in pads:
                await pad.close()
    assert len(pairs) == CLAIMS
    for pair in pairs:
        (owner,) = [one for one in pair if isinstance(one, dict)]
        (told,) = [one for one in pair if isinstance(one, Refusal)]
        assert owner["by"] in names
        assert (told.code, told.detail["by"]) == ("call_already_claimed", owner["by"])
