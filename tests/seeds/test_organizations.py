"""What a tenant's organizations are made of."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeds.divisions import Division
from seeds.organizations import SeedError, build_tree, organization_rows
from tenants.definition import (
    City,
    DataKind,
    DeclaredOrganization,
    Definition,
    GeneratedOrganizations,
    GeneratedUnder,
)
from tenants.hierarchy import DivisionKind, Level


def city(**parts: Any) -> Definition:
    """An invented city of three levels."""
    levels = [
        Level(key="city", name="市", divisions=[DivisionKind.CITY]),
        Level(key="county", name="县", under=["city"], divisions=[DivisionKind.COUNTY]),
        Level(key="grid", name="网格", under=["county"]),
    ]
    tenant = City(
        code="990100", slug="invented", name="虚构市", province="990000",
        **({"levels": levels} | parts),
    )  # fmt: skip
    return Definition(tenant, ())


def divisions(counties: int) -> list[Division]:
    """A city with so many counties."""
    found = [Division("990100", "虚构市", DivisionKind.CITY, "990000")]
    for number in range(1, counties + 1):
        code = f"9901{number:02d}"
        found.append(Division(code, f"甲{number}县", DivisionKind.COUNTY, "990100"))
    return found


def generated(**parts: Any) -> GeneratedOrganizations:
    """Grids under counties."""
    given_: dict[str, Any] = {
        "key": "grids",
        "level": "grid",
        "under": GeneratedUnder(level="county"),
        "name": "{parent}第{n}网格",
        "suffix": "G",
    }
    return GeneratedOrganizations(**(given_ | parts))


@given(st.integers(1, 30), st.integers(1, 300))
def test_a_count_is_spread_evenly(counties: int, count: int) -> None:
    """Exactly so many are made, no parent has two more than another, and codes are unique."""
    tree = build_tree(city(generated=[generated(count=count)]), divisions(counties))
    grids = [item for item in tree.by_code.values() if item.level == "grid"]
    shares = [
        sum(item.parent == parent.code for item in grids)
        for parent in tree.by_code.values()
        if parent.level == "county"
    ]
    assert len(grids) == count == sum(shares)
    assert max(shares) - min(shares) <= 1
    assert {item.data_kind for item in grids} == {DataKind.GENERATED}


@given(st.integers(1, 12), st.integers(1, 80), st.integers(1, 40))
def test_every_merged_one_has_a_successor(counties: int, old: int, new: int) -> None:
    """Each old organization has one successor, under the same parent where it has any."""
    entries = [
        generated(key="old", count=old, suffix="A", merged_into="new"),
        generated(key="new", count=new, suffix="B"),
    ]
    tree = build_tree(city(generated=entries), divisions(counties))
    before = [item for item in tree.by_code.values() if "-A" in item.code]
    assert [code for code, _ in tree.successions] == [item.code for item in before]
    for code, successor in tree.successions:
        parent = tree.by_code[code].parent
        near = [i.code for i in tree.by_code.values() if i.parent == parent and "-B" in i.code]
        assert successor in near or not near


def test_each_parent_gets_as_many() -> None:
    """`each` makes so many a parent, only within the subtrees that are named."""
    under = GeneratedUnder(level="county", within=["990102"])
    tree = build_tree(city(generated=[generated(each=2, under=under)]), divisions(3))
    assert [item.code for item in tree.by_code.values() if item.level == "grid"] == [
        "990102-G01",
        "990102-G02",
    ]


def test_divisions_that_no_level_holds_are_left_out() -> None:
    """Their children stand under the next one above, if the hierarchy allows it."""
    levels = [
        Level(key="top", name="顶", divisions=[DivisionKind.CITY]),
        Level(key="street", name="街", under=["top"], divisions=[DivisionKind.STREET]),
    ]
    own = [*divisions(1), Division("990101001", "乙街道", DivisionKind.STREET, "990101")]
    tree = build_tree(city(levels=levels), own)
    assert [(item.code, item.path) for item in tree.by_code.values()] == [
        ("990100", "/990100/"),
        ("990101001", "/990100/990101001/"),
    ]


def test_declared_organizations_say_what_supports_them() -> None:
    """With a source it is reported, as an assumption generated, by the deployment itself real."""
    declared = [
        DeclaredOrganization(code="A1", name="甲", level="grid", parent="990101", source="x.txt"),
        DeclaredOrganization(code="B1", name="乙", level="grid", parent="990101", assumed=True),
        DeclaredOrganization(code="C1", name="丙", level="grid", parent="990101"),
    ]
    tree = build_tree(city(organizations=declared), divisions(1))
    assert [tree.by_code[code].data_kind.value for code in ("A1", "B1", "C1")] == [
        "REPORTED",
        "GENERATED",
        "REAL",
    ]


def test_a_declaration_may_add_to_a_division() -> None:
    """Name and dates of a division can be corrected; the rest stays real."""
    declared = [DeclaredOrganization(code="990101", name="新县", source="x.txt")]
    tree = build_tree(city(organizations=declared), divisions(1))
    county = tree.by_code["990101"]
    assert (county.name, county.level, county.data_kind) == ("新县", "county", DataKind.REAL)


def test_organizations_that_cannot_be_placed_are_all_named() -> None:
    """Unknown parents, wrong levels and missing names come in one message."""
    declared = [
        DeclaredOrganization(code="A1", name="甲", level="grid", parent="NOWHERE"),
        DeclaredOrganization(code="B1", name="乙", level="grid", parent="990100"),
        DeclaredOrganization(code="C1"),
        DeclaredOrganization(
            code="D1", name="丁", level="grid", parent="990101", successors=["GONE"]
        ),
    ]
    with pytest.raises(SeedError) as wrong:
        build_tree(city(organizations=declared), divisions(1))
    assert str(wrong.value).splitlines() == [
        "虚构市: A1 甲: no organization has the parent's code 'NOWHERE'",
        "虚构市: B1 乙: level 'grid' stands under 'city', but may stand only under county",
        "虚构市: C1: name and level are required, because no division has this code",
        "虚构市: D1: no organization has the successor's code 'GONE'",
    ]


def test_rows_carry_what_searching_needs() -> None:
    """Pinyin, initials and the name without a suffix are stored beside the name."""
    declared = [
        DeclaredOrganization(code="A1", name="长春村村民委员会", level="grid", parent="990101")
    ]
    rows = organization_rows(build_tree(city(organizations=declared), divisions(1)))
    assert rows[-1][8:11] == ("chang chun cun", "ccc", "长春村")
