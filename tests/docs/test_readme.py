"""The two READMEs: the same in both languages, their cities load, their answers are real."""

import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from tenants.definition import Definition
from tenants.files import SHIPPED, load_tenants
from tests.conftest import Graph, NewDatabase, load_all, opened
from tests.docs.documents import Block, blocks, curl_query

READMES = ("README.md", "README.zh-CN.md")
OWN_CITIES = ("anshan", "yunxi")


def _asked() -> list[tuple[str, Block]]:
    """Each curl command's GraphQL document, with the answer shown below it."""
    found = blocks("README.md")
    return [
        (curl_query(block.text), after)
        for block, after in pairwise(found)
        if block.text.startswith("curl ")
    ]


def test_same_blocks() -> None:
    """Both languages show the same commands, files and answers in the same order."""
    english, chinese = (blocks(name) for name in READMES)
    assert english == chinese


async def test_first_query(graph: Graph) -> None:
    """The first query gives the answer that is shown, typed into GraphiQL or sent by curl."""
    query, shown = _asked()[0]
    typed = next(block for block in blocks("README.md") if block.language == "graphql")
    assert " ".join(typed.text.split()) == " ".join(query.split())
    assert await graph(query) == shown.json()


async def test_query_with_a_token(demo: Graph) -> None:
    """The token that the command line prints is good for the answer that is shown."""
    found = blocks("README.md")
    asked, shown = next(pair for pair in pairwise(found) if pair[0].text.startswith("TOKEN="))
    assert await _bearer(demo, asked)(curl_query(asked.text)) == shown.json()


def _bearer(graph: Graph, block: Block) -> Graph:
    """The application for the bearer of the token that a block's first line makes."""
    command = block.text.partition("\n")[0].removeprefix("TOKEN=$(").removesuffix(")")
    words = shlex.split(command)
    assert words[:2] == [".venv/bin/onegrid", "token"]
    names = [word.removeprefix("--") for word in words[2::2]]
    given = dict(zip(names, words[3::2], strict=True))
    city = graph.live.registry.city(given["city"])
    assert city is not None
    return graph.as_(given["role"], city.tenant.code, given["organization"])


@pytest.fixture
def own_cities(tmp_path: Path) -> tuple[Definition, ...]:
    """The README's cities with the province that they name, read from files."""
    for block in blocks("README.md"):
        if block.language == "yaml":
            first = block.text.partition("\n")[0]
            file = tmp_path / first.removeprefix("# mine/")
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text, "utf-8")
    wanted = ("liaoning", *OWN_CITIES)
    found = load_tenants((SHIPPED, tmp_path))
    return tuple(item for item in found if item.tenant.slug in wanted)


async def test_own_cities_answer(
    own_cities: tuple[Definition, ...], new_database: NewDatabase
) -> None:
    """The cities of the README, real and invented, can be loaded and give the answers shown."""
    url = await new_database()
    await load_all(url, own_cities)
    asked = [(query, shown) for query, shown in _asked() if any(c in query for c in OWN_CITIES)]
    async with opened(url) as graph:
        answers = [await graph(query) for query, _ in asked]
    assert answers == [shown.json() for _, shown in asked]
    assert len(asked) == len(OWN_CITIES)


async def test_invented_city_can_be_walked(
    own_cities: tuple[Definition, ...], new_database: NewDatabase
) -> None:
    """From the top of the invented city one steps down through all its eight levels."""
    url = await new_database()
    await load_all(url, own_cities)
    query = """query ($code: ID!) {
      city(code: "yunxi") {
        organization(code: $code) { level { name depth } children(first: 1) { nodes { code } } }
      }
    }"""
    walked = []
    async with opened(url) as graph:
        codes = ["219900"]
        while codes:
            here = (await graph.data(query, code=codes[0]))["city"]["organization"]
            walked.append((here["level"]["depth"], here["level"]["name"]))
            codes = [child["code"] for child in here["children"]["nodes"]]
    assert walked == [
        (1, "市"),
        (2, "新区"),
        (3, "片区"),
        (4, "街道"),
        (5, "社区"),
        (6, "网格"),
        (7, "楼栋"),
        (8, "单元"),
    ]
