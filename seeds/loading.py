"""What every part is loaded with."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from schema.keyring import Keyring
from tenants.definition import City, Definition, Province


@dataclass(frozen=True)
class Loading:
    """A load: the connection of the owner, the tenants there are, the moment.

    `keyring` seals what is personal of sample people; None where no sample is asked for.
    """

    connection: "asyncpg.Connection[Any]"
    definitions: Sequence[Definition]
    now: datetime.datetime
    keyring: Keyring | None

    @property
    def keys(self) -> Keyring:
        """The keyring, of a load with sample people.

        Errors: `RuntimeError` in one without.
        """
        if self.keyring is None:
            raise RuntimeError("a load without a keyring has no part with people in it")
        return self.keyring

    def province_of(self, city: Definition) -> Province:
        """The province of a city, for its words; one that has none where it is not there."""
        code = city.tenant.province if isinstance(city.tenant, City) else None
        found = (item.tenant for item in self.definitions if item.tenant.code == code)
        own = next((tenant for tenant in found if isinstance(tenant, Province)), None)
        return own or Province(code="000000", slug="nowhere", name="-")
