"""Matches of postings: the counterparts in the same city that suit one best, and why.

The score is the sum of five parts, each at most its weight; a part is the same from both sides,
so that two postings that match do so equally well whoever asks. All of it is worked out in SQL,
for that is where the best are chosen.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CTE,
    Date,
    Numeric,
    Select,
    and_,
    case,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.enterprise import ENTERPRISE
from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION, TODAY
from schema.loaders.pages import LIMIT
from schema.loaders.posting import POSTING, PostingRecord, is_open
from schema.products import SHORTEST_PART
from schema.tables.market import PostingKind, PostingState

PRODUCT_WEIGHT = Decimal("0.40")
"""The most: nobody buys another product because it is near or cheap."""

QUANTITY_WEIGHT = Decimal("0.20")
"""Next: what covers a tenth of what is wanted leaves the search going on."""

PERIOD_WEIGHT = Decimal("0.15")
PRICE_WEIGHT = Decimal("0.15")
"""Both can be talked about, so they count for less."""

DISTANCE_WEIGHT = Decimal("0.10")
"""The least: within one city everything can be reached; of two equal ones the nearer is first."""

CONTAINED = Decimal("0.5")
"""The share of the product's weight where one name holds the other: kinds of it may differ."""

ENOUGH_DAYS = 30
"""An overlap of a month counts in full, however long the postings last: time to come to terms."""

FARTHEST = 10
"""Steps from which on distance counts nothing: five levels up and five down."""

UNKNOWN_PRICE = Decimal("0.5")
"""The share of the price's weight where prices cannot be compared: neither for nor against."""

PLACES = 4
"""Decimal places of each part, so that equal pairs have equal scores."""


COMPARED = (
    "tenant_id",
    "kind",
    "product_key",
    "quantity",
    "price",
    "from_on",
    "until_on",
)
"""The columns of a posting that its counterparts are chosen by."""


class MatchReasonKind(StrEnum):
    """Why two postings are thought to suit each other, or how well they do."""

    PRODUCT_EXACT = "PRODUCT_EXACT"
    PRODUCT_CONTAINS = "PRODUCT_CONTAINS"
    QUANTITY_COVERED = "QUANTITY_COVERED"
    UNIT_DIFFERS = "UNIT_DIFFERS"
    PERIOD_OVERLAPS = "PERIOD_OVERLAPS"
    PRICE_WITHIN = "PRICE_WITHIN"
    PRICE_ABOVE = "PRICE_ABOVE"
    PRICE_UNKNOWN = "PRICE_UNKNOWN"
    DISTANCE = "DISTANCE"


class PostingMatchRecord(PostingRecord):
    """The counterpart's row with the columns that were asked for, and what the match is made of.

    `score`; its parts `product_part`, `quantity_part`, `period_part`, `price_part` and
    `distance_part`; whether the product `is_exact`; the share `covered` of the wanted quantity,
    null where units differ; the `days` of overlap, null = without end; `is_within` the wanted
    price, null = unknown; the `steps` between the two in the tree.
    """


@dataclass(frozen=True)
class BestMatches:
    """How many counterparts are asked for, on which day."""

    today: datetime.date
    limit: int


class MatchesOfPosting(KeyedLoader[BestMatches]):
    """(tenant, posting) → its best counterparts; none where it seeks none any more."""

    record = PostingMatchRecord
    counts = True

    @classmethod
    def values(cls, arguments: BestMatches) -> dict[str, Any]:
        """The day and the limit."""
        return {"today": arguments.today, "limit": arguments.limit}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The best of each key, in order of score, then of id.

        It goes step by step, each kept (MATERIALIZED): left to itself the planner, who cannot
        know how many products match, looks at every pair of postings.
        """
        a = _asked(k)
        w = _sought(a, _products(a))
        x = _pairs(w, _candidates(w))
        parts = _parts(x.c)
        made = {**parts, **_found(x.c)}
        y = _kept(select(x, *(value.label(name) for name, value in made.items())), "y")
        score = sum((y.c[name] for name in parts), start=literal(Decimal(0), Numeric()))
        rank = func.row_number().over(partition_by=y.c.n, order_by=[score.desc(), y.c.id])
        z = select(y, score.label("score"), rank.label("rank")).subquery("z")
        p = POSTING.alias("p")
        same = and_(p.c.tenant_id == z.c.tenant_id, p.c.id == z.c.id)
        taken = [p.c[name] for name in dict.fromkeys(columns) if name in p.c and name not in z.c]
        best_rows = select(z, *taken).select_from(z.join(p, same))
        return best_rows.where(z.c.rank <= LIMIT).order_by(z.c.n, z.c.rank)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: BestMatches) -> Any:
        """All of the key."""
        return rows


def _kept(rows: Select[Any], name: str) -> CTE:
    """A step of the statement, worked out once."""
    return rows.cte(name).prefix_with("MATERIALIZED")


def _asked(k: Any) -> CTE:
    """The postings of the keys that seek counterparts, with what they are compared by."""
    p = POSTING.alias("p")
    match = and_(p.c.tenant_id == k.c.tenant_id, p.c.id == k.c.id)
    found, path = _with_party(k.join(p, match), p)
    rows = select(k.c.n, *_comparable(p, path)).select_from(found)
    return _kept(rows.where(is_open(p)), "a")


def _products(a: Any) -> CTE:
    """The products of all open postings of the tenants: far fewer than the postings are."""
    p = POSTING.alias("p")
    rows = select(p.c.tenant_id, p.c.kind, p.c.product_key).distinct()
    rows = rows.where(p.c.tenant_id.in_(select(a.c.tenant_id)))
    return _kept(rows.where(p.c.state == PostingState.OPEN.value), "q")


def _sought(a: Any, q: Any) -> CTE:
    """Each of those that are asked for with each product of the other kind that matches."""
    same = or_(q.c.product_key == a.c.product_key, _holds(q, a), _holds(a, q))
    may_be = and_(q.c.tenant_id == a.c.tenant_id, q.c.kind != a.c.kind, same)
    others = q.c.kind.label("other_kind"), q.c.product_key.label("other_key")
    return _kept(select(a, *others).select_from(a.join(q, may_be)), "w")


def _candidates(w: Any) -> CTE:
    """All open postings of such products, once, whoever of those that are asked for they suit."""
    p = POSTING.alias("p")
    wanted = select(w.c.tenant_id, w.c.other_kind, w.c.other_key).distinct().subquery("d")
    same = and_(
        p.c.tenant_id == wanted.c.tenant_id,
        p.c.kind == wanted.c.other_kind,
        p.c.product_key == wanted.c.other_key,
        is_open(p),
    )
    found, path = _with_party(wanted.join(p, same), p)
    return _kept(select(p.c.id, *_comparable(p, path)).select_from(found), "b")


def _pairs(w: Any, b: Any) -> CTE:
    """Each with those of the other sort of party that are to be had at the same time."""
    may_be = and_(
        b.c.tenant_id == w.c.tenant_id,
        b.c.kind == w.c.other_kind,
        b.c.product_key == w.c.other_key,
        b.c.is_cooperative != w.c.is_cooperative,
        func.coalesce(_start(w, b) <= _end(w, b), true()),
    )
    rows = select(w.c.n, b.c.tenant_id, b.c.id, *_compared(w, b))
    return _kept(rows.select_from(w.join(b, may_be)), "x")


def _comparable(p: Any, path: Any) -> list[Any]:
    """What a posting is compared by, whichever side it is on."""
    own = [p.c[name] for name in COMPARED]
    is_cooperative = p.c.cooperative_id.is_not(None).label("is_cooperative")
    return [*own, is_cooperative, func.lower(p.c.unit).label("same_unit"), path.label("path")]


def _with_party(found: Any, p: Any) -> tuple[Any, Any]:
    """The tables with those of who posted `p`, as long as they are there, and its place's path."""
    c, e, o = COOPERATIVE.alias(), ENTERPRISE.alias(), ORGANIZATION.alias()
    leads = and_(
        c.c.tenant_id == p.c.tenant_id,
        c.c.id == p.c.cooperative_id,
        or_(c.c.dissolved_on.is_(None), c.c.dissolved_on > TODAY),
    )
    lists = and_(
        e.c.tenant_id == p.c.tenant_id,
        e.c.id == p.c.enterprise_id,
        or_(e.c.left_on.is_(None), e.c.left_on > TODAY),
    )
    place = func.coalesce(c.c.leader_id, e.c.organization_id)
    at = and_(o.c.tenant_id == p.c.tenant_id, o.c.id == place)
    return found.outerjoin(c, leads).outerjoin(e, lists).join(o, at), o.c.path


def _holds(whole: Any, part: Any) -> ColumnElement[bool]:
    """Whether a product's key holds another one, as `products_match` has it."""
    long_enough = func.char_length(part.c.product_key) >= SHORTEST_PART
    inside = func.strpos(whole.c.product_key, part.c.product_key) > 0
    return and_(long_enough, inside)


def _start(a: Any, c: Any) -> Any:
    """The first day on which both are to be had, not before today."""
    return func.greatest(a.c.from_on, c.c.from_on, TODAY, type_=Date())


def _end(a: Any, c: Any) -> Any:
    """The last such day; null = without end."""
    return func.least(a.c.until_on, c.c.until_on, type_=Date())


def _compared(a: Any, c: Any) -> list[Any]:
    """What a pair is judged by; each the same whichever of the two was asked for."""
    supplied, wanted = _both(a, c, "quantity")
    price, offered = _both(a, c, "price")
    _, from_on = _both(a, c, "from_on")
    _, until_on = _both(a, c, "until_on")
    asked_days = until_on - func.greatest(from_on, TODAY, type_=Date()) + 1
    return [
        (a.c.product_key == c.c.product_key).label("is_exact"),
        (a.c.same_unit == c.c.same_unit).label("is_same_unit"),
        supplied.label("supplied"),
        wanted.label("wanted"),
        price.label("price_asked"),
        offered.label("price_offered"),
        (_end(a, c) - _start(a, c) + 1).label("days"),
        asked_days.label("days_asked"),
        _steps(a.c.path, c.c.path).label("steps"),
    ]


def _both(a: Any, c: Any, name: str) -> tuple[Any, Any]:
    """A column of the supply, and that of the demand."""
    asks = a.c.kind == PostingKind.DEMAND.value
    supply, demand = (
        case((asks, c.c[name]), else_=a.c[name]),
        case((asks, a.c[name]), else_=c.c[name]),
    )
    return supply, demand


def _steps(one: Any, other: Any) -> Any:
    """Up to the nearest organization above both, and down again: the codes of one path alone."""
    codes = func.unnest(func.string_to_array(func.btrim(one, "/"), "/"))
    own = codes.table_valued("code", name="s").render_derived()
    shared = select(func.count()).select_from(own)
    inside = func.strpos(other, func.concat("/", own.c.code, "/")) > 0
    common = shared.where(inside).correlate_except(own).scalar_subquery()
    return _depth(one) + _depth(other) - 2 * common


def _depth(path: Any) -> Any:
    """How many codes a path has."""
    return func.char_length(path) - func.char_length(func.replace(path, "/", "")) - 1


def _parts(x: Any) -> dict[str, Any]:
    """What each comparison adds to the score.

    Each multiplies before it divides, so that what is exactly half a step is rounded as such.
    """
    supplied = func.least(x.supplied, x.wanted, type_=Numeric())
    enough = func.least(ENOUGH_DAYS, x.days_asked, type_=Numeric())
    lasting = func.least(x.days, enough, type_=Numeric())
    near = FARTHEST - func.least(x.steps, FARTHEST, type_=Numeric())
    return {
        "product_part": _part(PRODUCT_WEIGHT * case((x.is_exact, 1), else_=CONTAINED)),
        "quantity_part": _part(
            case((x.is_same_unit, QUANTITY_WEIGHT * supplied / x.wanted), else_=0)
        ),
        "period_part": _part(PERIOD_WEIGHT * lasting / enough),
        "price_part": _part(_price(x)),
        "distance_part": _part(DISTANCE_WEIGHT * near / FARTHEST),
    }


def _price(x: Any) -> Any:
    known = and_(x.is_same_unit, x.price_asked.is_not(None), x.price_offered.is_not(None))
    return case(
        (not_(known), PRICE_WEIGHT * UNKNOWN_PRICE),
        (x.price_asked <= x.price_offered, PRICE_WEIGHT),
        else_=PRICE_WEIGHT * x.price_offered / x.price_asked,
    )


def _part(points: Any) -> Any:
    return func.round(points, PLACES, type_=Numeric())


def _found(x: Any) -> dict[str, Any]:
    """What reasons say of the comparisons."""
    share = func.least(x.supplied, x.wanted, type_=Numeric()) / x.wanted
    return {
        "covered": case((x.is_same_unit, share)),
        "is_within": case((x.is_same_unit, x.price_asked <= x.price_offered)),
    }
