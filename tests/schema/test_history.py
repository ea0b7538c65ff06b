"""Renamed organizations: their names on a day, and how they are found."""

import datetime

from tenants.definition import City, DeclaredOrganization, Definition, FormerName, Province
from tenants.hierarchy import Level, Rung
from tests.conftest import NewDatabase, opened

PROVINCE = Definition(Province(code="990000", slug="nowhere", name="虚构省"), ())
CITY = Definition(
    City(
        code="990100",
        slug="invented",
        name="虚构市",
        province="990000",
        levels=[
            Level(key="city", name="市", rung=Rung.CITY),
            Level(key="community", name="社区", rung=Rung.COMMUNITY, under=["city"]),
        ],
        organizations=[
            DeclaredOrganization(code="990100", name="虚构市", level="city"),
            DeclaredOrganization(
                code="990100-A",
                name="思源社区",
                level="community",
                parent="990100",
                valid_from=datetime.date(2015, 1, 1),
                former_names=[
                    FormerName(name="搬迁社区居委会", until=datetime.date(2018, 6, 1)),
                    FormerName(name="新家园社区", until=datetime.date(2021, 6, 1), assumed=True),
                ],
            ),
        ],
    ),
    (),
)
QUERY = """query ($asOf: Date, $search: String) { city(code: "invented") {
  organizations(level: "community", asOf: $asOf, search: $search) {
    nodes { name formerNames { name validTo assumed } } }
  organization(code: "990100") { children(asOf: $asOf) { nodes { name } } } } }"""


async def test_a_renamed_organization_has_its_name_of_the_day(
    new_database: NewDatabase,
) -> None:
    """Each day shows the name of that day, in lists and below a parent; before, nothing."""
    url = await new_database((PROVINCE, CITY))
    names = {}
    async with opened(url) as graph:
        for day in ("2014-12-31", "2015-01-01", "2018-05-31", "2018-06-01", "2021-06-01", None):
            found = (await graph.data(QUERY, asOf=day))["city"]
            listed = [node["name"] for node in found["organizations"]["nodes"]]
            below = [node["name"] for node in found["organization"]["children"]["nodes"]]
            assert listed == below
            names[day] = listed
    assert names == {
        "2014-12-31": [],
        "2015-01-01": ["搬迁社区居委会"],
        "2018-05-31": ["搬迁社区居委会"],
        "2018-06-01": ["新家园社区"],
        "2021-06-01": ["思源社区"],
        None: ["思源社区"],
    }


async def test_a_renamed_organization_is_found_by_its_former_names(
    new_database: NewDatabase,
) -> None:
    """Whoever remembers the old name finds the organization, and is told what it is called now."""
    url = await new_database((PROVINCE, CITY))
    async with opened(url) as graph:
        found = [
            (await graph.data(QUERY, search=text))["city"]["organizations"]["nodes"]
            for text in ("搬迁社区居民委员会", "新家园", "思源", "别的")
        ]
    node = {
        "name": "思源社区",
        "formerNames": [
            {"name": "搬迁社区居委会", "validTo": "2018-06-01", "assumed": False},
            {"name": "新家园社区", "validTo": "2021-06-01", "assumed": True},
        ],
    }
    assert found == [[node], [node], [node], []]
