"""◆ Which day of business a moment belongs to. Refuses to read a clock."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from server.clock import from_ms

DAY_START = timedelta(hours=3)  # a night's guests belong to the day they came (R-004-9)


def business_day(now_ms: int, timezone: str) -> date:
    """Return the day this moment belongs to: from 03:00 to 03:00 in the shop's own time (R-004-9)."""
    return (from_ms(now_ms).astimezone(ZoneInfo(timezone)) - DAY_START).date()
