"""The systems about cooperatives that the documents tell of, each from first step to sum."""

from typing import Any

from tests.conftest import Graph
from tests.schema.acting import Cast, Somebody
from tests.schema.issues.story import Story

LIAONING, DALIAN, FUSHUN, YINGKOU = "210000", "210200", "210400", "210800"
LIAOYANG, QIANDONGNAN = "211000", "522600"
HONGTOUSHAN, SHENGTAI = "210423101211", "210804102211"
COOPERATIVE = "cooperative { id code }"


async def statistics(graph: Graph, place: str, by: str, measures: str) -> Any:
    """The statistics of the cooperatives of a place, as a visitor sees them."""
    selection = (
        f"cooperativeStatistics(by: [{by}], year: 2025) {{ rows {{ city {{ name }} kind "
        f"industry {{ key }} measures {{ {measures} }} }} total {{ {measures} }} "
        "notRecorded { city { name } measures } }"
    )
    data = await graph.data(f"{{ place: {place} {{ {selection} }} }}")
    return data["place"]["cooperativeStatistics"]


async def enrolled(who: Somebody, cooperative: str, village: str, **more: Any) -> str:
    """A new household of a village joins a cooperative; the membership's id."""
    head = {"name": "李示例"}
    household = {"organization": village, "head": head, **more.pop("household", {})}
    payload = await who.does(
        "enrolHousehold",
        "membership { id }",
        cooperative=cooperative,
        newHousehold=household,
        **more,
    )
    return str(payload["membership"]["id"])


async def test_s06_branch_cooperative_households(cast: Cast) -> None:
    """S06: a village's branch leads a cooperative, households join, and their gain is counted."""
    branch = cast.secretary(FUSHUN, HONGTOUSHAN)
    made = await branch.does(
        "foundCooperative",
        COOPERATIVE,
        city=FUSHUN,
        name="示例中药材合作社",
        kind="COOPERATIVE",
        leader=HONGTOUSHAN,
        village=HONGTOUSHAN,
        industry="herbs",
        products=["黄芪", "人参"],
        foundedOn="2024-03-01",
    )
    cooperative = made["cooperative"]["id"]
    for land in ("3.5", "2"):
        await enrolled(branch, cooperative, HONGTOUSHAN, since="2024-04-01", land=land)
    await branch.does(
        "recordResult",
        "result { year }",
        cooperative=cooperative,
        year=2025,
        revenue="160000",
        meanHouseholdGain="8000",
        households=2,
    )
    code = made["cooperative"]["code"]
    page = (
        "name industry products householdCount leader { code ancestors { name } } "
        "results { year meanHouseholdGain households }"
    )
    seen = await cast.visitor(FUSHUN).sees(
        f"cooperative(code: $code) {{ {page} }}", code=("ID!", code)
    )
    found = seen["cooperative"]
    assert [name["name"] for name in found["leader"].pop("ancestors")][:1] == ["抚顺市"]
    assert found == {
        "name": "示例中药材合作社",
        "industry": "中药材",
        "products": ["黄芪", "人参"],
        "householdCount": 2,
        "leader": {"code": HONGTOUSHAN},
        "results": [{"year": 2025, "meanHouseholdGain": "8000.00", "households": 2}],
    }
    village = f'city(code: "{FUSHUN}") {{ x: organization(code: "{HONGTOUSHAN}")'
    walk = await branch.graph.data(
        f"{{ {village} {{ cooperatives(first: 5) {{ nodes {{ code "
        "memberships { nodes { land household { head { name } "
        "memberships { nodes { cooperative { code leader { code } } } } } } } } } } } }"
    )
    (own,) = [c for c in walk["city"]["x"]["cooperatives"]["nodes"] if c["code"] == code]
    (first, second) = own["memberships"]["nodes"]
    assert {first["land"], second["land"]} == {"3.500", "2.000"}
    back = first["household"]["memberships"]["nodes"]
    assert [item["cooperative"] for item in back] == [
        {"code": code, "leader": {"code": HONGTOUSHAN}}
    ]
    measures = "cooperatives households meanHouseholdGain"
    counted = await statistics(cast.graph, f'province(code: "{LIAONING}")', "CITY", measures)
    (row,) = [row for row in counted["rows"] if row["city"]["name"] == "抚顺市"]
    assert row["measures"]["households"] == 2
    assert row["measures"]["meanHouseholdGain"] == "8000.00"


async def test_s07_sales_by_channel(cast: Cast) -> None:
    """S07: a branch's team sells by live streaming; sales are recorded by channel and product."""
    branch = cast.secretary(FUSHUN, HONGTOUSHAN)
    made = await branch.does(
        "foundCooperative",
        COOPERATIVE,
        city=FUSHUN,
        name="示例电商合作社",
        kind="VILLAGE_ENTERPRISE",
        leader=HONGTOUSHAN,
        industry="e_commerce",
        products=[],
        foundedOn="2020-01-01",
    )
    sales = [
        {"channel": "直播带货", "product": "黄芪", "amount": "300000"},
        {"channel": "网店", "product": "人参", "amount": "200000.50"},
    ]
    payload = await branch.does(
        "recordResult",
        "result { year onlineSales sales { channel product amount } }",
        cooperative=made["cooperative"]["id"],
        year=2025,
        sales=sales,
    )
    result = payload["result"]
    assert result["onlineSales"] == "500000.50"
    assert [item["channel"] for item in result["sales"]] == ["直播带货", "网店"]


async def test_s15_alliance_of_cooperatives_and_enterprises(cast: Cast) -> None:
    """S15: an enterprise of the directory and a cooperative are matched and deal to the end."""
    admin = cast.admin(DALIAN)
    (village, *_) = await cast.places(DALIAN, "village")
    branch = cast.secretary(DALIAN, village["code"])
    made = await branch.does(
        "foundCooperative",
        COOPERATIVE,
        city=DALIAN,
        name="示例苹果合作社",
        kind="COOPERATIVE",
        leader=village["code"],
        industry="fruit",
        products=["苹果"],
    )
    cooperative = made["cooperative"]["id"]
    enterprise = (
        await admin.does(
            "registerEnterprise",
            "enterprise { id }",
            city=DALIAN,
            name="示例果品公司",
            organization=village["ancestors"][1]["code"],
        )
    )["enterprise"]["id"]
    post = "posting { id matches { score reasons { __typename } posting { id } } }"
    supply = await branch.does(
        "postSupplyOrDemand",
        post,
        cooperative=cooperative,
        kind="SUPPLY",
        product="苹果",
        quantity="50",
        unit="吨",
    )
    demand = await admin.does(
        "postSupplyOrDemand",
        post,
        enterprise=enterprise,
        kind="DEMAND",
        product="苹果",
        quantity="30",
        unit="吨",
    )
    matches = demand["posting"]["matches"]
    assert [match["posting"]["id"] for match in matches] == [supply["posting"]["id"]]
    assert 0 < matches[0]["score"] <= 1
    assert len(matches[0]["reasons"]) >= 3
    meeting = await admin.does(
        "holdMatchingEvent",
        "matchingEvent { id intents }",
        city=DALIAN,
        organization=village["ancestors"][1]["code"],
        title="示例项目对接会",
        heldOn="2026-03-01",
    )
    event = meeting["matchingEvent"]["id"]
    deal = (
        await branch.does(
            "proposeDeal",
            "deal { id state }",
            cooperative=cooperative,
            enterprise=enterprise,
            supply=supply["posting"]["id"],
            demand=demand["posting"]["id"],
            matchingEvent=event,
        )
    )["deal"]
    for to, more in (
        ("INTENDED", {}),
        ("CONTRACTED", {"amount": "90000"}),
        ("DELIVERED", {"collectiveIncome": "20000", "householdIncome": "60000"}),
        ("SETTLED", {}),
    ):
        deal = (
            await branch.does("advanceDeal", "deal { id state }", deal=deal["id"], to=to, **more)
        )["deal"]
    assert deal["state"] == "SETTLED"
    page = await cast.visitor(DALIAN).sees(
        "enterprises(search: $text) { nodes { name deals { nodes { state amount } } } } "
        "matchingEvents { nodes { title intents } }",
        text=("String", "示例果品"),
    )
    assert page["enterprises"]["nodes"] == [
        {"name": "示例果品公司", "deals": {"nodes": [{"state": "SETTLED", "amount": "90000.00"}]}}
    ]
    assert {"title": "示例项目对接会", "intents": 1} in page["matchingEvents"]["nodes"]
    measures = "deals dealAmount dealCollectiveIncome dealHouseholdIncome"
    counted = await statistics(cast.graph, f'city(code: "{DALIAN}")', "KIND", measures)
    assert counted["total"] == {
        "deals": 1,
        "dealAmount": "90000.00",
        "dealCollectiveIncome": "20000.00",
        "dealHouseholdIncome": "60000.00",
    }


async def test_s16_zones_and_committees_of_a_village(cast: Cast) -> None:
    """S16: a village's responsibility zones, its county's joint committees, and what it runs."""
    (zone, *_) = await cast.places(DALIAN, "prosperity_zone")
    village = zone["ancestors"][-1]["code"]
    branch = cast.secretary(DALIAN, village)
    for kind, name in (("COOPERATIVE", "示例合作社"), ("VILLAGE_ENTERPRISE", "示例村办企业")):
        await branch.does(
            "foundCooperative",
            COOPERATIVE,
            city=DALIAN,
            name=name,
            kind=kind,
            leader=village,
            industry="vegetables",
            products=["番茄"],
        )
    seen = await cast.visitor(DALIAN).sees(
        'organization(code: $code) { descendants(level: "prosperity_zone", first: 1) '
        "{ nodes { code } } cooperatives { nodes { kind name } } }",
        code=("ID!", village),
    )
    found = seen["organization"]["cooperatives"]["nodes"]
    assert {"kind": "VILLAGE_ENTERPRISE", "name": "示例村办企业"} in found
    assert {"kind": "COOPERATIVE", "name": "示例合作社"} in found
    assert len(seen["organization"]["descendants"]["nodes"]) == 1
    assert await cast.places(DALIAN, "joint_committee", under=zone["ancestors"][1]["code"]) != []


async def test_s18_weak_villages_are_cleared(cast: Cast) -> None:
    """S18: villages are listed as weak, supported with money, and cleared one by one."""
    admin = cast.admin(DALIAN)
    villages = (await cast.places(DALIAN, "village"))[:2]
    listed = [
        (
            await admin.does(
                "listWeakVillage",
                "weakVillage { id }",
                city=DALIAN,
                organization=village["code"],
                listedOn="2025-01-01",
            )
        )["weakVillage"]["id"]
        for village in villages
    ]
    for village in listed:
        await admin.does("supportVillage", "weakVillage { id }", village=village, amount="950000")
    await admin.does("clearVillage", "weakVillage { id }", village=listed[0], on="2026-01-01")
    page = "weakVillages(cleared: false) { nodes { organization { code } support } totalCount }"
    assert await cast.visitor(DALIAN).sees(page) == {
        "weakVillages": {
            "nodes": [{"organization": {"code": villages[1]["code"]}, "support": "950000.00"}],
            "totalCount": 1,
        }
    }


async def test_s33_audit_of_village_projects(cast: Cast) -> None:
    """S33: a village's project goes 大排查、精把脉、强整顿 on the engine of issues."""
    story = Story(cast.graph, YINGKOU)
    county = (await story.place("county"))[0]
    lead = story.who("SECRETARY", county)
    admin = story.who("CITY_ADMIN")
    await story.report(
        admin,
        service="YK-XM-01",
        title="示例村冷库项目",
        organization=SHENGTAI,
        answers=[
            {"key": "project", "value": "示例冷库"},
            {"key": "state", "value": "停工或停业"},
        ],
    )
    assert (await story.page(admin))["state"]["name"] == "大排查"
    assert await story.step(admin, "diagnose") == "精把脉"
    assert await story.step(admin, "guarantee", assignee=county) == "强整顿"
    listing = (
        'issues(where: {service: "YK-XM-01", state: $state}) { totalCount nodes '
        "{ number lead { organization { code } } } }"
    )
    yingkou = Somebody(admin, YINGKOU)
    rectified = await yingkou.sees(listing, state=("String", "rectifying"))
    assert rectified["issues"]["totalCount"] == 1
    assert rectified["issues"]["nodes"][0]["lead"]["organization"]["code"] == county
    evidence = ["https://files.invalid/repair.jpg"]
    assert await story.step(lead, "resolve", evidence=evidence) == "问题已解决"
    assert await story.step(lead, "close") == "核查办结"
    assert story.steps == ["精把脉", "逐项包保", "协调解决", "办结"]


async def test_s34_collective_assets_are_traded(cast: Cast) -> None:
    """S34: what villages own is traded; deals, amount and premium add up."""
    branch = cast.secretary(YINGKOU, SHENGTAI)
    for reserve, price in (("10000", "12500.50"), ("20000", "20000")):
        await branch.does(
            "recordAssetTrade",
            "assetTrade { premium }",
            city=YINGKOU,
            organization=SHENGTAI,
            asset="示例机动地承包权",
            reservePrice=reserve,
            dealPrice=price,
            tradedOn="2025-11-01",
        )
    measures = "assetTrades assetAmount assetPremium"
    counted = await statistics(cast.graph, f'city(code: "{YINGKOU}")', "CITY", measures)
    assert counted["total"] == {
        "assetTrades": 2,
        "assetAmount": "32500.50",
        "assetPremium": "2500.50",
    }
    refused = await cast.secretary(FUSHUN, HONGTOUSHAN).is_refused(
        "recordAssetTrade",
        "assetTrade { id }",
        city=FUSHUN,
        organization=SHENGTAI,
        asset="别市资产",
        dealPrice="1",
    )
    assert refused == ["ORGANIZATION_UNKNOWN"]


async def test_s35_union_and_people(cast: Cast) -> None:
    """S35: a union of cooperatives, in a city that counts people where others count households."""
    branch = cast.secretary(YINGKOU, SHENGTAI)
    made = [
        (
            await branch.does(
                "foundCooperative",
                COOPERATIVE,
                city=YINGKOU,
                name=name,
                kind=kind,
                leader=SHENGTAI,
                industry="grape",
                products=["葡萄"],
            )
        )["cooperative"]
        for name, kind in (("示例葡萄联合社", "UNION"), ("示例葡萄合作社", "COOPERATIVE"))
    ]
    union, member = made
    await branch.does(
        "joinUnion", "cooperative { id }", union=union["id"], cooperative=member["id"]
    )
    for people in (3, 4):
        await enrolled(branch, member["id"], SHENGTAI, household={"people": people})
    seen = await cast.visitor(YINGKOU).sees(
        "cooperative(code: $code) { kind members { name peopleCount } }",
        code=("ID!", union["code"]),
    )
    assert seen["cooperative"] == {
        "kind": "UNION",
        "members": [{"name": "示例葡萄合作社", "peopleCount": 7}],
    }
    province = f'province(code: "{LIAONING}")'
    counted = await statistics(cast.graph, province, "CITY", "households people")
    measured = {row["city"]["name"]: row["measures"] for row in counted["rows"]}
    assert measured["营口市"]["people"] == 7
    assert measured["抚顺市"]["people"] is None
    unrecorded = {item["city"]["name"]: item["measures"] for item in counted["notRecorded"]}
    assert "PEOPLE" in unrecorded["抚顺市"]
    assert "PEOPLE" not in unrecorded.get("营口市", [])


async def test_s92_association_and_its_members(cast: Cast) -> None:
    """S92: an association of a county stands for its members' online sales, as reported."""
    seen = await cast.visitor(QIANDONGNAN).sees(
        'cooperatives(where: {search: "电子商务"}) { nodes { name kind dataKind leader { name } '
        "results { year onlineSales approximate dataKind source } } }"
    )
    assert seen["cooperatives"]["nodes"] == [
        {
            "name": "锦屏县电子商务发展协会",
            "kind": "UNION",
            "dataKind": "REPORTED",
            "leader": {"name": "锦屏县"},
            "results": [
                {
                    "year": 2024,
                    "onlineSales": "40000000.00",
                    "approximate": True,
                    "dataKind": "REPORTED",
                    "source": "003_1d95dd54681f5119.txt",
                }
            ],
        }
    ]
