"""What a loader is: one batch function, one SQL statement a level."""

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from schema.database import Snapshot
from schema.scope import Scope

K = TypeVar("K", bound=Hashable)
A = TypeVar("A", bound=Hashable)


class Loader(Generic[K, A]):
    """One edge of the graph.

    A subclass says in `always` which columns its SQL needs whatever was asked for, and gives
    `batch`. Keys begin with the tenant id, which `batch` checks against the scope.
    """

    always: ClassVar[tuple[str, ...]] = ()

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[K],
        arguments: A,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """The values of `keys`, in their order, by at most one SQL statement.

        `arguments` are the same for all keys; `columns` are those that the client's selection
        needs (more may come back).
        """
        raise NotImplementedError
