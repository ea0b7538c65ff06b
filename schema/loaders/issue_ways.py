"""The ways by which a list of issues is found, each served by an index.

For what is somebody's own, handled by somebody, or found by a text, those lead to it; for a
subtree of few organizations each of them; else the list of the whole tenant, where each issue is
looked at whether it belongs. Where that does not come to an end soon in a subtree of many, the
organizations are gone through after all.

A statement of lists is built of parts that name what stands around them (`Outer`). The names of
its tables: `k` the keys, `b0` and `b` their bounds, `p` the ids of a page, `g` the groups of its
order, `q` what was found of the whole tenant's list, `i` issues, `d` organizations gone through.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schema.loaders.issue import (
    ReachShape,
    covers,
    is_there,
    visible,
)
from schema.loaders.issue_filter import (
    WORD,
    Condition,
    FiltersShape,
    after,
    conditions,
    containing,
    handling_organization,
    pair,
    stated,
)
from schema.loaders.issue_order import GROUPS, Group, IssueOrder
from schema.loaders.issue_standing import HANDLER, ISSUE
from schema.loaders.organization import ORGANIZATION
from schema.tables.issue import MOVED
from tenants.workflow import Phase


class Effort(NamedTuple):
    """How a list of a subtree is looked for, which changes nothing of what is found.

    `few` organizations are gone through one by one at once. Of a larger subtree the issues are
    looked for among the first `looked_at` of the whole tenant's list before.
    """

    few: int = 40
    looked_at: int = 2000


USUAL = Effort()
"""What is quick where organizations have some hundreds of issues each."""

COMMON = 1000
"""How often a pair of characters is counted at most, to find the rarest of a text."""


class PageShape(NamedTuple):
    """Of a page: `rank` is the group of its position, `size` how many rows are asked for."""

    reach: ReachShape
    filters: FiltersShape
    order: IssueOrder
    rank: int | None
    backward: bool
    size: int
    effort: Effort

    @property
    def descending(self) -> bool:
        """Whether later moments come first in the statement."""
        return (self.order is IssueOrder.REPORTED_AT_DESC) is not self.backward


BOUNDS: Mapping[str, Any] = {
    "tenant_id": Integer(),
    "path": Text(),
    "is_clear": Boolean(),
    "is_few": Boolean(),
}


class Outer:
    """A table of a statement around, as what stands inside names it: without reading it there."""

    def __init__(self, name: str, types: Mapping[str, Any]) -> None:
        self.c: Any = SimpleNamespace(
            **{column: literal_column(f"{name}.{column}", kind) for column, kind in types.items()}
        )


def _fenced(rows: Select[Any]) -> Select[Any]:
    """Rows that are worked out by themselves: PostgreSQL does not take them apart."""
    return rows.offset(literal_column("0"))


def bounds(shape: PageShape, is_below: bool) -> Any:
    """Of a key: the path `path` below which its issues stand, if any, and how far that goes.

    `is_few` says that the organizations are few that have to be gone through, `is_clear` that
    the viewer sees all that stands there.
    """
    k = Outer("k", BOUNDS)
    path = _path(k, shape, is_below)
    limited = is_below or shape.filters.under
    clear = true() if shape.reach.visible == "all" else _reached(path) if limited else null()
    names = {"tenant_id": k.c.tenant_id, "path": path, "is_clear": clear}
    bound = _fenced(select(*(value.label(name) for name, value in names.items()))).lateral("b0")
    outer = Outer("b0", BOUNDS)
    if limited:
        among = _subtree(outer)
    elif shape.reach.visible == "some":
        among = _reach_subtrees(outer)
    else:
        return select(*bound.c, true().label("is_few")).lateral("b")
    counted = among.limit(literal_column(str(shape.effort.few + 1))).subquery("c")
    is_few = select(func.count() <= shape.effort.few).select_from(counted).scalar_subquery()
    return _fenced(select(*bound.c, is_few.label("is_few"))).lateral("b")


def _path(k: Any, shape: PageShape, is_below: bool) -> Any:
    """The path of the deeper one of the key and the organization that is asked for.

    Where neither stands in the other it is one below which nothing stands.
    """
    if not shape.filters.under:
        return k.c.path if is_below else null()
    u = ORGANIZATION.alias("u")
    code, id_ = bindparam("under_code", type_=Text()), bindparam("under_id", type_=Uuid())
    named = or_(u.c.code == code, u.c.id == id_)
    under = select(u.c.path).where(u.c.tenant_id == k.c.tenant_id, named).scalar_subquery()
    if not is_below:
        return func.coalesce(under, "//")
    return func.coalesce(
        select(u.c.path)
        .where(u.c.tenant_id == k.c.tenant_id, named, u.c.path.op("^@")(k.c.path))
        .scalar_subquery(),
        select(k.c.path).where(k.c.path.op("^@")(func.coalesce(under, "//"))).scalar_subquery(),
        "//",
    )


def _reached(path: Any) -> Any:
    """Whether the viewer's subtrees hold the organization with the path."""
    codes = func.unnest(bindparam("reach_visible", type_=ARRAY(Text())))
    c = codes.table_valued("code", name="rc").render_derived()
    inside = func.strpos(path, func.concat("/", c.c.code, "/")) > 0
    return exists().select_from(c).where(inside)


def _within(o: Any, path: Any) -> Condition:
    """Whether the organization has the path or stands below it."""
    end = func.substr(path, 1, func.length(path) - 1).op("||")(literal_column("'0'", Text()))
    return and_(o.c.path >= path, o.c.path < end)


def _subtree(b: Any) -> Select[Any]:
    """The ids of the organizations in the key's subtree."""
    o = ORGANIZATION.alias("d")
    return select(o.c.id).where(o.c.tenant_id == b.c.tenant_id, _within(o, b.c.path))


def _reach_subtrees(b: Any, name: str = "reach_visible", is_limited: bool = False) -> Select[Any]:
    """The ids of the organizations in the viewer's subtrees; if limited, in the key's too."""
    r, o = ORGANIZATION.alias("r"), ORGANIZATION.alias("d")
    codes = bindparam(name, type_=ARRAY(Text()))
    roots = select(r.c.path).where(r.c.tenant_id == b.c.tenant_id, r.c.code == any_(codes))
    root = _fenced(roots).subquery("r0")
    below = select(o.c.id).where(o.c.tenant_id == b.c.tenant_id, _within(o, root.c.path))
    if is_limited:
        below = below.where(_within(o, b.c.path))
    each = _fenced(below).lateral("o0")
    # one subtree may lie in another
    return select(each.c.id).distinct().select_from(root.join(each, true()))


@dataclass(frozen=True)
class IssueList:
    """What one list is made with: the key's bounds `b`, the page's shape, one group of its order.

    Where it `is_counted`, all of it is wanted and not the first ones.
    """

    b: Any
    shape: PageShape
    is_below: bool
    rank: int
    is_counted: bool = False

    @property
    def group(self) -> Group:
        """The group of the order."""
        return GROUPS[self.shape.order][self.rank]

    @property
    def is_limited(self) -> bool:
        """Whether the issues stand in a subtree that is asked for."""
        return self.is_below or self.shape.filters.under

    def moment(self, i: Any) -> Any:
        """The moment that the group's issues are ordered by."""
        return i.c[self.group.moment]

    def ordered(self, rows: Select[Any], at: Any, id_: Any) -> Select[Any]:
        """The first rows in the direction of the page."""
        if self.is_counted:
            return rows
        order = (at.desc(), id_.desc()) if self.shape.descending else (at, id_)
        return rows.order_by(*order).limit(literal_column(str(self.shape.size)))

    def indexed(self, i: Any) -> list[Condition]:
        """Conditions on `i` by itself: the tenant, the filters, the group, the position."""
        found = [i.c.tenant_id == self.b.c.tenant_id]
        found += conditions(i, self.shape.filters)
        if self.group.where is not None:
            found.append(stated(i, self.group.where))
        if self.shape.rank == self.rank:
            found.append(after((self.moment(i), i.c.id), self.shape.descending))
        return found

    def seen(self, i: Any) -> list[Condition]:
        """Whether the viewer sees `i`."""
        if self.shape.reach.visible == "all":
            return []
        seen = visible(i, self.shape.reach)
        return [or_(self.b.c.is_clear, seen) if self.is_limited else seen]

    def standing(self, i: Any) -> list[Condition]:
        """Whether `i` stands in the subtree that is asked for."""
        if not self.is_limited:
            return []
        o = ORGANIZATION.alias("s")
        at = and_(o.c.tenant_id == i.c.tenant_id, o.c.id == i.c.organization_id)
        return [is_there(select(true()).where(at, _within(o, self.b.c.path)))]

    def texts(self, i: Any) -> list[Condition]:
        """Whether the texts of `i` have what is looked for."""
        return containing(i, self.shape.filters.runs)


def ids_of(b: Any, shape: PageShape, is_below: bool) -> Select[Any]:
    """The first ids in the order of the list, with their rank and moment.

    A group is gone into where those before it did not fill the page.
    """
    ranks = list(range(len(GROUPS[shape.order])))
    if shape.rank is not None:
        ranks = [at for at in ranks if (at <= shape.rank if shape.backward else at >= shape.rank)]
    if shape.backward:
        ranks.reverse()
    parts: list[Any] = []
    for rank in ranks:
        rows = _group(IssueList(b, shape, is_below, rank))
        for at, part in enumerate(parts):
            rows = rows.where(_count(part) < shape.size) if at == len(parts) - 1 else rows
        parts.append(rows.cte(f"g{rank}", nesting=True))
    every: Any = union_all(*(select(*part.c) for part in parts)).subquery("e")
    order: list[Any] = [every.c.rank.desc() if shape.backward else every.c.rank]
    order += (
        [every.c.at.desc(), every.c.id.desc()] if shape.descending else [every.c.at, every.c.id]
    )
    return select(*every.c).order_by(*order).limit(bindparam("limit", type_=Integer()))


def is_walked(shape: PageShape, is_below: bool) -> bool:
    """Whether one index has the page as it is: all of a tenant's issues, in one group."""
    filters = shape.filters
    is_narrowed = is_below or filters.under or filters.mine or filters.handler or filters.runs
    return shape.reach.visible == "all" and len(GROUPS[shape.order]) == 1 and not is_narrowed


def walked(k: Any, shape: PageShape) -> Select[Any]:
    """The rows of such a page with their rank and moment: none is looked up by its id again."""
    one, i = IssueList(k, shape, False, 0), ISSUE.alias("i0")
    rank = literal_column("0", Integer()).label("rank")
    rows = select(*i.c, rank, one.moment(i).label("at")).where(*one.indexed(i))
    w = one.ordered(rows, one.moment(i), i.c.id).subquery("w0")
    return one.ordered(select(*w.c), w.c.at, w.c.id).limit(bindparam("limit", type_=Integer()))


def _count(part: Any) -> Any:
    return select(func.count()).select_from(part).scalar_subquery()


def _group(one: IssueList) -> Select[Any]:
    """The first ids of a group, from whatever leads to them."""
    rows: Any = union(*ways(one)).subquery(f"u{one.rank}")
    rank = literal_column(str(one.rank), Integer()).label("rank")
    return one.ordered(select(rank, rows.c.at, rows.c.id), rows.c.at, rows.c.id)


def ways(one: IssueList) -> list[Any]:
    """The ways to a group's issues; each gives the first ones that it leads to."""
    filters, reach, b = one.shape.filters, one.shape.reach, one.b
    if filters.mine:
        return _own(one)
    if filters.handler:
        return _handled(one)
    if reach.visible == "none":
        return _own(one)
    if not one.is_limited and reach.visible == "all":
        return [_found(one) if filters.runs else _walked(one)]
    if one.is_limited:
        return _below(one)
    through = [way.where(b.c.is_few) for way in _reached_ways(one)]
    if filters.runs:
        return [*through, _found(one).where(~b.c.is_few)]
    return _hybrid(one, _reached_ways(one), b.c.is_few, ~b.c.is_few)


def _hybrid(
    one: IssueList, through: list[Select[Any]], few: Condition, many: Condition
) -> list[Any]:
    """The ways `through` organizations at once where they are few.

    Where they are many, the first issues of the whole tenant's list are looked at before.
    """
    if one.is_counted:
        return [way.where(or_(few, many)) for way in through]
    quick = _quick(one).where(many).cte(f"q{one.rank}", nesting=True)
    unfinished = and_(many, _count(quick) < one.shape.size, _is_deep(one))
    ways = [way.where(or_(few, unfinished)) for way in through]
    return [select(quick.c.at, quick.c.id), *ways]


def _below(one: IssueList) -> list[Any]:
    """The ways to what the viewer sees of the subtree that is asked for."""
    b, is_text = one.b, bool(one.shape.filters.runs)
    through = [_each(one, _subtree(b), "organization_id")]
    if one.shape.reach.visible == "all":
        few, many = b.c.is_few, ~b.c.is_few
        unclear: list[Any] = []
    else:
        few, many = and_(b.c.is_clear, b.c.is_few), and_(b.c.is_clear, ~b.c.is_few)
        unclear = [way.where(~b.c.is_clear) for way in _reached_ways(one)]
    if is_text:
        clear = [through[0].where(few), _found(one).where(many)]
    else:
        clear = _hybrid(one, through, few, many)
    return [*clear, *unclear]


def _reached_ways(one: IssueList) -> list[Select[Any]]:
    """What the viewer sees: what stands in its subtrees, or is about a place there; its own.

    What is about a place and stands elsewhere is looked for from the side that has few of it.
    """
    ways = _own(one)
    if one.shape.reach.visible == "some":
        standing = _reach_subtrees(one.b, is_limited=one.is_limited)
        ways.append(_each(one, standing, "organization_id"))
        about = _each(one, _reach_subtrees(one.b), "place_id")
        if one.is_limited:
            about = about.where(~one.b.c.is_few)
            ways.append(_each(one, _subtree(one.b), "moved").where(one.b.c.is_few))
        ways.append(about)
    return ways


def _walked(one: IssueList) -> Select[Any]:
    """The list of the whole tenant."""
    i = ISSUE.alias("i0")
    rows = select(one.moment(i).label("at"), i.c.id).where(*one.indexed(i), *one.seen(i))
    return _rows_of(one.ordered(rows.where(*one.standing(i)), one.moment(i), i.c.id))


def _rows_of(limited: Select[Any]) -> Select[Any]:
    """A limited select as one that conditions may be added to and unions made of."""
    rows = limited.subquery()
    return select(rows.c.at, rows.c.id)


def _quick(one: IssueList) -> Select[Any]:
    """Those of the subtree among the first issues of the whole tenant's list."""
    i = ISSUE.alias("i0")
    order = (one.moment(i), i.c.id)
    names = (
        "tenant_id", "id", "organization_id", "place_id", "reported_at", "reporter_subject",
        "reporter_person_id", "lead_subject", "lead_person_id", "secret_hash",
    )  # fmt: skip
    first = select(*(i.c[name] for name in names), order[0].label("at")).where(*one.indexed(i))
    first = first.order_by(*(part.desc() for part in order) if one.shape.descending else order)
    f = first.limit(literal_column(str(one.shape.effort.looked_at))).subquery("f0")
    rows = select(f.c.at, f.c.id).where(*one.standing(f), *one.seen(f))
    return _rows_of(one.ordered(rows, f.c.at, f.c.id))


def _is_deep(one: IssueList) -> Condition:
    """Whether the whole tenant's list is longer than what was looked at of it."""
    i = ISSUE.alias("i1")
    rows: Select[Any] = select(literal_column("1")).where(*one.indexed(i))
    order = (one.moment(i), i.c.id)
    rows = rows.order_by(*(part.desc() for part in order) if one.shape.descending else order)
    skipped = rows.offset(literal_column(str(one.shape.effort.looked_at))).limit(
        literal_column("1")
    )
    return exists(skipped)


def _each(one: IssueList, driver: Select[Any], way: str) -> Select[Any]:
    """The first issues of each organization that `driver` gives, and of these the first.

    The `way` is "organization_id" for what stands there; "place_id" for what is about it and
    stands elsewhere, "moved" for what stands there, is about another place, and seen for that.
    """
    d, i = driver.subquery("d0"), ISSUE.alias("i0")
    column = "place_id" if way == "place_id" else "organization_id"
    rows = select(one.moment(i).label("at"), i.c.id).where(*one.indexed(i), i.c[column] == d.c.id)
    if way == "place_id":
        rows = rows.where(stated(i, MOVED), *one.standing(i))
    if way == "moved":
        rows = rows.where(stated(i, MOVED), covers(i, "place_id"))
    rows = rows.where(*one.texts(i))
    each = one.ordered(rows, one.moment(i), i.c.id).lateral("r0")
    found = select(each.c.at, each.c.id).select_from(d.join(each, true()))
    return _rows_of(one.ordered(found, each.c.at, each.c.id))


def _own(one: IssueList) -> list[Select[Any]]:
    """What the viewer reported, leads, or handles jointly; and what secrets were shown of."""
    reach = one.shape.reach
    found: list[Select[Any]] = []
    subject = bindparam("reach_subject", type_=Text())
    person = bindparam("reach_person", type_=Uuid())
    if reach.subject:
        found.append(_by(one, "reporter_subject", subject))
        found.append(_by_phases(one, "lead_subject", subject))
    if reach.person:
        found.append(_by(one, "reporter_person_id", person))
        found.append(_by_phases(one, "lead_person_id", person))
        found.append(_jointly(one, lambda h: h.c.person_id == person))
    if reach.parts == "some":
        found.append(_jointly_at(one, _reach_subtrees(one.b, "reach_parts")))
    if reach.parts == "all":
        found.append(_jointly(one, lambda h: h.c.person_id.is_(None)))
    return found


def _handled(one: IssueList) -> list[Select[Any]]:
    """What the handler that is asked for leads or handles jointly."""
    if one.shape.filters.handler == "person":
        person = bindparam("handler_person", type_=Uuid())
        leads = _by_phases(one, "lead_person_id", person)
        return [leads, _jointly(one, lambda h: h.c.person_id == person)]
    at = handling_organization(one.b.c.tenant_id)
    jointly = _jointly(one, lambda h: and_(h.c.person_id.is_(None), h.c.organization_id == at))
    return [_by(one, "lead_organization_id", at), jointly]


def _by(one: IssueList, column: str, value: Any) -> Select[Any]:
    """The first issues whose column has the value."""
    i = ISSUE.alias("i0")
    rows = select(one.moment(i).label("at"), i.c.id).where(i.c[column] == value, *_all(one, i))
    return _rows_of(one.ordered(rows, one.moment(i), i.c.id))


def _by_phases(one: IssueList, column: str, value: Any) -> Select[Any]:
    """The same by an index that has the phase before the moment: of each phase the first."""
    phase = one.shape.filters.phase
    if phase is not None:
        return _by(one, column, value)
    phases = ", ".join(f"'{item.value}'" for item in Phase)
    every: Any = func.unnest(literal_column(f"ARRAY[{phases}]", ARRAY(Text())))
    d, i = every.table_valued("phase", name="d0").render_derived(), ISSUE.alias("i0")
    rows = select(one.moment(i).label("at"), i.c.id)
    rows = rows.where(i.c[column] == value, i.c.phase == d.c.phase, *_all(one, i))
    each = one.ordered(rows, one.moment(i), i.c.id).lateral("r0")
    found = select(each.c.at, each.c.id).select_from(d.join(each, true()))
    return _rows_of(one.ordered(found, each.c.at, each.c.id))


def _jointly(one: IssueList, own: Any) -> Select[Any]:
    """The first issues that are handled jointly by those whom `own` tells."""
    h, i = HANDLER.alias("h0"), ISSUE.alias("i0")
    same = and_(i.c.tenant_id == h.c.tenant_id, i.c.id == h.c.issue_id)
    rows = select(one.moment(i).label("at"), i.c.id).distinct().select_from(h.join(i, same))
    rows = rows.where(h.c.tenant_id == one.b.c.tenant_id, own(h), *_all(one, i))
    return _rows_of(one.ordered(rows, one.moment(i), i.c.id))


def _jointly_at(one: IssueList, driver: Select[Any]) -> Select[Any]:
    """The same of the organizations that `driver` gives."""
    d, h, i = driver.subquery("d0"), HANDLER.alias("h0"), ISSUE.alias("i0")
    own = and_(h.c.tenant_id == one.b.c.tenant_id, h.c.organization_id == d.c.id)
    each = select(h.c.issue_id).where(own, h.c.person_id.is_(None))
    part = _fenced(each).lateral("r0")
    same = and_(i.c.tenant_id == one.b.c.tenant_id, i.c.id == part.c.issue_id)
    rows = select(one.moment(i).label("at"), i.c.id).distinct()
    rows = rows.select_from(d.join(part, true()).join(i, same)).where(*_all(one, i))
    return _rows_of(one.ordered(rows, one.moment(i), i.c.id))


def _all(one: IssueList, i: Any) -> list[Condition]:
    """All conditions on a row."""
    seen = one.seen(i) if one.shape.filters.handler else []
    return [*one.indexed(i), *one.standing(i), *one.texts(i), *seen]


def _found(one: IssueList) -> Select[Any]:
    """The first issues that have the rarest pair of the text, and all of it."""
    i, w = ISSUE.alias("i0"), WORD.alias("w0")
    with_pair = select(w.c.reported_at, w.c.issue_id).distinct()
    with_pair = with_pair.where(w.c.tenant_id == one.b.c.tenant_id, w.c.word == _rarest(one))
    if one.shape.rank == one.rank and one.group.moment == "reported_at":
        with_pair = with_pair.where(after((w.c.reported_at, w.c.issue_id), one.shape.descending))
    order = (w.c.reported_at, w.c.issue_id)
    if not one.is_counted:
        with_pair = with_pair.order_by(
            *(part.desc() for part in order) if one.shape.descending else order
        )
    f = with_pair.subquery("f0")
    same = and_(i.c.tenant_id == one.b.c.tenant_id, i.c.id == f.c.issue_id)
    is_whole = one.shape.filters.runs == (2,)
    rows = select(one.moment(i).label("at"), i.c.id).select_from(f.join(i, same))
    rows = rows.where(*one.indexed(i), *one.standing(i), *one.seen(i))
    if not is_whole:
        rows = rows.where(*one.texts(i))
    if one.group.moment == "reported_at":
        order = (f.c.reported_at, f.c.issue_id)
        return _rows_of(one.ordered(rows, *order))
    return _rows_of(one.ordered(rows, one.moment(i), i.c.id))


def _rarest(one: IssueList) -> Any:
    """Of the pairs of a text the one that the fewest issues have."""
    if one.shape.filters.runs == (2,):
        return pair(0, 0)
    pairs: Any = func.unnest(bindparam("pairs", type_=ARRAY(Text(collation="C"))))
    p = pairs.table_valued("word", name="p0").render_derived()
    w = WORD.alias("w9")
    some: Select[Any] = select(literal_column("1")).where(
        w.c.tenant_id == one.b.c.tenant_id, w.c.word == p.c.word
    )
    counted = some.limit(literal_column(str(COMMON))).subquery("c9")
    count = select(func.count()).select_from(counted).correlate(p).scalar_subquery()
    return select(p.c.word).order_by(count).limit(literal_column("1")).scalar_subquery()
