"""What one operation carries: who asks, the snapshot it reads, and its batches of keys."""

import asyncio
import datetime
import uuid
from asyncio import CancelledError, Future
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from aiodataloader import DataLoader
from graphql import GraphQLResolveInfo

from schema.access import Denied, Permission, permitted
from schema.actor import PUBLIC, Actor
from schema.database import Database, Snapshot
from schema.declarations import Wanted
from schema.disclosures import Disclosures
from schema.errors import CodedError, ErrorCode
from schema.idempotency import Attempt, IdempotencyKey, once
from schema.keyring import Keyring
from schema.loaders.loader import Loader
from schema.projection import columns_wanted
from schema.proofs import Proofs
from schema.refusals import Refused
from schema.scope import Scope
from schema.spelling import Speller
from schema.work import Action, perform
from tenants.definition import Definition
from tenants.registry import Registry
from tenants.roles import Role

T = TypeVar("T")


class StaleRegistryError(CodedError):
    """A row names something that this registry does not know yet: read the tenants again.

    A query is run again, so no client hears of it. In the answer to a mutation, which is not, it
    is an error of the field; what was written stands.
    """

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.UNAVAILABLE,
            "租户定义刚有更新,此项暂不能读取;请重新查询。",
            "The tenant's definition has just changed, so this cannot be read now; query it again.",
        )


@dataclass(frozen=True)
class Resources:
    """What all operations of a process share.

    Who may not read issues is shown no row of statistics with fewer than `suppression`.
    """

    database: Database
    keyring: Keyring
    refresh: Callable[[], Awaitable[Registry]]
    speller: Speller
    suppression: int = 5


class Batch(NamedTuple):
    """What keys are read together: those of one loader with the same arguments and columns.

    `city` is the one whose rows are read as those of a proven issue, else None.
    """

    loader: type[Loader[Any, Any]]
    arguments: Hashable
    columns: tuple[str, ...]
    city: int | None


class Context:
    """One operation's context; never shared between operations, not even on one socket."""

    def __init__(
        self,
        resources: Resources,
        snapshot: Snapshot,
        registry: Registry,
        scope: Scope,
        now: datetime.datetime,
        today: datetime.date,
        language: str = "zh",
        actor: Actor = PUBLIC,
        idempotency: IdempotencyKey | None = None,
    ) -> None:
        self.resources = resources
        self.snapshot = snapshot
        self.registry = registry
        self.scope = scope
        self.now = now
        self.today = today
        self.language = language
        self.actor = actor
        self.idempotency = idempotency
        self.disclosures = Disclosures()
        self.proofs = Proofs(resources.database, snapshot)
        self._field: str | None = None
        self._batches: dict[Hashable, DataLoader[Any, Any]] = {}
        self._columns: dict[Hashable, tuple[str, ...]] = {}

    @property
    def role(self) -> Role:
        """The role of the token (or the highest of its person's posts)."""
        return self.actor.role

    @property
    def statements(self) -> int:
        """How many SQL statements the operation has run for reading."""
        return self.snapshot.statements + self.proofs.statements

    @property
    def sql_seconds(self) -> float:
        """How long they took."""
        return self.snapshot.seconds + self.proofs.seconds

    def demand_scope(self, tenant_ids: Iterable[int]) -> None:
        """Refuse what asks for tenants that the token does not open.

        Errors: `CodedError` FORBIDDEN.
        """
        for tenant_id in tenant_ids:
            if not self.scope.permits(tenant_id):
                raise foreign(tenant_id)

    def demand(self, permission: Permission, tenant_id: int, path: str | None = None) -> None:
        """Refuse what the actor may not do, and keep the denial for the audit.

        Errors: `CodedError` FORBIDDEN with permission and reason.
        """
        verdict = permitted(self.actor, permission, tenant_id, path)
        if isinstance(verdict, Denied):
            self.disclosures.denied(permission.value)
            raise forbidden(verdict)

    def prove(self, tenant_id: int, issue: uuid.UUID) -> None:
        """The secret of an issue was shown, and verified: the operation may read that issue."""
        self.proofs.prove(tenant_id, issue)

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
        """An awaitable of the loader's value for `key`, batched with its neighbours.

        Without a token the value of a `private` loader is None, unless the key is proven.
        """
        batch = self.batch_of(Wanted(loader, key, arguments, columns))
        if batch is None:
            return _nothing()
        found = self._batches.get(batch)
        if found is None:
            futures: dict[Any, Future[Any]] = {}

            async def run(keys: list[Any]) -> list[Any]:
                try:
                    return await self.read(batch, keys)
                except CancelledError:
                    for left in keys:  # who waits in the background would wait for ever
                        futures[left].cancel()
                    raise
                except Exception:
                    for failed in keys:  # some may belong to fields that were given up
                        futures[failed].add_done_callback(_notice)
                    raise

            found = self._batches[batch] = DataLoader(run, max_batch_size=None, cache_map=futures)
        return found.load(key)

    def batch_of(self, wanted: Wanted) -> Batch | None:
        """The batch that a key is read in; None where who has no token may not read it."""
        loader = wanted.loader
        city = None
        if loader.private and self.actor.tenant_ids is None:
            (city,) = loader.tenants_of(wanted.key)
            if not loader.is_open(wanted.key, wanted.arguments, self.proofs.proven(city)):
                return None
        return Batch(loader, wanted.arguments, wanted.columns, city)

    async def read(self, batch: Batch, keys: list[Any]) -> list[Any]:
        """The values of the keys, in their order, by at most one SQL statement.

        Errors: those of the loader.
        """
        loader, arguments, columns, city = batch
        if city is None:
            return await loader.batch(self.snapshot, self.scope, keys, arguments, columns)
        async with self.proofs.reading(city) as (snapshot, scope):
            return await loader.batch(snapshot, scope, keys, arguments, columns)

    async def begin_anew(self, registry: Registry) -> None:
        """Read from now on what is in the database now, by these tenants."""
        await self.snapshot.renew()
        self._batches.clear()
        self.registry = registry

    def begin_mutation(self, field: str) -> None:
        """The mutation with this response name begins, and may write once."""
        self._field = field

    async def write(
        self, definition: Definition, action: Action[T], dry_run: bool = False
    ) -> T | Refused:
        """Run an action in one transaction in one tenant; what is read afterwards sees it.

        Mutations of one operation run one after another; each sees what those before it did.
        Under an idempotency key an action that was carried out before is not run again: its
        outcome of then is given. A rehearsal does not look at the key.
        Errors: `KeyReusedError`; those of the action.
        """
        if self.idempotency is not None and not dry_run:
            action = once(action, self._attempt(self.idempotency))
        await self.begin_anew(self.registry)
        try:
            return await self._perform(definition, action, dry_run)
        except StaleRegistryError:  # nothing was written
            await self.begin_anew(await self.resources.refresh())
            return await self._perform(self.registry.by_id[definition.tenant_id], action, dry_run)

    def _attempt(self, key: IdempotencyKey) -> Attempt:
        field, self._field = self._field, None
        if field is None:  # a second write would be taken for the first one, sent again
            raise RuntimeError("under an idempotency key a mutation writes once")
        return Attempt(key, field)

    async def _perform(
        self, definition: Definition, action: Action[T], dry_run: bool
    ) -> T | Refused:
        return await perform(
            self.resources.database.unit_of_work,
            action,
            self.actor,
            definition,
            self.now,
            self.today,
            self.resources.keyring,
            dry_run,
        )


def _nothing() -> "Future[None]":
    """An awaitable of None."""
    future: Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


def _notice(future: "Future[Any]") -> None:
    """Look at an error that nobody may be waiting for, or asyncio would log it."""
    if not future.cancelled():
        future.exception()


def foreign(tenant_id: int) -> CodedError:
    """What is said of a tenant that the token does not open."""
    return CodedError(
        ErrorCode.FORBIDDEN,
        f"令牌不含租户 {tenant_id};请使用该市(省)的令牌,公开数据可不带令牌查询。",
        f"The token does not open tenant {tenant_id}; use a token of that city or province "
        "(public data need none).",
        tenant=f"{tenant_id:06}",
    )


def forbidden(denied: Denied) -> CodedError:
    """A denial as the error of a read."""
    return CodedError(ErrorCode.FORBIDDEN, denied.zh, denied.en, permission=denied.permission.value)
