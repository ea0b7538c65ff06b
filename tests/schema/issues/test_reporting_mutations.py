"""`reportIssue` and `joinIssue` as front ends call them: whole payloads for each who calls."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from tests.conftest import Graph, opened
from tests.schema.issues.reporting import PHONE

SIMILAR = "similar { number service state organization { code } reportedAt supporters title }"
REPORT = (
    "mutation ($input: ReportIssueInput!, $dryRun: Boolean! = false) {"
    " reportIssue(input: $input, dryRun: $dryRun) { number secret"
    " issue { number title phase state { name } service { code } organization { code }"
    " channel severity deadline { at status } reporter { name phone } }"
    f" {SIMILAR} refusals {{ code message path }} }} }}"
)
JOIN = (
    "mutation ($input: JoinIssueInput!, $dryRun: Boolean! = false) {"
    " joinIssue(input: $input, dryRun: $dryRun) { number supporters issue { number }"
    " refusals { code message path } } }"
)
NOON = "2026-03-15T12:00:00+08:00"
NUMBER = "NO-20260315-000001"


@pytest.fixture
async def site(town_url: str) -> AsyncIterator[Graph]:
    """The application over the invented cities on 2026-03-15; nobody is signed in."""
    async with opened(town_url) as ready:
        yield ready


def rubbish(**given: Any) -> dict[str, Any]:
    """The input of a report of rubbish in a grid."""
    return {
        "city": "north",
        "service": "A1",
        "title": "三号楼前垃圾成堆",
        "organization": "S1-C1-G1",
        "answers": [{"key": "kind", "value": "乱堆乱放"}],
    } | given


async def report(site: Graph, dry_run: bool = False, **given: Any) -> Any:
    """The payload of `reportIssue`."""
    found = await site.data(REPORT, input=rubbish(**given), dryRun=dry_run)
    return found["reportIssue"]


async def join(site: Graph, issue: str = NUMBER, **given: Any) -> Any:
    """The payload of `joinIssue`."""
    found = await site.data(JOIN, input={"city": "north", "issue": issue, **given})
    return found["joinIssue"]


def issue(**given: Any) -> dict[str, Any]:
    """What a payload shows of the issue."""
    return {
        "number": NUMBER,
        "title": "三号楼前垃圾成堆",
        "phase": "REPORTED",
        "state": {"name": "待受理"},
        "service": {"code": "A1"},
        "organization": {"code": "S1-C1"},
        "channel": "APP",
        "severity": "ORDINARY",
        "deadline": {"at": "2026-03-16T12:00:00+08:00", "status": "ON_TIME"},
        "reporter": None,
    } | given


def similar(title: str | None, supporters: int = 0) -> dict[str, Any]:
    """What a payload shows of a similar issue."""
    return {
        "number": NUMBER,
        "service": "垃圾清运",
        "state": "待受理",
        "organization": {"code": "S1-C1"},
        "reportedAt": NOON,
        "supporters": supporters,
        "title": title,
    }


CONTACT = {"name": "王小二", "phone": "138 0013 8000"}


async def test_a_resident_reports(site: Graph) -> None:
    """The payload has the issue and its number, and no secret."""
    assert await report(site.as_("RESIDENT", "990100")) == {
        "number": NUMBER,
        "secret": None,
        "issue": issue(),
        "similar": [],
        "refusals": [],
    }


async def test_a_grid_worker_reports(site: Graph) -> None:
    """Where its token is; whom it spoke with is shown to who reported it."""
    me = site.as_("GRID_WORKER", "990100", "S1-C1-G1", subject="worker")
    assert await report(me, organization=None, severity="COMPLEX", contact=CONTACT) == {
        "number": NUMBER,
        "secret": None,
        "issue": issue(
            channel="VISIT",
            severity="COMPLEX",
            reporter={"name": "王小二", "phone": f"+86{PHONE}"},
        ),
        "similar": [],
        "refusals": [],
    }


async def test_somebody_without_a_token_reports_and_follows(site: Graph) -> None:
    """The secret that comes with the number opens the issue, and nothing else does."""
    payload = await report(site, contact=CONTACT)
    secret = payload.pop("secret")
    assert payload == {
        "number": NUMBER,
        "issue": issue(channel="WEB", reporter={"name": "王小二", "phone": f"+86{PHONE}"}),
        "similar": [],
        "refusals": [],
    }
    query = (
        'query ($secret: String) { city(code: "north") {'
        f' issue(number: "{NUMBER}", secret: $secret) {{ title }} }} }}'
    )
    opened_ = await site.data(query, secret=secret.lower())
    assert opened_ == {"city": {"issue": {"title": "三号楼前垃圾成堆"}}}
    wrong = await site.data(query, secret="AAAA-AAAA-AAAA-AAAA")
    assert wrong == {"city": {"issue": None}}


async def test_a_retry_is_told_the_same(site: Graph, town_url: str) -> None:
    """Under one idempotency key there is one issue, and the same number and secret again."""
    me = replace(site, headers={"idempotency-key": "0190d2a3-retry-of-a-report"})
    first, again = await report(me, contact=CONTACT), await report(me, contact=CONTACT)
    assert again == first
    assert first["secret"] is not None
    found = await _count(town_url, "issue"), await _count(town_url, "person")
    assert found == (1, 1)


async def test_a_rehearsal_shows_similar_ones(site: Graph, town_url: str) -> None:
    """With `dryRun` there is neither issue nor number; titles only of what one may see."""
    await report(site.as_("RESIDENT", "990100"))
    nothing: dict[str, Any] = {"number": None, "secret": None, "issue": None, "refusals": []}
    expected = [
        (site, {"contact": CONTACT}, None),
        (site.as_("RESIDENT", "990100", subject="neighbour"), {}, None),
        (site.as_("RESIDENT", "990100"), {}, "三号楼前垃圾成堆"),
        (site.as_("GRID_WORKER", "990100", "S1-C1-G1"), {}, "三号楼前垃圾成堆"),
        (site.as_("GRID_WORKER", "990100", "S1-C2", subject="w"), {}, None),
    ]
    for me, given, title in expected:
        payload = await report(me, dry_run=True, **given)
        assert payload == {**nothing, "similar": [similar(title)]}
    assert await _count(town_url, "issue") == 1


async def test_a_duplicate_is_refused_with_what_is_similar(site: Graph, town_url: str) -> None:
    """With `unlessSimilar` nothing is stored, and the similar ones are named."""
    await report(site.as_("RESIDENT", "990100"))
    payload = await report(site, contact=CONTACT, unlessSimilar=True)
    (refusal,) = payload.pop("refusals")
    assert (refusal["code"], refusal["path"]) == ("SIMILAR_OPEN", ["input", "unlessSimilar"])
    assert NUMBER in refusal["message"]
    assert payload == {
        "number": None,
        "secret": None,
        "issue": None,
        "similar": [similar(None)],
    }
    assert (await _count(town_url, "issue"), await _count(town_url, "person")) == (1, 0)


async def test_refusals_speak_the_readers_language(site: Graph) -> None:
    """Code, path and a sentence in Chinese or English."""
    given = rubbish(answers=[])
    for language, word in (("zh", "请回答"), ("en", "Answer")):
        found = await site(REPORT, language, input=given | {"contact": CONTACT})
        (refusal,) = found["data"]["reportIssue"]["refusals"]
        assert (refusal["code"], refusal["path"]) == ("ANSWER_REQUIRED", ["input", "answers"])
        assert refusal["message"].startswith(word)


async def test_another_citys_token_reports_nothing(site: Graph, town_url: str) -> None:
    """It is an error, as for every foreign city, and for a province a refusal; nothing is kept."""
    bearers = [site.as_(role, "990200") for role in ("RESIDENT", "GRID_WORKER", "CITY_ADMIN")]
    for me in bearers:
        found = await me(REPORT, input=rubbish())
        assert found["data"] == {"reportIssue": None}
        assert [error["extensions"]["code"] for error in found["errors"]] == ["FORBIDDEN"]
    payload = await report(site.as_("PROVINCE_ADMIN", "990000"))
    assert [refusal["code"] for refusal in payload["refusals"]] == ["FORBIDDEN"]
    assert await _count(town_url, "issue") == 0


async def test_neighbours_join(site: Graph) -> None:
    """By number, with and without a token; the issue is shown to who may see it."""
    await report(site.as_("RESIDENT", "990100"))
    neighbour = site.as_("RESIDENT", "990100", subject="neighbour")
    assert await join(neighbour) == {
        "number": NUMBER,
        "supporters": 1,
        "issue": None,
        "refusals": [],
    }
    worker = site.as_("GRID_WORKER", "990100", "S1-C1", subject="worker")
    assert (await join(worker, "no-20260315-000001"))["issue"] == {"number": NUMBER}
    assert (await join(site, contact=CONTACT))["supporters"] == 3
    again = await join(site, contact=CONTACT)
    (refusal,) = again.pop("refusals")
    assert (refusal["code"], refusal["path"]) == ("ALREADY_JOINED", ["input", "issue"])
    assert again == {"number": None, "supporters": None, "issue": None}


async def _count(url: str, table: str) -> int:
    connection: Any = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
    finally:
        await connection.close()
