"""docs/api.md: its queries run, its answers are real, its tables are those of the code."""

import json
import re
import shlex
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from schema.errors import CodedError, ErrorCode
from schema.refusals import RefusalCode
from server import socket
from server.answers import Answers
from server.app import create_app
from server.claims import Claims
from server.errors import ErrorFormat, log_fault
from server.pages.examples import Example, load_examples
from tenants.roles import Role
from tests.conftest import Graph, opened, services_of
from tests.docs.documents import Block, blocks, table
from tests.server.following import streamed, to_the_end

NAME = "docs/api.md"
GRAPHQL = "application/graphql-response+json"


@dataclass
class Shown:
    """An operation of the document, with its variables and the answers shown, by language.

    Its first comments say who asks, by the options of `onegrid token`, and with which purpose.
    """

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        found = re.search(r"^(?:query|mutation|subscription) (\w+)", self.query, re.MULTILINE)
        return found[1] if found else "?"

    @property
    def asked_by(self) -> dict[str, str]:
        """The options of `onegrid token`, without their dashes; none where anybody may ask."""
        found = re.match(r"# onegrid token (.+)", self.query)
        words = shlex.split(found[1]) if found else []
        return dict(zip((word.removeprefix("--") for word in words[::2]), words[1::2], strict=True))

    @property
    def purpose(self) -> str | None:
        """What X-Purpose states."""
        found = re.search(r"^# X-Purpose: (.+)$", self.query, re.MULTILINE)
        return found[1] if found else None

    @property
    def persona(self) -> str | None:
        """The key of the persona of the demo who may ask it; None where anybody may."""
        given = self.asked_by
        if "role" not in given:
            return None
        return f"{given['role'].lower().replace('_', '-')}-{given.get('city') or given['province']}"

    def asked_of(self, graph: Graph) -> Graph:
        """The application for whoever asks it."""
        registry, given = graph.live.registry, self.asked_by
        if not given:
            return graph
        tenant = (
            registry.city(given["city"])
            if "city" in given
            else registry.province(given["province"])
        )
        assert tenant is not None
        return graph.as_(
            given.get("role", ""),
            tenant.tenant.code,
            given.get("organization"),
            person=uuid.UUID(given["person"]) if "person" in given else None,
            purpose=self.purpose,
        )


def _follows(shown: Shown) -> bool:
    return re.search("^subscription", shown.query, re.MULTILINE) is not None


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


SHOWN = _shown(blocks(NAME))
QUERIES = [shown for shown in SHOWN if not _follows(shown)]
SUBSCRIPTIONS = [shown for shown in SHOWN if _follows(shown)]


@pytest.mark.parametrize("shown", SUBSCRIPTIONS, ids=str)
async def test_subscription(shown: Shown, demo: Graph) -> None:
    """A subscription of the document begins, and gives what there is without errors."""
    who = shown.asked_of(demo)
    async with to_the_end(who) as ending:
        assert "errors" not in await streamed(ending, shown.query, **shown.variables)


def test_closing_codes() -> None:
    """The table of closing codes has those of the code."""
    named = {int(row[0]) for row in table(NAME, "On a socket")}
    assert named == {1009, *socket.CODES}


def test_mutations_are_rehearsed() -> None:
    """No mutation of the document changes anything for who tries it."""
    mutations = [shown for shown in QUERIES if re.search("^mutation", shown.query, re.MULTILINE)]
    assert {str(shown) for shown in mutations if not shown.variables.get("dryRun")} == set()
    assert mutations != []


@pytest.mark.parametrize("shown", QUERIES, ids=str)
async def test_query(shown: Shown, demo: Graph) -> None:
    """An operation of the document gives the answers shown, or, where none is, no errors."""
    graph = shown.asked_of(demo)
    answers = {
        language: await graph(shown.query, language, **shown.variables)
        for language in shown.answers or ("zh",)
    }
    if shown.answers:
        assert answers == shown.answers
    else:
        assert "errors" not in answers["zh"]


def test_examples_are_quoted() -> None:
    """Every example of the pages is in the document, word by word, asked by the same role."""
    quoted = {(_plain(shown.query), str(shown.variables), shown.persona) for shown in QUERIES}
    lacking = [example.name for example in load_examples() if _quoted(example) not in quoted]
    assert lacking == []


def _quoted(example: Example) -> tuple[str, str, str | None]:
    """What the document says of an example."""
    variables = Block((), example.variables).json()
    return _plain(example.query), str(variables), example.persona


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
    """A request that cannot be answered, of a server with these settings.

    `token` is the bearer's, or its claims and the hours that it is valid.
    """

    query: str = "{ viewer { role } }"
    method: str = "POST"
    content_type: str = "application/json"
    accept: str | None = None
    body: dict[str, Any] = field(default_factory=dict)
    token: str | tuple[Claims, float] | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    async def sent(self, graph: Graph, media_type: str) -> httpx.Response:
        """The answer to it."""
        headers = {"accept": self.accept or media_type, "content-type": self.content_type}
        if self.token is not None:
            headers["authorization"] = f"Bearer {self._bearer(graph)}"
        body = {"query": self.query, **self.body}
        return await graph.http.request(self.method, "/graphql", json=body, headers=headers)

    def _bearer(self, graph: Graph) -> str:
        if isinstance(self.token, tuple):
            assert graph.services.mint is not None
            return graph.services.mint.token(*self.token)
        return str(self.token)


def _city(selection: str) -> Wrong:
    return Wrong(f'{{ city(code: "fushun") {{ {selection} {{ nodes {{ code }} }} }} }}')


HASH = "0" * 64
INTROSPECTION = "{ __schema { queryType { name } } }"


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
    "TENANT_UNKNOWN": Wrong(
        'mutation { moveOrganization(input: {tenant: "000000", organization: "1", parent: "2"})'
        " { refusals { code } } }"
    ),
    "LEVEL_UNKNOWN": _city('organizations(level: "block")'),
    "ORGANIZATION_UNKNOWN": _city('organizations(under: "999999")'),
    "ID_MALFORMED": Wrong('{ node(id: "?") { id } }'),
    "CURSOR_MALFORMED": _city('organizations(after: "?")'),
    "PAGE_SIZE": _city("organizations(first: 101)"),
    "ARGUMENTS_CONFLICT": _city("organizations(first: 1, last: 1)"),
    "TOKEN_INVALID": Wrong(token="none"),
    "TOKEN_EXPIRED": Wrong(token=(Claims("someone", Role.RESIDENT, ("210400",)), -1)),
    "TOKEN_SCOPE": Wrong(token=(Claims("someone", Role.RESIDENT, ("999999",)), 1)),
    "FORBIDDEN": Wrong('{ city(code: "fushun") { people { nodes { name } } } }'),
    "BODY_TOO_LARGE": Wrong("#" * 102_401),
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
    "STATISTICS_EXCEEDED": Wrong(
        '{ city(code: "fushun") { issueStatistics(by: [MONTH]) { suppressed } } }'
    ),
    "RATE_LIMITED": Wrong(INTROSPECTION, settings={"rate_actor": "1/minute"}),
    "PERSISTED_QUERY_NOT_FOUND": Wrong(body={"query": None, "documentId": f"sha256:{HASH}"}),
    "PERSISTED_QUERY_NOT_SUPPORTED": Wrong(
        body={"query": None, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
        settings={"persisted_queries": False, "trusted_documents": ()},
    ),
    "DOCUMENT_HASH_MISMATCH": Wrong(body={"documentId": f"sha256:{HASH}"}),
    "DOCUMENT_UNTRUSTED": Wrong(settings={"trusted_only": True}),
    "INTROSPECTION_DISABLED": Wrong(INTROSPECTION, settings={"trusted_only": True}),
}


@pytest.fixture
async def served(code: str, full_url: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """A server with the settings of the code's request; by default it trusts one document."""
    manifest = tmp_path / "manifest.json"
    digest = sha256(INTROSPECTION.encode()).hexdigest()
    manifest.write_text(json.dumps({f"sha256:{digest}": INTROSPECTION}), "utf-8")
    settings = {"trusted_documents": (manifest,), **WRONG[code].settings}
    services = services_of(tmp_path / "var", **settings)
    async with opened(full_url, services=services) as ready:
        yield ready


@pytest.mark.parametrize("code", WRONG)
async def test_statuses(code: str, served: Graph) -> None:
    """A wrong request gets the code and, in either media type, the status of the table."""
    found = []
    for media_type in (GRAPHQL, "application/json"):
        response = await WRONG[code].sent(served, media_type)
        codes = [error["extensions"]["code"] for error in response.json()["errors"]]
        found.append((codes, str(response.status_code)))
    assert found == [([code], status) for status in _statuses(code)]


@pytest.mark.parametrize("code", [code for code in ErrorCode if code not in WRONG])
def test_statuses_of_faults(code: ErrorCode) -> None:
    """What no request by itself brings about has the statuses of the table too."""
    formats = ErrorFormat("en", log_fault)
    answers = [Answers(media_type, formats) for media_type in (GRAPHQL, "application/json")]
    found = tuple(str(answer.refusal(CodedError(code, "", "")).status_code) for answer in answers)
    assert found == _statuses(code)


def _statuses(code: str) -> tuple[str, ...]:
    """The statuses of a code by the table, in either media type."""
    return next(row[1:3] for row in table(NAME, "Errors") if row[0] == code)


async def test_server_timing(graph: Graph) -> None:
    """The header that says what an answer cost has the form shown."""
    shown = blocks(NAME)[-1].text.strip()
    response = await graph.post("{ viewer { role } }")
    sent = f"server-timing: {response.headers['server-timing']}"
    assert re.sub(r"[\d.]+", "0", sent) == re.sub(r"[\d.]+", "0", shown)


@pytest.mark.parametrize(("name", "statements"), [("CityPage", 5), ("Posts", 3)])
async def test_pages_cost_what_is_said(name: str, statements: int, demo: Graph) -> None:
    """The page of a city and the posts of an organization cost the statements that are named."""
    page = next(shown for shown in QUERIES if str(shown) == name)
    assert await page.asked_of(demo).statements(page.query, **page.variables) == statements


async def test_tokens_of_persons_cost_what_is_said(demo: Graph) -> None:
    """Whose posts say what it may costs one statement more."""
    page = next(shown for shown in QUERIES if str(shown) == "Myself")
    costs = [
        await page.asked_of(demo).statements("{ viewer { role } }"),
        await demo.statements("{ viewer { role } }"),
    ]
    assert costs == [1, 0]
