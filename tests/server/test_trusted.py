"""Trusted documents: what a request may name, what may run, and which answers are kept."""

import json
from collections.abc import Mapping
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from schema.errors import CodedError
from schema.root import graphql_schema
from server.documents import Document, Documents
from server.graphql import Gate
from server.manifests import ManifestError, TrustedDocument, read_manifests
from server.parameters import Parameters
from server.registered import RegisteredDocuments
from server.settings import Settings
from server.trusted import (
    InvalidDocument,
    TrustedDocuments,
    cache_headers,
    invalid,
    operation_names,
)
from tests.server.bench import GRAPHQL, JSON, SCHEMA, Bench, answer, refusal

MANIFESTS = sorted((Path(__file__).parent / "manifests").glob("*.json"))


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


HELLO, DOUBLE = "{ hello }", "query Double { double }"
HELLO_MD5 = md5(HELLO.encode()).hexdigest()
TRUSTED = (
    TrustedDocument(f"sha256:{digest(HELLO)}", HELLO, "web.json"),
    TrustedDocument(HELLO_MD5, HELLO, "relay.json"),
)
VARY = "Accept, Accept-Language, Authorization"
NOT_FOUND = refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
NOT_SUPPORTED = refusal("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")


def asked(
    query: str | None = None, document_id: str | None = None, persisted_hash: str | None = None
) -> Parameters:
    return Parameters(query, None, {}, {}, document_id, persisted_hash)


def refused(trusted: TrustedDocuments, parameters: Parameters) -> tuple[str, str, str, object]:
    with pytest.raises(CodedError) as raised:
        trusted.text_of(parameters)
    return raised.value.code, raised.value.zh, raised.value.en, raised.value.facts


@pytest.mark.parametrize("only", [False, True])
@pytest.mark.parametrize(
    "name", [f"sha256:{digest(HELLO)}", digest(HELLO), HELLO_MD5, None], ids=str
)
@pytest.mark.parametrize("query", [HELLO, None])
def test_names(only: bool, name: str | None, query: str | None) -> None:
    """A trusted document runs by the id of any manifest, by its hash, and as its text."""
    trusted = TrustedDocuments(TRUSTED, only=only)
    named = [asked(query, name), asked(query, None, name), asked(query, name, digest(HELLO))]
    for parameters in named if name else [asked(HELLO)]:
        assert trusted.text_of(parameters) == HELLO


def test_any_text() -> None:
    """Where not only trusted documents run, any text does."""
    assert TrustedDocuments(TRUSTED).text_of(asked("any text")) == "any text"


@pytest.mark.parametrize("only", [False, True])
def test_unknown_hash(only: bool) -> None:
    """An unknown hash is answered in the words that Apollo's clients look for."""
    words = "PersistedQueryNotFound"
    assert refused(TrustedDocuments(TRUSTED, only=only), asked(None, None, digest(DOUBLE))) == (
        "PERSISTED_QUERY_NOT_FOUND",
        words,
        words,
        {},
    )


def test_unsupported() -> None:
    """Where nothing can be registered or trusted, Apollo's clients are told to send texts."""
    words = "PersistedQueryNotSupported"
    trusted = TrustedDocuments(registration=False)
    assert refused(trusted, asked(None, None, digest(DOUBLE))) == (
        "PERSISTED_QUERY_NOT_SUPPORTED",
        words,
        words,
        {},
    )


@pytest.mark.parametrize("name", ["x", f"sha256:{digest(DOUBLE)}", HELLO_MD5.upper()])
def test_unknown_id(name: str) -> None:
    """An unknown id is named, with what ids there are."""
    assert refused(TrustedDocuments(TRUSTED), asked(None, name)) == (
        "PERSISTED_QUERY_NOT_FOUND",
        f"没有编号为 {name} 的文档；应为可信文档清单中的编号，"
        "或“sha256:”加文档文本 SHA-256 的十六进制值。",
        f"There is no document with the id {name}; expected an id of a manifest of trusted"
        " documents, or sha256: and the hash of its text in hex.",
        {"documentId": name},
    )


@pytest.mark.parametrize("only", [False, True])
@pytest.mark.parametrize(
    "parameters",
    [
        asked(DOUBLE, digest(HELLO)),
        asked(DOUBLE, None, digest(HELLO)),
        asked(DOUBLE, digest(DOUBLE), digest(HELLO)),
    ],
)
def test_mismatch(only: bool, parameters: Parameters) -> None:
    """A text under the hash of another is refused with its own."""
    assert refused(TrustedDocuments(TRUSTED, only=only), parameters) == (
        "DOCUMENT_HASH_MISMATCH",
        f"文档的编号为 {digest(HELLO)}，但其文本的 SHA-256 为 {digest(DOUBLE)}；应一致。",
        f"The document is called {digest(HELLO)}, but the SHA-256 of its text is"
        f" {digest(DOUBLE)}; expected them to agree.",
        {"given": digest(HELLO), "expected": digest(DOUBLE)},
    )


def test_two_names() -> None:
    """An id and a hash of two documents are refused, also without a text."""
    parameters = asked(None, HELLO_MD5, digest(DOUBLE))
    code, _, _, facts = refused(TrustedDocuments(TRUSTED), parameters)
    assert (code, facts) == (
        "DOCUMENT_HASH_MISMATCH",
        {"given": digest(DOUBLE), "expected": digest(HELLO)},
    )


@pytest.mark.parametrize("query", [DOUBLE, "", HELLO + " "])
def test_untrusted(query: str) -> None:
    """Where only trusted documents run, any other text is refused with its hash."""
    assert refused(TrustedDocuments(TRUSTED, only=True), asked(query)) == (
        "DOCUMENT_UNTRUSTED",
        f"本服务只运行可信文档；此文档（SHA-256 为 {digest(query)}）不在清单中，请运维人员加入。",
        f"Only trusted documents are run here; this one (its SHA-256 is {digest(query)}) is in no"
        " manifest: ask the operator to add it.",
        {"sha256": digest(query)},
    )


def test_register() -> None:
    """A text that came with its hash is found by hash and by id from then on."""
    trusted = TrustedDocuments()
    trusted.register(asked(DOUBLE, None, digest(DOUBLE)))
    for name in (digest(DOUBLE), f"sha256:{digest(DOUBLE)}"):
        assert trusted.text_of(asked(None, name)) == DOUBLE
        assert trusted.text_of(asked(None, None, name)) == DOUBLE


@pytest.mark.parametrize(
    ("trusted", "parameters"),
    [
        (TrustedDocuments(TRUSTED, only=True), asked(DOUBLE, None, digest(DOUBLE))),
        (TrustedDocuments(TRUSTED, registration=False), asked(DOUBLE, None, digest(DOUBLE))),
        (TrustedDocuments(TRUSTED), asked(DOUBLE)),
        (TrustedDocuments(TRUSTED), asked(DOUBLE, digest(DOUBLE))),
    ],
    ids=["only", "no registration", "no hash", "no hash but an id"],
)
def test_not_registered(trusted: TrustedDocuments, parameters: Parameters) -> None:
    """A text is not remembered where that is not wanted, or not asked for."""
    trusted.register(parameters)
    assert refused(trusted, asked(None, None, digest(DOUBLE)))[0] == "PERSISTED_QUERY_NOT_FOUND"


def test_register_costs_trusted_nothing() -> None:
    """A trusted document takes no room among the registered ones."""
    registered = RegisteredDocuments(capacity=1)
    trusted = TrustedDocuments(TRUSTED, registered=registered)
    trusted.register(asked(DOUBLE, None, digest(DOUBLE)))
    trusted.register(asked(HELLO, None, digest(HELLO)))
    assert len(registered) == 1
    assert trusted.text_of(asked(None, None, digest(DOUBLE))) == DOUBLE


def test_nobody_lies() -> None:
    """A hash that was never checked cannot give another text its name."""
    trusted = TrustedDocuments()
    trusted.register(asked(DOUBLE, None, digest("{ other }")))
    assert refused(trusted, asked(None, None, digest("{ other }")))[0] == (
        "PERSISTED_QUERY_NOT_FOUND"
    )


def test_settings(tmp_path: Path) -> None:
    """The settings name the manifests and say what else may run."""
    file = tmp_path / "web.json"
    file.write_text(json.dumps({digest(HELLO): HELLO}))
    settings = Settings(_env_file=None, trusted_documents=(file,), trusted_only=True)
    trusted = TrustedDocuments.of(settings)
    assert trusted.documents == (TrustedDocument(digest(HELLO), HELLO, str(file)),)
    assert refused(trusted, asked(DOUBLE))[0] == "DOCUMENT_UNTRUSTED"
    off = TrustedDocuments.of(Settings(_env_file=None, persisted_queries=False))
    assert refused(off, asked(None, None, "x"))[0] == "PERSISTED_QUERY_NOT_SUPPORTED"


def test_nothing_trusted() -> None:
    """A server on which nothing could run is not started."""
    with pytest.raises(ManifestError) as raised:
        TrustedDocuments.of(Settings(_env_file=None, trusted_only=True))
    assert str(raised.value) == (
        "ONEGRID_TRUSTED_ONLY is set, but ONEGRID_TRUSTED_DOCUMENTS names no document: "
        "nothing could be asked"
    )


def test_invalid() -> None:
    """Trusted documents that the schema does not allow any more are told with every error."""
    gone = TrustedDocument("a", "query Gone { gone double(n: 1) }", "web.json")
    broken = TrustedDocument("b", "{", "web.json")
    trusted = TrustedDocuments([*TRUSTED, gone, broken])
    assert list(invalid(Documents(SCHEMA), trusted)) == [
        InvalidDocument(
            gone,
            (
                "Cannot query field 'gone' on type 'Query'.",
                "Unknown argument 'n' on field 'Query.double'.",
            ),
        ),
        InvalidDocument(broken, ("Syntax Error: Expected Name, found <EOF>.",)),
    ]


def test_operation_names() -> None:
    """The names of operations are those of valid documents; nameless ones have none."""
    double = TrustedDocument("a", DOUBLE, "web.json")
    broken = TrustedDocument("b", "query Broken { gone }", "web.json")
    trusted = TrustedDocuments([*TRUSTED, double, broken])
    assert operation_names(Documents(SCHEMA), trusted) == {"Double"}


def test_tools() -> None:
    """What the tools wrote of our examples is valid against our schema."""
    trusted = TrustedDocuments(read_manifests(MANIFESTS))
    documents = Documents(graphql_schema())
    assert list(invalid(documents, trusted)) == []
    assert operation_names(documents, trusted) == {
        "Cities",
        "CitiesQuery",
        "Levels",
        "LevelsQuery",
        "OrganizationPage",
        "OrganizationPageQuery",
    }
    for document in trusted.documents:
        assert isinstance(documents.get(trusted.text_of(asked(None, document.id))), Document)


def request(method: str, **headers: str) -> Request:
    listed = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": listed})


PUBLIC = {"cache-control": "public, max-age=60", "vary": VARY}
PRIVATE = {"cache-control": "private, no-store", "vary": VARY}
BY_ID = asked(None, HELLO_MD5)
BY_HASH = asked(None, None, digest(HELLO))


@pytest.mark.parametrize(
    ("of", "parameters", "expected"),
    [
        (request("GET"), BY_ID, PUBLIC),
        (request("GET"), BY_HASH, PUBLIC),
        (request("GET", authorization="Bearer x"), BY_ID, PRIVATE),
        (request("GET", authorization=""), BY_HASH, PRIVATE),
        (request("POST"), BY_ID, {}),
        (request("GET"), asked(HELLO), {}),
        (request("GET"), asked(HELLO, HELLO_MD5), {}),
        (request("GET"), asked(None, None, digest(DOUBLE)), {}),
    ],
)
def test_cache_headers(of: Request, parameters: Parameters, expected: dict[str, str]) -> None:
    """Caches keep only what anybody gets who names a trusted query in a URL without a token."""
    trusted = TrustedDocuments(TRUSTED)
    trusted.register(asked(DOUBLE, None, digest(DOUBLE)))
    assert cache_headers(trusted, parameters, of) == expected


class TrustingGate(Gate):
    """Lets through what the trusted documents let through."""

    def __init__(self, trusted: TrustedDocuments) -> None:
        self._trusted = trusted

    def text(self, parameters: Parameters) -> str:
        return self._trusted.text_of(parameters)

    def valid(self, parameters: Parameters) -> None:
        self._trusted.register(parameters)

    def cached(self, parameters: Parameters, request: Request) -> Mapping[str, str]:
        return cache_headers(self._trusted, parameters, request)


def client(trusted: TrustedDocuments) -> httpx.AsyncClient:
    return Bench().client(gate=TrustingGate(trusted))


def apq(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
async def test_registration(accept: str, status: int) -> None:
    """A client sends a hash, on refusal the text with it, and from then on the hash alone."""
    headers = {"accept": accept}
    async with client(TrustedDocuments()) as http:
        url = {"extensions": json.dumps(apq(DOUBLE))}
        first = await http.get("/graphql", params=url, headers=headers)
        assert answer(first) == (status, NOT_FOUND)
        assert first.headers["cache-control"] == "no-store"
        body = {"query": DOUBLE, "extensions": apq(DOUBLE)}
        second = await http.post("/graphql", json=body, headers=headers)
        assert answer(second) == (200, {"data": {"double": 2}})
        third = await http.get("/graphql", params=url, headers=headers)
        assert answer(third) == (200, {"data": {"double": 2}})
        assert third.headers["cache-control"] == "no-store"


async def test_invalid_is_not_registered() -> None:
    """A text that is not valid is not remembered under its hash."""
    text = "{ gone }"
    async with client(TrustedDocuments()) as http:
        sent = await http.post("/graphql", json={"query": text, "extensions": apq(text)})
        assert sent.json()["errors"][0]["extensions"]["code"] == "VALIDATION_FAILED"
        again = await http.post("/graphql", json={"extensions": apq(text)})
        assert answer(again) == (200, NOT_FOUND)


async def test_unsupported_answer() -> None:
    """That nothing can be registered is told with 200, as Apollo's servers do."""
    async with client(TrustedDocuments(registration=False)) as http:
        sent = await http.post("/graphql", json={"extensions": apq(DOUBLE)})
        assert answer(sent) == (200, NOT_SUPPORTED)


async def test_cacheable() -> None:
    """A trusted query by GET is kept by caches, but not its errors nor a token's answer."""
    failing = TrustedDocument("a", "{ broken }", "web.json")
    async with client(TrustedDocuments([*TRUSTED, failing])) as http:
        good = await http.get("/graphql", params={"documentId": HELLO_MD5})
        own = await http.get(
            "/graphql", params={"documentId": HELLO_MD5}, headers={"authorization": "Bearer x"}
        )
        bad = await http.get("/graphql", params={"documentId": "a"})
    assert good.json() == own.json() == {"data": {"hello": "你好，世界"}}
    kept = [(each.headers["cache-control"], each.headers["vary"]) for each in (good, own, bad)]
    assert kept == [
        ("public, max-age=60", VARY),
        ("private, no-store", VARY),
        ("no-store", "Accept, Accept-Language"),
    ]


async def test_mutation_over_get() -> None:
    """A trusted mutation is not run by GET either."""
    rename = TrustedDocument("m", 'mutation { rename(name: "a") }', "web.json")
    async with client(TrustedDocuments([rename])) as http:
        got = await http.get("/graphql", params={"documentId": "m"})
        posted = await http.post("/graphql", json={"documentId": "m"})
    assert got.status_code == 405
    assert answer(posted) == (200, {"data": {"rename": "a"}})


async def test_untrusted_answer() -> None:
    """A text that is not trusted is answered 403 where only trusted ones run."""
    async with client(TrustedDocuments(TRUSTED, only=True)) as http:
        sent = await http.post("/graphql", json={"query": DOUBLE})
        known = await http.post("/graphql", json={"query": HELLO})
    assert (sent.status_code, known.status_code) == (403, 200)
    assert sent.json()["errors"][0]["extensions"] == {
        "code": "DOCUMENT_UNTRUSTED",
        "sha256": digest(DOUBLE),
    }
