"""Organizations: the tree in every direction, pages, search, names and history."""

import random
from collections import Counter
from typing import Any

import pytest

from seeds.divisions import divisions_of, load_divisions
from seeds.organizations import Organization, build_tree
from tenants.definition import Definition
from tests.conftest import TODAY, Graph

CITIES = [
    "dalian", "fushun", "dandong", "yingkou", "liaoyang", "chaoyang", "huludao", "guiyang",
    "liupanshui", "qiandongnan", "chengdu", "panzhihua", "yinchuan", "haidong", "hulunbuir",
]  # fmt: skip


def expected_tree(shipped: tuple[Definition, ...], slug: str) -> dict[str, Organization]:
    """What the loader makes of a city, by code; only what exists today."""
    definition = next(item for item in shipped if item.tenant.slug == slug)
    tree = build_tree(definition, divisions_of(definition.tenant, load_divisions()))
    return {
        code: item
        for code, item in tree.by_code.items()
        if (item.valid_to is None or item.valid_to > TODAY)
        and (item.valid_from is None or item.valid_from <= TODAY)
    }


async def every(graph: Graph, query: str, *path: str, **variables: Any) -> list[Any]:
    """All nodes of a connection, page by page."""
    nodes: list[Any] = []
    after = None
    while True:
        found = await graph.data(query, after=after, **variables)
        for name in path:
            found = found[name]
        nodes += found["nodes"]
        if not found["pageInfo"]["hasNextPage"]:
            return nodes
        after = found["pageInfo"]["endCursor"]


@pytest.mark.parametrize("city", CITIES)
async def test_communities_and_villages_are_those_of_the_divisions(
    graph: Graph, shipped: tuple[Definition, ...], city: str
) -> None:
    """A city has as many communities and villages as the statistical divisions of 2023."""
    definition = next(item for item in shipped if item.tenant.slug == city)
    own = list(divisions_of(definition.tenant, load_divisions()))
    kinds = Counter(len(item.code) for item in own)
    villages = sum(len(item.code) == 12 and item.code[9] in "235" for item in own)
    found = await graph.data(
        """query ($city: ID!) { city(code: $city) {
          communities: organizations(rung: COMMUNITY, first: 1) { totalCount }
          villages: organizations(rung: VILLAGE, first: 1) { totalCount }
          streets: organizations(rung: STREET, first: 1) { totalCount }
          towns: organizations(rung: TOWNSHIP, first: 1) { totalCount }
          counties: organizations(rung: COUNTY, first: 1) { totalCount }
        } }""",
        city=city,
    )
    counted = {name: value["totalCount"] for name, value in found["city"].items()}
    assert counted["communities"] == kinds[12] - villages
    assert counted["villages"] == villages
    assert counted["streets"] + counted["towns"] == kinds[9]
    assert counted["counties"] == sum(item.code[4:] != "00" for item in own if len(item.code) == 6)


TREE = """query ($city: ID!, $after: String) { city(code: $city) {
  organizations(first: 80, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      code name level { key } dataKind parent { code } ancestors { code }
      descendantCount descendantCounts { level { key } count }
      children(first: 100) { pageInfo { hasNextPage } nodes { code } }
    }
  }
} }"""


@pytest.mark.parametrize("city", ["fushun", "yinchuan"])
async def test_whole_tree_agrees_with_itself(
    graph: Graph, shipped: tuple[Definition, ...], city: str
) -> None:
    """Parents, ancestors, children and counts of every organization follow from one tree."""
    tree = expected_tree(shipped, city)
    found = {n["code"]: n for n in await every(graph, TREE, "city", "organizations", city=city)}
    assert set(found) == set(tree)
    for code, item in tree.items():
        chain = item.path.strip("/").split("/")[:-1]
        below = [other for other in tree.values() if other.path.startswith(item.path)]
        levels = Counter(other.level for other in below if other is not item)
        node = found[code]
        assert {
            "name": node["name"],
            "level": node["level"]["key"],
            "kind": node["dataKind"],
            "parent": node["parent"] and node["parent"]["code"],
            "ancestors": [ancestor["code"] for ancestor in node["ancestors"]],
            "count": node["descendantCount"],
            "counts": {c["level"]["key"]: c["count"] for c in node["descendantCounts"]},
        } == {
            "name": item.name,
            "level": item.level,
            "kind": item.data_kind.value,
            "parent": item.parent,
            "ancestors": chain,
            "count": len(below) - 1,
            "counts": dict(levels),
        }
        if not node["children"]["pageInfo"]["hasNextPage"]:
            children = {other.code for other in below if other.parent == code}
            assert {child["code"] for child in node["children"]["nodes"]} == children


PAGES = """query ($first: Int, $after: String, $last: Int, $before: String, $search: String) {
  city(code: "huludao") {
    organizations(
      level: "community", search: $search
      first: $first, after: $after, last: $last, before: $before
    ) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { code } }
    }
  }
}"""


@pytest.mark.parametrize("search", [None, "she", "新"])
async def test_pages_of_any_size_make_the_same_list_both_ways(
    graph: Graph, search: str | None
) -> None:
    """Walking forward and backward by random pages gives every row once, in one order."""
    sizes = random.Random(4)  # the sizes do not matter, only that they differ
    forward: list[str] = []
    after = None
    while True:
        size = sizes.randint(1, 100)
        page = (await graph.data(PAGES, first=size, after=after, search=search))["city"]
        found = page["organizations"]
        forward += [edge["node"]["code"] for edge in found["edges"]]
        assert found["totalCount"] >= len(forward)
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    backward: list[str] = []
    before = None
    while True:
        size = sizes.randint(1, 100)
        page = (await graph.data(PAGES, last=size, before=before, search=search))["city"]
        found = page["organizations"]
        backward = [edge["node"]["code"] for edge in found["edges"]] + backward
        before = found["pageInfo"]["startCursor"]
        if not found["pageInfo"]["hasPreviousPage"]:
            break
    assert len(forward) == found["totalCount"] == len(set(forward))
    assert backward == forward


SEARCH = """query ($city: ID!, $text: String!) { city(code: $city) {
  organizations(search: $text, first: 5) { nodes { name } }
} }"""


@pytest.mark.parametrize(
    ("city", "text", "names"),
    [
        ("fushun", "fs", ["抚顺市", "抚顺县", "抚顺城街道"]),
        ("fushun", "fushun", ["抚顺市", "抚顺县", "抚顺城街道"]),
        ("fushun", " Fu Shun ", ["抚顺市", "抚顺县", "抚顺城街道"]),
        ("fushun", "长春街道", ["长春街道"]),
        ("fushun", "长春街道办事处", ["长春街道"]),
        ("fushun", "changchunjiedao", ["长春街道"]),
        ("chaoyang", "小平房村", ["小平房村民委员会", "小平房村村民委员会"]),
        ("chaoyang", "小平房村委会", ["小平房村民委员会", "小平房村村民委员会"]),
        ("chaoyang", "小平房村民委员会", ["小平房村民委员会", "小平房村村民委员会"]),
        ("huludao", "仙山社区居委会", ["仙山社区"]),
        ("dalian", "没有这个地方", []),
        ("dalian", "100%_\\", []),
    ],
)
async def test_search_ignores_suffixes_and_takes_pinyin(
    graph: Graph, city: str, text: str, names: list[str]
) -> None:
    """The nearest names come first, whatever suffix or spelling was typed."""
    found = await graph.data(SEARCH, city=city, text=text)
    given = [node["name"] for node in found["city"]["organizations"]["nodes"]]
    assert given[: len(names)] == names
    assert names or not given


async def test_names_sort_by_pinyin_and_numbers_by_value(graph: Graph) -> None:
    """Counties come in pinyin order, and the tenth grid after the second."""
    found = await graph.data(
        """{ fushun: city(code: "fushun") { organizations(level: "county") { nodes { name } } }
        dandong: city(code: "dandong") {
          organizations(level: "grid", first: 12) { nodes { name } } } }"""
    )
    counties = [node["name"] for node in found["fushun"]["organizations"]["nodes"]]
    grids = [node["name"].split("第")[1] for node in found["dandong"]["organizations"]["nodes"]]
    assert counties == [
        "东洲区", "抚顺县", "清原满族自治县", "顺城区", "望花区", "新宾满族自治县", "新抚区",
    ]  # fmt: skip
    numbers = [int(grid.removesuffix("网格")) for grid in grids]
    assert sorted(numbers[:9]) == numbers[:9]


async def test_dissolved_street_is_found_as_of_its_time(graph: Graph) -> None:
    """望海寺街道 stands in the tree of 2019, not in today's, and names its successor."""
    query = """query ($asOf: Date) { city(code: "huludao") {
      organizations(search: "望海寺街道", asOf: $asOf) {
        nodes { code validTo assumed successors { code name predecessors { name } } } }
    } }"""
    then = await graph.data(query, asOf="2019-11-28")
    now = await graph.data(query)
    assert then["city"]["organizations"]["nodes"] == [
        {
            "code": "211403-WHS",
            "validTo": "2023-06-30",
            "assumed": True,
            "successors": [
                {
                    "code": "211403001",
                    "name": "葫芦岛街道",
                    "predecessors": [{"name": "望海寺街道"}],
                }
            ],
        }
    ]
    assert now["city"]["organizations"]["nodes"] == []


async def test_merged_neighbourhoods_of_chaoyang(graph: Graph) -> None:
    """417 neighbourhoods stood before the merger and 175 after; each old one has a successor."""
    query = """query ($asOf: Date, $after: String) { city(code: "chaoyang") {
      organizations(level: "estate", first: 100, asOf: $asOf, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { dataKind successors { code validTo } predecessors { code } }
      } } }"""
    before = await every(graph, query, "city", "organizations", asOf="2023-01-01")
    after = await every(graph, query, "city", "organizations")
    assert (len(before), len(after)) == (417, 175)
    assert {node["dataKind"] for node in before + after} == {"GENERATED"}
    assert [len(node["successors"]) for node in before] == [1] * 417
    assert sum(len(node["predecessors"]) for node in after) == 417
    assert min(len(node["predecessors"]) for node in after) >= 1


STATED = [
    ("dandong", "grid", None, 2016),
    ("dandong", "grid_branch", None, 1120),
    ("dandong", "area_centre", None, 32),
    ("dandong", "community_centre", None, 205),
    ("fushun", "station", None, 1194),
    ("fushun", "grid", "210411002", 12),
    ("fushun", "property", None, 120),
    ("huludao", "grid", None, 1230),
    ("huludao", "service_centre", "211403", 11),
    ("huludao", "service_station", "211403", 82),
    ("huludao", "tier_grid", "211403", 426),
    ("dalian", "prosperity_zone", None, 8803),
    ("dalian", "property_party", None, 390),
    ("dalian", "joint_committee", None, 54),
]


@pytest.mark.parametrize(("city", "level", "under", "count"), STATED)
async def test_stated_counts_are_generated(
    graph: Graph, city: str, level: str, under: str | None, count: int
) -> None:
    """Where a document states only a number, there are as many organizations, flagged so."""
    query = """query ($city: ID!, $level: String!, $under: ID) { city(code: $city) {
      organizations(level: $level, under: $under, first: 100) {
        totalCount nodes { dataKind source } } } }"""
    found = (await graph.data(query, city=city, level=level, under=under))["city"]["organizations"]
    assert found["totalCount"] == count
    assert {node["dataKind"] for node in found["nodes"]} == {"GENERATED"}


async def test_provincial_bodies_belong_to_the_province(graph: Graph) -> None:
    """辽宁 has its two provincial bodies as organizations of its own, in no city."""
    found = await graph.data(
        """{ province(code: "liaoning") { organizations(level: "provincial_body") {
          nodes { name city { name } level { name } parent { name } dataKind } } } }"""
    )
    assert found["province"]["organizations"]["nodes"] == [
        {
            "name": name,
            "city": None,
            "level": {"name": "省级机关党组织"},
            "parent": {"name": "辽宁省"},
            "dataKind": "REPORTED",
        }
        for name in ("省国资委党委", "省直机关工委")
    ]


def refused(path: list[Any], code: str, zh: str, **facts: Any) -> dict[str, Any]:
    """The error of an answer, without its location."""
    return {"message": zh, "path": path, "extensions": {"code": code, **facts}}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("first: 1000", "PAGE_SIZE", "first 为 1000,应在 1 到 100 之间;更多数据请用游标翻页。"),
        ("first: 0", "PAGE_SIZE", "first 为 0,应在 1 到 100 之间;更多数据请用游标翻页。"),
        ("last: -1", "PAGE_SIZE", "last 为 -1,应在 1 到 100 之间;更多数据请用游标翻页。"),
        ("first: 1, last: 1", "ARGUMENTS_CONFLICT", "first/after 与 last/before 不能同时使用。"),
        (
            'after: "abc"',
            "CURSOR_MALFORMED",
            "游标“abc”格式不正确;请原样使用 pageInfo 返回的游标。",
        ),
        (
            'under: "nothing"',
            "ID_MALFORMED",
            "编号“nothing”格式不正确;请原样使用接口返回的 id。",
        ),
        (
            'under: "999999"',
            "ORGANIZATION_UNKNOWN",
            "没有编码或编号为“999999”的组织;请用 organizations(search:) 查找。",
        ),
        (
            'level: "planet"',
            "LEVEL_UNKNOWN",
            "营口市没有层级“planet”;可用:city、county、street、township、community、village。",
        ),
    ],
)
async def test_wrong_arguments_are_coded_errors(
    graph: Graph, arguments: str, code: str, message: str
) -> None:
    """What was given, what was expected and what to do, under a code and a path."""
    answer = await graph(
        f'{{ city(code: "yingkou") {{ organizations({arguments}) {{ nodes {{ name }} }} }} }}'
    )
    error = answer["errors"][0]
    assert answer["data"] is None
    assert (error["path"], error["extensions"]["code"], error["message"]) == (
        ["city", "organizations"],
        code,
        message,
    )


async def test_cursors_of_another_list_are_refused(graph: Graph) -> None:
    """A cursor of a search does not fit a list, and the other way round."""
    listed = await graph.data(
        '{ city(code: "yingkou") { organizations(first: 1) { pageInfo { endCursor } } } }'
    )
    cursor = listed["city"]["organizations"]["pageInfo"]["endCursor"]
    answer = await graph(
        """query ($after: String) { city(code: "yingkou") {
          organizations(search: "村", after: $after) { nodes { name } } } }""",
        after=cursor,
    )
    assert answer["errors"][0]["extensions"]["code"] == "CURSOR_MALFORMED"


async def test_subtrees_by_code_and_by_id_are_the_same(graph: Graph) -> None:
    """`under` takes a code or a global id."""
    query = """query ($under: ID) { city(code: "fushun") {
      organizations(under: $under, level: "community", first: 100) { nodes { code } } } }"""
    organization = await graph.data(
        '{ city(code: "fushun") { organization(code: "210411002") { id } } }'
    )
    by_code = await graph.data(query, under="210411002")
    by_id = await graph.data(query, under=organization["city"]["organization"]["id"])
    assert by_code == by_id
    assert len(by_code["city"]["organizations"]["nodes"]) == 13


async def test_totals_of_two_connections_of_one_object_do_not_mix(graph: Graph) -> None:
    """Children and descendants are counted each by itself, though asked for at once."""
    found = await graph.data(
        """{ city(code: "fushun") { organization(code: "210411002") {
          children(first: 1) { totalCount } descendants(first: 1) { totalCount }
          descendantCount } } }"""
    )
    organization = found["city"]["organization"]
    assert organization["children"]["totalCount"] == 13
    assert organization["descendants"]["totalCount"] == organization["descendantCount"] > 13
