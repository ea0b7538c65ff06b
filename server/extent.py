"""Extent: how large a document is, measured in time linear in its text whatever fragments do."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

INTROSPECTION = frozenset({"__schema", "__type"})

_TOKEN = re.compile(
    r'"""(?:[^"\\]++|\\"""|\\|"(?!""))*+(?:""")?'  # block string, to the end where it is open
    r'|"(?:[^"\\\n\r]++|\\.)*+"?'  # string, to the end of the line where it is open
    r"|#[^\n\r]*+|\.\.\.|[A-Za-z_][0-9A-Za-z_]*+|-?[0-9][0-9A-Za-z_.+-]*+"
    r"|([{}\[\]()])|[^ \t\n\r,\ufeff]"
)

_STEP = dict.fromkeys("{[(", 1) | dict.fromkeys("}])", -1)


class Scan(NamedTuple):
    """A text as the lexer will see it: tokens, comments among them, and how deep brackets nest."""

    tokens: int
    nesting: int


def scan(text: str) -> Scan:
    """Count without parsing; a text that is no GraphQL is counted somehow."""
    found = _TOKEN.findall(text)  # an entry a token: the bracket, or ""
    steps = map(_STEP.__getitem__, filter(None, found))
    return Scan(len(found), max(accumulate(steps, initial=0)))


@dataclass(frozen=True, slots=True)
class Extent:
    """The sizes of a document, its operations taken together.

    `fragments` are definitions, `directives` all that are written. `depth` is that of fields,
    through fragments, the leaf included; `introspection` that of fields from `__schema` or
    `__type` on, which `depth` leaves out; `values` that of lists and input objects in arguments.
    `selections` counts fields, spreads and inline fragments once for each place at which they
    stand when all fragments are unfolded.

    `cuts` are spreads that close a cycle, by `id`: all else leaves them out.
    """

    fragments: int
    directives: int
    depth: int
    introspection: int
    values: int
    selections: int
    cuts: frozenset[int]


def extent(document: DocumentNode) -> Extent:
    """Measure each definition once, then add up what its fragments are."""
    outlines = [
        _outline(definition)
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    operations = [outline for outline in outlines if outline.name is None]
    fragments = [outline for outline in outlines if outline.name is not None]
    named: dict[str, _Outline] = {}
    for fragment in fragments:
        named.setdefault(fragment.name or "", fragment)
    totals, cuts = _totals(named)
    measured = [_total(operation, totals) for operation in operations]
    return Extent(
        fragments=len(fragments),
        directives=sum(outline.directives for outline in outlines),
        depth=max((total.depth for total in measured), default=0),
        introspection=max((total.introspection for total in measured), default=0),
        values=max((outline.values for outline in outlines), default=0),
        selections=sum(total.selections for total in measured),
        cuts=frozenset(cuts),
    )


def asks_for_schema(document: DocumentNode) -> bool:
    """Whether an operation asks for `__schema` or `__type`."""
    return extent(document).introspection > 0


class Crowding(NamedTuple):
    """The most that one level of an answer is asked for.

    A level is what an executor sees at one place of the answer: selection sets of the same field
    merged, each fragment in it once. `aliases` are response names that an alias gives, `fields`
    the times that one response name is selected.
    """

    aliases: int
    fields: int


def crowding(document: DocumentNode, cuts: frozenset[int] = frozenset()) -> Crowding:
    """Walk all levels: as many steps as `Extent.selections`, so bound those first."""
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            fragments.setdefault(definition.name.value, definition)
    aliases = fields = 0
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for level in _levels(definition.selection_set, fragments, cuts):
                named = sum(any(node.alias for node in nodes) for nodes in level)
                aliases = max(aliases, named)
                fields = max(fields, *(len(nodes) for nodes in level))
    return Crowding(aliases, fields)


class _Place(NamedTuple):
    """How deep, and whether inside introspection, from where on the depth is counted."""

    depth: int
    inside: bool

    def below(self, name: str) -> "_Place":
        if not self.inside and name in INTROSPECTION:
            return _Place(1, True)
        return _Place(self.depth + 1, self.inside)


class _Total(NamedTuple):
    """Depth outside and inside introspection, and selections, fragments unfolded."""

    depth: int
    introspection: int
    selections: int


@dataclass(slots=True)
class _Outline:
    """One definition on its own; `name` is None for an operation."""

    name: str | None
    depth: int = 0
    introspection: int = 0
    selections: int = 0
    directives: int = 0
    values: int = 0
    spreads: list[tuple[FragmentSpreadNode, _Place]] = field(default_factory=list)

    def reach(self, place: _Place) -> None:
        """Note a field at `place`."""
        if place.inside:
            self.introspection = max(self.introspection, place.depth)
        else:
            self.depth = max(self.depth, place.depth)

    def note_directives(self, directives: Iterable[DirectiveNode] | None) -> None:
        """Count directives, and look into their arguments."""
        for directive in directives or ():
            self.directives += 1
            self.note_arguments(directive.arguments)

    def note_arguments(self, arguments: Iterable[ArgumentNode] | None) -> None:
        """See how deep values nest."""
        for argument in arguments or ():
            self.values = max(self.values, _nesting(argument.value))


def _outline(definition: OperationDefinitionNode | FragmentDefinitionNode) -> _Outline:
    is_fragment = isinstance(definition, FragmentDefinitionNode)
    outline = _Outline(definition.name.value if is_fragment and definition.name else None)
    outline.note_directives(definition.directives)
    for variable in definition.variable_definitions or ():
        outline.note_directives(variable.directives)
        if variable.default_value is not None:
            outline.values = max(outline.values, _nesting(variable.default_value))
    stack = [(definition.selection_set, _Place(0, False))]
    while stack:
        selection_set, place = stack.pop()
        for node in selection_set.selections:
            outline.selections += 1
            outline.note_directives(node.directives)
            below = place
            if isinstance(node, FragmentSpreadNode):
                outline.spreads.append((node, place))
                continue
            if isinstance(node, FieldNode):
                below = place.below(node.name.value)
                outline.reach(below)
                outline.note_arguments(node.arguments)
            inner: SelectionSetNode | None = getattr(node, "selection_set", None)
            if inner is not None:
                stack.append((inner, below))
    return outline


def _nesting(value: ValueNode) -> int:
    """How deep lists and input objects nest in a value; 0 for a plain one."""
    deepest, stack = 0, [(value, 1)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, ListValueNode):
            deepest = max(deepest, depth)
            stack.extend((item, depth + 1) for item in node.values)
        elif isinstance(node, ObjectValueNode):
            deepest = max(deepest, depth)
            stack.extend((item.value, depth + 1) for item in node.fields)
    return deepest


def _totals(outlines: Mapping[str, _Outline]) -> tuple[dict[str, _Total], set[int]]:
    """The total of each fragment, from the innermost out, and the spreads that close a cycle."""
    totals: dict[str, _Total] = {}
    cuts: set[int] = set()
    for root in outlines:
        path = [] if root in totals else [(root, iter(outlines[root].spreads))]
        on_path = {root}
        while path:
            name, spreads = path[-1]
            inner = _unsettled(spreads, outlines, totals, on_path, cuts)
            if inner is not None:
                path.append((inner, iter(outlines[inner].spreads)))
                on_path.add(inner)
                continue
            path.pop()
            on_path.discard(name)
            totals[name] = _total(outlines[name], totals)
    return totals, cuts


def _unsettled(
    spreads: Iterator[tuple[FragmentSpreadNode, _Place]],
    outlines: Mapping[str, _Outline],
    totals: Mapping[str, _Total],
    on_path: set[str],
    cuts: set[int],
) -> str | None:
    """The next fragment that has to be settled first; a spread of one on the path is cut."""
    for node, _ in spreads:
        name = node.name.value
        if name in on_path:
            cuts.add(id(node))
        elif name in outlines and name not in totals:
            return name
    return None


def _total(outline: _Outline, totals: Mapping[str, _Total]) -> _Total:
    """A definition with all that it spreads; those that are not settled were cut, or unknown."""
    depth, introspection, selections = outline.depth, outline.introspection, outline.selections
    for node, place in outline.spreads:
        below = totals.get(node.name.value)
        if below is None:
            continue
        selections += below.selections
        if place.inside:
            inner = max(below.depth, below.introspection)
            introspection = max(introspection, place.depth + inner)
        else:
            introspection = max(introspection, below.introspection)
            depth = max(depth, place.depth + below.depth)
    return _Total(depth, introspection, selections)


def _levels(
    selection_set: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    cuts: frozenset[int],
) -> Iterator[list[list[FieldNode]]]:
    """The levels of an operation: for each response name of a level the fields that have it."""
    stack = [[selection_set]]
    while stack:
        level = _merged(stack.pop(), fragments, cuts)
        if level:
            yield level
        for nodes in level:
            inner = [node.selection_set for node in nodes if node.selection_set is not None]
            if inner:
                stack.append(inner)


def _merged(
    selection_sets: list[SelectionSetNode],
    fragments: Mapping[str, FragmentDefinitionNode],
    cuts: frozenset[int],
) -> list[list[FieldNode]]:
    found: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()
    while selection_sets:
        for node in selection_sets.pop().selections:
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
                continue
            source: object = node
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                source = None if id(node) in cuts or name in seen else fragments.get(name)
                seen.add(name)
            if source is not None:
                selection_sets.append(source.selection_set)  # type: ignore[attr-defined]
    return list(found.values())
