"""Following up: who may ask after which issues, and what is kept of it."""

import datetime
from typing import Any

import pytest

from tests.conftest import NOW, Graph
from tests.schema.issues.site import Site, issue_id

RECORD = """mutation ($issue: ID!, $reached: Boolean!, $note: String) {
  recordFollowUp(input: {issue: $issue, reached: $reached, note: $note}) {
    issue { number revision } refusals { code message path }
  }
}"""
NUMBER = "XX-20260315-000001"
DAY = datetime.timedelta(days=1)
DONE: dict[str, Any] = {"state": "done", "phase": "RESOLVED", "resolved_at": NOW - 8 * DAY}


async def recorded(who: Graph, issue: Any, reached: bool = True, note: str | None = None) -> Any:
    """The payload of a follow-up."""
    data = await who.data(RECORD, issue=issue_id(issue), reached=reached, note=note)
    return data["recordFollowUp"]


async def log(site: Site) -> list[tuple[Any, ...]]:
    return await site.desk.sql(
        "SELECT kind, issue_id, organization_id, actor, about - 'note',"
        " about->>'note' FROM event WHERE tenant_id = 990100 ORDER BY seq"
    )


@pytest.mark.parametrize("reached", [True, False])
async def test_recorded(site: Site, reached: bool) -> None:
    """A follow-up leaves its note and its event; who was not reached is to be asked again."""
    id_ = await site.desk.put(**DONE)
    before = await site.desk.row(id_)
    found = await recorded(site.as_("SECRETARY", "AA1"), id_, reached, "电话无人接听")
    assert found == {"issue": {"number": NUMBER, "revision": 2}, "refusals": []}
    asked = {"asked_at": NOW} if reached else {}
    assert await site.desk.row(id_) == before | {"revision": 2} | asked
    ((note, author, text, evidence, at),) = await site.desk.sql(
        "SELECT id::text, author, text, evidence, at FROM issue_note WHERE issue_id = $1", id_
    )
    assert (author, text, evidence, at) == ("someone", "电话无人接听", [], NOW)
    ((kind, issue, place, actor, about, named),) = await log(site)
    assert (kind, issue, actor, named) == ("ISSUE_FOLLOWED_UP", id_, "someone", note)
    assert place == before["organization_id"]
    sets = '"asked_at": "2026-03-15T04:00:00+00:00", "revision": 2' if reached else '"revision": 2'
    said = "true" if reached else "false"
    assert about == f'{{"set": {{{sets}}}, "number": "{NUMBER}", "reached": {said}}}'


async def test_without_a_note(site: Site) -> None:
    """A follow-up needs no note, and a blank one is none."""
    id_ = await site.desk.put(**DONE)
    admin = site.admin
    for note in (None, "  "):
        assert (await recorded(admin, id_, True, note))["refusals"] == []
    assert await site.desk.sql("SELECT 1 FROM issue_note") == []
    assert [row[5] for row in await log(site)] == [None, None]


async def test_dry_run_changes_nothing(site: Site) -> None:
    """A rehearsal says that it could be recorded, and records nothing."""
    id_ = await site.desk.put(**DONE)
    before = await site.desk.row(id_)
    data = await site.admin.data(
        RECORD.replace("note: $note}", "note: $note}, dryRun: true"),
        issue=issue_id(id_),
        reached=True,
    )
    unchanged = {"number": NUMBER, "revision": 1}
    assert data["recordFollowUp"] == {"issue": unchanged, "refusals": []}
    assert await site.desk.row(id_) == before
    assert await log(site) == []


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "open": ({}, "ACTION_NOT_AVAILABLE"),
    "withdrawn": ({"state": "withdrawn", "phase": "WITHDRAWN"}, "ACTION_NOT_AVAILABLE"),
    "rejected": ({"state": "rejected", "phase": "REJECTED"}, "ACTION_NOT_AVAILABLE"),
    "rated": ({**DONE, "rated_at": NOW}, "ACTION_NOT_AVAILABLE"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_nothing_to_ask_after(site: Site, name: str) -> None:
    """An issue that is not settled, or rated already, is not asked after."""
    columns, code = REFUSED[name]
    id_ = await site.desk.put(**columns)
    before = await site.desk.row(id_)
    found = await recorded(site.admin, id_)
    assert found["issue"] is None
    assert [(item["code"], item["path"]) for item in found["refusals"]] == [
        (code, ["input", "issue"])
    ]
    assert await site.desk.row(id_) == before
    assert await log(site) == []


@pytest.mark.parametrize("note", ["长" * 2001, "\u0000", "\u0007"])
async def test_notes_that_cannot_be(site: Site, note: str) -> None:
    """A note that is too long or has control characters is refused."""
    id_ = await site.desk.put(**DONE)
    found = await recorded(site.admin, id_, True, note)
    assert [(item["code"], item["path"]) for item in found["refusals"]] == [
        ("TEXT_MALFORMED", ["input", "note"])
    ]
    assert await log(site) == []


async def test_who_may(site: Site) -> None:
    """Staff whose reach covers it may; to others the issue is not there, or not theirs to do."""
    id_ = await site.desk.put(**DONE)
    codes = {}
    for name, who in {
        "nobody": site.graph,
        "other city": site.graph.as_("CITY_ADMIN", "990200"),
        "other county": site.as_("SECRETARY", "BB"),
        "neighbour": site.as_("RESIDENT", subject="neighbour"),
        "reporter": site.as_("RESIDENT", subject="reporter"),
        "worker": site.as_("GRID_WORKER", "AA1-1-G1"),
        "admin": site.admin,
    }.items():
        found = await recorded(who, id_)
        codes[name] = [item["code"] for item in found["refusals"]]
    assert codes == {
        "nobody": ["ISSUE_UNKNOWN"],
        "other city": ["ISSUE_UNKNOWN"],
        "other county": ["ISSUE_UNKNOWN"],
        "neighbour": ["ISSUE_UNKNOWN"],
        "reporter": ["FORBIDDEN"],
        "worker": [],
        "admin": [],
    }


@pytest.mark.parametrize("given", ["", "x", "T3JnYW5pemF0aW9uOjk5MDEwMDpB"])
async def test_no_id_of_an_issue(site: Site, given: str) -> None:
    """What is no id of an issue is answered like an issue that is not there."""
    data = await site.admin.data(RECORD, issue=given, reached=True)
    assert [item["code"] for item in data["recordFollowUp"]["refusals"]] == ["ISSUE_UNKNOWN"]
