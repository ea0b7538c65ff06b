"""docs/api.md: its queries run, its answers are real, its tables are those of the code."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from schema.errors import ErrorCode
from schema.refusals import RefusalCode
from server.app import create_app
from server.pages.examples import load_examples
from tests.conftest import Graph, services_of
from tests.docs.documents import Block, blocks, table

NAME = "docs/api.md"
GRAPHQL = "application/graphql-response+json"


@dataclass
class Shown:
    """A query of the document, with its variables and the answers shown, by language."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        found = re.search(r"query (\w+)", self.query)
        return found[1] if found else "?"


def _shown(found: list[Block]) -> list[Shown]:
    queries: list[Shown] = []
    for block in found:
        match block.words:
            case ("graphql",):
                queries.append(Shown(block.text))
            case ("json", "variables"):
                queries[-1].variables = block.json()
            case ("json", "answer", *language):
                queries[-1].answers["".join(language) or "zh"] = block.json()
    return queries


QUERIES = _shown(blocks(NAME))


@pytest.mark.parametrize("shown", QUERIES, ids=str)
async def test_query(shown: Shown, graph: Graph) -> None:
    """A query of the document gives the answers shown, or, where none is, one without errors."""
    answers = {
        language: await graph(shown.query, language, **shown.variables)
        for language in shown.answers or ("zh",)
    }
    if shown.answers:
        assert answers == shown.answers
    else:
        assert "errors" not in answers["zh"]


def test_examples_are_quoted() -> None:
    """Every example of the pages is in the document, word by word, with its variables."""
    quoted = {(" ".join(shown.query.split()), str(shown.variables)) for shown in QUERIES}
    lacking = [
        example.name
        for example in load_examples()
        if (_plain(example.query), str(Block((), example.variables).json())) not in quoted
    ]
    assert lacking == []


def _plain(query: str) -> str:
    """A query without comments and line breaks."""
    return " ".join(re.sub(r"^#.*$", "", query, flags=re.MULTILINE).split())


def test_addresses(graph: Graph, tmp_path: Path) -> None:
    """The table of addresses is that of the application's routes, in demo mode."""
    demo = services_of(tmp_path, demo=True)
    routes = {
        route.path for route in create_app(graph.live, demo).routes if isinstance(route, Route)
    }
    assert {row[0] for row in table(NAME, "Addresses")} == routes


def test_every_error_code_is_explained() -> None:
    """The table of errors holds every code, in the order of the code."""
    assert [row[0] for row in table(NAME, "Errors")] == list(ErrorCode)


def test_every_refusal_is_explained() -> None:
    """The table of refusals holds every code, in the order of the code."""
    assert [row[0] for row in table(NAME, "Refusals")] == list(RefusalCode)


@dataclass(frozen=True)
class Wrong:
    """A request that cannot be answered."""

    query: str = "{ viewer { role } }"
    method: str = "POST"
    content_type: str = "application/json"
    accept: str | None = None
    body: dict[str, Any] = field(default_factory=dict)


def _city(selection: str) -> Wrong:
    return Wrong(f'{{ city(code: "fushun") {{ {selection} {{ nodes {{ code }} }} }} }}')


WRONG = {
    "BAD_REQUEST": Wrong(body={"variables": []}),
    "METHOD_NOT_ALLOWED": Wrong(method="PUT"),
    "NOT_ACCEPTABLE": Wrong(accept="text/html"),
    "UNSUPPORTED_MEDIA_TYPE": Wrong(content_type="text/plain"),
    "PARSE_FAILED": Wrong("{ viewer"),
    "VALIDATION_FAILED": Wrong("{ nobody }"),
    "OPERATION_UNKNOWN": Wrong(body={"operationName": "Other"}),
    "VARIABLES_INVALID": Wrong("query ($c: ID!) { city(code: $c) { name } }"),
    "CITY_UNKNOWN": Wrong('{ city(code: "000000") { name } }'),
    "PROVINCE_UNKNOWN": Wrong('{ province(code: "000000") { name } }'),
    "LEVEL_UNKNOWN": _city('organizations(level: "block")'),
    "ORGANIZATION_UNKNOWN": _city('organizations(under: "999999")'),
    "ID_MALFORMED": Wrong('{ node(id: "?") { id } }'),
    "CURSOR_MALFORMED": _city('organizations(after: "?")'),
    "PAGE_SIZE": _city("organizations(first: 101)"),
    "ARGUMENTS_CONFLICT": _city("organizations(first: 1, last: 1)"),
    "TOKENS_EXCEEDED": Wrong("{ viewer {" + " role" * 1000 + " } }"),
    "DEPTH_EXCEEDED": Wrong("{ viewer " * 13 + "}" * 13),
    "ALIASES_EXCEEDED": Wrong("{" + " ".join(f"a{n}: __typename" for n in range(16)) + "}"),
    "FIELDS_EXCEEDED": Wrong("{" + " __typename" * 21 + "}"),
    "DIRECTIVES_EXCEEDED": Wrong("{ __typename" + " @skip(if: false)" * 11 + "}"),
    "FRAGMENTS_EXCEEDED": Wrong(
        "{ __typename }" + "".join(f" fragment F{n} on Query {{ __typename }}" for n in range(21))
    ),
    "NODES_EXCEEDED": Wrong(
        "{ cities { organizations(first: 100) { nodes { children(first: 100) {"
        " nodes { code } } } } } }"
    ),
    "COST_EXCEEDED": Wrong(
        '{ cities { a: organizations(search: "a", first: 1) { nodes { code } }'
        ' b: organizations(search: "b", first: 1) { nodes { code } } } }'
    ),
}


@pytest.mark.parametrize("code", WRONG)
async def test_statuses(code: str, graph: Graph) -> None:
    """A wrong request gets the code and, in either media type, the status of the table."""
    wrong = WRONG[code]
    found = []
    for media_type in (GRAPHQL, "application/json"):
        response = await graph.http.request(
            wrong.method,
            "/graphql",
            json={"query": wrong.query, **wrong.body},
            headers={
                "accept": wrong.accept or media_type,
                "content-type": wrong.content_type,
            },
        )
        codes = [error["extensions"]["code"] for error in response.json()["errors"]]
        found.append((codes, str(response.status_code)))
    statuses = next(row[1:3] for row in table(NAME, "Errors") if row[0] == code)
    assert found == [([code], status) for status in statuses]


async def test_server_timing(graph: Graph) -> None:
    """The header that says what an answer cost has the form shown."""
    shown = blocks(NAME)[-1].text.strip()
    response = await graph.post("{ viewer { role } }")
    sent = f"server-timing: {response.headers['server-timing']}"
    assert re.sub(r"[\d.]+", "0", sent) == re.sub(r"[\d.]+", "0", shown)


async def test_city_page_costs_what_is_said(graph: Graph) -> None:
    """The page of a city costs five statements."""
    page = next(shown for shown in QUERIES if str(shown) == "CityPage")
    assert await graph.statements(page.query, **page.variables) == 5
