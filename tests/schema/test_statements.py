"""How many SQL statements each operation runs: pinned, and never dependent on rows."""

import json

import pytest

from server.pages.examples import Example, load_examples
from tests.conftest import Graph

PINNED = {
    "Cities": 1,
    "Levels": 1,
    "OrganizationPage": 5,
    "FindOrganization": 2,
    "CityPage": 5,
    "CatalogueForResidents": 0,
    "Workflows": 0,
    "Definition": 0,
    "History": 2,
    "ProvinceOverview": 5,
    "Figures": 2,
    "Staffing": 4,
    "People": 3,
    "Move": 3,
    "IssueList": 2,
    "Report": 0,
    "CooperativePage": 7,
    "Agreements": 5,
    "Cooperation": 2,
    "SecretaryDesk": 6,
}
EXAMPLES = load_examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.operation)
async def test_examples_run_a_pinned_number_of_statements(demo: Graph, example: Example) -> None:
    """Each example operation succeeds with the number of statements that is written here."""
    asking = demo if example.persona is None else await demo.as_persona(example.persona)
    counted = await asking.statements(example.query, **json.loads(example.variables))
    assert counted == PINNED[example.operation]


def test_every_example_is_pinned() -> None:
    """No example is left out of the table, and none in it is gone."""
    assert {example.operation for example in EXAMPLES} == set(PINNED)


CITY_PAGE = """
query CityPage($city: ID!, $first: Int!) {
  city(code: $city) {
    organizations(level: "community", first: $first) {
      nodes {
        code name level { name under { name } }
        parent { code name parent { name } }
        ancestors { name level { name } }
        children(first: 5) { nodes { code name descendantCount(rung: GRID) } }
        descendants(first: 5) { nodes { name } totalCount }
        descendantCount(rung: GRID)
        descendantCounts { level { name } count }
        successors { name } predecessors { name } formerNames { name }
      }
    }
  }
}
"""


@pytest.mark.parametrize("first", [1, 2, 20, 100])
async def test_rows_do_not_change_the_number_of_statements(graph: Graph, first: int) -> None:
    """A page of one row runs as many statements as a page of a hundred."""
    assert await graph.statements(CITY_PAGE, city="dandong", first=first) == 13


BARE_CITY_PAGE = """
{ city(code: "dandong") { organizations(level: "community", first: 20) { nodes {
  code name level { name } parent { code name }
  children(first: 5) { nodes { code name level { name } } }
  descendantCount(rung: GRID)
} } } }
"""


async def test_city_page_stays_within_five_statements(graph: Graph) -> None:
    """Twenty organizations with parent, level, five children each and counts: four statements."""
    assert await graph.statements(BARE_CITY_PAGE) == 4


async def test_cities_are_read_together(graph: Graph) -> None:
    """The same field of fifteen cities is one statement, not fifteen."""
    query = "{ cities { organizations(first: 3) { nodes { name parent { name } } } dataKinds } }"
    assert await graph.statements(query) == 3


async def test_aliases_with_the_same_arguments_share_a_statement(graph: Graph) -> None:
    """Two aliases of one field with one selection are one batch."""
    query = """{ a: city(code: "fushun") { ...page } b: city(code: "dandong") { ...page } }
    fragment page on City { organizations(first: 2) { nodes { name } } }"""
    assert await graph.statements(query) == 1
