"""How fields are declared: a column, a pure function of the row, or a relation on a loader."""

import dataclasses
import inspect
import typing
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import strawberry
from strawberry.types import Info
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from schema.context import Context
from schema.declarations import (
    DECLARED,
    Check,
    Column,
    Computed,
    Declaration,
    Related,
    Sought,
    Wanted,
)
from schema.loaders.loader import Loader
from schema.projection import COLUMN, COLUMNS, LOADER, PASSES, POINTS
from schema.stream import Stream

T = TypeVar("T", bound=type[Any])


class Arguments(Protocol):
    """A frozen dataclass: its fields are GraphQL arguments, `checked` makes them loader ones.

    Where `checked` looks at nothing of the object but its tenant, the class says so by
    `of_tenant: ClassVar = True`, and is asked once a tenant.
    """

    def checked(self, context: Context, root: Any) -> Any:
        """The loader's arguments, for the object `root`.

        Errors: `CodedError` where the client's make no sense.
        """


def column(description: str) -> Any:
    """A field that is the column of the row with the name that it is assigned to."""
    return _Column(description)


class _Column:
    """Becomes the field as soon as it knows its name."""

    def __init__(self, description: str) -> None:
        self._description = description

    def __set_name__(self, owner: type, name: str) -> None:
        declared = Column(name=name)
        setattr(owner, name, _field(declared, self._description, {COLUMNS: (name,), COLUMN: True}))


def derived(
    function: Callable[..., Any],
    description: str,
    columns: tuple[str, ...] = (),
    *,
    arguments: type[Any] | None = None,
    name: str | None = None,
) -> Any:
    """A field that is a pure function of the row, then of the context where it takes that too.

    `columns` are those of the row that the function reads. Where `arguments` (a dataclass) is
    given, the function takes one of it last.
    """
    takes_context = len(inspect.signature(function).parameters) > 1 + (arguments is not None)
    declared = Computed(arguments, function=function, takes_context=takes_context)
    return _field(declared, description, {COLUMNS: columns}, name)


def given_of(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments that the client gave; an absent one takes the dataclass's default."""
    return {name: value for name, value in values.items() if value is not strawberry.UNSET}


def passing(function: Callable[[Any], Any], description: str, columns: tuple[str, ...] = ()) -> Any:
    """A field of a wrapper (a connection, an edge) whose selection is that of the rows below.

    `columns` are those that it needs by itself.
    """
    return _field(Computed(function=function), description, {PASSES: True, COLUMNS: columns})


def sought(
    find: Callable[[Context, Any, tuple[str, ...]], Any], description: str, *, arguments: type[Any]
) -> Any:
    """An entry that `find` finds from the context, the arguments and the columns selected.

    It gives a value, a `Wanted`, or a list with such.
    """
    return _field(Sought(arguments, find=find), description, {})


def relation(
    loader: type[Loader[Any, Any]],
    description: str,
    *,
    key: tuple[str, ...] | Callable[..., Any],
    columns: tuple[str, ...] = (),
    arguments: type[Any] | None = None,
    finish: Callable[[Any, Any, Context], Any] | None = None,
    points: int = 0,
) -> Any:
    """A field that a batch loader answers.

    `key` names the row's columns that make the loader's key, or is a function that makes it from
    the row (then from the context and the arguments, where it takes them); the key None, or one
    with None in it, is answered by null at once. `columns` are those of the row that the function,
    the arguments or `finish` read. `arguments` is a dataclass as in
    `Arguments`; one without `checked` only serves the key. `finish` makes the field's value from
    the loader's, the row and the context, where they differ. `points` are what the field costs
    besides what others do that a loader answers (`server/cost.py`).
    """
    names = key if isinstance(key, tuple) else None
    make_key = _columns_key(key) if isinstance(key, tuple) else _function_key(key)
    declared = Related(arguments, loader=loader, make_key=make_key, names=names, finish=finish)
    metadata = {COLUMNS: (*(names or ()), *columns), LOADER: loader, POINTS: points}
    return _field(declared, description, metadata)


def guarded(check: Check, *, but: frozenset[str]) -> Callable[[T], T]:
    """A decorator, below `strawberry.type`, of a type whose fields are not all for everybody.

    Each field asks `check(object, context)` first, which raises where the client may not have it,
    except those whose Python names are in `but`: a field that is added later is guarded, too.
    """

    def declare(type_: T) -> T:
        fields: dict[str, Any] = dict(vars(type_))
        for name, field in fields.items():
            if isinstance(field, StrawberryField) and name not in but:
                declared = dataclasses.replace(field.metadata[DECLARED], check=check)
                field.metadata = MappingProxyType({**field.metadata, DECLARED: declared})
                field.base_resolver = StrawberryResolver(_resolver(declared))
        return type_

    return declare


def streaming(
    begin: Callable[[Context, Any, tuple[str, ...]], Awaitable[Stream]],
    description: str,
    *,
    arguments: type[Any],
) -> Any:
    """A field of the subscription type.

    `begin` makes its stream from a first context, an `arguments` (a dataclass) and the columns
    that the selection needs of each event. The field of an event is the event itself.
    """

    async def resolve(root: Any, info: Info[Context, None], **given: Any) -> Any:
        columns = info.context.columns(info._raw_info)
        return await begin(info.context, arguments(**given_of(given)), columns)

    _describe(resolve, arguments)
    return strawberry.subscription(resolver=resolve, description=description)


def _field(
    declared: Declaration, description: str, metadata: dict[str, Any], name: str | None = None
) -> Any:
    """The strawberry field of a declaration, which the general executor resolves."""
    return strawberry.field(
        resolver=_resolver(declared),
        description=description,
        metadata={**metadata, DECLARED: declared},
        name=name,
    )


def _resolver(declared: Declaration) -> Callable[..., Any]:
    answer = _answering(declared)
    check = declared.check

    def resolve(root: Any, info: Info[Context, None], **given: Any) -> Any:
        if check is not None:
            check(root, info.context)
        asked = None if declared.arguments is None else declared.arguments(**given_of(given))
        return answer(root, info, asked)

    _describe(resolve, declared.arguments)
    return resolve


def _answering(declared: Declaration) -> Callable[[Any, Info[Context, None], Any], Any]:
    """How one object's field of a declaration is answered."""
    if isinstance(declared, Column):
        name = declared.name
        return lambda root, info, asked: root[name]
    if isinstance(declared, Computed):
        value = declared.value
        return lambda root, info, asked: value(root, info.context, asked)
    if isinstance(declared, Related):
        return partial(_load, declared)
    assert isinstance(declared, Sought)
    find = declared.find

    def seek(root: Any, info: Info[Context, None], asked: Any) -> Any:
        context = info.context
        found = find(context, asked, context.columns(info._raw_info))
        if isinstance(found, list):
            return [_loading(context, item) for item in found]
        return _loading(context, found)

    return seek


def _load(declared: Related, root: Any, info: Info[Context, None], asked: Any) -> Any:
    context = info.context
    wanted = declared.wanted(root, context, asked, context.columns(info._raw_info))
    if wanted is None:
        return None
    value, finish = context.load(*wanted), declared.finish
    return value if finish is None else _Finished(value, finish, root, context)


def _loading(context: Context, found: Any) -> Any:
    return context.load(*found) if isinstance(found, Wanted) else found


class _Finished:
    """An awaitable of a finished value; unlike a coroutine one that nobody need await."""

    __slots__ = ("_context", "_finish", "_root", "_value")

    def __init__(
        self,
        value: Awaitable[Any],
        finish: Callable[[Any, Any, Context], Any],
        root: Any,
        context: Context,
    ) -> None:
        self._value = value
        self._finish = finish
        self._root = root
        self._context = context

    def __await__(self) -> Generator[Any, Any, Any]:
        value = yield from self._value.__await__()
        return self._finish(value, self._root, self._context)


def _columns_key(names: tuple[str, ...]) -> Callable[..., Any]:
    def make(root: Any, context: Context, arguments: Any) -> Any:
        values = tuple(root[name] for name in names)
        return None if None in values else values

    return make


def _function_key(function: Callable[..., Any]) -> Callable[..., Any]:
    takes = len(inspect.signature(function).parameters)

    def make(*given: Any) -> Any:
        return function(*given[:takes])

    return make


def _describe(resolve: Any, arguments: type[Any] | None) -> None:
    """Give the resolver the signature that strawberry reads GraphQL arguments from."""
    annotations: dict[str, Any] = {"info": Info}
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter("root", kind),
        inspect.Parameter("info", kind, annotation=Info),
    ]
    if arguments is not None:
        hints = typing.get_type_hints(arguments, include_extras=True)
        for field in dataclasses.fields(arguments):
            required = field.default is dataclasses.MISSING
            parameters.append(
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    annotation=hints[field.name],
                    default=inspect.Parameter.empty if required else strawberry.UNSET,
                )
            )
            annotations[field.name] = hints[field.name]
    resolve.__signature__ = inspect.Signature(parameters)
    resolve.__annotations__ = annotations
