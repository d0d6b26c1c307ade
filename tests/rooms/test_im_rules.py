"""Managers' doors: sentences in versions, rules in layers, both refused clearly when wrong."""

from __future__ import annotations

from typing import Any

import pytest

from server.broadcast.changes import HOUSE_GIVES
from server.broadcast.policies import store
from server.broadcast.templates import BUILT_IN
from server.events.catalogue import Text
from server.reactions import _about
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
        assert made in listed["brand"]
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
        third = second | {"version": 2}
        answers = [await manager.ask("PUT", where, third, "lost") for _ in range(3)]
        assert [one.json()["template"]["version"] for one in answers] == [3, 3, 3]
        reused = third | {"text": SENTENCE["text"]}
        is_problem(await manager.ask("PUT", where, reused, "lost"), "command_id_reused")
        is_problem(
            await manager.ask("POST", "/v1/im/templates", SENTENCE | {"name": "new"}, "lost"),
            "command_id_reused",
        )
        is_problem(await manager.ask("PUT", "/v1/im/templates/1", second), "template_not_found")
        is_problem(await manager.ask("POST", "/v1/im/templates", second), "bad_field")
        assert (await _add(manager, text=text))["version"] == 3, "added again, it is the same"
        await _add(manager, name="other")
        is_problem(
            await manager.ask("PUT", where, second | {"name": "other", "version": 3}),
            "template_name_taken",
        )


WRONG = [
    ({"text": {"zh": "{colour}", "en": "x"}}, "template_parameter_unknown"),
    ({"text": {"zh": "{", "en": "x"}}, "template_invalid"),
    ({"text": {"zh": "时间到", "en": " "}}, "template_invalid"),
    ({"text": {"zh": "时\a间", "en": "x"}}, "template_invalid"),
    ({"text": {"zh": "时\0间", "en": "x"}}, "bad_field"),
    ({"name": "a\0b"}, "bad_field"),
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

        async def put(where: str, version: int, key: str = "", **change: Any) -> Any:
            body = {"channel": "kitchen", "change": change, "version": version}
            return await manager.ask("PUT", where, body, key)

        assert (await put(brand, 0, repeat_max=2, interval_s=20)).status_code == 200
        changed = (await put(shop, 0, interval_s=9)).json()
        rules = _at(changed, "kitchen")
        assert (rules["effective"]["repeat_max"], rules["effective"]["interval_s"]) == (2, 9)
        assert (rules["brand_version"], rules["shop_version"]) == (1, 1)
        assert rules["shop"] == {"interval_s": 9}
        is_problem(await put(shop, 0, interval_s=8), "version_changed")
        is_problem(await put(shop, 1, interval_s=1), "bad_field")
        is_problem(await put(shop, 1, template_id=77), "template_not_found")
        is_problem(await put(f"/v1/im/rules/custom?shop_id={SHOP}", 7, on=False), "version_changed")
        for _ in range(2):  # the first answer was lost
            assert (await put(shop, 1, "lost", on=False)).status_code == 200
        is_problem(await put(shop, 1, "lost", on=True), "command_id_reused")
        is_problem(await put(brand, 1, "lost", on=False), "command_id_reused")
        rows = await house.db.fetch(
            "SELECT shop_id, version FROM broadcast_policy_history WHERE event = 'order_placed'"
        )
        assert sorted(tuple(row) for row in rows) == [(0, 1), (SHOP, 1), (SHOP, 2)]
        path = f"/v1/im/rules/order_placed/kitchen/history?shop_id={SHOP}"
        changes = (await manager.ask("GET", path)).json()["changes"]
        assert [(one["version"], one["change"], one["by"]) for one in changes] == [
            (2, {"on": False}, "console"),
            (1, {"interval_s": 9}, "console"),
        ]


async def test_who_may_change_rules(database_url: str, redis_url: str) -> None:
    """A till may not; a manager of one shop may not change the whole brand."""
    async with api_house(database_url, redis_url) as house:
        till = await house.caller("till")
        local = await house.caller("local", roles=("manager",), shop_ids=(SHOP,))
        where = "/v1/im/rules/order_placed"
        for path in ("/v1/im/templates", where):
            is_problem(await till.ask("GET", path), "not_allowed")
        is_problem(await local.ask("GET", where), "not_allowed")
        is_problem(await local.ask("POST", "/v1/im/templates", SENTENCE), "not_allowed")
        is_problem(await local.ask("PUT", "/v1/im/templates/1001", SENTENCE), "not_allowed")
        sketch = {"template": SENTENCE, "params": {}}
        is_problem(await till.ask("POST", "/v1/im/previews", sketch), "not_allowed")
        assert (await local.ask("GET", f"{where}?shop_id={SHOP}")).status_code == 200
        is_problem(await _stranger(house), "shop_not_found")


async def _stranger(house: ApiHouse) -> Any:
    manager = await house.manager()
    return await manager.ask("GET", "/v1/im/rules/order_placed?shop_id=999")


async def test_a_version_keeps_its_parameters(database_url: str, redis_url: str) -> None:
    """Callers and waiting calls fill the ones they know; what was said can be read for ever."""
    async with api_house(database_url, redis_url) as house:
        manager = await house.manager()
        made = await _add(manager)
        where = f"/v1/im/templates/{made['id']}"
        more = SENTENCE | {"version": 1, "parameters": {"roomName": "room"}}
        more |= {"text": {"zh": "{roomName}", "en": "{roomName}"}}
        told = is_problem(await manager.ask("PUT", where, more), "template_invalid")
        assert told["facts"] == {"reason": "parameters_changed", "names": ["minutes"]}
        text = {"zh": "{roomName}快了", "en": "{roomName} soon"}
        await manager.ask("PUT", where, SENTENCE | {"version": 1, "text": text})
        versions = (await manager.ask("GET", f"{where}/versions")).json()["versions"]
        assert [(one["version"], one["text"], one["by"]) for one in versions] == [
            (2, text, "console"),
            (1, SENTENCE["text"], "console"),
        ]
        nothing = await manager.ask("GET", "/v1/im/templates/4711/versions")
        is_problem(nothing, "template_not_found")


async def test_a_brand_has_only_so_many_sentences(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more than the bound is refused with the bound; known ones still get versions."""
    async with api_house(database_url, redis_url) as house:
        manager = await house.manager()
        known = await house.db.fetchval("SELECT count(*) FROM im_template WHERE brand_id = 1")
        monkeypatch.setattr(store, "TEMPLATES_MAX", known + 1)
        made = await _add(manager)
        answer = await manager.ask("POST", "/v1/im/templates", SENTENCE | {"name": "more"})
        assert is_problem(answer, "template_invalid")["facts"]["templates_max"] == known + 1
        where = f"/v1/im/templates/{made['id']}"
        again = await manager.ask("PUT", where, SENTENCE | {"version": 1, "name": "spa 2"})
        assert again.status_code == 200, again.text


async def test_the_house_can_fill_every_sentence_it_is_given(
    database_url: str, redis_url: str
) -> None:
    """Nobody adds a parameter when the house announces: a sentence that needs one is refused."""
    async with api_house(database_url, redis_url) as house:
        manager = await house.manager()
        named = {"template_id": (await _add(manager))["id"]}
        body = {"channel": "kitchen", "change": named, "version": 0}
        told = await manager.ask("PUT", "/v1/im/rules/order_placed", body)
        missing = is_problem(told, "template_parameter_missing")["facts"]["names"]
        assert missing == ["minutes"]
        assert (await manager.ask("PUT", "/v1/im/rules/custom", body)).status_code == 200
        silent = body | {"change": {"template_id": None}}
        told = await manager.ask("PUT", "/v1/im/rules/order_placed", silent)
        assert is_problem(told, "bad_field")["facts"]["field"] == "change.template_id"


def test_the_house_gives_what_it_says_it_gives() -> None:
    """What rules may count on is what the day's reactions hand over, translations apart."""
    told = _about("room", "801", 7, [(Text("水饺", "dumplings"), 2)])
    given = {name for name in told if "_" not in name}
    assert given == HOUSE_GIVES
    assert all(one.parameters.keys() <= HOUSE_GIVES for one in BUILT_IN.values())


async def test_what_holds_is_what_rings_read(database_url: str, redis_url: str) -> None:
    """The rings of a shop's pads lie under its rules, and the answer shows them."""
    async with api_house(database_url, redis_url) as house:
        await house.db.execute("UPDATE shop SET call_interval_s = 33 WHERE id = $1", SHOP)
        answer = await (await house.manager()).ask("GET", f"/v1/im/rules/item_ready?shop_id={SHOP}")
        assert _at(answer.json(), "pad")["effective"]["interval_s"] == 33


async def test_the_demo_brand_has_words_for_every_call(database_url: str, redis_url: str) -> None:
    """A waiter, a technician, a rushed dish: called without naming a template (R-004-35)."""
    async with api_house(database_url, redis_url) as house:
        await house.pair("waiter")
        await house.pair("kitchen", station_id=1)
        manager = await house.manager()
        for event, channel, more in (
            ("service_wanted", "pad", {}),
            ("technician_wanted", "pad", {"technicianName": "阿明"}),
            ("order_rushed", "kitchen", {"goodsName": "水饺"}),
        ):
            call = {
                "shopId": SHOP, "event": event, "channels": [channel], "msgType": 1,
                "callParams": {"roomName": "801", **more},
            }  # fmt: skip
            answer = await manager.ask("POST", "/v1/im/calls", call)
            assert [end["state"] for end in answer.json()["ends"]] == ["queued"], event
