"""Random documents with fragments, and the same documents with the fragments written out."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import GraphQLSchema, build_schema
from hypothesis import strategies as st

SCHEMA: GraphQLSchema = build_schema("""
schema { query: T }
type T { s: Int  t: T  list: [T]  ts(ids: [ID]): [T]  page(first: Int, last: Int): Page }
type Page { nodes: [T]  edges: [Edge]  pageInfo: PageInfo }
type Edge { cursor: String  node: T }
type PageInfo { endCursor: String }
""")

LEAVES = ["s", "a: s", "b: s", "__typename", "__schema { types { name } }"]
OBJECTS = [
    "t",
    "a2: t",
    "list",
    "ts(ids: [1, 2])",
    "ts2: ts(ids: $ids)",
    "page",
    "p1: page(first: 3)",
    "p2: page(last: $n)",
    "p3: page(first: $m)",
]
ROWS = ["nodes { %s }", "edges { cursor node { %s } }", "pageInfo { endCursor } nodes { %s }"]
FRAGMENTS = 4


@dataclass(frozen=True)
class Spread:
    """A fragment by its number."""

    number: int


@dataclass(frozen=True)
class Nested:
    """Text around a selection; `%s` is where that stands."""

    text: str
    selections: tuple["Selection", ...]


Selection = str | Spread | Nested


@dataclass(frozen=True)
class Document:
    """An operation and fragments; each fragment spreads only those after it."""

    operation: tuple[Selection, ...]
    fragments: tuple[tuple[Selection, ...], ...]

    def text(self) -> str:
        """The document, with the fragments that it uses and those that it does not."""
        parts = [f"query({VARIABLES}) {{ {_shared(self.operation)} }}"]
        parts += [
            f"fragment F{number} on T {{ {_shared(selections)} }}"
            for number, selections in enumerate(self.fragments)
        ]
        return "\n".join(parts)

    def written_out(self) -> str:
        """The same without fragments."""
        return f"query({VARIABLES}) {{ {self._inlined(self.operation)} }}"

    def _inlined(self, selections: tuple[Selection, ...]) -> str:
        written = []
        for selection in selections:
            if isinstance(selection, Spread):
                written.append(f"... on T {{ {self._inlined(self.fragments[selection.number])} }}")
            elif isinstance(selection, Nested):
                written.append(selection.text % self._inlined(selection.selections))
            else:
                written.append(selection)
        return " ".join(written)


VARIABLES = "$n: Int = 4, $m: Int, $ids: [ID]"


def _shared(selections: tuple[Selection, ...]) -> str:
    written = []
    for selection in selections:
        if isinstance(selection, Spread):
            written.append(f"...F{selection.number}")
        elif isinstance(selection, Nested):
            written.append(selection.text % _shared(selection.selections))
        else:
            written.append(selection)
    return " ".join(written)


def _selections(depth: int, begin: int) -> st.SearchStrategy[tuple[Selection, ...]]:
    """Selections on T that spread fragments from number `begin` on."""
    one: list[st.SearchStrategy[Selection]] = [st.sampled_from(LEAVES)]
    if begin < FRAGMENTS:
        one.append(st.builds(Spread, st.integers(begin, FRAGMENTS - 1)))
    if depth > 0:
        inner = _selections(depth - 1, begin)
        one.append(st.builds(Nested, st.sampled_from(_texts()), inner))
    return st.lists(st.one_of(one), min_size=1, max_size=3).map(tuple)


def _texts() -> list[str]:
    rows = [f"{name} {{ {row} }}" for name in OBJECTS if "page" in name for row in ROWS]
    plain = [f"{name} {{ %s }}" for name in OBJECTS if "page" not in name]
    return ["... { %s }", "... on T { %s }", *plain, *rows]


def documents() -> st.SearchStrategy[Document]:
    """Small documents, valid but for fragments that nothing spreads."""
    fragments = st.tuples(*(_selections(2, number + 1) for number in range(FRAGMENTS)))
    return st.builds(Document, _selections(3, 0), fragments)


def variables() -> st.SearchStrategy[Mapping[str, object]]:
    """Variables of those documents, good and bad."""
    sizes = st.none() | st.integers(-3, 200) | st.just("many") | st.just(2.0)
    ids = st.none() | st.just("1") | st.lists(st.just("1"), max_size=5)
    return st.fixed_dictionaries({}, optional={"n": sizes, "m": sizes, "ids": ids})
