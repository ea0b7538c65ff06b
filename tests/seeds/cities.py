"""Invented cities that have the codes of those of which the data speak, with small trees."""

from typing import Any

from tenants.cooperation import (
    AllianceKind,
    CooperativeRules,
    Dimension,
    Industry,
    JointWay,
)
from tenants.definition import City, DeclaredOrganization, Definition, Province
from tenants.hierarchy import Level, Rung
from tenants.posts import PostKind
from tenants.roles import Role

DIMENSIONS = [
    Dimension(key="party", name="党建"),
    Dimension(key="industry", name="产业"),
    Dimension(key="education", name="教育"),
    Dimension(key="livelihood", name="民生"),
]
INDUSTRIES = [
    Industry(key="herbs", name="中药材"),
    Industry(key="grain", name="粮油"),
    Industry(key="fruit", name="林果"),
    Industry(key="unheard_of", name="无人知晓"),
]
LEVELS = [
    Level(key="city", name="市", rung=Rung.CITY),
    Level(key="street", name="街道", rung=Rung.STREET, under=["city"]),
    Level(key="township", name="镇", rung=Rung.TOWNSHIP, under=["city"]),
    Level(key="community", name="社区", rung=Rung.COMMUNITY, under=["street"]),
    Level(key="village", name="村", rung=Rung.VILLAGE, under=["township"]),
    Level(key="branch", name="支部", under=["community", "village"]),
]
POSTS = [PostKind(key="secretary", name="书记", role=Role.SECRETARY, single=True)]


def declared(code: str, name: str, level: str, parent: str | None = None) -> DeclaredOrganization:
    """An organization of the file."""
    return DeclaredOrganization(code=code, name=name, level=level, parent=parent)


def province(code: str, slug: str) -> Definition:
    """A province with a few words, one of which the sample has no products for."""
    level = Level(key="province", name="省", rung=Rung.PROVINCE)
    return Definition(
        Province(
            code=code,
            slug=slug,
            name="示例省",
            levels=[level],
            industries=INDUSTRIES,
            dimensions=DIMENSIONS,
        ),
        (),
    )


def city(code: str, slug: str, name: str, *more: DeclaredOrganization, **given: Any) -> Definition:
    """Two streets of five communities, two townships of eight villages, and whatever else."""
    made = [declared(code, name, "city")]
    for street in ("S1", "S2"):
        made.append(declared(street, f"{street}街道", "street", code))
        made += [
            declared(f"{street}-C{n}", f"{street}第{n}社区", "community", street)
            for n in range(1, 6)
        ]
    for town in ("T1", "T2"):
        made.append(declared(town, f"{town}镇", "township", code))
        made += [
            declared(f"{town}-V{n}", f"{town}第{n}村民委员会", "village", town) for n in range(1, 9)
        ]
    return Definition(
        City(
            code=code,
            slug=slug,
            name=name,
            province=f"{code[:2]}0000",
            levels=LEVELS,
            posts=POSTS,
            organizations=[*made, *more],
            **given,
        ),
        (),
    )


LIAONING, GUIZHOU = province("210000", "liaoning"), province("520000", "guizhou")
FUSHUN = city(
    "210400",
    "fushun",
    "甲市",
    alliances=[AllianceKind(key="street_committee", name="大工委")],
    ways=[JointWay(key=key, name=key) for key in ("one", "two", "three")],
)
YINGKOU = city(
    "210800",
    "yingkou",
    "乙市",
    declared("210804102211", "胜台村", "village", "T1"),
    cooperatives=CooperativeRules(records=["PEOPLE", "REVENUE", "COLLECTIVE_INCOME"]),
)
"""Records neither households nor deals; a reported union is led by one of its villages."""
GUIYANG = city(
    "520100",
    "guiyang",
    "丙市",
    declared("520115002002-DZB", "宇虹社区党支部", "branch", "S1-C1"),
)
LIUPANSHUI = city(
    "520200",
    "liupanshui",
    "丁市",
    declared("520201019201-DZB", "马戛村党支部", "branch", "T1-V1"),
)
NORTHEAST = (LIAONING, FUSHUN, YINGKOU)
SOUTHWEST = (GUIZHOU, GUIYANG, LIUPANSHUI)
