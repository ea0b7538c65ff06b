"""What documents state of single agreements."""

import json
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from schema.agreements.content import content_hash
from seeds.agreements import load_agreements
from seeds.load import load
from seeds.parts import pending
from server.prepare import apply_tenants
from tenants.definition import Definition
from tests.conftest import NOW, NewDatabase, load_all, run_sql
from tests.seeds.cities import GUIYANG, GUIZHOU, SOUTHWEST
from tests.seeds.test_cooperatives import fetched

TABLES = (
    "agreement",
    "agreement_version",
    "agreement_party",
    "agreement_delivery",
    "agreement_activity",
)
EMPTY = {"quantity": None, "unit": None, "every": None, "dueOn": None}


def commitments(*given: tuple[str, int | None, str]) -> list[dict[str, Any]]:
    """Commitments without a quantity: dimension, owner and text of each."""
    return [
        {"key": f"c{number}", "dimension": dimension, "owner": owner, "text": text, **EMPTY}
        for number, (dimension, owner, text) in enumerate(given, start=1)
    ]


def parties(*given: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    """Parties by city, name of the city, code and name."""
    names = ("city", "cityName", "code", "name")
    return [
        {"number": number, **dict(zip(names, one, strict=True)), "role": "PARTNER"}
        for number, one in enumerate(given, start=1)
    ]


BETWEEN_CITIES: dict[str, Any] = {
    "title": "党建联建协议书",
    "alliance": None,
    "facilitator": "贵州省委社会工作部驻村工作队",
    "parties": parties(
        ("520100", "贵阳市", "520115002002-DZB", "宇虹社区党支部"),
        ("520200", "六盘水市", "520201019201-DZB", "马戛村党支部"),
    ),
    "dimensions": [
        {"key": "party", "name": "党建"},
        {"key": "industry", "name": "产业"},
        {"key": "education", "name": "教育"},
        {"key": "livelihood", "name": "民生"},
    ],
    "workingGroup": [
        {"party": number, "duty": "实行“1+3”党建联建机制", "title": "党建联建工作组"}
        for number in (1, 2)
    ],
    "commitments": commitments(
        ("party", None, "成立党建联建工作组,实行“1+3”党建联建机制"),
        ("industry", 1, "在社区便民服务中心设马戛村农产品销售点"),
        ("industry", 1, "组建志愿者团队,开展“农产品+社区推广”"),
        ("industry", None, "共同设计品牌标识"),
        ("industry", None, "共同拍摄宣传短视频"),
        ("education", None, "组织研学互访"),
        ("education", None, "实行“1+1”学生结对,线上线下往来"),
        ("livelihood", None, "为马戛村重病患者建健康档案"),
        ("livelihood", None, "为马戛村重病患者募集“健康关怀包”"),
        ("livelihood", None, "联系慈善资源,资助马戛村重病患者必要的医疗费用"),
        ("livelihood", None, "向马戛村孕妇家庭赠“新生礼包”"),
        ("livelihood", None, "由育婴师志愿者指导马戛村孕妇家庭育儿"),
    ),
    "startsOn": None,
    "endsOn": None,
}
BETWEEN_CITIES["commitments"][5] |= {"quantity": "2", "unit": "次", "every": "YEAR"}
TOWN_AND_COUNTRY = {
    **BETWEEN_CITIES,
    "title": "城乡党建结对共建",
    "facilitator": None,
    "parties": parties(
        ("210400", "抚顺市", "210402", "新抚区"),
        ("210400", "抚顺市", "210423", "清原满族自治县"),
    ),
    "dimensions": [{"key": "e_commerce", "name": "电商"}, {"key": "tourism", "name": "旅游"}],
    "workingGroup": [],
    "commitments": commitments(
        ("e_commerce", 1, "由城市社区党组织帮助农村党支部发展电商"),
        ("tourism", 1, "由城市社区党组织帮助农村党支部发展旅游"),
    ),
}
POLICE_AND_HOSPITAL = {
    **TOWN_AND_COUNTRY,
    "title": "党建共建合作",
    "parties": parties(
        ("150700", "呼伦贝尔市", "150700-GAJ", "呼伦贝尔市公安局党委"),
        ("150700", "呼伦贝尔市", "150700-DSYY", "呼伦贝尔市第四人民医院党委"),
    ),
    "dimensions": [{"key": "party", "name": "党建"}, {"key": "police_care", "name": "爱警暖警"}],
    "commitments": commitments(
        ("party", None, "持续深化党建共建合作"),
        ("police_care", None, "常态化开展多种爱警暖警活动"),
    ),
}
STATED = {
    (150700, "党建共建合作"): POLICE_AND_HOSPITAL,
    (210400, "城乡党建结对共建"): TOWN_AND_COUNTRY,
    (520100, "党建联建协议书"): BETWEEN_CITIES,
    (520200, "党建联建协议书"): BETWEEN_CITIES,
}


async def test_contents_are_as_stated(full_url: str) -> None:
    """What parties agreed on is what the documents say, whole and to the letter, and no more."""
    rows = await fetched(
        full_url,
        "SELECT a.tenant_id, a.title, v.content FROM agreement a JOIN agreement_version v"
        " ON v.tenant_id = a.tenant_id AND v.agreement_id = a.id",
    )
    found = {(row["tenant_id"], row["title"]): json.loads(row["content"]) for row in rows}
    assert found == STATED


async def test_what_is_not_stated_is_empty(full_url: str) -> None:
    """Agreements are in force as agreed, without a term, a day of signing or an end."""
    rows = await fetched(full_url, "SELECT * FROM agreement ORDER BY tenant_id")
    for row in rows:
        content = STATED[row["tenant_id"], row["title"]]
        expected = {
            "alliance": None,
            "state": "ACTIVE",
            "version": 1,
            "agreed": 1,
            "content_hash": content_hash(content),
            "cities": len({party["city"] for party in content["parties"]}),
            "starts_on": None,
            "ends_on": None,
            "renews": None,
            "signed_at": None,
            "ended_at": None,
            "end_reason": None,
            "end_text": None,
            "revision": 1,
            "data_kind": "REPORTED",
        }
        assert {name: row[name] for name in expected} == expected
    assert len(rows) == len(STATED)


async def test_every_party_signed_the_hash_of_the_content(full_url: str) -> None:
    """Each party has signed version 1, whose hash is that of its content, on no known day."""
    rows = await fetched(
        full_url,
        "SELECT p.tenant_id, a.title, p.number, p.party_tenant_id, p.city, p.code, p.name, p.role,"
        " p.signed_version, p.signed_hash, p.signed_at, o.code AS own FROM agreement_party p"
        " JOIN agreement a ON a.tenant_id = p.tenant_id AND a.id = p.agreement_id"
        " LEFT JOIN organization o ON o.tenant_id = p.tenant_id AND o.id = p.organization_id",
    )
    found = [tuple(row) for row in rows]
    expected = [
        (
            tenant_id, title, party["number"], int(party["city"]), party["cityName"],
            party["code"], party["name"], "PARTNER", 1, content_hash(content), None,
            party["code"] if int(party["city"]) == tenant_id else None,
        )
        for (tenant_id, title), content in STATED.items()
        for party in content["parties"]
    ]  # fmt: skip
    assert sorted(found, key=repr) == sorted(expected, key=repr)


async def test_the_day_that_is_stated(full_url: str) -> None:
    """The one activity of which a document gives the day is there; no delivery is."""
    rows = await fetched(
        full_url,
        "SELECT tenant_id, kind, way, subject, held_on::text, parties, funds, solved, data_kind"
        " FROM agreement_activity",
    )
    assert [tuple(row) for row in rows] == [
        (
            150700, "ACTIVITY", None, "爱警暖警讲座义诊", "2025-06-27", [1, 2], None, None,
            "REPORTED",
        )
    ]  # fmt: skip
    assert await fetched(full_url, "SELECT FROM agreement_delivery") == []


async def test_dimensions_are_words_of_the_province(shipped: tuple[Definition, ...]) -> None:
    """Every dimension of an agreement is declared by the provinces of all of its parties."""
    words = {
        item.tenant.code[:2]: {word["key"] for word in item.content["dimensions"]}
        for item in shipped
        if item.kind == "PROVINCE"
    }
    for agreement in load_agreements():
        used = {*agreement.dimensions, *(one.dimension for one in agreement.commitments)}
        for party in agreement.parties:
            assert used <= words[party.tenant[:2]]


async def copies(url: str) -> list[list[dict[str, Any]]]:
    """The rows of each tenant's copies, without what is the tenant's own."""
    found: dict[int, list[dict[str, Any]]] = {}
    for table in TABLES:
        for row in await fetched(url, f"SELECT * FROM {table} ORDER BY 2, 3"):
            own = {k: v for k, v in row.items() if k not in ("tenant_id", "organization_id")}
            found.setdefault(row["tenant_id"], []).append(own)
    return [found[tenant_id] for tenant_id in sorted(found)]


async def test_both_copies_are_the_same(new_database: NewDatabase) -> None:
    """Each party's tenant has every row of the agreement; only whose organization it is differs."""
    first, second = await copies(await new_database(SOUTHWEST))
    assert first == second
    assert len(first) == 4


async def test_copies_are_written_together_or_not_at_all(new_database: NewDatabase) -> None:
    """Where the second copy cannot be written, the first is not kept; the next load has both."""
    url = await new_database()
    await apply_tenants(url, SOUTHWEST)
    broken = "ALTER TABLE agreement ADD CONSTRAINT broken CHECK (tenant_id <> 520200)"
    await run_sql(url, broken)
    connection: Any = await asyncpg.connect(url)
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await drain(connection, SOUTHWEST)
        assert await copies(url) == []
        left = await pending(connection, SOUTHWEST, sample=False)
        assert [part.name for part in left] == ["agreements+520200"]
        await run_sql(url, "ALTER TABLE agreement DROP CONSTRAINT broken")
        assert await drain(connection, SOUTHWEST) == ["丙市 agreements+520200"]
    finally:
        await connection.close()
    first, second = await copies(url)
    assert first == second


async def drain(connection: Any, definitions: Sequence[Definition]) -> list[str]:
    """Load what is pending; what was loaded."""
    return [what async for _, _, what in load(connection, definitions, NOW)]


async def test_never_without_the_other_city(new_database: NewDatabase) -> None:
    """Where one of the parties' cities is not there, nobody has a copy, and none is pending."""
    url = await new_database((GUIZHOU, GUIYANG))
    assert await copies(url) == []
    connection: Any = await asyncpg.connect(url)
    try:
        assert await pending(connection, (GUIZHOU, GUIYANG), sample=False) == []
    finally:
        await connection.close()
    await load_all(url, SOUTHWEST)
    assert len(await copies(url)) == 2


async def test_what_parties_changed_stays(new_database: NewDatabase) -> None:
    """A second load of everything leaves a changed agreement as it is, on both sides."""
    url = await new_database(SOUTHWEST)
    await run_sql(
        url,
        "UPDATE agreement SET state = 'TERMINATED', end_reason = 'WITHDRAWN', revision = 2",
        "DELETE FROM agreement_party WHERE number = 2",
        "UPDATE load SET content_hash = 'another'",
    )
    before = await copies(url)
    await load_all(url, SOUTHWEST)
    assert await copies(url) == before
