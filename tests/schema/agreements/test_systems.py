"""The systems about agreements that the documents tell of, each by its own steps."""

from typing import Any

from tests.schema.acting import Cast, Somebody

DALIAN, FUSHUN, CHAOYANG, HULUDAO = "210200", "210400", "211300", "211400"
HULUNBUIR, PANZHIHUA, GUIYANG = "150700", "510400", "520100"
LIUPANSHUI, QIANDONGNAN = "520200", "522600"
YUHONG, MAJIA = "520115002002", "520201019201"
AGREEMENT = "agreement { id contentHash state revision }"
LONGGANG = "211403"


def commitment(dimension: str, text: str, **more: Any) -> dict[str, Any]:
    """A commitment of all parties, or of the one whose number is `owner`."""
    return {"dimension": dimension, "text": text, **more}


async def proposed(cast: Cast, city: str, codes: list[str], **given: Any) -> dict[str, Any]:
    """An agreement of organizations of one city that every party has signed."""
    first, *others = (cast.secretary(city, code) for code in codes)
    parties = [{"city": city, "organization": code} for code in codes[1:]]
    made = (
        await first.does(
            "proposeAgreement",
            AGREEMENT,
            city=city,
            organization=codes[0],
            parties=parties,
            **given,
        )
    )["agreement"]
    signed: dict[str, Any] = made
    for who, code in zip((first, *others), codes, strict=True):
        signed = await sign(who, made["id"], made["contentHash"], code)
    assert signed["state"] == "ACTIVE"
    return signed


async def sign(who: Somebody, agreement: str, content_hash: str, party: str) -> dict[str, Any]:
    """What an agreement is after a party has signed it."""
    payload = await who.does(
        "signAgreement", AGREEMENT, agreement=agreement, contentHash=content_hash, party=party
    )
    found: dict[str, Any] = payload["agreement"]
    return found


async def delivered(who: Somebody, other: Somebody, agreement: str, key: str, **given: Any) -> None:
    """One party records something, and another one confirms it."""
    payload = await who.does(
        "recordDelivery", "deliveryId", agreement=agreement, commitment=key, **given
    )
    await other.does("confirmDelivery", "deliveryId", delivery=payload["deliveryId"])


async def agreement(who: Somebody, id_: str, selection: str) -> Any:
    """What somebody sees of an agreement of the own city."""
    data = await who.sees(f"agreement(id: $id) {{ {selection} }}", id=("ID!", id_))
    return data["agreement"]


async def test_s03_red_property(cast: Cast) -> None:
    """S03: the party branch of a property firm and a community build together, and say how far."""
    (branch, *_) = await cast.places(FUSHUN, "property")
    community = branch["ancestors"][-1]["code"]
    signed = await proposed(
        cast,
        FUSHUN,
        [community, branch["code"]],
        title="红色物业共建",
        dimensions=["party"],
        commitments=[
            commitment("party", "电梯加装", owner=2, quantity="3", unit="个"),
        ],
    )
    firm, over = cast.secretary(FUSHUN, branch["code"]), cast.secretary(FUSHUN, community)
    await delivered(firm, over, signed["id"], "c1", deliveredOn="2026-03-01", quantity="3")
    done = await agreement(over, signed["id"], "commitments { progress { done rate status } }")
    assert done["commitments"] == [{"progress": {"done": "3", "rate": 1.0, "status": "FULFILLED"}}]


async def test_s12_town_and_country(cast: Cast) -> None:
    """S12: a community of 新抚区 helps a village of 清原县; the city lists its pairings by area."""
    (community, *_) = await cast.places(FUSHUN, "community", under="210402")
    (village, *_) = await cast.places(FUSHUN, "village", under="210423")
    await proposed(
        cast,
        FUSHUN,
        [community["code"], village["code"]],
        title="示例城乡党建结对共建",
        dimensions=["e_commerce", "tourism"],
        commitments=[commitment("e_commerce", "培训电商人员", owner=1)],
    )
    seen = await cast.visitor(FUSHUN).sees(
        "agreements(where: {dimension: $key, text: $text}) "
        "{ nodes { title crossCity parties { name role } commitments { progress { status } } } }",
        key=("String", "e_commerce"),
        text=("String", "示例城乡"),
    )
    assert seen["agreements"]["nodes"] == [
        {
            "title": "示例城乡党建结对共建",
            "crossCity": False,
            "parties": [
                {"name": community["name"], "role": "INITIATOR"},
                {"name": village["name"], "role": "PARTNER"},
            ],
            "commitments": [{"progress": {"status": "NO_TARGET"}}],
        }
    ]


async def test_s17_seconded_cadres_and_their_projects(cast: Cast) -> None:
    """S17: a cadre is sent to a village, and a pairing brings money that is counted."""
    (village, *_) = await cast.places(DALIAN, "village")
    county = village["ancestors"][1]["code"]
    admin = cast.admin(DALIAN)
    await admin.does(
        "appoint",
        "post { id }",
        city=DALIAN,
        organization=village["code"],
        kind="seconded_cadre",
        newPerson={"name": "李示例"},
    )
    signed = await proposed(
        cast,
        DALIAN,
        [county, village["code"]],
        title="示例结对共建项目",
        dimensions=["industry"],
        commitments=[
            commitment("industry", "投入资金", owner=1, quantity="500000", unit="元"),
        ],
    )
    above, branch = cast.secretary(DALIAN, county), cast.secretary(DALIAN, village["code"])
    given = {"deliveredOn": "2026-02-01", "quantity": "350000", "funds": "350000"}
    await delivered(above, branch, signed["id"], "c1", **given)
    counted = await cast.visitor(DALIAN).sees(
        "agreementStatistics(by: [STATE], where: {text: $text}) "
        "{ rows { state measures { agreements funds } } total { deliveredShare } }",
        text=("String", "示例结对共建项目"),
    )
    assert counted["agreementStatistics"] == {
        "rows": [{"state": "ACTIVE", "measures": {"agreements": 1, "funds": "350000.00"}}],
        "total": {"deliveredShare": 0.0},
    }


WAYS = ("joint_planning", "joint_livelihood", "joint_civility", "joint_safety", "joint_emergency")


async def test_s46_s77_five_ways_of_an_enlarged_committee(cast: Cast) -> None:
    """S46, S77: the members of a street's 大工委 meet, and work together in the five ways."""
    (community, *_) = await cast.places(CHAOYANG, "community", under="211302001")
    street = community["ancestors"][-1]
    members = (await cast.places(CHAOYANG, "community", under=street["code"]))[:3]
    codes = [street["code"], *(item["code"] for item in members)]
    signed = await proposed(
        cast, CHAOYANG, codes, title="示例街道大工委", alliance="street_committee"
    )
    secretary = cast.secretary(CHAOYANG, street["code"])
    activity = {"agreement": signed["id"], "heldOn": "2026-03-02", "subject": "联席会商"}
    await secretary.does("recordActivity", AGREEMENT, kind="MEETING", **activity)
    for number, way in enumerate(WAYS):
        await secretary.does(
            "recordActivity",
            AGREEMENT,
            kind="ACTIVITY",
            way=way,
            parties=[1, 2],
            solved=number,
            funds="1000",
            **activity,
        )
    refused = await secretary.is_refused(
        "recordActivity", AGREEMENT, kind="ACTIVITY", way="sixth", **activity
    )
    assert refused == ["WAY_UNKNOWN"]
    seen = await agreement(
        secretary, signed["id"], "alliance { name } meetings activities { nodes { way { name } } }"
    )
    assert (seen["alliance"]["name"], seen["meetings"]) == ("街道大工委", 1)
    names = {node["way"]["name"] for node in seen["activities"]["nodes"] if node["way"]}
    assert names == {"党建工作联谋", "民生服务联抓", "文明风尚联育", "平安建设联创", "应急响应联动"}
    counted = await cast.visitor(CHAOYANG).sees(
        'agreementStatistics(by: [ALLIANCE], where: {alliance: "street_committee", '
        'text: "示例街道"}) { rows { alliance { name } '
        "measures { agreements activities meetings solved funds } } }"
    )
    (row,) = counted["agreementStatistics"]["rows"]
    assert row["measures"] == {
        "agreements": 1,
        "activities": 6,
        "meetings": 1,
        "solved": 10,
        "funds": "5000.00",
    }


async def test_s76_alliance_of_streets_communities_and_units(cast: Cast) -> None:
    """S76: a 公益党建联盟 of several streets and communities settles problems together."""
    streets = (await cast.places(HULUDAO, "street", under=LONGGANG))[:2]
    (community, *_) = await cast.places(HULUDAO, "community", under=LONGGANG)
    codes = [*(item["code"] for item in streets), community["code"]]
    signed = await proposed(
        cast, HULUDAO, codes, title="示例公益党建联盟", alliance="charity_alliance"
    )
    secretary = cast.secretary(HULUDAO, codes[0])
    await secretary.does(
        "recordActivity",
        AGREEMENT,
        agreement=signed["id"],
        kind="ACTIVITY",
        subject="照料社区孤寡老人",
        heldOn="2026-03-01",
        parties=[1, 3],
        solved=6,
    )
    seen = await agreement(
        secretary, signed["id"], "parties { name } activities { nodes { solved parties { name } } }"
    )
    names = [party["name"] for party in seen["parties"]]
    assert names == [*(item["name"] for item in streets), community["name"]]
    assert seen["activities"]["nodes"] == [
        {"solved": 6, "parties": [{"name": names[0]}, {"name": names[2]}]}
    ]


async def test_s83_two_committees_of_a_city(cast: Cast) -> None:
    """S83: the committees of the police and of a hospital hold lectures and clinics together."""
    codes = ["150700-GAJ", "150700-DSYY"]
    signed = await proposed(
        cast,
        HULUNBUIR,
        codes,
        title="示例党建共建",
        dimensions=["livelihood"],
        commitments=[commitment("livelihood", "讲座义诊", owner=2)],
    )
    hospital = cast.secretary(HULUNBUIR, codes[1])
    for subject in ("讲座", "义诊"):
        await hospital.does(
            "recordActivity",
            AGREEMENT,
            agreement=signed["id"],
            kind="ACTIVITY",
            subject=subject,
            heldOn="2026-03-10",
        )
    seen = await agreement(
        cast.secretary(HULUNBUIR, codes[0]),
        signed["id"],
        "activities { nodes { subject heldOn parties { name } } totalCount }",
    )
    assert seen["activities"]["totalCount"] == 2
    assert {node["subject"] for node in seen["activities"]["nodes"]} == {"讲座", "义诊"}


async def test_s87_theme_day(cast: Cast) -> None:
    """S87: organs of a city hold a theme day at several sites, with an award ceremony."""
    estate, organ = "510402010004-TYW", "510400-SZJG"
    signed = await proposed(
        cast,
        PANZHIHUA,
        [organ, estate],
        title="示例主题党日",
        dimensions=["party"],
    )
    secretary = cast.secretary(PANZHIHUA, organ)
    for subject in ("主题党日示范活动", "“四强”党支部授牌仪式"):
        await secretary.does(
            "recordActivity",
            AGREEMENT,
            agreement=signed["id"],
            kind="ACTIVITY",
            subject=subject,
            heldOn="2026-03-11",
            parties=[2],
        )
    seen = await agreement(
        secretary, signed["id"], "activities { nodes { subject parties { name } } }"
    )
    sites = {node["subject"]: node["parties"][0]["name"] for node in seen["activities"]["nodes"]}
    assert sites == dict.fromkeys(("主题党日示范活动", "“四强”党支部授牌仪式"), "天悦湾小区")


async def test_s88_group_service_by_area_of_help(cast: Cast) -> None:
    """S88: a work group serves an area's enterprises; what it helped with is told by area."""
    (group, *_) = await cast.places(QIANDONGNAN, "work_group")
    (county, *_) = await cast.places(QIANDONGNAN, "county")
    signed = await proposed(
        cast,
        QIANDONGNAN,
        [group["code"], county["code"]],
        title="示例组团式服务",
        dimensions=["industry"],
        commitments=[
            commitment("industry", text, owner=1, quantity="2", unit="次")
            for text in ("政策申报", "企业招工", "供水供气保障")
        ],
    )
    ours, theirs = (cast.secretary(QIANDONGNAN, item["code"]) for item in (group, county))
    await delivered(ours, theirs, signed["id"], "c2", deliveredOn="2026-03-01", quantity="1")
    seen = await agreement(ours, signed["id"], "commitments { text progress { done rate status } }")
    helped = {item["text"]: item["progress"] for item in seen["commitments"]}
    assert helped == {
        "政策申报": {"done": "0", "rate": 0.0, "status": "NOT_STARTED"},
        "企业招工": {"done": "1", "rate": 0.5, "status": "IN_PROGRESS"},
        "供水供气保障": {"done": "0", "rate": 0.0, "status": "NOT_STARTED"},
    }


DOCUMENT = """agreementId title state version agreedVersion contentHash facilitator crossCity
source dataKind parties { city { code name } code name role organization { name } signedAt }
dimensions { name } commitments { key dimension { name } owner { name } text
target { quantity unit every } dueOn progress { status } }"""


async def test_s93_one_agreement_two_copies(cast: Cast) -> None:
    """S93: both cities see their copy of the documents' agreement, and of each other no more."""
    copies = {}
    for city, code in ((GUIYANG, YUHONG), (LIUPANSHUI, MAJIA)):
        found = await cast.secretary(city, code).sees(f"agreements {{ nodes {{ {DOCUMENT} }} }}")
        (copies[city],) = [a for a in found["agreements"]["nodes"] if a["dataKind"] == "REPORTED"]
    ours, theirs = copies[GUIYANG], copies[LIUPANSHUI]
    organizations = [
        [party.pop("organization") for party in copy["parties"]] for copy in (ours, theirs)
    ]
    assert organizations == [[{"name": "宇虹社区党支部"}, None], [None, {"name": "马戛村党支部"}]]
    assert ours == theirs
    assert [item["name"] for item in ours["dimensions"]] == ["党建", "产业", "教育", "民生"]
    assert [party["signedAt"] for party in ours["parties"]] == [None, None]
    assert (ours["state"], ours["crossCity"]) == ("ACTIVE", True)
    counted = await cast.graph.data(
        """{ province(code: "520000") {
          agreementStatistics(by: [CITY_PAIR], where: { crossCity: true }) {
          rows { cityPair { a { name } b { name } } measures { agreements crossCity } }
          total { agreements } } } }"""
    )
    assert counted["province"]["agreementStatistics"] == {
        "rows": [
            {
                "cityPair": {"a": {"name": "贵阳市"}, "b": {"name": "六盘水市"}},
                "measures": {"agreements": 1, "crossCity": 1},
            }
        ],
        "total": {"agreements": 1},
    }


async def _documents(cast: Cast) -> dict[str, Any]:
    """The documents' agreement, as 马戛村 sees it."""
    village = cast.secretary(LIUPANSHUI, MAJIA)
    found = await village.sees(f"agreements {{ nodes {{ id {DOCUMENT} }} }}")
    (one,) = [a for a in found["agreements"]["nodes"] if a["dataKind"] == "REPORTED"]
    own: dict[str, Any] = one
    return own


async def _id_in(cast: Cast, city: str, code: str) -> str:
    found = await cast.secretary(city, code).sees("agreements { nodes { id dataKind } }")
    (id_,) = [a["id"] for a in found["agreements"]["nodes"] if a["dataKind"] == "REPORTED"]
    return str(id_)


async def test_s94_point_of_sale(cast: Cast) -> None:
    """S94: the community sets up a point of sale, and the village, in its copy, confirms it."""
    document = await _documents(cast)
    keys = {item["text"]: item for item in document["commitments"]}
    (sale,) = [item for text, item in keys.items() if "销售点" in text]
    assert (sale["dimension"]["name"], sale["owner"]["name"]) == ("产业", "宇虹社区党支部")
    community = cast.secretary(GUIYANG, YUHONG)
    own = await _id_in(cast, GUIYANG, YUHONG)
    await community.does(
        "recordDelivery",
        "deliveryId",
        agreement=own,
        commitment=sale["key"],
        deliveredOn="2026-03-01",
        text="便民服务中心已设销售点",
        evidence=["https://files.invalid/point.jpg"],
    )
    village = cast.secretary(LIUPANSHUI, MAJIA)
    asked = f'deliveries(commitment: "{sale["key"]}")'
    copy = await agreement(village, document["id"], f"{asked} {{ nodes {{ id text state }} }}")
    (delivery,) = copy["deliveries"]["nodes"]
    assert (delivery["text"], delivery["state"]) == ("便民服务中心已设销售点", "RECORDED")
    await village.does("confirmDelivery", "deliveryId", delivery=delivery["id"])
    back = await agreement(community, own, f"{asked} {{ nodes {{ state answeredBy {{ name }} }} }}")
    assert back["deliveries"]["nodes"] == [
        {"state": "CONFIRMED", "answeredBy": {"name": "马戛村党支部"}}
    ]


async def test_s95_visits_of_the_year(cast: Cast) -> None:
    """S95: of two visits a year one is done and confirmed: half of this year's target."""
    document = await _documents(cast)
    (visits,) = [item for item in document["commitments"] if "研学互访" in item["text"]]
    assert visits["target"] == {"quantity": "2", "unit": "次", "every": "YEAR"}
    village, community = cast.secretary(LIUPANSHUI, MAJIA), cast.secretary(GUIYANG, YUHONG)
    payload = await village.does(
        "recordDelivery",
        "deliveryId",
        agreement=document["id"],
        commitment=visits["key"],
        deliveredOn="2026-03-02",
        quantity="1",
    )
    refused = await village.is_refused(
        "confirmDelivery", "deliveryId", delivery=payload["deliveryId"]
    )
    assert refused != []
    own = await _id_in(cast, GUIYANG, YUHONG)
    seen = await agreement(
        community, own, "deliveries(state: RECORDED) { nodes { id commitmentKey } }"
    )
    (delivery,) = [
        node for node in seen["deliveries"]["nodes"] if node["commitmentKey"] == visits["key"]
    ]
    await community.does("confirmDelivery", "deliveryId", delivery=delivery["id"])
    after = await agreement(
        village,
        document["id"],
        "commitments { key progress { done target rate status years { year done } } }",
    )
    (progress,) = [c["progress"] for c in after["commitments"] if c["key"] == visits["key"]]
    assert progress == {
        "done": "1",
        "target": "2",
        "rate": 0.5,
        "status": "IN_PROGRESS",
        "years": [{"year": 2026, "done": "1"}],
    }


async def test_s96_care_without_names(cast: Cast) -> None:
    """S96: packages and files are promised without targets, counted when given, and name nobody."""
    document = await _documents(cast)
    promised = [item for item in document["commitments"] if item["dimension"]["name"] == "民生"]
    assert len(promised) >= 4
    assert {item["target"] for item in promised} == {None}
    (packages,) = [item for item in promised if "新生礼包" in item["text"]]
    community, own = cast.secretary(GUIYANG, YUHONG), await _id_in(cast, GUIYANG, YUHONG)
    given = {"deliveredOn": "2026-03-03", "quantity": "12", "funds": "3600"}
    payload = await community.does(
        "recordDelivery", "deliveryId", agreement=own, commitment=packages["key"], **given
    )
    assert payload["deliveryId"] is not None
    village = cast.secretary(LIUPANSHUI, MAJIA)
    seen = await agreement(
        village,
        document["id"],
        'deliveries(commitment: "' + packages["key"] + '") { nodes { quantity funds } }',
    )
    assert seen["deliveries"]["nodes"] == [{"quantity": "12", "funds": "3600.00"}]
