"""Provinces: rungs over cities of different depths, and the shared vocabulary."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schema.loaders.organization_statistics import LevelCell
from schema.provinces.types import summaries
from tenants.definition import City, Definition, Province, RungName
from tenants.hierarchy import Level, Rung
from tests.conftest import Graph

RUNGS = """query ($code: ID!) { province(code: $code) { rungs {
  rung name total cities { city { slug } count levels { key rung } } without { slug }
} cities { slug levels { key rung } organizationCounts { level { key } count } } } }"""


async def test_rungs_set_cities_side_by_side(graph: Graph) -> None:
    """Each rung's total is the sum of its cities' levels of that rung, and nothing is left out."""
    found = (await graph.data(RUNGS, code="liaoning"))["province"]
    levels = {
        (city["slug"], level["key"]): level["rung"]
        for city in found["cities"]
        for level in city["levels"]
    }
    expected: Counter[tuple[str | None, str]] = Counter()
    for city in found["cities"]:
        for item in city["organizationCounts"]:
            key = item["level"]["key"]
            expected[levels[city["slug"], key], city["slug"]] += item["count"]
    given_: Counter[tuple[str | None, str]] = Counter()
    for rung in found["rungs"]:
        assert rung["total"] == sum(city["count"] for city in rung["cities"])
        for city in rung["cities"]:
            given_[rung["rung"], city["city"]["slug"]] = city["count"]
            assert {level["rung"] for level in city["levels"]} == {rung["rung"]}
        both = [c["city"]["slug"] for c in rung["cities"]] + [c["slug"] for c in rung["without"]]
        assert sorted(both) == sorted(city["slug"] for city in found["cities"])
    assert +given_ == +expected
    grids = next(rung for rung in found["rungs"] if rung["rung"] == "GRID")
    assert {city["city"]["slug"]: city["count"] for city in grids["cities"]} == {
        "fushun": 319,
        "dandong": 2016,
        "huludao": 1230,
    }


async def test_rungs_cost_one_statement_for_one_city_or_seven(graph: Graph) -> None:
    """The number of cities does not change the number of statements."""
    query = "query ($c: ID!) { province(code: $c) { rungs { total cities { count } } } }"
    assert [await graph.statements(query, c=code) for code in ("liaoning", "ningxia")] == [1, 1]


async def test_levels_without_a_rung_are_named(graph: Graph) -> None:
    """What does not compare is listed by its own name, last."""
    found = (await graph.data(RUNGS, code="liaoning"))["province"]["rungs"][-1]
    named = {
        (city["city"]["slug"], level["key"]) for city in found["cities"] for level in city["levels"]
    }
    assert found["rung"] is None
    assert {("dandong", "grid_branch"), ("huludao", "tier_grid")} <= named


async def test_service_domains_of_a_province(graph: Graph) -> None:
    """Services of different cities map to one vocabulary."""
    query = """{ province(code: "liaoning") { serviceDomains { key }
      cities { catalogue { categories { services { domain { key } } } } } } }"""
    found = (await graph.data(query))["province"]
    known = {domain["key"] for domain in found["serviceDomains"]}
    used = {
        service["domain"]["key"]
        for city in found["cities"]
        for category in city["catalogue"]["categories"]
        for service in category["services"]
        if service["domain"]
    }
    assert used <= known
    assert {"environment", "dispute", "safety"} <= used


@st.composite
def cities_and_counts(draw: Any) -> tuple[list[Definition], list[LevelCell]]:
    """Cities with arbitrary levels, and a count for some of them."""
    rungs = st.sampled_from([None, Rung.GRID, Rung.COMMUNITY, Rung.STATION])
    cities, counts = [], []
    for number in range(draw(st.integers(0, 4))):
        levels = [
            Level(key=f"level_{at}", name="层", rung=draw(rungs))
            for at in range(draw(st.integers(0, 5)))
        ]
        tenant = City(
            code=f"{100001 + number}", slug=f"city{number}", name="市", province="210000",
            levels=levels,
        )  # fmt: skip
        definition = Definition(tenant, ())
        cities.append(definition)
        for level in levels:
            if draw(st.booleans()):
                count = draw(st.integers(1, 9))
                counts.append(LevelCell(definition.tenant_id, level.key, "", 0, count))
    return cities, counts


@given(cities_and_counts())
def test_summaries_neither_lose_nor_double(
    given_: tuple[list[Definition], list[LevelCell]],
) -> None:
    """Over any hierarchies, all counts together are all organizations, each city once a rung."""
    cities, counts = given_
    names = [RungName(rung=Rung.GRID, name="网格")]
    vocabulary = Province(code="210000", slug="liaoning", name="辽宁省", rungs=names)
    found = summaries(vocabulary, cities, counts)
    total = sum(item.organizations for item in counts)
    assert sum(c.count for s in found for c in s.cities) == total
    assert len({summary.rung for summary in found}) == len(found)
    for summary in found:
        sides = [c.city.tenant_id for c in summary.cities]
        sides += [city.tenant_id for city in summary.without]
        assert sorted(sides) == sorted(city.tenant_id for city in cities)
