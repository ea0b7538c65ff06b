"""The registry: tenants by code and slug, cities by province."""

import pytest

from tenants.definition import City, Definition, Province, TenantKind
from tenants.registry import Registry


def province(code: str, slug: str) -> Definition:
    return Definition(Province(code=code, slug=slug, name=slug.title()), ())


def city(code: str, slug: str, of: str) -> Definition:
    return Definition(City(code=code, slug=slug, name=slug.title(), province=of), ())


NORTH, SOUTH = province("110000", "north"), province("990000", "south")
A, B, C = (
    city("990200", "a-shi", "990000"),
    city("110100", "b-shi", "110000"),
    city("990100", "c-shi", "990000"),
)
REGISTRY = Registry([A, SOUTH, B, NORTH, C])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("990200", A),
        ("a-shi", A),
        ("110100", B),
        ("c-shi", C),
        ("990000", None),
        ("south", None),
        ("", None),
        ("A-SHI", None),
        ("99020", None),
    ],
)
def test_a_city_is_found_by_code_or_slug(name: str, found: Definition | None) -> None:
    """A city answers to its code and its slug, exactly; a province is no city."""
    assert REGISTRY.city(name) is found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("990000", SOUTH),
        ("south", SOUTH),
        ("110000", NORTH),
        ("990200", None),
        ("a-shi", None),
        ("", None),
    ],
)
def test_a_province_is_found_by_code_or_slug(name: str, found: Definition | None) -> None:
    """A province answers to its code and its slug, exactly; a city is no province."""
    assert REGISTRY.province(name) is found


def test_tenants_are_listed_once_in_order_of_code() -> None:
    """Cities and provinces are listed by code, though each has two names."""
    assert REGISTRY.cities == (B, C, A)
    assert REGISTRY.provinces == (NORTH, SOUTH)
    assert dict(REGISTRY.by_id) == {990200: A, 990000: SOUTH, 110100: B, 110000: NORTH, 990100: C}
    assert list(REGISTRY) == [A, SOUTH, B, NORTH, C]


def test_cities_belong_to_their_province() -> None:
    """A province has its cities by code, a city its province, a province itself."""
    assert (REGISTRY.cities_of(SOUTH), REGISTRY.cities_of(NORTH)) == ((C, A), (B,))
    assert [REGISTRY.province_of(item) for item in (A, B, SOUTH)] == [SOUTH, NORTH, SOUTH]


def test_the_vocabulary_is_the_provinces() -> None:
    """The shared words of a city, and of a province, are the province's definition."""
    assert REGISTRY.vocabulary(A) is SOUTH.tenant
    assert REGISTRY.vocabulary(NORTH) is NORTH.tenant


def test_a_registry_does_not_change() -> None:
    """Tenants cannot be put into a registry that is in use."""
    with pytest.raises(TypeError):
        REGISTRY.by_id[1] = A  # type: ignore[index]


def test_an_empty_registry() -> None:
    """Without tenants nothing is found."""
    empty = Registry([])
    assert (empty.cities, empty.provinces, empty.city("a-shi"), list(empty)) == ((), (), None, [])


def test_shipped_tenants_are_found_by_both_names(shipped: tuple[Definition, ...]) -> None:
    """Every shipped tenant is found by code and by slug, and every city has its province."""
    registry = Registry(shipped)
    for item in shipped:
        find = registry.city if item.kind is TenantKind.CITY else registry.province
        assert find(item.tenant.code) is find(item.tenant.slug) is item
    assert sum(len(registry.cities_of(item)) for item in registry.provinces) == 15
