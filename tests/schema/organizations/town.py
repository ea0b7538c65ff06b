"""A small city whose tree the tests change, and how its tree is checked against a recount."""

import datetime
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from schema.actor import Actor, Grant
from schema.database import Database, engine
from schema.keyring import Keyring
from schema.loaders.tenant import read_definitions
from schema.names import search_name
from schema.organizations.naming import Named
from schema.pinyin import initials, syllables
from schema.refusals import Refused
from schema.scope import Scope
from schema.spelling import Spelling
from schema.work import Action, T, perform
from schema.writing import Writing
from tenants.definition import City, DeclaredOrganization, Definition, Province
from tenants.hierarchy import Level, Rung
from tenants.roles import Role
from tests.conftest import NOW, TODAY
from tests.rollups import recounted
from tests.schema.watched import Watched

ID = 990100
PROVINCE_ID = 990000
TABLES = (
    "organization",
    "organization_name",
    "organization_placement",
    "succession",
    "person",
    "post",
    "event",
    "event_counter",
    "organization_cell",
)


def _level(key: str, name: str, rung: Rung, *under: str) -> Level:
    return Level(key=key, name=name, rung=rung, under=list(under))


def declared(
    code: str, name: str, level: str, parent: str | None = None, **days: datetime.date
) -> DeclaredOrganization:
    """An organization of a tenant file."""
    return DeclaredOrganization(code=code, name=name, level=level, parent=parent, **days)


PROVINCE = Definition(
    Province(
        code="990000",
        slug="nowhere",
        name="虚构省",
        levels=[
            _level("province", "省", Rung.PROVINCE),
            _level("provincial_body", "省级机关", Rung.SECTOR, "province"),
        ],
        organizations=[declared("990000", "虚构省", "province")],
    ),
    (),
)
LEVELS = [
    _level("city", "市", Rung.CITY),
    _level("county", "区县", Rung.COUNTY, "city"),
    _level("street", "街道", Rung.STREET, "county"),
    _level("township", "乡镇", Rung.TOWNSHIP, "county"),
    _level("community", "社区", Rung.COMMUNITY, "street", "township"),
    _level("station", "代办站", Rung.STATION, "street", "community"),
    _level("grid", "网格", Rung.GRID, "community"),
]
ORGANIZATIONS = [
    declared("990100", "虚构市", "city"),
    declared("AA", "东区", "county", "990100"),
    declared("BB", "西区", "county", "990100"),
]


def _town() -> list[DeclaredOrganization]:
    """Two counties of two streets and a township, of two communities, of two grids each."""
    made = list(ORGANIZATIONS)
    for county in ("AA", "BB"):
        for n, level in enumerate(("street", "street", "township"), start=1):
            above = f"{county}{n}"
            name = f"{county[0]}第{n}{'镇' if level == 'township' else '街道'}"
            made.append(declared(above, name, level, county))
            for m in (1, 2):
                community = f"{above}-{m}"
                made.append(declared(community, f"{above}第{m}社区", "community", above))
                made += [
                    declared(f"{community}-G{g}", f"第{g}网格", "grid", community) for g in (1, 2)
                ]
    made.append(declared("AA1-S", "便民站", "station", "AA1"))
    past = {"valid_from": datetime.date(2000, 1, 1), "valid_to": datetime.date(2020, 1, 1)}
    made.append(declared("AA1-9", "旧社区", "community", "AA1", **past))
    return made


CITY = Definition(
    City(
        code="990100",
        slug="invented",
        name="虚构市",
        province="990000",
        levels=LEVELS,
        organizations=_town(),
    ),
    (),
)


def actor(role: Role, organization: str | None = None, tenant_id: int = ID) -> Actor:
    """An actor of one tenant, with a role there or in a subtree."""
    grants = (Grant(role, tenant_id, organization),)
    return Actor("tester", role, frozenset({tenant_id}), grants)


def spelled(name: str) -> Named:
    """A name that is known to be good, spelled in this process."""
    plain = search_name(name)
    pinyin = syllables(plain)
    return Named(name, Spelling(plain, pinyin, initials(pinyin)))


@dataclass
class Town:
    """The city in a database: changed by actions, looked at by its owner."""

    url: str
    database: Database
    definition: Definition
    keyring: Keyring
    actor: Actor
    today: datetime.date = TODAY
    statements: list[str] = field(default_factory=list)

    async def do(self, action: Action[T], dry_run: bool = False, **given: Any) -> T | Refused:
        """Run an action in a transaction of its own; `given` replaces actor, today, definition."""
        self.statements = []
        return await perform(
            self._open,
            action,
            given.get("actor", self.actor),
            given.get("definition", self.definition),
            NOW,
            given.get("today", self.today),
            self.keyring,
            dry_run,
        )

    @asynccontextmanager
    async def _open(self, scope: Scope, beside: set[int]) -> AsyncIterator[Writing]:
        """A unit of work whose statements are kept."""
        async with self.database.unit_of_work(scope, beside) as connection:
            yield Watched(connection, self._keep)

    async def _keep(self, statement: str) -> None:
        self.statements.append(statement)

    async def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows as the owner of the tables sees them."""
        connection: Any = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    async def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables that a change could touch."""
        return {
            table: sorted(await self.sql(f"SELECT * FROM {table}"), key=str) for table in TABLES
        }

    async def row(self, code: str) -> dict[str, Any]:
        """What the tests look at of one organization; its parent as code."""
        names = ("name", "level", "path", "pinyin", "initials", "search_name", "valid_from",
                 "valid_to", "data_kind", "source", "assumed")  # fmt: skip
        (found,) = await self.sql(
            f"SELECT p.code, {', '.join('o.' + name for name in names)} FROM organization o"
            " LEFT JOIN organization p ON p.tenant_id = o.tenant_id AND p.id = o.parent_id"
            " WHERE o.tenant_id = $1 AND o.code = $2",
            ID,
            code,
        )
        return dict(zip(("parent", *names), found, strict=True))

    async def history(self) -> dict[str, list[tuple[Any, ...]]]:
        """Former names, former places and successions, with codes for ids."""
        code = "(SELECT code FROM organization o WHERE o.tenant_id = h.tenant_id AND o.id = h.{})"
        own = code.format("organization_id")
        return {
            "names": await self.sql(
                f"SELECT {own}, name, valid_to FROM organization_name h ORDER BY 1, 3"
            ),
            "places": await self.sql(
                f"SELECT {own}, {code.format('parent_id')}, valid_to"
                " FROM organization_placement h ORDER BY 1, 3"
            ),
            "successors": await self.sql(
                f"SELECT {own}, {code.format('successor_id')} FROM succession h ORDER BY 1, 2"
            ),
        }

    async def events(self) -> list[tuple[Any, ...]]:
        """Number, kind and facts of every event, in order."""
        return await self.sql("SELECT seq, kind, about::text FROM event ORDER BY seq")

    async def appoint(
        self, code: str, since: datetime.date, until: datetime.date | None = None
    ) -> uuid.UUID:
        """Let a new person hold a post; its id."""
        person, post = uuid.uuid4(), uuid.uuid4()
        await self.sql(
            "INSERT INTO person (tenant_id, id, data_kind, created_at)"
            " VALUES ($1, $2, 'GENERATED', $3)",
            ID, person, NOW,
        )  # fmt: skip
        await self.sql(
            "INSERT INTO post (tenant_id, id, person_id, organization_id, kind, valid_from,"
            " valid_to, data_kind) SELECT $1, $2, $3, id, 'head', $5, $6, 'GENERATED'"
            " FROM organization WHERE tenant_id = $1 AND code = $4",
            ID, post, person, code, since, until,
        )  # fmt: skip
        await recounted(self.url)
        return post

    async def posts(self) -> list[tuple[Any, ...]]:
        """Organization, first and last day of each post."""
        return await self.sql(
            "SELECT o.code, p.valid_from, p.valid_to FROM post p JOIN organization o"
            " ON o.tenant_id = p.tenant_id AND o.id = p.organization_id ORDER BY 1, 2"
        )

    async def faults(self, day: datetime.date | None = None) -> list[str]:
        """What is wrong with the tree by a recount of all rows; empty where nothing is."""
        rows = await self.sql(
            "SELECT id, code, level, parent_id, path, valid_from, valid_to, data_kind"
            " FROM organization WHERE tenant_id = $1",
            self.definition.tenant_id,
        )
        return list(_faults(self.definition, rows, day or self.today))


def _faults(definition: Definition, rows: list[tuple[Any, ...]], day: datetime.date) -> "list[str]":
    found: list[str] = []
    by_id = {row[0]: row for row in rows}
    if len({row[1] for row in rows}) != len(rows):
        found.append("a code twice")
    for id_, code, level, parent_id, path, _, valid_to, _ in rows:
        chain, at = [code], parent_id
        while at is not None and at in by_id and len(chain) <= len(rows):
            chain.append(by_id[at][1])
            at = by_id[at][3]
        if at is not None:
            found.append(f"{code}: its parents end at {at}, or go round")
            continue
        if path != "/" + "/".join(reversed(chain)) + "/":
            found.append(f"{code}: {path} is not {chain}")
        parent = by_id.get(parent_id)
        if not definition.hierarchy.allows(level, parent[2] if parent else None):
            found.append(f"{code}: {level} under {parent and parent[2]}")
        if parent is not None and _ends(valid_to, parent[6], day):
            found.append(f"{code} outlives {parent[1]}")
        if id_ == parent_id:
            found.append(f"{code} is its own parent")
    return found


def _ends(child: datetime.date | None, parent: datetime.date | None, day: datetime.date) -> bool:
    """Whether a child that is in being on `day` or later outlives its parent."""
    if parent is None or (child is not None and child <= day):
        return False
    return child is None or child > parent


def counts(rows: list[tuple[Any, ...]], day: datetime.date) -> Counter[str]:
    """By code, how many organizations stand below on a day; rows of code, parent, from, to."""
    parents = {code: parent for code, parent, *_ in rows}
    found: Counter[str] = Counter()
    for _, parent, valid_from, valid_to in rows:
        if (valid_from and valid_from > day) or (valid_to and valid_to <= day):
            continue
        while parent is not None:
            found[parent] += 1
            parent = parents[parent]
    return found


@asynccontextmanager
async def town_at(url: str, keys: Path, size: int = 4, tenant_id: int = ID) -> AsyncIterator[Town]:
    """A tenant of a database that is loaded already, with an administrator."""
    database, owner = Database(url, size=size), engine(url)
    await database.open()
    try:
        async with owner.connect() as connection:
            definitions = {item.tenant_id: item for item in await read_definitions(connection)}
        admin = actor(Role.CITY_ADMIN, tenant_id=tenant_id)
        yield Town(url, database, definitions[tenant_id], Keyring(keys), admin)
    finally:
        await database.close()
        await owner.dispose()
