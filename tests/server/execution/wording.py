"""Schemas that echo their arguments, random documents over them, and other literals in them."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    Lexer,
    Source,
    TokenKind,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_object_type,
    print_schema,
)
from hypothesis import strategies as st

from schema.root import graphql_schema

FIELDS = """
  echo(
    n: Int  s: String  id: ID  f: Float  ids: [ID!]  grid: [[Int]]  p: Point  w: Which
    day: Day  days: [Day!]  any: Any  own: Own  color: Color  flag: Boolean  must: Int! = 7
  ): String
  thing(n: Int, id: ID, first: Int): Thing
  things(ids: [ID!], first: Int): [Thing!]
"""
SDL = f"""
scalar Day
scalar Any
scalar Own
enum Color {{ RED BLUE }}
input Point {{ x: Int! = 3  y: Float  tags: [String!]  inner: Point  color: Color  day: Day }}
input Which @oneOf {{ id: ID  n: Int }}
directive @tag(name: String, n: Int) repeatable on FIELD | INLINE_FRAGMENT | QUERY
interface Thing {{ {FIELDS} }}
type A implements Thing {{ {FIELDS} a(n: Int): String }}
type B implements Thing {{ {FIELDS} a(n: ID): String }}
type Query implements Thing {{ {FIELDS} }}
"""

NUMBERS = ("0", "1", "2", "7", "20", "99", "-5", "-123456789", "2147483647")
FRACTIONS = ("1.5", "2.0", "-0.0", "1e3", "1E-2", "0.10")
STRINGS = ('""', '"1"', '"x"', '"3#楼"', '"{ a }"', '"RED"', '"two words"')
DAYS = ('"2026-03-01"', '"2026-03-02"', '"2026-08-15"', '"2026-09-30"')
REFUSED = ("-0", "2147483648", "-2147483649", "9" * 30, "1e999", '"2026-13-01"', '"a"', "1", "1.5")
UNUSUAL = ('"\\u4e00"', '"a\\"b"', '"""block"""', '"""#\n"1"""')

_STAYS = re.compile(r"(?:own: | = |@tag\([^)]*|any: [\[{][^\]}]*)$")


def small_schema() -> GraphQLSchema:
    """One with every kind of input: `Day` refuses some values, `Own` reads literals its own way."""
    schema = _echoing(build_schema(SDL))
    day: Any = schema.type_map["Day"]
    day.coerce_input_value = _day
    own: Any = schema.type_map["Own"]
    own.coerce_input_literal = lambda node: f"literal {node.value}"
    return schema


def real_schema() -> GraphQLSchema:
    """The graph of the server with its own scalars, without its data."""
    real = graphql_schema()
    schema = build_schema(print_schema(real))
    for name, type_ in real.type_map.items():
        if isinstance(type_, GraphQLScalarType):
            scalar: Any = schema.type_map[name]
            scalar.coerce_input_value = type_.coerce_input_value
    return _echoing(schema)


@st.composite
def reworded(draw: st.DrawFn, text: str, *, odd: bool = False) -> str:
    """A text with other literals of the same kinds, equal ones still equal for the most part.

    Those on which a document depends stay, where the text is not `odd`.

    Where it is `odd` some are such that few types accept them, or of other kinds.
    """
    parts, end = [], 0
    renamed: dict[str, str] = {}
    equal = not odd and draw(st.integers(0, 3)) > 0
    for start, stop, pool in _literals(text):
        raw = text[start:stop]
        new = raw if _STAYS.search(text, 0, start) else draw(st.sampled_from(pool))
        if equal and new != raw:
            new = renamed.setdefault(raw, new)
        if odd and draw(st.integers(0, 7)) == 0:
            new = draw(st.sampled_from(REFUSED + UNUSUAL))
        parts += [text[end:start], new]
        end = stop
    return "".join([*parts, text[end:]])


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document over the small schema; mostly valid, with fields that merge or conflict."""
    used: set[str] = set()
    body = _selection(draw, 3, "Query", used)
    own = draw(st.sampled_from(["$v: Int, $s: String", '$v: Int = 5, $s: String = "d"']))
    head = f"query Q({own}, $_2: ID!) {draw(st.sampled_from(['', '', '@tag(n: 1) ']))}"
    fragments = [_fragment(draw, name, used) for name in sorted(used)]
    if "FThing" in used:
        fragments.append(f"fragment FThing on Thing {_selection(draw, 1, 'Thing', None)}")
    uses = "u: echo(n: $v, s: $s, id: $_2)"
    comment = draw(st.sampled_from(["", ' # 5 "c"\n']))
    return f"{head}{{ {uses}{comment} {body[1:]} {' '.join(fragments)}"


def _fragment(draw: st.DrawFn, name: str, used: set[str]) -> str:
    """One on A or B, which may spread the one on Thing."""
    if name == "FThing":
        return ""
    below: set[str] = set()
    inner = _selection(draw, 1, name[1:], below).replace(f"...{name}", "...FThing")
    if below:
        used.add("FThing")
    return f"fragment {name} on {name[1:]} {inner.replace('...FB', '...FThing')}"


def _selection(draw: st.DrawFn, depth: int, type_: str, used: set[str] | None) -> str:
    kinds = ["echo", "echo", "echo", "leaf"]
    if depth > 0:
        kinds += ["thing", "thing", "things", "inline"]
    if type_ in ("A", "B"):
        kinds.append("a")
    if used is not None and depth > 0:
        kinds.append("spread")
    number = draw(st.integers(1, 3))
    parts = [_part(draw, draw(st.sampled_from(kinds)), depth, type_, used) for _ in range(number)]
    if draw(st.integers(0, 2)) == 0:
        parts.append(draw(st.sampled_from(parts)))  # fields that merge, as long as they agree
    return "{ " + " ".join(parts) + " }"


def _part(draw: st.DrawFn, kind: str, depth: int, type_: str, used: set[str] | None) -> str:
    number = draw(st.integers(0, 9999))
    alias = draw(st.sampled_from(["", "x: ", *[f"a{number}: "] * 6]))
    tag = draw(st.sampled_from([*[""] * 9, '@tag(name: "t", n: 2) ', "@include(if: true) "]))
    if kind == "leaf":
        return f"{alias}__typename {tag}"
    if kind == "a":
        return f"{alias}a(n: {draw(st.sampled_from(NUMBERS))}) {tag}"
    if kind == "echo":
        return f"{alias}echo{_arguments(draw, ECHO)} {tag}"
    if kind == "spread":
        name = "FThing" if type_ in ("Query", "Thing") else f"F{type_}"
        assert used is not None
        used.add(name)
        return f"...{name} "
    if kind == "inline":
        on = draw(st.sampled_from(["A", "B"])) if type_ == "Thing" else type_
        return f"... on {on} {tag}{_selection(draw, depth - 1, on, used)}"
    arguments = _arguments(draw, THING if kind == "thing" else THINGS)
    return f"{alias}{kind}{arguments} {tag}{_selection(draw, depth - 1, 'Thing', used)}"


def _arguments(draw: st.DrawFn, known: dict[str, st.SearchStrategy[str]]) -> str:
    names = draw(st.lists(st.sampled_from(sorted(known)), unique=True, max_size=3))
    return f"({', '.join(f'{name}: {draw(known[name])}' for name in names)})" if names else ""


def _literals(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    pools = {TokenKind.INT: NUMBERS, TokenKind.FLOAT: FRACTIONS}
    pools |= dict.fromkeys((TokenKind.STRING, TokenKind.BLOCK_STRING), STRINGS)
    lexer = Lexer(Source(text))
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        if token.kind in pools:
            is_day = text.startswith('"20', token.start)
            yield token.start, token.end, DAYS if is_day else pools[token.kind]


def _of(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


_INT = _of(*NUMBERS, *NUMBERS, *NUMBERS, "$v", "2147483648", '"1"')
_STRING = _of(*STRINGS, *STRINGS, "null", "$s", "5")
_ID = st.one_of(_of(*STRINGS), _of(*NUMBERS), _of("-0", "1", "5", "$_2"))
_FLOAT = st.one_of(_of(*FRACTIONS), _of(*NUMBERS), _of("1e999", "9" * 400))
_DAY = _of(*DAYS, *DAYS, *DAYS, "null", '"2026-13-01"')
_ANY = st.one_of(_of(*NUMBERS), _of(*FRACTIONS), _of(*STRINGS), _of("[1, 2]", '{a: "b", n: 1}'))
_COLOR = _of("RED", "BLUE", "RED", "BLUE", '"RED"')


def _list(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    many = st.lists(items, max_size=3).map(lambda each: f"[{', '.join(each)}]")
    return st.one_of(items, many)


_POINT = st.recursive(
    _of("{}", "{x: 1}", "{x: 2, y: 1.5}", '{y: 2, tags: ["1", "x"]}', '{tags: "one", x: $v}'),
    lambda inner: st.one_of(
        inner.map(lambda each: f"{{x: 9, inner: {each}, color: RED}}"),
        inner.map(lambda each: f'{{inner: {each}, day: "2026-03-01"}}'),
    ),
    max_leaves=2,
)
ECHO: dict[str, st.SearchStrategy[str]] = {
    "n": _INT,
    "s": _STRING,
    "id": _ID,
    "f": _FLOAT,
    "ids": _list(_ID),
    "grid": _list(_list(_INT)),
    "p": _POINT,
    "w": _of(
        '{id: "1"}', "{n: 2}", "{id: 5}", '{id: "x"}', "{n: 7}", '{id: "1", n: 2}', "{n: null}"
    ),
    "day": _DAY,
    "days": _list(_DAY),
    "any": _ANY,
    "own": _of('"1"', "5", "1.5"),
    "color": _COLOR,
    "flag": _of("true", "false"),
    "must": _INT,
}
THING = {"n": _INT, "id": _ID, "first": _INT}
THINGS = {"ids": _list(_ID), "first": _INT}


def _day(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith("2026-0"):
        raise ValueError(f"no day: {value}")
    return ("day", value)


def _echoing(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with resolvers that tell the context what they were given; some fail."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for field in type_.fields.values():
                field.resolve = _resolver(field.type)
        elif isinstance(type_, GraphQLInterfaceType) or hasattr(type_, "resolve_type"):
            first = schema.get_possible_types(type_)[0].name  # type: ignore[arg-type]
            type_.resolve_type = lambda *_, name=first: name
    return schema


def _resolver(type_: Any) -> Callable[..., Any]:
    def resolve(root: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        given = repr((info.path.as_list(), sorted(arguments.items())))
        info.context.append(given)
        if crc32(given.encode()) % 7 == 0:
            raise ValueError(given)
        return _value(type_, given)

    return resolve


def _value(type_: Any, given: str) -> Any:
    nullable: Any = get_nullable_type(type_)
    if is_list_type(nullable):
        return [_value(nullable.of_type, given)]
    named = get_named_type(nullable)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values.values())).value
    if isinstance(named, GraphQLScalarType):
        return {"Int": 1, "Float": 1.5, "Boolean": True}.get(named.name, given)
    assert is_object_type(named) or named is not None
    return {}
