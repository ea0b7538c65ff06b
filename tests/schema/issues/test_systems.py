"""The systems that the documents tell of, each by its own steps from report to answer."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import Graph, opened
from tests.rollups import differences
from tests.schema.issues.story import GOOD, Story

DALIAN, FUSHUN, DANDONG, LIAOYANG = "210200", "210400", "210600", "211000"
CHAOYANG, HULUDAO, CHENGDU, QIANDONGNAN = "211300", "211400", "510100", "522600"
RESIDENT = "resident"


@pytest.fixture
async def graph(lived_in: str) -> AsyncIterator[Graph]:
    """The application over it; what is counted holds after every story."""
    async with opened(lived_in) as ready:
        yield ready
    assert await differences(lived_in) == []


def kinds(page: Any) -> list[str]:
    """The kinds of an issue's events, in order."""
    return [node["kind"].removeprefix("ISSUE_") for node in page["timeline"]["nodes"]]


async def test_s02_app(graph: Graph) -> None:
    """S02: a grid worker reports, the community assigns a responsible one, who resolves it."""
    story = Story(graph, FUSHUN)
    grid, above = await story.place("grid")
    worker = story.who("GRID_WORKER", grid)
    community = story.who("SECRETARY", above[-1])
    await story.report(
        worker,
        service="FS-GL-01",
        title="楼后垃圾堆积",
        organization=grid,
        answers=[{"key": "kind", "value": "垃圾堆积"}],
    )
    assert (await story.page(worker))["state"]["name"] == "待处理"
    assert await story.step(community, "assign", assignee=grid) == "已分配"
    assert await story.step(worker, "resolve") == "已解决"
    assert await story.step(community, "close") == "已办结"
    assert kinds(await story.page(worker)) == ["REPORTED", "ASSIGNED", "RESOLVED", "ADVANCED"]


async def test_s20_s21_s22_six_steps(graph: Graph) -> None:
    """S20–S22: 受理、核实、告知、上报、代办、反馈 at a station, for one of the 49 services."""
    story = Story(graph, FUSHUN)
    station, above = await story.place("station")
    resident = story.who("RESIDENT", subject=RESIDENT)
    agent = story.who("AGENT", station)
    await story.report(resident, service="FS-GL-04", title="楼道灯坏了", organization=station)
    assert (await story.page(agent))["organization"]["code"] == station
    states = [await story.step(agent, key) for key in ("accept", "verify", "inform", "submit")]
    assert states == ["已受理", "已核实", "已告知", "已上报"]
    page = await story.page(resident)
    assert page["organization"]["code"] == above[-2]  # 网格党支部; 楼道党小组 handles nothing
    assert page["lead"]["organization"]["code"] == station  # until somebody takes over
    upper = story.who("SECRETARY", above[-2])
    assert await story.step(upper, "handle") == "代办中"
    assert await story.step(upper, "reply") == "已反馈"
    assert story.steps == ["受理", "核实", "告知", "上报", "代办", "反馈"]
    assert await story.step(resident, "rate", rating=GOOD) == "已办结"
    assert (await story.page(resident))["rating"] == {"solved": "YES", "satisfied": 5}


async def test_s23_community_helps_the_agent(graph: Graph) -> None:
    """S23: an agent does the errand together with grid workers of the community."""
    story = Story(graph, FUSHUN)
    station, above = await story.place("station")
    agent, community = story.who("AGENT", station), above[-3]
    await story.report(agent, service="FS-TS-03", title="走访失独家庭", organization=station)
    for key in ("accept", "verify", "inform", "handle_directly"):
        await story.step(agent, key)
    await story.step(agent, "coordinate", coHandlers=[community])
    cadre = story.who("GRID_WORKER", community)
    secretary = story.who("SECRETARY", community)
    assert [item["key"] for item in (await story.page(cadre))["availableActions"]] == ["reply"]
    await story.step(cadre, "reply")
    assert (await story.page(secretary))["coHandlers"][0]["answeredAt"] is not None
    assert await story.step(agent, "reply") == "已反馈"


async def test_s25_mediation(graph: Graph) -> None:
    """S25: a dispute of neighbours is mediated by the grid; who reported it without a token is
    told the result by number and secret."""
    story = Story(graph, FUSHUN)
    grid, _ = await story.place("grid")
    await story.report(
        graph,
        service="FS-GL-02",
        title="楼上漏水起纠纷",
        organization=grid,
        answers=[{"key": "kind", "value": "漏水"}],
        contact={"name": "甲乙丙", "phone": "024-99000001"},
    )
    worker = story.who("GRID_WORKER", grid)
    assert await story.step(worker, "claim") == "已分配"
    assert await story.step(worker, "resolve", note="双方和解") == "已解决"
    assert (await story.page(graph))["state"]["name"] == "已解决"
    assert await story.step(graph, "rate", rating=GOOD) == "已办结"


async def test_s27_s28_four_steps(graph: Graph) -> None:
    """S27–S28: 受理问题、分流交办、联动处置、反馈评价, several departments, one lead."""
    story = Story(graph, DANDONG)
    grid, above = await story.place("grid")
    resident = story.who("RESIDENT", subject=RESIDENT)
    worker, county = story.who("GRID_WORKER", grid), story.who("SECRETARY", above[1])
    departments = [(await story.place("street"))[0], (await story.place("township"))[0]]
    await story.report(resident, service="DD-ZF-02", title="夜间路口无灯", organization=grid)
    assert await story.step(worker, "accept") == "已受理"
    assert await story.step(county, "dispatch", assignee=above[-1]) == "已交办"
    lead = story.who("SECRETARY", above[-1])
    assert await story.step(lead, "co_handle", coHandlers=departments) == "处置中"
    for department in departments:
        await story.step(story.who("SECRETARY", department), "reply")
    page = await story.page(lead)
    assert (
        [part["answeredAt"] is not None for part in page["coHandlers"]],
        page["state"]["name"],
    ) == (
        [True, True],
        "处置中",
    )
    assert await story.step(lead, "reply") == "已反馈"
    assert await story.step(resident, "rate", rating=GOOD) == "已办结"


@pytest.mark.parametrize(
    ("severity", "action", "given", "state"),
    [
        ("ORDINARY", "handle_separately", {"assignee": True}, "分散办理"),
        ("COMPLEX", "form_task_force", {"coHandlers": True}, "专班办理"),
        ("MAJOR", "storm", {"assignee": True}, "攻坚办理"),
    ],
)
async def test_s47_three_modes(
    graph: Graph, severity: str, action: str, given: dict[str, Any], state: str
) -> None:
    """S47: 一般问题分散办理、综合问题专班办理、重大问题攻坚办理, each by its severity alone."""
    story = Story(graph, CHAOYANG)
    county, _ = await story.place("county")
    street, _ = await story.place("street", under=county)
    cadre = story.who("MEMBER", county)
    secretary = story.who("SECRETARY", county)
    await story.report(
        cadre,
        service="CY-QY-01",
        title="企业用工不足",
        organization=county,
        severity=severity,
        answers=[{"key": "enterprise", "value": "虚构制造厂"}],
    )
    await story.step(secretary, "accept")
    modes = {"handle_separately", "form_task_force", "storm"}
    offered = {item["key"] for item in (await story.page(secretary))["availableActions"]}
    assert offered & modes == {action}
    named = {"assignee": street} if "assignee" in given else {"coHandlers": [street]}
    assert await story.step(secretary, action, **named) == state


async def test_s48_express_line(graph: Graph) -> None:
    """S48: what is hard to settle goes up into the line of the city's secretary and mayor."""
    story = Story(graph, CHAOYANG)
    county, above = await story.place("county")
    secretary = story.who("SECRETARY", county)
    await story.report(
        story.who("MEMBER", county),
        service="CY-QY-01",
        title="厂区道路中断",
        organization=county,
        severity="MAJOR",
        answers=[{"key": "enterprise", "value": "虚构制造厂"}],
    )
    await story.step(secretary, "accept")
    await story.step(secretary, "storm", assignee=county)
    assert await story.step(secretary, "take_express") == "纳入直通车"
    admin = story.who("CITY_ADMIN")
    page = await story.page(admin)
    assert (page["organization"]["code"], page["organization"]["level"]["key"]) == (
        above[0],
        "city",
    )
    assert await story.step(admin, "reply") == "办复"


async def test_s53_on_site(graph: Graph) -> None:
    """S53: as soon as something is the matter, the grid worker comes and settles it."""
    story = Story(graph, HULUDAO)
    grid, _ = await story.place("grid")
    worker = story.who("GRID_WORKER", grid)
    resident = story.who("RESIDENT", subject=RESIDENT)
    await story.report(resident, service="HLD-WG-01", title="老人忘带钥匙", organization=grid)
    assert await story.step(worker, "come") == "已到场"
    assert await story.step(worker, "settle") == "已办好"


async def test_s81_order_and_claim(graph: Graph) -> None:
    """S81: a resident orders, a member grabs the order, departments are told, it is solved."""
    story = Story(graph, HULUDAO)
    community, above = await story.place("community")
    resident = story.who("RESIDENT", subject=RESIDENT)
    member = story.who("MEMBER", community)
    late = story.who("MEMBER", community, subject="late")
    await story.report(
        resident,
        service="HLD-XD-01",
        title="门前街道损毁严重",
        organization=community,
        answers=[{"key": "blocked", "value": "true"}],
    )
    assert await story.step(member, "claim") == "已接单"
    refused = (await story.tried(late, "claim"))["refusals"]
    assert [item["code"] for item in refused] == ["ACTION_NOT_AVAILABLE"]
    assert await story.step(member, "solve") == "协调解决中"
    secretary = story.who("SECRETARY", community)
    await story.step(secretary, "refer", coHandlers=[above[-1]])
    assert await story.step(member, "reply") == "已反馈"
    assert await story.step(resident, "rate", rating=GOOD) == "已办结"


async def test_s82_tiers(graph: Graph) -> None:
    """S82: 四级网格 → 三级服务站 → 二级服务中心: an order goes up tier by tier."""
    story = Story(graph, HULUDAO)
    grid, above = await story.place("tier_grid")
    await story.report(
        story.who("RESIDENT", subject=RESIDENT), title="广场地砖破损", organization=grid,
        service="HLD-XD-02",
    )  # fmt: skip
    start = (await story.page(story.who("CITY_ADMIN")))["organization"]["code"]
    chain = [*above, grid]
    for place in reversed(chain[2 : chain.index(start) + 1]):
        assert await story.step(story.who("GRID_WORKER", place), "escalate") == "已下单"
    page = await story.page(story.who("CITY_ADMIN"))
    assert page["organization"]["code"] == above[1]


@pytest.mark.parametrize(
    ("city", "level", "service", "answers", "steps"),
    [
        (
            CHENGDU, "county", "CD-QY-01", ["enterprise", "park"],
            [("SECRETARY", "assign"), ("SECRETARY", "resolve")],
        ),
        (
            QIANDONGNAN, "work_group", "QDN-QY-03", ["enterprise"],
            [("MEMBER", "claim"), ("MEMBER", "resolve")],
        ),
        (
            LIAOYANG, "county", "LY-QY-02", ["enterprise"],
            [("SECRETARY", "accept"), ("SECRETARY", "assign"), ("SECRETARY", "resolve")],
        ),
    ],
)  # fmt: skip
async def test_enterprises(
    graph: Graph,
    city: str,
    level: str,
    service: str,
    answers: list[str],
    steps: list[tuple[str, str]],
) -> None:
    """S85, S88 and 辽阳: what an enterprise needs is followed until it is solved, and rated."""
    story = Story(graph, city)
    place, _ = await story.place(level)
    enterprise = story.who("RESIDENT", subject="an enterprise")
    given = [{"key": key, "value": "虚构企业"} for key in answers]
    await story.report(
        enterprise, service=service, title="需要融资对接", organization=place, answers=given
    )
    for role, action in steps:
        extra = {"assignee": place} if action == "assign" else {}
        await story.step(story.who(role, place), action, **extra)
    assert (await story.page(enterprise))["phase"] == "RESOLVED"
    await story.step(enterprise, "rate", rating={"solved": "PARTLY", "satisfied": 4})
    assert (await story.page(enterprise))["rating"] == {"solved": "PARTLY", "satisfied": 4}


async def test_s109_certificate(graph: Graph) -> None:
    """S109: the guide says who issues a certificate; who still asks is answered."""
    story = Story(graph, QIANDONGNAN)
    found = await graph.data(
        'query { city(code: "qiandongnan") { catalogue { services(search: "证明事项", first: 1) '
        "{ nodes { code questions { key required } } } } } }"
    )
    (service,) = found["city"]["catalogue"]["services"]["nodes"]
    community, _ = await story.place("community")
    worker = story.who("GRID_WORKER", community)
    resident = story.who("RESIDENT", subject=RESIDENT)
    needed = [item["key"] for item in service["questions"] if item["required"]]
    await story.report(
        resident,
        service=service["code"],
        title="居住证明由谁出具",
        organization=community,
        answers=[{"key": key, "value": "居住证明"} for key in needed],
    )
    await story.step(worker, "accept")
    await story.step(story.who("SECRETARY", community), "assign", assignee=community)
    assert await story.step(worker, "resolve", note="由派出所出具") == "已解决"


@pytest.mark.parametrize(
    ("city", "level", "service", "title"),
    [
        (FUSHUN, "station", "FS-GL-06", "S03 物业费收缴有异议"),
        (CHAOYANG, "estate", "CY-GJ-02", "S50 小区排水管堵塞"),
        (QIANDONGNAN, "community", "QDN-WY-01", "S115 小区道闸损坏"),
        (DALIAN, "community", None, "S14 小区物业无人应答"),
        (HULUDAO, "community", "HLD-XD-04", "S57 物业维修拖延"),
    ],
)
async def test_property(graph: Graph, city: str, level: str, service: str, title: str) -> None:
    """S03, S14, S50, S57, S115: residents' trouble with property is taken up where they live."""
    story = Story(graph, city)
    place, _ = await story.place(level)
    resident = story.who("RESIDENT", subject=RESIDENT)
    await story.report(resident, service=service, title=title[4:].strip(), organization=place)
    page = await story.page(resident)
    staff = story.who("SECRETARY", page["organization"]["code"])
    offered = {item["key"] for item in (await story.page(staff))["availableActions"]}
    (first,) = offered & {"accept", "claim"} or offered & {"dispatch"}
    await story.step(staff, first, **({"assignee": place} if first == "dispatch" else {}))
    assert kinds(await story.page(resident))[0] == "REPORTED"
    assert (await story.page(story.who("RESIDENT", subject="neighbour"))) is None
