"""Cost: how much an operation may return and how dear it is to run, known before it runs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_introspection_query,
    get_named_type,
    is_composite_type,
    parse,
    value_from_ast_untyped,
)

from schema.paging import DEFAULT_PAGE, MAX_PAGE
from server.execution.selection import fragments_of
from server.extent import INTROSPECTION
from server.weights import OPERATION, WHOLE_SCHEMA, Kind, Weight, Weights


class Cost(NamedTuple):
    """What an operation may come to.

    `nodes` are objects in its answer, but for connections, edges and page infos: at most so many
    where lists have pages, as many as is usual where they have none. `cost` is in points.
    """

    nodes: int
    cost: int


OperationCost = Callable[[Mapping[str, Any]], Cost]
"""The cost of one operation with variables as they were sent, of whatever type they are."""


class Costs:
    """The costs of documents over one schema.

    Page sizes multiply downwards. What `@skip` and `@include` leave out is counted, and a field
    that several fragments select is counted for each. Introspection has no nodes; its cost is its
    share of the whole schema's, whose cost is `WHOLE_SCHEMA` however large the schema is.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.weights = Weights(schema)

    def compile(self, document: DocumentNode) -> tuple[OperationCost, ...]:
        """The costs of a valid document's operations, in the order written.

        Each fragment is worked out once, here and again for variables that are page sizes.
        """
        compiler = _Compiler(self, document)
        return tuple(
            compiler.operation(definition)
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode)
        )

    @cached_property
    def whole_schema(self) -> int:
        """What asking for the whole schema weighs as selections do."""
        query = parse(
            get_introspection_query(
                specified_by_url=True,
                directive_is_repeatable=True,
                schema_description=True,
                input_value_deprecation=True,
                one_of=True,
            )
        )
        compiler = _Compiler(self, query)
        (operation,) = (d for d in query.definitions if isinstance(d, OperationDefinitionNode))
        (asked,) = operation.selection_set.selections
        assert isinstance(asked, FieldNode)
        return compiler.introspected(asked)


class _Value(NamedTuple):
    """What a selection comes to on one object.

    `once` is its cost for the operation, `nodes` and `cost` are for each object, `row_nodes` and
    `row_cost` for each row of the page that the object is; a weight is a thousandth of a point.
    """

    once: int = 0
    nodes: int = 0
    cost: int = 0
    row_nodes: int = 0
    row_cost: int = 0


_NOTHING = _Value()


@dataclass(slots=True)
class _Given:
    """The variables of one request, and the values of fragments as far as they are known."""

    variables: Mapping[str, Any]
    fragments: dict[str, _Value] = field(default_factory=dict)


# What depends on variables is a function of them.
_Plan = _Value | Callable[[_Given], _Value]
_Size = int | Callable[[Mapping[str, Any]], int]


def default_values(definition: OperationDefinitionNode) -> dict[str, Any]:
    """The defaults that an operation declares, by the names of its variables."""
    return {
        declared.variable.name.value: value_from_ast_untyped(declared.default_value)
        for declared in definition.variable_definitions or ()
        if declared.default_value is not None
    }


class _Compiler:
    """Plans of one document's selections, from the leaves up."""

    def __init__(self, costs: Costs, document: DocumentNode) -> None:
        self._costs = costs
        self._fragments = fragments_of(document)
        self._plans: dict[str, _Plan] = {}

    def operation(self, definition: OperationDefinitionNode) -> OperationCost:
        """The cost of an operation, at once where no page size is a variable."""
        root = self._costs.schema.get_root_type(definition.operation)
        if root is None:
            return partial(_constant, Cost(0, 0))
        plan = self._selection(root, definition.selection_set)
        if isinstance(plan, _Value):
            return partial(_constant, _cost(plan))
        return partial(_evaluated, plan, default_values(definition))

    def introspected(self, node: FieldNode) -> int:
        """What a field `__schema` or `__type` weighs as other selections do."""
        root = self._costs.schema.query_type
        assert root is not None
        plan = self._field(root, node)
        assert isinstance(plan, _Value)  # no list of introspection has pages
        return plan.cost

    def _selection(self, type_: GraphQLNamedType, selection_set: SelectionSetNode) -> _Plan:
        plans = []
        for node in selection_set.selections:
            plans.append(self._part(type_, node))
        return _sum(plans)

    def _part(self, type_: GraphQLNamedType, node: SelectionNode) -> _Plan:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if isinstance(node, InlineFragmentNode):
            return self._selection(self._condition(node) or type_, node.selection_set)
        assert isinstance(node, FieldNode)
        if node.name.value not in INTROSPECTION:
            return self._field(type_, node)
        share = WHOLE_SCHEMA * self.introspected(node)
        return _Value(once=-(-share // self._costs.whole_schema))

    def _fragment(self, name: str) -> _Plan:
        plan = self._plans.get(name)
        if plan is None:
            definition = self._fragments[name]
            plan = self._selection(self._condition(definition), definition.selection_set)
            if not isinstance(plan, _Value):
                plan = partial(_shared, name, plan)
            self._plans[name] = plan
        return plan

    def _condition(self, node: InlineFragmentNode | FragmentDefinitionNode) -> Any:
        condition = node.type_condition
        return condition and self._costs.schema.type_map[condition.name.value]

    def _field(self, type_: GraphQLNamedType, node: FieldNode) -> _Plan:
        assert is_composite_type(type_)
        name = node.name.value
        declared = self._costs.schema.get_field(type_, name)
        assert declared is not None
        arguments = _arguments(node.arguments)
        weight = self._costs.weights.of(type_, name, declared, "search" in arguments)
        below: _Plan = _NOTHING
        if node.selection_set is not None:
            below = self._selection(get_named_type(declared.type), node.selection_set)
        size = _size(weight, arguments)
        if isinstance(below, _Value) and isinstance(size, int):
            return _composed(weight, below, size)
        return partial(_open, weight, below, size)


def _sum(plans: list[_Plan]) -> _Plan:
    known = _added(plan for plan in plans if isinstance(plan, _Value))
    unknown = tuple(plan for plan in plans if not isinstance(plan, _Value))
    if not unknown:
        return known
    return unknown[0] if len(plans) == 1 else partial(_summed, known, unknown)


def _added(values: Iterable[_Value]) -> _Value:
    return _Value(*map(sum, zip(_NOTHING, *values, strict=True)))


def _composed(weight: Weight, below: _Value, size: int) -> _Value:
    """A field's value from that of its selection; `size` is the number of objects or rows."""
    once = weight.once + below.once
    nodes, cost = weight.node + below.nodes, weight.each + below.cost
    if weight.kind is Kind.ROWS:
        return _Value(once, 0, weight.own, nodes, cost)
    if weight.kind is Kind.LIST:
        return _Value(once, size * nodes, weight.own + size * cost)
    rows = nodes + size * below.row_nodes, cost + size * below.row_cost
    return _Value(once, rows[0], weight.own + rows[1])


def _open(weight: Weight, below: _Plan, size: _Size, given: _Given) -> _Value:
    value = below if isinstance(below, _Value) else below(given)
    number = size if isinstance(size, int) else size(given.variables)
    return _composed(weight, value, number)


def _summed(
    known: _Value, unknown: tuple[Callable[[_Given], _Value], ...], given: _Given
) -> _Value:
    return _added([known, *(plan(given) for plan in unknown)])


def _shared(name: str, plan: Callable[[_Given], _Value], given: _Given) -> _Value:
    value = given.fragments.get(name)
    if value is None:
        value = given.fragments[name] = plan(given)
    return value


def _evaluated(
    plan: Callable[[_Given], _Value], defaults: Mapping[str, Any], variables: Mapping[str, Any]
) -> Cost:
    return _cost(plan(_Given({**defaults, **variables})))


def _constant(cost: Cost, variables: Mapping[str, Any]) -> Cost:
    return cost


def _cost(value: _Value) -> Cost:
    return Cost(value.nodes, -(-(OPERATION + value.once + value.cost) // 1000))


def _arguments(nodes: Iterable[ArgumentNode] | None) -> dict[str, ValueNode]:
    """The arguments that are given and not null."""
    return {
        node.name.value: node.value
        for node in nodes or ()
        if not isinstance(node.value, NullValueNode)
    }


def _size(weight: Weight, arguments: Mapping[str, ValueNode]) -> _Size:
    """How many rows a page has, or objects a list."""
    if weight.kind is Kind.PAGE:
        return _page_size([arguments[name] for name in ("first", "last") if name in arguments])
    if weight.kind is Kind.LIST and "ids" in arguments:
        return _length(arguments["ids"])
    return weight.usual


def _page_size(values: list[ValueNode]) -> _Size:
    names = [value.name.value for value in values if isinstance(value, VariableNode)]
    rows = [_literal(value) for value in values if not isinstance(value, VariableNode)]
    if names:
        return partial(_asked, names, rows)
    return max(rows, default=DEFAULT_PAGE)


def _asked(names: list[str], rows: list[int], variables: Mapping[str, Any]) -> int:
    """The larger page where both ends are asked for: the operation will be refused then."""
    given = [variables.get(name) for name in names]
    return max(
        [*rows, *(_clipped(value) for value in given if value is not None)], default=DEFAULT_PAGE
    )


def _literal(value: ValueNode) -> int:
    is_small = isinstance(value, IntValueNode) and len(value.value) < 12
    return _clipped(int(value.value)) if is_small else MAX_PAGE  # type: ignore[attr-defined]


def _clipped(value: object) -> int:
    """A page size as it may be served; any other is refused when the operation runs."""
    return min(max(value, 1), MAX_PAGE) if isinstance(value, int) else MAX_PAGE


def _length(value: ValueNode) -> _Size:
    if isinstance(value, VariableNode):
        return partial(_sent, value.name.value)
    return min(len(value.values), MAX_PAGE) if isinstance(value, ListValueNode) else 1


def _sent(name: str, variables: Mapping[str, Any]) -> int:
    value = variables.get(name)
    return min(len(value), MAX_PAGE) if isinstance(value, list) else 1
