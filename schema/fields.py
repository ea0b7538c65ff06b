"""How fields are declared: a column, a pure function of the row, or a relation on a loader."""

import dataclasses
import inspect
import typing
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol, TypeVar

import strawberry
from strawberry.types import Info
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from schema.context import Context
from schema.loaders.loader import Loader
from schema.projection import COLUMNS, LOADER, PASSES, POINTS
from schema.stream import Stream

T = TypeVar("T", bound=type[Any])


class Arguments(Protocol):
    """A frozen dataclass: its fields are GraphQL arguments, `checked` makes them loader ones."""

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
        read, metadata = _reader(name), {COLUMNS: (name,)}
        field = strawberry.field(resolver=read, description=self._description, metadata=metadata)
        setattr(owner, name, field)


def _reader(name: str) -> Callable[[Any], Any]:
    def read(root: Any) -> Any:
        return root[name]

    return read


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

    def resolve(root: Any, info: Info[Context, None], **given: Any) -> Any:
        values = [root, info.context] if takes_context else [root]
        if arguments is not None:
            values.append(arguments(**_given(given)))
        return function(*values)

    _describe(resolve, arguments)
    return strawberry.field(
        resolver=resolve, description=description, metadata={COLUMNS: columns}, name=name
    )


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments that the client gave; an absent one takes the dataclass's default."""
    return {name: value for name, value in values.items() if value is not strawberry.UNSET}


def passing(function: Callable[[Any], Any], description: str, columns: tuple[str, ...] = ()) -> Any:
    """A field of a wrapper (a connection, an edge) whose selection is that of the rows below.

    `columns` are those that it needs by itself.
    """

    def resolve(root: Any) -> Any:
        return function(root)

    return strawberry.field(
        resolver=resolve, description=description, metadata={PASSES: True, COLUMNS: columns}
    )


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
    from_columns = isinstance(key, tuple)
    make_key = _columns_key(key) if isinstance(key, tuple) else _function_key(key)
    is_checked = hasattr(arguments, "checked")

    def resolve(root: Any, info: Info[Context, None], **given: Any) -> Any:
        context = info.context
        asked = None if arguments is None else arguments(**_given(given))
        found = make_key(root, context, asked)
        if found is None:
            return None
        if not from_columns:  # rows were read within the scope, what else makes a key was not
            context.demand_scope(loader.tenants_of(found))
        checked = asked.checked(context, root) if asked is not None and is_checked else None
        value = context.load(loader, found, checked, context.columns(info._raw_info))
        return value if finish is None else _Finished(value, finish, root, context)

    _describe(resolve, arguments)
    return strawberry.field(
        resolver=resolve,
        description=description,
        metadata={
            COLUMNS: (*key, *columns) if isinstance(key, tuple) else columns,
            LOADER: loader,
            POINTS: points,
        },
    )


def guarded(check: Callable[[Any, Context], None], *, but: frozenset[str]) -> Callable[[T], T]:
    """A decorator, below `strawberry.type`, of a type whose fields are not all for everybody.

    Each field asks `check(object, context)` first, which raises where the client may not have it,
    except those whose Python names are in `but`: a field that is added later is guarded, too.
    """

    def declare(type_: T) -> T:
        for name, field in vars(type_).items():
            if isinstance(field, StrawberryField) and name not in but:
                assert field.base_resolver is not None
                ask = _asking(check, field.base_resolver.wrapped_func)
                field.base_resolver = StrawberryResolver(ask)
        return type_

    return declare


def _asking(check: Callable[[Any, Context], None], ask: Any) -> Callable[..., Any]:
    """A resolver as `derived` and `relation` make them, behind a check."""

    def resolve(root: Any, info: Info[Context, None], **given: Any) -> Any:
        check(root, info.context)
        return ask(root, info, **given)

    declared: Any = resolve
    declared.__signature__, declared.__annotations__ = ask.__signature__, ask.__annotations__
    return resolve


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
        return await begin(info.context, arguments(**_given(given)), columns)

    _describe(resolve, arguments)
    return strawberry.subscription(resolver=resolve, description=description)


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
