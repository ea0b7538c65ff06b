"""What each year brought a cooperative: the values that hold, and those that were corrected."""

from typing import Any

import asyncpg
from sqlalchemy import Select, and_, null, select

from schema.loaders.loader import KeyedLoader
from schema.tables.cooperative import AnnualResultRow

RESULT: Any = AnnualResultRow.__table__  # type: ignore[attr-defined]


class AnnualResultRecord(asyncpg.Record):
    """A row of `annual_result` with the columns that were asked for.

    `correction` is why the next revision took its place, None of the one that holds.
    """


def _taken(r: Any, columns: tuple[str, ...], correction: Any) -> list[Any]:
    wanted = dict.fromkeys(columns)
    own = [r.c[name] for name in wanted if name in r.c and name != "correction"]
    if "correction" in wanted:
        own.append(correction.label("correction"))
    return own


class AnnualResultById(KeyedLoader[None]):
    """(tenant, id) → the result, or None."""

    record = AnnualResultRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The results whose ids are the keys, with why each was superseded."""
        r = RESULT.alias("r")
        match = and_(r.c.tenant_id == k.c.tenant_id, r.c.id == k.c.id)
        return select(k.c.n, *_taken(r, columns, _why(r))).select_from(k.join(r, match))


class _Lists(KeyedLoader[None]):
    """A list of results a key."""

    record = AnnualResultRecord

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: None) -> Any:
        """All of the key."""
        return rows


class ResultsOfCooperative(_Lists):
    """(tenant, cooperative) → the result that holds of each year, the newest year first."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The current ones."""
        r = RESULT.alias("r")
        own = and_(
            r.c.tenant_id == k.c.tenant_id,
            r.c.cooperative_id == k.c.id,
            r.c.superseded_at.is_(None),
        )
        statement = select(k.c.n, *_taken(r, columns, null())).select_from(k.join(r, own))
        return statement.order_by(k.c.n, r.c.year.desc())


class CorrectionsOfResult(_Lists):
    """(tenant, result) → the values of its year that came before it, the oldest first."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Earlier revisions, each with why the next one took its place."""
        r, e = RESULT.alias("r"), RESULT.alias("e")
        same = and_(r.c.tenant_id == k.c.tenant_id, r.c.id == k.c.id)
        earlier = and_(
            e.c.tenant_id == k.c.tenant_id,
            e.c.cooperative_id == r.c.cooperative_id,
            e.c.year == r.c.year,
            e.c.revision < r.c.revision,
        )
        statement = select(k.c.n, *_taken(e, columns, _why(e)))
        return statement.select_from(k.join(r, same).join(e, earlier)).order_by(k.c.n, e.c.revision)


def _why(r: Any) -> Any:
    """What the next revision of the same year gave as its reason."""
    x = RESULT.alias("x")
    following = (
        x.c.tenant_id == r.c.tenant_id,
        x.c.cooperative_id == r.c.cooperative_id,
        x.c.year == r.c.year,
        x.c.revision == r.c.revision + 1,
    )
    return select(x.c.correction).where(*following).scalar_subquery()
