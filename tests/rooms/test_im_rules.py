"""Managers' doors: sentences in versions, rules in layers, both refused clearly when wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api_house import SHOP, ApiHouse, Caller, api_house, is_problem

SENTENCE = {
    "name": "spa", "parameters": {"roomName": "room", "minutes": "number"},
    "text": {"zh": "{roomName}还有{minutes}分钟", "en": "{roomName}: {minutes} minutes left"},
}  # fmt: skip


async def _add(manager: Caller, **changes: Any) -> dict[str, Any]:
    answer = await manager.ask("POST", "/v1/im/templates", SENTENCE | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["template"])


async def test_a_sentence_is_added_and_heard(database_url: str, redis_url: str) -> None:
    """A brand writes its own sentence, looks at it, and a call speaks it."""
    async with api_house(database_url, redis_url) as house:
        manager = await house.manager()
        made = await _add(manager)
        preview = await manager.ask(
            "POST", "/v1/im/previews",
            {"template_id": made["id"], "params": {"roomName": "801", "minutes": "2"}},
        )  # fmt: skip
        words = preview.json()["words"]
        assert words["shown"]["zh"] == "801还有2分钟"
        assert words["spoken"]["zh"] == "八零一还有二分钟"
        await house.pair("kitchen")
        sent = await manager.ask(
            "POST", "/v1/im/calls",
            {
                "brandId": 1, "shopId": SHOP, "event": "custom", "channels": ["kitchen"],
                "msgType": 1, "msgTemplateId": made["id"],
                "callParams": {"roomName": "801", "minutes": "2"},
            },
        )  # fmt: skip
        assert sent.status_code < 300, sent.text
        listed = (await manager.ask("GET", "/v1/im/templates")).json()
        assert [one["id"] for one in listed["brand"]] == [made["id"]]
        assert len(listed["house"]) >= 4


async def test_a_sentence_gets_versions(database_url: str, redis_url: str) -> None:
    """The next version names the one it was made on; an older hand comes too late."""
    async with api_house(database_url, redis_url) as house:
        manager = await house.manager()
        made = await _add(manager)
        where = f"/v1/im/templates/{made['id']}"
        text = {"zh": "{roomName}快到时间了", "en": "{roomName}: time is nearly up"}
        second = SENTENCE | {"text": text, "version": 1}
        assert (await manager.ask("PUT", where, second)).json()["template"]["version"] == 2
        is_problem(await manager.ask("PUT", where, second), "version_changed")
        is_problem(await manager.ask("PUT", "/v1/im/templates/1", second), "template_not_found")
        assert (await _add(manager, text=text))["version"] == 2, "added again, it is the same"
        await _add(manager, name="other")
        is_problem(
            await manager.ask("PUT", where, second | {"name": "other", "version": 2}),
            "template_name_taken",
        )


WRONG = [
    ({"text": {"zh": "{colour}", "en": ""}}, "template_parameter_unknown"),
    ({"text": {"zh": "{", "en": ""}}, "template_invalid"),
    ({"parameters": {"a": "colour"}}, "bad_field"),
]


@pytest.mark.parametrize(("changes", "code"), WRONG)
async def test_a_wrong_sentence_is_refused(
    database_url: str, redis_url: str, changes: dict[str, Any], code: str
) -> None:
    """What could not be said is refused when it is written, and in the preview."""
    async with api_house(database_url, redis_url) as house:
        manager = await house.manager()
        is_problem(await manager.ask("POST", "/v1/im/templates", SENTENCE | changes), code)
        sketch = {"template": SENTENCE | changes, "params": {}}
        is_problem(await manager.ask("POST", "/v1/im/previews", sketch), code)


def _at(answer: dict[str, Any], channel: str) -> dict[str, Any]:
    return next(one for one in answer["channels"] if one["channel"] == channel)


async def test_rules_lie_in_layers(database_url: str, redis_url: str) -> None:
    """The brand's change, the shop's over it; each layer keeps its version and its history."""
    async with api_house(database_url, redis_url) as house:
        manager = await house.manager()
        brand, shop = "/v1/im/rules/order_placed", f"/v1/im/rules/order_placed?shop_id={SHOP}"

        async def put(where: str, version: int, **change: Any) -> Any:
            body = {"channel": "kitchen", "change": change, "version": version}
            return await manager.ask("PUT", where, body)

        assert (await put(brand, 0, repeat_max=2, interval_s=20)).status_code == 200
        changed = (await put(shop, 0, interval_s=9)).json()
        rules = _at(changed, "kitchen")
        assert (rules["effective"]["repeat_max"], rules["effective"]["interval_s"]) == (2, 9)
        assert (rules["brand_version"], rules["shop_version"]) == (1, 1)
        assert rules["shop"] == {"interval_s": 9}
        is_problem(await put(shop, 0, interval_s=8), "version_changed")
        is_problem(await put(shop, 1, interval_s=1), "bad_field")
        is_problem(await put(shop, 1, template_id=77), "template_not_found")
        assert (await put(shop, 1, on=False)).status_code == 200
        rows = await house.db.fetch("SELECT shop_id, version FROM broadcast_policy_history")
        assert sorted(tuple(row) for row in rows) == [(0, 1), (SHOP, 1), (SHOP, 2)]


async def test_who_may_change_rules(database_url: str, redis_url: str) -> None:
    """A till may not; a manager of one shop may not change the whole brand."""
    async with api_house(database_url, redis_url) as house:
        till = await house.caller("till")
        local = await house.caller("local", roles=("manager",), shop_ids=(SHOP,))
        where = "/v1/im/rules/order_placed"
        for path in ("/v1/im/templates", where):
            is_problem(await till.ask("GET", path), "not_allowed")
        is_problem(await local.ask("GET", where), "not_allowed")
        assert (await local.ask("GET", f"{where}?shop_id={SHOP}")).status_code == 200
        is_problem(await _stranger(house), "shop_not_found")


async def _stranger(house: ApiHouse) -> Any:
    manager = await house.manager()
    return await manager.ask("GET", "/v1/im/rules/order_placed?shop_id=999")
