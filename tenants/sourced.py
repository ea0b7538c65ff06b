"""YAML values that remember where they came from and what supports them, and how two merge."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from tenants.problems import Place, Problem, shown

Loc = tuple[str | int, ...]
IDENTITY = ("key", "code", "post")


@dataclass(frozen=True)
class Sourced:
    """A scalar, a mapping of names to `Sourced`, or a list of `Sourced`, with its place."""

    value: Any
    place: Place
    source: str | None = None
    assumed: bool = False

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

    def place_of(self, loc: Loc) -> Place:
        """The place of the deepest part of `loc` that exists."""
        here = self
        for step in loc:
            item = here._item(step)
            if item is None:
                break
            here = item
        return here.place

    def _item(self, step: str | int) -> "Sourced | None":
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            item: Sourced = self.value[step]
            return item
        return self.get(step) if isinstance(step, str) else None

    def without(self, loc: Loc) -> "Sourced":
        """A copy that lacks the item at `loc` (which need not exist)."""
        if not loc:
            return self
        step, rest = loc[0], loc[1:]
        item = self._item(step)
        if item is None:
            return self
        if isinstance(self.value, list):
            changed = [item.without(rest)] if rest else []
            at = int(step)
            return replace(self, value=self.value[:at] + changed + self.value[at + 1 :])
        others = {name: value for name, value in self.value.items() if name != step}
        return replace(self, value={**others, step: item.without(rest)} if rest else others)


def read_yaml(text: str, file: str) -> tuple[Sourced, list[Problem]]:
    """Parse YAML `text`; duplicate keys and unsafe tags are problems.

    Errors: `yaml.YAMLError` where the text is no YAML at all.
    """
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    problems: list[Problem] = []
    if node is None:
        return Sourced({}, Place(file, 1)), problems
    return _supported(_sourced(node, file, problems, ""), None, False), problems


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


_SCALARS = yaml.constructor.SafeConstructor()


def _sourced(node: yaml.Node, file: str, problems: list[Problem], path: str) -> Sourced:
    place = Place(file, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        items: dict[str, Sourced] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            below = f"{path}.{key}" if path else str(key)
            line = Place(file, key_node.start_mark.line + 1)
            if not isinstance(key, str) or not key:
                problems.append(Problem(line, path, shown(key), "a plain word as key"))
            elif key in items:
                earlier = items[key].place.line
                expected = f"each key once (first on line {earlier})"
                problems.append(Problem(line, below, "the key again", expected))
            else:
                items[key] = replace(_sourced(value_node, file, problems, below), place=line)
        return Sourced(items, place)
    if isinstance(node, yaml.SequenceNode):
        entries = [
            _sourced(item, file, problems, f"{path}[{at}]") for at, item in enumerate(node.value)
        ]
        return Sourced(entries, place)
    try:
        return Sourced(_SCALARS.construct_object(node), place)
    except (yaml.YAMLError, ValueError) as error:
        problems.append(Problem(place, path, shown(node.value), f"a plain value ({error})"))
        return Sourced(None, place)


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
        keyed = [identity(item) for item in base.value + over.value]
        if all(keyed) and base.value:
            return replace(over, value=_merge_keyed(base.value, over.value))
    return over


def _merge_keyed(base: list[Sourced], over: list[Sourced]) -> list[Sourced]:
    inherited = {identity(item): item for item in base}
    own = [merge(inherited[identity(i)], i) if identity(i) in inherited else i for i in over]
    named = {identity(item) for item in over}
    return [item for key, item in inherited.items() if key not in named] + own


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
