"""Two small invented cities of one province, whose levels have staffing rules."""

import datetime

from tenants.definition import City, DeclaredOrganization, Definition, Province
from tenants.hierarchy import Level, Rung, StaffingRule
from tenants.posts import Employment, PostKind
from tenants.roles import Role

PROVINCE = Definition(
    Province(
        code="990000",
        slug="nowhere",
        name="虚构省",
        levels=[Level(key="province", name="省", rung=Rung.PROVINCE)],
    ),
    (),
)

POSTS = [
    PostKind(key="secretary", name="书记", role=Role.SECRETARY, single=True),
    PostKind(
        key="full_time",
        name="专职网格员",
        role=Role.GRID_WORKER,
        levels=["grid"],
        employment=Employment.FULL_TIME,
    ),
    PostKind(
        key="part_time",
        name="兼职网格员",
        role=Role.GRID_WORKER,
        levels=["grid"],
        employment=Employment.PART_TIME,
    ),
    PostKind(key="helper", name="志愿者"),
]
LEVELS = [
    Level(key="city", name="市", rung=Rung.CITY),
    Level(
        key="street",
        name="街道",
        rung=Rung.STREET,
        under=["city"],
        staffing=[StaffingRule(post="secretary", required=1)],
    ),
    Level(
        key="grid",
        name="网格",
        rung=Rung.GRID,
        under=["street"],
        staffing=[
            StaffingRule(post="full_time", required=1),
            StaffingRule(post="part_time", required=2),
        ],
    ),
]


def _organizations(code: str) -> list[DeclaredOrganization]:
    made = [DeclaredOrganization(code=code, name="虚构", level="city")]
    for street in ("S1", "S2"):
        made.append(DeclaredOrganization(code=street, name=street, level="street", parent=code))
        made += [
            DeclaredOrganization(
                code=f"{street}-G{n}", name=f"{street}第{n}网格", level="grid", parent=street
            )
            for n in (1, 2)
        ]
    made.append(
        DeclaredOrganization(
            code="S1-G9",
            name="将设网格",
            level="grid",
            parent="S1",
            valid_from=datetime.date(2026, 4, 1),
        )
    )
    made.append(
        DeclaredOrganization(
            code="S1-G8",
            name="已撤网格",
            level="grid",
            parent="S1",
            valid_from=datetime.date(2020, 1, 1),
            valid_to=datetime.date(2025, 1, 1),
        )
    )
    return made


def city(code: str, slug: str, name: str) -> Definition:
    """A city of the invented province."""
    return Definition(
        City(
            code=code,
            slug=slug,
            name=name,
            province="990000",
            levels=LEVELS,
            posts=POSTS,
            organizations=_organizations(code),
        ),
        (),
    )


NORTH = city("990100", "north", "虚构北市")
SOUTH = city("990200", "south", "虚构南市")
TENANTS = (PROVINCE, NORTH, SOUTH)
