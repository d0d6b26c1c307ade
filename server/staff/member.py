"""◆ Who works for a brand and what each role may: one table, `MAY`.

A role is held in one shop or in all shops of the brand (shop 0). Refuses to know passwords: whoever
is a `Member` has proved who he is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Literal

import msgspec

from server.events.decision import Role

StaffRole = Literal["owner", "manager", "cashier", "auditor"]
WHOLE_BRAND = 0
GRANTS_MAX = 50  # of one person


class May(msgspec.Struct, frozen=True):
    """What a role may: as whom the desk hears its holder, which roles he may give to others.

    `keeps_keys`: lets business services in, for whoever holds the role in all shops of the brand.
    """

    speaks: frozenset[Role] = frozenset()
    gives: frozenset[StaffRole] = frozenset()
    reads_audit: bool = False
    keeps_keys: bool = False


MAY: dict[StaffRole, May] = {
    # 店主, who may everything, the only one who makes owners
    "owner": May(
        speaks=frozenset({"manager", "business", "money", "cashier"}),
        gives=frozenset({"owner", "manager", "cashier", "auditor"}),
        reads_audit=True,
        keeps_keys=True,
    ),
    # 店长: devices, rules, orders, money; takes cashiers on
    "manager": May(
        speaks=frozenset({"manager", "business", "money", "cashier"}),
        gives=frozenset({"cashier"}),
        reads_audit=True,
    ),
    # 收银, who takes orders and money
    "cashier": May(speaks=frozenset({"business", "money", "cashier"})),
    # 审计, who reads who did what, changes nothing
    "auditor": May(reads_audit=True),
}


class Grant(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """A role in one shop; `shop_id` 0: in all shops of the brand."""

    role: StaffRole
    shop_id: int = WHOLE_BRAND


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person of a brand. `must_change`: may only choose a password of his own."""

    brand_id: int
    id: int
    login: str
    name: str
    grants: tuple[Grant, ...]
    must_change: bool = False
    session_id: uuid.UUID | None = None

    @property
    def who(self) -> str:
        """Return what the log and audit lines call this person."""
        return f"staff:{self.brand_id}:{self.id}"

    def speaks(self, role: Role, shop_id: int) -> bool:
        """Return whether the desk hears this person as `role` in a shop (0: in all of them)."""
        return any(role in MAY[grant.role].speaks for grant in self._at(shop_id))

    @property
    def roles(self) -> frozenset[Role]:
        """Return as whom the desk hears this person, in one shop or another."""
        return frozenset[Role]().union(*(MAY[grant.role].speaks for grant in self.grants))

    def may_give(self, grant: Grant) -> bool:
        """Return whether this person may give a role, there: never more than he has."""
        return any(grant.role in MAY[own.role].gives for own in self._at(grant.shop_id))

    def leads(self, grants: Iterable[Grant]) -> bool:
        """Return whether this person may change somebody with these roles.

        Only who could give all of them: else a reset password would be a way up.
        """
        gives = any(MAY[own.role].gives for own in self.grants)
        return gives and all(self.may_give(grant) for grant in grants)

    @property
    def keeps_keys(self) -> bool:
        """Return whether this person lets business services call in the brand's name."""
        return any(MAY[g.role].keeps_keys for g in self.grants if g.shop_id == WHOLE_BRAND)

    def leads_in(self) -> frozenset[int] | None:
        """Return the shops in which this person gives roles to others; None: in the whole brand."""
        shops = frozenset(g.shop_id for g in self.grants if MAY[g.role].gives)
        return None if WHOLE_BRAND in shops else shops

    def audits(self) -> frozenset[int] | None:
        """Return the shops whose audit lines this person may read; None: the whole brand's."""
        shops = frozenset(g.shop_id for g in self.grants if MAY[g.role].reads_audit)
        return None if WHOLE_BRAND in shops else shops

    def _at(self, shop_id: int) -> Iterable[Grant]:
        return (grant for grant in self.grants if grant.shop_id in {WHOLE_BRAND, shop_id})
