"""Messages over HTTP: sent, looked up, listed; carriers' receipts through their door; who may."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from server.billing.teller import Teller
from server.sms import store
from server.sms.asking import Asker
from server.sms.carriers.chuanglan import Chuanglan
from server.sms.carriers_file import read_carriers
from server.sms.costcentre import CostCentre
from server.sms.ground import Ground, lay_ground
from server.sms.lines import Line
from server.sms.phones import open_phones
from server.sms.receipts.receipts import Receipts
from server.sms.sending import Sender
from tests.support.api_house import ApiHouse, Caller, api_house, is_problem
from tests.support.carriers.chuanglan import ACCOUNT, PASSWORD, FakeChuanglan, fake_chuanglan
from tests.support.people import person

FILE = """
[[carrier]]
kind = "chuanglan"
name = "chuanglan"
[carrier.account]
account = "{account}"
password = "{password}"
url = "{url}"
receipt_user = "cc"
receipt_password = "pushed-by-the-carrier"

[[carrier]]
kind = "chuanglan"
name = "trusting"
account = {{ account = "{account}", password = "{password}", url = "{url}" }}
"""
PHONE, OTHER = "13800138000", "13900139000"
CARRIERS_ID = "SELECT carrier_message_id FROM sms_message WHERE number = $1"
TEXT = "【传菜】您的验证码是 4711"


class Street(ApiHouse):
    """A house whose messages go to a carrier on a socket."""

    carrier: FakeChuanglan
    work: Ground
    folder: Path

    async def send_all(self) -> None:
        """Do a worker's work until nothing is due."""
        setup = read_carriers(self.ground.settings)
        account = self.front.outgoing.pushers["chuanglan"]
        async with Chuanglan("chuanglan", account) as chuanglan:
            lines = {"chuanglan": Line(chuanglan, self.clock)}
            sender = Sender(self.work, setup.routes, lines)
            sender._sweep_soon()
            while await sender.turn() == 0:
                await sender.drain()
            await sender.drain()
            await Asker(self.work, lines).turn()

    async def settle(self) -> None:
        """Settle the receipts that were taken."""
        receipts = Receipts(self.work)
        while await receipts.turn():
            pass

    async def push(self, **fields: str) -> Any:
        """Push a report as the carrier does."""
        query = urlencode({"receiver": "cc", "pswd": "pushed-by-the-carrier", **fields})
        return await self.http.get(f"/v1/sms/receipts/chuanglan?{query}")


@pytest.fixture
async def street(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Street]:
    """Give a house with a carrier."""
    async with fake_chuanglan() as carrier:
        file = tmp_path / "carriers.toml"
        file.write_text(FILE.format(account=ACCOUNT, password=PASSWORD, url=carrier.url))
        file.chmod(0o600)
        async with api_house(
            database_url, redis_url, data_dir=tmp_path, sms_carriers=str(file)
        ) as made:
            street = Street(made.ground, made.front, made.http)
            street.carrier = carrier
            centre = CostCentre(made.db, Teller(made.db, made.clock), made.clock)
            phones = await open_phones(made.ground.settings, made.db, made.clock)
            street.work = lay_ground(made.db, made.ground.redis, made.clock, phones, centre)
            yield street


@pytest.fixture
async def mall(street: Street) -> Caller:
    """Give a caller whose brand has a hundred segments."""
    caller = await street.caller("mall", roles=("money",))
    bought = await caller.ask("POST", "/v1/sms/packages", {"orderNo": "M1", "segments": 100})
    assert bought.status_code == 201
    return caller


async def sent(caller: Caller, key: str = "", **fields: Any) -> Any:
    """Send and return the answer."""
    body = {"type": "verification", "text": TEXT, "phones": [PHONE], **fields}
    answer = await caller.ask("POST", "/v1/sms/messages", body, key)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_from_the_press_to_the_telephone(street: Street, mall: Caller) -> None:
    """Accepted, sent, reported: the number tells each telephone's state, masked (R-004-24, R-004-29, R-004-37)."""
    done = await sent(mall, "press-1", phones=[PHONE, "+86 139-0013-9000"])
    assert done == await sent(mall, "press-1", phones=[PHONE, OTHER])
    assert (done["messages"], done["segments"]) == (1, 2)
    path = f"/v1/sms/messages/{done['number']}"
    told = (await mall.ask("GET", path)).json()
    assert [one["state"] for one in told["copies"]] == ["queued", "queued"]
    await street.send_all()
    [taken] = street.carrier.taken
    assert set(taken.phones) == {PHONE, OTHER}
    report = {"msgid": taken.message_id, "mobile": PHONE, "status": "DELIVRD", "uid": taken.uid}
    for _ in range(2):
        answer = await street.push(**report, notifyTime="261120120500", length="1")
        assert (answer.status_code, answer.json()) == (200, {"clcode": "000000"})
    await street.push(**(report | {"mobile": OTHER, "status": "UNDELIV"}))
    await street.settle()
    told = (await mall.ask("GET", path)).json()
    copies = {one["phone"]: (one["state"], one["receiptCode"]) for one in told["copies"]}
    assert copies == {
        "138****8000": ("delivered", "DELIVRD"), "139****9000": ("undelivered", "UNDELIV"),
    }  # fmt: skip
    assert PHONE not in str(told)
    assert "4711" not in str(told)
    assert (await mall.ask("GET", "/v1/sms/balance")).json()["available"] == 98


async def test_one_text_is_filled_for_each_telephone(street: Street, mall: Caller) -> None:
    """Places are filled as they stand, billed each for itself; what does not fit is refused whole."""
    filled = [
        {"phone": PHONE, "values": {"name": "张{n}三", "n": "7"}},
        {"phone": OTHER, "values": {"name": "李四", "n": "8"}},
    ]
    text = "【传菜】{name}，您的 {n} 号餐已送出"
    done = await sent(mall, type="notice", text=text, phones=[], filled=filled)
    assert (done["messages"], done["segments"]) == (2, 2)
    await street.send_all()
    texts = {taken.phones: taken.text for taken in street.carrier.taken}
    assert texts == {
        (PHONE,): "【传菜】张{n}三，您的 7 号餐已送出",
        (OTHER,): "【传菜】李四，您的 8 号餐已送出",
    }
    wrongs: tuple[dict[str, Any], ...] = (
        {"filled": [{"phone": PHONE, "values": {"name": "a"}}]},
        {"filled": [{"phone": PHONE, "values": {"name": "a", "n": "1", "x": "2"}}]},
        {"filled": [*filled, filled[0]]},
        {"filled": filled, "phones": [PHONE]},
        {"filled": []},
    )
    for wrong in wrongs:
        body = {"type": "notice", "text": text, "phones": [], **wrong}
        is_problem(await mall.ask("POST", "/v1/sms/messages", body), "bad_field")
    assert (await mall.ask("GET", "/v1/sms/balance")).json()["available"] == 98


async def test_what_cannot_be_sent_is_refused_and_costs_nothing(
    street: Street, mall: Caller
) -> None:
    """A wrong number, an empty purse, another brand, a foreign number reused: stable codes, nothing frozen."""
    for fields, code in (
        ({"phones": ["12345"]}, "phone_invalid"),
        ({"phones": []}, "bad_field"),
        ({"type": "advert"}, "bad_field"),
        ({"text": ""}, "bad_field"),
        ({"livesS": 0}, "bad_field"),
        ({"brandId": 2}, "not_allowed"),
        (
            {"text": "【传菜】" + "长" * 990, "phones": [PHONE] * 1 + [OTHER] * 1},
            "sms_text_invalid",
        ),
    ):
        body = {"type": "notice", "text": TEXT, "phones": [PHONE], **fields}
        told = is_problem(await mall.ask("POST", "/v1/sms/messages", body), code)
        assert "12345" not in str(told)
    done = await sent(mall, number=str(uuid.uuid4()))
    body = {
        "type": "verification",
        "text": "【传菜】别的",
        "phones": [PHONE],
        "number": done["number"],
    }
    is_problem(await mall.ask("POST", "/v1/sms/messages", body), "command_id_reused")
    poor = await street.caller("others", brand_id=2, roles=("money",))
    body = {"type": "notice", "text": TEXT, "phones": [PHONE]}
    is_problem(await poor.ask("POST", "/v1/sms/messages", body), "balance_insufficient")
    is_problem(await poor.ask("GET", f"/v1/sms/messages/{done['number']}"), "sms_message_not_found")
    balance = (await mall.ask("GET", "/v1/sms/balance")).json()
    assert (balance["available"], balance["held"]) == (99, 1)


async def test_a_brand_lists_its_messages_page_by_page(street: Street, mall: Caller) -> None:
    """By type and state, newest first, each message once; copies page as well (R-004-37)."""
    for _ in range(3):
        await sent(mall, type="notice")
    await sent(mall)
    await street.send_all()
    await sent(mall, type="marketing", phones=[PHONE, OTHER])
    seen: list[int] = []
    target = "/v1/sms/messages?limit=2"
    while target:
        page = (await mall.ask("GET", target)).json()
        seen += [one["messageId"] for one in page["messages"]]
        target = f"/v1/sms/messages?limit=2&before={page['next']}" if page["next"] else ""
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    queued = (await mall.ask("GET", "/v1/sms/messages?state=queued")).json()["messages"]
    assert [(one["type"], one["phones"]) for one in queued] == [("marketing", 2)]
    notices = (await mall.ask("GET", "/v1/sms/messages?type=notice")).json()["messages"]
    assert {one["state"] for one in notices} == {"sent"}
    number = queued[0]["number"]
    first = (await mall.ask("GET", f"/v1/sms/messages/{number}?limit=1")).json()
    rest = (
        await mall.ask("GET", f"/v1/sms/messages/{number}?limit=1&after={first['next']}")
    ).json()
    phones = [one["phone"] for page in (first, rest) for one in page["copies"]]
    assert sorted(phones) == ["138****8000", "139****9000"]


async def test_only_the_carrier_pushes(street: Street, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong password, a carrier without one, an unknown one, garbage: refused, limited, nothing kept or logged."""
    good = {"msgid": "m1", "mobile": PHONE, "status": "DELIVRD"}
    is_problem(await street.push(**good, pswd="guess"), "receipt_refused")
    is_problem(await street.push(status="DELIVRD"), "receipt_refused")
    for name in ("trusting", "nobody"):
        answer = await street.http.get(f"/v1/sms/receipts/{name}?{urlencode(good)}")
        is_problem(answer, "receipt_refused")
    codes = {(await street.push(**good, pswd=f"guess-{n}")).status_code for n in range(40)}
    assert codes == {403, 429}
    assert await street.db.fetchval("SELECT count(*) FROM sms_receipt") == 0
    answer = await street.push(**good)  # the carrier itself is not in the guesser's way
    assert answer.json() == {"clcode": "000000"}
    assert PHONE not in capsys.readouterr().out


async def test_a_push_that_cannot_be_kept_is_not_taken(street: Street) -> None:
    """While the database is away the carrier is told so, and pushes again."""
    await street.front.outgoing.parts()
    await street.db.execute("ALTER TABLE sms_receipt RENAME TO away")
    answer = await street.push(msgid="m1", mobile=PHONE, status="DELIVRD")
    assert answer.status_code == 500
    await street.db.execute("ALTER TABLE away RENAME TO sms_receipt")
    answer = await street.push(msgid="m1", mobile=PHONE, status="DELIVRD")
    assert answer.json() == {"clcode": "000000"}


async def test_a_brand_says_what_became_of_what_it_sent(street: Street, mall: Caller) -> None:
    """SmsReceiptStatusCallBack: for its own sending at once, for ours as one more receipt (R-004-23, A17)."""
    freeze = (await mall.ask("POST", "/v1/sms/freezes", {"segments": 5})).json()
    paid = (
        await mall.ask("POST", "/v1/sms/payments", {"number": freeze["number"], "segments": 2})
    ).json()
    path = f"/v1/sms/payments/{paid['payment']}/receipt"
    await street.db.execute(store.PUT_BRAND, 1, True)
    for state in ("unknown", "undelivered", "undelivered", "delivered"):
        told = (await mall.ask("POST", path, {"state": state, "code": "X"})).json()
        assert told["settled"] is True
    assert await street.db.fetchval("SELECT state FROM sms_payment_receipt") == "undelivered"
    assert (await mall.ask("GET", "/v1/sms/balance")).json()[
        "available"
    ] == 97  # two came back once
    done = await sent(mall, phones=[PHONE, OTHER])
    await street.send_all()
    copies = (await mall.ask("GET", f"/v1/sms/messages/{done['number']}")).json()["copies"]
    path = f"/v1/sms/payments/{copies[0]['payment']}/receipt"
    is_problem(await mall.ask("POST", path, {"state": "delivered"}), "bad_field")
    told = (await mall.ask("POST", path, {"state": "delivered", "phone": OTHER})).json()
    assert told["settled"] is False
    await street.settle()
    copies = (await mall.ask("GET", f"/v1/sms/messages/{done['number']}")).json()["copies"]
    assert {one["phone"]: one["state"] for one in copies} == {
        "138****8000": "sent", "139****9000": "delivered",
    }  # fmt: skip
    others = await street.caller("others", brand_id=2, roles=("money",))
    is_problem(await others.ask("POST", path, {"state": "delivered"}), "posting_not_found")
    nothing = f"/v1/sms/payments/{uuid.uuid4()}/receipt"
    is_problem(await mall.ask("POST", nothing, {"state": "delivered"}), "posting_not_found")


async def test_nobody_is_paid_for_their_own_word(street: Street, mall: Caller) -> None:
    """Of what the house sent a brand's word is shown, and moves nothing; the carrier's counts (R-004-23, A17)."""
    await street.db.execute(store.PUT_BRAND, 1, True)
    for said, pushed, comes_back in (("undelivered", "DELIVRD", 0), ("delivered", "UNDELIV", 1)):
        before = (await mall.ask("GET", "/v1/sms/balance")).json()["available"]
        number = (await sent(mall))["number"]
        await street.send_all()
        copy = (await mall.ask("GET", f"/v1/sms/messages/{number}")).json()["copies"][0]
        path = f"/v1/sms/payments/{copy['payment']}/receipt"
        assert (await mall.ask("POST", path, {"state": said})).is_success
        await street.settle()
        copy = (await mall.ask("GET", f"/v1/sms/messages/{number}")).json()["copies"][0]
        assert copy["state"] == said
        assert (await mall.ask("GET", "/v1/sms/balance")).json()["available"] == before - 1
        msgid = await street.db.fetchval(CARRIERS_ID, uuid.UUID(number))
        await street.push(msgid=msgid, mobile=PHONE, status="UNKNOWN")
        await street.settle()
        copy = (await mall.ask("GET", f"/v1/sms/messages/{number}")).json()["copies"][0]
        assert copy["state"] == said, "a carrier that does not know says nothing against it"
        await street.push(msgid=msgid, mobile=PHONE, status=pushed)
        await street.settle()
        copy = (await mall.ask("GET", f"/v1/sms/messages/{number}")).json()["copies"][0]
        assert copy["state"] == {"DELIVRD": "delivered", "UNDELIV": "undelivered"}[pushed]
        available = (await mall.ask("GET", "/v1/sms/balance")).json()["available"]
        assert available == before - 1 + comes_back
        assert (await mall.ask("POST", path, {"state": said})).is_success, "too late to matter"
        await street.settle()
        assert (await mall.ask("GET", "/v1/sms/balance")).json()["available"] == available


async def test_people_read_and_keys_pay(street: Street, mall: Caller) -> None:
    """An owner reads balance, packages, records and messages; a cashier does not; nobody's session sends."""
    await sent(mall)
    owner, cashier = (
        await person(street, "owner", "owner"),
        await person(street, "mei", "cashier", 1),
    )
    for path in ("balance", "packages", "records", "messages"):
        assert (await owner.ask("GET", f"/v1/sms/{path}")).status_code == 200, path
        is_problem(await cashier.ask("GET", f"/v1/sms/{path}"), "not_allowed")
    body = {"type": "notice", "text": TEXT, "phones": [PHONE]}
    assert (await owner.ask("POST", "/v1/sms/messages", body)).status_code in {400, 401}
    stranger = await street.caller("pos")
    is_problem(await stranger.ask("POST", "/v1/sms/messages", body), "not_allowed")
