"""Probes: one selection for each field of each type that a schema has, found by introspection."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_leaf_type,
    is_non_null_type,
    is_object_type,
    is_required_argument,
)

from schema.projection import LOADER, metadata
from tests.isolation.samples import BESIDES, FOREIGN, HOMES, Samples, literal, required, variants

DEEPEST = 8
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Probe:
    """What asks for one field in one way: its name, and a selection on a root type.

    `field` is the root type's field that the selection begins with. One that is `alone` must not
    share a document: its error would take the answers of others with it.
    """

    name: str
    field: str
    text: str
    alone: bool

    @property
    def is_plain(self) -> bool:
        """Whether it is asked with what the field requires only."""
        return "(" not in self.name

    @property
    def is_foreign(self) -> bool:
        """Whether it is asked with a value of another tenant."""
        return FOREIGN in self.name


@dataclass(frozen=True)
class Route:
    """How an object of a type is reached from the root: what stands before its selection."""

    field: str
    opening: str
    depth: int

    def around(self, selection: str) -> str:
        """The whole selection."""
        closing = "}" * (self.opening.count("{") - self.opening.count("}"))
        return f"{self.opening}{selection}{closing}"

    def on(self, step: str) -> "Route":
        """One field further."""
        return Route(self.field, f"{self.opening}{step}{{", self.depth + 1)


def route_to(type_: str, id_: str) -> Route:
    """The way to an object by its global id."""
    return Route("node", f"node(id: {literal(id_)}){{__typename ... on {type_}{{", 2)


class Probes:
    """The probes of a schema for somebody who knows `samples`, and of others' what is in `others`.

    Every object type that can be reached is asked for every field, without arguments and with each
    argument: once with a value of one's own, then with each of the others'.
    """

    def __init__(self, schema: GraphQLSchema, samples: Samples, others: list[Samples]) -> None:
        self._schema = schema
        self._samples = samples
        self._others = others

    def queries(self) -> Iterator[Probe]:
        """Of the fields of the query type, and of all that is below."""
        query = self._schema.query_type
        assert query is not None
        for name, field in query.fields.items():
            for label, text in self._asked(query, name):
                yield Probe(f"Query.{label}", name, text, is_non_null_type(field.type))
        for type_, route in self.routes.items():
            alone = is_non_null_type(query.fields[route.field].type)
            yield from self.of(self._object(type_), route, alone)
        for place, name in BESIDES.items():
            for id_ in self._samples.values.get(place, ()):
                yield from self._beside(self._object(name), route_to(name, id_))

    def of(self, type_: GraphQLObjectType, route: Route, alone: bool) -> Iterator[Probe]:
        """Of every field of one type, on this way to it."""
        for name in type_.fields:
            for label, text in self._asked(type_, name):
                yield Probe(f"{type_.name}.{label}", route.field, route.around(text), alone)

    def _beside(self, type_: GraphQLObjectType, route: Route) -> Iterator[Probe]:
        """Of what another object of a type leads to."""
        for name, field in type_.fields.items():
            if is_composite_type(get_named_type(field.type)) and not _is_closed(field):
                text = name + self._selection(get_named_type(field.type))
                yield Probe(f"{type_.name}.{name}", route.field, route.around(text), False)

    def mutations(self, dry_run: bool) -> Iterator[Probe]:
        """Of the fields of the mutation type: each input's field with own and others' values.

        One that takes no `dryRun` is asked for only where `dry_run` is False.
        """
        mutation = self._schema.mutation_type
        assert mutation is not None
        for name, field in mutation.fields.items():
            given = {"dryRun": str(dry_run).lower()} if "dryRun" in field.args else {}
            if dry_run and not given:
                continue
            for label, text in self._asked(mutation, name, given):
                yield Probe(f"Mutation.{label}", name, text, is_non_null_type(field.type))

    def subscriptions(self) -> Iterator[Probe]:
        """Of the fields of the subscription type, from the beginning of what they follow."""
        followed = self._schema.subscription_type
        assert followed is not None
        for name in followed.fields:
            for label, text in self._asked(followed, name, {"after": "0"}):
                yield Probe(f"Subscription.{label}", name, text, True)

    @cached_property
    def routes(self) -> dict[str, Route]:
        """The shortest way to each object type, from the objects whose ids are known."""
        starts = {
            type_: route_to(type_, id_)
            for type_, id_ in self._samples.ids()
            if self._is_node(type_)
        }
        homes = {
            type_: starts[home].on(field).on("nodes").on(f"__typename ... on {type_}")
            for type_, (home, field) in HOMES.items()
            if home in starts
        }
        return self.ways({**starts, **homes, "Viewer": Route("viewer", "viewer{", 1)})

    def ways(self, starts: Mapping[str, Route]) -> dict[str, Route]:
        """The shortest way to each object type that these objects lead to."""
        found, waiting = dict(starts), list(starts)
        while waiting:
            for type_, route in self._steps(waiting.pop(0), found):
                if type_ not in found and route.depth <= DEEPEST:
                    found[type_] = route
                    waiting.append(type_)
        return found

    def _steps(self, type_: str, found: dict[str, Route]) -> Iterator[tuple[str, Route]]:
        """The types that the fields of one lead to; those that need no arguments first."""
        fields = self._object(type_).fields
        for name in sorted(fields, key=lambda name: _is_closed(fields[name])):
            named = get_named_type(fields[name].type)
            if not is_composite_type(named):
                continue
            step = name + _arguments(required(self._samples, f"{type_}.{name}", fields[name]))
            route = found[type_].on(step)
            if is_abstract_type(named):
                for possible in self._schema.get_possible_types(named):
                    yield possible.name, route.on(f"__typename ... on {possible.name}")
            else:
                yield named.name, route

    def _asked(
        self, type_: GraphQLObjectType, name: str, more: Mapping[str, str] = NOTHING
    ) -> Iterator[tuple[str, str]]:
        """Labels and selections of one field: alone, and with each argument in each way."""
        field, place = type_.fields[name], f"{type_.name}.{name}"
        returned = get_named_type(field.type)
        needed = {**required(self._samples, place, field), **more}
        yield name, name + _arguments(needed) + self._selection(returned)
        below = self._selection(returned, counted=True)
        for argument, given in field.args.items():
            if argument in more:
                continue
            ways = variants(self._samples, self._others, place, argument, given, returned)
            for label, value in ways:
                asked = _arguments({**needed, argument: value})
                is_kind = is_enum_type(get_named_type(given.type)) and label != argument
                deep = self._whole(self._object(returned.name), 2) if is_kind else below
                yield f"{name}({label})", name + asked + deep

    def _selection(self, named: GraphQLNamedType, counted: bool = False) -> str:
        """All leaves of a type; of a connection or payload those of what is in it, too.

        But for leaves with a loader of their own, whose error would take the others with it: they
        are asked for alone, and with `counted` in connections.
        """
        if is_leaf_type(named):
            return ""
        if is_abstract_type(named):
            return self._of_any(self._schema.get_possible_types(named))
        type_ = self._object(named.name)
        is_wrapper = bool({"pageInfo", "refusals"} & set(type_.fields))
        parts = ["__typename", *_leaves(type_, loaded=counted and is_wrapper)]
        if is_wrapper:
            parts += self._within(type_)
        return f"{{{' '.join(parts)}}}"

    def _of_any(self, possible: Sequence[GraphQLObjectType]) -> str:
        """The leaves of each of the types, but for those that would be in conflict."""
        types: dict[str, str] = {}
        parts = ["__typename"]
        for type_ in possible:
            taken = [
                name
                for name in _leaves(type_)
                if types.setdefault(name, str(type_.fields[name].type))
                == str(type_.fields[name].type)
            ]
            parts.append(f"... on {type_.name}{{{' '.join(taken)}}}")
        return f"{{{' '.join(parts)}}}"

    def _within(self, type_: GraphQLObjectType) -> Iterator[str]:
        for name, field in type_.fields.items():
            named = get_named_type(field.type)
            if name == "edges":
                yield "edges{cursor}"
            elif is_object_type(named) and named.name not in self.routes:
                yield name + self._whole(named)
            elif is_composite_type(named):
                yield name + self._selection(named)

    def _whole(self, type_: GraphQLObjectType, depth: int = 1) -> str:
        """All of a type that no query leads to: there is no other place to ask for it.

        With a `depth`, of what it leads to all, too.
        """
        parts = []
        for name, field in type_.fields.items():
            named = get_named_type(field.type)
            if not _is_closed(field):
                whole = depth > 1 and is_object_type(named)
                parts.append(
                    name
                    + (
                        self._whole(self._object(named.name), depth - 1)
                        if whole
                        else self._selection(named)
                    )
                )
        return f"{{{' '.join(['__typename', *parts])}}}"

    def _object(self, name: str) -> GraphQLObjectType:
        found = self._schema.type_map[name]
        assert is_object_type(found)
        return found

    def _is_node(self, type_: str) -> bool:
        found = self._schema.type_map.get(type_)
        return is_object_type(found) and any(item.name == "Node" for item in found.interfaces)


def _leaves(type_: GraphQLObjectType, loaded: bool = False) -> list[str]:
    """Fields without selections or required arguments; only with `loaded` those with a loader."""
    return [
        name
        for name, field in type_.fields.items()
        if is_leaf_type(get_named_type(field.type))
        and not _is_closed(field)
        and (loaded or LOADER not in metadata(type_, name))
    ]


def _is_closed(field: GraphQLField) -> bool:
    """Whether nobody can ask for it without an argument."""
    return any(map(is_required_argument, field.args.values()))


def _arguments(given: Mapping[str, str]) -> str:
    if not given:
        return ""
    return "(" + ", ".join(f"{name}: {value}" for name, value in given.items()) + ")"
