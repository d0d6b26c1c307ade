"""◆ The numbers of the house's own sentences, by which policies choose and rooms ask for them.

Refuses to hold the words: `broadcast/templates.py` has them.
"""

from __future__ import annotations

from typing import Final

ORDER_PLACED: Final = 1
ITEM_READY: Final = 2
NUMBER_READY: Final = 3
ITEM_CANCELLED: Final = 4
SERVICE_WANTED: Final = 5
TECHNICIAN_WANTED: Final = 6
ORDER_RUSHED: Final = 7
ITEM_UNSEEN: Final = 8
ORDER_CROSSED: Final = 9
