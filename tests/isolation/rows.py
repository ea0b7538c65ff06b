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
from schema.agreements.content import content_hash
from schema.events import EventKind
from schema.keyring import Keyring, sealing_context
from schema.personal import PersonalClass, mask
from schema.rollups import SOURCES
from tenants.definition import Definition
from tests.conftest import NOW
from tests.isolation.canaries import Kind, amount, identifier, phone, surname, word
from tests.isolation.definitions import PROVINCES

for module in pkgutil.iter_modules(tables.__path__, "schema.tables."):
    importlib.import_module(module.name)  # so that the metadata have every table

# applied from the tenant files
FROM_FILES = ("tenant", "tenant_version", "workflow_version")
# counted from other rows
CELLS = {rollup.name for source in SOURCES for rollup in source.rollups}
# nobody writes these for a province
OF_CITIES = {
    "agreement",
    "agreement_activity",
    "agreement_delivery",
    "agreement_party",
    "agreement_version",
    "annual_result",
    "asset_trade",
    "cooperative",
    "deal",
    "enterprise",
    "household",
    "matching_event",
    "membership",
    "posting",
    "union_member",
    "weak_village",
}
# parent of each organization: the two subtrees of the first have the same shape
PARENTS = (None, 0, 1, 1, 0, 4, 4, 4, 4)
# what stands in the middle of it, below that, beside that, and below another
PLACES = {"middle": 1, "leaf": 2, "sister": 3, "other middle": 4}
SIZES = {"a": 7, "b": 9, "c": 8, "d": 6, "e": 7}
# which of the issues is settled
SETTLED = 2
# cooperatives that are unions: all belong to the first, which belongs to none
UNIONS = (2, 5)
# a cooperative whose one household has left it
EMPTY = 4
# an agreement of two parties without an alliance
PAIRING = 3
# an agreement that waits for the signature of its second party; the last one is a draft
PROPOSED = 0
# tables with more rows than others: so many times as many
TIMES = {"agreement_party": 2, "event": 2}
A_YEAR = datetime.timedelta(days=365)
LONG_AGO, FAR_AHEAD = datetime.date(2020, 1, 1), datetime.date(2099, 1, 1)
EVENTS = (
    EventKind.ORGANIZATION_RENAMED,
    EventKind.APPOINTED,
    EventKind.PERSONAL_DATA_READ,
    EventKind.PERSONAL_DATA_DENIED,
    EventKind.RELIEVED,
    EventKind.ISSUE_RESOLVED,
    EventKind.COOPERATIVE_FOUNDED,
    EventKind.ECONOMY_ASSET_TRADED,
    EventKind.AGREEMENT_DELIVERY_RECORDED,
)
# what is in a table that everybody may read, but for the parties alone
WITHHELD = {"agreement.end_text", "agreement.revision", "agreement_version.decline_reason"}
# what of agreements is withheld until all parties have signed
AGREEMENTS = {"agreement", "agreement_party", "agreement_version"}


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
        """Whether everybody may read the column of this row."""
        table, kinds = self.column.table.name, self.filler.kinds
        place = f"{table}.{self.column.name}"
        if place in WITHHELD or (table in AGREEMENTS and not self.is_agreed):
            return Kind.PRIVATE
        return kinds.get(place, kinds[table])

    @property
    def is_last(self) -> bool:
        """Whether it is the last one, of tables with more rows of each."""
        return self.n % self.filler.size == self.filler.size - 1

    @property
    def is_agreed(self) -> bool:
        """Whether all parties of the agreement of this row have signed it."""
        return not self.is_last and self.n % self.filler.size != PROPOSED

    @property
    def event(self) -> EventKind:
        """What happened, of a row of the log."""
        return EVENTS[self.n % len(EVENTS)]

    def id_of(self, table: str, at: int) -> UUID:
        """The id of a table's row, which need not be made yet."""
        number = 100_000 * (1 + list(self.filler.kinds).index(table)) + at % self.filler.size
        return identifier(self.filler.letter, self.filler.kinds[table], number)


class Filler:
    """Makes the rows of one tenant.

    `kinds` says of each table who may read it; of `table.column`, where everybody may read that
    one of a table that is else private.
    """

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
        self.contents: dict[int, dict[str, Any]] = {}

    def fill(self) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
        """Every table that the tenant has, after those it refers to; not files' and cells'."""
        tables = SQLModel.metadata.sorted_tables
        # contents of agreements name organizations, which no key of theirs does
        for table in sorted(tables, key=lambda table: table.name != "organization"):
            if table.name in FROM_FILES or table.name in CELLS or not self._has(table.name):
                continue
            single = len(table.primary_key.columns) == 1
            made = self.rows[table.name] = []
            times = TIMES.get(table.name, 1)
            for n in range(1 if single else times * self.size):
                made.append(self._row(table, n))
            yield table, made

    def _has(self, table: str) -> bool:
        return self.letter in PROVINCES or table not in OF_CITIES

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
        **_of_cooperation(cell),
        **{name: str(LONG_AGO) for name in ("on", "since", "until")},
    }


def _of_cooperation(cell: Cell) -> dict[str, Any]:
    """Facts of cooperatives, the market and agreements; some names are of several kinds."""
    change = {"field": "name", "before": cell.word(), "after": [cell.word()]}
    found = {
        **{name: str(cell.id_of(table, cell.n)) for name, table in FACTS.items()},
        "changes": [change],
        "year": 2021,
        "revision": 2,
        "amount": str(amount(cell.filler.letter, cell.kind, cell.n)),
        "version": 1,
        "party": 1,
        "commitment": cell.word(),
        "state": "ACTIVE",
    }
    if cell.event.startswith("COOPERATIVE_"):
        found |= {"reason": cell.word(), "from": "PROPOSED", "to": "INTENDED"}
    if cell.event.startswith("AGREEMENT_"):
        found["reason"] = "EXPIRED"
    return found


def _step(cell: Cell) -> dict[str, Any]:
    """Facts of a step of the issue n."""
    workflow = cell.definition.tenant.workflows[0]
    organization = str(cell.id_of("organization", cell.n))
    return {
        "number": cell.word().upper(),
        "action": workflow.actions[0].key,
        "from": workflow.states[0].key,
        "to": workflow.states[1].key,
        "note": str(cell.id_of("issue_note", 1)),
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


# facts that are ids of rows, and of which tables
FACTS = {
    "result": "annual_result",
    "union": "cooperative",
    "member": "cooperative",
    "household": "household",
    "posting": "posting",
    "deal": "deal",
    "enterprise": "enterprise",
    "matching_event": "matching_event",
    "trade": "asset_trade",
    "village": "weak_village",
    "delivery": "agreement_delivery",
    "activity": "agreement_activity",
    "by": "agreement",
}


def _word_of(number: int) -> Callable[[Cell], str]:
    """A key of the vocabulary of the tenant, or of its province (`definitions.py`)."""

    def make(cell: Cell) -> str:
        letter = cell.filler.letter
        own = letter in PROVINCES and number < 903
        return word(letter if own else PROVINCES.get(letter, letter), Kind.DEFINITION, number)

    return make


def _last(last: Any, others: Any = None) -> Callable[[Cell], Any]:
    """A value of the last row, and that of the others."""
    return lambda cell: last if cell.n == cell.filler.size - 1 else others


def _words(cell: Cell) -> list[str]:
    return [cell.word()]


def _content(cell: Cell) -> dict[str, Any]:
    """What the parties of an agreement agree on, made once."""
    at = cell.n % cell.filler.size
    if at not in cell.filler.contents:
        cell.filler.contents[at] = _composed(cell)
    return cell.filler.contents[at]


def _composed(cell: Cell) -> dict[str, Any]:
    dimension = {"key": _word_of(904)(cell), "name": cell.word()}
    commitment = {
        "key": "c1",
        "dimension": dimension["key"],
        "owner": 1,
        "text": cell.word(),
        "quantity": "2",
        "unit": cell.word(),
        "every": "YEAR",
        "dueOn": str(FAR_AHEAD),
    }
    # who works on it is for the parties alone
    duty, title = (
        word(cell.filler.letter, Kind.PRIVATE, next(cell.filler.numbers)) for _ in range(2)
    )
    return {
        "title": cell.word(),
        "alliance": None if cell.n == PAIRING else _word_of(901)(cell),
        "facilitator": cell.word(),
        "parties": [_party(cell, number) for number in (1, 2)],
        "dimensions": [dimension],
        "workingGroup": [{"party": 1, "duty": duty, "title": title}],
        "commitments": [commitment],
        "startsOn": str(LONG_AGO),
        "endsOn": str(FAR_AHEAD),
    }


def _party(cell: Cell, number: int) -> dict[str, Any]:
    """The first party of the agreement n is the organization n, the second one the next."""
    organization = cell.filler.rows["organization"][(cell.n + number - 1) % cell.filler.size]
    tenant = cell.definition.tenant
    return {
        "number": number,
        "city": tenant.code,
        "cityName": tenant.name,
        "code": organization["code"],
        "name": organization["name"],
        "role": "INITIATOR" if number == 1 else "PARTNER",
    }


def _of_party(name: str) -> Callable[[Cell], Any]:
    """What the content says of a party; the second ones come after all first ones."""
    return lambda cell: _content(cell)["parties"][_number_of(cell) - 1][name]


def _number_of(cell: Cell) -> int:
    return 1 + cell.n // cell.filler.size


def _hash(cell: Cell) -> str:
    return content_hash(_content(cell))


def _signed(value: Callable[[Cell], Any]) -> Callable[[Cell], Any]:
    """What a party has of its signature: both of what is agreed, the first of what is proposed."""

    def make(cell: Cell) -> Any:
        is_first = cell.n == PROPOSED
        return value(cell) if cell.is_agreed or is_first else None

    return make


def _agreement_state(cell: Cell) -> str:
    if cell.is_last:
        return "DRAFT"
    return "ACTIVE" if cell.is_agreed else "PROPOSED"


def _renewed(cell: Cell) -> UUID | None:
    """The second agreement goes on with another one, and one goes on with it."""
    old = {1: 2, 3: 1}.get(cell.n)
    return None if old is None else cell.id_of("agreement", old)


def _deal_state(cell: Cell) -> str:
    if cell.is_last:
        return "FAILED"
    return "CONTRACTED" if cell.n < 2 else "SETTLED"


def _cooperative_kind(cell: Cell) -> str:
    if cell.n in UNIONS:
        return "UNION"
    return "VILLAGE_ENTERPRISE" if cell.n % 3 == 0 else "COOPERATIVE"


def _member(cell: Cell) -> UUID:
    """All belong to the first union; the second one did so twice, for a union is no member."""
    return cell.id_of("cooperative", 1 if cell.n == UNIONS[0] else cell.n)


def _delivery_state(cell: Cell) -> str:
    """The one of the second agreement waits for an answer."""
    return ("CONFIRMED", "RECORDED", "DISPUTED")[cell.n % 3]


COOPERATION: Mapping[str, Callable[[Cell], Any]] = {
    "cooperative.kind": _cooperative_kind,
    "cooperative.industry": _word_of(903),
    "cooperative.products": _words,
    "cooperative.code": lambda cell: cell.word().upper(),
    "cooperative.leader_id": lambda cell: cell.id_of("organization", cell.n),
    "cooperative.village_id": lambda cell: cell.id_of("organization", cell.n),
    "cooperative.founded_on": lambda cell: LONG_AGO,
    "cooperative.dissolved_on": _last(FAR_AHEAD),
    "union_member.union_id": lambda cell: cell.id_of("cooperative", UNIONS[0]),
    "union_member.member_id": _member,
    "union_member.since": lambda cell: LONG_AGO - A_YEAR * (cell.n == UNIONS[0]),
    "union_member.until": lambda cell: LONG_AGO if cell.n == UNIONS[0] else None,
    # the last one is what the year of the second was before it was corrected
    "annual_result.cooperative_id": lambda cell: cell.id_of(
        "cooperative", 1 if cell.n == cell.filler.size - 1 else cell.n
    ),
    "annual_result.year": lambda cell: 2021,
    "annual_result.revision": _last(1, 2),
    "annual_result.sales": lambda cell: [
        {"channel": cell.word(), "product": cell.word(), "amount": "3.00"}
    ],
    "annual_result.superseded_at": _last(NOW),
    "household.organization_id": lambda cell: cell.id_of("organization", cell.n),
    "household.head_id": lambda cell: cell.id_of("person", cell.n),
    "membership.until": lambda cell: LONG_AGO + A_YEAR if cell.n == EMPTY else None,
    "membership.share": lambda cell: Decimal("1.5"),
    "enterprise.code": lambda cell: cell.word().upper(),
    "enterprise.industry": _word_of(903),
    "enterprise.joined_on": lambda cell: LONG_AGO,
    "enterprise.left_on": _last(FAR_AHEAD),
    # cooperatives offer, and the enterprise of the same number asks
    "posting.kind": lambda cell: "SUPPLY" if cell.n % 2 else "DEMAND",
    "posting.cooperative_id": lambda cell: (
        cell.id_of("cooperative", cell.n) if cell.n % 2 else None
    ),
    "posting.enterprise_id": lambda cell: (
        None if cell.n % 2 else cell.id_of("enterprise", cell.n - 1)
    ),
    # those of one product are each other's matches
    "posting.product_key": lambda cell: "product",
    "posting.unit": lambda cell: "kg",
    "posting.state": lambda cell: "OPEN",
    "posting.from_on": lambda cell: LONG_AGO,
    "deal.state": _deal_state,
    # no income is above it
    "deal.amount": lambda cell: amount(cell.filler.letter, cell.kind, 999),
    # one was weak once
    "weak_village.cleared_on": lambda cell: LONG_AGO if cell.n == PLACES["sister"] else None,
    "agreement.title": lambda cell: _content(cell)["title"],
    "agreement.alliance": lambda cell: _content(cell)["alliance"],
    "agreement.content_hash": _hash,
    "agreement.state": _agreement_state,
    "agreement.version": lambda cell: 1,
    "agreement.agreed": lambda cell: 1 if cell.is_agreed else None,
    "agreement.cities": lambda cell: 1,
    "agreement.starts_on": lambda cell: LONG_AGO,
    "agreement.renews": _renewed,
    "agreement_version.version": lambda cell: 1,
    "agreement_version.content": _content,
    "agreement_version.content_hash": _hash,
    "agreement_version.proposed_by": lambda cell: 1,
    "agreement_version.declined_by": lambda cell: 1,
    "agreement_party.number": _number_of,
    "agreement_party.party_tenant_id": lambda cell: cell.definition.tenant_id,
    "agreement_party.city": _of_party("cityName"),
    "agreement_party.code": _of_party("code"),
    "agreement_party.name": _of_party("name"),
    "agreement_party.role": _of_party("role"),
    "agreement_party.organization_id": lambda cell: cell.id_of(
        "organization", cell.n % cell.filler.size + _number_of(cell) - 1
    ),
    "agreement_party.signed_version": _signed(lambda cell: 1),
    "agreement_party.signed_hash": _signed(_hash),
    "agreement_party.signed_at": _signed(lambda cell: NOW),
    "agreement_delivery.commitment": lambda cell: "c1",
    "agreement_delivery.party": lambda cell: 1,
    "agreement_delivery.delivered_on": lambda cell: LONG_AGO,
    "agreement_delivery.state": _delivery_state,
    "agreement_delivery.answered_by": lambda cell: 2,
    "agreement_delivery.evidence": lambda cell: [f"https://files.invalid/{cell.word()}.jpg"],
    "agreement_activity.way": _word_of(902),
    "agreement_activity.parties": lambda cell: [1],
    "agreement_activity.recorded_by": lambda cell: 1,
    "event.cooperative_id": lambda cell: cell.id_of("cooperative", 1),
    "event.agreement_id": lambda cell: cell.id_of("agreement", 1),
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
    "event.kind": lambda cell: cell.event.value,
    "event.role": lambda cell: "SECRETARY",
    "event.about": _about,
    # one of them is erased
    "event.person_id": lambda cell: cell.id_of("person", -1 if cell.n == 3 else cell.n),
    # one organization has events of every kind
    "event.organization_id": lambda cell: cell.id_of(
        "organization", 1 if cell.n < len(EVENTS) else cell.n
    ),
    "event.issue_id": lambda cell: cell.id_of(
        "issue", 1 if cell.event.startswith("ISSUE_") else cell.n
    ),
    **{f"issue.{name}": make for name, make in ISSUE.items()},
    "issue_counter.day": lambda cell: LONG_AGO + datetime.timedelta(days=cell.n),
    "issue_note.person_id": _at("person"),
    "issue_note.evidence": lambda cell: [f"https://files.invalid/{cell.word()}.jpg"],
    "event_counter.seq": lambda cell: TIMES["event"] * cell.filler.size,
    **COOPERATION,
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
