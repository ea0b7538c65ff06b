"""Pages of agreements, the newest first: a tenant's, and those of an organization's subtree."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import and_

from schema.database import Snapshot
from schema.loaders.agreement import (
    AGREEMENT,
    AgreementReach,
    AgreementRecord,
    taken,
    visible,
)
from schema.loaders.agreement_filter import (
    AgreementFilters,
    conditions,
    is_party,
    near,
    one_of,
)
from schema.loaders.organization import demand_known, within
from schema.loaders.pages import Listing, Pages
from schema.scope import Scope


@dataclass(frozen=True)
class AgreementListing(Listing):
    """A page of agreements as the viewer sees them, with what is asked of them."""

    reach: AgreementReach
    filters: AgreementFilters

    @property
    def shape(self) -> Hashable:
        """Of the reach and the filters."""
        return self.reach.shape, self.filters.shape

    def values(self) -> dict[str, Any]:
        """Of the reach and the filters."""
        return {**self.reach.values(), **self.filters.values()}


class _Agreements(Pages):
    """A page a key, the newest first."""

    table = AGREEMENT
    record = AgreementRecord
    sort: ClassVar[tuple[str, ...]] = ("created_at", "id")
    newest_first = True

    @classmethod
    def taken(cls, t: Any, columns: tuple[str, ...], shape: Any) -> list[Any]:
        """The columns as the viewer sees them."""
        return taken(t, (*columns, *cls.sort), shape[0])

    @classmethod
    def narrow(cls, t: Any, shape: Any) -> Sequence[Any]:
        """What the viewer sees, and the filters."""
        reach, given = shape
        return [visible(t, reach), *conditions(t, reach, given)]

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: AgreementListing,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; a second where nothing was found of an organization that is named.

        Errors: `CodedError` ORGANIZATION_UNKNOWN.
        """
        slices = await super().batch(snapshot, scope, keys, arguments, columns)
        under = arguments.filters.under
        if under is not None and not any(found.rows for found in slices):
            await demand_known(snapshot, scope, keys[0][0], under)
        return slices


class AgreementsOfTenant(_Agreements):
    """(tenant,) → a page of its copies."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id",)


class AgreementsOfOrganization(_Agreements):
    """(tenant, path) → those to which the organization, or one below it, is a party."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "path")

    @classmethod
    def own(cls, t: Any, k: Any, shape: Any) -> Any:
        """A party's organization stands in the subtree."""

        def is_there(o: Any) -> Any:
            return within(o, k.c.path)

        found = one_of(t, near(k.c.tenant_id, is_there).correlate(k))
        exactly = is_party(t, shape[0], is_there, outer=[k])
        return and_(t.c.tenant_id == k.c.tenant_id, found, exactly)
