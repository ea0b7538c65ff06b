"""Ready personas of the demo: one for every role, at a few of the tenants in force."""

import datetime
from collections.abc import Mapping
from typing import NamedTuple, TypedDict

from schema.database import Database
from schema.loaders.place import PlaceOfRung
from schema.scope import Scope
from server.actors import OF_KIND
from server.claims import Claims
from server.tokens import Mint
from tenants.definition import Definition
from tenants.hierarchy import Rung
from tenants.registry import Registry
from tenants.roles import Role

CITIES = 6
HOURS = 24

Organizations = Mapping[tuple[int, Rung], str]
"""The code of one organization in being, by tenant and rung."""
NOWHERE: Organizations = {}


class PersonaTenant(TypedDict):
    """A persona's city or province."""

    code: str
    slug: str
    name: str


class Persona(TypedDict):
    """Somebody to try the API as: invented, a role with a token; PUBLIC has none."""

    key: str
    nameZh: str
    nameEn: str
    role: Role
    tenant: PersonaTenant | None
    organization: str | None
    token: str | None


class _Title(NamedTuple):
    zh: str
    en: str
    rungs: tuple[Rung, ...] = ()
    """Where such a person works, the likeliest first."""


TITLES: Mapping[Role, _Title] = {
    Role.RESIDENT: _Title("居民", "Resident"),
    Role.MEMBER: _Title("党员", "Party member"),
    Role.GRID_WORKER: _Title("网格员", "Grid worker", (Rung.GRID, Rung.COMMUNITY, Rung.VILLAGE)),
    Role.AGENT: _Title("代办员", "Agent", (Rung.STATION, Rung.VILLAGE, Rung.COMMUNITY)),
    Role.SECRETARY: _Title("书记", "Secretary", (Rung.STREET, Rung.TOWNSHIP, Rung.COMMUNITY)),
    Role.CITY_ADMIN: _Title("市级管理员", "City administrator"),
    Role.PROVINCE_ANALYST: _Title("省级分析员", "Provincial analyst"),
    Role.PROVINCE_ADMIN: _Title("省级管理员", "Provincial administrator"),
}

NOBODY = Persona(
    key="public",
    nameZh="公众（未登录）",
    nameEn="Public, no token",
    role=Role.PUBLIC,
    tenant=None,
    organization=None,
    token=None,
)


def personas(
    registry: Registry, mint: Mint, organizations: Organizations = NOWHERE
) -> list[Persona]:
    """PUBLIC, every city role at `CITIES` cities, every provincial role at their provinces.

    The cities are those whose definitions say most. `organizations` gives workers and secretaries
    a place, by the rungs of their title; who finds none there has the whole city. Tokens are new,
    for `HOURS`.
    """
    cities = _cities(registry)
    provinces = tuple(dict.fromkeys(registry.province_of(city) for city in cities))
    return [
        NOBODY,
        *(
            _persona(role, tenant, organizations, mint)
            for tenant in (*cities, *provinces)
            for role, kind in OF_KIND.items()
            if kind is tenant.kind
        ),
    ]


async def read_organizations(
    registry: Registry, database: Database, today: datetime.date
) -> dict[tuple[int, Rung], str]:
    """For each persona's city and rung an organization, one with holders of posts if there is.

    One SQL statement, and none where there are no cities.
    Errors: `CodedError` UNAVAILABLE.
    """
    rungs = dict.fromkeys(rung for title in TITLES.values() for rung in title.rungs)
    keys = [(city.tenant_id, rung) for city in _cities(registry) for rung in rungs]
    if not keys:
        return {}
    scope = Scope(frozenset(tenant_id for tenant_id, _ in keys))
    async with database.snapshot(scope) as snapshot:
        codes = await PlaceOfRung.batch(snapshot, scope, keys, today, ())
    return {key: code for key, code in zip(keys, codes, strict=True) if code is not None}


def _cities(registry: Registry) -> list[Definition]:
    most = sorted(registry.cities, key=lambda city: (-len(city.values), city.tenant_id))
    return sorted(most[:CITIES], key=lambda city: city.tenant_id)


def _persona(role: Role, definition: Definition, places: Organizations, mint: Mint) -> Persona:
    tenant, title = definition.tenant, TITLES[role]
    key = f"{role.lower().replace('_', '-')}-{tenant.slug}"
    organization = _place(role, definition, places)
    claims = Claims(f"demo-{key}", role, (tenant.code,), organization)
    return Persona(
        key=key,
        nameZh=f"{tenant.name}{title.zh}",
        nameEn=f"{title.en}, {tenant.slug.title()}",
        role=role,
        tenant=PersonaTenant(code=tenant.code, slug=tenant.slug, name=tenant.name),
        organization=organization,
        token=mint.token(claims, HOURS),
    )


def _place(role: Role, definition: Definition, places: Organizations) -> str | None:
    codes = (places.get((definition.tenant_id, rung)) for rung in TITLES[role].rungs)
    return next(filter(None, codes), None)
