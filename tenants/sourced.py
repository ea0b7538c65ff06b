"""YAML values that remember where they came from and what supports them, and how two merge."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from tenants.problems import Place, Problem, shown

Loc = tuple[str | int, ...]
IDENTITY = ("key", "code", "post")

MAX_NESTING = 32
# with aliases a few lines of YAML can stand for billions of values
MAX_VALUES = 100_000
MAX_NUMBER = 2**63


@dataclass(frozen=True)
class Sourced:
    """A scalar, a mapping of names to `Sourced`, or a list of `Sourced`, with its place.

    `lacks` names what `without` took away; `is_reported` is a value that could not be read.
    """

    value: Any
    place: Place
    source: str | None = None
    assumed: bool = False
    lacks: frozenset[str] = frozenset()
    is_reported: bool = False

    def plain(self) -> Any:
        """The bare value, as pydantic takes it."""
        if isinstance(self.value, dict):
            return {name: item.plain() for name, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value

    def get(self, name: str) -> "Sourced | None":
        """The named item of a mapping, else None."""
        return self.value.get(name) if isinstance(self.value, dict) else None

    def at(self, loc: Loc) -> "Sourced | None":
        """The part at `loc`, else None."""
        here: Sourced | None = self
        for step in loc:
            here = here.item(step) if here is not None else None
        return here

    def place_of(self, loc: Loc) -> Place:
        """The place of the deepest part of `loc` that exists."""
        found = self.at(loc)
        return found.place if found is not None else self.place_of(loc[:-1])

    def item(self, step: str | int) -> "Sourced | None":
        """The named item of a mapping or the numbered one of a list, else None."""
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            found: Sourced = self.value[step]
            return found
        return self.get(step) if isinstance(step, str) else None

    def without(self, loc: Loc) -> "Sourced":
        """A copy that lacks the item at `loc` (which need not exist)."""
        if not loc:
            return self
        step, rest = loc[0], loc[1:]
        item = self.item(step)
        if item is None:
            return self
        lost = self.lacks
        if isinstance(self.value, list):
            at = int(step)
            kept = self.value[:at] + ([item.without(rest)] if rest else []) + self.value[at + 1 :]
            lost = lost if rest else lost | {identity(item) or ""}
            return replace(self, value=kept, lacks=lost)
        if rest:
            return replace(self, value={**self.value, step: item.without(rest)})
        others = {name: value for name, value in self.value.items() if name != step}
        return replace(self, value=others, lacks=lost | {str(step)})


def read_yaml(text: str, file: str) -> tuple[Sourced, list[Problem]]:
    """Parse YAML `text`; duplicate keys and unsafe tags are problems.

    Errors: `yaml.YAMLError` where the text is no YAML at all.
    """
    _refuse_deep(text)
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    if node is None:
        return Sourced({}, Place(file, 1)), []
    reader = _Reader(file, line_count(text))
    return _supported(reader.read(node, "", 0), None, False), reader.problems


def line_count(text: str) -> int:
    """How many lines a text has; YAML places its end on one more."""
    return max(1, len(text.splitlines()))


def _refuse_deep(text: str) -> None:
    """Composing is recursive and would take the whole process down."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_NESTING:
            raise _too_much("nesting without end", event)


def _too_much(what: str, at: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=at.start_mark)


def _supported(tree: Sourced, source: str | None, assumed: bool) -> Sourced:
    """`tree` with each part's `source` and `assumed` from the nearest mapping that says so."""
    if isinstance(tree.value, list):
        items = [_supported(item, source, assumed) for item in tree.value]
        return replace(tree, value=items, source=source, assumed=assumed)
    if not isinstance(tree.value, dict):
        return replace(tree, source=None if assumed else source, assumed=assumed)
    own_source, own_assumed = tree.get("source"), tree.get("assumed")
    listed: list[str] = []
    if own_source is not None:
        source, assumed = own_source.value, False
    if own_assumed is not None:
        plain = own_assumed.plain()
        listed = plain if isinstance(plain, list) else []
        assumed = plain is True
    parts = {
        name: _supported(item, source, assumed or name in listed)
        for name, item in tree.value.items()
    }
    return replace(tree, value=parts, source=source, assumed=assumed)


_PREFIX = "tag:yaml.org,2002:"
_SCALARS = frozenset({"str", "int", "float", "bool", "null", "timestamp"})
# PostgreSQL takes no NUL, people see none of the others
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class _Reader:
    """Reads the nodes of one file; collects what is wrong with single values."""

    def __init__(self, file: str, lines: int) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._lines = lines
        self._read = 0
        self._scalars = yaml.constructor.SafeConstructor()

    def read(self, node: yaml.Node, path: str, depth: int) -> Sourced:
        """A node as `Sourced`.

        Errors: `yaml.YAMLError` where aliases stand in themselves or multiply too far.
        """
        self._read += 1
        if depth > MAX_NESTING or self._read > MAX_VALUES:
            raise _too_much("nesting or aliases without end", node)
        place = self._place(node)
        tag = node.tag.removeprefix(_PREFIX)
        if isinstance(node, yaml.MappingNode) and tag == "map":
            return Sourced(self._mapping(node, path, depth), place)
        if isinstance(node, yaml.SequenceNode) and tag == "seq":
            items = enumerate(node.value)
            entries = [self.read(item, path + _step(item, at), depth + 1) for at, item in items]
            return Sourced(entries, place)
        if isinstance(node, yaml.ScalarNode) and tag in _SCALARS:
            return self._scalar(node, place, path)
        return self._wrong(place, path, f"the tag {node.tag}", "a value without a tag")

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Sourced]:
        items: dict[str, Sourced] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            below = f"{path}.{key}" if path else key
            line = self._place(key_node)
            if not key:
                given = "nothing" if isinstance(key_node, yaml.ScalarNode) else "a collection"
                self._wrong(line, path, given, "a plain word as key")
            elif key in items:
                earlier = items[key].place.line
                expected = f"each key once (first on line {earlier})"
                self._wrong(line, below, "the key again", expected)
            else:
                items[key] = replace(self.read(value_node, below, depth + 1), place=line)
        return items

    def _scalar(self, node: yaml.ScalarNode, place: Place, path: str) -> Sourced:
        try:
            value = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            reason = str(error) if type(error) is ValueError else node.tag.replace(_PREFIX, "!!")
            return self._wrong(place, path, shown(node.value), f"a plain value ({reason})")
        if isinstance(value, str):
            if _CONTROL.search(value):
                return self._wrong(place, path, shown(value), "text without control characters")
            value = value.strip()
        elif isinstance(value, int) and abs(value) >= MAX_NUMBER:
            return self._wrong(place, path, shown(node.value), "a number of at most 64 bits")
        return Sourced(value, place)

    def _place(self, node: yaml.Node) -> Place:
        return Place(self._file, min(node.start_mark.line + 1, self._lines))

    def _wrong(self, place: Place, path: str, given: str, expected: str) -> Sourced:
        self.problems.append(Problem(place, path, given, expected))
        return Sourced(None, place, is_reported=True)


def _step(node: yaml.Node, at: int) -> str:
    """What a list item is called in a path: by its identity, else by its number."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    named = {
        key.value: item.value for key, item in reversed(pairs) if key.id == item.id == "scalar"
    }
    found = next((named[name] for name in IDENTITY if named.get(name)), None)
    return f".{found}" if found else f"[{at}]"


def identity(item: Sourced) -> str | None:
    """What names an item of a keyed list: its key, code or post."""
    for name in IDENTITY:
        found = item.get(name)
        if found is not None and isinstance(found.value, str):
            return found.value
    return None


def merge(base: Sourced, over: Sourced) -> Sourced:
    """`over` laid on `base`: mappings by name, keyed lists by identity, the rest replaced."""
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        merged = dict(base.value)
        if {"source", "assumed"} & over.value.keys():
            # what the city says of its support replaces what the province said, as a whole
            merged = {name: i for name, i in merged.items() if name not in ("source", "assumed")}
        for name, item in over.value.items():
            merged[name] = merge(merged[name], item) if name in merged else item
        return replace(over, value=merged)
    if isinstance(base.value, list) and isinstance(over.value, list):
        # an item of `over` without a key is reported later; it must not undo the inheritance
        is_keyed = all(identity(item) for item in base.value)
        return replace(over, value=_merge_keyed(base.value, over.value)) if is_keyed else over
    return over


def _merge_keyed(base: list[Sourced], over: list[Sourced]) -> list[Sourced]:
    """The base's items where they stand, each under what is laid on it; then the new ones."""
    own: dict[str | None, list[Sourced]] = {}
    for item in over:
        own.setdefault(identity(item), []).append(item)
    merged: list[Sourced] = []
    for item in base:
        laid = own.pop(identity(item), None)
        merged += [merge(item, part) for part in laid] if laid else [item]
    return merged + [item for items in own.values() for item in items]


@dataclass(frozen=True)
class Leaf:
    """One value of a definition with its path, file, and whether a document supports it."""

    path: str
    value: object
    file: str
    source: str | None
    assumed: bool


def leaves(tree: Sourced, path: str = "") -> Iterator[Leaf]:
    """Every leaf of `tree`, keyed lists by their keys."""
    if isinstance(tree.value, dict):
        for name, item in tree.value.items():
            if name not in ("source", "assumed", "note"):
                yield from leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(tree.value, list) and tree.value and isinstance(tree.value[0].value, dict):
        for at, item in enumerate(tree.value):
            yield from leaves(item, f"{path}.{identity(item) or at}")
    else:
        source = None if tree.assumed else tree.source
        yield Leaf(path, tree.plain(), tree.place.file, source, tree.assumed)
