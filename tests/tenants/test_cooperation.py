"""What tenants declare of cooperatives, agreements and alliances, and what the documents say."""

import pytest

from tenants.cooperation import (
    AllianceKind,
    Cooperation,
    CooperativeMeasure,
    CooperativeRules,
    Dimension,
    Industry,
    JointWay,
)
from tenants.definition import City, Definition, Province
from tenants.files import load_tenants
from tenants.registry import Registry
from tests.tenants.folders import CITY, PROVINCE, read, read_city

FUSHUN, LIAONING, LONGGANG, WEST = (
    "000_82855f5243dde796.txt",
    "001_ae84d585edebd25e.txt",
    "002_23220bd10af590a1.txt",
    "003_1d95dd54681f5119.txt",
)
BY_HOUSEHOLDS = tuple(item for item in CooperativeMeasure if item != "PEOPLE")


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The shipped tenants."""
    return Registry(load_tenants())


def vocabulary(registry: Registry, slug: str) -> Province:
    """A province's file."""
    found = registry.province(slug)
    assert found is not None
    assert isinstance(found.tenant, Province)
    return found.tenant


# what files may say


def test_a_silent_city_counts_households() -> None:
    """A city that says nothing is assumed to record all but people, a household to be in one."""
    assert read_city(CITY).cooperation == Cooperation(
        cooperatives=CooperativeRules(
            records=list(BY_HOUSEHOLDS), several_memberships=False, assumed=True
        )
    )


SAYING = """\
cooperatives: {records: [PEOPLE, JOBS], several_memberships: true, assumed: true}
alliances: [{key: b, name: 乙, source: a.txt}, {key: a, name: 甲}]
ways: [{key: w, name: 联谋}]
"""


def test_what_a_city_says_is_kept() -> None:
    """Measures, alliances and ways are those of the file, in its order, also when stored."""
    city = read_city(CITY + SAYING)
    stored = Definition(City.model_validate(city.content), ())
    assert city.cooperation == stored.cooperation
    assert city.cooperation == Cooperation(
        cooperatives=CooperativeRules(
            records=[CooperativeMeasure.PEOPLE, CooperativeMeasure.JOBS],
            several_memberships=True,
            assumed=True,
        ),
        alliances=[
            AllianceKind(key="b", name="乙", source="a.txt"),
            AllianceKind(key="a", name="甲"),
        ],
        ways=[JointWay(key="w", name="联谋")],
    )


@pytest.mark.parametrize("measure", CooperativeMeasure)
def test_records(measure: CooperativeMeasure) -> None:
    """A city records the measures that it lists and no other; it may list none."""
    listed = Cooperation(cooperatives=CooperativeRules(records=[measure]))
    assert [item for item in CooperativeMeasure if listed.records(item)] == [measure]
    assert not Cooperation(cooperatives=CooperativeRules(records=[])).records(measure)


def test_a_province_declares_words() -> None:
    """Industries and dimensions are those of the file; a province keeps no books itself."""
    words = (
        "industries: [{key: herbs, name: 中药材, source: a.txt, assumed: [key]}]\n"
        "dimensions: [{key: party, name: 党建, assumed: true}]\n"
    )
    province, city = read({"provinces/p.yaml": PROVINCE + words, "cities/c.yaml": CITY})
    found = Registry((province, city)).vocabulary(city)
    assert (found.industries, found.dimensions, province.cooperation) == (
        [Industry(key="herbs", name="中药材", source="a.txt", assumed=["key"])],
        [Dimension(key="party", name="党建", assumed=True)],
        Cooperation(),
    )


# what the shipped files say


def test_measures_that_documents_state(registry: Registry) -> None:
    """Each city records the measures in which its document counts; 营口 counts people, not 户."""
    stated = {
        "fushun": (FUSHUN, {"HOUSEHOLDS", "HOUSEHOLD_GAIN", "ONLINE_SALES", "JOBS"}),
        "dalian": (LIAONING, {"COLLECTIVE_INCOME", "DEALS"}),
        "yingkou": (LIAONING, {"PEOPLE", "COLLECTIVE_INCOME", "ONLINE_SALES", "ASSET_TRADES"}),
        "liaoyang": (LIAONING, {"COLLECTIVE_INCOME"}),
        "qiandongnan": (WEST, {"ONLINE_SALES"}),
    }
    rules = {item.tenant.slug: item.cooperation.cooperatives for item in registry.cities}
    assert {slug: rule.source for slug, rule in rules.items() if rule.source} == {
        slug: source for slug, (source, _) in stated.items()
    }
    assert {slug: found - {*rules[slug].records} for slug, (_, found) in stated.items()} == {
        slug: set() for slug in stated
    }
    lacking = {
        slug: [str(item) for item in CooperativeMeasure if item not in rule.records]
        for slug, rule in rules.items()
    }
    assert lacking == {slug: ["PEOPLE"] for slug in rules} | {
        "yingkou": ["HOUSEHOLDS", "HOUSEHOLD_GAIN"]
    }


def test_no_shipped_city_lets_households_be_in_several(registry: Registry) -> None:
    """Whether a household may be in several cooperatives is stated nowhere: assumed no."""
    rules = [item.cooperation.cooperatives for item in registry.cities]
    assert {rule.several_memberships for rule in rules} == {False}
    stated = [rule for rule in rules if rule.source]
    assert {"several_memberships" in rule.assumed_keys for rule in stated} == {True}


def test_alliances_that_documents_name(registry: Registry) -> None:
    """Kinds of alliances are those of the documents, by the names that they print."""
    found = {
        city.tenant.slug: [(item.name, item.source) for item in city.cooperation.alliances]
        for city in registry.cities
        if city.cooperation.alliances
    }
    assert found == {
        "dalian": [("社企联盟", LIAONING)],
        "chaoyang": [("街道大工委", LIAONING), ("社区大党委", LIAONING)],
        "huludao": [
            ("党建联盟", LONGGANG),
            ("公益党建联盟", LONGGANG),
            ("街道大工委", LONGGANG),
            ("社区大党委", LONGGANG),
        ],
    }


def test_five_ways_of_chaoyang(registry: Registry) -> None:
    """五联 are 朝阳's alone, in the document's order, under the keys of its five categories."""
    ways = {
        city.tenant.slug: [(item.key, item.name, item.source) for item in city.cooperation.ways]
        for city in registry.cities
        if city.cooperation.ways
    }
    chaoyang = registry.city("chaoyang")
    assert chaoyang is not None
    categories = [item for item in chaoyang.tenant.categories if item.key.startswith("joint_")]
    assert ways == {"chaoyang": [(item.key, item.name, LIAONING) for item in categories]}
    assert [name for _, name, _ in ways["chaoyang"]] == [
        "党建工作联谋",
        "民生服务联抓",
        "文明风尚联育",
        "平安建设联创",
        "应急响应联动",
    ]


def test_provinces_share_industries(registry: Registry) -> None:
    """All provinces have the same industries under the same names."""
    words = {
        tuple((item.key, item.name) for item in vocabulary(registry, found.tenant.slug).industries)
        for found in registry.provinces
    }
    assert len(words) == 1
    (industries,) = words
    assert {"herbs", "grape", "tourism", "e_commerce", "other"} <= {key for key, _ in industries}


@pytest.mark.parametrize(
    ("slug", "stated"),
    [
        ("liaoning", {"中药材": FUSHUN, "葡萄": LIAONING, "乡村旅游": FUSHUN, "电商": FUSHUN}),
        ("guizhou", {"电商": WEST}),
        ("neimenggu", {}),
        ("sichuan", {}),
        ("qinghai", {}),
        ("ningxia", {}),
    ],
)
def test_industries_that_documents_name(
    registry: Registry, slug: str, stated: dict[str, str]
) -> None:
    """An industry has a source where one of the province's documents names it, else none."""
    found = vocabulary(registry, slug).industries
    assert {item.name: item.source for item in found if item.source} == stated


FOUR = ["党建", "产业", "教育", "民生"]


@pytest.mark.parametrize(
    ("slug", "more", "stated"),
    [
        ("liaoning", ["电商", "旅游"], {"电商": FUSHUN, "旅游": FUSHUN}),
        ("guizhou", ["生产经营"], dict.fromkeys([*FOUR, "生产经营"], WEST)),
        ("neimenggu", ["爱警暖警"], {"党建": WEST, "爱警暖警": WEST}),
        ("sichuan", [], {}),
        ("qinghai", [], {}),
        ("ningxia", [], {}),
    ],
)
def test_dimensions_that_documents_name(
    registry: Registry, slug: str, more: list[str], stated: dict[str, str]
) -> None:
    """Every province has the four of 《党建联建协议书》 under the same keys, then its own."""
    found = vocabulary(registry, slug).dimensions
    assert [item.name for item in found] == [*FOUR, *more]
    keys = [item.key for item in found[:4]]
    assert keys == ["party", "industry", "education", "livelihood"]
    assert {item.name: item.source for item in found if item.source} == stated
