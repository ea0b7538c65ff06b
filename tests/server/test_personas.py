"""Personas: every role at some tenants, with tokens that the server takes."""

import pytest

from server.actors import OF_KIND, actor_of
from server.identity import Identity, SharedSecret
from server.personas import (
    CITIES,
    HOURS,
    NOBODY,
    TITLES,
    declared_organizations,
    personas,
)
from server.tokens import Mint
from tenants.definition import City, Definition, DefinitionValue, Province, TenantKind
from tenants.hierarchy import Rung
from tenants.registry import Registry
from tenants.roles import Role
from tests.server.clock import Clock
from tests.tenants.folders import PROVINCE, read_city

NOW = 1_000_000.0
SECRET = b"s" * 48
MINT = Mint(SECRET, "onegrid", "onegrid", clock=Clock(NOW))
ORGANIZATIONS = """
levels:
  - {key: street, name: 街道, rung: STREET}
  - {key: community, name: 社区, rung: COMMUNITY, under: [street]}
  - {key: club, name: 社团, under: [street]}
organizations:
  - {code: "990101001", name: 旧街, level: street, valid_to: 2020-01-01}
  - {code: "990101002", name: 一街, level: street}
  - {code: "990101003", name: 二街, level: street}
  - {code: "990101002001", name: 一社区, level: community, parent: "990101002"}
  - {code: "990101002-SHE", name: 某社, level: club, parent: "990101002"}
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


def test_declared_organizations() -> None:
    """Without others, a rung's first declared organization that has not ended is the place."""
    text = f'province: "990000"\ncode: "990100"\nslug: shi\nname: 某市\n{ORGANIZATIONS}'
    registry = Registry([read_city(text, PROVINCE), province("990000")])
    assert declared_organizations(registry) == {
        (990100, Rung.STREET): "990101002",
        (990100, Rung.COMMUNITY): "990101002001",
    }
    placed = [(p["role"], p["organization"]) for p in personas(registry, MINT) if p["organization"]]
    assert placed == [
        (Role.GRID_WORKER, "990101002001"),
        (Role.AGENT, "990101002001"),
        (Role.SECRETARY, "990101002"),
    ]


@pytest.mark.parametrize("slugs", [(), ("p990000",)])
def test_no_city(slugs: tuple[str, ...]) -> None:
    """Without cities there is nobody but the public."""
    assert personas(Registry([province("990000")] if slugs else []), MINT) == [NOBODY]


def test_shipped(shipped: tuple[Definition, ...]) -> None:
    """Of the shipped cities six have personas, and places where their files name some."""
    found = personas(Registry(shipped), MINT)
    cities = {p["tenant"]["code"] for p in found if p["tenant"] and OF_KIND[p["role"]] == "CITY"}
    assert (len(cities), len({p["key"] for p in found})) == (CITIES, len(found))
