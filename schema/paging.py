"""Keyset pages: what a client may ask for, cursors, and what a page holds."""

import base64
import binascii
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from schema.errors import CodedError, ErrorCode

CURSOR = "cursor"
"""The column that is wanted of a page's rows where their cursors are."""

MAX_PAGE = 100
DEFAULT_PAGE = 20


@dataclass(frozen=True)
class Window:
    """A validated page: how many rows, from which position, in which direction.

    `position` holds the sort values of the row that the page begins after (or, when `backward`,
    ends before); None is the beginning (or the end).
    """

    limit: int
    position: tuple[str, ...] | None = None
    backward: bool = False


def window(
    first: int | None,
    after: str | None,
    last: int | None = None,
    before: str | None = None,
    width: int = 2,
) -> Window:
    """The page that the arguments of a connection ask for; `width` = sort values in a cursor.

    Errors: `CodedError` PAGE_SIZE, ARGUMENTS_CONFLICT or CURSOR_MALFORMED.
    """
    if (first is not None or after is not None) and (last is not None or before is not None):
        raise CodedError(
            ErrorCode.ARGUMENTS_CONFLICT,
            "first/after 与 last/before 不能同时使用。",
            "Use either first/after or last/before, not both.",
        )
    backward = last is not None or before is not None
    size = last if backward else first
    if size is not None and not 1 <= size <= MAX_PAGE:
        name = "last" if backward else "first"
        raise CodedError(
            ErrorCode.PAGE_SIZE,
            f"{name} 为 {size},应在 1 到 {MAX_PAGE} 之间;更多数据请用游标翻页。",
            f"{name} is {size}, expected 1 to {MAX_PAGE}; page on with the cursor for more.",
            given=size,
            limit=MAX_PAGE,
        )
    cursor = before if backward else after
    position = None if cursor is None else parse_cursor(cursor, width)
    return Window(size or DEFAULT_PAGE, position, backward)


def cursor(values: Sequence[str]) -> str:
    """The opaque cursor of a row with these sort values."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def parse_cursor(text: str, width: int) -> tuple[str, ...]:
    """The sort values in a cursor.

    Errors: `CodedError` CURSOR_MALFORMED where it is not one of `width` values.
    """
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        values = None
    sound = isinstance(values, list) and len(values) == width
    if not sound or not all(isinstance(value, str) and "\0" not in value for value in values):
        raise malformed_cursor(text)
    return tuple(values)


def malformed_cursor(text: str) -> CodedError:
    """What is said of a cursor that this server never gave."""
    given = text if len(text) <= 40 else text[:40] + "…"
    return CodedError(
        ErrorCode.CURSOR_MALFORMED,
        f"游标“{given}”格式不正确;请原样使用 pageInfo 返回的游标。",
        f"The cursor {given!r} is malformed; use one as pageInfo returned it.",
        given=given,
    )


def checked_id(window: Window, at: int) -> Window:
    """`window`, if the sort value `at` of its position is a UUID.

    Errors: `CodedError` CURSOR_MALFORMED.
    """
    if window.position is not None:
        try:
            uuid.UUID(window.position[at])
        except ValueError:
            raise malformed_cursor(cursor(window.position)) from None
    return window


@dataclass(slots=True)
class Slice:
    """The rows of one page, in the order of the connection, and whether there are more.

    `sort` names the columns whose values make a row's cursor: few ask for them. `key` and
    `arguments` are what the page was loaded by, for its total.
    """

    rows: Sequence[Any]
    has_next: bool
    has_previous: bool
    sort: Sequence[str]
    key: Any = None
    arguments: Any = None

    def cursor_of(self, row: Any) -> str:
        """The cursor of a row by the columns that the page is sorted by."""
        return cursor([str(row[name]) for name in self.sort])

    @property
    def cursors(self) -> list[str]:
        """The cursor of each row."""
        return [self.cursor_of(row) for row in self.rows]


def page(
    rows: list[Any], window: Window, sort: Sequence[str], key: Any = None, arguments: Any = None
) -> Slice:
    """A page from up to `limit` + 1 rows fetched in the window's direction.

    `sort` names the columns whose values make a cursor.
    """
    more = len(rows) > window.limit
    if more:
        del rows[window.limit :]
    moved = window.position is not None
    if window.backward:
        rows.reverse()
        return Slice(rows, moved, more, sort, key, arguments)
    return Slice(rows, more, moved, sort, key, arguments)
