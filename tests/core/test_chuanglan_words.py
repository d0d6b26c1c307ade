"""ChuangLan's words: what goes out, what an answer means, what a status report says (R-004-27, 29)."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from server.sms.carriers import chuanglan_words as words
from server.sms.carriers.chuanglan_words import Account, NotAReceiptError
from server.sms.carriers.port import Accepted, Message, Outcome, Receipt, Refused, Unknown

ACCOUNT = Account("N1", "sehr-geheim")
GUARDED = Account("N1", "sehr-geheim", receipt_user="house", receipt_password="door")
ONE = Message("ab12", ("8613900000001",), "【传菜】您的验证码是1234")
NOW_MS = 1_700_000_000_000
REPORT = {
    "receiver": "", "pswd": "", "msgid": "24073116453300902203000007708373",
    "reportTime": "2411041728", "mobile": "13900000001", "status": "DELIVRD",
    "notifyTime": "241104172820", "statusDesc": "短信发送成功", "length": "1", "uid": "ab12",
}  # fmt: skip


def no(code: str, *, retryable: bool = False) -> Refused:
    """Return a refusal whose sentence does not matter."""
    return Refused(code, "", retryable)


def test_one_text_to_many_is_one_submission_with_our_reference() -> None:
    """Numbers travel without their country, our reference as uid, and a report is asked for."""
    message = Message("ab12", ("8613900000001", "8613900000002"), ONE.text)
    assert json.loads(words.send_body(ACCOUNT, message)) == {
        "account": "N1", "password": "sehr-geheim", "msg": ONE.text,
        "phone": "13900000001,13900000002", "report": "true", "uid": "ab12",
    }  # fmt: skip


def test_values_of_a_variable_text_travel_in_rows() -> None:
    """Each telephone has its values behind it; a value that would break the row is refused."""
    message = Message("ab12", ("8613900000001", "8613900000002"), "【传菜】{$var}，{$var}好了")
    body = words.variable_body(ACCOUNT, message, [("李", "01"), ("王", "02")])
    assert body is not None
    assert json.loads(body)["params"] == "13900000001,李,01;13900000002,王,02"
    assert words.variable_body(ACCOUNT, message, [("李,二", "01"), ("王", "02")]) is None
    assert words.variable_body(ACCOUNT, message, [("李;二", "01"), ("王", "02")]) is None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (ONE, None),
        (Message("a", (), "x"), "phones_count"),
        (Message("a", ("8613900000001",) * 1001, "x"), "phones_count"),
        (Message("a", ("4915112345678",), "x"), "phone_foreign"),
        (Message("a", ("861390000000",), "x"), "phone_foreign"),
        (Message("a", ("86139000000o1",), "x"), "phone_foreign"),
        (Message("a", ("8613900000001",), ""), "text_length"),
        (Message("a", ("8613900000001",), "x" * 537), "text_length"),
    ],
)
def test_what_cannot_be_for_chuanglan_is_refused_before_a_byte_leaves(
    message: Message, code: str | None
) -> None:
    """Bounds of its wire are kept here, so that the refusal is certain."""
    refusal = words.refusal_of(message, message.text)
    assert (refusal and refusal.code) == code
    assert refusal is None or not refusal.retryable


@pytest.mark.parametrize(
    ("status", "body",                                          "outcome"),
    [
        (200, b'{"code":"0","msgId":"170410","errorMsg":""}',   Accepted("170410")),
        (200, b'{"code":0,"msgId":170410}',                     Accepted("170410")),
        (200, b'{"code":"0","msgId":"7","failNum":"1","successNum":"9"}', Accepted("7")),
        (200, b'{"code":"0","msgId":"7","failNum":"1","successNum":"0"}', no("none_taken")),
        (200, b'{"code":"101","msgId":""}',                     no("101")),
        (200, b'{"code":"103","msgId":""}',                     no("103", retryable=True)),
        (200, b'{"code":"104","msgId":""}',                     no("104", retryable=True)),
        (200, b'{"code":"109","msgId":""}',                     no("109")),
        (200, b'{"code":"999","msgId":""}',                     no("999")),
        (200, b'{"code":"0","msgId":""}',                       Unknown("")),
        (200, b'{"code":"0"}',                                  Unknown("")),
        (200, b'{"code":true}',                                 Unknown("")),
        (200, b'{"message":"ok"}',                              Unknown("")),
        (200, b'[{"code":"0"}]',                                Unknown("")),
        (200, b'{"code":"0","msg',                              Unknown("")),
        (200, b"",                                              Unknown("")),
        (200, b"\xff\xfe",                                      Unknown("")),
        (302, b"",                                              Unknown("")),
        (408, b"",                                              Unknown("")),
        (500, b'{"code":"0","msgId":"1"}',                      Unknown("")),
        (502, b"",                                              Unknown("")),
        (504, b"",                                              Unknown("")),
        (404, b"",                                              no("http_404")),
        (403, b"",                                              no("http_403")),
        (429, b"",                                              no("http_429", retryable=True)),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int, body: bytes, outcome: Outcome) -> None:
    """Surely sent, surely not, or not known; a doubt is always the third."""
    found = words.read_answer(status, body)
    if isinstance(found, Refused):
        found = no(found.code, retryable=found.retryable)
    if isinstance(found, Unknown):
        found = Unknown("")
    assert found == outcome


@pytest.mark.parametrize("code", [str(code) for code in (*range(101, 121), 130) if code != 114])
def test_every_documented_code_has_a_sentence(code: str) -> None:
    """A person who reads a refusal learns what is wrong, and never a secret."""
    found = words.read_answer(200, json.dumps({"code": code}).encode())
    assert isinstance(found, Refused)
    assert "do not know" not in found.sentence
    assert found.retryable == (code in {"103", "104"})


@pytest.mark.parametrize(
    ("status",    "state"),
    [
        ("DELIVRD", "delivered"),
        ("UNDELIV", "undelivered"),
        ("EXPIRED", "undelivered"),
        ("REJECTD", "undelivered"),
        ("MK:0005", "undelivered"),
        ("UNKNOWN", "unknown"),
        ("",        "unknown"),
    ],
)  # fmt: skip
def test_what_a_status_report_says(status: str, state: str) -> None:
    """Only DELIVRD is a success; what is not known may still change."""
    receipt = words.read_push(urlencode({**REPORT, "status": status}), ACCOUNT, NOW_MS, "cl")
    # 2024-11-04 17:28:20 in Beijing
    assert receipt == Receipt(
        "cl", "24073116453300902203000007708373", "8613900000001", state,  # type: ignore[arg-type] # a table's cell
        status or "none", 1_730_712_500_000, "ab12",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change",                                     "at_ms"),
    [
        ({"notifyTime": ""},                       1_730_712_480_000),  # to the minute
        ({"notifyTime": "2411041728"},             1_730_712_480_000),
        ({"notifyTime": "never", "reportTime": ""}, NOW_MS),
        ({"notifyTime": "", "reportTime": "2413991728"}, NOW_MS),
    ],
)  # fmt: skip
def test_a_report_without_its_time_is_of_now(change: dict[str, str], at_ms: int) -> None:
    """A missing or mad time does not lose the report."""
    assert words.read_push(urlencode({**REPORT, **change}), ACCOUNT, NOW_MS, "cl").at_ms == at_ms


@pytest.mark.parametrize(
    "change",
    [
        {"msgid": ""},
        {"mobile": ""},
        {"mobile": "none"},
        {"receiver": "x"},
        {"pswd": "doo"},
        {"pswd": ""},
    ],
)
def test_what_is_not_a_report_is_refused_without_naming_a_number(change: dict[str, str]) -> None:
    """A stranger's push, or one that says of nothing what became of it."""
    told = {**REPORT, "receiver": "house", "pswd": "door", **change}
    with pytest.raises(NotAReceiptError) as caught:
        words.read_push(urlencode(told), GUARDED, NOW_MS, "cl")
    assert "139" not in str(caught.value)


def test_a_flood_of_fields_is_refused() -> None:
    """A query of a thousand fields is no report."""
    with pytest.raises(NotAReceiptError):
        words.read_push("&".join(f"a{n}=1" for n in range(1000)), ACCOUNT, NOW_MS, "cl")


def test_no_secret_and_no_number_in_a_repr() -> None:
    """What a log or a traceback shows of these has no password, no number, no text."""
    receipt = words.read_push(urlencode(REPORT), ACCOUNT, NOW_MS, "cl")
    shown = f"{ACCOUNT!r} {GUARDED!r} {ONE!r} {receipt!r}"
    for secret in ("sehr-geheim", "door", "139", "验证码", "N1"):
        assert secret not in shown
