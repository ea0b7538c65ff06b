"""Matching events (对接会) as the graph reads them: by id, and those of a city."""

from typing import Any, ClassVar

import asyncpg

from schema.loaders.pages import Pages
from schema.loaders.row import RowByKey
from schema.tables.market import MatchingEventRow

MATCHING_EVENT: Any = MatchingEventRow.__table__  # type: ignore[attr-defined]


class MatchingEventRecord(asyncpg.Record):
    """A row of `matching_event` with the columns that were asked for."""


class MatchingEventById(RowByKey):
    """(tenant, id) → the matching event, or None."""

    table = MATCHING_EVENT
    record = MatchingEventRecord


class MatchingEventsOfTenant(Pages):
    """(tenant,) → a page of its matching events, the latest first."""

    table = MATCHING_EVENT
    record = MatchingEventRecord
    names: ClassVar[tuple[str, ...]] = ("tenant_id",)
    sort = ("held_on", "id")
    newest_first = True
