"""Parsing: the documents and the errors of graphql-core, strings read at once."""

import pytest
from graphql import GraphQLSyntaxError, parse, print_ast
from hypothesis import given
from hypothesis import strategies as st

from server.parsing import parsed

PIECES = ('"', '""', '"""', "\\", "\\n", "\\u0041", "\\u{1F600}", "\n", "\r", "\ud83d", "字", "x")


def outcome(parse_: object, text: str) -> object:
    """What parsing a text comes to: nodes with their places, or the error."""
    try:
        document = parse_(text)  # type: ignore[operator]
    except GraphQLSyntaxError as error:
        return error.formatted
    return document, document.loc.start_token, print_ast(document)


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_any_string(inside: str) -> None:
    """Whatever stands in quotes, the document is the same, or the error is."""
    text = f'{{ a(b: "{inside}", c: "") }}'
    assert outcome(parsed, text) == outcome(parse, text)


@pytest.mark.parametrize("text", ["", "{ a", '{ a(b: "x) }', "{" * 3000, '{ a(b: """x""") }'])
def test_like_the_library(text: str) -> None:
    """Texts without plain strings are the library's business."""
    assert outcome(parsed, text) == outcome(parse, text)


def test_tokens() -> None:
    """The limit of tokens is the library's."""
    with pytest.raises(GraphQLSyntaxError, match="more than 3 tokens"):
        parsed('{ a(b: "x") }', 3)
