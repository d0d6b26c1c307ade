"""How long a test waits for what will surely come: what a slow machine with many others on it needs.

Nothing takes this long when all is well, so it costs nothing; how fast things are is measured by
`bench`, because a test that measures time fails when the machine is busy.
"""

from __future__ import annotations

PATIENCE_S = 60.0
PATIENCE_MS = PATIENCE_S * 1000
