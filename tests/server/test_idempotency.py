"""Idempotency-Key as front ends send it: read, hashed, and answered again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
from graphql import DocumentNode, OperationDefinitionNode, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.actor import Actor
from schema.context import Context, Resources
from schema.database import Database, engine
from schema.errors import CodedError, ErrorCode
from schema.idempotency import IdempotencyKey
from schema.keyring import Keyring
from schema.scope import Login, Scope
from schema.spelling import Speller
from server.forgetting import forget_keys
from server.idempotency import idempotency_key, key_of
from server.live import Live
from server.operations import Operation
from tenants.registry import Registry
from tests.conftest import NOW, TODAY, Graph, NewDatabase, opened, run_sql, services_of
from tests.schema.organizations.town import CITY, ID, PROVINCE

MOVE = """mutation Move($code: ID!, $parent: ID!, $dryRun: Boolean) {
  moveOrganization(
    input: {tenant: "invented", organization: $code, parent: $parent}, dryRun: $dryRun
  ) {
    organization { code name ancestors { code } formerParents { validTo } }
    changes { kind code before after affected }
    refusals { code path }
  }
}"""
TWO = """mutation ($to: ID!) {
  a: moveOrganization(input: {tenant: "invented", organization: "AA1-1", parent: $to}) { ...P }
  b: moveOrganization(input: {tenant: "invented", organization: "AA1-2", parent: "AA2"}) { ...P }
}
fragment P on OrganizationPayload { organization { code } refusals { code } }"""


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """The address of a database with the invented city."""
    return await new_database((PROVINCE, CITY))


@pytest.fixture
async def site(url: str) -> AsyncIterator[Graph]:
    """The application over it, on four connections; nobody is signed in."""
    async with opened(url) as ready:
        yield ready


def admin(site: Graph, key: str | None = "k", subject: str = "someone") -> Graph:
    """An administrator of the city, whose requests have a key."""
    me = site.as_("CITY_ADMIN", "990100", subject=subject)
    return me if key is None else replace(me, headers={**me.headers, "idempotency-key": key})


async def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Rows as the owner sees them."""
    connection: Any = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def moved(url: str) -> list[str]:
    """What was moved to where, in order."""
    found = await rows(url, "SELECT about->>'code', about->>'after' FROM event ORDER BY seq")
    return [f"{code} to {after}" for code, after in found]


def said(response: httpx.Response) -> tuple[int, Any]:
    """Status and body of an answer."""
    return response.status_code, response.json()


async def test_sent_again(site: Graph, url: str) -> None:
    """A mutation that is sent again has one effect and the same answer."""
    me = admin(site)
    first, *others = [said(await me.post(MOVE, code="AA1-1", parent="BB1")) for _ in range(3)]
    assert first == (
        200,
        {
            "data": {
                "moveOrganization": {
                    "organization": {
                        "code": "AA1-1",
                        "name": "AA1第1社区",
                        "ancestors": [{"code": "990100"}, {"code": "BB"}, {"code": "BB1"}],
                        "formerParents": [{"validTo": "2026-03-15"}],
                    },
                    "changes": [
                        {"kind": "PARENT", "code": "AA1-1", "before": "AA1", "after": "BB1",
                         "affected": 1},
                        {"kind": "PATH", "code": "AA1-1", "before": "/990100/AA/AA1/AA1-1/",
                         "after": "/990100/BB/BB1/AA1-1/", "affected": 3},
                    ],
                    "refusals": [],
                }
            }
        },
    )  # fmt: skip
    assert others == [first, first]
    assert await moved(url) == ["AA1-1 to BB1"]


async def test_without_a_key(site: Graph, url: str) -> None:
    """Without a key what is sent again is judged anew, and nothing is remembered."""
    me = admin(site, None)
    codes = []
    for _ in range(2):
        payload = (await me.data(MOVE, code="AA1-1", parent="BB1"))["moveOrganization"]
        codes.append([refusal["code"] for refusal in payload["refusals"]])
    assert codes == [[], ["PLACE_UNCHANGED"]]
    assert await rows(url, "SELECT * FROM idempotency") == []


async def test_at_once(site: Graph, url: str) -> None:
    """Fifty at once have one effect and one answer."""
    me = admin(site)
    answers = await asyncio.gather(*(me(MOVE, code="AA1-1", parent="BB1") for _ in range(50)))
    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0]["data"]["moveOrganization"]["refusals"] == []
    assert await moved(url) == ["AA1-1 to BB1"]


async def test_read_anew(site: Graph) -> None:
    """What was done is told as it was then, the organization is shown as it is now."""
    me = admin(site)
    first = (await me.data(MOVE, code="AA1-1", parent="BB1"))["moveOrganization"]
    await admin(site, None).data(MOVE, code="AA1-1", parent="BB2")
    again = (await me.data(MOVE, code="AA1-1", parent="BB1"))["moveOrganization"]
    assert again["changes"] == first["changes"]
    assert [item["code"] for item in again["organization"]["ancestors"]] == ["990100", "BB", "BB2"]


@pytest.mark.parametrize(
    "other",
    [
        {"query": MOVE, "variables": {"code": "AA1-2", "parent": "BB1"}},
        {"query": MOVE + "\n", "variables": {"code": "AA1-1", "parent": "BB1"}},
        {"query": TWO, "variables": {"to": "BB1"}},
    ],
)
@pytest.mark.parametrize("accept", ["application/graphql-response+json", "application/json"])
async def test_another_request(site: Graph, url: str, other: dict[str, Any], accept: str) -> None:
    """Another request under the key is refused as a whole with 422, and nothing is done."""
    me = admin(site)
    await me.data(MOVE, code="AA1-1", parent="BB1")
    headers = {**me.headers, "accept": accept, "accept-language": "en"}
    response = await site.http.post("/graphql", json=other, headers=headers)
    assert said(response) == (
        422,
        {
            "errors": [
                {
                    "message": "The Idempotency-Key was given to another request before; send "
                    "that one again as it was, or give this one a key of its own.",
                    "extensions": {
                        "code": "IDEMPOTENCY_KEY_REUSED",
                        "header": "Idempotency-Key",
                    },
                }
            ]
        },
    )
    assert await moved(url) == ["AA1-1 to BB1"]


async def test_the_same_request(site: Graph, url: str) -> None:
    """Order of variables, how the document is named, and language make no difference."""
    me = admin(site)
    await me.data(MOVE, code="AA1-1", parent="BB1")
    again = [
        {"query": MOVE, "variables": {"parent": "BB1", "code": "AA1-1"}},
        {"query": MOVE, "variables": {"code": "AA1-1", "parent": "BB1"}, "operationName": "Move"},
    ]
    for body in again:
        headers = {**me.headers, "accept-language": "en"}
        response = await site.http.post("/graphql", json=body, headers=headers)
        assert (response.status_code, "errors" in response.json()) == (200, False)
    assert await moved(url) == ["AA1-1 to BB1"]


async def test_another_sender(site: Graph, url: str) -> None:
    """Another subject's key is another key; the same subject's, with a newer token, is not."""
    refusals = []
    for subject in ("one", "two", "one"):
        payload = await admin(site, subject=subject).data(MOVE, code="AA1-1", parent="BB1")
        refusals.append([item["code"] for item in payload["moveOrganization"]["refusals"]])
    assert refusals == [[], ["PLACE_UNCHANGED"], []]
    assert await moved(url) == ["AA1-1 to BB1"]


async def test_a_refusal_is_judged_anew(site: Graph, url: str) -> None:
    """What was refused is carried out when it is sent again and may be."""
    me = admin(site)
    first = await me.data(MOVE, code="AA1-1", parent="AA1")
    assert first["moveOrganization"]["refusals"][0]["code"] == "PLACE_UNCHANGED"
    await admin(site, None).data(MOVE, code="AA1-1", parent="BB1")
    again = await me.data(MOVE, code="AA1-1", parent="AA1")
    assert again["moveOrganization"]["refusals"] == []
    assert await moved(url) == ["AA1-1 to BB1", "AA1-1 to AA1"]


async def test_a_rehearsal_does_not_look(site: Graph, url: str) -> None:
    """With dryRun nothing is remembered, and what is remembered does not matter."""
    me, variables = admin(site), {"code": "AA1-1", "parent": "BB1"}
    rehearsed = (await me.data(MOVE, **variables, dryRun=True))["moveOrganization"]
    assert (len(rehearsed["changes"]), await moved(url)) == (2, [])
    done = (await me.data(MOVE, **variables, dryRun=False))["moveOrganization"]
    assert (done["refusals"], await moved(url)) == ([], ["AA1-1 to BB1"])
    late = (await me.data(MOVE, **variables, dryRun=True))["moveOrganization"]
    assert [item["code"] for item in late["refusals"]] == ["PLACE_UNCHANGED"]


async def test_several_fields(site: Graph, url: str) -> None:
    """Each field of one request is carried out once, and one that was refused judged anew."""
    me = admin(site)
    first = await me.data(TWO, to="AA1")
    codes = {name: [item["code"] for item in part["refusals"]] for name, part in first.items()}
    assert codes == {"a": ["PLACE_UNCHANGED"], "b": []}
    await admin(site, None).data(MOVE, code="AA1-1", parent="BB1")
    again = await me.data(TWO, to="AA1")
    assert [part["refusals"] for part in again.values()] == [[], []]
    assert await me.data(TWO, to="AA1") == again
    assert await moved(url) == ["AA1-2 to AA2", "AA1-1 to BB1", "AA1-1 to AA1"]


async def test_queries_ignore_it(site: Graph) -> None:
    """A query has no use for the header, however it is written."""
    me = admin(site, "x" * 200)
    assert await me.data("{ viewer { role } }") == {"viewer": {"role": "CITY_ADMIN"}}


@pytest.mark.parametrize("key", ["", "x" * 129, "a\u00e9b", "键".encode().decode("latin-1")])
async def test_a_wrong_key(site: Graph, url: str, key: str) -> None:
    """A mutation with a key that is none is refused before anything is done."""
    bearer = admin(site, None).headers["authorization"].encode()
    headers = {b"authorization": bearer, b"idempotency-key": key.encode("latin-1")}
    body = {"query": MOVE, "variables": {"code": "AA1-1", "parent": "BB1"}}
    response = await site.http.post("/graphql", json=body, headers=headers)
    error = response.json()["errors"][0]["extensions"]
    assert (response.status_code, error) == (
        400,
        {"code": "BAD_REQUEST", "header": "Idempotency-Key"},
    )
    assert await moved(url) == []


async def test_two_keys(site: Graph) -> None:
    """A mutation with two keys is refused."""
    headers = [*admin(site).headers.items(), ("idempotency-key", "other")]
    response = await site.http.post("/graphql", json={"query": TWO}, headers=headers)
    assert (response.status_code, response.json()["errors"][0]["message"]) == (
        400,
        "请求头 Idempotency-Key 给出了 2 次;应给出一次,为 1–128 个可见 ASCII 字符,如 UUID。",
    )


async def test_deep_variables(site: Graph) -> None:
    """Variables that are nested deeper than can be hashed are refused, not a fault."""
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    body = {"query": MOVE, "variables": {"code": "1", "parent": "2", "other": deep}}
    response = await site.http.post("/graphql", json=body, headers=admin(site).headers)
    assert (response.status_code, response.json()["errors"][0]["extensions"]) == (
        400,
        {"code": "BAD_REQUEST", "parameter": "variables"},
    )


async def test_pages_of_other_origins_may_send_it(url: str, tmp_path: Path) -> None:
    """The header is among those that a preflight lets through."""
    services = services_of(tmp_path, cors_origins=("https://grid.example.cn",))
    asked = {
        "origin": "https://grid.example.cn",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, idempotency-key",
    }
    async with opened(url, services=services) as site:
        response = await site.http.options("/graphql", headers=asked)
    assert response.status_code == 200
    assert "Idempotency-Key" in response.headers["access-control-allow-headers"].split(", ")


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ([], None),
        (["a"], "a"),
        ([" a b\t"], "a b"),
        (["!~"], "!~"),
        (["x" * 128], "x" * 128),
        (["8e03978e-40d5-43dd-bc93-6894a57f9324"], "8e03978e-40d5-43dd-bc93-6894a57f9324"),
    ],
)
def test_key(given: list[str], key: str | None) -> None:
    """A key is printable ASCII, without spaces around it."""
    assert key_of(given) == key


@pytest.mark.parametrize(
    ("given", "zh", "en"),
    [
        ([""], "长度为 0", "its length is 0"),
        (["  "], "长度为 0", "its length is 0"),
        (["x" * 129], "长度为 129", "its length is 129"),
        (["a\x7f"], "含有其他字符", "it has other characters"),
        (["a\tb"], "含有其他字符", "it has other characters"),
        (["é"], "含有其他字符", "it has other characters"),
        (["a", "a"], "给出了 2 次", "it was given 2 times"),
    ],
)
def test_no_key(given: list[str], zh: str, en: str) -> None:
    """Anything else is refused with what is wrong and what was expected."""
    with pytest.raises(CodedError) as caught:
        key_of(given)
    error = caught.value
    assert (error.code, error.zh, error.en, error.facts) == (
        ErrorCode.BAD_REQUEST,
        f"请求头 Idempotency-Key {zh};应给出一次,为 1–128 个可见 ASCII 字符,如 UUID。",
        f"The header Idempotency-Key is wrong, {en}; expected it once, 1 to 128 printable ASCII "
        "characters, a UUID for instance.",
        {"header": "Idempotency-Key"},
    )


@settings(max_examples=200, deadline=None, database=None)
@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=140), max_size=2))
def test_any_header(headers: list[str]) -> None:
    """Whatever bytes come, the answer is a key within its bounds or a coded refusal."""
    key: str | None = "refused"
    with suppress(CodedError):
        key = key_of(headers)
    assert (key is None) == (headers == [])
    assert key is None or (1 <= len(key) <= 128 and key.isascii() and key.isprintable())


def _operation(name: str, variables: dict[str, Any]) -> Operation:
    document: DocumentNode = parse("mutation A { a } mutation B { b }")
    (definition,) = (
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode) and node.name and node.name.value == name
    )
    return Operation(document, definition, variables, {}, {})


def test_hashes() -> None:
    """Key, sender, text, operation and variables each make another hash; their order none."""
    every: list[dict[str, Any]] = [{}, {"x": 1, "y": None}, {"x": "1"}, {"x": {"y": []}}]
    made = {
        (key, sender, text, name, json.dumps(variables)): idempotency_key(
            key, sender, text, _operation(name, variables)
        )
        for key in ("k", "l")
        for sender in ("1 a", "address 1")
        for text in ("t", "u")
        for name in ("A", "B")
        for variables in every
    }
    assert len({key.holder for key in made.values()}) == 4
    assert len({key.request for key in made.values()}) == 2 * 2 * 2 * 4
    assert {len(part) for key in made.values() for part in (key.holder, key.request)} == {32}
    one, other = ({"x": 1, "y": {"a": 1, "b": 2}}, {"y": {"b": 2, "a": 1}, "x": 1})
    assert idempotency_key("k", "s", "t", _operation("A", one)) == idempotency_key(
        "k", "s", "t", _operation("A", other)
    )


async def test_a_mutation_writes_once(url: str, tmp_path: Path) -> None:
    """Under a key a second write of one mutation is a fault, not an outcome of the first."""
    database, scope = Database(url, size=2), Scope(frozenset({ID}), Login.CITY)
    await database.open()

    async def action(work: Any) -> None:
        return None

    async def refresh() -> Registry:
        raise AssertionError

    resources = Resources(database, Keyring(tmp_path / "keys.json"), refresh, Speller())
    async with database.snapshot(scope) as snapshot:
        context = Context(
            resources,
            snapshot,
            Registry((PROVINCE, CITY)),
            scope,
            NOW,
            TODAY,
            actor=Actor("someone"),
            idempotency=IdempotencyKey(b"k", b"r"),
        )
        context.begin_mutation("a")
        assert await context.write(CITY, action) is None
        with pytest.raises(RuntimeError, match="a mutation writes once"):
            await context.write(CITY, action)
    await database.close()


async def test_forgetting(url: str) -> None:
    """A server forgets what is older than it shall remember, at its start and again and again."""
    live = Live(Database(url, 2), engine(url), refresh_seconds=60)
    await live.refresh()
    task = asyncio.create_task(forget_keys(live, 2, lambda: NOW, seconds=0.001))
    old = (
        "INSERT INTO idempotency SELECT 990100, decode(md5(n::text), 'hex'), '', '{}',"
        f" '{NOW.isoformat()}'::timestamptz - n * interval '1 hour' FROM generate_series(1, 4) n"
        " ON CONFLICT DO NOTHING"
    )
    try:
        for _ in range(2):
            await run_sql(url, old)
            async with asyncio.timeout(20):
                while (await rows(url, "SELECT count(*) FROM idempotency")) != [(2,)]:
                    pass
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await live.close()


async def test_forgetting_without_a_table(new_database: NewDatabase, url: str) -> None:
    """Where the database cannot do it now, the log says so, and it goes on."""
    live = Live(Database(url, 2), engine(url), refresh_seconds=60)
    await live.refresh()
    await run_sql(url, "ALTER TABLE idempotency RENAME TO away")
    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(forget_keys(live, 2, lambda: NOW, seconds=0.001))
        async with asyncio.timeout(20):
            while len(logs) < 2:
                await rows(url, "SELECT 1")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await live.close()
    assert {(line["event"], line["log_level"]) for line in logs} == {
        ("idempotency keys could not be forgotten", "warning")
    }
