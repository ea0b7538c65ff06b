"""Events as a subscription reads them: what a viewer sees after a number, in pages of the log."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.event import EVENT, EventRecord
from schema.loaders.issue import IssueReach, ReachShape, is_there, visible
from schema.loaders.issue_standing import ISSUE
from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION, Codes, covered
from schema.tables.event import EventCounterRow

COUNTER: Any = EventCounterRow.__table__  # type: ignore[attr-defined]

PAGE = 100
"""Events that are read at once at most."""

SCANNED = 1000
"""Numbers that are looked at for them at most: a viewer may see few of many."""


@dataclass(frozen=True)
class Sight:
    """Kinds of events that a viewer sees, of organizations in these subtrees; None = all events."""

    kinds: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True)
class Concern:
    """Kinds of events that a viewer sees of the issues that it sees, wherever they stand."""

    kinds: tuple[str, ...]
    reach: IssueReach


@dataclass(frozen=True)
class Reading:
    """Events with numbers above `after`, by any of `sights` or a concern.

    `under` is an organization's code.
    """

    after: int
    sights: tuple[Sight, ...]
    concern: Concern | None = None
    under: str | None = None


@dataclass(frozen=True)
class EventBatch:
    """Events in the order of their numbers.

    All that may be seen up to the number `position` is in it; `newest` is the log's last number.
    """

    rows: list[EventRecord]
    position: int
    newest: int

    @property
    def is_last(self) -> bool:
        """Whether there was nothing more to look at."""
        return self.position >= self.newest


class EventsAfter(KeyedLoader[Reading]):
    """(tenant,) → an `EventBatch`.

    Numbers are without gaps in the order of commits, so none that a snapshot does not see yet can
    come before one that it sees.
    """

    names: ClassVar[tuple[str, ...]] = ("tenant_id",)
    record = EventRecord

    @classmethod
    def shape(cls, arguments: Reading) -> Hashable:
        """Which sights are limited to subtrees, the reach of a concern, and whether all is."""
        limited = tuple(sight.codes is not None for sight in arguments.sights)
        concern = arguments.concern and arguments.concern.reach.shape
        return limited, concern, arguments.under is not None

    @classmethod
    def values(cls, arguments: Reading) -> dict[str, Any]:
        """Of the position, the sights, the concern and the organization."""
        given: dict[str, Any] = {"after": arguments.after, "under": arguments.under}
        for at, sight in enumerate(arguments.sights):
            given[f"kinds{at}"] = sight.kinds
            given[f"codes{at}"] = sight.codes
        if arguments.concern is not None:
            given |= {"concerned": arguments.concern.kinds, **arguments.concern.reach.values()}
        return given | {"scanned": SCANNED, "page": PAGE}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """One row more than there are events: the last number is told of an empty log too."""
        limited, concern, is_under = shape
        c, e, o = COUNTER.alias("c"), EVENT.alias("e"), ORGANIZATION.alias("o")
        after = bindparam("after", type_=BigInteger())
        end = func.least(c.c.seq, after + bindparam("scanned", type_=BigInteger()))
        names = [name for name in dict.fromkeys((*columns, "seq", "kind")) if name in e.c]
        placed = and_(o.c.tenant_id == e.c.tenant_id, o.c.id == e.c.organization_id)
        rows = (
            select(*(e.c[name] for name in names))
            .select_from(e.outerjoin(o, placed))
            .where(e.c.tenant_id == k.c.tenant_id, e.c.seq > after, e.c.seq <= end)
            .where(_visible(e, o, limited, concern))
        )
        if is_under:
            code = bindparam("under", type_=Text())
            rows = rows.where(func.strpos(o.c.path, func.concat("/", code, "/")) > 0)
        rows = rows.order_by(e.c.seq).limit(bindparam("page", type_=Integer()))
        found = rows.lateral("r")
        counted = k.outerjoin(c, c.c.tenant_id == k.c.tenant_id).outerjoin(found, true())
        statement = select(k.c.n, c.c.seq.label("newest"), end.label("end"), *found.c)
        return statement.select_from(counted).order_by(k.c.n, found.c.seq)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: Reading) -> EventBatch:
        """The batch of one tenant."""
        found = [row for row in rows if row["seq"] is not None]
        if rows[0]["newest"] is None:
            return EventBatch([], arguments.after, 0)
        position = found[-1]["seq"] if len(found) == PAGE else max(rows[0]["end"], arguments.after)
        return EventBatch(found, position, rows[0]["newest"])


def _visible(
    e: Any, o: Any, limited: tuple[bool, ...], concern: ReachShape | None
) -> ColumnElement[bool]:
    """Whether one of the sights, or the concern, shows an event."""
    shown: list[ColumnElement[bool]] = []
    for at, is_limited in enumerate(limited):
        kinds = e.c.kind == any_(bindparam(f"kinds{at}", type_=ARRAY(Text())))
        shown.append(and_(kinds, covered(o, f"codes{at}")) if is_limited else kinds)
    if concern is not None:
        i = ISSUE.alias("ei")
        its = and_(i.c.tenant_id == e.c.tenant_id, i.c.id == e.c.issue_id)
        kinds = e.c.kind == any_(bindparam("concerned", type_=ARRAY(Text())))
        seen = is_there(select(true()).where(its, visible(i, concern)))
        shown.append(and_(kinds, e.c.issue_id.is_not(None), seen))
    return or_(false(), *shown)


class NewestEvent(KeyedLoader[None]):
    """(tenant,) → the number of the newest event, 0 where there is none."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id",)

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The counter."""
        c = COUNTER.alias("c")
        return select(k.c.n, c.c.seq).select_from(k.join(c, c.c.tenant_id == k.c.tenant_id))

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: None) -> int:
        """The number."""
        return int(rows[0]["seq"]) if rows else 0
