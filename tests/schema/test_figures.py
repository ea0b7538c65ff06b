"""Reported figures: every one as stated, and who states a subject."""

import csv
from pathlib import Path
from typing import Any

from tests.conftest import Graph
from tests.schema.test_organizations import every

FIGURES = """query ($code: ID!, $after: String) { province(code: $code) {
  figures(first: 100, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { code subject value unit approximate period place source statedFor city { name } }
  } } }"""

PROVINCES = ["210000", "520000", "510000", "640000", "630000", "150000"]


def stated() -> dict[str, dict[str, Any]]:
    """The rows of figures.csv by code, as the API should give them."""
    with Path("seeds/data/figures.csv").open(encoding="utf-8", newline="") as rows:
        return {
            row["code"]: {
                "code": row["code"],
                "subject": row["subject"],
                "value": row["value"],
                "unit": row["unit"],
                "approximate": row["approximate"] == "yes",
                "period": row["period"] or None,
                "place": row["place"] or None,
                "source": row["source"],
                "statedFor": row["stated_for"],
            }
            for row in csv.DictReader(rows)
        }


async def test_every_figure_comes_back_as_stated(graph: Graph) -> None:
    """All 310 rows of figures.csv are in the graph: value, unit, period and all."""
    found = []
    for code in PROVINCES:
        found += await every(graph, FIGURES, "province", "figures", code=code)
    cities = [(node["code"], (node.pop("city") or {}).get("name")) for node in found]
    assert {node["code"]: node for node in found} == stated()
    assert len(stated()) == 310
    # the agreement's five figures are kept by both cities, the western one by five provinces
    assert len(found) == 310 + 5 + 4
    assert sorted(str(name) for code, name in cities if code == "F267") == ["六盘水市", "贵阳市"]
    assert [name for code, name in cities if code == "F252"] == [None] * 5


async def test_a_province_names_the_cities_that_do_not_state_a_subject(graph: Graph) -> None:
    """What a city does not state is named, not counted as nothing."""
    found = await graph.data(
        """{ province(code: "liaoning") { figures(subject: "合作社带动农户", first: 10) {
          totalCount coverage { total statedBy { name } notStatedBy { name } }
          nodes { value unit city { name } } } } }"""
    )
    assert found["province"]["figures"] == {
        "totalCount": 2,
        "coverage": {
            "total": 2,
            "statedBy": [{"name": "抚顺市"}, {"name": "营口市"}],
            "notStatedBy": [
                {"name": name} for name in ("大连市", "丹东市", "辽阳市", "朝阳市", "葫芦岛市")
            ],
        },
        "nodes": [
            {"value": "12000", "unit": "户", "city": {"name": "抚顺市"}},
            {"value": "14000", "unit": "人", "city": {"name": "营口市"}},
        ],
    }


async def test_figures_of_a_city_by_subject_and_period(graph: Graph) -> None:
    """The two rates of member participation differ by period, and are both there."""
    found = await graph.data(
        """{ city(code: "fushun") {
          both: figures(subject: "党员参与率") { nodes { period value unit } }
          one: figures(subject: "党员参与率", period: "2019") { nodes { period value unit } } } }"""
    )
    assert found["city"] == {
        "both": {
            "nodes": [
                {"period": "2019", "value": "65", "unit": "%"},
                {"period": "2023", "value": "92", "unit": "%"},
            ]
        },
        "one": {"nodes": [{"period": "2019", "value": "65", "unit": "%"}]},
    }


async def test_pages_of_figures_of_two_cities_are_independent(graph: Graph) -> None:
    """One statement pages two cities, each by itself."""
    query = """{ cities(province: "guizhou") { name figures(first: 2) {
      pageInfo { hasNextPage } nodes { code } } } }"""
    found = await graph.data(query)
    assert [
        (city["name"], len(city["figures"]["nodes"]), city["figures"]["pageInfo"]["hasNextPage"])
        for city in found["cities"]
    ] == [("贵阳市", 2, True), ("六盘水市", 2, True), ("黔东南苗族侗族自治州", 2, True)]
    assert await graph.statements(query) == 1


async def test_text_that_cannot_be_stored_is_a_coded_error(graph: Graph) -> None:
    """U+0000 in an argument is the sender's mistake, not a fault."""
    for query in (
        'query ($t: String!) { city(code: "fushun") { figures(subject: $t) { totalCount } } }',
        'query ($t: String!) { city(code: "fushun") { organizations(search: $t) { totalCount } } }',
        'query ($t: ID!) { city(code: "fushun") { organization(code: $t) { name } } }',
    ):
        answer = await graph(query, t="甲\u0000乙")
        assert answer["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
