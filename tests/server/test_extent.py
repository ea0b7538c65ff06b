"""Extent: sizes of documents, whatever fragments do."""

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    parse,
    visit,
)
from graphql.language import Lexer, Source, TokenKind
from hypothesis import given, settings
from hypothesis import strategies as st

from server.extent import Crowding, Extent, Scan, asks_for_schema, crowding, extent, scan
from tests.server.selections import Document, documents


def lexed(text: str) -> int:
    """How many tokens graphql-core reads, comments among them."""
    token = (lexer := Lexer(Source(text))).token
    while lexer.advance().kind is not TokenKind.EOF:
        pass
    found = 0
    while token.next is not None:
        token = token.next
        found += 1
    return found - 1  # the end of the text


class Visited:
    """Counts the selections that are looked at."""

    def __init__(self, document: DocumentNode) -> None:
        self.written = self.seen = 0
        visit(document, _Counting(self))


class _Counting(Visitor):
    def __init__(self, visited: Visited) -> None:
        super().__init__()
        self._visited = visited

    def enter_selection_set(self, node: SelectionSetNode, *_: object) -> None:
        visited = self._visited
        visited.written += len(node.selections)

        class Counted(tuple):  # type: ignore[type-arg]
            def __iter__(self):  # type: ignore[no-untyped-def]
                visited.seen += len(self)
                return super().__iter__()

        object.__setattr__(node, "selections", Counted(node.selections))


def doubled(times: int, inner: str = "...F{0} ...F{0}") -> str:
    """A document whose fragments each spread the next one twice."""
    parts = [
        f"fragment F{n} on T {{ {inner.format(n + 1) if n < times else 's'} }}"
        for n in range(times + 1)
    ]
    return "{ ...F0 } " + " ".join(parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Scan(0, 0)),
        ("{ a }", Scan(3, 1)),
        ("{ a(b: [{c: 1}]) { d } }", Scan(17, 4)),
        ('{ a(b: "}}\\"{{") } # {{{', Scan(9, 2)),
        ('{ a(b: """{{ \\""" " "" {{""") }', Scan(8, 2)),
        ("query($a: [Int!]! = -1.5e3) { ...F }", Scan(17, 2)),
        ("{" * 3000 + "}" * 3000, Scan(6000, 3000)),
        ("}}}{", Scan(4, 0)),
    ],
    ids=["empty", "field", "values", "strings", "block", "operation", "deep", "unbalanced"],
)
def test_scan(text: str, expected: Scan) -> None:
    """Tokens and brackets are counted outside strings and comments."""
    assert scan(text) == expected


WORDS = [
    *"{}()[]:=!&|,\t\ufeff",
    *["...", "$x", "@d", "name", "_a1", "-1", "0.5", "1e-9"],
    '""',
    '"a{\\"\\\\"',
    '""""""',
    '"""b " {"""',
    '"""a \\""" " b"""',
    "# c {",
]


@settings(deadline=None, database=None)
@given(st.lists(st.sampled_from(WORDS)), st.sampled_from(["\n", "\r", "\r\n"]))
def test_scan_counts_as_the_lexer(words: list[str], newline: str) -> None:
    """A text has as many tokens as the lexer reads."""
    text = newline.join(words)
    assert scan(text).tokens == lexed(text)


@pytest.mark.parametrize("piece", ['"', '"\\', '"""', '"""\\', '"\\"', "#", "-", ".", "1e", "é"])
def test_scan_takes_anything(piece: str) -> None:
    """A text that is no GraphQL is counted too, at once."""
    assert 1 <= scan(piece * 30_000).tokens <= 60_000


def test_extent() -> None:
    """Every size is that of the document with its fragments unfolded."""
    document = parse(
        """
        query A($x: I = [[{a: [1]}]] @v) @o { t { s ...F } ... @i { t { t { ...F } } } }
        query B { s @skip(if: {a: 1}) __schema { types { ...G } } }
        fragment F on T { t { s } ...H @h }
        fragment G on __Type { fields { type { name } } }
        fragment H on T { t { t { s } } }
        """
    )
    assert extent(document) == Extent(
        fragments=3,
        directives=5,
        depth=5,
        introspection=5,
        values=4,
        selections=26,
        cuts=frozenset(),
    )


def test_crowding() -> None:
    """A level is what stands at one place of the answer, whichever fragments say so."""
    document = parse(
        """
        { t { a: s b: s ...F } t { c: s s ...F } }
        fragment F on T { a: s d: s s ... { s t { s } } t { s } }
        """
    )
    assert crowding(document) == Crowding(aliases=4, fields=3)


def test_nothing() -> None:
    """A document without operations has no size, whatever its fragments are."""
    document = parse("fragment F on T { a: s { s } } type T { s: Int }")
    empty = Extent(1, 0, 0, 0, 0, 0, frozenset())
    assert (extent(document), crowding(document)) == (empty, Crowding(0, 0))


@settings(deadline=None, database=None)
@given(documents())
def test_fragments_do_not_matter(document: Document) -> None:
    """A document has the sizes that it has with its fragments written out."""
    shared, plain = extent(parse(document.text())), extent(parse(document.written_out()))
    assert shared.fragments == 4
    for name in ("depth", "introspection", "selections", "cuts"):
        assert getattr(shared, name) == getattr(plain, name)


@settings(deadline=None, database=None)
@given(documents())
def test_levels_are_places(document: Document) -> None:
    """Without fragments, a level holds the fields with one path; with them, no field twice."""
    plain = parse(document.written_out())
    assert crowding(plain) == _crowding_by_path(plain)
    shared = crowding(parse(document.text()))
    assert shared.aliases == crowding(plain).aliases
    assert 1 <= shared.fields <= crowding(plain).fields


def _crowding_by_path(document: DocumentNode) -> Crowding:
    levels: dict[tuple[str, ...], list[FieldNode]] = {}

    def walk(selection_set: SelectionSetNode, path: tuple[str, ...]) -> None:
        for node in selection_set.selections:
            if isinstance(node, InlineFragmentNode):
                walk(node.selection_set, path)
            elif isinstance(node, FieldNode):
                levels.setdefault(path, []).append(node)
                if node.selection_set:
                    walk(node.selection_set, (*path, (node.alias or node.name).value))

    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    walk(operation.selection_set, ())
    aliases = fields = 0
    for nodes in levels.values():
        names = [(node.alias or node.name).value for node in nodes]
        aliases = max(aliases, len({node.alias.value for node in nodes if node.alias}))
        fields = max(fields, *(names.count(name) for name in names))
    return Crowding(aliases, fields)


@pytest.mark.parametrize("inner", ["...F{0} ...F{0}", "a: t {{ ...F{0} }} b: t {{ ...F{0} }}"])
def test_each_fragment_is_measured_once(inner: str) -> None:
    """Fragments that unfold to 2^20 selections are measured in as many steps as are written."""
    document = parse(doubled(20, inner))
    visited = Visited(document)
    assert extent(document).selections > 2**20
    assert visited.seen == visited.written < 100


@settings(deadline=None, database=None)
@given(documents())
def test_levels_take_the_steps_that_are_bounded(document: Document) -> None:
    """To walk the levels takes no more steps than the document has selections."""
    tree = parse(document.text())
    selections = extent(tree).selections
    visited = Visited(tree)
    crowding(tree)
    assert visited.seen <= selections


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ ...A } fragment A on T { s ...A }", (1, 3, 1)),
        ("{ ...A } fragment A on T { t { ...B } } fragment B on T { t { s ...A } }", (3, 6, 1)),
        ("{ t { ...B } } fragment A on T { t { ...B } } fragment B on T { t { ...A } }", (2, 4, 1)),
    ],
    ids=["itself", "two", "entered in the middle"],
)
def test_cycles(text: str, expected: tuple[int, int, int]) -> None:
    """A cycle of fragments is cut where it closes."""
    document = parse(text)
    size = extent(document)
    assert (size.depth, size.selections, len(size.cuts)) == expected
    assert crowding(document, size.cuts) == Crowding(0, 1)


def test_many_fragments_in_a_row() -> None:
    """A long chain of fragments does not exhaust the stack."""
    assert extent(parse(doubled(5000, "t {{ ...F{0} }}"))).depth == 5001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ s }", False),
        ("{ __typename }", False),
        ("{ a: __schema { queryType { name } } }", True),
        ('{ ... { ...F } } fragment F on T { __type(name: "T") { name } }', True),
    ],
)
def test_asks_for_schema(text: str, expected: bool) -> None:
    """Introspection is found through aliases and fragments; `__typename` is none."""
    assert asks_for_schema(parse(text)) is expected
