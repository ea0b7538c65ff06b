"""The filter of lists over GraphQL: what is taken, and what is refused by name."""

from typing import Any

import pytest

from schema.ids import GlobalId
from schema.paging import cursor
from tests.schema.issues.site import OTHER_ID, Site
from tests.schema.organizations.town import ID

LIST = """
query ($city: ID!, $where: IssueFilter, $order: IssueOrder, $first: Int, $after: String) {
  city(code: $city) {
    issues(where: $where, orderBy: $order, first: $first, after: $after) {
      totalCount nodes { title } pageInfo { hasNextPage endCursor }
    }
  }
}
"""


async def _titles(graph: Any, **where: Any) -> list[str]:
    data = await graph.data(LIST, city=str(ID), where=where)
    found = data["city"]["issues"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["title"] for node in found["nodes"]]


async def _error(graph: Any, **variables: Any) -> dict[str, Any]:
    answer = await graph(LIST, city=str(ID), **variables)
    (error,) = answer["errors"]
    found: dict[str, Any] = error["extensions"]
    return found


@pytest.mark.parametrize(
    ("where", "facts"),
    [
        (
            {"state": "nowhere"},
            {
                "argument": "where.state",
                "given": "nowhere",
                "available": ["new", "known", "doing", "done", "closed", "rejected", "withdrawn"],
            },
        ),
        (
            {"service": "S-77"},
            {"argument": "where.service", "given": "S-77", "available": ["S-0"]},
        ),
        ({"domain": "water"}, {"argument": "where.domain", "given": "water", "available": []}),
        ({"text": "水"}, {"argument": "where.text", "least": 2, "limit": 50}),
        ({"text": "漏水" * 26}, {"argument": "where.text", "least": 2, "limit": 50}),
    ],
)
async def test_what_the_city_does_not_have_is_refused(
    site: Site, where: dict[str, Any], facts: dict[str, Any]
) -> None:
    """An unknown state, service or domain is refused with those there are, a short text too."""
    assert await _error(site.admin, where=where) == {"code": "BAD_REQUEST", **facts}


@pytest.mark.parametrize("name", ["organization", "handler"])
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("NOWHERE", "ORGANIZATION_UNKNOWN"),
        ("§", "ID_MALFORMED"),
        (str(GlobalId("Organization", OTHER_ID, "00" * 16)), "ORGANIZATION_UNKNOWN"),
        (str(GlobalId("Person", OTHER_ID, "00" * 16)), "ORGANIZATION_UNKNOWN"),
    ],
)
async def test_foreign_and_malformed_ids_are_refused(
    site: Site, name: str, given: str, code: str
) -> None:
    """Ids of nothing, of another tenant and of no kind at all are refused alike for both."""
    assert (await _error(site.admin, where={name: given}))["code"] == code


@pytest.mark.parametrize(
    "values",
    [
        ["0", "2026-03-15", "x"],
        ["7", "2026-03-15T00:00:00+00:00", "0" * 32],
        ["0", "2026-03-15T00:00:00", "0" * 32],
        ["0", "soon", "0" * 32],
        ["0", "1"],
    ],
)
async def test_cursors_of_other_lists_are_malformed(site: Site, values: list[str]) -> None:
    """A cursor that is none of this order's is refused, and its values reach no statement."""
    found = await _error(site.admin, after=cursor(values))
    assert found["code"] == "CURSOR_MALFORMED"


async def test_texts_are_found_by_two_characters_and_more(site: Site) -> None:
    """Two-character words, whole phrases and several parts are found, and nothing like them."""
    report = """mutation ($input: ReportIssueInput!) {
      reportIssue(input: $input) { issue { number } refusals { code message } } }"""
    for title in ("楼道漏水", "水管漏了,水很多", "路灯坏了"):
        given = {"city": str(ID), "service": "S-0", "title": title, "organization": "AA1-1-G1"}
        data = await site.as_("GRID_WORKER", "AA1").data(report, input=given)
        assert data["reportIssue"]["refusals"] == []
    assert await _titles(site.admin, text="漏水") == ["楼道漏水"]
    assert await _titles(site.admin, text="楼道漏水") == ["楼道漏水"]
    assert await _titles(site.admin, text="路灯 坏了") == ["路灯坏了"]
    assert await _titles(site.admin, text="漏水 路灯") == []
    assert await _titles(site.as_("RESIDENT", subject="other"), text="漏水") == []


async def test_nobody_without_a_token_has_a_list(site: Site) -> None:
    """Without a token a list is forbidden, whatever it asks for."""
    assert (await _error(site.graph, where={"mine": True}))["code"] == "FORBIDDEN"


async def test_a_page_costs_one_statement_and_its_total_another(site: Site) -> None:
    """A list costs one statement, and two with its total, whatever its filter."""
    await site.desk.put()
    plain = LIST.replace("totalCount ", "")
    for where in ({}, {"text": "路灯"}, {"mine": True}, {"organization": "AA"}):
        given = {"city": str(ID), "where": where}
        assert await site.admin.statements(plain, **given) == 1
        assert await site.admin.statements(LIST, **given) == 2
