"""Points as business services meet them: earned once per source, exchanged with a record, told."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.api_house import ApiHouse, Caller, api_house, is_problem

GUEST = 7
DAY_S = 86_400


async def _mall(house: ApiHouse) -> Caller:
    return await house.caller("mall", roles=("money",), rate_per_s=10_000, burst_max=10_000)


async def _buy(mall: Caller, order: str, fen: int, user_id: int = GUEST) -> Any:
    body = {"user_id": user_id, "source": order, "amount_fen": fen}
    return await mall.ask("POST", "/v1/points/purchases", body)


async def _review(mall: Caller, number: str) -> dict[str, Any]:
    answer = await mall.ask("POST", "/v1/points/reviews", {"user_id": GUEST, "source": number})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _exchange(mall: Caller, credit: int, key: str, product_id: int = 3) -> Any:
    body = {"user_id": GUEST, "product_id": product_id, "credit": credit}
    return await mall.ask("POST", "/v1/points/exchanges", body, key=key)


async def _credit(mall: Caller, user_id: int = GUEST) -> int:
    return int((await mall.ask("GET", f"/v1/points/users/{user_id}")).json()["credit"])


async def test_a_purchase_earns_once(database_url: str, redis_url: str) -> None:
    """A point per whole yuan; told again the answer is the same, another amount is refused (R-002-1)."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        first = (await _buy(mall, "A1", 12_399)).json()
        assert (first["points"], first["balance"]) == (123, 123)
        house.clock.advance(seconds=DAY_S)
        assert (await _buy(mall, "A2", 99)).json()["points"] == 0, "a coin's rest is nobody's"
        again = await asyncio.gather(*(_buy(mall, "A1", 12_399) for _ in range(5)))
        assert [one.json() for one in again] == [first] * 5
        is_problem(await _buy(mall, "A1", 12_400), "points_source_reused")
        is_problem(await _buy(mall, "A1", 12_399, user_id=8), "points_source_reused")
        assert await _credit(mall) == 123
        assert await _credit(mall, 8) == 0


async def test_many_tell_of_one_purchase_at_once(database_url: str, redis_url: str) -> None:
    """However many repetitions arrive together, a source earns once (R-000-23)."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        answers = await asyncio.gather(*(_buy(mall, f"B{i % 3}", 1_000) for i in range(24)))
        assert {one.status_code for one in answers} == {200}
        assert len({one.json()["earning_id"] for one in answers}) == 3
        assert await _credit(mall) == 30


async def test_reviews_earn_so_often_a_day(database_url: str, redis_url: str) -> None:
    """Beyond the day's cap a review earns nothing, however many come at once; tomorrow others do."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        answers = await asyncio.gather(*(_review(mall, f"R{i}") for i in range(6)))
        assert sorted(one["points"] for one in answers) == [0, 0, 0, 10, 10, 10]
        assert [one["capped"] for one in answers] == [one["points"] == 0 for one in answers]
        house.clock.advance(seconds=DAY_S)
        again = await asyncio.gather(*(_review(mall, f"R{i}") for i in range(6)))
        assert again == list(answers), "what was answered stays"
        assert (await _review(mall, "R6"))["points"] == 10
        assert await _credit(mall) == 40


async def test_an_exchange_deducts_and_is_recorded(database_url: str, redis_url: str) -> None:
    """The press of a button is one exchange, however often it arrives (R-002-2, R-002-4)."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        await _buy(mall, "A1", 300_000)
        made = await _exchange(mall, 2_000, "press-1")
        assert made.status_code == 201
        told = made.json()
        assert (told["exchanged_credit"], told["product_id"], told["balance"]) == (2_000, 3, 1_000)
        assert (await _exchange(mall, 2_000, "press-1")).json() == told
        is_problem(await _exchange(mall, 1_999, "press-1"), "command_id_reused")
        is_problem(await _exchange(mall, 1_001, "press-2"), "balance_insufficient")
        where = f"/v1/points/exchanges/{told['exchange_id']}"
        assert (await mall.ask("GET", where)).json() == told
        assert await house.db.fetchval("SELECT count(*) FROM points_exchange") == 1
        row = await house.db.fetchrow("SELECT user_id, credit FROM points_balance")
        assert tuple(row or ()) == (GUEST, 1_000)


async def test_points_come_back_where_they_came_from(database_url: str, redis_url: str) -> None:
    """An exchange is given back in parts, never more than it took."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        await _buy(mall, "A1", 300_000)
        made = (await _exchange(mall, 2_000, "press-1")).json()
        where = f"/v1/points/exchanges/{made['exchange_id']}/refunds"
        for _ in range(2):
            back = await mall.ask("POST", where, {"credit": 500}, key="back-1")
            assert back.json() == {**back.json(), "refunded": 500, "balance": 1_500}
        is_problem(
            await mall.ask("POST", where, {"credit": 501}, key="back-1"), "posting_id_reused"
        )
        is_problem(await mall.ask("POST", where, {"credit": 1_501}), "refund_exceeded")
        assert (await mall.ask("POST", where, {"credit": 1_500})).json()["balance"] == 3_000
        is_problem(
            await mall.ask("POST", where.replace(made["exchange_id"][:8], "0" * 8), {"credit": 1}),
            "exchange_not_found",
        )


async def test_who_may(database_url: str, redis_url: str) -> None:
    """Points are moved by keys made for it, of all shops, and only of their own brand."""
    async with api_house(database_url, redis_url) as house:
        mall = await _mall(house)
        await _buy(mall, "A1", 300_000)
        made = (await _exchange(mall, 2_000, "press-1")).json()
        till = await house.caller("till")
        is_problem(await _buy(till, "A2", 100), "not_allowed")
        local = await house.caller("local", roles=("money",), shop_ids=(1,))
        is_problem(await _buy(local, "A2", 100), "not_allowed")
        other = await house.caller("other", brand_id=2, roles=("money",))
        assert await _credit(other) == 0
        where = f"/v1/points/exchanges/{made['exchange_id']}"
        is_problem(await other.ask("GET", where), "exchange_not_found")
        is_problem(await other.ask("POST", f"{where}/refunds", {"credit": 1}), "exchange_not_found")
        assert (await _buy(other, "A1", 5_000)).json()["points"] == 50, "its own order A1"
