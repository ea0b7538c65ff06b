"""What tenants declare of cooperatives and agreements, as the graph shows it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Graph, Templates, copied_database, opened
from tests.schema.cooperatives.books import RECORDS, TENANTS

WORD = "{ key name source assumed assumedKeys }"
CITY = """query ($code: ID!) { city(code: $code) { cooperation {
  records severalMemberships source assumed assumedKeys
  alliances { key name source assumed } ways { key name source assumed } } } }"""


@pytest.fixture(scope="module")
def books_url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with the seven cities; only for reading."""
    with copied_database(server_url, asyncio.run(templates.with_(TENANTS))) as url:
        yield url


@pytest.fixture
async def site(books_url: str) -> AsyncIterator[Graph]:
    """The application over it; nobody is signed in."""
    async with opened(books_url) as ready:
        yield ready


async def test_what_a_city_declares(site: Graph) -> None:
    """A city's books, alliances and ways are those of its file, each with what supports it."""
    found = await site.data(CITY, code="990100")
    assert found["city"]["cooperation"] == {
        "records": [item.value for item in RECORDS[990100]],
        "severalMemberships": True,
        "source": "a.txt",
        "assumed": False,
        "assumedKeys": ["records"],
        "alliances": [
            {"key": "street", "name": "街道大工委", "source": "a.txt", "assumed": False},
            {"key": "village", "name": "村联盟", "source": None, "assumed": True},
        ],
        "ways": [{"key": "safety", "name": "平安建设联创", "source": "a.txt", "assumed": False}],
    }


async def test_what_a_city_does_not_declare(site: Graph) -> None:
    """A city may have no alliances and no ways, and record nothing."""
    found = await site.data(CITY, code="990500")
    assert found["city"]["cooperation"] == {
        "records": [],
        "severalMemberships": False,
        "source": None,
        "assumed": False,
        "assumedKeys": [],
        "alliances": [],
        "ways": [],
    }


async def test_what_a_province_declares(site: Graph) -> None:
    """Industries and dimensions are the province's words, in the order of its file."""
    query = f'{{ province(code: "nowhere") {{ industries {WORD} dimensions {WORD} }} }}'
    found = (await site.data(query))["province"]
    assert [word["key"] for word in found["industries"]] == ["herbs", "grape", "fruit"]
    assert found["industries"][0] == {
        "key": "herbs",
        "name": "中药材",
        "source": None,
        "assumed": False,
        "assumedKeys": [],
    }
    assert found["dimensions"] == [
        {
            "key": "party",
            "name": "党建",
            "source": "a.txt",
            "assumed": False,
            "assumedKeys": ["key"],
        },
        {"key": "health", "name": "健康", "source": None, "assumed": True, "assumedKeys": []},
    ]


async def test_declarations_cost_no_statement(site: Graph) -> None:
    """They are configuration, in memory."""
    query = "{ cities { cooperation { records ways { name } } province { industries { name } } } }"
    assert await site.statements(query) == 0
