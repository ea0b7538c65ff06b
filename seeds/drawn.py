"""What was drawn of a city's sample: rows of each table, people, and what has happened."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schema.actor import Actor
from schema.events import Event
from schema.keyring import Keyring
from schema.tables.cooperative import (
    AnnualResultRow,
    CooperativeRow,
    HouseholdRow,
    MembershipRow,
    UnionMemberRow,
)
from schema.tables.market import (
    AssetTradeRow,
    DealRow,
    EnterpriseRow,
    MatchingEventRow,
    PostingRow,
    WeakVillageRow,
)
from seeds.events import Happened
from seeds.people import PERSON_ROW, Person, person_rows
from seeds.rows import Row, columns_of
from tenants.definition import DataKind

# in the order in which they refer to each other
TABLES: Mapping[str, Any] = {
    "cooperative": CooperativeRow,
    "union_member": UnionMemberRow,
    "annual_result": AnnualResultRow,
    "household": HouseholdRow,
    "membership": MembershipRow,
    "enterprise": EnterpriseRow,
    "matching_event": MatchingEventRow,
    "posting": PostingRow,
    "deal": DealRow,
    "asset_trade": AssetTradeRow,
    "weak_village": WeakVillageRow,
}


@dataclass
class Drawn:
    """Rows of one tenant as mappings, by table; people; events in any order."""

    tenant_id: int
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {table: [] for table in TABLES}
    )
    people: list[Person] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)

    def add(self, table: str, **values: Any) -> dict[str, Any]:
        """Add a row, GENERATED where its table says so; the row."""
        row = {"tenant_id": self.tenant_id, "data_kind": DataKind.GENERATED.value, **values}
        self.rows[table].append(row)
        return row

    def tell(self, at: datetime.datetime, actor: Actor, event: Event) -> None:
        """Add an event."""
        self.events.append(Happened(at, actor, event))

    def tables(
        self, keyring: Keyring, now: datetime.datetime
    ) -> Iterator[tuple[str, tuple[str, ...], list[Row]]]:
        """Each table with its columns and rows, in the order in which they refer to each other.

        Errors: `KeyFileError`.
        """
        yield "person", PERSON_ROW, person_rows(self.tenant_id, self.people, keyring, now)
        for table, model in TABLES.items():
            columns = tuple(model.model_fields)
            yield table, columns, columns_of(self.rows[table], columns)

    @property
    def log(self) -> list[Happened]:
        """The events in order of time."""
        return sorted(self.events, key=lambda happened: happened.at)
