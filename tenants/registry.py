"""The tenants that a server knows, found by code or slug."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from tenants.definition import City, Definition, Province, TenantKind


class Registry:
    """An immutable set of definitions; a changed tenant makes a new registry."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        by_id = {item.tenant_id: item for item in definitions}
        self.by_id: Mapping[int, Definition] = MappingProxyType(by_id)
        self._cities = _names(item for item in by_id.values() if item.kind is TenantKind.CITY)
        self._provinces = _names(
            item for item in by_id.values() if item.kind is TenantKind.PROVINCE
        )

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.by_id.values())

    def city(self, code: str) -> Definition | None:
        """The city with this six-digit code or slug."""
        return self._cities.get(code)

    def province(self, code: str) -> Definition | None:
        """The province with this six-digit code or slug."""
        return self._provinces.get(code)

    @property
    def cities(self) -> tuple[Definition, ...]:
        """Every city, in order of code."""
        return tuple(dict.fromkeys(self._cities.values()))

    @property
    def provinces(self) -> tuple[Definition, ...]:
        """Every province, in order of code."""
        return tuple(dict.fromkeys(self._provinces.values()))

    def cities_of(self, province: Definition) -> tuple[Definition, ...]:
        """The cities of one province, in order of code."""
        return self._by_province.get(province.tenant_id, ())

    def province_of(self, city: Definition) -> Definition:
        """The province that a city belongs to."""
        tenant = city.tenant
        return self._provinces[tenant.province if isinstance(tenant, City) else tenant.code]

    def vocabulary(self, definition: Definition) -> Province:
        """The province's shared words (rungs, phases, domains) for one of its tenants."""
        province = self.province_of(definition).tenant
        assert isinstance(province, Province)
        return province

    @cached_property
    def _by_province(self) -> Mapping[int, tuple[Definition, ...]]:
        """Cities by their province; asked for by every operation of a province."""
        found: dict[int, tuple[Definition, ...]] = {}
        for city in self.cities:
            key = self.province_of(city).tenant_id
            found[key] = (*found.get(key, ()), city)
        return found


def _names(definitions: Iterable[Definition]) -> dict[str, Definition]:
    ordered = sorted(definitions, key=lambda item: item.tenant_id)
    codes = {item.tenant.code: item for item in ordered}
    return codes | {item.tenant.slug: item for item in ordered}
