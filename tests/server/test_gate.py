"""The gate: whose budgets an operation takes from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse

from schema.errors import CodedError
from schema.ids import GlobalId
from schema.scope import Login, Scope
from server.actors import actor_of
from server.claims import Claims
from server.gate import Opened, Openings
from server.operations import Operation
from server.payers import named_cities
from tenants.definition import Definition
from tenants.registry import Registry
from tenants.roles import Role
from tests.conftest import Graph, opened, services_of

FUSHUN, DANDONG = "210400", "210600"
CITY = "query City($code: ID!) { city(code: $code) { name } }"
MANY = 10**9


@asynccontextmanager
async def limited(url: str, folder: Path, actor: int, city: int) -> AsyncIterator[Graph]:
    """The application where so many operations of an actor and of a city fill their rates."""
    async with opened(url, services=services_of(folder, rate_actor=f"{MANY}/year")) as free:
        headers = (await free.post(CITY, code=FUSHUN)).headers
        cost = MANY - int(headers["ratelimit-remaining"])
    rates = {"rate_actor": f"{actor * cost}/year", "rate_city": f"{city * cost}/year"}
    async with opened(url, services=services_of(folder, **rates)) as ready:
        yield ready


async def refusals(graph: Graph, code: str, times: int) -> list[str | None]:
    """By which bound each of so many operations on a city was refused, None where by none."""
    found: list[str | None] = []
    for _ in range(times):
        errors = (await graph(CITY, code=code)).get("errors")
        found.append(errors[0]["extensions"]["bound"] if errors else None)
    return found


async def test_actors(full_url: str, tmp_path: Path) -> None:
    """Equal subjects of two cities are two actors, and an address without a token is another."""
    async with limited(full_url, tmp_path, actor=2, city=9) as graph:
        for asking, code in (
            (graph.as_("RESIDENT", FUSHUN), FUSHUN),
            (graph.as_("RESIDENT", DANDONG), DANDONG),
            (graph.as_("PROVINCE_ANALYST", "210000"), FUSHUN),
            (graph.as_("RESIDENT", FUSHUN, subject="address 127.0.0.1"), FUSHUN),
            (graph, FUSHUN),
        ):
            assert await refusals(asking, code, 3) == [None, None, "actor"]


async def test_cities(full_url: str, tmp_path: Path) -> None:
    """Who has no token spends nothing of what those with a token of the city may spend."""
    async with limited(full_url, tmp_path, actor=9, city=3) as graph:
        assert await refusals(graph, FUSHUN, 4) == [None, None, None, "city"]
        resident, worker = graph.as_("RESIDENT", FUSHUN), graph.as_("GRID_WORKER", FUSHUN)
        assert await refusals(worker, FUSHUN, 2) == [None, None]
        assert await refusals(resident, FUSHUN, 2) == [None, "city"]
        assert await refusals(graph, DANDONG, 1) == [None]
        assert await refusals(graph.as_("PROVINCE_ANALYST", "210000"), FUSHUN, 4) == [None] * 4


CITY_ID = str(GlobalId("City", 210400))
WAYS = [
    ("{ city(code: $code) { name } }", {"code": "fushun"}, {210400}),
    ('{ a: city(code: "210400") { name } city(code: "dandong") { name } }', {}, {210400, 210600}),
    ("{ ...F ...F } fragment F on Query { ... { city(code: $code) { name } } }", {}, {210600}),
    ("{ node(id: $id) { id } }", {"id": CITY_ID}, {210400}),
    ("{ nodes(ids: $ids) { id } }", {"ids": [CITY_ID, "?", 3]}, {210400}),
    ("{ nodes(ids: $ids) { id } }", {"ids": CITY_ID}, {210400}),
    ('{ city(code: "atlantis") { name } node(id: "?") { id } }', {}, set()),
    ('{ province(code: "210000") { name } viewer { role } }', {}, set()),
    ("{ city(code: $code) { name } }", {"code": None}, set()),
]


@pytest.mark.parametrize(("text", "variables", "expected"), WAYS)
def test_cities_that_an_operation_names(
    text: str,
    variables: dict[str, object],
    expected: set[int],
    shipped: tuple[Definition, ...],
) -> None:
    """They are found wherever the root names them: by code, slug, id, default or fragment."""
    document = parse(f'query Q($code: ID = "dandong", $id: ID, $ids: [ID!]) {text}')
    (definition,) = (
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    )
    operation = Operation(document, definition, variables, {}, {})
    assert named_cities(operation, Registry(shipped)) == expected


def of_city(code: str, subject: str = "someone") -> Claims:
    return Claims(subject, Role.CITY_ADMIN, (code,))


def test_what_claims_open_is_worked_out_once(shipped: tuple[Definition, ...]) -> None:
    """The same claims open the same, other claims and other tenants in force something else."""
    openings, registry = Openings(size=2), Registry(shipped)
    found = openings.of(of_city(FUSHUN), registry)
    scope = Scope(frozenset({210400}), Login.CITY)
    actor = actor_of(of_city(FUSHUN), registry)
    assert found == Opened(actor, scope, "210400 someone", "CITY_ADMIN", "210400")
    assert openings.of(of_city(FUSHUN), registry) is found
    assert openings.of(of_city(FUSHUN, "another"), registry)[0].subject == "another"
    everybody = openings.of(None, registry)
    assert everybody[1] == Scope(frozenset(registry.by_id))
    without = Registry(tuple(item for item in shipped if item.tenant_id != 210400))
    with pytest.raises(CodedError, match="there is no tenant 210400"):
        openings.of(of_city(FUSHUN), without)
    assert openings.of(None, without)[1] == Scope(frozenset(without.by_id))
    assert openings.of(of_city(FUSHUN), registry) == found
