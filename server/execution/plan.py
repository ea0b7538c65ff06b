"""Plans: a valid query worked out once, down to what is read and computed at each field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    is_leaf_type,
    is_list_type,
)

from schema.declarations import DECLARED, Column, Computed, Declaration, Done, Related, Sought
from schema.moments import shown
from schema.projection import PASSES, columns_selected, is_moment, metadata
from server.execution.arguments import Arguments
from server.execution.leaves import Serialize, all_spelt, serializer
from server.execution.selection import Conditions, Selections, condition_names
from server.execution.variables import Variables

TYPENAME = "__typename"

MOST_PLANS = 8
"""Plans kept of one operation, which could have one for each way its conditions may turn out."""


class UnsupportedError(Exception):
    """The operation has something that only the general executor can do."""


@dataclass(frozen=True)
class Shape:
    """The type of a field without its name: nullable or not, a list of nullable ones or not."""

    nullable: bool
    is_list: bool
    item_nullable: bool


class ObjectPlan:
    """The fields that an object of one type has in its answer.

    `plain` are those whose values are computed from the object and are its leaves; the `others`
    have objects below them, lists, or values to be loaded. After some `uses` an executor adds a
    function that can `build` the answers of objects, but for the fields that are `unbuilt`.
    """

    def __init__(self, type_: GraphQLObjectType, fields: list["FieldPlan"]) -> None:
        self.type = type_
        self.fields = fields
        self.names = tuple(each.name for each in fields)
        self.uses = 0
        self.build: Callable[[list[Any], Any], list[dict[str, Any]]] | None = None
        self.unbuilt: tuple[FieldPlan, ...] = ()
        self.others = tuple(each for each in fields if not each.is_plain)


class FieldPlan:
    """One field of one concrete type: how its value is found, and what becomes of it.

    `columns` are those that the selection below needs of the rows that the field gives.
    """

    def __init__(
        self,
        plans: "Plans",
        parent: GraphQLObjectType,
        name: str,
        nodes: list[FieldNode],
        shows: bool,
    ) -> None:
        self.name = name
        self.nodes = nodes
        self.parent = parent
        self._plans = plans
        field_name = nodes[0].name.value
        schema = plans.schema
        definition = schema.get_field(parent, field_name)
        if definition is None or (field_name.startswith("__") and field_name != TYPENAME):
            raise UnsupportedError(field_name)
        self.output: GraphQLOutputType = definition.type
        self.shape, self.named = _shape(definition.type)
        self.field_name = field_name
        if field_name == TYPENAME:
            typename = parent.name
            self.declared: Declaration = Computed(function=lambda root: typename)
        else:
            declared = metadata(parent, field_name).get(DECLARED)
            if not isinstance(declared, Column | Computed | Related | Sought | Done):
                raise UnsupportedError(field_name)
            if isinstance(declared, Sought) and parent is not schema.query_type:
                raise UnsupportedError(field_name)
            if isinstance(declared, Done) and isinstance(definition.type, GraphQLNonNull):
                raise UnsupportedError(field_name)  # its failure would end the operation
            self.declared = declared
        self.arguments = Arguments(schema, definition, nodes[0], self.declared.arguments)
        self.related = self.declared if isinstance(self.declared, Related) else None
        self._shows = self._shows_below(shows)
        self.columns = columns_selected(
            schema, plans.selections.fragments, self.named, nodes, shows=self._shows
        )
        self.is_leaf = is_leaf_type(self.named)
        self.is_spelt = shows and is_moment(parent, field_name)
        self.column = self._column()
        self.serialize: Serialize | None = None
        if self.is_leaf:
            self.serialize = all_spelt if self.is_spelt else serializer(self.named)  # type: ignore[arg-type]
        self.is_plain = (
            self.is_leaf and not self.shape.is_list and isinstance(self.declared, Column | Computed)
        )
        self.is_required = not self.shape.nullable
        self.finish = self.related.finish if self.related is not None else None
        self.read = _reading(self.declared, self.column)
        self._below: dict[str, ObjectPlan] = {}
        self._last: GraphQLObjectType | None = None
        if isinstance(self.named, GraphQLObjectType):
            self.only: ObjectPlan | None = self.below(self.named)
        else:
            self.only = None

    def _shows_below(self, shows: bool) -> bool:
        """Whether the rows that are the field's objects have moments that only are shown."""
        if self.related is not None:
            return bool(getattr(self.related.loader, "shows", False))
        return shows and bool(metadata(self.parent, self.field_name).get(PASSES))

    def _column(self) -> str:
        """The column of a row that the field is, if it is one."""
        if not isinstance(self.declared, Column):
            return ""
        return shown(self.declared.name) if self.is_spelt else self.declared.name

    @cached_property
    def keys_of(self) -> Callable[[list[Any]], list[tuple[Any, ...]]]:
        """A relation's keys of rows, where they consist of columns."""
        assert isinstance(self.declared, Related)
        names = self.declared.names
        assert names is not None
        if len(names) == 1:
            (name,) = names
            return lambda roots: [(root[name],) for root in roots]
        if len(names) == 2:
            first, second = names
            return lambda roots: [(root[first], root[second]) for root in roots]
        key_of = itemgetter(*names)
        return lambda roots: list(map(key_of, roots))

    def below(self, type_: GraphQLObjectType) -> ObjectPlan:
        """The plan of the field's objects of a type."""
        found = self._below.get(type_.name)
        if found is None:
            sets = [node.selection_set for node in self.nodes if node.selection_set is not None]
            found = self._below[type_.name] = self._plans.objects(type_, sets, self._shows)
        return found

    def type_of(self, value: Any) -> GraphQLObjectType | None:
        """The concrete type of a value of an interface or union; None where it is of none.

        Values of a list are mostly of one type: the last one is asked first.
        """
        last = self._last
        if last is not None and last.is_type_of is not None and last.is_type_of(value, None):  # type: ignore[arg-type]
            return last
        possible: Any = self._plans.schema.get_possible_types(self.named)  # type: ignore[arg-type]
        for type_ in possible:
            if type_.is_type_of is not None and type_.is_type_of(value, None):
                self._last = type_
                found: GraphQLObjectType = type_
                return found
        return None


class Plans:
    """Makes the plans of one document under certain conditions."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, conditions: Conditions
    ) -> None:
        self.schema = schema
        self.selections = Selections(schema, document, conditions)

    def objects(self, type_: GraphQLObjectType, sets: list[Any], shows: bool = False) -> ObjectPlan:
        """The plan of objects of a type with these selections.

        The objects are rows whose moments only are shown where it `shows`.
        Errors: `UnsupportedError`.
        """
        collected = self.selections.collect(type_, sets)
        fields = [FieldPlan(self, type_, name, nodes, shows) for name, nodes in collected.items()]
        return ObjectPlan(type_, fields)


@dataclass
class Planned:
    """What is known of one operation of a document: its variables, and a plan by conditions.

    A plan is None where only the general executor can run the operation.
    """

    schema: GraphQLSchema
    document: DocumentNode
    definition: OperationDefinitionNode
    variables: Variables = field(init=False)
    _conditions: tuple[str, ...] = field(init=False)
    _plans: dict[tuple[bool, ...], ObjectPlan | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.variables = Variables(self.schema, self.definition)
        self._conditions = condition_names(self.document, self.definition)

    def plan(self, variables: Mapping[str, Any]) -> ObjectPlan | None:
        """The plan for these coerced variables."""
        conditions = tuple(variables[name] for name in self._conditions)
        if None in conditions:  # given as null in spite of a default: an error of each selection
            return None
        if conditions not in self._plans:
            if len(self._plans) == MOST_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[conditions] = self._planned(conditions)
        return self._plans[conditions]

    def _planned(self, conditions: tuple[bool, ...]) -> ObjectPlan | None:
        roots = {
            OperationType.QUERY: self.schema.query_type,
            OperationType.MUTATION: self.schema.mutation_type,
        }
        root = roots.get(self.definition.operation)
        if root is None:
            return None
        named = dict(zip(self._conditions, conditions, strict=True))
        plans = Plans(self.schema, self.document, named)
        try:
            return plans.objects(root, [self.definition.selection_set])
        except UnsupportedError:
            return None


Read = Callable[[list[Any], Any], list[Any]]
"""Gives the values of objects in a context; raises where one of them fails."""


def _reading(declared: Declaration, name: str) -> Read | None:
    """The values of a field without arguments and checks, else None."""
    if declared.check is not None or declared.arguments is not None:
        return None
    if isinstance(declared, Column):
        return lambda roots, context: [root[name] for root in roots]
    if isinstance(declared, Computed):
        function = declared.function
        if declared.takes_context:
            return lambda roots, context: [function(root, context) for root in roots]
        return lambda roots, context: [function(root) for root in roots]
    return None


def _shape(type_: GraphQLOutputType) -> tuple[Shape, GraphQLNamedType]:
    """The shape and the named type below it.

    Errors: `UnsupportedError` for lists of lists.
    """
    nullable, inner = _unwrapped(type_)
    if not is_list_type(inner):
        return Shape(nullable, False, True), inner
    item_nullable, item = _unwrapped(inner.of_type)
    if is_list_type(item):
        raise UnsupportedError(str(type_))
    return Shape(nullable, True, item_nullable), item


def _unwrapped(type_: Any) -> tuple[bool, Any]:
    is_required = isinstance(type_, GraphQLNonNull)
    return not is_required, type_.of_type if is_required else type_
