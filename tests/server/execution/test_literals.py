"""Literals: found in a text without parsing, as the lexer finds them."""

import pytest
from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind
from hypothesis import given, settings
from hypothesis import strategies as st

from server.execution.literals import MOST, Literals, literals_of, starts_of

PIECES = [
    *("a", "_1", "a5", "$v", "true", "{", "}", "(", ")", "[", "]", ":", "!", "=", "@", "...", "."),
    *("1", "0", "-0", "05", "-5", "1.5", "1e3", "1E+2", "1.", "1e", "-", "1_", '""', '"a"', '"1"'),
    *('"a', '"#"', '"楼"', "#", '# 1 "a"\n', "\n", "\r\n", " ", ",", "\ufeff", "\x00", "\ud800"),
]
KINDS = {
    TokenKind.STRING: "s",
    TokenKind.COMMENT: "c",
    TokenKind.INT: "i",
    TokenKind.FLOAT: "f",
}
RAWS = {
    "s": ('""', '"b"', '"2 3"', '"#"', '"€"'),
    "c": ("#", '# "', "# 5"),
    "i": ("0", "7", "-12", "99999999999"),
    "f": ("0.5", "-1e9", "3.25E-1"),
}

Token = tuple[TokenKind, int, int, str | None]


def tokens(text: str) -> list[Token] | None:
    """What the lexer finds; None where it is no GraphQL."""
    lexer, found = Lexer(Source(text)), []
    try:
        while lexer.token.kind is not TokenKind.EOF:
            lexer.advance()
    except GraphQLSyntaxError:
        return None
    token = lexer.token
    while token.prev is not None:
        found.append((token.kind, token.start, token.end, token.value))
        token = token.prev
    return found[::-1]


def is_read_rightly(text: str, literals: Literals, found: list[Token]) -> bool:
    """Whether the literals are those of the lexer."""
    starts = starts_of(text)
    read = [
        (start, start + len(raw), kind)
        for start, raw, kind in zip(starts, literals.raws, literals.kinds, strict=True)
    ]
    return read == [(start, end, KINDS[kind]) for kind, start, end, _ in found if kind in KINDS]


@pytest.mark.parametrize(
    ("text", "kinds", "raws"),
    [
        ('{ a(b: "c", d: 1) }', "si", ['"c"', "1"]),
        ("{ a1(b: -5, c: 1.5e-3, d: $v2) }", "if", ["-5", "1.5e-3"]),
        ('{ a(b: "") } # 5 "x"\n', "sc", ['""', '# 5 "x"']),
        ('{ a(b: ["3#楼" "x"]) }', "ss", ['"3#楼"', '"x"']),
        ("{ a(b: RED, c: [-0,-1 2]) }", "iii", ["-0", "-1", "2"]),
    ],
)
def test_found(text: str, kinds: str, raws: list[str]) -> None:
    """Each literal is found as it is written, with its kind and its place."""
    found = literals_of(text)
    assert found is not None
    assert (found.kinds, found.raws) == (kinds, raws)
    assert [text[at : at + len(raw)] for at, raw in zip(starts_of(text), raws, strict=True)] == raws


@pytest.mark.parametrize(
    "text",
    [
        "{ a b5 }",
        '{ a(b: """c""") }',
        '{ a(b: "\\u4e00", c: 1) }',
        "{ a(b: [" + "1 " * (MOST + 1) + "]) }",
    ],
    ids=["none", "block", "escape", "many"],
)
def test_left(text: str) -> None:
    """A text without literals, with too many, or with some that are not plain is left."""
    assert literals_of(text) is None


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        ('{ a(b: "c") }', '{ a(b: "") }', True),
        ("{ a(b: 1) }", "{ a(b: -20) }", True),
        ("{ a(b: 1) }", "{ a(b: 1.0) }", False),
        ("{ a(b: 1) }", '{ a(b: "1") }', False),
        ("{ a(b: 1) }", "{ a(c: 1) }", False),
        ("{ a(b: 1, c: true) }", "{ a(b: 1, c: false) }", False),
        ("{ a(b: 1, c: $x) }", "{ a(b: 1, c: $y) }", False),
        ("{ a(b: 1) }", "{ a(b: 1 ) }", False),
        ("{ a(b: 1) } # c", "{ a(b: 2) } # d", True),
        ("{ a1(b: 1) }", "{ a2(b: 1) }", False),
    ],
)
def test_key(text: str, other: str, same: bool) -> None:
    """Texts have the same key where only the values of literals and comments differ."""
    found, beside = literals_of(text), literals_of(other)
    assert found is not None
    assert beside is not None
    assert (found.key == beside.key) is same


@settings(max_examples=1000, deadline=None, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.data())
def test_same_key_same_tokens(pieces: list[str], data: st.DataObject) -> None:
    """What is read rightly once is read rightly in every text with the same key."""
    text = "".join(pieces)
    literals, found = literals_of(text), tokens(text)
    if literals is None or found is None or not is_read_rightly(text, literals, found):
        return
    raws = [data.draw(st.sampled_from(RAWS[kind])) for kind in literals.kinds]
    between = literals.key.split("\0")[1:]
    other = "".join(part for pair in zip(between, [*raws, ""], strict=True) for part in pair)
    beside = literals_of(other)
    if beside is None or beside.key != literals.key:
        return
    again = tokens(other)
    assert again is not None
    assert is_read_rightly(other, beside, again)
    assert [kind for kind, *_ in again] == [kind for kind, *_ in found]
    assert [token[3] for token in again if token[0] not in KINDS] == [
        token[3] for token in found if token[0] not in KINDS
    ]
