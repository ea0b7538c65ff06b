"""An agreement of two cities: each keeps its copy, and is shown a small snapshot of the other."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLSchema, is_object_type

from schema.ids import GlobalId, parse_id
from tests.conftest import Graph, opened
from tests.isolation.canaries import Sighting, seen
from tests.isolation.casts import PURPOSE, ROLES, Cast, cast
from tests.isolation.conftest import Known
from tests.isolation.definitions import CODES
from tests.isolation.probes import Probe, Probes, Route, route_to
from tests.isolation.samples import Samples, literal
from tests.isolation.test_changes import changed, rows_by_letter
from tests.isolation.walking import Reply, walk
from tests.isolation.world import World

# what is written in both copies, and in the log of each city
WRITTEN = {
    "agreement",
    "agreement_activity",
    "agreement_cell",
    "agreement_delivery",
    "agreement_party",
    "agreement_version",
    "event",
    "event_counter",
}
# what a token of one city is shown of another
SNAPSHOT = {"id", "code", "slug", "name"}
# roles of city a that see the agreement whole, for they may read those of its party
PARTIES = {"MEMBER", "AGENT", "SECRETARY", "CITY_ADMIN", "a person with a post"}

# where mutations find agreements
PLACES = ("Agreement.id", "proposed", "draft", "not renewed", "to end")


@dataclass
class Pact:
    """An agreement of organizations of cities a and b, and which rows each change of it touched."""

    url: str
    world: World
    uuid: str = ""
    delivery: str = ""
    touched: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def id_in(self, letter: str) -> str:
        """The global id of a city's copy."""
        return str(GlobalId("Agreement", int(CODES[letter]), self.uuid))

    def delivery_in(self, letter: str) -> str:
        """The global id of the delivery in a city's copy."""
        return str(GlobalId("Delivery", int(CODES[letter]), parse_id(self.delivery).key))

    def organization(self, letter: str) -> dict[str, Any]:
        """The party's organization."""
        return self.world.row(letter, "organization", 1)

    @property
    def snapshot(self) -> frozenset[Sighting]:
        """What city a is shown of city b."""
        tenant = self.world.fillers["b"].definition.tenant
        organization = self.organization("b")
        shown = (tenant.slug, tenant.name, organization["code"], organization["name"])
        return seen(" ".join(shown))

    async def made(self, graph: Graph) -> None:
        """Proposed, signed by both, delivered, confirmed; a new version waits for signatures."""
        a, b = (graph.as_("CITY_ADMIN", CODES[x], purpose=PURPOSE, subject=x * 9) for x in "ab")
        proposed = await self._do(a, "proposeAgreement", self._proposal())
        self.uuid = proposed["agreement"]["agreementId"]
        hash_ = proposed["agreement"]["contentHash"]
        for admin, letter in ((b, "b"), (a, "a")):
            await self._do(admin, "signAgreement", self._of(letter, contentHash=hash_))
        given = self._of("a", commitment="c1", deliveredOn="2026-03-15", quantity="1", text="一")
        delivered = await self._do(a, "recordDelivery", given, "deliveryId")
        self.delivery = delivered["deliveryId"]
        await self._do(b, "confirmDelivery", {"delivery": self.delivery_in("b")})
        held = self._of("b", kind="MEETING", subject="会商", heldOn="2026-03-15")
        await self._do(b, "recordActivity", held)
        revision = (await a.data(REVISION, id=self.id_in("a")))["node"]["revision"]
        again = self._of("a", title="新一版", revision=revision, dimensions=self._dimensions())
        await self._do(a, "reviseAgreement", again)

    async def _do(
        self, graph: Graph, name: str, given: Mapping[str, Any], more: str = ""
    ) -> dict[str, Any]:
        before = await rows_by_letter(self.url)
        type_ = name[0].upper() + name[1:]
        selected = f"agreement {{ agreementId contentHash }} {more} refusals {{ message }}"
        query = f"mutation ($input: {type_}Input!) {{ {name}(input: $input) {{ {selected} }} }}"
        answer: dict[str, Any] = (await graph.data(query, input=given))[name]
        assert answer["refusals"] == []
        self.touched[name] = changed(before, await rows_by_letter(self.url))
        return answer

    def _proposal(self) -> dict[str, Any]:
        key = self._dimensions()[0]
        commitment = {
            "dimension": key,
            "text": "互访",
            "owner": 1,
            "quantity": "2",
            "unit": "次",
        }
        return {
            "city": CODES["a"],
            "organization": self.organization("a")["code"],
            "parties": [{"city": CODES["b"], "organization": self.organization("b")["code"]}],
            "title": "结对",
            "dimensions": [key],
            "commitments": [commitment],
            "workingGroup": [{"party": 2, "duty": "组长", "title": "书记"}],
        }

    def _dimensions(self) -> list[str]:
        (row, *_) = self.world.fillers["a"].rows["agreement_version"]
        return [dimension["key"] for dimension in row["content"]["dimensions"]]

    def _of(self, letter: str, **given: Any) -> dict[str, Any]:
        return {"agreement": self.id_in(letter), **given}


REVISION = "query ($id: ID!) { node(id: $id) { ... on Agreement { revision } } }"


@pytest.fixture(scope="module")
def pact(world: World) -> Pact:
    """The agreement, in a copy of the world."""

    async def make() -> Pact:
        made = Pact(await world.copy("world_agreement"), world)
        async with opened(made.url, services=world.services) as graph:
            await made.made(graph)
        return made

    return asyncio.run(make())


@asynccontextmanager
async def _casts(pact: Pact, samples: Known) -> AsyncIterator[Callable[[str], Cast]]:
    async with opened(pact.url, services=pact.world.services) as graph:
        yield lambda role: cast(role, graph, pact.world, samples)


def _probes(schema: GraphQLSchema, known: Samples, pact: Pact, letter: str) -> list[Probe]:
    """All that is asked with own values of and through the agreement, by the id of a copy."""
    ids = {"Agreement.id": [pact.id_in(letter)], "Delivery.id": [pact.delivery_in(letter)]}
    here = Samples(known.tenants, {**known.values, **ids})
    return [probe for probe in Probes(schema, here, []).queries() if "greement" in probe.text]


def _snapshot_probe(pact: Pact) -> Probe:
    """What every role may ask about the cities of an agreement."""
    asked = f"parties{{name code city{{{' '.join(sorted(SNAPSHOT))}}}}}"
    text = route_to("Agreement", pact.id_in("a")).around(asked)
    return Probe("Agreement.parties", "node", text, False)


def _of_city(replies: list[Reply], letter: str) -> set[Sighting]:
    shown = frozenset[Sighting]().union(*(reply.canaries() for reply in replies))
    return {found for found in shown if found.letter == letter}


@pytest.mark.parametrize("role", [role for role in ROLES if role != "PUBLIC"])
async def test_the_other_city_is_a_snapshot(
    role: str, pact: Pact, samples: Known, schema: GraphQLSchema
) -> None:
    """Of the other city its code, slug and name, of its organization code and name: all else no."""
    async with _casts(pact, samples) as cast_:
        who = cast_(role)
        replies = await walk(who.graph, _probes(schema, who.samples, pact, "a"))
        assert [str(reply) for reply in replies if "INTERNAL" in reply.codes] == []
        replies += await walk(who.graph, [_snapshot_probe(pact)])
        if not role.startswith("PROVINCE"):
            assert _of_city(replies, "b") - seen(who.knows) == pact.snapshot
        assert _of_city(replies, "c") | _of_city(replies, "e") == set()
        assert any("新一版" in reply.text for reply in replies) == (role in PARTIES)


def _city_probes(schema: GraphQLSchema, known: Samples, pact: Pact) -> Iterator[Probe]:
    """Every field of the cities that an agreement leads to."""
    city = schema.type_map["City"]
    assert is_object_type(city)
    agreement = route_to("Agreement", pact.id_in("a"))
    pairs = route_to("City", str(GlobalId("City", int(CODES["a"]))))
    step = "agreementStatistics(by: [CITY_PAIR], where: {crossCity: true})"
    ways: tuple[Route, ...] = (
        agreement.on("parties").on("city"),
        pairs.on(step).on("rows").on("cityPair").on("b"),
    )
    for way in ways:
        yield from Probes(schema, known, []).of(city, way, alone=False)


async def test_no_field_leads_into_the_other_city(
    pact: Pact, samples: Known, schema: GraphQLSchema
) -> None:
    """Every field of the other city but its code, slug and name is FORBIDDEN, wherever it is."""
    async with _casts(pact, samples) as cast_:
        who = cast_("CITY_ADMIN")
        probes = list(_city_probes(schema, who.samples, pact))
        replies = await walk(who.graph, probes)
    found: dict[str, set[str]] = {}
    for reply in replies:
        errors = reply.body.get("errors", [])
        assert all("path" in error for error in errors), str(reply)
        # the first party is of the own city; where that refuses an argument, and null spreads to
        # all, the other's refusal is not told
        own = {error["path"][0] for error in errors if error["path"][1:3] == ["parties", 0]}
        foreign = (error for error in errors if error["path"][1:3] != ["parties", 0])
        refused = {error["path"][0]: error["extensions"]["code"] for error in foreign}
        for at, probe in enumerate(reply.probes):
            name, alias = probe.name.partition(".")[2].partition("(")[0], f"p{at}"
            if alias not in own or reply.body["data"][alias] is not None:
                found.setdefault(name, set()).add(refused.get(alias, "shown"))
    fields = set(schema.type_map["City"].fields)  # type: ignore[attr-defined]
    assert found == {name: {"shown" if name in SNAPSHOT else "FORBIDDEN"} for name in fields}


async def test_cities_of_a_pair_are_counted(pact: Pact, samples: Known) -> None:
    """Their province counts the agreement once, under both cities."""
    query = """query ($province: ID!) { province(code: $province) {
      agreementStatistics(by: [CITY_PAIR], where: {crossCity: true}) {
        rows { cityPair { a { code } b { code } } measures { agreements } } } } }"""
    async with _casts(pact, samples) as cast_:
        data = await cast_("PROVINCE_ADMIN").graph.data(query, province=CODES["d"])
    assert data["province"]["agreementStatistics"]["rows"] == [
        {
            "cityPair": {"a": {"code": CODES["a"]}, "b": {"code": CODES["b"]}},
            "measures": {"agreements": 1},
        }
    ]


async def test_the_other_copy_is_nobodys(pact: Pact, samples: Known, schema: GraphQLSchema) -> None:
    """By the other copy's ids nothing is shown, and no mutation does anything, nor says why."""
    before = await rows_by_letter(pact.url)
    async with _casts(pact, samples) as cast_:
        who = cast_("CITY_ADMIN")
        for id_ in (pact.id_in("b"), pact.delivery_in("b")):
            query = f"{{ node(id: {literal(id_)}) {{ id }} }}"
            assert await who.graph(query) == await who.graph(query.replace(id_, pact.id_in("c")))
        ids = {place: [pact.id_in("b")] for place in PLACES}
        ids["Delivery.id"] = [pact.delivery_in("b")]
        there = Samples(who.samples.tenants, {**who.samples.values, **ids})
        probes = [
            probe
            for probe in Probes(schema, there, []).mutations(dry_run=False)
            if probe.is_plain and ("agreement: " in probe.text or "delivery: " in probe.text)
        ]
        replies = await walk(who.graph, probes, "mutation")
    codes = {
        probe.field: [refusal["code"] for refusal in value["refusals"]]
        for reply in replies
        for probe, value in reply.answers()
    }
    of_delivery = {"confirmDelivery", "disputeDelivery"}
    assert codes == {
        name: ["DELIVERY_UNKNOWN" if name in of_delivery else "AGREEMENT_UNKNOWN"] for name in codes
    }
    assert len(codes) == 11
    assert changed(before, await rows_by_letter(pact.url)) == {}


@pytest.mark.parametrize("letter", "ab")
async def test_a_third_city_sees_nothing(
    letter: str, pact: Pact, samples: Known, schema: GraphQLSchema
) -> None:
    """Neither copy shows anything of itself to a city that is no party."""
    async with opened(pact.url, services=pact.world.services) as graph:
        stranger = graph.as_("CITY_ADMIN", CODES["c"], purpose=PURPOSE)
        replies = await walk(stranger, _probes(schema, samples["c"], pact, letter))
    assert _of_city(replies, "a") | _of_city(replies, "b") == set()
    texts = ("结对", "新一版", "互访")
    assert [str(reply) for reply in replies if any(text in reply.text for text in texts)] == []


def test_only_the_copies_change(pact: Pact) -> None:
    """What one city does writes the copies and both logs, and nothing of any other tenant."""
    assert len(pact.touched) == 6
    for name, touched in pact.touched.items():
        assert set(touched) == {"a", "b"}, name
        for letter in "ab":
            rows = touched[letter]
            assert {row.partition(" ")[0] for row in rows} <= WRITTEN
            counts = ("event_counter ", "agreement_cell ")  # which name no agreement
            about = {row for row in rows if not row.startswith(counts)}
            plain = {row.replace("-", "") for row in about}
            assert [row for row in plain if pact.uuid not in row] == []


async def test_the_log_names_the_city_alone(pact: Pact) -> None:
    """What another city did is in a city's log under that city, whoever it was that did it."""
    connection: Any = await asyncpg.connect(pact.url)
    try:
        statement = "SELECT tenant_id, kind, actor, person_id, about::text FROM event"
        rows = await connection.fetch(f"{statement} WHERE agreement_id = $1", pact.uuid)
    finally:
        await connection.close()
    actors = {(row["tenant_id"], row["actor"], row["person_id"]) for row in rows}
    assert actors == {
        (990100, "aaaaaaaaa", None),
        (990100, "city:990200", None),
        (990200, "bbbbbbbbb", None),
        (990200, "city:990100", None),
    }
    facts = [json.loads(row["about"]) for row in rows]
    assert [found for found in facts if seen(json.dumps(found))] == []
