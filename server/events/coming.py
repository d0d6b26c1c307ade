"""◆ What becomes of a call after somebody said "coming": they are told again, or cannot come after all.

Refuses to hold behaviour, as the catalogue does.
"""

from __future__ import annotations

from server.events.words import Fact


class CallReminded(Fact, frozen=True, tag=True):
    """Who said "coming" did not come yet; their own device is told again."""

    call_id: int
    device_id: int | None
    at_ms: int


class CallGivenBack(Fact, frozen=True, tag=True):
    """Who said "coming" cannot come after all; the call is everybody's again, and rings anew at once."""

    call_id: int
    by: str
    device_id: int | None
    at_ms: int
