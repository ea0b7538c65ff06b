"""Pages, files and the schema: what the addresses other than /graphql answer."""

import json
import mimetypes
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from schema.root import sdl
from server.app import STATIC
from server.pages.examples import examples_json, load_examples
from server.pages.explorer import PERSONAS
from tenants.definition import Definition
from tests.conftest import Graph

POLICY = {
    "content-security-policy": "default-src 'self'; script-src 'self'; worker-src 'self'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
FOREVER = "public, max-age=31536000, immutable"


class Links(HTMLParser):
    """The addresses that a page loads or leads to, and the text of its row heads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.rows: list[str] = []
        self._in_row_head = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given["href"] or "")
        elif tag == "link" or "src" in given:
            self.loads.append(given.get("href") or given.get("src") or "")
        self._in_row_head = tag == "th" and given.get("scope") == "row"

    def handle_endtag(self, tag: str) -> None:
        self._in_row_head = False

    def handle_data(self, data: str) -> None:
        if self._in_row_head:
            self.rows.append(data)


def policy(response: httpx.Response) -> dict[str, str]:
    return {name: response.headers.get(name) for name in POLICY}


async def test_landing_page(graph: Graph, shipped: tuple[Definition, ...]) -> None:
    """The landing page names every city under its province, and loads nothing from elsewhere."""
    response = await graph.http.get("/")
    page = Links(response.text)
    assert (response.status_code, response.headers["content-type"], policy(response)) == (
        200,
        "text/html; charset=utf-8",
        POLICY,
    )
    assert page.rows == [item.tenant.name for item in shipped if item.kind == "CITY"]
    headings = re.findall(r"<h2>(\S+) <small>(\d+) · (\w+)</small>", response.text)
    assert headings == [
        (item.tenant.name, item.tenant.code, item.tenant.slug)
        for item in shipped
        if item.kind == "PROVINCE"
    ]
    assert [link for link in page.loads if not link.startswith(("/static/", "data:,"))] == []


async def test_links_of_the_landing_page(graph: Graph, shipped: tuple[Definition, ...]) -> None:
    """Every link of the landing page leads somewhere; those to GraphiQL carry a query that runs."""
    page = Links((await graph.http.get("/")).text)
    found: list[str] = []
    for link in page.links:
        assert (await graph.http.get(link)).status_code == 200
        address = parse_qs(urlsplit(link).query)
        if not address:
            continue
        assert urlsplit(link).path == "/graphiql"
        variables: dict[str, str] = json.loads(address["variables"][0])
        data = await graph.data(address["query"][0], **variables)
        (shown,) = data.values()
        assert shown["name"] if "name" in shown else shown["organizations"]["nodes"]
        found += variables.values()
    kinds = {"PROVINCE": 1, "CITY": 3}
    assert found == [
        tenant.tenant.slug for tenant in landing_order(shipped) for _ in range(kinds[tenant.kind])
    ]


def landing_order(shipped: tuple[Definition, ...]) -> Iterator[Definition]:
    """Each province, then its cities."""
    for province in shipped:
        if province.kind == "PROVINCE":
            yield province
            yield from (
                item
                for item in shipped
                if item.kind == "CITY" and item.tenant.province == province.tenant.code  # type: ignore[union-attr]
            )


async def test_graphiql(graph: Graph) -> None:
    """GraphiQL is one page under a policy without unsafe-eval, never cached unasked."""
    response = await graph.http.get("/graphiql")
    assert (response.status_code, policy(response)) == (200, POLICY)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert "unsafe-eval" not in response.headers["content-security-policy"]
    assert response.text == (STATIC / "graphiql" / "index.html").read_text("utf-8")


async def test_files_of_graphiql(graph: Graph) -> None:
    """What GraphiQL's page loads is there, under a name of its content, cached for ever."""
    page = Links((await graph.http.get("/graphiql")).text)
    files = [link for link in page.loads if not link.startswith("data:")]
    assert files != []
    for file in files:
        response = await graph.http.get(file)
        assert (response.status_code, policy(response)) == (200, POLICY)
        assert response.headers["cache-control"] == FOREVER
        kind = mimetypes.guess_type(file)[0]
        assert response.headers["content-type"].partition(";")[0] == kind
        assert response.content == (STATIC / file.removeprefix("/static/")).read_bytes()


async def test_static_files_without_hash(graph: Graph) -> None:
    """A file whose name stays when it changes is asked for again, and then not sent twice."""
    response = await graph.http.get("/static/landing.css")
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-cache")
    assert policy(response) == POLICY
    again = await graph.http.get(
        "/static/landing.css", headers={"if-none-match": response.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_every_file_of_graphiql_is_named_by_its_content() -> None:
    """Only files whose name has a hash of their content lie where files are cached for ever."""
    names = [path.name for path in (STATIC / "graphiql" / "assets").iterdir()]
    assert [name for name in names if not re.search(r"-[\w-]{8}\.(js|css|ttf)$", name)] == []


async def test_examples(graph: Graph) -> None:
    """The examples are given as GraphiQL takes them."""
    response = await graph.http.get("/graphiql/examples.json")
    assert (response.status_code, policy(response)) == (200, POLICY)
    assert response.json() == examples_json(load_examples())


async def test_examples_run(demo: Graph) -> None:
    """Each example runs with its variables, as its persona, and finds something."""
    for example in load_examples():
        asking = await demo.as_persona(example.persona) if example.persona else demo
        answer: Any = await asking(example.query, **json.loads(example.variables))
        assert "errors" not in answer, example.name
        if example.operation == "Report":  # where nothing is similar, nothing is found
            assert answer["data"]["reportIssue"]["refusals"] == []
            continue
        assert re.search("[一-鿿]", json.dumps(answer["data"], ensure_ascii=False)), example.name


async def test_personas_work_where_people_are(demo: Graph) -> None:
    """In demo mode personas are listed, workers and secretaries where others hold posts."""
    ready = (await demo.http.get(PERSONAS)).json()["personas"]
    assert {
        persona["key"]: persona["organization"]
        for persona in ready
        if persona["tenant"] and persona["tenant"]["slug"] == "fushun" and persona["organization"]
    } == {
        "grid-worker-fushun": "210411002003-CWG01",
        "agent-fushun": "210411002002-CWG01-LD01-DBZ01",
        "secretary-fushun": "210411002",
    }


async def test_landing_page_without_database(demo: Graph) -> None:
    """Where the database went away a moment ago the landing page says so, without personas."""
    assert 'id="personas"' in (await demo.http.get("/")).text
    await demo.live.database.close()
    page, personas = await demo.http.get("/"), await demo.http.get(PERSONAS)
    assert (page.status_code, personas.status_code) == (503, 503)
    assert "数据库暂时不可用" in page.text
    assert 'id="personas"' not in page.text


async def test_schema(graph: Graph) -> None:
    """The schema is given as text."""
    response = await graph.http.get("/schema.graphql")
    assert (response.status_code, policy(response)) == (200, POLICY)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == sdl()


async def test_probes(graph: Graph) -> None:
    """Probes of a ready server."""
    health, ready = [await graph.http.get(path) for path in ("/healthz", "/readyz")]
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"ready": True})


@pytest.mark.parametrize(
    "path",
    [
        "/none",
        "/graphql/none",
        "/graphiql/none",
        "/static",
        "/static/",
        "/static/none.css",
        "/static/graphiql",
        "/static/graphiql/assets/",
        "/static/graphiql/assets/none.js",
    ],
)
async def test_not_found(graph: Graph, path: str) -> None:
    """What is not there is 404, folders too."""
    response = await graph.http.get(path, follow_redirects=True)
    assert (response.status_code, response.text) == (404, "Not Found")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../landing.html",
        "/static/../../app.py",
        "/static/graphiql/../../landing.html",
        "/static//etc/passwd",
        f"/static/{STATIC.parent / 'landing.html'}",
        "/static/..\\landing.html",
        "/static/landing.css\0",
        "/static/" + "a" * 300,
        "/static/~root",
    ],
)
async def test_no_way_out_of_the_static_files(graph: Graph, path: str) -> None:
    """No path leads to a file outside the folder of static files, nor to a fault."""
    assert await raw_get(graph, path) == 404


async def raw_get(graph: Graph, path: str) -> int:
    """The status for a path that no client normalised."""
    app: Any = graph.http._transport.app  # type: ignore[attr-defined]
    assert isinstance(app, Starlette)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "server": ("onegrid", 80),
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


@pytest.mark.parametrize("path", ["/", "/graphiql", "/schema.graphql", "/healthz", "/readyz"])
async def test_pages_take_no_posts(graph: Graph, path: str) -> None:
    """Pages are for reading."""
    post, head = await graph.http.post(path), await graph.http.head(path)
    assert (post.status_code, head.status_code, head.content) == (405, 200, b"")


def test_policy_of_the_built_page() -> None:
    """The built GraphiQL page has no script of its own text, which the policy would refuse."""
    page = Path(STATIC / "graphiql" / "index.html").read_text("utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page) == []
    assert re.findall(r"\son\w+=", page) == []
