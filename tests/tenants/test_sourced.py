"""Sourced values: reading YAML with places, laying one file on another, provenance of leaves."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.problems import Place, Problem
from tenants.sourced import Leaf, Sourced, identity, leaves, merge, read_yaml

often = settings(max_examples=150, deadline=None, database=None)


def tree(text: str, file: str = "c.yaml") -> Sourced:
    """A tree without problems."""
    found, problems = read_yaml(text, file)
    assert problems == []
    return found


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read_yaml(text, "c.yaml")[1]]


def merged(base: str, over: str) -> Any:
    return merge(tree(base, "p.yaml"), tree(over)).plain()


# reading


def test_every_value_knows_its_line() -> None:
    """A value's place is the line of its key, an item's the line where it begins."""
    found = tree('a: 1\nb:\n  c: [x,\n    y]\n  d:\n    - key: k\n      e: "2"\n')
    assert found == Sourced(
        {
            "a": Sourced(1, Place("c.yaml", 1)),
            "b": Sourced(
                {
                    "c": Sourced(
                        [Sourced("x", Place("c.yaml", 3)), Sourced("y", Place("c.yaml", 4))],
                        Place("c.yaml", 3),
                    ),
                    "d": Sourced(
                        [
                            Sourced(
                                {
                                    "key": Sourced("k", Place("c.yaml", 6)),
                                    "e": Sourced("2", Place("c.yaml", 7)),
                                },
                                Place("c.yaml", 6),
                            )
                        ],
                        Place("c.yaml", 5),
                    ),
                },
                Place("c.yaml", 2),
            ),
        },
        Place("c.yaml", 1),
    )


def test_the_place_of_what_does_not_exist_is_that_of_what_holds_it() -> None:
    """A missing part is placed at the deepest part that does exist."""
    found = tree("a:\n  b:\n    - c: 1\n    - d: 2\n")
    locs: list[tuple[str | int, ...]] = [
        (),
        ("z",),
        ("a", "z", "y"),
        ("a", "b", 1, "d"),
        ("a", "b", 1, "z"),
        ("a", "b", 7),
        ("a", "b", "c"),
        ("a", 0),
    ]
    assert [found.place_of(loc).line for loc in locs] == [1, 1, 1, 4, 4, 2, 2, 1]


def test_an_empty_text_is_an_empty_mapping() -> None:
    """A text without any YAML reads as a mapping of nothing."""
    assert tree("# nothing\n") == Sourced({}, Place("c.yaml", 1))


def test_text_is_read_without_the_blanks_around_it() -> None:
    """A value is read as the definition keeps it, without blanks at its ends."""
    assert tree('a: " 街道 "\n').plain() == {"a": "街道"}


def test_a_key_stands_once() -> None:
    """A repeated key is a problem on its own line, and the first value counts."""
    found, wrong = read_yaml("a: 1\nb:\n  - {key: k, c: 1,\n     c: 2}\na: 3\n", "c.yaml")
    assert wrong == [
        Problem(Place("c.yaml", 4), "b.k.c", "the key again", "each key once (first on line 3)"),
        Problem(Place("c.yaml", 5), "a", "the key again", "each key once (first on line 1)"),
    ]
    assert found.plain() == {"a": 1, "b": [{"key": "k", "c": 1}]}


def test_an_anchor_means_the_same_values_again() -> None:
    """An alias reads as what it stands for, and what is in it keeps the lines of its anchor."""
    found = tree("a: &streets\n  - x\n  - y\nb: {c: *streets}\n")
    assert found.plain() == {"a": ["x", "y"], "b": {"c": ["x", "y"]}}
    assert [found.place_of(loc).line for loc in [("b", "c"), ("b", "c", 1)]] == [4, 3]


def test_a_merge_key_is_a_key_like_any_other() -> None:
    """YAML's `<<` does not copy; it stays visible as a key, to be refused as unknown."""
    assert tree("a: &x {b: 1}\nc:\n  <<: *x\n").plain() == {"a": {"b": 1}, "c": {"<<": {"b": 1}}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 2023-02-30", "a: got '2023-02-30'; expected a plain value (day is out of range"),
        ("a: !!timestamp x", "a: got 'x'; expected a plain value (!!timestamp)"),
        ("a: !!bool x", "a: got 'x'; expected a plain value (!!bool)"),
        ('a: !!int ""', "a: got ''; expected a plain value (!!int)"),
        ('a: !!float ""', "a: got ''; expected a plain value (!!float)"),
        ("a: 9223372036854775808", "a: got '9223372036854775808'; expected a number of at most 64"),
        (f"a: 0x{'F' * 6000}", f"a: got '0x{'F' * 56}…; expected a number of at most 64 bits"),
        (f"a: {'9' * 6000}", f"a: got '{'9' * 58}…; expected a plain value (Exceeds the limit"),
        ('a: "x\\0y"', "a: got 'x\\x00y'; expected text without control characters"),
        ("a: =", "a: got the tag tag:yaml.org,2002:value; expected a value without a tag"),
        ("a: !!binary aGk=", "a: got the tag tag:yaml.org,2002:binary; expected a value without"),
        ("a: !!set {x, y}", "a: got the tag tag:yaml.org,2002:set; expected a value without a tag"),
        ("a: !!map x", "a: got the tag tag:yaml.org,2002:map; expected a value without a tag"),
        ("a: [!city {}]", "a[0]: got the tag !city; expected a value without a tag"),
        (
            "a: !!python/object/apply:os.getcwd []",
            "a: got the tag tag:yaml.org,2002:python/object/apply:os.getcwd; expected a value",
        ),
        ("? [x]\n: 1", " got a collection; expected a plain word as key"),
        ('a: {"": 1}', "a: got nothing; expected a plain word as key"),
    ],
)
def test_a_value_that_cannot_be_read(text: str, problem: str) -> None:
    """A single value that is no plain one is a problem, never an exception."""
    (found,) = problems(text)
    assert found.removeprefix("c.yaml:1: ").startswith(problem.strip())


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "a: &a [*a, *a, *a]",
        "a: &a {b: *a}",
        "a: " + "[" * 50 + "]" * 50,
        "a: " + "[" * 200_000,
        "a: &a0 [x]\n" + "".join(f"b{n}: &a{n + 1} [{f'*a{n}, ' * 9}]\n" for n in range(9)),
    ],
    ids=["itself", "itself often", "itself in a mapping", "deep", "very deep", "multiplying"],
)
def test_values_without_end(text: str) -> None:
    """What nests or multiplies without end is refused before it uses up the memory."""
    with pytest.raises(yaml.MarkedYAMLError, match="without end"):
        read_yaml(text, "c.yaml")


# laying a city's file on its province's


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        ("a: 1\nb: 2", "b: 3\nc: 4", {"a": 1, "b": 3, "c": 4}),
        ("a: {b: 1, c: 2}", "a: {c: 3}", {"a": {"b": 1, "c": 3}}),
        ("a: 1", "a:", {"a": None}),
        ("a: {b: 1}", "a: x", {"a": "x"}),
        ("a: [1, 2]", "a: [3]", {"a": [3]}),
        ("a: [{b: 1}]", "a: [{b: 2}]", {"a": [{"b": 2}]}),
        (
            "a: [{key: x, n: 1, m: 1}, {key: y}, {key: z}]",
            "a: [{key: w}, {key: x, n: 2}]",
            {"a": [{"key": "x", "n": 2, "m": 1}, {"key": "y"}, {"key": "z"}, {"key": "w"}]},
        ),
        ("a: [{code: x, n: 1}]", "a: [{code: x, m: 2}]", {"a": [{"code": "x", "n": 1, "m": 2}]}),
        ("a: [{post: x, n: 1}]", "a: [{post: x, n: 2}]", {"a": [{"post": "x", "n": 2}]}),
        ("a: [{key: x}]", "a: []", {"a": [{"key": "x"}]}),
        ("a: []", "a: [{key: x}]", {"a": [{"key": "x"}]}),
        ("a: [{key: x}]", "a: [{name: y}]", {"a": [{"key": "x"}, {"name": "y"}]}),
        (
            "a: [{key: x, l: [{key: s, n: 1}, {key: t}]}]",
            "a: [{key: x, l: [{key: s, n: 2}]}]",
            {"a": [{"key": "x", "l": [{"key": "s", "n": 2}, {"key": "t"}]}]},
        ),
    ],
)
def test_merging(base: str, over: str, expected: Any) -> None:
    """The city's value wins; mappings merge by name, keyed lists by key, others are replaced."""
    assert merged(base, over) == expected


@pytest.mark.parametrize(
    ("over", "support"),
    [
        ("{key: x, n: 2}", {"source": "p.txt", "assumed": ["n"]}),
        ("{key: x, n: 2, assumed: true}", {"assumed": True}),
        ("{key: x, n: 2, source: c.txt}", {"source": "c.txt"}),
        (
            "{key: x, n: 2, source: c.txt, assumed: [key]}",
            {"source": "c.txt", "assumed": ["key"]},
        ),
    ],
)
def test_support_is_replaced_as_a_whole(over: str, support: dict[str, Any]) -> None:
    """What the city says of a thing's support replaces both words of the province."""
    found = merged("a: [{key: x, n: 1, source: p.txt, assumed: [n]}]", f"a: [{over}]")
    assert found == {"a": [{"key": "x", "n": 2} | support]}


names = st.sampled_from(["a", "b", "c"])
scalars = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "y"])
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(scalars, max_size=2)
        | st.dictionaries(names, inner, max_size=3)
        | st.lists(names, max_size=3, unique=True).flatmap(
            lambda keys: st.tuples(
                *(st.fixed_dictionaries({"key": st.just(k), "v": inner}) for k in keys)
            ).map(list)
        )
    ),
    max_leaves=8,
)
mappings = st.dictionaries(names, values, max_size=3)
keyed = st.lists(st.tuples(names, names, scalars), max_size=4, unique_by=lambda item: item[0]).map(
    lambda items: [{"key": key, name: value} for key, name, value in items]
)
# as in files that fit the model: the same name holds the same kind of value in both
alike = st.fixed_dictionaries(
    {},
    optional={
        "a": scalars,
        "b": st.lists(scalars, max_size=2),
        "c": keyed,
        "d": st.dictionaries(names, scalars),
    },
)


def sourced(value: Any, file: str) -> Sourced:
    return tree(yaml.safe_dump(value, allow_unicode=True), file)


def expected_merge(base: Any, over: Any) -> Any:
    """The rule again, on plain values."""
    if isinstance(base, dict) and isinstance(over, dict):
        both = {name: expected_merge(base[name], over[name]) for name in base.keys() & over.keys()}
        return base | over | both
    if isinstance(base, list) and isinstance(over, list) and base and isinstance(base[0], dict):
        own = [item for item in over if isinstance(item, dict)]
        kept = [
            laid
            for item in base
            for laid in (
                [expected_merge(item, new) for new in own if new["key"] == item["key"]] or [item]
            )
        ]
        named = {item["key"] for item in base}
        return kept + [i for i in over if not isinstance(i, dict) or i["key"] not in named]
    return over


@often
@given(mappings, mappings)
def test_merging_any_values(base: dict[str, Any], over: dict[str, Any]) -> None:
    """Any two files merge by the rule; nothing on nothing is itself, on itself changes nothing."""
    below, above = sourced(base, "p.yaml"), sourced(over, "c.yaml")
    assert merge(below, above).plain() == expected_merge(base, over)
    assert merge(sourced({}, "p.yaml"), above) == above
    assert merge(above, above).plain() == over


@often
@given(alike, alike)
def test_a_merged_value_comes_from_the_file_that_sets_it(
    base: dict[str, Any], over: dict[str, Any]
) -> None:
    """Each leaf is the city's where the city has that path, else the province's."""
    below, above = sourced(base, "p.yaml"), sourced(over, "c.yaml")
    own = {leaf.path: leaf for leaf in leaves(above)}
    inherited = {leaf.path: leaf for leaf in leaves(below)}
    for leaf in leaves(merge(below, above)):
        assert leaf == (own if leaf.file == "c.yaml" else inherited)[leaf.path]
        assert leaf.file == "c.yaml" or leaf.path not in own


# leaving out what is broken


def test_without_a_part() -> None:
    """A part is left out of a copy, which remembers the name, or the key, of what it lacks."""
    found = tree("a: [{key: x}, {key: y, b: 1, c: 2}, z]\nd: 1\n")
    assert found.without(("a", 1, "b")).plain() == {
        "a": [{"key": "x"}, {"key": "y", "c": 2}, "z"],
        "d": 1,
    }
    smaller = found.without(("a", 2)).without(("a", 0)).without(("d",))
    assert smaller.plain() == {"a": [{"key": "y", "b": 1, "c": 2}]}
    assert (smaller.lacks, smaller.value["a"].lacks) == (frozenset({"d"}), frozenset({"x", ""}))
    assert found.plain() == {"a": [{"key": "x"}, {"key": "y", "b": 1, "c": 2}, "z"], "d": 1}


@pytest.mark.parametrize(
    "loc", [(), ("z",), ("a", 5), ("a", "key"), ("a", 0, "key", "z"), ("d", 0)]
)
def test_without_what_does_not_exist(loc: tuple[str | int, ...]) -> None:
    """Leaving out what is not there changes nothing."""
    found = tree("a: [{key: x}]\nd: 1\n")
    assert found.without(loc) == found


# provenance


def test_an_item_is_named_by_key_code_or_post() -> None:
    """The identity of a list item is its key, else its code, else its post, if that is text."""
    items = tree(
        "- {code: c, key: k}\n- {post: p, code: c}\n- {post: p}\n- {name: n}\n- {key: 5}\n- x\n"
    )
    assert [identity(item) for item in items.value] == ["k", "c", "p", None, None, None]


def test_support_of_every_leaf() -> None:
    """A leaf is supported by the nearest source, unless it, or what holds it, is assumed."""
    text = """
name: 某市
levels:
  - {key: county, name: 区县, assumed: true}
  - key: grid
    name: 网格
    under: [county]
    source: a.txt
    assumed: [key, under]
    staffing:
      - {post: worker, name: 网格员, source: b.txt, assumed: [post]}
      - {post: head, name: 网格长}
workflows:
  - key: w
    source: a.txt
    assumed: [states]
    states:
      - {key: s, time_limit: {amount: 1}}
      - {key: t, source: b.txt}
    actions:
      - {key: go, note: a remark, assumed: true}
      - {key: stop, by: [A, B], assumed: false}
    empty: []
    nothing: {}
"""
    found = [(leaf.path, leaf.value, leaf.source, leaf.assumed) for leaf in leaves(tree(text))]
    assert found == [
        ("name", "某市", None, False),
        ("levels.county.key", "county", None, True),
        ("levels.county.name", "区县", None, True),
        ("levels.grid.key", "grid", None, True),
        ("levels.grid.name", "网格", "a.txt", False),
        ("levels.grid.under", ["county"], None, True),
        ("levels.grid.staffing.worker.post", "worker", None, True),
        ("levels.grid.staffing.worker.name", "网格员", "b.txt", False),
        ("levels.grid.staffing.head.post", "head", "a.txt", False),
        ("levels.grid.staffing.head.name", "网格长", "a.txt", False),
        ("workflows.w.key", "w", "a.txt", False),
        ("workflows.w.states.s.key", "s", None, True),
        ("workflows.w.states.s.time_limit.amount", 1, None, True),
        ("workflows.w.states.t.key", "t", "b.txt", False),
        ("workflows.w.actions.go.key", "go", None, True),
        ("workflows.w.actions.stop.key", "stop", "a.txt", False),
        ("workflows.w.actions.stop.by", ["A", "B"], "a.txt", False),
        ("workflows.w.empty", [], "a.txt", False),
    ]


def test_what_a_city_changes_of_an_inherited_thing_has_the_citys_support() -> None:
    """Inherited values keep the province's support; those that the city sets have its own."""
    base = "levels: [{key: street, name: 街道, rung: STREET, assumed: true}]"
    over = "levels: [{key: street, name: 街道党工委, source: a.txt, assumed: [key]}]"
    assert list(leaves(merge(tree(base, "p.yaml"), tree(over)))) == [
        Leaf("levels.street.key", "street", "c.yaml", None, True),
        Leaf("levels.street.name", "街道党工委", "c.yaml", "a.txt", False),
        Leaf("levels.street.rung", "STREET", "p.yaml", None, True),
    ]


def test_items_without_a_key_are_numbered() -> None:
    """The path of an item that has neither key, code nor post has its number."""
    found = tree("rungs: [{rung: CITY, name: 市}, {rung: GRID, name: 网格}]")
    assert [leaf.path for leaf in leaves(found)] == [
        "rungs.0.rung",
        "rungs.0.name",
        "rungs.1.rung",
        "rungs.1.name",
    ]
