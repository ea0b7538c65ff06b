"""Rows full of canaries for every table that there is, made from the metadata of the tables."""

import datetime
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table
from sqlalchemy.sql.sqltypes import Boolean, Date, DateTime, Integer, LargeBinary, Numeric
from sqlalchemy.types import JSON, Text, Uuid
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from schema import tables
from schema.events import EventKind
from schema.keyring import Keyring, sealing_context
from schema.personal import PersonalClass, mask
from tenants.definition import Definition
from tests.conftest import NOW
from tests.isolation.canaries import Kind, amount, identifier, phone, surname, word

for module in pkgutil.iter_modules(tables.__path__, "schema.tables."):
    importlib.import_module(module.name)  # so that the metadata have every table

# applied from the tenant files
FROM_FILES = ("tenant", "tenant_version", "workflow_version")
# parent of each organization: the two subtrees of the first have the same shape
PARENTS = (None, 0, 1, 1, 0, 4, 4, 4, 4)
# what stands in the middle of it, below that, beside that, and below another
PLACES = {"middle": 1, "leaf": 2, "sister": 3, "other middle": 4}
SIZES = {"a": 7, "b": 9, "c": 8, "d": 6, "e": 7}
# which of the issues is settled
SETTLED = 2
LONG_AGO, FAR_AHEAD = datetime.date(2020, 1, 1), datetime.date(2099, 1, 1)
EVENTS = (
    EventKind.ORGANIZATION_RENAMED,
    EventKind.APPOINTED,
    EventKind.PERSONAL_DATA_READ,
    EventKind.PERSONAL_DATA_DENIED,
    EventKind.RELIEVED,
    EventKind.ISSUE_RESOLVED,
)


@dataclass(frozen=True)
class Cell:
    """Where a value goes: the tenant, the table's kind, the column, and the row from 0."""

    filler: "Filler"
    column: "Column[Any]"
    n: int

    @property
    def definition(self) -> Definition:
        """Of the tenant."""
        return self.filler.definition

    def word(self) -> str:
        """A canary of its own."""
        return word(self.filler.letter, self.kind, next(self.filler.numbers))

    @property
    def kind(self) -> Kind:
        """Whether everybody may read the table."""
        return self.filler.kinds[self.column.table.name]

    def id_of(self, table: str, at: int) -> UUID:
        """The id of a table's row, which need not be made yet."""
        number = 100_000 * (1 + list(self.filler.kinds).index(table)) + at % self.filler.size
        return identifier(self.filler.letter, self.filler.kinds[table], number)


class Filler:
    """Makes the rows of one tenant; `kinds` says of each table who may read it."""

    def __init__(
        self, letter: str, definition: Definition, kinds: Mapping[str, Kind], keyring: Keyring
    ) -> None:
        self.letter = letter
        self.definition = definition
        self.kinds = kinds
        self.keyring = keyring
        self.numbers = count(1000)
        self.size = SIZES[letter]
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def fill(self) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
        """Every table but those from files, after the tables that it refers to."""
        for table in SQLModel.metadata.sorted_tables:
            if table.name in FROM_FILES:
                continue
            single = len(table.primary_key.columns) == 1
            made = self.rows[table.name] = []
            for n in range(1 if single else self.size):
                made.append(self._row(table, n))
            yield table, made

    def _row(self, table: Table, n: int) -> dict[str, Any]:
        references = _references(table)
        row: dict[str, Any] = {"tenant_id": self.definition.tenant_id}
        for column in table.columns:
            name = column.name
            if name == "tenant_id":
                continue
            special = SPECIAL.get(f"{table.name}.{name}")
            if special is not None:
                row[name] = special(Cell(self, column, n))
            elif name in references:
                other, offset = references[name]
                row[name] = Cell(self, column, n).id_of(other, n + offset)
            else:
                row[name] = _plain(Cell(self, column, n))
        whole = WHOLE.get(table.name)
        return row if whole is None else row | whole(self, row, n)


def _references(table: Table) -> dict[str, tuple[str, int]]:
    """Columns that refer to a row: of which table, and how many rows on."""
    found: dict[str, tuple[str, int]] = {}
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint) and _is_of_row(constraint):
            other = constraint.referred_table.name
            (name,) = (c.name for c in constraint.columns if c.name != "tenant_id")
            found[name] = (other, 0)
    # two columns that refer to one table, as `organization` and its `successor`, differ
    names = sorted(found)
    return {
        name: (found[name][0], [n for n in names if found[n] == found[name]].index(name))
        for name in names
    }


def _is_of_row(constraint: ForeignKeyConstraint) -> bool:
    """Whether it refers to a row by its id, not to what comes from files."""
    return [key.column.name for key in constraint.elements][1:] == ["id"]


def _plain(cell: Cell) -> Any:
    column, kind = cell.column, cell.column.type
    allowed = _allowed(column)
    if allowed:
        return allowed[cell.n % len(allowed)]
    if column.name == "id":
        return cell.id_of(column.table.name, cell.n)
    if isinstance(kind, Uuid):
        return identifier(cell.filler.letter, cell.kind, next(cell.filler.numbers))
    if isinstance(kind, Text | AutoString):
        return cell.word()
    if isinstance(kind, LargeBinary):
        return cell.word().encode()
    if isinstance(kind, JSON):
        return {"canary": cell.word()}
    if isinstance(kind, Boolean):
        return cell.n % 2 == 0
    if isinstance(kind, Date):
        return FAR_AHEAD if column.nullable and column.name != "valid_from" else LONG_AGO
    if isinstance(kind, DateTime):
        return NOW
    if isinstance(kind, Integer):
        return cell.n + 1
    if isinstance(kind, Numeric):
        return amount(cell.filler.letter, cell.kind, next(cell.filler.numbers) % 1000)
    raise AssertionError(f"say in tests/isolation/rows.py what {column} may hold")


def _allowed(column: "Column[Any]") -> list[str]:
    """The values that a CHECK lists."""
    for constraint in column.table.constraints:
        if isinstance(constraint, CheckConstraint):
            found = re.fullmatch(rf"{column.name} IN \((.*)\)", str(constraint.sqltext))
            if found:
                return re.findall("'([^']*)'", found[1])
    return []


def _parent(cell: Cell) -> UUID | None:
    above = PARENTS[cell.n]
    return None if above is None else cell.id_of("organization", above)


def _depth(n: int) -> int:
    above = PARENTS[n]
    return 0 if above is None else 1 + _depth(above)


def _path(filler: Filler, row: dict[str, Any], n: int) -> dict[str, Any]:
    above = PARENTS[n]
    over = "/" if above is None else filler.rows["organization"][above]["path"]
    return {"path": f"{over}{row['code']}/"}


def _level(cell: Cell) -> str:
    return cell.definition.hierarchy.levels[_depth(cell.n)].key


def _rung(cell: Cell) -> str | None:
    rung = cell.definition.hierarchy.levels[_depth(cell.n)].rung
    return None if rung is None else rung.value


def _post_kind(cell: Cell) -> str:
    return list(cell.definition.posts)[cell.n % 3]


def _about(cell: Cell) -> dict[str, Any]:
    """All facts that events have; ids are those of this tenant's rows."""
    return {
        **{name: cell.word() for name in ("before", "after", "name", "purpose", "what")},
        "successors": [cell.word().upper()],
        "affected": 2,
        "posts": 1,
        "times": 3,
        "fields": ["Person.phone"],
        "post": str(cell.id_of("post", cell.n)),
        "person": str(cell.id_of("person", cell.n)),
        "people": [str(cell.id_of("person", at)) for at in (0, 1, 2)],
        "kind": _post_kind(cell),
        **_step(cell),
        **{name: str(LONG_AGO) for name in ("on", "since", "until")},
    }


def _step(cell: Cell) -> dict[str, Any]:
    """Facts of a step of the issue n."""
    workflow = cell.definition.tenant.workflows[0]
    organization = str(cell.id_of("organization", cell.n))
    return {
        "number": cell.word().upper(),
        "action": workflow.actions[0].key,
        "from": workflow.states[0].key,
        "to": workflow.states[1].key,
        "note": str(cell.id_of("issue_note", cell.n)),
        "merged": cell.word().upper(),
        "reached": True,
        "co_handlers": [{"organization_id": organization}],
        "set": {
            "lead_organization_id": organization,
            "merged_into": str(cell.id_of("issue", cell.n)),
            "due_at": NOW.isoformat(),
            "paused_until": NOW.isoformat(),
            "solved": "YES",
            "satisfied": 5,
        },
    }


def _service(cell: Cell) -> str:
    """A province has no catalogue here; of its issues nothing is shown to anybody."""
    return next(iter(cell.definition.services), "none")


def _number(cell: Cell) -> str:
    """Whoever reports something similar nearby is told it: it is nobody's secret."""
    return word(cell.filler.letter, Kind.PUBLIC, next(cell.filler.numbers)).upper()


def _at(table: str) -> Callable[[Cell], UUID]:
    """The row with the same number of a table."""
    return lambda cell: cell.id_of(table, cell.n)


def _always(value: Any) -> Callable[[Cell], Any]:
    return lambda cell: value


ISSUE: Mapping[str, Callable[[Cell], Any]] = {
    "number": _number,
    "service": _service,
    "workflow": lambda cell: cell.definition.tenant.workflows[0].key,
    "workflow_version": _always(1),
    "state": lambda cell: cell.definition.tenant.workflows[0].states[cell.n == SETTLED].key,
    "phase": lambda cell: "CLOSED" if cell.n == SETTLED else "REPORTED",
    "channel": _always("WEB"),
    "unit": _always("HOURS"),
    "service_unit": _always("HOURS"),
    "latitude": _always(Decimal("41.5")),
    "longitude": _always(Decimal("123.5")),
    # the one that is settled has no rating yet
    "solved": lambda cell: None if cell.n == SETTLED else "YES",
    "satisfied": lambda cell: None if cell.n == SETTLED else 1 + cell.n % 5,
    "comment": lambda cell: None if cell.n == SETTLED else cell.word(),
    "rated_at": lambda cell: None if cell.n == SETTLED else NOW,
    "asked_at": _always(None),
    # the newest is one at whose place there is everything
    "reported_at": lambda cell: NOW - datetime.timedelta(days=abs(cell.n - 1)),
    "place_id": _at("organization"),
    "organization_id": _at("organization"),
    "lead_organization_id": _at("organization"),
    "lead_person_id": _at("person"),
    "reporter_person_id": _at("person"),
    "trail": lambda cell: [cell.id_of("organization", cell.n)],
    # rows are written one after another
    "merged_into": lambda cell: cell.id_of("issue", cell.n - 1) if cell.n else None,
}

SPECIAL: Mapping[str, Callable[[Cell], Any]] = {
    "organization.code": lambda cell: cell.word().upper(),
    "organization.parent_id": _parent,
    "organization.level": _level,
    "organization.rung": _rung,
    # what is to end cannot be changed any more: the last one only
    "organization.valid_to": lambda cell: FAR_AHEAD if cell.n == cell.filler.size - 1 else None,
    "person.erased_at": lambda cell: None,
    "post.kind": _post_kind,
    "event.kind": lambda cell: EVENTS[cell.n % len(EVENTS)].value,
    "event.role": lambda cell: "SECRETARY",
    "event.about": _about,
    "event.person_id": lambda cell: cell.id_of("person", cell.n),
    # one organization has events of every kind
    "event.organization_id": lambda cell: cell.id_of(
        "organization", 1 if cell.n < len(EVENTS) else cell.n
    ),
    "event.issue_id": _at("issue"),
    **{f"issue.{name}": make for name, make in ISSUE.items()},
    "issue_counter.day": lambda cell: LONG_AGO + datetime.timedelta(days=cell.n),
    "issue_note.person_id": _at("person"),
    "issue_note.evidence": lambda cell: [f"https://files.invalid/{cell.word()}.jpg"],
    "event_counter.seq": lambda cell: cell.filler.size,
}
"""Columns whose values mean something; all others get what their type can hold."""


def _person(filler: Filler, row: dict[str, Any], n: int) -> dict[str, Any]:
    """A phone as it is stored; the last person is erased."""
    if n == filler.size - 1:
        empty = {name: None for name in row if name == "name" or name.startswith("phone_")}
        return empty | {"erased_at": NOW}
    number = phone(filler.letter, n)
    context = sealing_context(row["tenant_id"], row["id"], "phone")
    sealed = filler.keyring.seal(number, context)
    index = filler.keyring.index(number, row["tenant_id"])
    return {
        "name": surname(filler.letter) + row["name"],
        "phone_sealed": sealed.data,
        "phone_key": sealed.key_id,
        "phone_masked": mask(PersonalClass.PHONE, number),
        "phone_index": index.data,
        "phone_index_key": index.key_id,
    }


WHOLE: Mapping[str, Callable[[Filler, dict[str, Any], int], dict[str, Any]]] = {
    "organization": _path,
    "person": _person,
}
"""Columns of a row that depend on its others."""
