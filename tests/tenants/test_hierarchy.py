"""Hierarchies: depth, order, what may stand under what, and cycles, for trees of any shape."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.hierarchy import MAX_DEPTH, DivisionKind, Hierarchy, Level, cycles

often = settings(max_examples=150, deadline=None, database=None)


def level(key: str, *under: str, counted: bool = True) -> Level:
    return Level(key=key, name=key.upper(), under=list(under), counted=counted)


@st.composite
def trees(draw: st.DrawFn) -> tuple[int, list[Level]]:
    """A depth from 1 to 12 and levels that have it: a chain of that depth with branches."""
    depth = draw(st.integers(1, MAX_DEPTH))
    depths = {f"chain{at}": at for at in range(1, depth + 1)}
    levels = [
        level(f"chain{at}", *([f"chain{at - 1}"] if at > 1 else [])) for at in depths.values()
    ]
    for at in range(draw(st.integers(0, 10))):
        counted = draw(st.booleans())
        above = [key for key, value in depths.items() if value + counted <= depth]
        under = draw(st.lists(st.sampled_from(above), max_size=3, unique=True)) if above else []
        key = f"branch{at}"
        levels.append(level(key, *under, counted=counted))
        depths[key] = max((depths[up] for up in under), default=0) + counted
    return depth, draw(st.permutations(levels))


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Level]:
    """Levels that stand under each other in any way, cycles too."""
    keys = [f"l{at}" for at in range(draw(st.integers(1, 7)))]
    under = st.lists(st.sampled_from(keys), max_size=3, unique=True)
    return {key: level(key, *draw(under)) for key in keys}


def chains(levels: dict[str, Level], key: str) -> list[list[str]]:
    """Every chain from the top down to a level."""
    above = [chain for up in levels[key].under for chain in chains(levels, up)]
    return [[*chain, key] for chain in above or [[]]]


def above(levels: dict[str, Level]) -> dict[str, set[str]]:
    """Every level that each stands under, directly or through others."""
    found = {key: set(item.under) for key, item in levels.items()}
    for _ in levels:
        found = {key: ups.union(*(found[up] for up in ups)) for key, ups in found.items()}
    return found


@often
@given(trees())
def test_depth_is_that_of_the_longest_chain(tree: tuple[int, list[Level]]) -> None:
    """A depth is the most counted levels on a way down to a level, a city's the most of all."""
    depth, levels = tree
    hierarchy = Hierarchy(levels)
    by_key = {item.key: item for item in levels}
    longest = {
        key: max(sum(by_key[step].counted for step in chain) for chain in chains(by_key, key))
        for key in by_key
    }
    assert (dict(hierarchy.depths), hierarchy.depth) == (longest, depth)


@often
@given(trees())
def test_levels_come_after_all_that_they_stand_under(tree: tuple[int, list[Level]]) -> None:
    """Levels are ordered by depth and each comes after every level that it may stand under."""
    _, levels = tree
    hierarchy = Hierarchy(levels)
    order = [item.key for item in hierarchy]
    depths = [hierarchy.depths[key] for key in order]
    assert sorted(order) == sorted(item.key for item in levels)
    assert depths == sorted(depths)
    assert [
        (up, item.key)
        for item in levels
        for up in item.under
        if order.index(up) >= order.index(item.key)
    ] == []


@often
@given(trees())
def test_allows_what_is_declared(tree: tuple[int, list[Level]]) -> None:
    """An organization may stand under the levels that its own names, or at the top for none."""
    _, levels = tree
    hierarchy = Hierarchy(levels)
    parents: list[str | None] = [None, "elsewhere", *(item.key for item in levels)]
    for item in levels:
        allowed = {parent for parent in parents if hierarchy.allows(item.key, parent)}
        assert allowed == (set(item.under) if item.under else {None})
        assert item.key in hierarchy
        assert hierarchy[item.key] is item


def test_an_unknown_level_may_stand_nowhere() -> None:
    """No organization of an undeclared level is allowed, not even at the top."""
    hierarchy = Hierarchy([level("county")])
    assert "street" not in hierarchy
    assert (hierarchy.allows("street", None), hierarchy.allows("street", "county")) == (
        False,
        False,
    )


def test_levels_of_equal_depth_keep_their_order() -> None:
    """Levels of one depth stand as they are declared."""
    levels = [level("z"), level("b", "z"), level("a", "z"), level("y"), level("m", "y")]
    assert [item.key for item in Hierarchy(levels)] == ["z", "y", "b", "a", "m"]


def test_a_level_that_is_not_counted_follows_its_parent_of_the_same_depth() -> None:
    """A level that adds no depth still comes after what it stands under."""
    levels = [level("branch", "grid", counted=False), level("grid", "street"), level("street")]
    hierarchy = Hierarchy(levels)
    assert [item.key for item in hierarchy] == ["street", "grid", "branch"]
    assert dict(hierarchy.depths) == {"street": 1, "grid": 2, "branch": 2}


def test_no_levels_have_no_depth() -> None:
    """A hierarchy without levels has depth 0."""
    hierarchy = Hierarchy([])
    assert (hierarchy.depth, hierarchy.levels, dict(hierarchy.depths)) == (0, (), {})


def test_a_division_belongs_to_the_level_that_names_it() -> None:
    """The level of a statistical division is the one that holds its kind, if any does."""
    street = Level(key="street", name="街道", divisions=[DivisionKind.STREET, DivisionKind.SPECIAL])
    hierarchy = Hierarchy([level("county"), street])
    assert [hierarchy.of_division(kind) for kind in DivisionKind] == [
        street if kind in (DivisionKind.STREET, DivisionKind.SPECIAL) else None
        for kind in DivisionKind
    ]


@often
@given(graphs())
def test_cycles_are_real_and_none_is_left(levels: dict[str, Level]) -> None:
    """Each cycle found is one, no level is in two, and without them no level is above itself."""
    found = list(cycles(levels))
    steps = [(key, up) for cycle in found for key, up in pairwise(cycle)]
    assert [step for step in steps if step[1] not in levels[step[0]].under] == []
    assert [cycle for cycle in found if cycle[0] != cycle[-1] or len(cycle) < 2] == []
    members = [key for cycle in found for key in cycle[:-1]]
    assert len(members) == len(set(members))
    rest = {
        key: item.model_copy(update={"under": [up for up in item.under if up not in members]})
        for key, item in levels.items()
        if key not in members
    }
    assert [key for key, ups in above(rest).items() if key in ups] == []
    assert bool(found) == any(key in ups for key, ups in above(levels).items())


def test_a_cycle_begins_at_the_level_declared_first() -> None:
    """A cycle is told from its first declared level, upwards, one after the other."""
    levels = [
        level("top"),
        level("a", "c", "top"),
        level("b", "a"),
        level("c", "b"),
        level("self", "self"),
    ]
    found = list(cycles({item.key: item for item in levels}))
    assert sorted(found) == [["a", "c", "b", "a"], ["self", "self"]]


def test_a_long_chain_has_a_depth() -> None:
    """Levels far beyond what a city may have are ordered all the same."""
    levels = [level(f"l{at}", *([f"l{at + 1}"] if at < 2999 else [])) for at in range(3000)]
    hierarchy = Hierarchy(levels)
    assert hierarchy.depth == 3000
    assert hierarchy.levels == tuple(levels[::-1])
    assert list(cycles({item.key: item for item in levels})) == []
