"""◆ A text with places in it, filled for each telephone: 【传菜】{name}，您的订单 {number} 已送出.

What is filled in stands as it is: a value with braces in it names nothing. Refuses a place without a
value and a value without a place, because both are a message nobody meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from server.errors import Refusal

PLACES_MAX = 20
_PLACE = re.compile(r"\{([A-Za-z][A-Za-z0-9_]{0,31})\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its places filled. Raises `bad_field` naming what is missing or unknown."""
    places = set(_PLACE.findall(text))
    if len(places) > PLACES_MAX:
        raise Refusal("bad_field", f"At most {PLACES_MAX} places.", field="text")
    if missing := sorted(places - values.keys()):
        raise Refusal("bad_field", f"No value for {{{missing[0]}}}.", field="values")
    if unknown := sorted(values.keys() - places):
        raise Refusal("bad_field", f"The text has no {{{unknown[0][:32]}}}.", field="values")
    return _PLACE.sub(lambda found: values[found[1]], text)
