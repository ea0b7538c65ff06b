"""Relay connections: one pair of types a row kind, all of the same shape."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

import strawberry

from schema.context import Context
from schema.fields import derived, passing, relation
from schema.loaders.pages import Counted, Total
from schema.paging import CURSOR, Slice, Window

First = Annotated[
    int | None,
    strawberry.argument(description="前几条,1–100,缺省 20 | the first so many, 1–100, default 20"),
]
After = Annotated[
    str | None, strawberry.argument(description="从此游标之后开始 | begin after this cursor")
]
Last = Annotated[
    int | None, strawberry.argument(description="后几条,1–100 | the last so many, 1–100")
]
Before = Annotated[
    str | None, strawberry.argument(description="到此游标之前为止 | end before this cursor")
]


@strawberry.type(description="分页信息(Relay)。 | Where a page stands (Relay).")
class PageInfo:
    """Of a `Slice`."""

    has_next_page: bool = derived(lambda root: root.has_next, "之后还有 | whether more follow")
    has_previous_page: bool = derived(
        lambda root: root.has_previous, "之前还有 | whether more precede"
    )
    start_cursor: str | None = derived(
        lambda root: root.cursor_of(root.rows[0]) if root.rows else None,
        "本页首条的游标 | cursor of the first row",
        (CURSOR,),
    )
    end_cursor: str | None = derived(
        lambda root: root.cursor_of(root.rows[-1]) if root.rows else None,
        "本页末条的游标 | cursor of the last row",
        (CURSOR,),
    )


def edges_of(slice_: Slice) -> list[tuple[Slice, Any]]:
    """Pairs of page and row: what an edge resolves from."""
    return [(slice_, row) for row in slice_.rows]


def edges() -> Any:
    """The `edges` field of a connection."""
    return passing(edges_of, "边:游标与节点 | edges: cursor and node")


def nodes() -> Any:
    """The `nodes` field of a connection."""
    return passing(lambda root: root.rows, "节点 | the rows themselves")


def page_info() -> Any:
    """The `pageInfo` field of a connection."""
    return passing(lambda root: root, "分页信息 | page info")


def edge_cursor() -> Any:
    """The `cursor` field of an edge."""
    return derived(lambda root: root[0].cursor_of(root[1]), "游标 | cursor", (CURSOR,))


def edge_node() -> Any:
    """The `node` field of an edge."""
    return passing(lambda root: root[1], "节点 | the row")


@dataclass(frozen=True)
class WholeList:
    """No arguments: the total is of the connection's own list, whatever its window."""

    def checked(self, context: Context, root: Any) -> Counted:
        """The connection's filters, without its window, so that every page has one total."""
        pages, _ = root.key
        return Counted(pages, replace(root.arguments, window=Window(1)))


def total_count() -> Any:
    """The `totalCount` field of a connection over a list of `schema/loaders/pages.py`."""
    return relation(
        Total,
        "总数(另需一条 SQL)| how many in all (one more SQL statement)",
        key=lambda root: root.key[1],
        arguments=WholeList,
    )
