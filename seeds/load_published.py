"""Loading the published scale: one transaction a part, so that an interrupted load goes on."""

import datetime
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import asyncpg

from schema.fetching import fetching_directly
from schema.issues.placing import Place
from schema.keyring import Keyring
from schema.recount import rebuild
from schema.rollups import SOURCES
from seeds import divisions as real
from seeds import figures as reported
from seeds.bulk_issues import Order
from seeds.copies import write_copies
from seeds.drawn import Drawn
from seeds.ground import Ground
from seeds.load import ANALYZE
from seeds.load_bulk import write_issues
from seeds.loading import Loading
from seeds.organizations import build_tree
from seeds.parts import PUBLISHED as PREFIX
from seeds.people import PERSON_ROW, POST_ROW, person_rows, post_rows
from seeds.places import ground_of, words_of
from seeds.published import FILE, WINDOW, PlannedAgreements, PlannedCity, PlannedIssues, load_plan
from seeds.published_agreements import Pact
from seeds.published_cooperatives import Books, Named, draw_cooperatives
from seeds.published_market import draw_market
from seeds.published_staff import Seats, staff_of
from seeds.quotas import quotas, split
from seeds.rows import append, hold_tree, insert
from tenants.calendar import CHINA, day_of
from tenants.definition import Definition, TenantKind

REVISION = 1
"""Raised when the code makes other rows of the same plan."""

ISSUES, COOPERATIVES, AGREEMENTS = 50_000, 100, 1_000
"""So many are written in one transaction at most."""

Plan = Mapping[int, PlannedCity]
Load = Callable[[Loading, Definition], Awaitable[None]]


@dataclass(frozen=True)
class Scale:
    """How much is generated: so many times what documents state; another `seed` makes others."""

    times: Fraction = Fraction(1)
    seed: int = 1

    @property
    def content_hash(self) -> str:
        """What says in the table `load` what was loaded."""
        files = b"".join(hashlib.sha256(f.read_bytes()).digest() for f in (FILE, reported.FILE))
        words = f"{REVISION}/{self.times}/{self.seed}/".encode()
        return hashlib.sha256(words + files).hexdigest()


@dataclass(frozen=True)
class Piece:
    """One part: of one city, what it is called, what loads it, how many issues it has."""

    definition: Definition
    name: str
    load: Load
    count: int = 0


async def load_published(
    connection: "asyncpg.Connection[Any]",
    definitions: Sequence[Definition],
    now: datetime.datetime,
    keyring: Keyring,
    scale: Scale,
    plan: Plan | None = None,
) -> AsyncIterator[tuple[int, int, str]]:
    """Load what is missing of the scale; yields (done, total, what) at first and after each part.

    `plan` None is the one that is shipped.

    Organizations are there already. What is generated ends with the day before the first part was
    loaded, however often the load was interrupted.
    Errors: `ValueError` where a city has other data than organizations and what documents state,
    or another scale; `KeyFileError`; parts before it are kept.
    """
    rows = await connection.fetch(_LOADED, f"{PREFIX}%")
    await _demand_empty(connection, definitions, rows, scale)
    loaded = {(row["tenant_id"], row["part"]) for row in rows}
    begun = min([now, *(row["loaded_at"] for row in rows)])
    loading = Loading(connection, definitions, begun, keyring)
    pieces = list(pieces_of(definitions, scale, day_of(begun), plan or load_plan()))
    missing = [piece for piece in pieces if (piece.definition.tenant_id, piece.name) not in loaded]
    before = len(pieces) - len(missing)
    if missing:
        await connection.execute(_ANALYZE_PEOPLE)
        yield before, len(pieces), missing[0].definition.tenant.name
    for done, piece in enumerate(missing, start=before + 1):
        async with connection.transaction():
            # before anything else: two loads at once would both find it missing
            inserted = await connection.fetch(
                _BEGIN, piece.definition.tenant_id, piece.name, scale.content_hash, begun
            )
            if inserted:
                await piece.load(loading, piece.definition)
        yield done, len(pieces), f"{piece.definition.tenant.name} {piece.name}"
    if missing:
        await connection.execute(ANALYZE)


def pieces_of(
    definitions: Sequence[Definition], scale: Scale, today: datetime.date, plan: Plan
) -> Iterator[Piece]:
    """All parts in order: people, then what they did, then what is counted of it."""
    cities = [item for item in definitions if item.kind is TenantKind.CITY]
    for city in cities:
        own = plan.get(city.tenant_id, PlannedCity(tenant=city.tenant.code))
        yield Piece(city, f"{PREFIX}people", _People(own, scale))
        for issues in own.issues:
            yield from pieces_of_issues(city, issues, scale, today)
        if own.cooperatives is not None:
            yield from _cooperatives(city, own, scale)
        for agreements in own.agreements:
            yield from _agreements(city, agreements.times(scale.times), scale)
        yield Piece(city, f"{PREFIX}counts", _counts)


async def _demand_empty(
    connection: "asyncpg.Connection[Any]",
    definitions: Sequence[Definition],
    rows: "Sequence[asyncpg.Record]",
    scale: Scale,
) -> None:
    """Errors: `ValueError`."""
    if any(row["content_hash"] != scale.content_hash for row in rows):
        raise ValueError(
            "this database has another scale or random seed than was asked for: "
            "finish that one, or use another database (ONEGRID_DATA, ONEGRID_DATABASE_URL)"
        )
    begun = {row["tenant_id"] for row in rows}
    tenants = [item.tenant_id for item in definitions if item.tenant_id not in begun]
    used = await connection.fetch(_USED, tenants)
    if used:
        names = {item.tenant_id: item.tenant.name for item in definitions}
        listed = "、".join(names[row["tenant_id"]] for row in used)
        raise ValueError(
            f"there are people, issues, cooperatives or agreements already in {listed}: recorded "
            "numbers would not be those of the documents. Use a database of its own "
            "(ONEGRID_DATA, ONEGRID_DATABASE_URL)"
        )


@dataclass(frozen=True)
class _People:
    """Everybody who works in a city."""

    plan: PlannedCity
    scale: Scale

    async def __call__(self, loading: Loading, definition: Definition) -> None:
        connection, tenant_id = loading.connection, definition.tenant_id
        await hold_tree(connection, tenant_id)
        divisions = real.divisions_of(definition.tenant, real.load_divisions())
        seats = [Seats(**item.model_dump()) for item in self.plan.staff]
        rows = await connection.fetch(_GOING_ON, tenant_id)
        staff = staff_of(build_tree(definition, divisions), seats, self.scale.seed)
        staff = staff.within(row["id"] for row in rows)
        people = person_rows(tenant_id, staff.people, loading.keys, loading.now)
        await insert(connection, "person", PERSON_ROW, people)
        await insert(connection, "post", POST_ROW, post_rows(tenant_id, staff.posts))
        await connection.execute(_ANALYZE_PEOPLE)


def pieces_of_issues(
    city: Definition, planned: PlannedIssues, scale: Scale, today: datetime.date
) -> Iterator[Piece]:
    """The parts of a set of issues, each of some days, the last one the last days."""
    wanted = quotas(planned.outcome(scale.times))
    count = sum(quota.count for quota in wanted)
    if not count:
        return
    if planned.year is None:
        ends, days = today, WINDOW
    else:
        ends = datetime.date(planned.year + 1, 1, 1)
        days = (ends - datetime.date(planned.year, 1, 1)).days
    parts = max(1, min(days, -(-count // ISSUES)))
    for at, own in enumerate(split(wanted, parts)):
        first, last = at * days // parts, (at + 1) * days // parts
        order = Order(
            key=(scale.seed, planned.key, at),
            quotas=own,
            until=_midnight(today),
            reported_until=_midnight(ends - datetime.timedelta(days - last)),
            days=last - first,
            services=planned.chosen(city),
        )
        name = f"{PREFIX}issues_{planned.key}_{at + 1}"
        yield Piece(city, name, _Issues(order, planned.within), order.count)


@dataclass(frozen=True)
class _Issues:
    """Issues of one order."""

    order: Order
    within: str | None

    async def __call__(self, loading: Loading, definition: Definition) -> None:
        await write_issues(loading.connection, definition, self.order, self.within)


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), CHINA).astimezone(datetime.UTC)


def _cooperatives(city: Definition, plan: PlannedCity, scale: Scale) -> Iterator[Piece]:
    assert plan.cooperatives is not None
    planned = plan.cooperatives.times(scale.times)
    # those that documents name come last and get their households there
    for first in range(0, planned.count, COOPERATIVES):
        numbers = range(first, min(first + COOPERATIVES, planned.count))
        name = f"{PREFIX}cooperatives_{first // COOPERATIVES + 1}"
        yield Piece(city, name, _Cooperatives(plan, scale, numbers))
    yield Piece(city, f"{PREFIX}market", _Cooperatives(plan, scale, None))


@dataclass(frozen=True)
class _Cooperatives:
    """Cooperatives with these numbers, or (None) the market."""

    plan: PlannedCity
    scale: Scale
    numbers: range | None

    async def __call__(self, loading: Loading, definition: Definition) -> None:
        connection, tenant_id = loading.connection, definition.tenant_id
        await hold_tree(connection, tenant_id)
        books = await self._books(loading, definition)
        drawn: Drawn = (
            draw_market(books) if self.numbers is None else draw_cooperatives(books, self.numbers)
        )
        for table, columns, rows in drawn.tables(loading.keys, loading.now):
            await insert(connection, table, columns, rows)
        await append(connection, tenant_id, drawn.log)

    async def _books(self, loading: Loading, definition: Definition) -> Books:
        assert self.plan.cooperatives is not None
        ground = await ground_of(loading, definition)
        rows = await loading.connection.fetch(_NAMED, definition.tenant_id)
        named = [
            Named(row["id"], row["code"], Place(*list(row)[2:7]), row["households"] or 0)
            for row in rows
        ]
        words = loading.province_of(definition).industries
        industries = [word.key for word in words]
        planned = self.plan.cooperatives.times(self.scale.times)
        return Books(ground, planned, industries, named, self.scale.seed)


def _agreements(city: Definition, planned: PlannedAgreements, scale: Scale) -> Iterator[Piece]:
    for first in range(0, planned.count, AGREEMENTS):
        numbers = range(first, min(first + AGREEMENTS, planned.count))
        name = f"{PREFIX}agreements_{planned.key}_{first // AGREEMENTS + 1}"
        yield Piece(city, name, _Agreements(planned, scale, numbers))


@dataclass(frozen=True)
class _Agreements:
    """Agreements with these numbers."""

    planned: PlannedAgreements
    scale: Scale
    numbers: range

    async def __call__(self, loading: Loading, definition: Definition) -> None:
        connection, tenant_id = loading.connection, definition.tenant_id
        await hold_tree(connection, tenant_id)
        ground: Ground = await ground_of(loading, definition)
        words = words_of(loading, [definition])
        pact = Pact(ground, self.planned, words, self.scale.seed)
        stories = list(pact.stories(self.numbers))
        await write_copies(connection, [story.agreed for story in stories])
        told = [happened for story in stories for happened in story.log(tenant_id)]
        await append(connection, tenant_id, sorted(told, key=lambda happened: happened.at))


async def load_people(loading: Loading, definition: Definition, scale: Scale) -> None:
    """Invented people of a city where nobody works, one for each post that gives a role."""
    works = await loading.connection.fetchval(_WORKS, definition.tenant_id)
    if not works:
        await _People(PlannedCity(tenant=definition.tenant.code), scale)(loading, definition)


async def _counts(loading: Loading, definition: Definition) -> None:
    """What is counted, from what is there; unanalysed tables would be counted blindly."""
    await loading.connection.execute(_ANALYZE_COUNTED)
    await rebuild_counts(loading, definition)


async def rebuild_counts(loading: Loading, definition: Definition) -> None:
    """All that is counted of a tenant, from what is there."""
    await rebuild(fetching_directly(loading.connection), SOURCES, definition.tenant_id)


# every part reads them, and without statistics in nested loops
_ANALYZE_PEOPLE = "ANALYZE organization, person, post"
# without the log and the words of issues, which are large and not counted
_ANALYZE_COUNTED = """
ANALYZE person, post, issue, cooperative, union_member, annual_result, household, membership,
    enterprise, posting, deal, matching_event, asset_trade, weak_village, agreement,
    agreement_version, agreement_party, agreement_delivery, agreement_activity
"""
_WORKS = """
SELECT EXISTS (SELECT FROM post WHERE tenant_id = $1 AND data_kind = 'GENERATED')
"""
_LOADED = "SELECT tenant_id, part, content_hash, loaded_at FROM load WHERE part LIKE $1"
_BEGIN = """
INSERT INTO load (tenant_id, part, content_hash, loaded_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING part
"""
_USED = """
SELECT t.tenant_id FROM tenant t
WHERE t.tenant_id = ANY ($1) AND (
    EXISTS (SELECT FROM person x WHERE x.tenant_id = t.tenant_id)
    OR EXISTS (SELECT FROM issue x WHERE x.tenant_id = t.tenant_id)
    OR EXISTS (SELECT FROM household x WHERE x.tenant_id = t.tenant_id)
    OR EXISTS (
        SELECT FROM cooperative x WHERE x.tenant_id = t.tenant_id AND x.data_kind <> 'REPORTED'
    )
    OR EXISTS (
        SELECT FROM agreement x WHERE x.tenant_id = t.tenant_id AND x.data_kind <> 'REPORTED'
    )
)
ORDER BY t.tenant_id
"""
_GOING_ON = "SELECT id FROM organization WHERE tenant_id = $1 AND valid_to IS NULL"
_NAMED = """
SELECT c.id, c.code, o.id AS leader_id, o.code AS leader_code, o.name, o.level, o.path,
    (
        SELECT r.households FROM annual_result r
        WHERE r.tenant_id = c.tenant_id AND r.cooperative_id = c.id AND r.superseded_at IS NULL
        ORDER BY r.year DESC LIMIT 1
    ) AS households
FROM cooperative c JOIN organization o ON o.tenant_id = c.tenant_id AND o.id = c.leader_id
WHERE c.tenant_id = $1 AND c.data_kind = 'REPORTED' ORDER BY c.code
"""
