"""The event log as fields of several slices read it: who may, and which page."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from schema.access import Permission
from schema.connections import After, Before, First, Last
from schema.context import Context
from schema.events import EventKind
from schema.loaders.event import EventPage
from schema.paging import Window, cursor, malformed_cursor, window
from tenants.definition import Definition

# digits of the largest number that a column of numbers holds, less one: any such number fits
LONGEST_SEQ = 18


@dataclass(frozen=True)
class TimelineArguments:
    """Arguments of `Organization.timeline`."""

    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> EventPage:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN where the viewer may not see who holds posts there, or
        those of paging.
        """
        context.demand(Permission.READ_PEOPLE, root["tenant_id"], root["path"])
        return EventPage(numbered(self.first, self.after, self.last, self.before))


@dataclass(frozen=True)
class AuditArguments:
    """Arguments of `City.auditEvents`."""

    kind: Annotated[
        EventKind | None, strawberry.argument(description="只看此种 | only of this kind")
    ] = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Definition) -> EventPage:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN where the viewer may not read the audit, or those of paging.
        """
        context.demand(Permission.READ_AUDIT, root.tenant_id)
        pages = numbered(self.first, self.after, self.last, self.before)
        return EventPage(pages, None if self.kind is None else self.kind.value)


def numbered(first: int | None, after: str | None, last: int | None, before: str | None) -> Window:
    """The page that the arguments ask for; its position is the number of an event.

    Errors: `CodedError`, those of paging.
    """
    pages = window(first, after, last, before, 1)
    if pages.position is not None:
        (seq,) = pages.position
        if not (seq.isascii() and seq.isdecimal() and len(seq) <= LONGEST_SEQ):
            raise malformed_cursor(cursor(pages.position))
    return pages
