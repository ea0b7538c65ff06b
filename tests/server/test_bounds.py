"""Bounds: what is too large is refused, and says by how much."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from graphql import get_introspection_query, parse

from bench.operations import FOLDER
from schema.errors import CodedError, ErrorCode
from server.bounds import (
    INTROSPECTION_DEPTH,
    LARGEST,
    NESTING,
    Bounds,
    Excess,
    cost_excess,
    document_excess,
    length_excess,
    scan_excess,
)
from server.cost import Cost
from server.extent import scan
from server.pages.examples import load_examples
from server.settings import Settings
from tests.docs.documents import table

BOUNDS = Bounds.of(Settings(_env_file=None))
EXAMPLES = Path(__file__).parent.parent.parent / "server" / "pages" / "examples"

WHOLE_SCHEMA = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    experimental_directive_deprecation=True,
    one_of=True,
)


def found(text: str, bounds: Bounds = BOUNDS) -> Excess | None:
    """What is found first as a text goes all the way."""
    return (
        length_excess(text, bounds)
        or scan_excess(scan(text), bounds)
        or document_excess(parse(text), bounds)
    )


def test_defaults() -> None:
    """The settings' defaults are the bounds."""
    assert Bounds.of(Settings(_env_file=None)) == Bounds(
        length=102_400,
        tokens=1000,
        depth=12,
        aliases=15,
        fields=20,
        selections=2000,
        directives=10,
        fragments=20,
        nodes=10_000,
        cost=1000,
    )


def nested(depth: int) -> str:
    """Fields nested so deep."""
    return "{ a " * depth + "}" * depth


def fragments(number: int) -> str:
    """So many fragments, each used once."""
    spreads = " ".join(f"...F{n}" for n in range(number))
    return f"{{ {spreads} }} " + " ".join(f"fragment F{n} on T {{ a }}" for n in range(number))


def aliases(number: int) -> str:
    """So many aliases, over two fields and a fragment that meet in one level."""
    named = [f"a{n}: b" for n in range(number)]
    one, two, three = (" ".join(named[n::3]) for n in range(3))
    fragment = f"fragment F on T {{ {two} ... {{ {three} }} }}"
    return f"{{ t {{ {one} }} t {{ c ...F }} }} {fragment}"


def repeated(number: int) -> str:
    """One field so many times, in two selections that meet in one level."""
    half = number // 2
    return f"{{ t {{ {'a ' * half} }} t {{ {'a ' * (number - half)} }} }}"


@pytest.mark.parametrize(
    ("at_limit", "above", "expected"),
    [
        ("#" * 102_396 + "\n{a}", "#" * 102_397 + "\n{a}", Excess("length", 102_401, 102_400)),
        ("{" + "a " * 20 + "}" + "#\n" * 978, "{" + "a " * 20 + "}" + "#\n" * 979, "tokens"),
        (nested(12), nested(13), "depth"),
        (nested(12), nested(3000), Excess("depth", 3000, 12)),
        ("{ a(b: " + "[" * 12 + "]" * 12 + ") }", "{ a(b: " + "[" * 13 + "]" * 13 + ") }", "depth"),
        (
            "query($a: I = " + "{b: " * 12 + "1" + "}" * 12 + ") { a }",
            "query($a: I = " + "{b: " * 13 + "1" + "}" * 13 + ") { a }",
            "depth",
        ),
        (
            "{ __schema " + nested(INTROSPECTION_DEPTH - 1) + "}",
            "{ __schema " + nested(INTROSPECTION_DEPTH) + "}",
            "introspectionDepth",
        ),
        (aliases(15), aliases(16), "aliases"),
        (repeated(20), repeated(21), "fields"),
        ("{ a " + "@d " * 10 + "}", "{ a " + "@d " * 11 + "}", "directives"),
        (fragments(20), fragments(21), "fragments"),
    ],
)
def test_limits(at_limit: str, above: str, expected: Excess | str) -> None:
    """A document at the limit passes, and one above it does not."""
    assert found(at_limit) is None
    if isinstance(expected, str):
        limits = {"introspectionDepth": INTROSPECTION_DEPTH}
        limit = limits.get(expected) or getattr(BOUNDS, expected)
        expected = Excess(expected, limit + 1, limit)
    assert found(above) == expected


def test_selections() -> None:
    """What fragments unfold to is bounded, though little is written."""
    text = "{ ...A ...A } fragment A on T { ...B ...B } fragment B on T { a }"
    assert found(text, replace(BOUNDS, selections=10)) is None
    assert found(text, replace(BOUNDS, selections=9)) == Excess("selections", 10, 9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (nested(3000), Excess("depth", 3000, 12)),
        ("{ a" + "[" * 300, Excess("depth", 301, 12)),
        ("{ " + "...on T{" * NESTING + "a" + "}" * NESTING + "}", Excess("depth", NESTING + 1, 12)),
        ("{ " + " ".join(f"a{n}: b" for n in range(4000)) + " }", Excess("tokens", 12_002, 1000)),
        ("{ " + "a " * 4000 + "}", Excess("tokens", 4002, 1000)),
        ("{ a " + "@d " * 4000 + "}", Excess("tokens", 8003, 1000)),
        ("{ a }" + " " * 10 * 1024 * 1024, Excess("length", 10_485_765, 102_400)),
    ],
    ids=["depth", "brackets", "inline fragments", "aliases", "fields", "directives", "10 MiB"],
)
def test_flood(text: str, expected: Excess) -> None:
    """What floods the parser is refused before it is parsed."""
    assert (length_excess(text, BOUNDS) or scan_excess(scan(text), BOUNDS)) == expected


ROOMY = replace(BOUNDS, length=1_000_000, tokens=100_000, selections=100_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ " + " ".join(f"a{n}: b" for n in range(4000)) + " }", Excess("aliases", 4000, 15)),
        ("{ " + "a " * 4000 + "}", Excess("fields", 4000, 20)),
        ("{ a " + "@d " * 4000 + "}", Excess("directives", 4000, 10)),
        ("{ " + "a @d " * 4000 + "}", Excess("directives", 4000, 10)),
        (fragments(4000), Excess("fragments", 4000, 20)),
    ],
    ids=["aliases", "fields", "directives", "fields with directives", "fragments"],
)
def test_flood_with_many_tokens(text: str, expected: Excess) -> None:
    """Where many tokens are allowed, the other bounds still hold."""
    assert found(text, ROOMY) == expected


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("...F{0} ...F{0}", Excess("selections", 3 * 2**19 - 1, 2000)),
        ("a: t {{ ...F{0} }} b: t {{ ...F{0} }}", Excess("depth", 20, 12)),
        ("... {{ ...F{0} }} ...F{0}", Excess("selections", 2**21 - 2, 2000)),
    ],
    ids=["in one level", "in deeper levels", "in inline fragments"],
)
def test_fragments_that_double(inner: str, expected: Excess) -> None:
    """Twenty fragments that stand for a million fields are refused."""
    bodies = [*(inner.format(n) for n in range(1, 20)), "s"]
    parts = [f"fragment F{n} on T {{ {body} }}" for n, body in enumerate(bodies)]
    assert found("{ ...F0 } " + " ".join(parts)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A } fragment A on T { s ...A }",
        "{ ...A } fragment A on T { t { ...B } } fragment B on T { t { s ...A } }",
        "{ ...A } fragment A on T { ...B ...B } fragment B on T { ...A ...A }",
    ],
)
def test_cycles_pass(text: str) -> None:
    """Cycles of fragments are left to validation."""
    assert found(text) is None


def test_cycles_are_bounded() -> None:
    """What a cycle repeats is counted once, the rest of it as ever."""
    spreads = " ".join(f"...F{n}" for n in range(20))
    text = f"{{ ...F0 }} {' '.join(f'fragment F{n} on T {{ {spreads} }}' for n in range(20))}"
    excess = found(text)
    assert excess is not None
    assert excess.bound == "selections"


@pytest.mark.parametrize(
    "text",
    [
        *(example.query for example in load_examples(EXAMPLES)),
        *(example.query for example in load_examples(FOLDER)),
        WHOLE_SCHEMA,
        "{ __typename }",
        "query A { __typename } query B { __typename }",
    ],
)
def test_what_pages_ask_passes(text: str) -> None:
    """The examples, the benchmark's operations and introspection are within half of the bounds."""
    half = [value // 2 for value in (BOUNDS.tokens, BOUNDS.selections, BOUNDS.fields)]
    assert found(text, replace(BOUNDS, tokens=half[0], selections=half[1], fields=half[2])) is None


def test_cost() -> None:
    """An operation with too many nodes or too much cost is refused."""
    assert cost_excess(Cost(10_000, 1000), BOUNDS) is None
    assert cost_excess(Cost(10_001, 1001), BOUNDS) == Excess("nodes", 10_001, 10_000)
    assert cost_excess(Cost(10_000, 1001), BOUNDS) == Excess("cost", 1001, 1000)


@pytest.mark.parametrize(
    ("bound", "code"),
    [
        ("length", ErrorCode.BODY_TOO_LARGE),
        ("tokens", ErrorCode.TOKENS_EXCEEDED),
        ("depth", ErrorCode.DEPTH_EXCEEDED),
        ("introspectionDepth", ErrorCode.DEPTH_EXCEEDED),
        ("aliases", ErrorCode.ALIASES_EXCEEDED),
        ("fields", ErrorCode.FIELDS_EXCEEDED),
        ("selections", ErrorCode.FIELDS_EXCEEDED),
        ("directives", ErrorCode.DIRECTIVES_EXCEEDED),
        ("fragments", ErrorCode.FRAGMENTS_EXCEEDED),
        ("nodes", ErrorCode.NODES_EXCEEDED),
        ("cost", ErrorCode.COST_EXCEEDED),
    ],
)
def test_refusal(bound: str, code: ErrorCode) -> None:
    """A refusal names the bound, the value and the limit, in both languages and as facts."""
    refusal = Excess(bound, 4321, 1234).refusal()
    assert (refusal.code, refusal.facts) == (code, {"bound": bound, "value": 4321, "limit": 1234})
    for text in (refusal.zh, refusal.en):
        assert "4321" in text
        assert "1234" in text


def test_refusal_text() -> None:
    """A refusal says what to do."""
    refusal = Excess("depth", 13, 12).refusal()
    assert (refusal.zh, refusal.en) == (
        "文档的嵌套深度为 13，超出上限 12；请分多次请求,由下层对象的编码或全局编号再查。",
        "The document's depth is 13, above the limit of 12;"
        " begin further requests at the inner objects, by code or id.",
    )


def test_numbers_that_json_cannot_hold() -> None:
    """A value of thousands of digits is shown as the largest number that JSON readers know."""
    refusal = Excess("nodes", 10**5000, 10_000).refusal()
    assert isinstance(refusal, CodedError)
    assert orjson.loads(orjson.dumps(refusal.facts))["value"] == LARGEST
    assert str(LARGEST) in refusal.zh


def test_documented() -> None:
    """The guide names every bound with the limit that it has by default."""
    limits = {name: getattr(BOUNDS, name) for name in Bounds.__dataclass_fields__}
    limits["introspectionDepth"] = INTROSPECTION_DEPTH
    documented = {row[0]: int(row[1]) for row in table("docs/api.md", "Bounds")[: len(limits)]}
    assert documented == limits
