"""Which tenants an operation may read; every loader is handed one, and checks its keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Login(StrEnum):
    """The login roles of PostgreSQL that operations use; neither owns a table."""

    CITY = "onegrid_city"
    PROVINCE = "onegrid_province"


@dataclass(frozen=True)
class Scope:
    """A set of tenants, by six-digit code as integer, and the login that reads them.

    CITY is for the operations of exactly one tenant, and reads and writes all that it has.
    PROVINCE only reads, any number of tenants, and nothing personal.
    """

    tenant_ids: frozenset[int]
    login: Login = Login.PROVINCE

    def __post_init__(self) -> None:
        if self.login is Login.CITY and len(self.tenant_ids) != 1:
            raise ValueError(f"a city's login is for one tenant, not {len(self.tenant_ids)}")

    @cached_property
    def setting(self) -> str:
        """The statement that tells row-level security, inside a transaction.

        `SET LOCAL` takes no parameters: the values are integers, written out.
        """
        listed = ",".join(str(int(tenant_id)) for tenant_id in sorted(self.tenant_ids))
        if self.login is Login.CITY:
            return f"SET LOCAL app.tenant_id = '{listed}'"
        return f"SET LOCAL app.tenant_ids = '{listed}'"

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

    def demand(self, tenant_ids: Iterable[int]) -> None:
        """`checked` for who needs no list.

        Errors: `PermissionError`.
        """
        if not self.tenant_ids.issuperset(tenant_ids):
            self.checked(tenant_ids)
