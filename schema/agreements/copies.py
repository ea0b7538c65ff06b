"""The copies of an agreement (一式两份): the one place where tenants are entered, and rows written.

An agreement is kept whole in every tenant that has a party. All copies are locked in order of the
tenants' codes, compared, and then changed by the same statements, in one transaction that also
puts an event into the log of each tenant. A draft is in its initiator's tenant alone.

What decides on a change is handed in, and sees the acting tenant's copy; of another tenant it is
told of an organization the id, the code, the name and whether it exists, nothing else.
"""

import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import and_, func, insert, or_, select, update

from schema.agreement_rollups import AGREEMENTS
from schema.agreements.content import Content
from schema.agreements.outcome import changed_meanwhile, unknown_agreement
from schema.events import Event, EventKind
from schema.loaders.agreement import AGREEMENT, PARTY, VERSION
from schema.loaders.organization import ORGANIZATION
from schema.refusals import Refused
from schema.sides import each_side
from schema.tables.agreement import (
    AgreementActivityRow,
    AgreementDeliveryRow,
    AgreementState,
)
from schema.work import Work

DELIVERY: Any = AgreementDeliveryRow.__table__  # type: ignore[attr-defined]
ACTIVITY: Any = AgreementActivityRow.__table__  # type: ignore[attr-defined]

T = TypeVar("T")

log = structlog.get_logger("onegrid")


class CopiesDifferError(Exception):
    """The copies of an agreement are not the same: nothing can be done before they are mended."""


@dataclass(frozen=True)
class Organization:
    """An organization that is to be a party; `path` is known of the acting tenant's own alone."""

    id: uuid.UUID
    code: str
    name: str
    exists: bool
    path: str | None


@dataclass(frozen=True)
class Party:
    """A party as the acting tenant's copy has it.

    `tenant_id` is the party's own tenant. `organization_id` and `path` (as the tree is now) are
    those of the acting tenant's own parties, None for others.
    """

    number: int
    tenant_id: int
    city: str
    code: str
    name: str
    role: str
    organization_id: uuid.UUID | None
    path: str | None
    signed_version: int | None


@dataclass(frozen=True)
class Copy:
    """How an agreement stands; it is locked in every tenant that has a copy, until the end.

    `row` is that of `agreement`, `newest` the number of the newest version that there ever was,
    `contents` has the contents of the version that stands and of the agreed one. `homes` has for
    each tenant the organization that its log's events are about.
    """

    id: uuid.UUID
    row: Mapping[str, Any]
    newest: int
    contents: Mapping[int, Content]
    parties: tuple[Party, ...]
    homes: Mapping[int, uuid.UUID]

    @property
    def state(self) -> AgreementState:
        """The state."""
        return AgreementState(self.row["state"])

    @property
    def content(self) -> Content:
        """That of the version that stands."""
        return self.contents[self.row["version"]]

    @property
    def agreed(self) -> Content | None:
        """That of the newest version that all have signed."""
        return None if self.row["agreed"] is None else self.contents[self.row["agreed"]]

    @property
    def tenants(self) -> list[int]:
        """Those that have a copy, in order of code."""
        return sorted(self.homes)

    def party(self, number: int) -> Party:
        """The party with a number.

        Errors: `KeyError`.
        """
        for party in self.parties:
            if party.number == number:
                return party
        raise KeyError(number)


@dataclass(frozen=True)
class Insert:
    """New rows of a table, the same in each tenant but for `tenant_id`.

    A party's `organization_id` is that in the party's own tenant, and is written there alone.
    """

    table: Any
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Update:
    """Columns set in the one row with `key`, which is there in each tenant."""

    table: Any
    key: Mapping[str, Any]
    sets: Mapping[str, Any]


Statement = Insert | Update


@dataclass(frozen=True)
class Told:
    """An event for the log of each tenant; ids, numbers and keys alone, nothing that people wrote.

    `by` is the party that acted: its organization is what the own log's event is about.
    """

    kind: EventKind
    about: Mapping[str, Any]
    by: Party | None = None


@dataclass(frozen=True)
class New:
    """An agreement that is not there yet; `parties` are whole rows of `agreement_party`.

    Their `organization_id` is that in the party's own tenant. A draft is written for the tenant of
    the first party alone.
    """

    id: uuid.UUID
    row: Mapping[str, Any]
    version: Mapping[str, Any]
    parties: tuple[Mapping[str, Any], ...]
    told: Sequence[Told]

    @property
    def homes(self) -> dict[int, uuid.UUID]:
        """For each tenant that gets a copy its first party's organization."""
        found: dict[int, uuid.UUID] = {}
        for party in self.parties:
            if self.row["state"] != AgreementState.DRAFT or not found:
                found.setdefault(party["party_tenant_id"], party["organization_id"])
        return found


@dataclass(frozen=True)
class Change(Generic[T]):
    """What is to happen to an agreement: its outcome, the statements, and what is told of it.

    `handed_to` are the organizations of a draft's parties, by tenant and number, where the draft is
    proposed: each tenant without a copy then gets one. `new` is another agreement that it leads to.
    """

    outcome: T
    statements: Sequence[Statement] = ()
    told: Sequence[Told] = ()
    handed_to: Mapping[int, Mapping[int, uuid.UUID]] | None = None
    new: New | None = None


Decide = Callable[[Copy], Awaitable[Change[T] | Refused]]


async def change(work: Work, agreement: uuid.UUID, decide: Decide[T]) -> T | Refused:
    """Let `decide` look at an agreement that is locked in all its copies, and change all of them.

    Errors: `CopiesDifferError`; those of `decide`.
    """
    copy = await _hold(work, agreement)
    if isinstance(copy, Refused):
        return copy
    decided = await decide(copy)
    if isinstance(decided, Refused):
        return decided
    homes = dict(copy.homes)
    await _run(work, agreement, copy.tenants, decided.statements, is_new=False)
    if decided.handed_to is not None:
        homes |= await _hand_out(work, agreement, decided.handed_to)
    _tell(work, agreement, homes, decided.told)
    if decided.new is not None:
        await found(work, decided.new)
    return decided.outcome


async def found(work: Work, new: New) -> None:
    """Write an agreement that is not there yet, for each tenant that has a party."""
    homes = new.homes
    statements = (
        Insert(AGREEMENT, ({**new.row, "id": new.id},)),
        Insert(VERSION, ({**new.version, "agreement_id": new.id},)),
        Insert(PARTY, tuple({**party, "agreement_id": new.id} for party in new.parties)),
    )
    await _run(work, new.id, homes, statements, is_new=True)
    _tell(work, new.id, homes, new.told)


async def organizations(
    work: Work, wanted: Mapping[int, Collection[str | uuid.UUID]]
) -> dict[tuple[int, str | uuid.UUID], Organization]:
    """Organizations by tenant, and code or id; those that there are, held against who ends them.

    One statement a tenant.
    """
    found: dict[tuple[int, str | uuid.UUID], Organization] = {}
    async for tenant_id in each_side(work.connection, work.tenant_id, wanted):
        for one in await _organizations(work, tenant_id, wanted[tenant_id]):
            found[tenant_id, one.id] = found[tenant_id, one.code] = one
    return found


async def _organizations(
    work: Work, tenant_id: int, keys: Collection[str | uuid.UUID]
) -> list[Organization]:
    o = ORGANIZATION.alias("o")
    codes = [key for key in keys if isinstance(key, str)]
    ids = [key for key in keys if isinstance(key, uuid.UUID)]
    begins = or_(o.c.valid_from.is_(None), o.c.valid_from <= work.today)
    goes_on = or_(o.c.valid_to.is_(None), o.c.valid_to > work.today)
    statement = (
        select(o.c.id, o.c.code, o.c.name, o.c.path, and_(begins, goes_on).label("exists"))
        .where(o.c.tenant_id == tenant_id, or_(o.c.code.in_(codes), o.c.id.in_(ids)))
        .order_by(o.c.code)  # whoever locks several does so in this order
        .with_for_update(read=True)
    )
    rows = (await work.connection.execute(statement)).mappings()
    is_own = tenant_id == work.tenant_id
    return [Organization(**{**row, "path": row["path"] if is_own else None}) for row in rows]


async def _hold(work: Work, agreement: uuid.UUID) -> Copy | Refused:
    """Lock all copies, in order of code, and see that they are the same."""
    look = await _look(work, agreement)
    if look is None:
        return unknown_agreement()
    was_draft, tenants = look
    rows: dict[int, dict[str, Any]] = {}
    homes: dict[int, uuid.UUID] = {}
    async for tenant_id in each_side(work.connection, work.tenant_id, tenants):
        rows[tenant_id], homes[tenant_id] = await _lock(work, tenant_id, agreement)
    _demand_same(agreement, rows)
    row = rows[work.tenant_id]
    if was_draft and row["state"] != AgreementState.DRAFT:  # the other copies are not locked
        return changed_meanwhile("agreement")
    newest, contents = await _contents(work, row)
    return Copy(agreement, row, newest, contents, await _parties(work, agreement), homes)


async def _look(work: Work, agreement: uuid.UUID) -> tuple[bool, frozenset[int]] | None:
    """Whether it is a draft, and the tenants that have a copy, as nobody holds it yet.

    The tenants of a proposed agreement never change.
    """
    own = and_(PARTY.c.tenant_id == AGREEMENT.c.tenant_id, PARTY.c.agreement_id == AGREEMENT.c.id)
    statement = (
        select(AGREEMENT.c.state, PARTY.c.party_tenant_id)
        .join(PARTY, own)
        .where(AGREEMENT.c.tenant_id == work.tenant_id, AGREEMENT.c.id == agreement)
        .distinct()
    )
    rows = (await work.connection.execute(statement)).all()
    if not rows:
        return None
    if rows[0].state == AgreementState.DRAFT:
        return True, frozenset({work.tenant_id})
    return False, frozenset(row.party_tenant_id for row in rows)


async def _lock(
    work: Work, tenant_id: int, agreement: uuid.UUID
) -> tuple[dict[str, Any], uuid.UUID]:
    """The row of one copy without its tenant, and the organization of that tenant's first party."""
    a, p = AGREEMENT.alias("a"), PARTY.alias("p")
    own = and_(a.c.tenant_id == tenant_id, a.c.id == agreement)
    first = (
        select(p.c.organization_id)
        .where(p.c.tenant_id == tenant_id, p.c.agreement_id == agreement)
        .where(p.c.organization_id.is_not(None))
        .order_by(p.c.number)
        .limit(1)
        .scalar_subquery()
    )
    statement = select(a, first.label("home")).where(own).with_for_update(of=a)
    found = (await work.connection.execute(statement)).mappings().first()
    if found is None or found["home"] is None:
        lacks = "no copy" if found is None else "no party of its own"
        raise _differ(agreement, f"tenant {tenant_id} has {lacks}")
    row = {name: value for name, value in found.items() if name not in ("tenant_id", "home")}
    return row, found["home"]


def _demand_same(agreement: uuid.UUID, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Errors: `CopiesDifferError`."""
    (first, one), *others = sorted(rows.items())
    for tenant_id, other in others:
        names = [name for name in one if one[name] != other[name]]
        if names:
            raise _differ(agreement, f"{', '.join(names)} of tenants {first} and {tenant_id}")


def _differ(agreement: uuid.UUID, what: str) -> CopiesDifferError:
    log.error("copies of an agreement differ", agreement=str(agreement), differ=what)
    return CopiesDifferError(
        f"the copies of agreement {agreement} differ ({what}): look at them with "
        "`onegrid agreements check`"
    )


async def _contents(work: Work, row: Mapping[str, Any]) -> tuple[int, dict[int, Content]]:
    """The newest version's number, and the contents of the one that stands and the agreed one."""
    v = VERSION.alias("v")
    own = and_(v.c.tenant_id == work.tenant_id, v.c.agreement_id == row["id"])
    newest = select(func.max(v.c.version)).where(own).scalar_subquery()
    w = VERSION.alias("w")
    statement = select(w.c.version, w.c.content, newest.label("newest")).where(
        w.c.tenant_id == work.tenant_id,
        w.c.agreement_id == row["id"],
        w.c.version.in_({row["version"], row["agreed"] or row["version"]}),
    )
    rows = (await work.connection.execute(statement)).all()
    return rows[0].newest, {found.version: found.content for found in rows}


async def _parties(work: Work, agreement: uuid.UUID) -> tuple[Party, ...]:
    o = ORGANIZATION.alias("o")
    at = and_(o.c.tenant_id == PARTY.c.tenant_id, o.c.id == PARTY.c.organization_id)
    names = ("number", "city", "code", "name", "role", "organization_id", "signed_version")
    statement = (
        select(
            *(PARTY.c[name] for name in names), PARTY.c.party_tenant_id.label("tenant_id"), o.c.path
        )
        .select_from(PARTY.outerjoin(o, at))
        .where(PARTY.c.tenant_id == work.tenant_id, PARTY.c.agreement_id == agreement)
        .order_by(PARTY.c.number)
    )
    return tuple(Party(**row) for row in (await work.connection.execute(statement)).mappings())


async def _run(
    work: Work,
    agreement: uuid.UUID,
    tenants: Collection[int],
    statements: Sequence[Statement],
    *,
    is_new: bool,
) -> None:
    """Run the same statements in each tenant, and have what they change counted there."""
    if not statements:
        return
    async for tenant_id in each_side(work.connection, work.tenant_id, tenants):
        if is_new:
            work.count_new(AGREEMENTS, [agreement], tenant_id)
        else:
            await work.count(AGREEMENTS, [agreement], tenant_id)
        for statement in statements:
            if isinstance(statement, Insert):
                await _insert(work, tenant_id, statement)
            else:
                await _update(work, tenant_id, agreement, statement)


async def _insert(work: Work, tenant_id: int, statement: Insert) -> None:
    rows = [{**row, "tenant_id": tenant_id} for row in statement.rows]
    for row in rows:
        if row.get("party_tenant_id", tenant_id) != tenant_id:
            row["organization_id"] = None
    if rows:
        await work.connection.execute(insert(statement.table), rows)


async def _update(work: Work, tenant_id: int, agreement: uuid.UUID, statement: Update) -> None:
    table = statement.table
    own = [table.c[name] == value for name, value in statement.key.items()]
    set_ = update(table).where(table.c.tenant_id == tenant_id, *own).values(**statement.sets)
    done = await work.connection.execute(set_)
    if done.rowcount != 1:
        what = f"tenant {tenant_id} has {done.rowcount} rows of {table.name} to change"
        raise _differ(agreement, what)


async def _hand_out(
    work: Work, agreement: uuid.UUID, to: Mapping[int, Mapping[int, uuid.UUID]]
) -> dict[int, uuid.UUID]:
    """Give every other tenant a copy of the acting one's; for each its first party's organization.

    `to` has the organizations of its parties by tenant and number.
    """
    others = {tenant_id: to[tenant_id] for tenant_id in to if tenant_id != work.tenant_id}
    kept = {
        table: await _rows(work, table, agreement, column)
        for table, column in ((AGREEMENT, "id"), (VERSION, "agreement_id"), (PARTY, "agreement_id"))
    }
    async for tenant_id in each_side(work.connection, work.tenant_id, others):
        homes = others[tenant_id]
        for table, rows in kept.items():
            placed = [{**row, "tenant_id": tenant_id} for row in rows]
            for row in placed if table is PARTY else ():
                row["organization_id"] = homes.get(row["number"])
            await work.connection.execute(insert(table), placed)
        work.count_new(AGREEMENTS, [agreement], tenant_id)
    return {tenant_id: homes[min(homes)] for tenant_id, homes in others.items()}


async def _rows(work: Work, table: Any, agreement: uuid.UUID, column: str) -> list[dict[str, Any]]:
    own = and_(table.c.tenant_id == work.tenant_id, table.c[column] == agreement)
    rows = await work.connection.execute(select(table).where(own))
    return [dict(row) for row in rows.mappings()]


def _tell(
    work: Work, agreement: uuid.UUID, homes: Mapping[int, uuid.UUID], told: Sequence[Told]
) -> None:
    """An event each in the log of each tenant."""
    for tenant_id, home in homes.items():
        log_ = work.events if tenant_id == work.tenant_id else work.beside.setdefault(tenant_id, [])
        for one in told:
            by = one.by.organization_id if one.by and tenant_id == work.tenant_id else None
            log_.append(Event(one.kind, by or home, dict(one.about), agreement_id=agreement))
