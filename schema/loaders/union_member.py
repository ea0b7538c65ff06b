"""Who belongs to which union of cooperatives, on a day."""

import datetime
from typing import Any, ClassVar

from sqlalchemy import Date, Select, and_, bindparam, or_, select
from sqlalchemy.sql.elements import ColumnElement

from schema.errors import CodedError, ErrorCode
from schema.loaders.cooperative import COOPERATIVE, CooperativeRecord, taken
from schema.loaders.loader import KeyedLoader
from schema.tables.cooperative import UnionMemberRow

MEMBER: Any = UnionMemberRow.__table__  # type: ignore[attr-defined]
TODAY = bindparam("today", type_=Date())


def belonging(m: Any) -> ColumnElement[bool]:
    """Whether the row of `union_member` holds on the day `today`."""
    lasts = or_(m.c.until.is_(None), m.c.until > TODAY)
    return and_(m.c.since <= TODAY, lasts)


class _OverMembers(KeyedLoader[datetime.date]):
    """A list of cooperatives a key, in order of code, as of a day."""

    record = CooperativeRecord
    start: ClassVar[str]
    end: ClassVar[str]

    @classmethod
    def values(cls, arguments: datetime.date) -> dict[str, Any]:
        """The day."""
        return {"today": arguments}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The cooperatives at the other end."""
        m, c = MEMBER.alias("m"), COOPERATIVE.alias("c")
        steps = k.join(m, and_(m.c.tenant_id == k.c.tenant_id, m.c[cls.start] == k.c.id)).join(
            c, and_(c.c.tenant_id == m.c.tenant_id, c.c.id == m.c[cls.end])
        )
        statement = select(k.c.n, *taken(c, columns)).select_from(steps).where(belonging(m))
        return statement.order_by(k.c.n, c.c.code)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: datetime.date) -> Any:
        """All of the key."""
        return rows


class MembersOfUnion(_OverMembers):
    """(tenant, cooperative) → those that belong to it; of one that is no union none."""

    start, end = "union_id", "member_id"


class UnionsOfMember(_OverMembers):
    """(tenant, cooperative) → the unions that it belongs to."""

    start, end = "member_id", "union_id"


def unknown_union(given: str) -> CodedError:
    """What is said of a union that there is not, as a filter names it."""
    shown = given[:40]
    return CodedError(
        ErrorCode.BAD_REQUEST,
        f"没有编码或编号为“{shown}”的联合社;请用 cooperatives(where: {{kind: UNION}}) 查找。",
        f"There is no union {shown!r}; find one with cooperatives(where: {{kind: UNION}}).",
        argument="where.memberOf",
        given=shown,
    )
