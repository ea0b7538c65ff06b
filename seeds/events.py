"""What sample data say has happened, as rows of the log."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from schema.actor import Actor
from schema.events import Event
from schema.tables.event import EventRow

EVENT_ROW = tuple(EventRow.model_fields)


@dataclass(frozen=True)
class Happened:
    """An event, with when and by whom."""

    at: datetime.datetime
    actor: Actor
    event: Event


def event_rows(tenant_id: int, events: Iterable[Happened], before: int) -> list[tuple[object, ...]]:
    """Rows of `event` with the columns of `EVENT_ROW`, numbered from the one after `before`."""
    return [
        (
            tenant_id,
            seq,
            happened.at,
            happened.event.kind.value,
            happened.actor.subject,
            happened.actor.role.value,
            happened.actor.person,
            happened.event.organization_id,
            happened.event.issue_id,
            happened.event.cooperative_id,
            happened.event.agreement_id,
            json_text(happened.event.about),
        )
        for seq, happened in enumerate(events, start=before + 1)
    ]


def json_text(value: Any) -> str:
    """A value for a column of JSON."""
    return orjson.dumps(value).decode()
