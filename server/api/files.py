"""A report or a paper as an HTTP answer: pages and pictures in the window, everything else to keep.

Refuses scripts on the page, whatever a name in it says.
"""

from __future__ import annotations

from server.api.table import Plain
from server.sheets import HTML_TYPE, PNG_TYPE, Written

_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def as_file(written: Written) -> Plain:
    """Return the answer that carries a file."""
    shown = "inline" if written.media_type in {HTML_TYPE, PNG_TYPE} else "attachment"
    headers = {
        "content-security-policy": _POLICY,
        "referrer-policy": "no-referrer",
        "content-disposition": f'{shown}; filename="{written.name}"',
    }
    return Plain(written.body, written.media_type, headers=headers)
