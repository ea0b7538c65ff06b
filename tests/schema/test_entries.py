"""How a query enters the graph."""

from typing import Any

import pytest

from schema.ids import GlobalId
from tests.conftest import Graph


@pytest.mark.parametrize("code", ["210400", "fushun"])
async def test_a_city_is_found_by_code_or_slug(graph: Graph, code: str) -> None:
    """The six digits and the slug name the same city."""
    found = await graph.data("query ($c: ID!) { city(code: $c) { code slug name } }", c=code)
    assert found == {"city": {"code": "210400", "slug": "fushun", "name": "抚顺市"}}


@pytest.mark.parametrize("code", ["210401", "", "liaoning", "210000", "抚顺市", "x" * 300])
async def test_an_unknown_city_is_an_error(graph: Graph, code: str) -> None:
    """A province's code is not a city's, and nothing is ever silently empty."""
    answer = await graph("query ($c: ID!) { city(code: $c) { name } }", c=code)
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"] == {"code": "CITY_UNKNOWN", "given": code}


async def test_an_unknown_province_is_an_error(graph: Graph) -> None:
    """The message names the provinces that there are, in the reader's language."""
    answer = await graph('{ province(code: "mars") { name } }', language="en")
    assert answer["errors"][0]["message"] == (
        "There is no province 'mars'; use a six-digit code or a slug: "
        "neimenggu, liaoning, sichuan, guizhou, qinghai, ningxia."
    )
    assert answer["errors"][0]["extensions"] == {"code": "PROVINCE_UNKNOWN", "given": "mars"}


async def test_cities_of_a_province(graph: Graph) -> None:
    """`cities` lists all fifteen, or those of one province, in order of code."""
    found = await graph.data(
        '{ all: cities { code } guizhou: cities(province: "520000") { name province { name } } }'
    )
    assert len(found["all"]) == 15
    assert found["guizhou"] == [
        {"name": name, "province": {"name": "贵州省"}}
        for name in ("贵阳市", "六盘水市", "黔东南苗族侗族自治州")
    ]


async def test_every_node_comes_back_by_its_id(graph: Graph) -> None:
    """`node` gives the object of each type whose id it is given."""
    found = await graph.data(
        """{ province(code: "liaoning") { id cities { id } figures(first: 1) { nodes { id } } }
        city(code: "fushun") { organizations(first: 1) { nodes { id } }
          catalogue { services(first: 1) { nodes { id } } } } }"""
    )
    ids = [
        found["province"]["id"],
        found["province"]["cities"][0]["id"],
        found["province"]["figures"]["nodes"][0]["id"],
        found["city"]["organizations"]["nodes"][0]["id"],
        found["city"]["catalogue"]["services"]["nodes"][0]["id"],
    ]
    nodes = await graph.data(
        """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
          ... on City { name } ... on Province { name } ... on Organization { name level { key } }
          ... on Service { name } ... on Figure { subject } } }""",
        ids=ids,
    )
    kinds = ["Province", "City", "Figure", "Organization", "Service"]
    assert [(node["__typename"], node["id"]) for node in nodes["nodes"]] == list(
        zip(kinds, ids, strict=True)
    )
    one = await graph.data("query ($id: ID!) { node(id: $id) { id __typename } }", id=ids[3])
    assert one == {"node": {"id": ids[3], "__typename": "Organization"}}


@pytest.mark.parametrize(
    "id_",
    [
        str(GlobalId("Organization", 210400, "0" * 32)),
        str(GlobalId("Organization", 999999, "0" * 32)),
        str(GlobalId("City", 210000)),
        str(GlobalId("Province", 210400)),
        str(GlobalId("Service", 210400, "NO-1")),
        str(GlobalId("Planet", 210400)),
    ],
)
async def test_well_formed_ids_of_nothing_are_null(graph: Graph, id_: str) -> None:
    """An id that names nothing that may be read is null, as Relay expects."""
    assert await graph.data("query ($id: ID!) { node(id: $id) { id } }", id=id_) == {"node": None}


@pytest.mark.parametrize(
    "id_", ["", "abc", "T3JnYW5pemF0aW9u", str(GlobalId("Organization", 210400, "xyz")), "\u0000"]
)
async def test_malformed_ids_are_errors(graph: Graph, id_: str) -> None:
    """An id that this server never gave is refused with a code."""
    answer: dict[str, Any] = await graph("query ($id: ID!) { node(id: $id) { id } }", id=id_)
    assert answer["errors"][0]["extensions"]["code"] == "ID_MALFORMED"


async def test_too_many_nodes_are_refused(graph: Graph) -> None:
    """A hundred ids at a time, no more."""
    ids = [str(GlobalId("City", 210400))] * 101
    answer = await graph("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert answer["errors"][0]["extensions"] == {"code": "PAGE_SIZE", "given": 101, "limit": 100}


async def test_the_viewer_without_a_token_is_public(graph: Graph) -> None:
    """Anyone may see the fifteen cities; messages follow Accept-Language."""
    found = await graph("{ viewer { role language cities { slug } } }", language="en")
    viewer = found["data"]["viewer"]
    assert (viewer["role"], viewer["language"], len(viewer["cities"])) == ("PUBLIC", "en", 15)
