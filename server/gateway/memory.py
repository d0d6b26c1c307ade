"""How the garbage collector is set for a process that holds thousands of quiet connections.

A full collection walks every connection; in a connect storm the default settings spend more time
there than in the handshakes. Refuses to switch it off: rings of references do occur.
"""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 50_000
MIDDLE_ROUNDS = 20
OLD_ROUNDS = 100


def settle_memory() -> None:
    """Freeze what a started process keeps forever; collect young objects seldom, old ones rarely.

    To be called once, when everything is built and nobody is connected yet.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, MIDDLE_ROUNDS, OLD_ROUNDS)
