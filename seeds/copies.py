"""Agreements as rows of every copy: the same in each tenant, but for whose organization it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from schema.agreement_rollups import AGREEMENTS
from schema.agreements.content import Content
from schema.counting import add
from schema.fetching import fetching_directly
from schema.tables.agreement import (
    AgreementActivityRow,
    AgreementDeliveryRow,
    AgreementPartyRow,
    AgreementRow,
    AgreementVersionRow,
)
from seeds.events import json_text
from seeds.rows import Row, columns_of, insert

AGREEMENT_ROW = tuple(AgreementRow.model_fields)
VERSION_ROW = tuple(AgreementVersionRow.model_fields)
PARTY_ROW = tuple(AgreementPartyRow.model_fields)
DELIVERY_ROW = tuple(AgreementDeliveryRow.model_fields)
ACTIVITY_ROW = tuple(AgreementActivityRow.model_fields)

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Party:
    """A party of an agreement: an organization of a city; its place in a list is its number."""

    tenant_id: int
    city: str
    code: str
    name: str
    organization_id: UUID


@dataclass(frozen=True)
class Agreed:
    """An agreement with all that belongs to it; each mapping is a row without the columns that
    every row of it has: `tenant_id` and `agreement_id`.

    `tenants` are those that have a copy, `parties` all of them in order of number.
    """

    id: UUID
    tenants: tuple[int, ...]
    agreement: Values
    versions: Sequence[Values]
    parties: Sequence[tuple[Party, Values]]
    deliveries: Sequence[Values] = field(default=())
    activities: Sequence[Values] = field(default=())


def cities_of(parties: Iterable[Party]) -> tuple[int, ...]:
    """The tenants of the parties, each once, in order of code."""
    return tuple(sorted({party.tenant_id for party in parties}))


def content_parties(parties: Sequence[Party], roles: Sequence[str]) -> Any:
    """The parties as the content of an agreement has them."""
    return [
        {
            "number": number,
            "city": f"{party.tenant_id:06}",
            "cityName": party.city,
            "code": party.code,
            "name": party.name,
            "role": role,
        }
        for number, (party, role) in enumerate(zip(parties, roles, strict=True), start=1)
    ]


def copies(agreements: Iterable[Agreed]) -> list[tuple[str, Sequence[str], list[Row]]]:
    """The rows of every copy: tables in the order in which they refer to each other, with the
    columns and the rows of each."""
    rows: dict[str, list[Values]] = {table: [] for table in _COLUMNS}
    for item in agreements:
        for tenant_id in item.tenants:
            own = {"tenant_id": tenant_id, "agreement_id": item.id}
            rows["agreement"].append({**item.agreement, "tenant_id": tenant_id, "id": item.id})
            rows["agreement_version"] += ({**row, **own} for row in map(_version, item.versions))
            rows["agreement_party"] += (
                {**_party(number, *party, tenant_id), **own}
                for number, party in enumerate(item.parties, start=1)
            )
            rows["agreement_delivery"] += ({**row, **own} for row in item.deliveries)
            rows["agreement_activity"] += ({**row, **own} for row in item.activities)
    return [
        (table, columns, columns_of(rows[table], columns)) for table, columns in _COLUMNS.items()
    ]


async def write_copies(
    connection: "asyncpg.Connection[Any]", agreements: Sequence[Agreed]
) -> list[Agreed]:
    """Write agreements of which no tenant has a copy yet, into all of them; those written."""
    ids = [item.id for item in agreements]
    tenants = sorted({tenant_id for item in agreements for tenant_id in item.tenants})
    rows = await connection.fetch(_KNOWN, tenants, ids)
    known = {row["id"] for row in rows}
    new = [item for item in agreements if item.id not in known]
    for table, columns, values in copies(new):
        await insert(connection, table, columns, values)
    return new


async def count_copies(connection: "asyncpg.Connection[Any]", written: Sequence[Agreed]) -> None:
    """Count agreements that were just written, in every tenant that has a copy."""
    for tenant_id in sorted({tenant_id for item in written for tenant_id in item.tenants}):
        own = [item.id for item in written if tenant_id in item.tenants]
        await add(fetching_directly(connection), tenant_id, AGREEMENTS, own)


_KNOWN = "SELECT id FROM agreement WHERE tenant_id = ANY ($1) AND id = ANY ($2)"
_COLUMNS = {
    "agreement": AGREEMENT_ROW,
    "agreement_version": VERSION_ROW,
    "agreement_party": PARTY_ROW,
    "agreement_delivery": DELIVERY_ROW,
    "agreement_activity": ACTIVITY_ROW,
}


def _version(row: Values) -> Values:
    content: Content = row["content"]
    return {**row, "content": json_text(content)}


def _party(number: int, party: Party, row: Values, tenant_id: int) -> Values:
    return {
        **row,
        "number": number,
        "party_tenant_id": party.tenant_id,
        "city": party.city,
        "code": party.code,
        "name": party.name,
        "organization_id": party.organization_id if party.tenant_id == tenant_id else None,
    }
