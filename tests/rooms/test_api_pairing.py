"""How a screen becomes a device, either way round, once, and stops being one (R-004-30)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from server.api.reached import host_and_port
from server.pairing import pairing, store
from server.pairing.door import TRIES_ALL_MAX
from server.pairing.pairing import OFFERS_OPEN_PER_SOURCE_MAX
from server.settings import Settings
from tests.support.api_house import OTHER_SHOP, SHOP, ApiHouse, Caller, api_house, is_problem

CODES = f"/v1/shops/{SHOP}/pairing-codes"
CONFIRM = f"/v1/shops/{SHOP}/pairing-offers/confirm"
DEVICES = f"/v1/shops/{SHOP}/devices"
CLAIMS = "/v1/pairing/claims"
OFFERS = "/v1/pairing/offers"
PAD_803 = {"kind": "guest", "name": "803 客房平板", "place_id": 3}


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def offered(house: ApiHouse, kind: str = "kitchen") -> dict[str, Any]:
    """Return a new screen's offer."""
    answer = await house.http.post(OFFERS, json={"kind": kind})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def state_of(house: ApiHouse, offer: dict[str, Any], secret: str = "") -> httpx.Response:
    """Ask as the screen asks."""
    headers = {"Authorization": f"Bearer {secret or offer['secret']}"}
    return await house.http.get(f"{OFFERS}/{offer['offer_id']}", headers=headers)


async def code_for(manager: Caller, **wish: Any) -> str:
    """Return a code that the manager made."""
    answer = await manager.ask("POST", CODES, PAD_803 | wish)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


async def claim(house: ApiHouse, code: str) -> httpx.Response:
    """Type a code on a device."""
    return await house.http.post(CLAIMS, json={"code": code})


async def token_kept(house: ApiHouse, token: str) -> int | None:
    """Return the device whose stored hash is this token's."""
    digest = hashlib.sha256(token.encode()).digest()
    device_id: int | None = await house.db.fetchval(
        "SELECT id FROM device WHERE token_hash = $1 AND revoked_at IS NULL", digest
    )
    return device_id


async def test_screen_shows_a_code_and_a_manager_confirms(house: ApiHouse) -> None:
    """A screen without keys waits, is confirmed, gets its token, and may lose the answer once."""
    manager, offer = await house.manager(), await offered(house)
    assert (await state_of(house, offer)).json()["state"] == "waiting"
    typed = f"{offer['code'][:4]} {offer['code'][4:]}"
    confirmed = await manager.ask(
        "POST", CONFIRM, {"code": typed, "name": "热菜档 2", "station_id": 1}
    )
    assert confirmed.status_code == 201, confirmed.text
    device = confirmed.json()["device"]
    assert (device["kind"], device["name"], device["paired"]) == ("kitchen", "热菜档 2", True)
    told = [(await state_of(house, offer)).json() for _ in range(2)]
    assert told[0] == told[1]
    assert told[0]["state"] == "confirmed"
    assert told[0]["device"]["id"] == device["id"]
    assert told[0]["device"]["station_id"] == 1
    assert await token_kept(house, told[0]["token"]) == device["id"]


async def test_manager_makes_a_code_and_it_is_typed(house: ApiHouse) -> None:
    """A code typed on a pad makes it the device the manager meant."""
    code = await code_for(await house.manager())
    answer = await claim(house, code)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["device"] == {
        "id": 13, "kind": "guest", "name": "803 客房平板", "shop_id": SHOP, "place_id": 3,
        "station_id": None,
    }  # fmt: skip
    assert await token_kept(house, told["token"]) == 13


async def test_new_hardware_keeps_the_account(house: ApiHouse) -> None:
    """A replaced tablet is the same device: place, name and IM account stay, the old token ends."""
    manager = await house.manager()
    before = await store.read_device(house.db, SHOP, 8)
    tokens = []
    for _ in range(2):
        made = await manager.ask("POST", CODES, {"device_id": 8})
        told = (await claim(house, made.json()["code"])).json()
        assert (told["device"]["id"], told["device"]["place_id"]) == (8, 1)
        tokens.append(told["token"])
    after = await store.read_device(house.db, SHOP, 8)
    assert before is not None
    assert after is not None
    assert (after.account_id, after.name) == (before.account_id, before.name)
    assert [await token_kept(house, token) for token in tokens] == [None, 8]


async def test_cash_desks_share_one_account(house: ApiHouse) -> None:
    """A second cash desk joins the shop's account; a second waiter has his own (R-004-30)."""
    manager = await house.manager()
    accounts: dict[str, set[int]] = {"cashier": set(), "waiter": set()}
    for kind, found in accounts.items():
        for number in (1, 2):
            code = await code_for(manager, kind=kind, name=f"{kind} {number}", place_id=None)
            device_id = (await claim(house, code)).json()["device"]["id"]
            device = await store.read_device(house.db, SHOP, device_id)
            assert device is not None
            found.add(device.account_id)
    assert len(accounts["cashier"]) == 1
    assert len(accounts["waiter"]) == 2


async def test_code_opens_once(house: ApiHouse) -> None:
    """Two pads with the same code: one becomes the device, the other is told."""
    code = await code_for(await house.manager())
    answers = await asyncio.gather(*(claim(house, code) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    is_problem(await claim(house, code), "pairing_code_used")
    assert await house.db.fetchval("SELECT count(*) FROM device WHERE id > 12") == 1


async def test_offer_is_confirmed_once(house: ApiHouse) -> None:
    """The same confirmation again is answered again; another one, or another shop's, is refused."""
    manager, offer = await house.manager(), await offered(house)
    other = await house.caller("others", brand_id=2, roles=("manager",))
    body = {"code": offer["code"], "name": "热菜档 2"}
    answers = await asyncio.gather(*(manager.ask("POST", CONFIRM, body) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert {answer.json()["device"]["id"] for answer in answers} == {13}
    is_problem(await manager.ask("POST", CONFIRM, body | {"name": "x"}), "pairing_code_used")
    elsewhere = f"/v1/shops/{OTHER_SHOP}/pairing-offers/confirm"
    is_problem(await other.ask("POST", elsewhere, body), "pairing_code_used")


async def test_a_name_no_table_can_hold_is_a_bad_field(house: ApiHouse) -> None:
    """A name with control characters is refused by name, at every door that takes one."""
    manager = await house.caller("manager", roles=("manager",))
    name = "803\0"
    for answer in (
        await house.http.post(OFFERS, json={"kind": "kitchen", "name": name}),
        await house.http.post(CLAIMS, json={"code": "12345678", "name": name}),
        await manager.ask("POST", CODES, PAD_803 | {"name": name}),
        await manager.ask("POST", CONFIRM, {"code": "12345678", "name": name}),
    ):
        assert is_problem(answer, "bad_field")["facts"] == {"field": "name"}


async def test_codes_live_ten_minutes(house: ApiHouse) -> None:
    """After ten minutes a code opens nothing, and the screen is told to show a new one."""
    manager, offer = await house.manager(), await offered(house)
    code = await code_for(manager)
    house.clock.advance(seconds=600)
    is_problem(await claim(house, code), "pairing_code_expired")
    body = {"code": offer["code"], "name": "x"}
    is_problem(await manager.ask("POST", CONFIRM, body), "pairing_code_expired")
    assert (await state_of(house, offer)).json() == {"state": "expired"}


async def test_five_wrong_tries_lock_ten_minutes(house: ApiHouse) -> None:
    """Five wrong codes, counted down, and even the right one waits; an emptied Redis or not."""
    code = await code_for(await house.manager())
    for left in (4, 3, 2, 1, 0):
        told = is_problem(await claim(house, other_than(code)), "pairing_code_wrong")
        assert told["facts"] == {"tries_left": left}
    await house.ground.redis.flushdb()
    house.clock.advance(seconds=120)
    refused = await claim(house, code)
    assert is_problem(refused, "pairing_locked")["facts"]["retry_after_s"] == 480
    assert refused.headers["retry-after"] == "480"
    house.clock.advance(seconds=479)
    is_problem(await claim(house, code), "pairing_locked")
    house.clock.advance(seconds=1)
    is_problem(await claim(house, code), "pairing_code_expired")
    fresh = await code_for(await house.caller("m2", roles=("manager",)))
    assert (await claim(house, fresh)).status_code == 201


async def test_a_hundred_guesses_at_once_are_five(house: ApiHouse) -> None:
    """Guessing in parallel gives no further tries."""
    code = await code_for(await house.manager())
    answers = await asyncio.gather(*(claim(house, other_than(code)) for _ in range(100)))
    codes = [answer.json()["code"] for answer in answers]
    assert codes.count("pairing_code_wrong") == 5
    assert codes.count("pairing_locked") == 95


async def test_right_code_gives_the_tries_back(house: ApiHouse) -> None:
    """Somebody who pairs ten pads and mistypes now and then is not locked out."""
    manager = await house.manager()
    for number in range(3):
        code = await code_for(manager, name=f"pad {number}")
        for _ in range(4):
            is_problem(await claim(house, other_than(code)), "pairing_code_wrong")
        assert (await claim(house, code)).status_code == 201


async def test_manager_guesses_are_counted_too(house: ApiHouse) -> None:
    """A console that guesses codes of waiting screens is locked, other consoles are not."""
    manager, other = await house.manager(), await house.caller("m2", roles=("manager",))
    offer = await offered(house)
    wrong = {"code": other_than(offer["code"]), "name": "x"}
    for _ in range(5):
        is_problem(await manager.ask("POST", CONFIRM, wrong), "pairing_code_wrong")
    right = {"code": offer["code"], "name": "x"}
    is_problem(await manager.ask("POST", CONFIRM, right), "pairing_locked")
    assert (await other.ask("POST", CONFIRM, right)).status_code == 201


async def test_guessing_from_everywhere_locks_everybody(house: ApiHouse) -> None:
    """A thousand wrong tries from many addresses stop all pairing until they are old."""
    code = await code_for(await house.manager())
    await house.db.execute(
        "INSERT INTO pairing_try SELECT 'address:' || n, 5, $1 FROM generate_series(1, $2) n",
        house.clock.now(),
        TRIES_ALL_MAX // 5,
    )
    is_problem(await claim(house, code), "pairing_locked")


async def test_nobody_else_reads_an_offer(house: ApiHouse) -> None:
    """A token is given to the screen that holds the secret and to nobody else."""
    offer, other = await offered(house), await offered(house)
    is_problem(await state_of(house, offer, other["secret"]), "bad_token")
    is_problem(await house.http.get(f"{OFFERS}/{offer['offer_id']}"), "bad_token")
    missing = {**offer, "offer_id": "00000000-0000-0000-0000-000000000000"}
    is_problem(await state_of(house, missing), "bad_token")
    is_problem(await state_of(house, {**offer, "offer_id": "7"}), "bad_field")


async def test_offers_of_one_address_are_bounded(house: ApiHouse) -> None:
    """One address cannot fill the house with screens that wait."""
    source = pairing.source_of("127.0.0.1")
    await house.db.execute(
        """
        INSERT INTO pairing_offer
            (id, code_hash, secret_hash, token_hash, kind, name, source, expires_at)
        SELECT gen_random_uuid(), '', '', '', 'kitchen', '', $1, $2::timestamptz + '1 minute'
        FROM generate_series(1, $3)
        """,
        source,
        house.clock.now(),
        OFFERS_OPEN_PER_SOURCE_MAX,
    )
    is_problem(await house.http.post(OFFERS, json={"kind": "waiter"}), "rate_limited")
    house.clock.advance(seconds=60)
    await offered(house)


async def test_wrong_wishes_spend_nothing(house: ApiHouse) -> None:
    """A manager who names a room that is not there corrects it with the same code."""
    manager, offer = await house.manager(), await offered(house, "guest")
    wishes: list[tuple[dict[str, Any], str]] = [
        ({"name": "801"}, "bad_field"),
        ({"name": "801", "place_id": 999}, "place_not_found"),
        ({"name": "x", "kind": "kitchen", "station_id": 99}, "station_not_found"),
        ({"device_id": 999}, "device_not_found"),
        ({"place_id": 1}, "bad_field"),
    ]
    for wish, code in wishes:
        answer = await manager.ask("POST", CONFIRM, {"code": offer["code"]} | wish)
        is_problem(answer, code)
    right = {"code": offer["code"], "name": "801", "place_id": 1}
    assert (await manager.ask("POST", CONFIRM, right)).status_code == 201


async def test_repeated_request_makes_no_second_code(house: ApiHouse) -> None:
    """A played-back request cannot be used to get a code, nor can a key be used twice."""
    manager = await house.manager()
    assert (await manager.ask("POST", CODES, PAD_803, "code-1")).status_code == 201
    is_problem(await manager.ask("POST", CODES, PAD_803, "code-1"), "command_id_reused")
    assert await house.db.fetchval("SELECT count(*) FROM pairing_code") == 1


async def test_revoked_device_is_out(house: ApiHouse) -> None:
    """A revoked device's token opens nothing; revoking again is polite; the event is told."""
    manager = await house.manager()
    token = (await claim(house, await code_for(manager))).json()["token"]
    for _ in range(2):
        answer = await manager.ask("DELETE", f"{DEVICES}/13")
        assert answer.status_code == 200, answer.text
        assert answer.json()["device"]["paired"] is False
    assert await token_kept(house, token) is None
    kinds = await house.db.fetch("SELECT kind FROM event ORDER BY seq")
    assert [row["kind"] for row in kinds] == ["DevicePaired", "DeviceUnpaired"]
    is_problem(await manager.ask("DELETE", f"{DEVICES}/999"), "device_not_found")


async def test_moved_device_keeps_its_account(house: ApiHouse) -> None:
    """A pad carried to another room orders for that room and is still the same account."""
    manager = await house.manager()
    before = await store.read_device(house.db, SHOP, 8)
    answer = await manager.ask("POST", f"{DEVICES}/8/move", {"place_id": 5})
    moved = answer.json()["device"]
    assert before is not None
    assert (moved["place_id"], moved["account_id"]) == (5, before.account_id)
    wrong = await manager.ask("POST", f"{DEVICES}/8/move", {"place_id": 999})
    is_problem(wrong, "place_not_found")


async def test_list_of_devices(house: ApiHouse) -> None:
    """A manager sees every device, paired or not; who is online is unknown without presence."""
    devices = (await (await house.manager()).ask("GET", DEVICES)).json()["devices"]
    assert [device["id"] for device in devices] == list(range(1, 13))
    assert {device["paired"] for device in devices} == {False}
    assert {device["online"] for device in devices} == {None}


async def test_nothing_readable_is_stored(house: ApiHouse) -> None:
    """Whoever reads the tables finds no code, no secret and no token."""
    manager, offer = await house.manager(), await offered(house)
    code = await code_for(manager)
    token = (await claim(house, code)).json()["token"]
    tables = ""
    for table in ("pairing_code", "pairing_offer", "device", "command", "event"):
        tables += str(await house.db.fetch(f"SELECT * FROM {table}"))
    for word in (code, token, offer["code"], offer["secret"], pairing.token_of(offer["secret"])):
        assert word not in tables


async def test_old_rows_are_forgotten(house: ApiHouse) -> None:
    """Housekeeping drops what ended before yesterday and nothing that is alive."""
    manager = await house.manager()
    await offered(house)
    await code_for(manager)
    await claim(house, "00000000")
    await store.forget_old(house.db, house.clock.now())
    counts = "SELECT (SELECT count(*) FROM pairing_code) + (SELECT count(*) FROM pairing_offer)"
    assert await house.db.fetchval(counts) == 2
    house.clock.advance(seconds=86_400)
    await store.forget_old(house.db, house.clock.now())
    assert await house.db.fetchval(counts) == 0
    assert await house.db.fetchval("SELECT count(*) FROM pairing_try") == 0


def other_than(code: str) -> str:
    """Return a code of eight digits that is wrong."""
    return f"{(int(code) + 1) % 10**8:08d}"


@pytest.mark.parametrize(
    ("asked", "host", "port"),
    [
        ("Chuancai.lan:8080",  "chuancai.lan", ":8080"),
        ("10.0.0.5",           "10.0.0.5",     ""),
        ("[fd00::5]:8080",     "[fd00::5]",    ":8080"),
    ],
)  # fmt: skip
def test_a_device_is_sent_where_its_manager_is(asked: str, host: str, port: str) -> None:
    """The name by which the house was asked leads other devices to it, too."""
    assert host_and_port(asked, Settings()) == (host, port)


@pytest.mark.parametrize("asked", ["localhost:8080", "127.0.0.1:8080", "", "a b", "x/../y", "a@b"])
def test_no_device_is_sent_to_itself(asked: str) -> None:
    """Asked at the house's own machine, or by no name at all, an address of its network stands for it."""
    for_all = Settings(host="::", tls_names=("192.0.2.7",))
    host, port = host_and_port(asked, for_all)
    assert host not in {"", "a b", "127.0.0.1", "localhost"}
    assert port == (":8080" if ":" in asked else "")
    alone, _ = host_and_port(asked, Settings())
    assert alone in {"localhost", "127.0.0.1"}, (
        "nobody else reaches it, and none is sent to a dead address"
    )
