"""A message's life as a table, and the database that repeats it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from server.db.migrate import read_migrations
from server.sms.carriers.port import Accepted, Outcome, Refused, Unknown
from server.sms.message import (
    DELIVERIES,
    ENDED,
    KINDS,
    MODES,
    STATES,
    TRANSITIONS,
    VERBS,
    Delivery,
    State,
    read_reference,
    reference_of,
    shown,
    sources,
    strongest,
    target,
)
from server.sms.outcome import ask_again_at, lapses_at, plain, step_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_database_repeats_the_names() -> None:
    """Every CHECK on names has exactly the code's."""
    (sql,) = (m.sql for m in read_migrations() if "sms_messages" in m.name)
    for column, names in (("state", STATES), ("kind", KINDS), ("mode", MODES)):
        listed = ", ".join(f"'{name}'" for name in names)
        assert f"CHECK ({column} IN ({listed}))" in sql
    listed = ", ".join(f"'{name}'" for name in DELIVERIES)
    assert f"CHECK (state IN ({listed}))" in sql


def test_every_verb_leads_to_one_state() -> None:
    """A verb means one thing wherever it finds a message; nothing leaves what is sent or failed."""
    assert {target(verb) for verb in VERBS} == set(STATES)
    assert {state for state in STATES if not any(s == state for s, _ in TRANSITIONS)} == {
        "sent",
        "failed",
    }
    assert set(ENDED) >= {"sent", "failed"}
    # What may be with the carrier is never simply sent again: only a surely-not goes back.
    assert sources("put_back") == ["sending", "unknown"]


def test_a_reference_says_whose_it_is() -> None:
    """It has the 32 hexadecimal digits a carrier takes, and names brand and message."""
    number = UUID("12345678-1234-5678-1234-567812345678")
    reference = reference_of(900, 2**53 - 1, number)
    assert re.fullmatch("[0-9a-f]{32}", reference)
    assert read_reference(reference) == (900, 2**53 - 1)
    for other in ("", "uid-7", "1" * 31, "G" * 32):
        assert read_reference(other) is None


@pytest.mark.parametrize(
    ("came", "state"),
    [
        ([], "waiting"),
        (["unknown"], "unknown"),
        (["unknown", "delivered"], "delivered"),
        (["delivered", "unknown"], "delivered"),
        (["delivered", "undelivered"], "delivered"),
        (["undelivered", "delivered"], "undelivered"),
        (["unknown", "unknown", "undelivered"], "undelivered"),
    ],
)
def test_receipts_come_to_one_word(came: list[Delivery], state: Delivery) -> None:
    """Late and double receipts change nothing; only "unknown" may still become something."""
    assert strongest(came) == state


@pytest.mark.parametrize(
    ("state", "delivery", "hours", "word"),
    [
        ("queued", "waiting", 0, "queued"),
        ("failed", "waiting", 0, "failed"),
        ("sent", "waiting", 71, "sent"),
        ("sent", "waiting", 73, "unknown"),
        ("sent", "delivered", 100, "delivered"),
        ("sent", "unknown", 1, "unknown"),
        ("lapsed", "waiting", 100, "unknown"),
    ],
)
def test_one_word_for_a_person(state: State, delivery: Delivery, hours: int, word: str) -> None:
    """What is told of a telephone's copy follows from both machines and the 72 hours."""
    sent_at = NOON if state == "sent" else None
    assert shown(state, delivery, sent_at, NOON + timedelta(hours=hours)) == word


@pytest.mark.parametrize(
    ("outcome", "attempt", "left_s", "verb"),
    [
        (Accepted("m"), 1, 300, "accept"),
        (Accepted("m"), 1, -5, "accept"),
        (Refused("c", "no", retryable=False), 1, 300, "refuse"),
        (Refused("c", "later", retryable=True), 1, 300, "put_back"),
        (Refused("c", "later", retryable=True), 12, 9_000, "refuse"),
        (Refused("c", "later", retryable=True), 5, 15, "refuse"),
        (Unknown("silence"), 1, 300, "lose"),
    ],
)
def test_what_follows_from_an_answer(
    outcome: Outcome, attempt: int, left_s: int, verb: str
) -> None:
    """Accepted ends, refused goes on or back, silence is asked about and never guessed at."""
    expires_at = NOON + timedelta(seconds=left_s)
    assert step_of(outcome, attempt, expires_at, NOON).verb == verb


def test_questions_become_rarer_and_end() -> None:
    """An unknown message is asked about at once, then ever more rarely, and not beyond 72 hours."""
    now, asked = NOON, 0
    while now < lapses_at(NOON):
        now = ask_again_at(NOON, now)
        asked += 1
    assert now == lapses_at(NOON)
    assert 50 < asked < 120


def test_a_sentence_keeps_nobodys_number() -> None:
    """What a carrier says is kept short and without numbers."""
    assert plain("13800138000 in black list 4711") == "… in black list 4711"
    assert len(plain("菜" * 1000)) == 200
