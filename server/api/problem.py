"""◆ Refusals as problem+json (RFC 9457), and what msgspec says as a field and a sentence.

Refuses to send anything: `requests.py` does.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from server.errors import REFUSALS, Refusal

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER_S = 1

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<where>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"(?:missing required|contains unknown) field `(?P<name>[^`]*)`")


class Problem(msgspec.Struct, frozen=True):
    """Why not. `code` is stable, `detail` is for people, `facts` for machines."""

    type: str
    title: str
    title_zh: str
    status: int
    detail: str
    code: str
    retryable: bool
    request_id: str
    facts: dict[str, Any] = {}


def problem(refusal: Refusal, request_id: str) -> Problem:
    """Return what a caller is told; `type` leads to the code's line on the docs page."""
    kind = REFUSALS[refusal.code]
    return Problem(
        type=f"/docs#{refusal.code}",
        title=kind.en,
        title_zh=kind.zh,
        status=refusal.status,
        detail=refusal.sentence,
        code=refusal.code,
        retryable=refusal.retryable,
        request_id=request_id,
        facts=refusal.detail,
    )


def problem_headers(refusal: Refusal) -> dict[str, str]:
    """Return the headers that belong to a refusal: when to come back, if that helps."""
    headers = {"content-type": PROBLEM_TYPE, "cache-control": "no-store"}
    if refusal.retryable:
        headers["retry-after"] = str(refusal.detail.get("retry_after_s", RETRY_AFTER_S))
    if refusal.status == 401:  # noqa: PLR2004 - the status says what it is
        headers["www-authenticate"] = "CHUANCAI-HMAC-SHA256"
    return headers


def unreadable(error: Exception) -> Refusal:
    """Return the refusal for words that are not JSON, or JSON of another shape.

    `facts.field` is the path of the field, like `lines[0].quantity`.
    """
    if not isinstance(error, msgspec.ValidationError):
        return Refusal("bad_request", "The body is not JSON.", reason=str(error))
    match = _AT.match(str(error))
    assert match is not None  # the pattern takes any text
    field = (match["where"] or "$").removeprefix("$").removeprefix(".")
    named = _NAMED.search(match["what"])
    if named is not None:
        field = f"{field}.{named['name']}" if field else named["name"]
    return Refusal("bad_field", match["what"], field=field)
