"""◆ How long a session lives, and how many wrong passwords are too many.

Refuses to store or to look up: `door.py` asks and obeys.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from server.errors import Refusal

IDLE_MAX = timedelta(minutes=30)
LIFE_MAX = timedelta(hours=12)
SEEN_STEP = timedelta(minutes=1)  # how exactly "last seen" is written down: once a minute
SESSIONS_MAX = 10  # of one person; the one seen longest ago makes room
AGENT_CHARS_MAX = 120

ACCOUNT_TRIES_MAX = 5
# A shop's people share one address: their slips of the finger must not lock the house.
ADDRESS_TRIES_MAX = 20
WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)


def check_session(made_at: datetime, seen_at: datetime, now: datetime) -> None:
    """Raise `session_ended` when nobody used it for too long, or it is too old."""
    if now - seen_at > IDLE_MAX or now - made_at > LIFE_MAX:
        raise Refusal("session_ended")


def is_to_be_noted(seen_at: datetime, now: datetime) -> bool:
    """Return whether "last seen" is written down again."""
    return now - seen_at >= SEEN_STEP


def check_tries(tries: int, tries_max: int, last_at: datetime, now: datetime) -> int:
    """Return how many tries are left should this one be wrong; `tries` counts it already.

    Raises `login_locked` when it is one too many.
    """
    if tries > tries_max:
        left_s = max(1, round((last_at + LOCK - now).total_seconds()))
        raise Refusal("login_locked", retry_after_s=left_s)
    return tries_max - tries


def account_source(login: str) -> str:
    """Return whose tries are counted for a login name, there or not; the name cannot be read back."""
    return f"login:{hashlib.sha256(login.encode()).hexdigest()[:32]}"
