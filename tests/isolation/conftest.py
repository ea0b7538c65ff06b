"""What the tests of isolation stand on: a database of canaries, made once, and copies of it."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from graphql import GraphQLSchema

from schema.names import search_name
from schema.root import graphql_schema
from schema.spelling import Speller, Spelling
from server.services import Services
from tests.conftest import opened, run_sql, services_of
from tests.isolation.casts import ROLES, Cast, cast, known
from tests.isolation.probes import Probes
from tests.isolation.samples import Samples
from tests.isolation.walking import Reply, walk
from tests.isolation.world import World, make_world


class PlainSpeller(Speller):
    """Spells without a dictionary, and without a process a name: it is not pinyin that counts."""

    async def spell(self, names: Sequence[str]) -> list[Spelling]:
        """Each name as its own pinyin."""
        return [Spelling(search_name(name), name.lower(), name[:1].lower()) for name in names]


Copy = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
def canary_services() -> Iterator[Services]:
    """The services whose keys sealed what is in the database of canaries."""
    folder = Path(tempfile.mkdtemp(prefix="onegrid-canaries-"))
    yield replace(services_of(folder), speller=PlainSpeller())
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def world(server_url: str, migrated_template: str, canary_services: Services) -> World:
    """The database of canaries."""
    return make_world(server_url, migrated_template, canary_services)


@pytest.fixture
def copied(world: World, server_url: str) -> Iterator[Copy]:
    """Makes copies of the world for one test, each changed by the statements that it is given."""
    made: list[str] = []

    async def make(*statements: str) -> str:
        name = f"world_{uuid.uuid4().hex}"
        url = await world.copy(name, *statements)
        made.append(name)
        return url

    yield make
    drops = [f"DROP DATABASE {name} WITH (FORCE)" for name in made]
    asyncio.run(run_sql(server_url, *drops))


@pytest.fixture(scope="session")
def schema() -> GraphQLSchema:
    """The schema that is walked."""
    return graphql_schema()


@pytest.fixture(scope="session")
def samples(world: World, schema: GraphQLSchema) -> Mapping[str, Samples]:
    """What is known of each tenant to its administrators."""

    async def look() -> dict[str, Samples]:
        url = await world.copy("world_samples")
        async with opened(url, services=world.services) as graph:
            return await known(graph, world, schema)

    return asyncio.run(look())


@pytest.fixture(scope="session")
def walks(
    world: World, schema: GraphQLSchema, samples: Mapping[str, Samples]
) -> Mapping[str, tuple[Cast, list[Reply]]]:
    """By role who walked the graph, and all that came back; in one server, for its memory."""

    async def walk_all() -> dict[str, tuple[Cast, list[Reply]]]:
        url, found = await world.copy("world_walks"), {}
        async with opened(url, services=world.services) as graph:
            # what others read whole is in the audit that an administrator is shown: it goes first
            for role in sorted(ROLES, key=lambda role: role != "CITY_ADMIN"):
                who = cast(role, graph, world, samples)
                probes = Probes(schema, who.samples, who.others)
                found[role] = (who, await walk(who.graph, probes.queries()))
        return found

    return asyncio.run(walk_all())
