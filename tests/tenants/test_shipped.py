"""The shipped tenants against what the four source documents state."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tenants.definition import City, Definition, Province
from tenants.files import SHIPPED, load_tenants
from tenants.hierarchy import DivisionKind, Level, Rung
from tenants.provenance import Stated
from tenants.registry import Registry
from tenants.roles import Role
from tenants.workflow import Phase, Severity, Workflow
from tests.tenants.folders import written

FUSHUN, LIAONING, LONGGANG, WEST = DOCUMENTS = (
    "000_82855f5243dde796.txt",  # 抚顺, four levels
    "001_ae84d585edebd25e.txt",  # 辽宁, seven cities and two provincial bodies
    "002_23220bd10af590a1.txt",  # 葫芦岛市龙港区, 2019
    "003_1d95dd54681f5119.txt",  # western cities
)


@dataclass(frozen=True)
class Facts:
    """What the documents state of one city.

    `levels` are the names that they print, with the depth at which the city's file has them;
    `posts` are the names of posts that they print, `staffing` is (level, post, holders),
    `numbers` the stated numbers of generated organizations, `workflow` the stated names of a
    workflow's steps in order.
    """

    code: str
    name: str
    province: str
    depth: int
    levels: dict[str, int] = field(default_factory=dict)
    posts: tuple[str, ...] = ()
    staffing: tuple[tuple[str, str, int], ...] = ()
    numbers: tuple[tuple[str, int], ...] = ()
    workflow: tuple[str, ...] = ()


FACTS = {
    "hulunbuir": Facts("150700", "呼伦贝尔市", "neimenggu", 3),
    "dalian": Facts(
        "210200",
        "大连市",
        "liaoning",
        4,
        {"市级物业行业党委": 1, "产业联合党委": 2, "党群共富责任区": 4},
        numbers=(("物业企业党组织", 390), ("产业联合党委", 54), ("党群共富责任区", 8803)),
    ),
    "fushun": Facts(
        "210400",
        "抚顺市",
        "liaoning",
        5,
        {
            "街道党工委": 1,
            "社区大党委": 2,
            "网格党支部": 3,
            "楼道党小组": 4,
            "党员家庭代办站(党员中心户)": 5,
            "物业党支部": 3,
            "工业园区党委": 1,
        },
        posts=(
            "书记",
            "专职网格员",
            "专职代办员",
            "兼职代办员",
            "选派干部",
            "社区干部",
            "楼长",
        ),
        staffing=(("网格党支部", "专职网格员", 1),),
        numbers=(("网格党支部", 12), ("党员家庭代办站(党员中心户)", 1194), ("物业党支部", 120)),
        workflow=("受理", "核实", "告知", "上报", "代办", "反馈"),
    ),
    "dandong": Facts(
        "210600",
        "丹东市",
        "liaoning",
        4,
        {"网格": 4, "网格党支部": 4, "区域党群服务中心": 3, "社区党群服务中心": 4},
        posts=(
            "专职网格员",
            "兼职网格员",
            "社区工作者",
            "社区第一书记",
            "楼长",
            "单元长",
            "事业编制人员",
        ),
        staffing=(
            ("区域党群服务中心", "事业编制人员", 2),
            ("网格", "专职网格员", 1),
            ("网格", "兼职网格员", 2),
        ),
        numbers=(("网格", 2016), ("网格党支部", 1120), ("社区党群服务中心", 205)),
        workflow=("受理问题", "分流交办", "联动处置", "反馈", "评价"),
    ),
    "yingkou": Facts(
        "210800",
        "营口市",
        "liaoning",
        3,
        posts=("书记", "第一书记", "村干部", "驻村干部"),
        workflow=("大排查", "精把脉", "强整顿"),
    ),
    "liaoyang": Facts(
        "211000", "辽阳市", "liaoning", 3, {"县(市)区": 1}, posts=("书记", "社区工作者")
    ),
    "chaoyang": Facts(
        "211300",
        "朝阳市",
        "liaoning",
        4,
        {"街道大工委": 2, "社区大党委": 3, "小区": 4},
        posts=("书记", "红色管家", "选派干部"),
        numbers=(("小区", 417), ("小区", 175)),
        workflow=("梳理上报", "分散办理", "专班办理", "攻坚办理", "纳入直通车", "办复"),
    ),
    "huludao": Facts(
        "211400",
        "葫芦岛市",
        "liaoning",
        4,
        {"社区网格": 4, "二级服务中心": 2, "三级服务站": 3, "四级网格": 4},
        posts=("书记", "专职网格员", "居委会主任", "社区干部"),
        staffing=(("社区网格", "专职网格员", 1),),
        numbers=(("社区网格", 1230), ("二级服务中心", 11), ("三级服务站", 82), ("四级网格", 426)),
        workflow=("抢单", "派单", "协调解决", "向部门反馈"),
    ),
    "chengdu": Facts("510100", "成都市", "sichuan", 3, {"小区": 3}, workflow=("跟踪服务",)),
    "panzhihua": Facts(
        "510400",
        "攀枝花市",
        "sichuan",
        3,
        {"市直机关党组织": 1, "小区": 3},
        posts=("书记", "党务工作者"),
    ),
    "guiyang": Facts("520100", "贵阳市", "guizhou", 3, {"党支部": 3}),
    "liupanshui": Facts("520200", "六盘水市", "guizhou", 3, {"党支部": 3}),
    "qiandongnan": Facts(
        "522600",
        "黔东南苗族侗族自治州",
        "guizhou",
        5,
        {"州": 0, "网格": 4, "联户": 5, "党小组": 5, "行业党委": 2, "党建工作组": 1},
        posts=("书记", "网格员", "主任", "社区工作者", "联户长"),
        staffing=(("网格", "网格员", 1), ("联户", "联户长", 1)),
        numbers=(("党建工作组", 70),),
    ),
    "haidong": Facts(
        "630200",
        "海东市",
        "qinghai",
        3,
        {"乡妇联": 2, "村妇联": 3},
        posts=("执委",),
        workflow=("排查", "分类", "建立台账", "一月一回访"),
    ),
    "yinchuan": Facts(
        "640100",
        "银川市",
        "ningxia",
        4,
        {"街道党工委": 1, "社区党委": 2, "小区党支部": 3, "党小组": 4},
        posts=("书记",),
        numbers=(("党小组", 4),),
        workflow=("提诉求", "协商议事", "就地解决"),
    ),
}
CITIES = pytest.mark.parametrize("slug", FACTS)


@pytest.fixture
def registry(shipped: tuple[Definition, ...]) -> Registry:
    return Registry(shipped)


def city(registry: Registry, slug: str) -> Definition:
    found = registry.city(slug)
    assert found is not None
    return found


def is_stated(item: Stated, key: str = "name") -> bool:
    """Whether a document states this key of a thing."""
    return item.source is not None and not item.is_assumed and key not in item.assumed_keys


def steps(workflow: Workflow) -> set[tuple[str, ...]]:
    """The names that a document states of a workflow's actions and of its states."""
    return {
        tuple(
            item.name
            for item in items
            if (item.source or workflow.source)
            and not item.is_assumed
            and "name" not in item.assumed_keys
        )
        for items in (workflow.actions, workflow.states)
    }


def test_fifteen_cities_and_six_provinces(registry: Registry) -> None:
    """The cities and provinces of the documents, and no others, are shipped."""
    assert {item.tenant.slug for item in registry.cities} == set(FACTS)
    assert [(item.tenant.code, item.tenant.name) for item in registry.provinces] == [
        ("150000", "内蒙古自治区"),
        ("210000", "辽宁省"),
        ("510000", "四川省"),
        ("520000", "贵州省"),
        ("630000", "青海省"),
        ("640000", "宁夏回族自治区"),
    ]


@CITIES
def test_names_and_provinces(registry: Registry, slug: str) -> None:
    """A city has its code and name, and stands in the province whose code its own begins with."""
    found, facts = city(registry, slug), FACTS[slug]
    province = registry.province_of(found).tenant
    assert (found.tenant.code, found.tenant.name, province.slug) == (
        facts.code,
        facts.name,
        facts.province,
    )
    assert province.code == f"{facts.code[:2]}0000"


@CITIES
def test_depths(registry: Registry, slug: str) -> None:
    """Each city has as many levels as its documents say or its file argues for."""
    assert city(registry, slug).hierarchy.depth == FACTS[slug].depth


@CITIES
def test_levels_as_printed(registry: Registry, slug: str) -> None:
    """The levels whose names a document states are those printed there, each at its depth."""
    hierarchy = city(registry, slug).hierarchy
    stated = {level.name: hierarchy.depths[level.key] for level in hierarchy if is_stated(level)}
    assert stated == FACTS[slug].levels


def test_depths_differ(registry: Registry) -> None:
    """Cities do not all have the same number of levels, nor do those of one province."""
    assert {facts.depth for facts in FACTS.values()} == {3, 4, 5}
    liaoning = registry.province("liaoning")
    assert liaoning is not None
    assert [item.hierarchy.depth for item in registry.cities_of(liaoning)] == [4, 5, 4, 3, 3, 4, 4]


@CITIES
def test_posts_as_stated(registry: Registry, slug: str) -> None:
    """The kinds of posts whose names a document states are those printed there."""
    kinds = city(registry, slug).posts.values()
    assert tuple(kind.name for kind in kinds if is_stated(kind)) == FACTS[slug].posts


@CITIES
def test_staffing_as_stated(registry: Registry, slug: str) -> None:
    """Posts and holders an organization are those of the documents, and no city has others."""
    found = city(registry, slug)
    rules = tuple(
        (level.name, found.posts[rule.post].name, rule.required)
        for level in found.hierarchy
        for rule in level.staffing
    )
    assert rules == FACTS[slug].staffing


# cities whose document gives the number itself: 1专2兼, and one full-time worker a grid
NUMBERED = {("dandong", "网格", 1), ("dandong", "网格", 2), ("huludao", "社区网格", 1)}


def test_numbers_of_holders_that_no_document_states_are_assumed(registry: Registry) -> None:
    """Where a document says that a post is filled, but not by how many, the number is assumed."""
    stated = {
        (slug, level.name, rule.required)
        for slug in FACTS
        for level in city(registry, slug).hierarchy
        for rule in level.staffing
        if is_stated(rule, "required")
    }
    assert stated == NUMBERED


def test_no_document_states_what_a_post_may_do(registry: Registry) -> None:
    """Roles, and that a post has one holder, are assumed of every kind of every city."""
    assert [
        (slug, kind.key, key)
        for slug in FACTS
        for kind in city(registry, slug).posts.values()
        for key in ("role", "single")
        if getattr(kind, key) and is_stated(kind, key)
    ] == []


@CITIES
def test_every_city_has_somebody_to_handle_issues(registry: Registry, slug: str) -> None:
    """Each city has a kind of post for a secretary and one for a grid worker."""
    roles = {kind.role for kind in city(registry, slug).posts.values()}
    assert roles >= {Role.SECRETARY, Role.GRID_WORKER}


def test_dandongs_grid_has_one_full_time_and_two_part_time_workers(registry: Registry) -> None:
    """丹东's 1专2兼: both kinds are grid workers, held at grids only, and stated."""
    found = city(registry, "dandong")
    assert [
        (rule.required, found.posts[rule.post].name, found.posts[rule.post].role, rule.source)
        for rule in found.hierarchy["grid"].staffing
    ] == [
        (1, "专职网格员", Role.GRID_WORKER, LIAONING),
        (2, "兼职网格员", Role.GRID_WORKER, LIAONING),
    ]
    levels = [level.key for level in found.hierarchy]
    workers = [found.posts[key] for key in ("full_time_worker", "part_time_worker")]
    held = [[key for key in levels if kind.is_held_at(key)] for kind in workers]
    assert held == [["grid"], ["grid"]]


def test_who_declares_the_posts_of_a_city_without_any(registry: Registry) -> None:
    """A city whose document names no post has the two of its province, assumed."""
    found = city(registry, "chengdu")
    assert [(kind.name, kind.role, kind.single, kind.assumed) for kind in found.tenant.posts] == [
        ("书记", Role.SECRETARY, True, True),
        ("网格员", Role.GRID_WORKER, False, True),
    ]
    files = {value.file for value in found.values if value.path.startswith("posts.")}
    assert files == {"tenants/provinces/sichuan.yaml"}


@CITIES
def test_numbers_as_stated(registry: Registry, slug: str) -> None:
    """Organizations of which a document states the number are generated in that number."""
    found = city(registry, slug)
    numbers = tuple(
        (found.hierarchy[made.level].name, made.count)
        for made in found.tenant.generated
        if made.count is not None and is_stated(made, "count")
    )
    assert numbers == FACTS[slug].numbers


@CITIES
def test_steps_as_stated(registry: Registry, slug: str) -> None:
    """The steps that a document names of a city's own way of handling are there, in its order."""
    own = [item for item in city(registry, slug).tenant.workflows if item.key != "standard"]
    found = {names for workflow in own for names in steps(workflow)}
    assert found >= {FACTS[slug].workflow} if FACTS[slug].workflow else found <= {()}


# 抚顺


CHAIN = ["街道党工委", "社区大党委", "网格党支部", "楼道党小组", "党员家庭代办站(党员中心户)"]


def chain(definition: Definition, key: str) -> list[str]:
    """Names of the counted levels from the top to a level, by the first it stands under."""
    level: Level | None = definition.hierarchy[key]
    names: list[str] = []
    while level is not None:
        names = [level.name, *names] if level.counted else names
        level = definition.hierarchy[level.under[0]] if level.under else None
    return names


def test_fushun_has_five_levels(registry: Registry) -> None:
    """抚顺's chain of levels is the one that the document writes with dashes."""
    assert chain(city(registry, "fushun"), "station") == CHAIN


def test_fushun_has_49_services_of_which_three_are_named(registry: Registry) -> None:
    """抚顺's catalogue has four categories and 49 services; the document names three of them."""
    categories = city(registry, "fushun").tenant.categories
    assert [item.name for item in categories if is_stated(item)] == [
        "社区居家服务",
        "社会公共服务",
        "社会管理服务",
        "其他特色服务",
    ]
    assert len(categories) == 4
    services = [service for category in categories for service in category.services]
    assert len(services) == len({item.code for item in services}) == 49
    assert len({item.name for item in services}) == 49
    assert [(item.name, item.source) for item in services if not item.is_assumed] == [
        ("物品代买", LIAONING),
        ("参保代办", LIAONING),
        ("杂费代缴", LIAONING),
    ]


def test_fushun_puts_needy_groups_first(registry: Registry) -> None:
    """Each of 抚顺's categories puts first 低保户 and 失独家庭."""
    categories = city(registry, "fushun").tenant.categories
    assert [item.priority_groups for item in categories] == [["低保户", "失独家庭"]] * 4


@pytest.fixture(scope="module")
def four() -> Definition:
    """抚顺 as the other document has it: the example file."""
    example = (SHIPPED / "examples" / "fushun-four-levels.yaml").read_bytes()
    province = (SHIPPED / "provinces" / "liaoning.yaml").read_bytes()
    with written({"cities/c.yaml": example, "provinces/p.yaml": province}) as folder:
        (_, found) = load_tenants((folder,))
    return found


def test_fushun_of_four_levels(four: Definition) -> None:
    """The example has 街道党工委—社区党委—网格党支部—楼栋党小组 and cites one document only."""
    assert four.hierarchy.depth == 4
    assert chain(four, "building") == ["街道党工委", "社区党委", "网格党支部", "楼栋党小组"]
    assert {value.source for value in four.values} == {FUSHUN, None}


def test_fushun_of_four_levels_grows_into_five(registry: Registry, four: Definition) -> None:
    """What the four-level file declares is in the five-level one, so no key or code is lost."""
    five = city(registry, "fushun")
    assert {item.key for item in five.hierarchy} - {item.key for item in four.hierarchy} == {
        "station"
    }
    assert {item.key for item in four.hierarchy} <= {item.key for item in five.hierarchy}
    assert four.posts.keys() <= five.posts.keys()
    assert four.workflows.keys() <= five.workflows.keys()
    assert four.services.keys() <= five.services.keys()
    assert four.tenant.organizations == five.tenant.organizations
    made = {
        item.key: (item.level, item.count, item.each, item.under, item.suffix)
        for item in five.tenant.generated
    }
    assert {
        item.key: (item.level, item.count, item.each, item.under, item.suffix)
        for item in four.tenant.generated
    }.items() <= made.items()


def walked(workflow: Workflow, *keys: str) -> list[tuple[str, str]]:
    """The states that actions lead through, from the first: each with the action's name."""
    state = workflow.states[0].key
    steps = []
    for key in keys:
        action = workflow.action(key)
        assert action is not None
        assert state in action.from_, (key, state)
        state = action.to
        steps.append((action.name, state))
    return steps


def test_fushuns_six_steps(registry: Registry) -> None:
    """受理、核实、告知、上报、代办、反馈 can be walked with somebody above, and without."""
    agency = city(registry, "fushun").workflows["agency"]
    six = walked(agency, "accept", "verify", "inform", "submit", "assign", "handle", "reply")
    assert [name for name, _ in six] == ["受理", "核实", "告知", "上报", "交办", "代办", "反馈"]
    top = walked(agency, "accept", "verify", "inform", "handle_directly", "reply")
    assert [name for name, _ in top] == ["受理", "核实", "告知", "直接代办", "反馈"]
    assert six[-1][1] == top[-1][1] == "replied"
    direct, submit = agency.action("handle_directly"), agency.action("submit")
    assert direct is not None
    assert direct.is_assumed
    assert submit is not None
    assert "building" not in submit.levels


def test_chaoyangs_three_modes(registry: Registry) -> None:
    """Each mode is for one severity, may be changed upward only, and all lead to the express."""
    modes = city(registry, "chaoyang").workflows["three_modes"]
    by_severity = {tuple(item.severities): item.name for item in modes.actions if item.severities}
    assert by_severity == {
        (Severity.ORDINARY,): "一般问题分散办理",
        (Severity.COMPLEX,): "综合问题专班办理",
        (Severity.MAJOR,): "重大问题攻坚办理",
    }
    order = ["separate", "task_force", "assault", "express"]
    between = [
        (start, item.to)
        for item in modes.actions
        for start in item.from_
        if {start, item.to} <= {*order} and item.key != "hand_down"
    ]
    assert all(order.index(start) <= order.index(end) for start, end in between)
    express = modes.action("take_express")
    assert express is not None
    assert (express.levels, express.from_) == (["city"], ["separate", "task_force", "assault"])
    assert (
        walked(modes, "accept", "handle_separately", "enter_express", "reply")[-1][1] == "replied"
    )


def test_longgangs_orders(registry: Registry) -> None:
    """An order is claimed by a member or dispatched; how many one has at a time is limited."""
    order = city(registry, "huludao").workflows["order"]
    assert order.rules.open_claims == 3
    assert "rules" in order.assumed_keys
    for taken in ("claim", "dispatch"):
        assert walked(order, taken, "solve", "refer", "reply")[-1] == ("反馈", "replied")


def test_dandongs_four_steps(registry: Registry) -> None:
    """受理问题—分流交办—联动处置—反馈评价: the lead answers after the departments joined in."""
    chain = city(registry, "dandong").workflows["full_chain"]
    assert walked(chain, "accept", "dispatch", "co_handle", "co_handle", "reply", "rate") == [
        ("受理问题", "accepted"),
        ("分流交办", "dispatched"),
        ("联动处置", "handling"),
        ("联动处置", "handling"),
        ("反馈", "replied"),
        ("评价", "closed"),
    ]


# other cities


def test_dandong_has_32_area_centres(registry: Registry) -> None:
    """丹东's 32 centres of streets and townships are the sum of two generated entries."""
    centres = [
        item.count
        for item in city(registry, "dandong").tenant.generated
        if item.level == "area_centre"
    ]
    assert centres == [25, 7]


def test_huludao_has_three_tiers_below_the_district(registry: Registry) -> None:
    """龙港区's tiers two to four stand under the district, apart from the city's own grids."""
    found = city(registry, "huludao")
    assert chain(found, "tier_grid")[1:] == ["二级服务中心", "三级服务站", "四级网格"]
    assert chain(found, "grid")[-2:] == ["社区", "社区网格"]
    tiers = [item for item in found.tenant.generated if item.source == LONGGANG]
    assert {tuple(item.under.within) for item in tiers} == {("211403",)}
    assert [(found.hierarchy[key].rung) for key in ("grid", "tier_grid")] == [Rung.GRID, None]


def test_yinchuan_counts_from_the_street(registry: Registry) -> None:
    """银川's four names are its four levels from the street down."""
    names = ["街道党工委", "社区党委", "小区党支部", "党小组"]
    assert chain(city(registry, "yinchuan"), "party_group") == names


def test_chaoyang_merges_its_estates(registry: Registry) -> None:
    """朝阳's 417 estates end on the day on which the 175 that succeed them begin."""
    before, after = city(registry, "chaoyang").tenant.generated
    assert (before.merged_into, before.valid_to) == (after.key, after.valid_from)
    assert before.valid_to is not None


def test_categories_as_stated(registry: Registry) -> None:
    """Categories that documents name: 辽阳's three lines, 朝阳's 五联, 海东's three kinds."""
    liaoyang = [item.name for item in city(registry, "liaoyang").tenant.categories]
    chaoyang = [item.name for item in city(registry, "chaoyang").tenant.categories]
    haidong = city(registry, "haidong").tenant.categories[1]
    assert liaoyang == ["其他诉求", "城市基层治理", "农业强市建设", "壮大民营经济"]
    assert chaoyang[2:7] == [
        "党建工作联谋",
        "民生服务联抓",
        "文明风尚联育",
        "平安建设联创",
        "应急响应联动",
    ]
    assert [item.name for item in haidong.services] == [
        "应纳入但未纳入政策性兜底保障范围",
        "已纳入政策性兜底保障范围但仍需要关爱帮扶",
        "合法权益受到侵害",
    ]


def test_two_cities_have_the_parties_of_one_agreement(registry: Registry) -> None:
    """宇虹社区党支部 of 贵阳 and 马戛村党支部 of 六盘水 are declared, each in its city."""
    parties = [city(registry, slug).tenant.organizations for slug in ("guiyang", "liupanshui")]
    assert [[(item.name, item.parent) for item in items] for items in parties] == [
        [("宇虹社区党支部", "520115002002")],
        [("马戛村党支部", "520201019201")],
    ]


# support


def things(tenant: City | Province) -> list[tuple[str, Stated]]:
    """Everything in a tenant that must say what supports it."""
    found: list[tuple[str, Stated]] = [(f"level {item.key}", item) for item in tenant.levels]
    found += [
        (f"staffing {level.key}.{rule.post}", rule)
        for level in tenant.levels
        for rule in level.staffing
    ]
    found += [(f"post {item.key}", item) for item in tenant.posts]
    found += [(f"workflow {item.key}", item) for item in tenant.workflows]
    found += [(f"category {item.key}", item) for item in tenant.categories]
    found += [(f"organization {item.code}", item) for item in tenant.organizations]
    found += [(f"generated {item.key}", item) for item in tenant.generated]
    for category in tenant.categories:
        found += [
            (f"service {item.code}", item if item.source or item.assumed else category)
            for item in category.services
        ]
    for workflow in tenant.workflows:
        found += [
            (f"{workflow.key} {item.key}", item if item.source or item.assumed else workflow)
            for items in (workflow.states, workflow.actions)
            for item in items
        ]
    if isinstance(tenant, Province):
        return found + shared_things(tenant)
    found += [(f"alliance {item.key}", item) for item in tenant.alliances]
    found += [(f"way {item.key}", item) for item in tenant.ways]
    return [*found, ("cooperatives", tenant.cooperatives)]


def shared_things(province: Province) -> list[tuple[str, Stated]]:
    """What a province shares with its cities."""
    found: list[tuple[str, Stated]] = [(f"domain {item.key}", item) for item in province.domains]
    found += [(f"industry {item.key}", item) for item in province.industries]
    found += [(f"dimension {item.key}", item) for item in province.dimensions]
    found += [(f"rung {item.rung}", item) for item in province.rungs]
    found += [(f"phase {item.phase}", item) for item in province.phases]
    found += [(f"default {item.key}", item) for item in province.defaults.levels]
    found += [(f"default {item.key}", item) for item in province.defaults.posts]
    found += [(f"default {item.key}", item) for item in province.defaults.workflows]
    return found + [(f"default {item.key}", item) for item in province.defaults.categories]


SLUGS = [*FACTS, "neimenggu", "liaoning", "sichuan", "guizhou", "qinghai", "ningxia"]
TENANTS = pytest.mark.parametrize("slug", SLUGS)


def tenant(registry: Registry, slug: str) -> Definition:
    found = registry.city(slug) or registry.province(slug)
    assert found is not None
    return found


@TENANTS
def test_everything_says_what_supports_it(registry: Registry, slug: str) -> None:
    """Every level, rule, workflow, category, service and organization is stated or assumed."""
    found = things(tenant(registry, slug).tenant)
    assert [name for name, item in found if not item.source and not item.assumed] == []


@TENANTS
def test_every_value_is_stated_or_assumed(registry: Registry, slug: str) -> None:
    """Every effective value but the tenant's own names has a source or is an assumption."""
    identity = {"code", "slug", "name", "province", "abbreviation"}
    assert [
        value
        for value in tenant(registry, slug).values
        if value.path not in identity and (value.source is None) is not value.assumed
    ] == []


@TENANTS
def test_sources_are_the_four_documents(registry: Registry, slug: str) -> None:
    """Whatever is cited is one of the four documents, by its file name."""
    found = tenant(registry, slug)
    cited = {item.source for _, item in things(found.tenant)} | {v.source for v in found.values}
    assert cited <= {*DOCUMENTS, None}


@TENANTS
def test_assumed_keys_exist(registry: Registry, slug: str) -> None:
    """A key that is listed as assumed is a key of the thing."""
    assert [
        (name, key)
        for name, item in things(tenant(registry, slug).tenant)
        for key in item.assumed_keys
        if key not in {f.alias or n for n, f in type(item).model_fields.items()}
    ] == []


# what makes cities comparable


@CITIES
def test_every_division_has_a_level(registry: Registry, slug: str) -> None:
    """Each kind of statistical division below the province belongs to one level of each city."""
    hierarchy = city(registry, slug).hierarchy
    below = [kind for kind in DivisionKind if kind is not DivisionKind.PROVINCE]
    held = [kind for level in hierarchy for kind in level.divisions]
    assert sorted(held) == sorted(below)


def test_provinces_share_their_words(registry: Registry) -> None:
    """Every province names all rungs and phases, and all have the same service domains."""
    words = [item.tenant for item in registry.provinces]
    assert all(isinstance(item, Province) for item in words)
    provinces = [item for item in words if isinstance(item, Province)]
    assert [[name.rung for name in item.rungs] for item in provinces] == [list(Rung)] * 6
    assert [[name.phase for name in item.phases] for item in provinces] == [list(Phase)] * 6
    assert len({tuple(domain.key for domain in item.domains) for item in provinces}) == 1


@CITIES
def test_every_city_takes_what_no_service_names(registry: Registry, slug: str) -> None:
    """Each city has one service for all else, which anybody may ask for in free text."""
    found = city(registry, slug)
    caught = [service for _, service in found.services.values() if service.catch_all]
    assert len(caught) == 1
    assert found.catch_all is not None
    assert found.catch_all[1] is caught[0]
    assert {Role.PUBLIC, Role.RESIDENT, Role.GRID_WORKER} <= {*caught[0].audience}


def test_numbers_of_issues_tell_cities_apart(registry: Registry) -> None:
    """Numbers of no two shipped cities' issues begin alike."""
    prefixes = {item.tenant.slug: item.issue_prefix for item in registry.cities}
    assert prefixes == {
        "hulunbuir": "HLBE",
        "dalian": "DL",
        "fushun": "FS",
        "dandong": "DD",
        "yingkou": "YK",
        "liaoyang": "LY",
        "chaoyang": "CY",
        "huludao": "HLD",
        "chengdu": "CD",
        "panzhihua": "PZH",
        "guiyang": "GY",
        "liupanshui": "LPS",
        "qiandongnan": "QDN",
        "haidong": "HD",
        "yinchuan": "YC",
    }
    assert len({*prefixes.values()}) == len(prefixes)


@CITIES
def test_every_service_can_be_handled(registry: Registry, slug: str) -> None:
    """Every city has services, and each has a workflow of its city."""
    found = city(registry, slug)
    services = [service for _, service in found.services.values()]
    assert [item.code for item in services if item.workflow not in found.workflows] == []
    assert services != []


def test_the_shipped_files_are_those_of_the_package() -> None:
    """The files lie in the package, one a tenant, named by its slug."""
    names = {path.stem for kind in ("cities", "provinces") for path in (SHIPPED / kind).iterdir()}
    assert (names, Path(SHIPPED).name) == (set(SLUGS), "tenants")
