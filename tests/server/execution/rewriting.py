"""Documents rewritten at random: fragments, variables, aliases, directives and repeated fields.

What comes out may break a rule of validation; who uses it leaves such a document out.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NamedTypeNode,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_required_argument,
    print_ast,
    value_from_ast_untyped,
)

Meant = Callable[[str, Any, random.Random], ValueNode | None]
"""A literal for an argument (`Type.field.argument`, its type); None leaves the one there is."""

WRONG: Sequence[Any] = (None, "", "no", -1, 2**40, 1.5, True, [], {}, {"no": 1}, [None])
"""Values that most variables do not take."""


@dataclass(frozen=True)
class Chances:
    """How often each rewriting is done, from 0 to 1."""

    alias: float = 0.1
    repeat: float = 0.08
    directive: float = 0.06
    fragment: float = 0.12
    typename: float = 0.05
    variable: float = 0.3
    drop: float = 0.3
    wrong: float = 0.0
    meant: float = 0.9


@dataclass(frozen=True)
class Rewritten:
    """The text of one operation, and what it is run with."""

    text: str
    variables: dict[str, Any]


@dataclass
class Rewriter:
    """Rewrites one document; all that is random comes from `rng`."""

    schema: GraphQLSchema
    rng: random.Random
    chances: Chances = field(default_factory=Chances)
    meant: Meant = lambda place, type_, rng: None

    def __post_init__(self) -> None:
        self._declared: dict[str, str] = {}
        self._variables: dict[str, Any] = {}
        self._fragments: list[FragmentDefinitionNode] = []
        self._number = 0

    def rewrite(self, document: DocumentNode) -> Rewritten:
        """The document, which has one query and no fragments of its own, in another form."""
        (operation,) = document.definitions
        assert isinstance(operation, OperationDefinitionNode)
        root: Any = self.schema.query_type
        selected = self._selected(root, operation.selection_set)
        body = print_ast(selected)
        head = ", ".join(f"${name}: {type_}" for name, type_ in self._declared.items())
        fragments = "\n".join(print_ast(fragment) for fragment in self._fragments)
        text = f"query{f'({head})' if head else ''} {body}\n{fragments}"
        return Rewritten(text, self._variables)

    def _is(self, chance: float) -> bool:
        return self.rng.random() < chance

    def _name(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number}"

    def _selected(self, type_: Any, selection: SelectionSetNode) -> SelectionSetNode:
        found: list[SelectionNode] = []
        for node in selection.selections:
            found += self._selection(type_, node)
        if self._is(self.chances.typename):
            found.insert(self.rng.randrange(len(found) + 1), _field("__typename"))
        if self._is(self.chances.fragment):
            found = self._grouped(type_, found)
        return SelectionSetNode(selections=tuple(found))

    def _selection(self, type_: Any, node: SelectionNode) -> Iterator[SelectionNode]:
        if isinstance(node, InlineFragmentNode):
            on = self.schema.type_map[node.type_condition.name.value]  # type: ignore[union-attr]
            yield _inline(on.name, self._selected(on, node.selection_set), self._directives())
            return
        assert isinstance(node, FieldNode)
        made = self._field(type_, node)
        yield made
        if self._is(self.chances.repeat):
            yield self._again(made)

    def _field(self, type_: Any, node: FieldNode) -> FieldNode:
        definition = self.schema.get_field(type_, node.name.value)
        assert definition is not None
        place = f"{type_.name}.{node.name.value}"
        below = None
        if node.selection_set is not None:
            below = self._selected(get_named_type(definition.type), node.selection_set)
        alias = NameNode(value=self._name("a")) if self._is(self.chances.alias) else node.alias
        return FieldNode(
            name=node.name,
            alias=alias,
            arguments=tuple(self._arguments(place, definition, node)),
            directives=tuple(self._directives()),
            selection_set=below,
        )

    def _again(self, node: FieldNode) -> FieldNode:
        """The same field with a part of its selection, to be merged with it."""
        below = node.selection_set
        if below is not None:
            parts = [part for part in below.selections if self._is(0.5)]
            below = SelectionSetNode(selections=tuple(parts or below.selections))
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=node.arguments,
            directives=tuple(self._directives()),
            selection_set=below,
        )

    def _grouped(self, type_: Any, nodes: list[SelectionNode]) -> list[SelectionNode]:
        """Some neighbours moved into a fragment, which may be spread twice."""
        first = self.rng.randrange(len(nodes))
        last = self.rng.randrange(first, len(nodes)) + 1
        inner = SelectionSetNode(selections=tuple(nodes[first:last]))
        if self._is(0.4):
            on = None if self._is(0.3) else type_.name
            return [*nodes[:first], _inline(on, inner, self._directives()), *nodes[last:]]
        name = self._name("F")
        condition = NamedTypeNode(name=NameNode(value=type_.name))
        self._fragments.append(
            FragmentDefinitionNode(
                name=NameNode(value=name),
                type_condition=condition,
                selection_set=inner,
                directives=(),
                variable_definitions=(),
            )
        )
        found = [*nodes[:first], self._spread(name), *nodes[last:]]
        return [*found, self._spread(name)] if self._is(0.2) else found

    def _spread(self, name: str) -> FragmentSpreadNode:
        return FragmentSpreadNode(
            name=NameNode(value=name), directives=tuple(self._directives()), arguments=()
        )

    # directives

    def _directives(self) -> Iterator[DirectiveNode]:
        for name in ("skip", "include"):
            if self._is(self.chances.directive):
                # what is left out is not compared: mostly nothing is
                value = (name == "include") == self._is(0.75)
                condition = self._condition(value) if self._is(0.6) else _boolean(value)
                yield DirectiveNode(
                    name=NameNode(value=name),
                    arguments=(ArgumentNode(name=NameNode(value="if"), value=condition),),
                )

    def _condition(self, value: bool) -> ValueNode:
        way = self.rng.randrange(4)
        name = self._name("c")
        if way == 0:  # absent, so the default
            self._declared[name] = f"Boolean = {str(value).lower()}"
        else:
            default = "" if way == 1 else f" = {str(not value).lower()}"
            self._declared[name] = f"Boolean{'!' if way != 3 else ''}{default}"
            is_wrong = self._is(self.chances.wrong)
            self._variables[name] = self.rng.choice(WRONG) if is_wrong else value
        return VariableNode(name=NameNode(value=name))

    # arguments

    def _arguments(self, place: str, definition: Any, node: FieldNode) -> Iterator[ArgumentNode]:
        for argument in node.arguments or ():
            name = argument.name.value
            given = definition.args[name]
            if not is_required_argument(given) and self._is(self.chances.drop):
                continue
            value = argument.value
            if self._is(self.chances.meant):
                value = self.meant(f"{place}.{name}", given.type, self.rng) or value
            yield ArgumentNode(name=argument.name, value=self._value(given, value))

    def _value(self, given: Any, value: ValueNode) -> ValueNode:
        """A literal of an argument or an input's field, or a variable that stands for it."""
        if self._is(self.chances.variable):
            return self._variable(given, value)
        named = get_nullable_type(given.type)
        if isinstance(value, ObjectValueNode) and isinstance(named, GraphQLInputObjectType):
            return ObjectValueNode(
                fields=tuple(
                    ObjectFieldNode(
                        name=part.name,
                        value=self._part(named, part.name.value, part.value),
                    )
                    for part in value.fields
                )
            )
        if isinstance(value, ListValueNode) and value.values and self._is(0.3):
            item = replace_type(given, named.of_type)
            return ListValueNode(values=tuple(self._value(item, each) for each in value.values))
        return value

    def _part(self, input_: GraphQLInputObjectType, name: str, value: ValueNode) -> ValueNode:
        given = input_.fields[name]
        meant = self.meant(f"{input_.name}.{name}", given.type, self.rng)
        return self._value(given, meant or value)

    def _variable(self, given: Any, value: ValueNode) -> VariableNode:
        name = self._name("v")
        type_ = str(given.type)
        plain = value_from_ast_untyped(value)
        way = self.rng.randrange(6)
        if way == 0:
            self._declared[name] = f"{type_} = {print_ast(value)}"
            if value.kind == "null_value" and type_.endswith("!"):
                self._declared[name] = type_
        elif way == 1 and not isinstance(given.type, GraphQLNonNull):
            self._declared[name] = type_  # absent
        else:
            required = type_ if type_.endswith("!") or plain is None or way > 3 else f"{type_}!"
            self._declared[name] = required
            self._variables[name] = plain
        if self._is(self.chances.wrong):
            self._variables[name] = self.rng.choice(WRONG)
        return VariableNode(name=NameNode(value=name))


@dataclass(frozen=True)
class _Typed:
    """What stands for an item of a list, as an argument or field does for its value."""

    type: Any


def replace_type(given: Any, type_: Any) -> Any:
    """Something with another type."""
    return _Typed(type_)


def _field(name: str) -> FieldNode:
    return FieldNode(name=NameNode(value=name), arguments=(), directives=(), alias=None)


def _inline(
    on: str | None, selection: SelectionSetNode, directives: Iterator[DirectiveNode]
) -> InlineFragmentNode:
    condition = None if on is None else NamedTypeNode(name=NameNode(value=on))
    return InlineFragmentNode(
        type_condition=condition, selection_set=selection, directives=tuple(directives)
    )


def _boolean(value: bool) -> BooleanValueNode:
    return BooleanValueNode(value=value)


def selected_places(schema: GraphQLSchema, document: DocumentNode) -> Iterator[str]:
    """`Type.field` of each field that a document selects; of an interface's, on each type."""
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    todo: list[tuple[Any, SelectionSetNode]] = [
        (schema.query_type, node.selection_set)
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
    ]
    todo += [
        (schema.type_map[node.type_condition.name.value], node.selection_set)
        for node in fragments.values()
    ]
    while todo:
        type_, selection = todo.pop()
        for node in selection.selections:
            if isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                on = type_ if condition is None else schema.type_map[condition.name.value]
                todo.append((on, node.selection_set))
            elif isinstance(node, FieldNode) and not node.name.value.startswith("__"):
                name = node.name.value
                for each in schema.get_possible_types(type_) if _is_abstract(type_) else (type_,):
                    yield f"{each.name}.{name}"
                if node.selection_set is not None:
                    below = get_named_type(type_.fields[name].type)
                    assert is_composite_type(below)
                    todo.append((below, node.selection_set))


def _is_abstract(type_: Any) -> bool:
    return not hasattr(type_, "interfaces") or hasattr(type_, "resolve_type")
