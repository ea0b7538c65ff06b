"""Pages of cooperatives in order of code: a tenant's, and those of an organization's subtree."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from schema.database import Snapshot
from schema.loaders.cooperative import (
    COOPERATIVE,
    CooperativeByCode,
    CooperativeById,
    CooperativeRecord,
    taken,
)
from schema.loaders.cooperative_filter import CooperativeFilters
from schema.loaders.cooperative_ways import FEW, ListShape, PageShape, belongs
from schema.loaders.organization import demand_known
from schema.loaders.pages import Listing, Pages
from schema.loaders.union_member import unknown_union
from schema.scope import Scope


@dataclass(frozen=True)
class CooperativeListing(Listing):
    """A page of cooperatives, with what is asked of them; `few` as in `ListShape`."""

    filters: CooperativeFilters
    few: int = FEW

    @property
    def shape(self) -> ListShape:
        """That of the filters."""
        return ListShape(self.filters.shape, self.few)

    def values(self) -> dict[str, Any]:
        """Those of the filters."""
        return self.filters.values()


class _Cooperatives(Pages):
    """A page a key, in order of code."""

    table = COOPERATIVE
    record = CooperativeRecord
    sort: ClassVar[tuple[str, ...]] = ("code",)

    @classmethod
    def taken(cls, t: Any, columns: tuple[str, ...], shape: Any) -> list[Any]:
        """The columns of a cooperative."""
        return taken(t, (*columns, "code", "tenant_id"))

    @classmethod
    def shape(cls, arguments: Listing) -> Hashable:
        """The list's says how the page lies, because the ways to its rows depend on it."""
        given, whole = arguments.window, cast(ListShape, arguments.shape)
        page = PageShape(given.position is not None, given.backward)
        return whole._replace(page=page), *page

    @classmethod
    def own(cls, t: Any, k: Any, shape: ListShape) -> Any:
        """All of the key and the filters."""
        return belongs(t, k, shape, "path" in cls.names)

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: CooperativeListing,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; more where nothing was found by an organization or union that is named.

        Errors: `CodedError` ORGANIZATION_UNKNOWN, or BAD_REQUEST for an unknown union.
        """
        slices = await super().batch(snapshot, scope, keys, arguments, columns)
        if not any(found.rows for found in slices):
            await _demand_named(snapshot, scope, keys[0][0], arguments.filters)
        return slices


class CooperativesOfTenant(_Cooperatives):
    """(tenant,) → a page of its cooperatives."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id",)


class CooperativesOfOrganization(_Cooperatives):
    """(tenant, path) → those that it or an organization below it leads, or that work there."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "path")


async def _demand_named(
    snapshot: Snapshot, scope: Scope, tenant_id: int, filters: CooperativeFilters
) -> None:
    """Refuse filters that name what there is not; for answers that came out empty."""
    for ref in (filters.leader, filters.village):
        if ref is not None:
            await demand_known(snapshot, scope, tenant_id, ref)
    if filters.union is None:
        return
    loader: Any = CooperativeByCode if isinstance(filters.union, str) else CooperativeById
    key = (tenant_id, filters.union)
    (found,) = await loader.batch(snapshot, scope, [key], None, ("id",))
    if found is None:
        raise unknown_union(str(filters.union))
