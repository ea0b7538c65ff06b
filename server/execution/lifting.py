"""Lifting: the literals of a valid document taken out, as variables that no client can name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NameNode,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    TokenKind,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    parse_type,
    visit,
)

from server.execution.literals import COMMENT, FLOAT, INT, STRING, Literals, starts_of
from server.execution.values import Read, reader

_KINDS = {
    TokenKind.STRING: STRING,
    TokenKind.COMMENT: COMMENT,
    TokenKind.INT: INT,
    TokenKind.FLOAT: FLOAT,
    TokenKind.BLOCK_STRING: "b",
}

_Place = tuple[str | int, ...]
Named = TypeVar("Named", ArgumentNode, ObjectFieldNode)


class Lift(NamedTuple):
    """A literal that was lifted: its variable, its number in the text, and how it is read."""

    name: str
    at: int
    read: Read


@dataclass(frozen=True)
class Lifted:
    """A document whose literals are variables, for all texts of its variant.

    Literals that are `fixed`, by their numbers, are the same in those texts, and so is which ones
    in a group of `compared` are equal: fields of one response name may have to agree in them.
    """

    ast: DocumentNode
    lifts: tuple[Lift, ...]
    fixed: tuple[int, ...]
    compared: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]


def lift(
    schema: GraphQLSchema, document: DocumentNode, text: str, literals: Literals
) -> Lifted | None:
    """The valid document of `text` with its literals lifted; None where none can be.

    Lifted are those in arguments of fields whose type reads them alike as literals and as
    variables. Nodes that were there keep their places in the text, and so do those put in.
    """
    starts = starts_of(text)
    if not _is_read_rightly(document, text, starts, literals):
        return None
    lifting = _Lifting(literals, {start: at for at, start in enumerate(starts)}, _prefix(document))
    parts = [_part(schema, definition, lifting) for definition in document.definitions]
    if not lifting.lifts:
        return None
    fixed = (at for at, kind in enumerate(literals.kinds) if kind != COMMENT)
    return Lifted(
        ast=replace(document, definitions=tuple(_declared(parts, lifting))),
        lifts=tuple(lifting.lifts.values()),
        fixed=tuple(at for at in fixed if at not in lifting.lifted),
        compared=tuple(tuple(group) for group in lifting.groups.values() if len(group) > 1),
        starts=starts,
    )


@dataclass
class _Lifting:
    """What is lifted so far: `lifts` by variable, their `types`, and `groups` by place."""

    literals: Literals
    numbers: Mapping[int, int]
    prefix: str
    lifts: dict[str, Lift] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    lifted: set[int] = field(default_factory=set)
    groups: dict[_Place, list[int]] = field(default_factory=dict)
    _names: dict[tuple[_Place, str, str], str] = field(default_factory=dict)

    def variable(self, node: ValueNode, type_: GraphQLInputType, place: _Place) -> str | None:
        """The variable for a literal; None where it has to stay.

        Equal ones at equal places have one, so that their fields agree.
        """
        at = self.numbers.get(node.loc.start) if node.loc else None
        read = None if at is None else reader(get_named_type(type_), self.literals.kinds[at])
        if at is None or read is None:
            return None
        self.lifted.add(at)
        self.groups.setdefault(place, []).append(at)
        declared = str(GraphQLNonNull(get_nullable_type(type_)))
        known = place, declared, self.literals.raws[at]
        name = self._names.setdefault(known, f"{self.prefix}{len(self._names) + 1}")
        if name not in self.lifts:
            self.lifts[name] = Lift(name, at, read)
            self.types[name] = declared
        return name


@dataclass
class _Part:
    """A definition with what it lifts itself, and the fragments that it spreads."""

    definition: Any
    names: dict[str, None] = field(default_factory=dict)
    spreads: dict[str, None] = field(default_factory=dict)


def _part(schema: GraphQLSchema, definition: Node, lifting: _Lifting) -> _Part:
    part = _Part(definition)
    types = TypeInfo(schema)
    part.definition = visit(definition, TypeInfoVisitor(types, _Lifter(types, lifting, part)))
    return part


class _Lifter(Visitor):
    """Puts variables into the arguments of the fields of one definition."""

    def __init__(self, types: TypeInfo, lifting: _Lifting, part: _Part) -> None:
        super().__init__()
        self._types = types
        self._lifting = lifting
        self._part = part

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self._part.spreads[node.name.value] = None

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        declared = self._types.get_field_def()
        if not node.arguments or declared is None:
            return None
        response_name = (node.alias or node.name).value
        arguments = []
        for argument in node.arguments:
            name = argument.name.value
            value = self._value(argument.value, declared.args[name].type, (response_name, name))
            arguments.append(_with_value(argument, value))
        return replace(node, arguments=tuple(arguments))

    def _value(self, node: ValueNode, type_: GraphQLInputType, place: _Place) -> ValueNode:
        nullable: Any = get_nullable_type(type_)
        if isinstance(node, StringValueNode | IntValueNode | FloatValueNode):
            name = self._lifting.variable(node, type_, place)
            if name is None:
                return node
            self._part.names[name] = None
            return VariableNode(name=NameNode(value=name, loc=node.loc), loc=node.loc)
        if isinstance(node, ListValueNode) and is_list_type(nullable):
            items = enumerate(node.values)
            values = (self._value(item, nullable.of_type, (*place, at)) for at, item in items)
            return replace(node, values=tuple(values))
        if isinstance(node, ObjectValueNode) and is_input_object_type(nullable):
            return replace(node, fields=tuple(self._fields(node, nullable, place)))
        return node

    def _fields(self, node: ObjectValueNode, type_: Any, place: _Place) -> Iterator[Any]:
        for each in node.fields:
            name = each.name.value
            yield _with_value(
                each, self._value(each.value, type_.fields[name].type, (*place, name))
            )


def _with_value(node: Named, value: ValueNode) -> Named:
    return node if value is node.value else replace(node, value=value)


def _declared(parts: list[_Part], lifting: _Lifting) -> Iterator[Any]:
    """The definitions, operations with the variables that they and their fragments need."""
    fragments = {
        part.definition.name.value: part
        for part in parts
        if isinstance(part.definition, FragmentDefinitionNode)
    }
    for part in parts:
        definition = part.definition
        if isinstance(definition, OperationDefinitionNode):
            own = tuple(definition.variable_definitions or ())
            lifted = (_declaration(name, lifting) for name in _names(part, fragments))
            definition = replace(definition, variable_definitions=(*own, *lifted))
        yield definition


def _names(part: _Part, fragments: Mapping[str, _Part]) -> Iterator[str]:
    """The variables of a definition, through fragments, in the order in which they were lifted."""
    found, seen, waiting = set(part.names), set(part.spreads), list(part.spreads)
    while waiting:
        below = fragments[waiting.pop()]
        found.update(below.names)
        waiting += [name for name in below.spreads if name not in seen]
        seen.update(below.spreads)
    yield from sorted(found, key=lambda name: (len(name), name))


def _declaration(name: str, lifting: _Lifting) -> VariableDefinitionNode:
    return VariableDefinitionNode(
        variable=VariableNode(name=NameNode(value=name)),
        type=parse_type(lifting.types[name], no_location=True),
    )


def _prefix(document: DocumentNode) -> str:
    """How the lifted variables' names begin, and no name of the document's own variables."""
    names = [
        declared.variable.name.value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for declared in definition.variable_definitions or ()
    ]
    prefix = "_"
    while any(name.startswith(prefix) for name in names):
        prefix += "_"
    return prefix


def _is_read_rightly(
    document: DocumentNode, text: str, starts: tuple[int, ...], literals: Literals
) -> bool:
    """Whether the lexer found the very same literals and comments."""
    ends = (start + len(raw) for start, raw in zip(starts, literals.raws, strict=True))
    read = list(zip(starts, ends, literals.kinds, strict=True))
    found = []
    token = document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind in _KINDS:
            found.append((token.start, token.end, _KINDS[token.kind]))
        token = token.next
    return found == read
