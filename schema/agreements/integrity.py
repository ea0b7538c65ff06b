"""Whether all copies of all agreements are the same, and say what their hashes say.

For the owner of the tables, who sees every tenant; run it in one snapshot, or changes that come
between two reads look like differences.
"""

import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.agreements.content import content_hash
from schema.agreements.copies import ACTIVITY, DELIVERY
from schema.loaders.agreement import AGREEMENT, PARTY, VERSION
from schema.tables.agreement import AgreementState

KEYS: Mapping[Any, tuple[str, ...]] = {
    AGREEMENT: (),
    VERSION: ("version",),
    PARTY: ("number",),
    DELIVERY: ("id",),
    ACTIVITY: ("id",),
}
"""The tables, with what tells the rows of one copy apart."""

APART = frozenset({"tenant_id", "organization_id"})
"""The columns in which copies differ."""

MIRRORED = {"title": "title", "alliance": "alliance", "starts_on": "startsOn", "ends_on": "endsOn"}
"""The columns of `agreement` that repeat the content of the version that stands."""

Row = Mapping[str, Any]
Rows = dict[Any, list[Row]]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """Something in a tenant's copy that is not as it should be; `because` says who has it so."""

    agreement: uuid.UUID
    tenant_id: int
    table: str
    key: str
    what: str
    found: str
    expected: str
    because: str

    def __str__(self) -> str:
        where = f"{self.table} {self.key}".strip()
        return (
            f"agreement {self.agreement}, tenant {self.tenant_id:06}, {where}: {self.what} is "
            f"{self.found}, expected {self.expected} ({self.because})"
        )


@dataclass
class Checked:
    """How many agreements and copies there are, and what differs."""

    agreements: int = 0
    copies: int = 0
    differences: list[Difference] = field(default_factory=list)


async def check(connection: AsyncConnection) -> Checked:
    """Look at every copy of every agreement."""
    checked = Checked()
    async for agreement, rows in _agreements(connection):
        checked.agreements += 1
        checked.copies += len(rows[AGREEMENT])
        checked.differences += _differences(agreement, rows)
    return checked


async def _agreements(connection: AsyncConnection) -> AsyncIterator[tuple[uuid.UUID, Rows]]:
    """All rows of one agreement after the other, in order of id; one read of each table."""
    streams = {table: _grouped(connection, table) for table in KEYS}
    heads = {table: await anext(stream, None) for table, stream in streams.items()}
    while ids := [head[0] for head in heads.values() if head is not None]:
        first, rows = min(ids), {table: list[Row]() for table in KEYS}
        for table, head in heads.items():
            if head is not None and head[0] == first:
                rows[table] = head[1]
                heads[table] = await anext(streams[table], None)
        yield first, rows


async def _grouped(
    connection: AsyncConnection, table: Any
) -> AsyncIterator[tuple[uuid.UUID, list[Row]]]:
    """The rows of a table by agreement, in order of its id."""
    column = table.c.id if table is AGREEMENT else table.c.agreement_id
    group: list[Row] = []
    rows = await connection.stream(select(table).order_by(column, table.c.tenant_id))
    async for row in rows.mappings():
        if group and group[0][column.name] != row[column.name]:
            yield group[0][column.name], group
            group = []
        group.append(dict(row))
    if group:
        yield group[0][column.name], group


def _differences(agreement: uuid.UUID, rows: Rows) -> Iterator[Difference]:
    """What is wrong with the copies of one agreement."""
    holders = sorted({row["tenant_id"] for row in rows[AGREEMENT]})
    yield from _misplaced(agreement, rows, holders)
    for table in KEYS:
        yield from _unequal(agreement, table, rows[table], holders)
    yield from _homeless(agreement, rows[PARTY])
    for tenant_id in holders:
        mine = {
            table: [row for row in found if row["tenant_id"] == tenant_id]
            for table, found in rows.items()
        }
        yield from _inconsistent(agreement, tenant_id, mine)


def _misplaced(agreement: uuid.UUID, rows: Rows, holders: Sequence[int]) -> Iterator[Difference]:
    """Tenants that lack a copy, or have one that is not theirs."""
    parties = rows[PARTY]
    expected = {row["party_tenant_id"] for row in parties}
    because = "a tenant with a party has a copy"
    if any(row["state"] == AgreementState.DRAFT for row in rows[AGREEMENT]):
        expected = {row["party_tenant_id"] for row in parties if row["number"] == 1}
        because = "a draft is its initiator's alone"
    for tenant_id in sorted(expected ^ set(holders)):
        here = tenant_id in holders
        found, wanted = ("there", "none") if here else ("none", "one")
        yield Difference(agreement, tenant_id, AGREEMENT.name, "", "copy", found, wanted, because)


def _unequal(
    agreement: uuid.UUID, table: Any, rows: Sequence[Row], holders: Sequence[int]
) -> Iterator[Difference]:
    """Rows and columns in which a copy differs from that of the first tenant."""
    if len(holders) < 2:
        return
    first, *others = holders
    copies: dict[int, dict[Key, Row]] = {tenant_id: {} for tenant_id in holders}
    for one in rows:
        copies[one["tenant_id"]][tuple(one[name] for name in KEYS[table])] = one
    because = f"tenant {first:06} has it so"
    for tenant_id in others:
        for key in sorted(copies[first].keys() | copies[tenant_id].keys()):
            place = (agreement, tenant_id, table.name, _key(table, key))
            model, row = copies[first].get(key), copies[tenant_id].get(key)
            if model is None or row is None:
                found, wanted = ("none", "one") if row is None else ("there", "none")
                yield Difference(*place, "row", found, wanted, because)
                continue
            for name in model:
                if name not in APART and model[name] != row[name]:
                    values = _shown(row[name]), _shown(model[name])
                    yield Difference(*place, name, *values, because)


def _homeless(agreement: uuid.UUID, parties: Sequence[Row]) -> Iterator[Difference]:
    """Parties whose organization is not known where it should be, or is where it should not."""
    for row in parties:
        is_own = row["party_tenant_id"] == row["tenant_id"]
        if is_own == (row["organization_id"] is not None):
            continue
        yield Difference(
            agreement,
            row["tenant_id"],
            PARTY.name,
            _key(PARTY, (row["number"],)),
            "organization_id",
            _shown(row["organization_id"]),
            "that of the organization" if is_own else "null",
            "a copy knows the organizations of its own tenant",
        )


def _inconsistent(agreement: uuid.UUID, tenant_id: int, copy: Rows) -> Iterator[Difference]:
    """What one copy says of itself that is not so."""
    hashes: dict[int, str] = {}
    for version in copy[VERSION]:
        hashes[version["version"]] = found = version["content_hash"]
        place = (agreement, tenant_id, VERSION.name, _key(VERSION, (version["version"],)))
        said = _hash(version["content"])
        if found != said:
            yield Difference(*place, "content_hash", found, said, "its content says so")
    yield from _unsigned(agreement, tenant_id, copy[PARTY], hashes)
    for row in copy[AGREEMENT]:
        yield from _astray(agreement, row, copy[VERSION])


def _unsigned(
    agreement: uuid.UUID, tenant_id: int, parties: Sequence[Row], hashes: Mapping[int, str]
) -> Iterator[Difference]:
    """Signatures of what never was."""
    for row in parties:
        number = row["signed_version"]
        wanted = None if number is None else hashes.get(number, "that of a version")
        if row["signed_hash"] != wanted:
            place = (agreement, tenant_id, PARTY.name, _key(PARTY, (row["number"],)))
            values = _shown(row["signed_hash"]), _shown(wanted)
            yield Difference(*place, "signed_hash", *values, f"version {number} has it so")


def _astray(agreement: uuid.UUID, row: Row, versions: Sequence[Row]) -> Iterator[Difference]:
    """Columns of `agreement` that are not those of the version that stands, or name none."""
    place = (agreement, row["tenant_id"], AGREEMENT.name, "")
    by_number = {version["version"]: version for version in versions}
    for name in ("version", "agreed"):
        if row[name] is not None and row[name] not in by_number:
            known = ", ".join(str(number) for number in sorted(by_number)) or "none"
            yield Difference(*place, name, str(row[name]), known, "there is no such version")
    stands = by_number.get(row["version"])
    if stands is None:
        return
    content = stands["content"]
    expected = {column: content.get(name) for column, name in MIRRORED.items()}
    expected["content_hash"] = stands["content_hash"]
    for name, wanted in expected.items():
        found = row[name] if row[name] is None else str(row[name])
        if found != wanted:
            values = _shown(found), _shown(wanted)
            yield Difference(*place, name, *values, f"version {row['version']} has it so")


def _hash(content: Any) -> str:
    try:
        return content_hash(content)
    except (TypeError, AttributeError):  # a number with a fraction, say
        return "no content at all"


def _key(table: Any, key: Key) -> str:
    return " ".join(f"{name}={value}" for name, value in zip(KEYS[table], key, strict=True))


def _shown(value: Any) -> str:
    """A value in a line of its own."""
    if value is None:
        return "null"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    text = text.strip('"')
    return text if len(text) <= 200 else text[:200] + "…"
