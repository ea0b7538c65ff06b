"""Personas: every role at some tenants, with tokens that the server takes."""

from collections.abc import AsyncIterator

import pytest

from schema.database import Database
from server.actors import OF_KIND, actor_of
from server.identity import Identity, SharedSecret
from server.personas import (
    CITIES,
    HOURS,
    NOBODY,
    TITLES,
    personas,
    read_organizations,
)
from server.tokens import Mint
from tenants.definition import City, Definition, DefinitionValue, Province, TenantKind
from tenants.hierarchy import Rung
from tenants.registry import Registry
from tenants.roles import Role
from tests.conftest import TODAY, Graph, NewDatabase, opened, run_sql
from tests.schema.people.staffed import TENANTS
from tests.server.clock import Clock

NOW = 1_000_000.0
SECRET = b"s" * 48
MINT = Mint(SECRET, "onegrid", "onegrid", clock=Clock(NOW))
# at the end of the street that comes first nobody holds a post any more
SOMEBODY = f"""
WITH x AS (
    INSERT INTO person (tenant_id, id, name, data_kind, created_at)
    VALUES (990100, gen_random_uuid(), '王样本', 'GENERATED', now()) RETURNING id
)
INSERT INTO post (
    tenant_id, id, person_id, organization_id, kind, valid_from, valid_to, data_kind
)
SELECT 990100, gen_random_uuid(), x.id, o.id, 'secretary', '2020-01-01', ends, 'GENERATED'
FROM x, organization o, (VALUES ('S1', '{TODAY}'::date), ('S2', NULL)) held (code, ends)
WHERE o.tenant_id = 990100 AND o.code = held.code
"""


def province(code: str) -> Definition:
    return Definition(Province(code=code, slug=f"p{code}", name=f"省{code}"), ())


def city(code: str, size: int) -> Definition:
    values = tuple(DefinitionValue(str(number), "", "", None, False) for number in range(size))
    of = f"{code[:2]}0000"
    return Definition(City(code=code, slug=f"c{code}", name=f"市{code}", province=of), values)


REGISTRY = Registry(
    [province("980000"), province("990000")]
    + [city(f"99{number:02}00", 10 + number) for number in range(1, 9)]
    + [city("980100", 1000)]
)


@pytest.fixture
async def small_url(new_database: NewDatabase) -> str:
    """A database with the invented cities."""
    return await new_database(TENANTS)


@pytest.fixture
async def small(small_url: str) -> AsyncIterator[Graph]:
    """The application over them."""
    async with opened(small_url) as ready:
        yield ready


async def test_every_role() -> None:
    """There is nobody, and one persona for every role at each of the chosen tenants."""
    found = personas(REGISTRY, MINT)
    cities = [f"c99{number:02}00" for number in range(8 - CITIES + 2, 9)]
    roles = {
        kind: [role.lower().replace("_", "-") for role in OF_KIND if OF_KIND[role] is kind]
        for kind in TenantKind
    }
    assert [persona["key"] for persona in found] == [
        "public",
        *(f"{role}-{slug}" for slug in ("c980100", *cities) for role in roles[TenantKind.CITY]),
        *(
            f"{role}-{slug}"
            for slug in ("p980000", "p990000")
            for role in roles[TenantKind.PROVINCE]
        ),
    ]
    assert {persona["role"] for persona in found} == set(Role)


async def test_tokens() -> None:
    """Each persona's token is taken for a day, and gives its role, tenant and organization."""
    places = {(980100, Rung.GRID): "980101001001-WG01", (980100, Rung.STREET): "980101001"}
    for persona in personas(REGISTRY, MINT, places):
        if persona["tenant"] is None:
            assert persona == NOBODY
            continue
        (clock, header) = Clock(NOW + HOURS * 3600), f"Bearer {persona['token']}"
        identity = Identity(SharedSecret(SECRET), "onegrid", "onegrid", clock=clock)
        actor = actor_of(await identity.claims(header), REGISTRY)
        (grant,) = actor.grants
        assert (actor.role, f"{grant.tenant_id}", grant.organization) == (
            persona["role"],
            persona["tenant"]["code"],
            persona["organization"],
        )
        assert actor.subject == f"demo-{persona['key']}"


def test_one_persona() -> None:
    """A persona has a name in two languages, its tenant, its place and a token."""
    places = {(980100, Rung.COMMUNITY): "980101001001", (980100, Rung.STREET): "980101001"}
    found = {persona["key"]: persona for persona in personas(REGISTRY, MINT, places)}
    worker = found["grid-worker-c980100"]
    assert worker.pop("token")  # type: ignore[misc]
    assert worker == {
        "key": "grid-worker-c980100",
        "nameZh": "市980100网格员",
        "nameEn": "Grid worker, C980100",
        "role": Role.GRID_WORKER,
        "tenant": {"code": "980100", "slug": "c980100", "name": "市980100"},
        "organization": "980101001001",
    }
    assert [found[f"{role}-c980100"]["organization"] for role in ("secretary", "city-admin")] == [
        "980101001",
        None,
    ]


def test_every_role_has_a_title() -> None:
    """Each role that a token may name has a title."""
    assert list(TITLES) == list(OF_KIND)


async def test_organizations(small: Graph, small_url: str) -> None:
    """Of a rung the first organization that somebody serves is taken, else the first in being."""
    registry, database = small.live.registry, small.live.database
    assert await read_organizations(registry, database, TODAY) == {
        (990100, Rung.STREET): "S1",
        (990100, Rung.GRID): "S1-G1",
        (990200, Rung.STREET): "S1",
        (990200, Rung.GRID): "S1-G1",
    }
    await run_sql(small_url, SOMEBODY)
    assert await read_organizations(registry, database, TODAY) == {
        (990100, Rung.STREET): "S2",
        (990100, Rung.GRID): "S1-G1",
        (990200, Rung.STREET): "S1",
        (990200, Rung.GRID): "S1-G1",
    }


async def test_no_organizations(small: Graph) -> None:
    """Where there are no cities the database is not asked."""
    assert await read_organizations(Registry([]), Database("postgresql://none/x"), TODAY) == {}


@pytest.mark.parametrize("slugs", [(), ("p990000",)])
def test_no_city(slugs: tuple[str, ...]) -> None:
    """Without cities there is nobody but the public."""
    assert personas(Registry([province("990000")] if slugs else []), MINT) == [NOBODY]


def test_shipped(shipped: tuple[Definition, ...]) -> None:
    """Of the shipped cities six have personas, each of its own key."""
    found = personas(Registry(shipped), MINT)
    cities = {p["tenant"]["code"] for p in found if p["tenant"] and OF_KIND[p["role"]] == "CITY"}
    assert (len(cities), len({p["key"] for p in found})) == (CITIES, len(found))
