"""Steps of issues as typed events: in the issue's timeline, in the organization's, in the audit."""

import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schema.actor import Actor
from schema.issues.draft import Given, Rating
from tenants.roles import Role
from tenants.workflow import Solved
from tests.conftest import NOW, Graph, NewDatabase
from tests.schema.issues.desk import EVERYTHING, SECRET, actor
from tests.schema.issues.site import Site, cities, issue_id, site_at
from tests.schema.organizations.town import ID
from tests.server.following import results, streamed, to_the_end

NOON = "2026-03-15T12:00:00+08:00"
PARTS = """
  __typename seq kind at actor { role name }
  ... on IssueEvent {
    number organization { code } action { key name } fromState { key phase } toState { key }
    note { text evidence } lead { code } coHandlers { code } dueAt pausedUntil solved satisfied
    issue { number } mergedInto { number } merged
  }
"""
ISSUE = f"""query ($number: ID!, $first: Int, $after: String, $last: Int, $before: String,
    $secret: String) {{
  city(code: "invented") {{ issue(number: $number, secret: $secret) {{
    timeline(first: $first, after: $after, last: $last, before: $before) {{
      nodes {{ {PARTS} }}
      pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
    }}
  }} }}
}}"""
WORKER = actor(Role.GRID_WORKER, "AA1-1-G1")
SECRETARY = actor(Role.SECRETARY, "AA1")
REPORTER = actor(Role.RESIDENT, subject="reporter")
DAY = datetime.timedelta(days=1)


@pytest.fixture
async def town(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Site]:
    """An invented city, served, into which issues are put; nobody is signed in."""
    async with site_at(await new_database(cities(EVERYTHING)), tmp_path) as ready:
        yield ready


async def events(who: Graph, n: int = 1, **given: Any) -> list[dict[str, Any]]:
    """The timeline of the n-th issue."""
    found = await who.data(ISSUE, number=f"XX-20260315-{n:06}", **given)
    nodes: list[dict[str, Any]] = found["city"]["issue"]["timeline"]["nodes"]
    return nodes


def step(kind: str, action: str, start: tuple[str, str], to: str, **more: Any) -> dict[str, Any]:
    """An event without what most events do not have."""
    return {
        "__typename": "IssueEvent",
        "kind": kind,
        "at": NOON,
        "actor": {"role": "GRID_WORKER", "name": None},
        "number": "XX-20260315-000001",
        "organization": {"code": "AA1-1-G1"},
        "action": {"key": action, "name": action},
        "fromState": {"key": start[0], "phase": start[1]},
        "toState": {"key": to},
        "note": None,
        "lead": None,
        "coHandlers": [],
        "dueAt": None,
        "pausedUntil": None,
        "solved": None,
        "satisfied": None,
        "issue": {"number": "XX-20260315-000001"},
        "mergedInto": None,
        "merged": None,
        **more,
    }


DOING, SECRETARYS = ("doing", "IN_PROGRESS"), {"role": "SECRETARY", "name": None}
STORY: list[tuple[Actor, str, Given | None, dict[str, Any]]] = [
    (
        WORKER,
        "claim",
        None,
        step("ISSUE_CLAIMED", "claim", ("new", "REPORTED"), "doing",
             lead={"code": "AA1-1-G1"}, dueAt="2026-03-17T12:00:00+08:00"),
    ),
    (
        WORKER,
        "share",
        Given(co_handlers=("BB1", "BB2")),
        step("ISSUE_SHARED", "share", DOING, "doing",
             coHandlers=[{"code": "BB1"}, {"code": "BB2"}]),
    ),
    (
        WORKER,
        "extend",
        Given(until=NOW + 5 * DAY, note="等配件"),
        step("ISSUE_EXTENDED", "extend", DOING, "doing",
             dueAt="2026-03-20T12:00:00+08:00", note={"text": "等配件", "evidence": []}),
    ),
    (
        WORKER,
        "pause",
        Given(until=NOW + DAY),
        step("ISSUE_PAUSED", "pause", DOING, "doing",
             dueAt="2026-03-20T12:00:00+08:00", pausedUntil="2026-03-16T12:00:00+08:00"),
    ),
    (
        SECRETARY,
        "assign",
        Given(assignee="AA1-2"),
        step("ISSUE_ASSIGNED", "assign", DOING, "doing", actor=SECRETARYS,
             organization={"code": "AA1-2"}, lead={"code": "AA1-2"}),
    ),
    (
        SECRETARY,
        "resolve",
        Given(note="已换", evidence=("https://files.invalid/a.jpg",)),
        step("ISSUE_RESOLVED", "resolve", DOING, "done", actor=SECRETARYS,
             organization={"code": "AA1-2"}, lead={"code": "AA1-2"},
             note={"text": "已换", "evidence": ["https://files.invalid/a.jpg"]}),
    ),
    (
        REPORTER,
        "rate",
        Given(rating=Rating(Solved.PARTLY, 3, "慢")),
        step("ISSUE_RATED", "rate", ("done", "RESOLVED"), "closed",
             actor={"role": "RESIDENT", "name": None}, organization={"code": "AA1-2"},
             solved="PARTLY", satisfied=3),
    ),
]  # fmt: skip


async def told(town: Site) -> Any:
    """An issue to which all of the story happened."""
    issue = await town.desk.put()
    for who, action, given, _ in STORY:
        assert await town.desk.do(issue, action, who, given), action
    return issue


async def test_every_step_is_told(town: Site) -> None:
    """Each step has its action, states, place, note and what else it set, the newest last."""
    await told(town)
    expected = [{"seq": seq, **facts} for seq, (*_, facts) in enumerate(STORY, start=1)]
    found = await events(town.admin)
    for at, facts in enumerate(expected):
        assert found[at] == facts
    assert len(found) == len(STORY)


async def test_reporters_are_told_the_same(town: Site) -> None:
    """Whoever reported an issue reads the same story, with a token or with the secret."""
    await told(town)
    whole = await events(town.admin)
    assert await events(town.as_("RESIDENT", subject="reporter")) == whole
    assert await events(town.graph, secret=SECRET) == whole


async def test_merged_issues(town: Site) -> None:
    """A merged issue tells into which, and the other one which; only to who sees the other."""
    issue, other = await town.desk.put(), await town.desk.put("BB1-1-G1", reporter_subject="b")
    given = Given(merge_into=issue_id(other))
    assert await town.desk.do(issue, "merge", actor(Role.CITY_ADMIN), given)
    (merged,) = await events(town.admin)
    (joined,) = await events(town.admin, 2)
    assert (merged["kind"], merged["mergedInto"]) == (
        "ISSUE_MERGED",
        {"number": "XX-20260315-000002"},
    )
    assert (joined["kind"], joined["merged"]) == ("ISSUE_JOINED", "XX-20260315-000001")
    assert (joined["action"], joined["fromState"], joined["toState"]) == (None, None, None)
    (own,) = await events(town.as_("RESIDENT", subject="reporter"))
    assert own["mergedInto"] is None


async def test_who_did_it_is_named_to_who_sees_people(town: Site) -> None:
    """The actor's name is masked, and is only for who may see who holds posts there."""
    person = await town.person("李大力", None)
    await town.post(person, "AA1-1-G1")
    await town.desk.put()
    id_ = "b" * 8
    await town.desk.sql(
        "INSERT INTO event (tenant_id, seq, at, kind, actor, role, person_id, organization_id,"
        " issue_id, about) SELECT $1, 1, $2, 'ISSUE_OVERDUE', $3, 'GRID_WORKER', $4,"
        " organization_id, id, $5 FROM issue",
        *(ID, NOW, id_, person, '{"number": "XX-20260315-000001", "set": {"marked": "OVERDUE"}}'),
    )
    (seen,) = await events(town.as_("SECRETARY", "AA1", purpose="回访"))
    (outside,) = await events(town.as_("RESIDENT", subject="reporter"))
    assert seen["actor"] == {"role": "GRID_WORKER", "name": "李**"}
    assert outside["actor"] == {"role": "GRID_WORKER", "name": None}
    assert (seen["action"], seen["fromState"], seen["toState"]) == (None, None, None)


FOLLOW = """subscription ($after: Int!, $organization: ID) {
  events(city: "invented", after: $after, organization: $organization) {
    seq kind ... on IssueEvent { issue { number } note { text } }
  }
}"""


async def followed(who: Graph, **given: Any) -> list[tuple[int, str, str | None]]:
    """Number, kind and note of all events that somebody is sent."""
    async with to_the_end(who) as ending:
        text = await streamed(ending, FOLLOW, **{"after": 0, **given})
    found = [result["data"]["events"] for result in results(text)]
    assert all(event["issue"]["number"] == "XX-20260315-000001" for event in found)
    return [(e["seq"], e["kind"], e["note"] and e["note"]["text"]) for e in found]


async def test_who_is_concerned_follows_it(town: Site) -> None:
    """Reporters, and who handles an issue jointly, are sent its events; no other resident is."""
    await told(town)
    other = await town.desk.put("BB1-1-G1", reporter_subject="neighbour")
    assert await town.desk.do(other, "accept", actor(Role.CITY_ADMIN))
    kinds = [(seq, facts["kind"]) for seq, (*_, facts) in enumerate(STORY, start=1)]
    reporter = town.as_("RESIDENT", subject="reporter")
    own = await followed(reporter)
    assert [(seq, kind) for seq, kind, _ in own] == kinds
    assert [note for *_, note in own if note] == [
        facts["note"]["text"] for *_, facts in STORY if facts["note"]
    ]
    assert await followed(reporter, after=3) == own[3:]
    assert await followed(reporter, organization="AA1-2") == own[-3:]
    assert await followed(town.as_("RESIDENT", subject="somebody")) == []
    # its part in the issue is for who handles issues there
    part = await followed(town.as_("GRID_WORKER", "BB2"))
    assert [(seq, kind) for seq, kind, _ in part] == kinds
    assert await followed(town.as_("GRID_WORKER", "BB3")) == []


ORGANIZATION = f"""query ($code: ID!) {{ city(code: "invented") {{
  organization(code: $code) {{ timeline {{ nodes {{ {PARTS} }} }} }}
}} }}"""


async def test_in_an_organizations_timeline(town: Site) -> None:
    """An organization's timeline tells of issues there; texts only to who sees the issue now."""
    issue = await town.desk.put()
    await town.desk.do(issue, "accept", WORKER, Given(note="收到"))
    bb = await town.place("BB")

    async def shown() -> Any:
        who = town.as_("GRID_WORKER", "AA1-1-G1")
        found = await who.data(ORGANIZATION, code="AA1-1-G1")
        ((node),) = found["city"]["organization"]["timeline"]["nodes"]
        return [node[name] and True for name in ("number", "issue", "note", "action", "toState")]

    assert await shown() == [True] * 5
    await town.desk.sql("UPDATE issue SET organization_id = $1, place_id = $1", bb)
    await town.desk.sql("UPDATE issue SET lead_subject = NULL")
    assert await shown() == [True, None, None, None, None]


async def test_pages(town: Site) -> None:
    """A timeline is read in pages in either direction."""
    await told(town)
    query, number = ISSUE.replace(PARTS, "seq"), "XX-20260315-000001"

    async def page(**given: Any) -> tuple[list[int], dict[str, Any]]:
        found = await town.admin.data(query, number=number, **given)
        timeline = found["city"]["issue"]["timeline"]
        return [node["seq"] for node in timeline["nodes"]], timeline["pageInfo"]

    first, info = await page(first=3)
    second, _ = await page(first=3, after=info["endCursor"])
    last, info = await page(last=2)
    before, _ = await page(last=2, before=info["startCursor"])
    assert (first, second, last, before) == ([1, 2, 3], [4, 5, 6], [6, 7], [4, 5])
    wrong = await town.admin(query, number=number, after="WyJ4Il0")
    assert [error["extensions"]["code"] for error in wrong["errors"]] == ["CURSOR_MALFORMED"]


@pytest.mark.parametrize("first", [1, 7])
async def test_statements(first: int, town: Site) -> None:
    """However many events, each relation of theirs is one statement."""
    await told(town)
    number = "XX-20260315-000001"
    # issue, timeline, workflow, the issue again, places and leads as one; in the whole story notes
    # and co-handlers too
    counted = await town.admin.statements(ISSUE, number=number, first=first)
    assert counted == {1: 5, 7: 7}[first]
