"""What one operation carries: who asks, the snapshot it reads, and its batches of keys."""

import datetime
from collections.abc import Hashable
from typing import Any

from aiodataloader import DataLoader
from graphql import GraphQLResolveInfo

from schema.database import Snapshot
from schema.loaders.loader import Loader
from schema.projection import columns_wanted
from schema.scope import Scope
from tenants.registry import Registry
from tenants.roles import Role


class StaleRegistryError(Exception):
    """A row names something that this registry does not know yet: read the tenants again."""


class Context:
    """One operation's context; never shared between operations, not even on one socket."""

    def __init__(
        self,
        snapshot: Snapshot,
        registry: Registry,
        scope: Scope,
        today: datetime.date,
        language: str = "zh",
        role: Role = Role.PUBLIC,
    ) -> None:
        self.snapshot = snapshot
        self.registry = registry
        self.scope = scope
        self.today = today
        self.language = language
        self.role = role
        self._batches: dict[Hashable, DataLoader[Any, Any]] = {}
        self._columns: dict[Hashable, tuple[str, ...]] = {}

    @property
    def statements(self) -> int:
        """How many SQL statements the operation has run."""
        return self.snapshot.statements

    def columns(self, info: GraphQLResolveInfo[Any]) -> tuple[str, ...]:
        """The columns that the field's selection needs; found once a field, not once an object."""
        place = tuple(map(id, info.field_nodes))
        found = self._columns.get(place)
        if found is None:
            found = self._columns[place] = columns_wanted(info)
        return found

    def load(
        self,
        loader: type[Loader[Any, Any]],
        key: Hashable,
        arguments: Hashable = None,
        columns: tuple[str, ...] = (),
    ) -> Any:
        """An awaitable of the loader's value for `key`, batched with its neighbours."""
        batch = (loader, arguments, columns)
        found = self._batches.get(batch)
        if found is None:

            async def run(keys: list[Any]) -> list[Any]:
                return await loader.batch(self.snapshot, self.scope, keys, arguments, columns)

            found = self._batches[batch] = DataLoader(run, max_batch_size=None)
        return found.load(key)
