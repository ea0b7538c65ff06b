"""Putting organizations under others: written, told and logged, one way for all that does so."""

from collections.abc import Iterator, Sequence

from schema.changes import Change, ChangeKind
from schema.events import Event, EventKind
from schema.organizations.writes import Graft, transplant
from schema.work import Work


async def graft(work: Work, grafts: Sequence[Graft]) -> tuple[Change, ...]:
    """Move subtrees, none inside another, that the rules allow to move; what changed."""
    if not grafts:
        return ()
    sizes = await transplant(work, grafts)
    found: list[Change] = []
    for item in grafts:
        size = sizes[item.organization.id]
        found += _changes(item, size)
        work.events.append(_event(item, size))
    return tuple(found)


def _changes(item: Graft, size: int) -> Iterator[Change]:
    moved = item.organization
    yield Change(ChangeKind.PARENT, moved.code, moved.name, moved.parent_code, item.parent.code)
    yield Change(ChangeKind.PATH, moved.code, moved.name, moved.path, item.path, size)


def _event(item: Graft, size: int) -> Event:
    moved = item.organization
    return Event(
        EventKind.ORGANIZATION_MOVED,
        moved.id,
        {
            "code": moved.code,
            "before": moved.parent_code,
            "after": item.parent.code,
            "affected": size,
            "on": str(item.day),
        },
    )
