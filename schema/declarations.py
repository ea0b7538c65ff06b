"""What a field is, as data: executors answer fields by these, one object or a whole level at once.

The value of a field may be a `Wanted`, which a batch loader answers, or a list with such.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from schema.loaders.loader import Loader

DECLARED = "onegrid-declared"
"""Key of a field's declaration in its metadata."""

Check = Callable[[Any, Any], None]
"""Takes an object and the context; raises where the client may not have its fields."""


class Wanted(NamedTuple):
    """A value that a loader will give; `columns` are those that the selection needs."""

    loader: type[Loader[Any, Any]]
    key: Any
    arguments: Any
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Declaration:
    """A field; `arguments` is a dataclass whose fields are its GraphQL arguments, if it has any.

    `check` is asked about the object first.
    """

    arguments: type[Any] | None = None
    check: Check | None = None


@dataclass(frozen=True)
class Column(Declaration):
    """The column of the row with the name."""

    name: str = ""


@dataclass(frozen=True)
class Computed(Declaration):
    """A pure function of the object, of the context where it takes that, of the arguments."""

    function: Callable[..., Any] = lambda root: root
    takes_context: bool = False

    def value(self, root: Any, context: Any, arguments: Any) -> Any:
        """Of one object."""
        given = (root, context) if self.takes_context else (root,)
        return self.function(*given) if self.arguments is None else self.function(*given, arguments)


@dataclass(frozen=True)
class Sought(Declaration):
    """What `find(context, arguments, columns)` finds, wherever the field stands."""

    find: Callable[..., Any] = lambda context, arguments, columns: None


@dataclass(frozen=True)
class Done(Declaration):
    """What `run(context, input, dry_run)` answers, once the fields before it are answered.

    `arguments` has the two.
    """

    run: Callable[[Any, Any, bool], Awaitable[Any]] | None = None

    async def value(self, context: Any, name: str, arguments: Any) -> Any:
        """Of the field with this response name, by which a retry knows it again."""
        assert self.run is not None
        context.begin_mutation(name)
        return await self.run(context, arguments.input, arguments.dry_run)


@dataclass(frozen=True)
class Related(Declaration):
    """What a loader gives for the object's key.

    `make_key` makes the key of the object, the context and the arguments; `names` are the row's
    columns that it consists of, where it consists of columns. None, or None in it, is answered by
    null. `finish` makes the field's value from the loader's, the object and the context.
    """

    loader: type[Loader[Any, Any]] = Loader
    make_key: Callable[..., Any] = lambda root, context, arguments: None
    names: tuple[str, ...] | None = None
    finish: Callable[[Any, Any, Any], Any] | None = None

    @cached_property
    def is_checked(self) -> bool:
        """Whether the arguments have `checked`, which makes the loader's from them."""
        return hasattr(self.arguments, "checked")

    @cached_property
    def is_of_tenant(self) -> bool:
        """Whether `checked` looks at nothing of the object but its tenant."""
        return bool(getattr(self.arguments, "of_tenant", False))

    def wanted(
        self, root: Any, context: Any, arguments: Any, columns: tuple[str, ...]
    ) -> Wanted | None:
        """What one object asks the loader for."""
        key = self.make_key(root, context, arguments)
        if key is None:
            return None
        if self.names is None:  # rows were read within the scope, what else makes a key was not
            context.demand_scope(self.loader.tenants_of(key))
        checked = arguments.checked(context, root) if self.is_checked else None
        return Wanted(self.loader, key, checked, columns)
