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
from tests.isolation.walking import Reply, walk_together
from tests.isolation.world import World, make_world


class PlainSpeller(Speller):
    """Spells without a dictionary, and without a process a name: it is not pinyin that counts."""

    async def spell(self, names: Sequence[str]) -> list[Spelling]:
        """Each name as its own pinyin."""
        return [Spelling(search_name(name), name.lower(), name[:1].lower()) for name in names]


Copy = Callable[..., Awaitable[str]]
Known = Mapping[str, Samples]


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
def samples(world: World, schema: GraphQLSchema) -> Known:
    """What is known of each tenant to its administrators."""

    async def look() -> dict[str, Samples]:
        url = await world.copy("world_samples")
        async with opened(url, services=world.services) as graph:
            return await known(graph, world, schema)

    return asyncio.run(look())


@pytest.fixture(scope="session")
def walks(
    world: World, schema: GraphQLSchema, samples: Known
) -> Mapping[str, tuple[Cast, list[Reply]]]:
    """By role who walked the graph, and all that came back.

    A city's administrator and PUBLIC try one of 16 values of others, the provinces' roles one of 32
    each, the other roles in turn one of 64; the soak tests try all.
    """

    async def walk_all() -> dict[str, tuple[Cast, list[Reply]]]:
        url = await world.copy("world_walks")
        async with opened(url, services=world.services) as graph:
            everybody = {role: cast(role, graph, world, samples) for role in ROLES}
            # what others read whole is in the audit that an administrator is shown: it goes first
            found = await _walked(everybody, ["CITY_ADMIN"], schema, of=16)
            found |= await _walked(everybody, ["PUBLIC"], schema, of=16)
            found |= await _walked(everybody, ["PROVINCE_ADMIN", "PROVINCE_ANALYST"], schema, of=32)
            rest = [role for role in ROLES if role not in found]
            return found | await _walked(everybody, rest, schema, of=64)

    return asyncio.run(walk_all())


async def _walked(
    everybody: Mapping[str, Cast], roles: Sequence[str], schema: GraphQLSchema, of: int = 1
) -> dict[str, tuple[Cast, list[Reply]]]:
    """The walks of roles that know the same."""
    casts = [everybody[role] for role in roles]
    probes = Probes(schema, casts[0].samples, casts[0].others).queries()
    replies = await walk_together([who.graph for who in casts], probes, of=of)
    return dict(zip(roles, zip(casts, replies, strict=True), strict=True))
