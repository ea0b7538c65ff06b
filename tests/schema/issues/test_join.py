"""Joining: everybody once, only what is open, and what it leaves."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from schema.actor import PUBLIC, Actor, Grant
from schema.ids import GlobalId
from schema.issues.join import Joined
from tenants.roles import Role
from tests.conftest import NOW
from tests.rollups import recounted
from tests.schema.issues.reporting import NORTH, PHONE, RESIDENT, WORKER, Town, codes, holder

NEIGHBOUR = holder(Role.RESIDENT, subject="neighbour")
OTHER_PHONE = "13900139000"


def global_id(outcome: Any, tenant_id: int = NORTH.tenant_id) -> str:
    """The issue's id as the graph gives it."""
    return str(GlobalId("Issue", tenant_id, outcome.issue.hex))


async def test_a_neighbour_joins(town: Town) -> None:
    """By number or id: one supporter more, one event that says so, and one revision."""
    issue = await town.report()
    assert await town.join(issue.number, NEIGHBOUR) == Joined(
        NORTH.tenant_id, issue.issue, issue.number, 1
    )
    assert (await town.join(global_id(issue), WORKER)).supporters == 2
    (row,) = await town.rows("SELECT supporters, revision FROM issue")
    assert row == {"supporters": 2, "revision": 3}
    supporters = await town.rows("SELECT * FROM issue_supporter ORDER BY id")
    assert [(row["subject"], row["person_id"], row["at"]) for row in supporters] == [
        ("neighbour", None, NOW),
        ("worker", None, NOW),
    ]
    events = await town.rows("SELECT kind, about, issue_id FROM event ORDER BY seq")
    assert [(row["kind"], row["issue_id"]) for row in events[1:]] == [
        ("ISSUE_JOINED", issue.issue)
    ] * 2
    assert json.loads(events[1]["about"]) == {
        "number": issue.number,
        "supporter": str(supporters[0]["id"]),
        "set": {"supporters": 1, "revision": 2},
    }


async def test_without_a_token_one_joins_by_telephone(town: Town) -> None:
    """The contact is a person whose number is sealed."""
    issue = await town.report()
    assert (await town.join(issue.number, PUBLIC, phone=PHONE)).supporters == 1
    (supporter,) = await town.rows("SELECT subject, person_id FROM issue_supporter")
    (person,) = await town.rows("SELECT id, phone_masked FROM person")
    assert supporter == {"subject": None, "person_id": person["id"]}
    assert person["phone_masked"] == "138****8000"


@pytest.mark.parametrize(
    ("reporter", "first", "again"),
    [
        (RESIDENT, None, (RESIDENT, {})),
        (RESIDENT, (NEIGHBOUR, {}), (NEIGHBOUR, {})),
        (PUBLIC, None, (PUBLIC, {"phone": "138-0013-8000"})),
        (RESIDENT, (PUBLIC, {"phone": OTHER_PHONE}), (PUBLIC, {"phone": "+86 " + OTHER_PHONE})),
    ],
)
async def test_everybody_joins_once(town: Town, reporter: Actor, first: Any, again: Any) -> None:
    """Who reported or joined already, by token or by telephone, is told so; nothing is stored."""
    issue = await town.report(reporter)
    if first is not None:
        await town.join(issue.number, first[0], **first[1])
    before = await town.counts()
    outcome = await town.join(issue.number, again[0], **again[1])
    assert codes(outcome) == [("ALREADY_JOINED", ("input", "issue"))]
    assert await town.counts() == before


async def test_a_number_is_known_after_the_keys_were_rotated(town: Town) -> None:
    """What was indexed with an old key is found still."""
    issue = await town.report(PUBLIC)
    town.keyring.rotate_index()
    outcome = await town.join(issue.number, PUBLIC, phone=PHONE)
    assert codes(outcome) == [("ALREADY_JOINED", ("input", "issue"))]


async def test_a_bound_person_joins_once(town: Town) -> None:
    """Whatever the token's subject, the person is the same."""
    await town.report(PUBLIC)
    (person,) = await town.rows("SELECT id FROM person")
    issue = await town.report(RESIDENT)
    me = replace(NEIGHBOUR, person=person["id"])
    assert (await town.join(issue.number, me)).supporters == 1
    again = await town.join(issue.number, replace(me, subject="another device"))
    assert codes(again) == [("ALREADY_JOINED", ("input", "issue"))]


SOUTHERN = Actor("x", Role.RESIDENT, frozenset({990200}), (Grant(Role.RESIDENT, 990200),))


async def test_what_cannot_be_joined(town: Town) -> None:
    """Nothing that is not there, of another city, or settled; and not without a way to be asked."""
    issue = await town.report()
    unknown = [("ISSUE_UNKNOWN", ("input", "issue"))]
    assert codes(await town.join("NO-20260315-000009")) == unknown
    assert codes(await town.join("'; --")) == unknown
    assert codes(await town.join(global_id(issue, 990200))) == unknown
    assert codes(await town.join(issue.number, SOUTHERN)) == [("FORBIDDEN", ("input",))]
    contact = ("input", "contact", "phone")
    assert codes(await town.join(issue.number, PUBLIC)) == [("CONTACT_REQUIRED", contact)]
    assert codes(await town.join(issue.number, PUBLIC, phone="12")) == [
        ("PHONE_MALFORMED", contact)
    ]
    for phase in ("RESOLVED", "CLOSED", "REJECTED", "WITHDRAWN"):
        await town.rows("UPDATE issue SET phase = $1 RETURNING id", phase)
        assert codes(await town.join(issue.number, NEIGHBOUR)) == [
            ("ISSUE_CLOSED", ("input", "issue"))
        ]
    assert (await town.counts())["issue_supporter"] == 0
    await recounted(town.url)


async def test_many_join_at_once(town: Town) -> None:
    """Twenty neighbours and one who presses twenty times: twenty-one supporters, an event each."""
    issue = await town.report()
    neighbours = [holder(Role.RESIDENT, subject=f"neighbour {n}") for n in range(20)]
    outcomes = await asyncio.gather(
        *(town.join(issue.number, actor) for actor in [*neighbours, *[NEIGHBOUR] * 20])
    )
    assert [isinstance(outcome, Joined) for outcome in outcomes].count(True) == 21
    (row,) = await town.rows("SELECT supporters, revision FROM issue")
    counts = await town.counts()
    assert (row, counts["issue_supporter"], counts["event"]) == (
        {"supporters": 21, "revision": 22},
        21,
        22,
    )
