"""An invented schema, declared as the real one is, over a world that is made up as it is asked for.

Every kind of value stands in every kind of place: required or not, in lists of either. What a
field gives follows from the world's number, the object and the field, and now and then it is wrong:
an error, a null, a value that its type cannot show.
"""

import asyncio
import datetime
import random
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, Union, cast

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from schema.actor import PUBLIC, Actor
from schema.context import Context
from schema.declarations import Wanted
from schema.errors import CodedError, ErrorCode
from schema.fields import column, derived, guarded, passing, relation, sought
from schema.loaders.loader import Loader
from schema.node import kind_of
from schema.scalars import DATE_TIME
from schema.scope import Scope

WRAPPERS = ("n", "r", "ln", "lr", "rn", "rr")
"""Null or required; a list of nullable or required items, itself nullable or required."""

MOMENT = datetime.datetime(2026, 3, 15, 4, 5, 6, tzinfo=datetime.UTC)
OLD = datetime.datetime(1986, 7, 1, tzinfo=datetime.UTC)  # when China had summer time
LAST = datetime.datetime.max.replace(tzinfo=datetime.UTC)
OUTSIDE = 3
"""A tenant that no token opens."""


@strawberry.enum
class Colour(Enum):
    """Colours."""

    RED = "red"
    GREEN = "green"


class Row:
    """An object: its columns are made up as they are read."""

    def __init__(self, world: "World", id_: str) -> None:
        self.world = world
        self.id = id_

    def __getitem__(self, name: str) -> Any:
        if name == "tenant_id":
            return 1 + self.world.dice(self.id, "tenant").randrange(2)
        if name == "id":
            return self.id
        if name.startswith("to_"):
            dice = self.world.dice(self.id, name)
            return None if dice.random() < 0.2 else f"{self.id}.{dice.randrange(3)}"
        return self.world.leaf(self, name)


class AlphaRow(Row):
    """Of the type Alpha."""


class BetaRow(Row):
    """Of the type Beta."""


class GammaRow(Row):
    """Of the type Gamma."""


class StrayRow(Row):
    """Of no type."""


ROWS: dict[str, tuple[type[Row], ...]] = {
    "Alpha": (AlphaRow,),
    "Gamma": (GammaRow,),
    "Thing": (AlphaRow, BetaRow),
    "Either": (AlphaRow, GammaRow),
}

LEAVES: dict[str, tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = {
    "text": (str, ("一", "", 'q"', 3, True, 1.5), ({"a": 1}, ["x"], b"x")),
    "number": (int, (0, -1, 2**31 - 1, 1 - 2**31, -(2**31), True, 2.0, "7"), (2**31, 1.5, "x", "")),
    "ratio": (float, (0.5, 1, True, "2.5", -0.0), (float("nan"), float("inf"), "x")),
    "flag": (bool, (True, False, 1, 0, 2.5), ("x", float("nan"))),
    "key": (strawberry.ID, ("k", 7, 1.0), (1.5, ["k"])),
    "moment": (
        datetime.datetime,
        (MOMENT, MOMENT.replace(microsecond=12), OLD, MOMENT.replace(year=1991, month=12, day=31)),
        (MOMENT.replace(tzinfo=None), "2026-03-15", LAST, datetime.date(2026, 3, 15)),
    ),
    "day": (datetime.date, (datetime.date(2026, 3, 15), MOMENT), ("2026-03-15", 5)),
    "amount": (Decimal, (Decimal("1.50"), Decimal("1E+3"), 2, "x"), ()),
    "colour": (Colour, (Colour.RED, Colour.GREEN, "red"), ("blue", ["red"], 1)),
}
"""Of each kind of leaf its type, values that can be shown, and such that cannot."""


def broken(what: str) -> CodedError:
    """An error that is the client's."""
    return CodedError(ErrorCode.FORBIDDEN, f"不可 {what}", f"no {what}", what=what)


@dataclass
class World:
    """A made-up world; `faults` is how often a value is wrong, from 0 to 1."""

    number: int = 0
    faults: float = 0.0
    items: int = 3

    def dice(self, *what: Hashable) -> random.Random:
        """Throws that depend on what they are for, and on nothing else."""
        return random.Random("/".join(map(str, (self.number, *what))))

    def wrong(self, *what: Hashable) -> None:
        """Raise now and then.

        Errors: `CodedError`, or a fault.
        """
        dice = self.dice(*what, "wrong")
        if dice.random() < self.faults:
            what_ = "/".join(map(str, what))
            raise broken(what_) if dice.random() < 0.6 else RuntimeError(what_)

    def leaf(self, row: Row, name: str) -> Any:
        """The value of a field of leaves, whose name ends with its wrapper."""
        kind, wrapper = name.split("_")[-2:]
        dice = self.dice(row.id, name)
        if len(wrapper) == 1:
            return self._leaf(dice, kind, wrapper)
        return self.listed(dice, wrapper, lambda: self._leaf(dice, kind, wrapper[1]))

    def _leaf(self, dice: random.Random, kind: str, wrapper: str) -> Any:
        _, good, bad = LEAVES[kind]
        if dice.random() < self.faults:
            return dice.choice((None, *bad))
        return None if wrapper == "n" and dice.random() < 0.2 else dice.choice(good)

    def listed(self, dice: random.Random, wrapper: str, item: Callable[[], Any]) -> Any:
        """A list of items, or what is none."""
        if dice.random() < self.faults:
            return dice.choice((None, 5, "text", {}))
        if wrapper[0] == "l" and dice.random() < 0.2:
            return None
        found = [item() for _ in range(dice.randrange(self.items))]
        return tuple(found) if dice.random() < 0.2 else found

    def objects(self, row: Row | None, name: str, raised: bool = False) -> Any:
        """The value of a field of objects; where `raised`, errors are values of loaders."""
        target, wrapper = name.split("_")[-2:]
        above = "" if row is None else row.id
        dice = self.dice(above, name)

        def item(required: bool) -> Any:
            throw = dice.random()
            if throw < self.faults:
                ways: list[Any] = [None]
                if target in ("Thing", "Either"):
                    ways.append(StrayRow(self, "stray"))
                if raised:
                    ways += [broken(name), RuntimeError(name)]
                return dice.choice(ways)
            if not required and throw > 0.85:
                return None
            kind = dice.choice(ROWS[target])
            return kind(self, f"{above}.{name[:2]}{dice.randrange(5)}")

        if len(wrapper) == 1:
            return item(wrapper == "r")
        return self.listed(dice, wrapper, lambda: item(wrapper[1] == "r"))


def _annotated(type_: Any, wrapper: str) -> Any:
    """The type in a wrapper."""
    if len(wrapper) == 1:
        return type_ if wrapper == "r" else type_ | None
    items = list[_annotated(type_, wrapper[1])]  # type: ignore[misc, valid-type]
    return items if wrapper[0] == "r" else items | None


# loaders


@dataclass
class Snapshot:
    """Stands for one of a database: the world, and what was read of it."""

    world: World
    statements: int = 0
    seconds: float = 0.0
    reads: list[tuple[str, int]] = field(default_factory=list)


class InventedLoader(Loader[Any, Any]):
    """Gives what the world has for the field that it is named after."""

    name: ClassVar[str] = ""
    value: ClassVar[Callable[[World, Any, Any], Any]]

    @classmethod
    async def batch(
        cls, snapshot: Any, scope: Scope, keys: Sequence[Any], arguments: Any, columns: Any
    ) -> list[Any]:
        """The values; the whole batch may fail."""
        assert len(set(keys)) == len(keys)
        assert None not in keys
        scope.checked(key[0] for key in keys)
        snapshot.statements += 1
        snapshot.reads.append((cls.name, len(keys)))
        await asyncio.sleep(0)  # as a statement lets others run
        world: World = snapshot.world
        world.wrong("batch", cls.name, arguments)
        return [cls.value(world, key, arguments) for key in keys]

    @classmethod
    def is_open(cls, key: Any, arguments: Any, proven: frozenset[Any]) -> bool:
        """One key in two."""
        return len(str(key)) % 2 == 0


def loader(name: str, value: Callable[[World, Any, Any], Any], private: bool) -> Any:
    """A loader of its own for a field."""
    made = {"name": name, "value": staticmethod(value), "private": private}
    return type(f"{name.title()}Loader", (InventedLoader,), made)


def _row(world: World, id_: str) -> Row:
    return AlphaRow(world, id_)


# arguments


@strawberry.input
class Where:
    """An input object, with and without defaults."""

    needed: int
    text: str | None = None
    colour: Colour = Colour.RED
    days: list[datetime.date] | None = None
    inner: Annotated["Where", strawberry.lazy("tests.server.execution.invented")] | None = None


@dataclass(frozen=True)
class Everything:
    """Arguments of all kinds."""

    count: int | None = None
    limit: int | None = 3
    text: str | None = "default"
    key: strawberry.ID | None = None
    colour: Colour | None = None
    flag: bool | None = None
    ratio: float | None = None
    amount: Decimal | None = None
    day: datetime.date | None = None
    moment: datetime.datetime | None = None
    ids: list[strawberry.ID] | None = None
    where: Where | None = None


@dataclass(frozen=True)
class Needed:
    """Arguments without which there is no answer."""

    number: int
    ids: list[strawberry.ID | None]
    text: str = "x"

    def checked(self, context: Context, root: Any) -> Any:
        """A loader's arguments, of the object.

        Errors: `CodedError` for odd numbers, and now and then.
        """
        if self.number % 2:
            context.disclosures.denied("odd")
            raise broken(f"odd {self.number} of {root['id']}")
        root.world.wrong(root["id"], "checked")
        return self.number, tuple(self.ids), root["tenant_id"]


@dataclass(frozen=True)
class OfTenant:
    """Arguments that depend on the object's tenant only."""

    of_tenant: ClassVar[bool] = True

    number: int | None = None

    def checked(self, context: Context, root: Any) -> Any:
        """A loader's arguments.

        Errors: `CodedError` for one tenant and number.
        """
        tenant = root["tenant_id"]
        if self.number == tenant:
            context.disclosures.denied("tenant")
            raise broken(f"number {tenant}")
        return self.number, tenant


@dataclass(frozen=True)
class ById:
    """The argument of entries."""

    id: strawberry.ID


@dataclass(frozen=True)
class ByIds:
    """The argument of lists of entries."""

    ids: list[strawberry.ID]


# types


def _leaf_of(name: str) -> Callable[[Any], Any]:
    def value(root: Any) -> Any:
        root.world.wrong(root.id, name)
        return root[name]

    return value


def _leaf_in(name: str) -> Callable[[Any, Context], Any]:
    def value(root: Any, context: Context) -> Any:
        root.world.wrong(root.id, name)
        return root[name]

    return value


def _objects_of(name: str) -> Callable[[Any], Any]:
    def value(root: Any) -> Any:
        root.world.wrong(root.id, name)
        return root.world.objects(root, name)

    return value


def _finished(name: str) -> Callable[[Any, Any, Context], Any]:
    def finish(value: Any, root: Any, context: Context) -> Any:
        root.world.wrong(root.id, name, "finish")
        return value

    return finish


def _tenant_key(root: Any) -> Any:
    """A key that may be None, or another tenant's."""
    dice = root.world.dice(root.id, "key")
    throw = dice.random()
    if throw < 0.1:
        return None
    if throw < 0.1 + root.world.faults:
        root.world.wrong(root.id, "key")
        return OUTSIDE, root.id
    return 1, root.id


def _plain_columns(kinds: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    for kind in kinds:
        for wrapper in WRAPPERS:
            name = f"{kind}_{wrapper}"
            yield name, _annotated(LEAVES[kind][0], wrapper), column(name)


def _derived_leaves(kinds: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    for kind in kinds:
        for at, wrapper in enumerate(WRAPPERS):
            name = f"d_{kind}_{wrapper}"
            function = _leaf_of(name) if at % 2 else _leaf_in(name)
            yield name, _annotated(LEAVES[kind][0], wrapper), derived(function, name, (name,))


def _loaded_leaves(kinds: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    for kind in kinds:
        for at, wrapper in enumerate(WRAPPERS):
            name = f"l_{kind}_{wrapper}"
            made = loader(name, _loaded_leaf(name), private=False)
            finish = _finished(name) if at % 2 else None
            field_ = relation(made, name, key=("tenant_id", "id"), finish=finish)
            yield name, _annotated(LEAVES[kind][0], wrapper), field_


def _loaded_leaf(name: str) -> Callable[[World, Any, Any], Any]:
    def value(world: World, key: Any, arguments: Any) -> Any:
        return world.leaf(_row(world, key[1]), name)

    return value


def _loaded_objects(name: str) -> Callable[[World, Any, Any], Any]:
    def value(world: World, key: Any, arguments: Any) -> Any:
        suffix = "" if arguments is None else str(arguments)
        row = _row(world, f"{key[-1]}{suffix}")
        dice = world.dice(row.id, name, "raised")
        if dice.random() < world.faults:
            return broken(name)
        return world.objects(row, name, raised=True)

    return value


def _relation(name: str, at: int) -> Any:
    """One of the ways in which a relation is declared, in turn."""
    made = loader(name, _loaded_objects(name), private=at % 5 == 4)
    way = at % 6
    if way == 0:
        return relation(made, name, key=("tenant_id", "id"))
    if way == 1:
        return relation(made, name, key=("tenant_id", "to_other"), finish=_finished(name))
    if way == 2:
        return relation(made, name, key=_tenant_key)
    if way == 3:
        return relation(made, name, key=("tenant_id", "id"), arguments=Needed)
    if way == 4:
        return relation(made, name, key=("tenant_id", "id"), arguments=OfTenant)
    return relation(made, name, key=_tenant_key, finish=_finished(name), arguments=OfTenant)


def _objects(targets: dict[str, Any], turn: int) -> Iterator[tuple[str, Any, Any]]:
    at = turn
    for target, annotation in targets.items():
        for wrapper in WRAPPERS:
            at += 1
            name = f"r_{target}_{wrapper}"
            yield name, _annotated(annotation, wrapper), _relation(name, at)
            name = f"d_{target}_{wrapper}"
            if (at + turn) % 3 == 0:
                yield name, _annotated(annotation, wrapper), derived(_objects_of(name), name)


def _echo(root: Any, context: Context, arguments: Everything) -> str:
    root.world.wrong(root.id, "echo")
    return f"{root.id} {arguments}"


def _echoes(root: Any, arguments: Needed) -> list[Any]:
    root.world.wrong(root.id, "echoes")
    return [f"{arguments}", None, *arguments.ids]


def _check(root: Any, context: Context) -> None:
    dice = root.world.dice(root.id, "check")
    if dice.random() < root.world.faults * 2:
        context.disclosures.denied("guarded")
        raise broken(f"{root.id} guarded")


def _typed(name: str, bases: tuple[type, ...], fields: Any, **more: Any) -> Any:
    namespace: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, **more}
    for field_name, annotation, made in fields:
        namespace["__annotations__"][field_name] = annotation
        namespace[field_name] = made
    return type(name, bases, namespace)


@strawberry.interface
class Thing:
    """What Alpha and Beta are."""

    id: strawberry.ID = derived(lambda root: None, "id")
    name: str | None = derived(lambda root: None, "name")
    next: Annotated["Thing", strawberry.lazy(__name__)] | None = derived(lambda root: None, "next")


def _of_thing(name: str, next_: int) -> Iterator[tuple[str, Any, Any]]:
    """The fields of the interface, as the type has them."""
    yield "id", strawberry.ID, derived(lambda root: root["id"], "id", ("id",))
    yield "name", str | None, derived(_leaf_of(f"{name}_text_n"), "name")
    yield "next", LAZY["Thing"] | None, _relation("r_Thing_n", next_)


LAZY: dict[str, Any] = {
    name: Annotated[name, strawberry.lazy(__name__)] for name in ("Alpha", "Gamma", "Thing")
}
LAZY["Either"] = Annotated[
    Union[LAZY["Alpha"], LAZY["Gamma"]],  # noqa: UP007
    strawberry.union("Either"),
]
LAZY["Page"] = Annotated["Page", strawberry.lazy(__name__)]


def _common(turn: int) -> Iterator[tuple[str, Any, Any]]:
    yield from _objects({name: LAZY[name] for name in ROWS}, turn)
    yield "echo", str | None, derived(_echo, "echo", arguments=Everything)
    yield "echoes", list[str | None] | None, derived(_echoes, "echoes", arguments=Needed)
    yield "page", LAZY["Page"] | None, _relation("page_Thing_ln", turn)


Alpha = strawberry.type(
    _typed(
        "Alpha",
        (Thing,),
        [*_of_thing("a", 0), *_common(0), *_plain_columns(list(LEAVES))],
        is_type_of=kind_of(AlphaRow),
    )
)
Beta = strawberry.type(
    guarded(_check, but=frozenset({"id"}))(
        _typed(
            "Beta",
            (Thing,),
            [*_of_thing("b", 1), *_common(1), *_derived_leaves(["text", "moment", "colour"])],
            is_type_of=kind_of(BetaRow),
        )
    )
)
Gamma = strawberry.type(
    _typed(
        "Gamma",
        (),
        [*_common(2), *_derived_leaves(["number"]), *_loaded_leaves(["text", "number"])],
        is_type_of=kind_of(GammaRow),
    )
)


@strawberry.type
class Edge:
    """Of a pair."""

    cursor: str = derived(lambda root: root[0], "cursor")
    node: LAZY["Thing"] | None = passing(lambda root: root[1], "node")  # type: ignore[valid-type]


@strawberry.type
class Page:
    """Of a list."""

    edges: list[Edge | None] = passing(
        lambda root: [(str(at), row) for at, row in enumerate(root)], "edges"
    )
    nodes: list[LAZY["Thing"] | None] = passing(lambda root: root, "nodes")  # type: ignore[valid-type]
    count: int = derived(len, "count")


class EntryLoader(InventedLoader):
    """Things by id."""

    name = "entry"

    @staticmethod
    def value(world: World, key: Any, arguments: Any) -> Any:  # type: ignore[override]
        """The thing, or what is none."""
        dice = world.dice(key, "entry")
        throw = dice.random()
        if throw < world.faults:
            return dice.choice((broken(f"entry {key}"), StrayRow(world, "stray")))
        if throw > 0.9:
            return None
        return dice.choice((AlphaRow, BetaRow))(world, key[1])


def _find(context: Context, id_: str, columns: tuple[str, ...]) -> Any:
    """What an id comes to: something to load, something at hand, nothing, an error."""
    world = context.snapshot.world  # type: ignore[attr-defined]
    throw = world.dice(id_, "find").random()
    if throw < world.faults:
        raise broken(f"id {id_}")
    if throw < 0.2:
        return None
    if throw < 0.4:
        return AlphaRow(world, id_)
    return Wanted(EntryLoader, (1, id_), None, columns)


def _world(context: Context) -> World:
    return cast(World, context.snapshot.world)  # type: ignore[attr-defined]


@strawberry.type
class Query:
    """Entries."""

    alpha: LAZY["Alpha"] = derived(  # type: ignore[valid-type]
        lambda root, context: AlphaRow(_world(context), "a"), "alpha"
    )
    perhaps: LAZY["Gamma"] | None = derived(  # type: ignore[valid-type]
        lambda root, context: _world(context).objects(None, "d_Gamma_n"), "perhaps"
    )
    many: list[LAZY["Either"] | None] | None = derived(  # type: ignore[name-defined,valid-type]  # noqa: F821
        lambda root, context: _world(context).objects(None, "d_Either_ln"), "many"
    )
    loaded: LAZY["Gamma"] = relation(  # type: ignore[valid-type]
        loader("loaded", lambda world, key, arguments: GammaRow(world, "l"), False),
        "loaded",
        key=lambda root: (1, "l"),
    )
    thing: LAZY["Thing"] | None = sought(  # type: ignore[valid-type]
        lambda context, asked, columns: _find(context, asked.id, columns), "thing", arguments=ById
    )
    things: list[LAZY["Thing"] | None] = sought(  # type: ignore[valid-type]
        lambda context, asked, columns: [_find(context, id_, columns) for id_ in asked.ids],
        "things",
        arguments=ByIds,
    )
    language: str = derived(lambda root, context: context.language, "language")


def invented_schema() -> GraphQLSchema:
    """The schema, as graphql-core has it."""
    made = strawberry.Schema(
        Query,
        types=[Alpha, Beta, Gamma],
        config=StrawberryConfig(scalar_map={datetime.datetime: DATE_TIME}),
    )
    core: Any = made._schema
    assert isinstance(core, GraphQLSchema)
    return core


# contexts


class InventedProofs:
    """No secret was shown; what is open is read like all else."""

    statements = 0
    seconds = 0.0

    def __init__(self, snapshot: Snapshot, scope: Scope) -> None:
        self._snapshot = snapshot
        self._scope = scope

    def proven(self, tenant_id: int) -> frozenset[Any]:
        """None."""
        return frozenset()

    @asynccontextmanager
    async def reading(self, tenant_id: int) -> AsyncIterator[Any]:
        """The snapshot."""
        yield self._snapshot, self._scope


SOMEBODY = Actor("somebody", tenant_ids=frozenset({1, 2}))


def invented_context(world: World, actor: Actor = PUBLIC) -> Context:
    """A context of one operation in a world."""
    snapshot: Any = Snapshot(world)
    scope = Scope(frozenset({1, 2}))
    resources: Any = type("NoResources", (), {"database": None})
    nothing: Any = None
    context = Context(resources, snapshot, nothing, scope, MOMENT, MOMENT.date(), "zh", actor=actor)
    proofs: Any = InventedProofs(snapshot, scope)
    context.proofs = proofs
    return context
