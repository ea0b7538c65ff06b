"""What is personal leaves no trace: not in cursors, orders, filters, events, errors or logs."""

import io
import json
import logging
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest
import structlog
from graphql import GraphQLSchema, get_named_type, is_object_type
from sqlmodel import SQLModel

from schema.keyring import sealing_context
from schema.paging import parse_cursor
from schema.personal import PERSONAL, PersonalClass, mask
from schema.projection import metadata
from server.logs import configure_logs
from tests.conftest import Graph, opened
from tests.isolation.canaries import phone, surname
from tests.isolation.casts import cast
from tests.isolation.conftest import Copy, Known
from tests.isolation.definitions import CODES
from tests.isolation.probes import Probes
from tests.isolation.walking import Reply, differences, walk_together
from tests.isolation.world import World

NAME, PHONE = "欧阳无痕", "13812345678"
PURPOSE = "为本人办理事项"


# who may see none of these people but masked; with and without a purpose
EVERYBODY, OUTSIDE = (0, 1, 2, 3, 4, 5), (0, 4, 5)
ONE = {EVERYBODY: [("GRID_WORKER", True)]}
ALL = {
    EVERYBODY: [("RESIDENT", True), ("GRID_WORKER", True), ("CITY_ADMIN", False)],
    OUTSIDE: [("SECRETARY", True)],
}
Cases = dict[tuple[int, ...], list[tuple[str, bool]]]


async def _renamed(url: str, world: World, people: Iterable[int]) -> None:
    """Give people of city a other names and numbers that look the same when they are masked."""
    keyring, tenant_id = world.services.keyring, int(CODES["a"])
    connection: Any = await asyncpg.connect(url)
    try:
        for n in people:
            row = world.row("a", "person", n)
            number = f"+861390000{row['phone_masked'][-4:]}"
            name = f"{surname('a')}某某{n}"
            assert mask(PersonalClass.PHONE, number) == row["phone_masked"]
            assert mask(PersonalClass.NAME, name) == mask(PersonalClass.NAME, row["name"])
            sealed = keyring.seal(number, sealing_context(tenant_id, row["id"], "phone"))
            await connection.execute(
                "UPDATE person SET name = $3, phone_sealed = $4, phone_index = $5"
                " WHERE tenant_id = $1 AND id = $2",
                *(tenant_id, row["id"], name, sealed.data, keyring.index(number, tenant_id).data),
            )
    finally:
        await connection.close()


async def _asked(
    people: tuple[int, ...],
    who: list[tuple[str, bool]],
    world: World,
    samples: Known,
    schema: GraphQLSchema,
    copied: Copy,
    plain: bool = False,
) -> list[list[Reply]]:
    """All that comes back to these roles, where these people have other names and numbers."""
    url = await copied()
    await _renamed(url, world, people)
    every = Probes(schema, samples["a"], []).queries()
    probes = [probe for probe in every if probe.is_plain or not plain]
    async with opened(url, services=world.services) as graph:
        graphs = []
        for role, purpose in who:
            own = cast(role, graph, world, samples).graph
            kept = {k: v for k, v in own.headers.items() if purpose or k != "x-purpose"}
            graphs.append(replace(own, headers=kept))
        return await walk_together(graphs, probes)


@pytest.mark.soak
@pytest.mark.parametrize("cases", [ONE, ALL])
async def test_masked_is_all_that_is_learned(
    cases: Cases, world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """Other names and numbers under the same masks change no answer, filter, order or count."""
    for people, roles in cases.items():
        real = await _asked((), roles, world, samples, schema, copied)
        other = await _asked(people, roles, world, samples, schema, copied)
        for one, another in zip(real, other, strict=True):
            assert differences(one, another) == []


@pytest.mark.soak
async def test_the_mask_is_what_keeps_it(
    world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """The comparison notices names and numbers: who may see them, is shown other ones."""
    who = [("SECRETARY", True)]
    (real,) = await _asked((), who, world, samples, schema, copied, plain=True)
    (other,) = await _asked((1, 2), who, world, samples, schema, copied, plain=True)
    assert differences(real, other) != []


async def test_a_phone_is_found_only_where_it_may_be_seen(world: World, copied: Copy) -> None:
    """Who is a secretary here and a worker there finds people by phone here only."""
    person, other = world.row("a", "person", 3), world.row("a", "organization", 4)
    worker = world.row("a", "post", 1)["kind"]
    url = await copied(
        "INSERT INTO post (tenant_id, id, person_id, organization_id, kind, valid_from, data_kind)"
        f" VALUES (990100, gen_random_uuid(), '{person['id']}', '{other['id']}', '{worker}',"
        " '2020-01-01', 'REAL')"
    )
    async with opened(url, services=world.services) as graph:
        bound = graph.as_("", CODES["a"], person=person["id"], purpose=PURPOSE)
        seen = await bound.data(FIND, city=CODES["a"])
        numbers = [phone("a", n) for n in range(6)]
        found = [await bound.data(FIND, city=CODES["a"], phone=number) for number in numbers]
    assert len(seen["city"]["people"]["nodes"]) == 3  # itself, and those of the other subtree
    sizes = [len(data["city"]["people"]["nodes"]) for data in found]
    assert sizes == [0, 0, 0, 1, 0, 0]


def test_cursors_of_people_are_ids(schema: GraphQLSchema, samples: Known, world: World) -> None:
    """Connections of what has marked fields are in order of ids, or of places and then of ids."""
    edges = [
        type_.name
        for type_ in schema.type_map.values()
        if is_object_type(type_)
        and {"cursor", "node"} <= set(type_.fields)
        and any(_is_marked(get_named_type(type_.fields["node"].type)))
    ]
    assert edges
    paths = {row["path"] for row in world.fillers["a"].rows["organization"]}
    for edge in edges:
        for cursor in samples["a"].values[f"{edge}.cursor"]:
            *places, value = parse_cursor(cursor, 2 if edge == "HouseholdEdge" else 1)
            assert str(uuid.UUID(value)) == value
            assert set(places) <= paths


def _is_marked(type_: Any) -> Iterator[bool]:
    for name in getattr(type_, "fields", {}):
        yield PERSONAL in metadata(type_, name)


APPOINT = """
mutation ($input: AppointInput!, $dryRun: Boolean! = false) {
  appoint(input: $input, dryRun: $dryRun) {
    post { id person { id name phone } }
    refusals { code message }
  }
}
"""
RELIEVE = "mutation ($input: RelieveInput!) { relieve(input: $input) { refusals { message } } }"
FIND = """
query ($city: ID!, $phone: String) {
  city(code: $city) { people(phone: $phone) { nodes { id name phone } } }
}
"""
READ = "query ($id: ID!) { node(id: $id) { ... on Person { name phone } } }"


@dataclass(frozen=True)
class Life:
    """Somebody's appearance in a city: the answers in which name and number may not be."""

    graph: Graph
    place: str
    kind: str

    async def lived(self) -> list[str]:
        """Appoint a person, look it up in all ways, relieve it; the answers to who may not see."""
        admin = self.graph.as_("CITY_ADMIN", CODES["a"], purpose=PURPOSE)
        blunt = self.graph.as_("CITY_ADMIN", CODES["a"])
        worker = self.graph.as_("GRID_WORKER", CODES["a"], purpose=PURPOSE)
        made = (await admin.data(APPOINT, input=self._input()))["appoint"]
        assert made["refusals"] == []
        person, post = made["post"]["person"], made["post"]["id"]
        assert (person["name"], person["phone"]) == (NAME, f"+86{PHONE}")
        assert await self._found(admin) == [person]
        unseen = [
            await self._text(blunt, READ, id=person["id"]),
            await self._text(blunt, FIND, city=CODES["a"], phone=PHONE),
            await self._text(worker, FIND, city=CODES["a"], phone=PHONE),
            await self._text(self.graph, FIND, city=CODES["a"], phone=PHONE),
            await self._text(blunt, APPOINT, input=self._input(), dryRun=True),
            await self._text(admin, APPOINT, input=self._input(phone=f"{PHONE}0")),
            await self._text(admin, FIND, city=CODES["a"], phone=f"{PHONE}0"),
            await self._text(worker, APPOINT, input=self._input()),
        ]
        relieved = await admin.data(RELIEVE, input={"city": CODES["a"], "post": post})
        assert relieved["relieve"]["refusals"] == []
        return unseen

    def _input(self, phone: str = PHONE) -> dict[str, Any]:
        new = {"name": NAME, "phone": phone}
        return {
            "city": CODES["a"],
            "organization": self.place,
            "kind": self.kind,
            "newPerson": new,
        }

    async def _found(self, graph: Graph) -> Any:
        data = await graph.data(FIND, city=CODES["a"], phone=PHONE)
        return data["city"]["people"]["nodes"]

    async def _text(self, graph: Graph, query: str, **variables: Any) -> str:
        return (await graph.post(query, **variables)).text


def _life(graph: Graph, world: World) -> Life:
    return Life(graph, world.row("a", "organization", 2)["code"], world.row("a", "post", 2)["kind"])


def _traces(text: str) -> list[str]:
    """Which of the name, its parts, the number and its bytes a text has."""
    number = PHONE.encode().hex()
    return [part for part in (NAME, "无痕", PHONE, number, NAME.encode().hex()) if part in text]


async def test_only_a_persons_row_knows_it(world: World, copied: Copy) -> None:
    """After a life of appointments, reads and denials no table but its own has name or number."""
    url = await copied()
    async with opened(url, services=world.services) as graph:
        await _life(graph, world).lived()
    connection: Any = await asyncpg.connect(url)
    try:
        found = {}
        for table in SQLModel.metadata.sorted_tables:
            rows = await connection.fetch(f"SELECT t::text FROM {table.name} t")
            found[table.name] = _traces("\n".join(row[0] for row in rows))
        kinds = await connection.fetch(
            "SELECT DISTINCT kind FROM event WHERE tenant_id = 990100 AND seq > $1",
            len(world.fillers["a"].rows["event"]),
        )
    finally:
        await connection.close()
    assert found.pop("person") == [NAME, "无痕"]
    assert [table for table, traces in found.items() if traces] == []
    assert sorted(row["kind"] for row in kinds) == [
        "APPOINTED",
        "PERSONAL_DATA_DENIED",
        "PERSONAL_DATA_READ",
        "RELIEVED",
    ]


async def test_answers_to_others_have_masks(world: World, copied: Copy) -> None:
    """Who may not see name or number finds neither in data, refusals or errors."""
    async with opened(await copied(), services=world.services) as graph:
        unseen = await _life(graph, world).lived()
    assert [_traces(text) for text in unseen] == [[]] * len(unseen)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged in a test, as a server logs it; afterwards the log is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("json", "debug", stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


async def test_logs_have_neither(world: World, copied: Copy, log: io.StringIO) -> None:
    """No line of the log has a name or number that was in variables, documents, headers or URLs."""
    async with opened(await copied(), services=world.services) as graph:
        await _life(graph, world).lived()
        for query in (
            f'{{ city(code: "990100") {{ people(phone: "{PHONE}") {{ nodes {{ id }} }} }} }}',
            f'{{ city(code: "{PHONE}") {{ {NAME}',
            f"query P{PHONE} {{ viewer {{ role nothing{PHONE} }} }}",
            f"query P{PHONE} {{ viewer {{ role }} }}",
        ):
            await graph.post(query, phone=PHONE)
        await graph.post(APPOINT, input={"newPerson": {"name": [NAME], "phone": int(PHONE)}})
        await graph.http.get("/graphql", params={"query": "{viewer{role}}", "phone": PHONE})
        headers = dict.fromkeys(("x-purpose", "x-request-id", "user-agent"), PHONE)
        await graph.http.get(f"/{PHONE}", headers=headers)
    lines = log.getvalue().splitlines()
    assert len(lines) > 15
    assert {json.loads(line)["event"] for line in lines} >= {"request", "denied"}
    assert [line for line in lines if _traces(line)] == []
