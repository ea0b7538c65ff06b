"""What a person holds now: the posts that a token bound to the person stands for."""

import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select

from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION, TODAY, existing
from schema.tables.person import PersonRow, PostRow

PERSON: Any = PersonRow.__table__  # type: ignore[attr-defined]
POST: Any = PostRow.__table__  # type: ignore[attr-defined]


def held(table: Any) -> Any:
    """Whether the post was held on the day `today`."""
    lasts = or_(table.c.valid_to.is_(None), table.c.valid_to > TODAY)
    return and_(table.c.valid_from <= TODAY, lasts)


class HeldPosts(KeyedLoader[datetime.date]):
    """(tenant, person) → rows of kind and organization code of the posts held on the day.

    None where there is no such person (any more); a row without kind where no post is held.
    """

    @classmethod
    def values(cls, arguments: datetime.date) -> dict[str, Any]:
        """The day."""
        return {"today": arguments}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """People with their posts in organizations that are in being."""
        x, p, o = PERSON.alias("x"), POST.alias("p"), ORGANIZATION.alias("o")
        same = and_(x.c.tenant_id == k.c.tenant_id, x.c.id == k.c.id, x.c.erased_at.is_(None))
        own = and_(p.c.tenant_id == x.c.tenant_id, p.c.person_id == x.c.id, held(p))
        at = and_(o.c.tenant_id == p.c.tenant_id, o.c.id == p.c.organization_id, existing(o))
        posts = p.join(o, at)
        people = k.join(x, same).outerjoin(posts, own)
        return select(k.c.n, p.c.kind, o.c.code).select_from(people).order_by(k.c.n, o.c.path)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: datetime.date) -> Any:
        """All posts of the person."""
        return rows or None
