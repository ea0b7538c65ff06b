"""The real divisions."""

from collections import Counter

import pytest

from seeds.divisions import Division, divisions_of, load_divisions
from tenants.definition import City, Province
from tenants.hierarchy import DivisionKind


def test_every_division_of_the_file_is_read() -> None:
    """45,431 divisions, each parent before its children."""
    divisions = load_divisions()
    assert len(divisions) == 45_431
    seen: set[str] = set()
    for item in divisions:
        assert item.parent is None or item.parent in seen, item
        seen.add(item.code)
    assert len(seen) == len(divisions)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("210000", Division("210000", "辽宁省", DivisionKind.PROVINCE, None)),
        ("210400", Division("210400", "抚顺市", DivisionKind.CITY, "210000")),
        ("210411", Division("210411", "顺城区", DivisionKind.COUNTY, "210400")),
        ("210411002", Division("210411002", "长春街道", DivisionKind.STREET, "210411")),
        ("210423101", Division("210423101", "红透山镇", DivisionKind.TOWN, "210423")),
        (
            "520201019201",
            Division("520201019201", "马戛村村民委员会", DivisionKind.VILLAGE, "520201019"),
        ),
        ("520115002002", Division("520115002002", "宇虹社区", DivisionKind.RESIDENTS, "520115002")),
    ],
)
def test_kinds_follow_from_codes(code: str, expected: Division) -> None:
    """The seventh and the tenth digit say what a division is."""
    assert next(item for item in load_divisions() if item.code == code) == expected


def test_a_city_has_its_own_divisions_and_a_province_itself() -> None:
    """A city's divisions begin with the city; a province's tree is only its own."""
    city = City(code="210400", slug="fushun", name="抚顺市", province="210000")
    province = Province(code="210000", slug="liaoning", name="辽宁省")
    own = list(divisions_of(city, load_divisions()))
    assert own[0].name == "抚顺市"
    assert Counter(len(item.code) for item in own) == {6: 8, 9: 72, 12: 931}
    assert [item.name for item in divisions_of(province, load_divisions())] == ["辽宁省"]
