"""Households as the graph reads them, as far as the viewer sees them."""

import uuid
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import asyncpg
from sqlalchemy import Select, Uuid, and_, bindparam, exists, false, or_, select, true
from sqlalchemy.sql.elements import ColumnElement

from schema.database import Snapshot
from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION, Codes, below, covered
from schema.loaders.pages import LIMIT, Listing, Pages
from schema.scope import Scope
from schema.tables.cooperative import HouseholdRow

HOUSEHOLD: Any = HouseholdRow.__table__  # type: ignore[attr-defined]

CLEAR = "clear"
"""A column that says whether the viewer may read personal data where the household is."""


class HouseholdRecord(asyncpg.Record):
    """A row of `household` with the columns that were asked for."""


class ReachShape(NamedTuple):
    """Of a `HouseholdReach`: each set of subtrees is "all", "some" or "none"; whether bound."""

    visible: str
    clear: str
    person: bool


@dataclass(frozen=True)
class HouseholdReach:
    """How far the viewer sees households of a tenant: at all (`visible`), and with the whole
    address (`clear`); `person` is whose own household it sees anyhow.
    """

    visible: Codes = ()
    clear: Codes = ()
    person: uuid.UUID | None = None

    @property
    def is_nowhere(self) -> bool:
        """Whether the viewer sees no household at all."""
        return self.visible == () and self.person is None

    @property
    def shape(self) -> ReachShape:
        """All of it that changes the text of a statement."""
        return ReachShape(_extent(self.visible), _extent(self.clear), self.person is not None)

    def values(self) -> dict[str, Any]:
        """Values of the parameters that `seen` and `taken` use."""
        return {
            "reach_visible": list(self.visible or ()),
            "reach_clear": list(self.clear or ()),
            "reach_person": self.person,
        }


def _extent(codes: Codes) -> str:
    return "all" if codes is None else "some" if codes else "none"


def seen(h: Any, shape: ReachShape) -> ColumnElement[bool]:
    """Whether the viewer sees the household `h`: where it is, or as its own."""
    found = inside(h, "organization_id", shape.visible, "reach_visible")
    return or_(found, own(h)) if shape.person else found


def own(h: Any) -> ColumnElement[bool]:
    """Whether the person of the token heads the household."""
    headed: ColumnElement[bool] = h.c.head_id == bindparam("reach_person", type_=Uuid())
    return headed


def inside(t: Any, column: str, extent: str, name: str) -> ColumnElement[bool]:
    """Whether the organization in a column stands in one of the subtrees of the parameter."""
    if extent != "some":
        return true() if extent == "all" else false()
    o = ORGANIZATION.alias("ro")
    at = and_(o.c.tenant_id == t.c.tenant_id, o.c.id == t.c[column])
    return exists().where(at, covered(o, name))


def taken(h: Any, columns: tuple[str, ...], shape: ReachShape) -> list[Any]:
    """The columns of `h` that are wanted, and `clear` where that is."""
    wanted = dict.fromkeys(columns)
    found = [h.c[name] for name in wanted if name in h.c]
    if CLEAR in wanted:
        found.append(inside(h, "organization_id", shape.clear, "reach_clear").label(CLEAR))
    return found


class ByHouseholdReach(KeyedLoader[HouseholdReach]):
    """A loader of rows that the viewer sees as far as it sees households."""

    @classmethod
    def shape(cls, arguments: HouseholdReach) -> Hashable:
        """Of the reach."""
        return arguments.shape

    @classmethod
    def values(cls, arguments: HouseholdReach) -> dict[str, Any]:
        """Of the reach."""
        return arguments.values()

    @classmethod
    def is_nowhere(cls, arguments: HouseholdReach) -> bool:
        """Whether the viewer sees no household."""
        return arguments.is_nowhere


class HouseholdById(ByHouseholdReach):
    """(tenant, id) → the household, or None where the viewer does not see it."""

    record = HouseholdRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The households whose ids are the keys."""
        h = HOUSEHOLD.alias("h")
        match = and_(h.c.tenant_id == k.c.tenant_id, h.c.id == k.c.id)
        found = select(k.c.n, *taken(h, columns, shape)).select_from(k.join(h, match))
        return found.where(seen(h, shape))


class HouseholdsOfHead(ByHouseholdReach):
    """(tenant, person) → the households that the person of the token heads, the oldest first.

    Of who is bound to no person the key is (0, None), and asks for no tenant.
    """

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "head_id")
    record = HouseholdRecord

    @classmethod
    def tenants_of(cls, key: Any) -> tuple[int, ...]:
        """The person's."""
        return () if key[1] is None else (key[0],)

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: HouseholdReach,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; none without a person."""
        if arguments.person is None:
            return [[] for _ in keys]
        return await super().batch(snapshot, scope, keys, arguments, columns)

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The households of the keys, if these are the viewer's own."""
        h = HOUSEHOLD.alias("h")
        match = and_(h.c.tenant_id == k.c.tenant_id, h.c.head_id == k.c.head_id)
        found = select(k.c.n, *taken(h, columns, shape)).select_from(k.join(h, match))
        return found.where(own(h)).order_by(k.c.n, h.c.id)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: HouseholdReach) -> Any:
        """All of them."""
        return rows


@dataclass(frozen=True)
class HouseholdPage(Listing):
    """A page of households that the viewer may see, and how far it sees their addresses."""

    reach: HouseholdReach

    @property
    def shape(self) -> ReachShape:
        """Of the reach."""
        return self.reach.shape

    def values(self) -> dict[str, Any]:
        """Of the reach."""
        return self.reach.values()


def _placed() -> Any:
    """Households with the path of the organization where each is."""
    o = ORGANIZATION.alias("o")
    at = and_(o.c.tenant_id == HOUSEHOLD.c.tenant_id, o.c.id == HOUSEHOLD.c.organization_id)
    return select(*HOUSEHOLD.c, o.c.path).select_from(HOUSEHOLD.join(o, at)).subquery()


class HouseholdsBelow(Pages):
    """(tenant, path) → a page of the households of the organization and of those below it.

    One place after the other, and in each in order of id, never of a name: so indexes lead to a
    page, however many households there are, and however few of them are in the subtree.
    """

    table = _placed()
    sort: ClassVar[tuple[str, ...]] = ("path", "id")
    names: ClassVar[tuple[str, ...]] = ("tenant_id", "path")
    record = HouseholdRecord

    @classmethod
    def own(cls, t: Any, k: Any, shape: Any) -> Any:
        """Those whose organization is at the path, or below it."""
        at = or_(t.c.path == k.c.path, below(t, k.c.path))
        return and_(t.c.tenant_id == k.c.tenant_id, at)

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Up to one row more than the page, a key: each place gives no more than that either."""
        reach, positioned, _ = shape
        o, h = ORGANIZATION.alias("o"), HOUSEHOLD.alias("h")
        own = taken(h, (*columns, "tenant_id", "id"), reach)
        here = select(*own).where(h.c.tenant_id == o.c.tenant_id, h.c.organization_id == o.c.id)
        places = cls.own(o, k, reach)
        if positioned:
            path = bindparam("after_path", type_=o.c.path.type)
            beyond = h.c.id > bindparam("after_id", type_=Uuid())
            here = here.where(or_(o.c.path > path, beyond))
            places = and_(places, o.c.path >= path)
        each = here.order_by(h.c.id).limit(LIMIT).correlate(o).lateral("e")
        rows = select(o.c.path, *each.c).select_from(o.join(each, true())).where(places)
        found = rows.order_by(o.c.path, each.c.id).limit(LIMIT).lateral("r")
        statement = select(k.c.n, *found.c).select_from(k.join(found, true()))
        return statement.order_by(k.c.n, found.c.path, found.c.id)
