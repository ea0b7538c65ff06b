"""What each effect does to an issue."""

import uuid
from typing import Any

import pytest

from schema.actor import Actor
from schema.issues.draft import Given, Rating
from schema.refusals import Refused
from tenants.roles import Role
from tenants.workflow import Solved
from tests.schema.issues.desk import DAY, Desk, actor, global_id
from tests.schema.organizations.town import ID

ADMIN = actor(Role.CITY_ADMIN)
REPORTER = actor(Role.RESIDENT, subject="reporter")
WORKER = actor(Role.GRID_WORKER, "AA1-1-G1")
OTHER = actor(Role.GRID_WORKER, "AA1-1", subject="other worker")
SECRETARY = actor(Role.SECRETARY, "AA1-1")

NO_EVIDENCE = ("EVIDENCE_MALFORMED", "evidence")


async def done(desk: Desk, issue: uuid.UUID, action: str, who: Actor, **given: Any) -> None:
    """Do an action that must be accepted."""
    supplied = Given(**given) if given else None
    outcome = await desk.do(issue, action, who, supplied)
    assert not isinstance(outcome, Refused), outcome


async def refusal(desk: Desk, issue: uuid.UUID, action: str, who: Actor, **given: Any) -> Any:
    """Code and path of the one reason why an action is refused; the issue is as it was."""
    before = await desk.row(issue), await desk.sql("SELECT count(*) FROM event")
    outcome = await desk.do(issue, action, who, Given(**given) if given else None)
    assert isinstance(outcome, Refused)
    assert (await desk.row(issue), await desk.sql("SELECT count(*) FROM event")) == before
    (reason,) = outcome.refusals
    return reason.code, reason.path


async def place(desk: Desk, issue: uuid.UUID) -> tuple[str, str, str | None, bool]:
    """Where it stands, the lead's organization and subject, and whether it was passed on."""
    ((found),) = await desk.sql(
        "SELECT o.code, l.code, i.lead_subject, i.handed FROM issue i"
        " JOIN organization o ON o.tenant_id = i.tenant_id AND o.id = i.organization_id"
        " JOIN organization l ON l.tenant_id = i.tenant_id AND l.id = i.lead_organization_id"
        " WHERE i.id = $1",
        issue,
    )
    code, lead, subject, handed = found
    return code, lead, subject, handed


async def test_first_receiver_is_responsible(desk: Desk) -> None:
    """Who acts first is the lead, until somebody above takes over what was escalated."""
    issue = await desk.put()
    assert await place(desk, issue) == ("AA1-1-G1", "AA1-1-G1", None, False)
    await done(desk, issue, "accept", WORKER)
    assert await place(desk, issue) == ("AA1-1-G1", "AA1-1-G1", WORKER.subject, False)
    await done(desk, issue, "escalate", WORKER)
    assert await place(desk, issue) == ("AA1-1", "AA1-1-G1", WORKER.subject, True)
    await done(desk, issue, "claim", OTHER)
    assert await place(desk, issue) == ("AA1-1", "AA1-1", OTHER.subject, False)


async def test_escalation_goes_up_to_who_may(desk: Desk) -> None:
    """It skips levels that may not handle, and is refused where nobody above may."""
    workflow = desk.town.definition.workflows["everything"]
    limited = workflow.model_copy(update={"levels": ["county", "grid"]})
    desk.town.definition.workflows["everything"] = limited
    issue = await desk.put()
    await done(desk, issue, "accept", ADMIN)
    await done(desk, issue, "escalate", ADMIN)
    assert (await place(desk, issue))[0] == "AA"
    assert await refusal(desk, issue, "escalate", ADMIN) == ("NOBODY_ABOVE", ("input", "action"))


async def test_returning_goes_back(desk: Desk) -> None:
    """Step by step to where it stood before; a claimed order is open again."""
    issue = await desk.put()
    await done(desk, issue, "assign", ADMIN, assignee="BB1")
    await done(desk, issue, "assign", ADMIN, assignee="BB2")
    assert await place(desk, issue) == ("BB2", "BB2", None, False)
    await done(desk, issue, "return", ADMIN)
    assert await place(desk, issue) == ("BB1", "BB1", None, False)
    claimed = await desk.put()
    await done(desk, claimed, "claim", WORKER)
    assert await desk.available(claimed, OTHER) == []
    await done(desk, claimed, "return", WORKER)
    assert await place(desk, claimed) == ("AA1-1-G1", "AA1-1-G1", None, False)


async def test_claims_are_limited(desk: Desk) -> None:
    """Nobody has more open claims than the city allows, until one is given back or settled."""
    issues = [await desk.put() for _ in range(3)]
    await done(desk, issues[0], "claim", WORKER)
    await done(desk, issues[1], "claim", WORKER)
    expected = ("CLAIMS_EXCEEDED", ("input", "action"))
    assert await refusal(desk, issues[2], "claim", WORKER) == expected
    await done(desk, issues[0], "resolve", WORKER)
    await done(desk, issues[2], "claim", WORKER)
    assert await refusal(desk, issues[2], "claim", OTHER) == (
        "ACTION_NOT_AVAILABLE",
        ("input", "action"),
    )


async def test_joint_handling(desk: Desk) -> None:
    """Each who takes part gives an answer of its own; only the lead settles the issue."""
    issue = await desk.put()
    await done(desk, issue, "claim", WORKER)
    await done(desk, issue, "share", WORKER, co_handlers=("BB1", "BB2"))
    helper = actor(Role.GRID_WORKER, "BB1")
    assert await desk.available(issue, helper) == ["resolve"]
    await done(desk, issue, "resolve", helper, note="已检修线路")
    assert (await desk.row(issue))["state"] == "doing"
    assert await desk.available(issue, helper) == []
    parts = await desk.sql(
        "SELECT o.code, n.text FROM issue_handler h"
        " JOIN organization o ON o.tenant_id = h.tenant_id AND o.id = h.organization_id"
        " LEFT JOIN issue_note n ON n.tenant_id = h.tenant_id AND n.id = h.note_id ORDER BY 1"
    )
    assert parts == [("BB1", "已检修线路"), ("BB2", None)]
    again = {"co_handlers": ("BB2",)}
    expected = ("HANDLER_NOT_ALLOWED", ("input", "coHandlers"))
    assert await refusal(desk, issue, "share", WORKER, **again) == expected
    await done(desk, issue, "resolve", WORKER)
    assert (await desk.row(issue))["state"] == "done"


async def test_merging(desk: Desk) -> None:
    """The issue is closed with the other, which has its reporter and supporters among its own."""
    first, second = await desk.put(), await desk.put(supporters=2)
    into = global_id("Issue", first)
    await done(desk, second, "merge", ADMIN, merge_into=into)
    row, other = await desk.row(second), await desk.row(first)
    assert (row["phase"], row["merged_into"], other["supporters"]) == ("CLOSED", first, 3)
    assert other["revision"] == 2
    third = await desk.put()
    expected = ("MERGE_NOT_ALLOWED", ("input", "mergeInto"))
    closed = {"merge_into": global_id("Issue", second)}
    assert await refusal(desk, third, "merge", ADMIN, **closed) == expected
    itself = {"merge_into": global_id("Issue", third)}
    assert await refusal(desk, third, "merge", ADMIN, **itself) == expected
    foreign = {"merge_into": global_id("Issue", first, 990200)}
    assert await refusal(desk, third, "merge", ADMIN, **foreign) == (
        "ISSUE_UNKNOWN",
        ("input", "mergeInto"),
    )
    assert await refusal(desk, second, "reopen", REPORTER) == (
        "REOPENING_TOO_LATE",
        ("input", "action"),
    )


async def test_pause_and_extension(desk: Desk) -> None:
    """Once each: the clock rests, and is due later; a further step leaves both counted."""
    issue = await desk.put()
    await done(desk, issue, "claim", WORKER)
    due = (await desk.row(issue))["due_at"]
    assert due == desk.now + 2 * DAY
    await done(desk, issue, "pause", WORKER, until=desk.now + 5 * DAY)
    row = await desk.row(issue)
    assert (row["paused_at"], row["paused_until"]) == (desk.now, desk.now + 5 * DAY)
    assert await refusal(desk, issue, "pause", WORKER) == ("NO_DEADLINE", ("input", "action"))
    await done(desk, issue, "extend", WORKER, until=desk.now + 9 * DAY)
    assert (await desk.row(issue))["due_at"] == desk.now + 9 * DAY
    expected = ("EXTENSIONS_EXCEEDED", ("input", "action"))
    assert await refusal(desk, issue, "extend", WORKER) == expected
    await done(desk, issue, "return", WORKER)
    await done(desk, issue, "claim", WORKER)
    assert await refusal(desk, issue, "pause", WORKER) == ("PAUSES_EXCEEDED", ("input", "action"))


@pytest.mark.parametrize("days", [0, -1, 400])
async def test_pause_until_when(desk: Desk, days: int) -> None:
    """A pause ends after now and within a year."""
    issue = await desk.put()
    await done(desk, issue, "claim", WORKER)
    until = {"until": desk.now + days * DAY}
    assert await refusal(desk, issue, "pause", WORKER, **until) == (
        "DATE_OUT_OF_RANGE",
        ("input", "until"),
    )


async def settled(desk: Desk) -> uuid.UUID:
    """An issue that was resolved."""
    issue: uuid.UUID = await desk.put()
    await done(desk, issue, "claim", WORKER)
    await done(desk, issue, "resolve", WORKER)
    return issue


async def test_rating(desk: Desk) -> None:
    """Solved and satisfied are two answers, of whoever reported the issue alone."""
    issue = await settled(desk)
    assert await desk.available(issue, actor(Role.RESIDENT, subject="neighbour")) == []
    assert await refusal(desk, issue, "rate", REPORTER, rating=Rating(Solved.YES, 6)) == (
        "RATING_OUT_OF_RANGE",
        ("input", "rating", "satisfied"),
    )
    await done(desk, issue, "rate", REPORTER, rating=Rating(Solved.PARTLY, 4, "还好"))
    row = await desk.row(issue)
    assert (row["solved"], row["satisfied"], row["comment"]) == ("PARTLY", 4, "还好")
    assert (row["phase"], row["closed_at"], row["ended_at"]) == ("CLOSED", desk.now, desk.now)


async def test_reopening(desk: Desk) -> None:
    """Within the city's days it is handled once more, with a clock of its own, to be rated anew."""
    issue = await settled(desk)
    await done(desk, issue, "rate", REPORTER, rating=Rating(Solved.NO, 1))
    desk.now += 30 * DAY
    await done(desk, issue, "reopen", REPORTER)
    row = await desk.row(issue)
    assert (row["state"], row["reopenings"], row["solved"], row["closed_at"]) == (
        "known", 1, None, None,
    )  # fmt: skip
    again = await settled(desk)
    desk.now += 31 * DAY
    expected = ("REOPENING_TOO_LATE", ("input", "action"))
    assert await refusal(desk, again, "reopen", REPORTER) == expected


async def test_clock_of_each_state(desk: Desk) -> None:
    """A state with a limit starts the clock, one without has none, and settling ends it."""
    issue = await desk.put()
    await done(desk, issue, "accept", WORKER)
    assert (await desk.row(issue))["due_at"] is None
    await done(desk, issue, "claim", WORKER)
    desk.now += DAY
    await done(desk, issue, "share", WORKER)
    row = await desk.row(issue)
    assert (row["started_at"], row["due_at"]) == (desk.now - DAY, desk.now + DAY)
    desk.now += 2 * DAY
    await done(desk, issue, "resolve", WORKER)
    row = await desk.row(issue)
    assert (row["due_at"], row["ended_at"]) == (desk.now - DAY, desk.now)


async def test_events_are_gapless_and_hold_no_text(desk: Desk) -> None:
    """Each action leaves one event with what it set, and nothing that people wrote."""
    issue = await desk.put()
    await done(desk, issue, "claim", WORKER)
    await done(desk, issue, "resolve", WORKER, note="王某某电话不通", evidence=())
    rows = await desk.sql("SELECT seq, kind, issue_id, about::text FROM event ORDER BY seq")
    assert [row[:3] for row in rows] == [(1, "ISSUE_CLAIMED", issue), (2, "ISSUE_RESOLVED", issue)]
    assert "王某某" not in "".join(row[3] for row in rows)
    assert await desk.sql("SELECT text FROM issue_note") == [("王某某电话不通",)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"note": " "}, ("NEED_MISSING", "note")),
        ({"note": "x" * 2001}, ("TEXT_MALFORMED", "note")),
        ({"note": "x", "assignee": "AA1"}, ("NEED_NOT_TAKEN", "assignee")),
        ({"note": "x", "evidence": ("https://files.invalid/a.exe",)}, NO_EVIDENCE),
        ({"note": "x", "evidence": ("http://files.invalid/a.jpg",)}, NO_EVIDENCE),
        ({"note": "x", "evidence": ("https://f.invalid/a.jpg",) * 10}, NO_EVIDENCE),
    ],
)
async def test_what_is_given_is_checked(
    desk: Desk, given: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Something missing, superfluous or malformed is refused, by the field that it is about."""
    issue = await desk.put()
    await done(desk, issue, "claim", WORKER)
    code, field = expected
    assert await refusal(desk, issue, "resolve", WORKER, **given) == (code, ("input", field))


@pytest.mark.parametrize("assignee", ["BB1", "ZZ", "", "AA1-9"])
async def test_assignees_are_ones_own(desk: Desk, assignee: str) -> None:
    """A secretary assigns below, to organizations that exist."""
    issue = await desk.put()
    code = "NEED_MISSING" if not assignee else "HANDLER_UNKNOWN"
    code = "HANDLER_NOT_ALLOWED" if assignee == "BB1" else code
    assert await refusal(desk, issue, "assign", SECRETARY, assignee=assignee) == (
        code,
        ("input", "assignee"),
    )


async def test_stale_and_unknown(desk: Desk) -> None:
    """Another revision, an unknown action and an issue out of reach are refused."""
    issue = await desk.put()
    outcome = await desk.do(issue, "accept", WORKER, Given(), revision=7)
    assert isinstance(outcome, Refused)
    assert [item.code for item in outcome.refusals] == ["ISSUE_CHANGED"]
    assert await refusal(desk, issue, "fly", WORKER) == ("ACTION_UNKNOWN", ("input", "action"))
    far = actor(Role.GRID_WORKER, "BB1")
    assert await refusal(desk, issue, "accept", far) == ("ISSUE_UNKNOWN", ("input", "issue"))
    nothing = await desk.do(uuid.uuid4(), "accept", WORKER, Given())
    assert isinstance(nothing, Refused)
    assert [item.code for item in nothing.refusals] == ["ISSUE_UNKNOWN"]


async def test_a_person_is_assigned(desk: Desk) -> None:
    """It goes to the organization of their post; bound to that person a token is the lead's."""
    await desk.town.appoint("AA1-1-G2", desk.now.date())
    ((person,),) = await desk.sql("SELECT id FROM person WHERE tenant_id = $1", ID)
    issue = await desk.put()
    await done(desk, issue, "assign", SECRETARY, assignee=global_id("Person", person))
    assert (await place(desk, issue))[:3] == ("AA1-1-G2", "AA1-1-G2", None)
    bound = Actor(
        "phone", Role.GRID_WORKER, WORKER.tenant_ids,
        actor(Role.GRID_WORKER, "AA1-1-G2").grants, person,
    )  # fmt: skip
    peer = actor(Role.GRID_WORKER, "AA1-1-G2")
    assert "resolve" in await desk.available(issue, bound)
    assert await desk.available(issue, peer) == []
