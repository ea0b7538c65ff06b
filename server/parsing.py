"""Parsing: as graphql-core does, but for long strings.

It looks at each character of a string by itself: a text of 100 KB with one string in it kept
everybody else waiting for 12 ms.
"""

import re

from graphql import DocumentNode, Lexer, Source, Token, TokenKind, parse
from graphql.language.parser import Parser

# a string without escapes; what else may be wrong with one, graphql-core says
_PLAIN = re.compile(r'"([^"\\\n\r\ud800-\udfff]*+)"')


def parsed(text: str, max_lexical_tokens: int | None = None) -> DocumentNode:
    """The document written in a text, as `graphql.parse` gives it.

    Errors: `GraphQLSyntaxError`.
    """
    source = Source(text)
    parser = Parser(source, lexer=_Lexer(source), max_lexical_tokens=max_lexical_tokens)
    try:
        return parser.parse_document()
    except RecursionError:  # it says so where nesting is too deep
        return parse(source, max_lexical_tokens=max_lexical_tokens)


class _Lexer(Lexer):
    """graphql-core's, which finds the end of a plain string at once."""

    def read_string(self, start: int) -> Token:
        """The string that begins at an offset."""
        found = _PLAIN.match(self.source.body, start)
        if found is None:
            return super().read_string(start)
        return self.create_token(TokenKind.STRING, start, found.end(), found[1])
