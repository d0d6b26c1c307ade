"""◆ The address of a spoken sentence: it carries the words, and a signature over them.

The same words have the same address for ever, so browsers keep them; no row is written when a call
rings, and any process can make the sound when it is first asked for. Refuses to say whose words
they are: whoever holds the house's key signs.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from urllib.parse import urlencode

from server.broadcast.speech import Language
from server.events.catalogue import Text

SPOKEN_CHARACTERS_MAX = 400
_SIGNATURE_DIGITS = 32


def signature(key: bytes, language: Language, spoken: str) -> str:
    """Return 32 hex digits over language and words (HMAC-SHA256, shortened)."""
    message = f"{language}\n{spoken}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:_SIGNATURE_DIGITS]


def audio_path(key: bytes, language: Language, spoken: str) -> str:
    """Return where a sentence is fetched."""
    query = urlencode({"language": language, "text": spoken})
    return f"/audio/{signature(key, language, spoken)}.wav?{query}"


@lru_cache(4096)  # a sentence is said again and again, and writing an address is dear
def audio_paths(key: bytes, spoken: Text) -> dict[str, str]:
    """Return language → address for every language that has words short enough to be said.

    The answer is remembered: nobody writes in it.
    """
    languages: tuple[Language, ...] = ("zh", "en")
    said = {language: getattr(spoken, language) for language in languages}
    return {
        language: audio_path(key, language, words)
        for language, words in said.items()
        if words and len(words) <= SPOKEN_CHARACTERS_MAX
    }


def is_signed(key: bytes, given: str, language: Language, spoken: str) -> bool:
    """Say whether an address was made by this house."""
    return hmac.compare_digest(given, signature(key, language, spoken))
