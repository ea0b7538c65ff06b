"""The ways to the cooperatives of a union or of a subtree, each served by an index.

Those of a union are few, and gone through. Of a subtree with few organizations each of them is
asked for the first cooperatives that it leads, or that work there. For a larger one the list of
the whole tenant is walked, which is in the order of the page.
"""

from typing import Any, NamedTuple

from sqlalchemy import Select, Text, and_, bindparam, func, or_, select, true
from sqlalchemy import union as union_of

from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.cooperative_filter import (
    Condition,
    FilterShape,
    conditions,
    named_path,
    named_union,
    own_conditions,
    standing,
)
from schema.loaders.organization import ORGANIZATION, within
from schema.loaders.pages import LIMIT
from schema.loaders.union_member import MEMBER, belonging

FEW = 2000
"""So many organizations are gone through: that takes as long as walking half of 100,000 rows."""


PLACES = ("leader_id", "village_id")
"""By which a cooperative belongs to an organization's list."""


class PageShape(NamedTuple):
    """Where a page begins: after a position or not, and in which direction."""

    positioned: bool
    backward: bool


class ListShape(NamedTuple):
    """A list by its filters; `page` is that of one page, None of all.

    Up to `few` organizations are gone through, which changes nothing of what is found.
    """

    filters: FilterShape
    few: int = FEW
    page: PageShape | None = None


class Tree(NamedTuple):
    """A subtree: in or below `path` one of the organizations in `columns` has to stand."""

    columns: tuple[str, ...]
    path: Any


def belongs(c: Any, k: Any, shape: ListShape, is_below: bool) -> Condition:
    """Whether rows `c` are of the list of the key `k`, and of a page among its first.

    `is_below` says that the key has a path, in or below which their leader or village has to be.
    """
    own = c.c.tenant_id == k.c.tenant_id
    trees = _trees(k, shape.filters, is_below)
    if shape.page is None or not (trees or shape.filters.union):
        # of all rows none is the first: one look at each is less than a join to what leads there
        below = [standing(c, k, PLACES, k.c.path)] if is_below else []
        return and_(own, *conditions(c, k, shape.filters), *below)
    driver = _Driver(k, shape, shape.page, trees)
    ways = [driver.members()] if shape.filters.union else driver.standing()
    found = union_of(*ways).subquery("u")
    return and_(own, c.c.id.in_(driver.first(select(found.c.id), found)))


def _trees(k: Any, filters: FilterShape, is_below: bool) -> list[Tree]:
    """Those that are asked for, the one to begin with first."""
    names = [name for name in ("village", "leader") if getattr(filters, name)]
    found = [Tree((f"{name}_id",), named_path(k, name)) for name in names]
    if is_below:
        found.append(Tree(PLACES, k.c.path))
    return found


class _Driver(NamedTuple):
    """What leads to the first ids of one page; its ways give ids and codes."""

    k: Any
    shape: ListShape
    page: PageShape
    trees: list[Tree]

    def first(self, rows: Select[Any], c: Any) -> Select[Any]:
        """The first rows in the order and direction of the page."""
        code = c.c.code
        return rows.order_by(code.desc() if self.page.backward else code).limit(LIMIT)

    def members(self) -> Select[Any]:
        """Those of the union."""
        m, c = MEMBER.alias("m"), COOPERATIVE.alias("c")
        same = and_(c.c.tenant_id == m.c.tenant_id, c.c.id == m.c.member_id)
        of = (m.c.tenant_id == self.k.c.tenant_id, m.c.union_id == named_union(self.k))
        rows = select(c.c.id, c.c.code).select_from(m.join(c, same)).where(*of, belonging(m))
        return rows.where(*self._wanted(c, self.trees)).correlate(self.k)

    def standing(self) -> list[Select[Any]]:
        """Through the organizations of the first tree where they are few, else the whole list."""
        tree, others = self.trees[0], self.trees[1:]
        o = ORGANIZATION.alias("o")
        there = (o.c.tenant_id == self.k.c.tenant_id, within(o, tree.path))
        d = select(o.c.id).where(*there).correlate(self.k).cte("d", nesting=True)
        is_few = select(func.count() <= self.shape.few).select_from(d).scalar_subquery()
        ways = [self._through(d, column, others).where(is_few) for column in tree.columns]
        return [*ways, self._walked(d, tree.columns, others).where(~is_few)]

    def _through(self, d: Any, column: str, others: list[Tree]) -> Select[Any]:
        c = COOPERATIVE.alias("c")
        rows = select(c.c.id, c.c.code).where(c.c[column] == d.c.id, *self._wanted(c, others))
        each = self.first(rows, c).correlate(self.k, d).lateral("r")
        return select(each.c.id, each.c.code).select_from(d.join(each, true()))

    def _walked(self, d: Any, columns: tuple[str, ...], others: list[Tree]) -> Select[Any]:
        c = COOPERATIVE.alias("c")
        there = or_(*(c.c[column].in_(select(d.c.id)) for column in columns))
        # "is true", or PostgreSQL makes a join of it, and a nested loop
        rows = select(c.c.id, c.c.code).where(there.is_(true()), *self._wanted(c, others))
        found = self.first(rows, c).correlate(self.k).subquery("w")
        return select(found.c.id, found.c.code)

    def _wanted(self, c: Any, trees: list[Tree]) -> list[Condition]:
        """All other conditions on a row: the tenant, the filters, the trees, the position."""
        found = [c.c.tenant_id == self.k.c.tenant_id, *own_conditions(c, self.shape.filters)]
        found += [standing(c, self.k, tree.columns, tree.path) for tree in trees]
        if self.page.positioned:
            after = bindparam("after_code", type_=Text(collation="C"))
            found.append(c.c.code < after if self.page.backward else c.c.code > after)
        return found
