"""Each of the three layers of isolation removed alone: the others hold, and it is noticed."""

import importlib
import pkgutil
import uuid
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLSchema

from schema import loaders
from schema.loaders.loader import Loader
from schema.paging import Window
from schema.scope import Login, Scope
from tests.conftest import Graph, opened, run_sql
from tests.isolation.canaries import Kind
from tests.isolation.casts import Cast, cast
from tests.isolation.conftest import Copy, Known
from tests.isolation.layers import (
    OpenScope,
    forgeries,
    key_faults,
    opened_without_scope,
    policy_faults,
    signed_in,
    without_keys,
    without_policies,
)
from tests.isolation.probes import Probes
from tests.isolation.samples import Samples
from tests.isolation.test_changes import changed, rows_by_letter
from tests.isolation.walking import Reply, walk
from tests.isolation.world import World

LAYERS = ("scope", "keys", "policies")
ROLES = ("CITY_ADMIN", "PROVINCE_ANALYST")


async def _removed(layers: tuple[str, ...], world: World, copied: Copy) -> str:
    """A world without these layers of the database; without keys, with forged references."""
    url = await copied(*(without_policies() if "policies" in layers else ()))
    if "keys" in layers:
        await run_sql(url, *await without_keys(url), *await forgeries(url, world))
    return url


def _opened(
    layers: tuple[str, ...], url: str, world: World, graphql: GraphQLSchema
) -> AbstractAsyncContextManager[Graph]:
    if "scope" in layers:
        return opened_without_scope(url, world.services, graphql)
    return opened(url, services=world.services)


async def _attacked(
    who: Cast, other: Samples, graphql: GraphQLSchema, own: bool = False
) -> list[Reply]:
    """What comes back to somebody who asks and changes everything of another tenant as its own.

    With `own` it asks for what is its own, too, which may refer to others.
    """
    probes = Probes(graphql, other, [])
    queries = [*probes.queries(), *(Probes(graphql, who.samples, []).queries() if own else ())]
    replies = await walk(who.graph, (probe for probe in queries if probe.is_plain))
    changes = (probe for probe in probes.mutations(dry_run=False) if probe.is_plain)
    return replies + await walk(who.graph, changes, "mutation")


def _rows_shown(who: Cast, replies: list[Reply]) -> list[str]:
    """Leaks of rows; definitions are no rows but the server's memory, which the scope guards."""
    kinds = (Kind.PUBLIC.name.lower(), Kind.PRIVATE.name.lower())
    return [leak for leak in who.leaks(replies) if leak.startswith(kinds)]


@pytest.mark.parametrize("removed", [(), *((layer,) for layer in LAYERS)], ids=" ".join)
async def test_one_layer_removed(
    removed: tuple[str, ...], world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """Without any one layer no row of another tenant is shown or changed, and its probe fails."""
    url = await _removed(removed, world, copied)
    before = await rows_by_letter(url)
    async with _opened(removed, url, world, schema) as graph:
        for role in ROLES:
            who = cast(role, graph, world, samples)
            victim = samples["b" if role == "CITY_ADMIN" else "c"]
            replies = await _attacked(who, victim, schema, own="keys" in removed)
            assert _rows_shown(who, replies) == []
        refused = await cast("CITY_ADMIN", graph, world, samples).graph(OTHERS_CITY)
    assert set(changed(before, await rows_by_letter(url))) <= {"a", "d"}
    noticed = {
        "scope": refused != FORBIDDEN,
        "keys": await key_faults(url, world) != [],
        "policies": await policy_faults(url, world) != [],
    }
    assert tuple(layer for layer in LAYERS if noticed[layer]) == removed


OTHERS_CITY = '{ city(code: "990200") { code } }'
FORBIDDEN = {
    "data": None,
    "errors": [
        {
            "message": "令牌不含租户 990200;请使用该市(省)的令牌,公开数据可不带令牌查询。",
            "locations": [{"line": 1, "column": 3}],
            "path": ["city"],
            "extensions": {"code": "FORBIDDEN", "tenant": "990200"},
        }
    ],
}


async def test_two_layers_removed(
    world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """The walk finds rows of another tenant where neither loaders nor policies keep them out."""
    removed = ("scope", "policies")
    url = await _removed(removed, world, copied)
    async with _opened(removed, url, world, schema) as graph:
        who = cast("CITY_ADMIN", graph, world, samples)
        replies = await _attacked(who, samples["b"], schema)
    kinds = {leak.partition(":")[0] for leak in who.leaks(replies)}
    assert kinds >= {"definition of b", "public of b"}


class _NeverRead:
    """In place of a snapshot, where nothing may be read."""

    async def fetch(self, *given: Any) -> list[Any]:
        """Fail."""
        raise AssertionError("rows of another tenant were asked for")


class _Anything:
    """In place of a loader's arguments: every attribute is there, and false."""

    window = Window(5)

    def __getattr__(self, name: str) -> "_Anything":
        return self

    def __bool__(self) -> bool:
        return False


def _loaders() -> Iterator[type[Loader[Any, Any]]]:
    """Every loader that can be asked for rows."""
    for module in pkgutil.iter_modules(loaders.__path__, "schema.loaders."):
        for found in vars(importlib.import_module(module.name)).values():
            if isinstance(found, type) and issubclass(found, Loader):
                is_base = found.__name__.startswith("_") or found.__name__.endswith("Loader")
                if found.__module__ == module.name and not is_base:
                    yield found


OWN, OTHER = 990100, 990200
# keys as loaders take them: a tenant only, or with a text or ids
KEYS: list[Any] = [
    (OTHER,),
    (OTHER, "/X/Y/"),
    (OTHER, uuid.UUID(int=1)),
    (OTHER, (uuid.UUID(int=1),)),
]
# of loaders that count over several tenants at once
BOTH, SEVERAL = (OWN, OTHER), ((OWN, OTHER), None)


@pytest.mark.parametrize("loader", list(_loaders()), ids=lambda loader: loader.__name__)
async def test_every_loader_checks_its_keys(loader: type[Loader[Any, Any]]) -> None:
    """A loader that is handed another tenant's key reads nothing, and says so as a fault."""
    scope = Scope(frozenset({OWN}), Login.CITY)
    assert "PermissionError" in await _outcomes(loader, scope)
    assert "AssertionError" not in await _outcomes(loader, scope)


async def test_loaders_without_the_check_read() -> None:
    """What the test above looks for is the check: with an open scope most loaders would read."""
    scope = OpenScope(frozenset({OWN}), Login.CITY)
    outcomes = {loader.__name__: await _outcomes(loader, scope) for loader in _loaders()}
    assert all("PermissionError" not in found for found in outcomes.values())
    assert "AssertionError" in outcomes["OrganizationById"]


async def _outcomes(loader: type[Loader[Any, Any]], scope: Scope) -> set[str]:
    """The names of what a loader raises, key by key."""
    found = set()
    snapshot: Any = _NeverRead()
    more = [key for key in (BOTH, SEVERAL) if loader.tenants_of(key) == BOTH]
    for key in [*KEYS, *more]:
        try:
            await loader.batch(snapshot, scope, [key], _Anything(), ())
        except Exception as error:
            found.add(type(error).__name__)
    return found


async def test_a_setting_that_is_no_tenant_opens_nothing(world: World, copied: Copy) -> None:
    """Several tenants, a word or an expression as a city's scope are errors, or give no rows."""
    async with signed_in(await copied(), Login.CITY) as connection:
        for given in ("990100,990200", "all", "990100 OR true", "*", "-1", " "):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(f"SET LOCAL app.tenant_id = '{given}'")
            with suppress(asyncpg.InvalidTextRepresentationError):
                assert await connection.fetch("SELECT 1 FROM organization") == []
            await transaction.rollback()
