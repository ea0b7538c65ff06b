"""Which tenants an operation may read; every loader is handed one, and checks its keys."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """A set of tenants, by six-digit code as integer."""

    tenant_ids: frozenset[int]

    def permits(self, tenant_id: int) -> bool:
        """Whether rows of this tenant may be read."""
        return tenant_id in self.tenant_ids

    def checked(self, tenant_ids: Iterable[int]) -> list[int]:
        """The tenants as a sorted list.

        Errors: `PermissionError` where one is outside the scope; callers must have answered such
        a request with a coded error before, so this is a fault.
        """
        wanted = set(tenant_ids)
        if foreign := wanted - self.tenant_ids:
            raise PermissionError(f"tenants outside the scope: {sorted(foreign)}")
        return sorted(wanted)
