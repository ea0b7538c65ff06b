"""Reporting: what is stored, who is told what, and what is refused."""

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schema.actor import PUBLIC, Actor, Grant
from schema.issue_secret import hashed, proves
from schema.issues.answers import Answer
from schema.issues.contact import Contact
from schema.issues.report import Reported
from schema.issues.secret import new_secret, secret_again
from tenants.channel import Channel
from tenants.roles import Role
from tenants.workflow import Severity
from tests.conftest import NOW
from tests.schema.issues.reporting import (
    NORTH,
    NOTHING,
    PHONE,
    RESIDENT,
    SOUTH,
    WORKER,
    Town,
    codes,
    holder,
    sample,
)


async def _row(town: Town, outcome: Any) -> dict[str, Any]:
    (row,) = await town.rows(
        "SELECT i.*, p.code AS place, o.code AS stands, l.code AS leads FROM issue i"
        " JOIN organization p ON p.tenant_id = i.tenant_id AND p.id = i.place_id"
        " JOIN organization o ON o.tenant_id = i.tenant_id AND o.id = i.organization_id"
        " JOIN organization l ON l.tenant_id = i.tenant_id AND l.id = i.lead_organization_id"
        " WHERE i.id = $1",
        outcome.issue,
    )
    for name in ("place_id", "organization_id", "lead_organization_id"):
        row.pop(name)
    return row


async def test_a_residents_report_is_stored_whole(town: Town) -> None:
    """The row has what was given and what the service and its workflow say; nobody leads yet."""
    outcome = await town.report(
        RESIDENT,
        description="  堆了三天\r\n没人管  ",
        answers=(Answer("kind", "乱堆乱放"), Answer("bags", "3.50"), Answer("smells", "是")),
        latitude=41.8765432,
        longitude=123.9,
        priority_group="残疾人",
    )
    assert outcome == Reported(NORTH.tenant_id, outcome.issue, "NO-20260315-000001")
    row = await _row(town, outcome)
    assert row == {
        "tenant_id": NORTH.tenant_id,
        "id": outcome.issue,
        "number": "NO-20260315-000001",
        "service": "A1",
        "workflow": "quick",
        "workflow_version": 1,
        "state": "new",
        "phase": "REPORTED",
        "severity": "ORDINARY",
        "channel": "APP",
        "priority_group": "残疾人",
        "title": "三号楼前垃圾成堆",
        "description": "堆了三天\n没人管",
        "answers": '{"bags": "3.5", "kind": "乱堆乱放", "smells": "true"}',
        "latitude": Decimal("41.876543"),
        "longitude": Decimal("123.900000"),
        "place": "S1-C1-G1",
        "stands": "S1-C1",
        "leads": "S1-C1",
        "trail": [],
        "lead_subject": None,
        "lead_person_id": None,
        "handed": False,
        "reporter_subject": "someone",
        "reporter_person_id": None,
        "secret_hash": None,
        "supporters": 0,
        "reported_at": NOW,
        "resolved_at": None,
        "closed_at": None,
        "started_at": NOW,
        "due_at": NOW + timedelta(hours=24),
        "unit": "HOURS",
        "warn_at": NOW + timedelta(hours=24 * 0.8),
        "paused_at": None,
        "paused_until": None,
        "service_started_at": None,
        "service_due_at": None,
        "service_unit": None,
        "service_warn_at": None,
        "service_marked": None,
        "pauses": 0,
        "extensions": 0,
        "ended_at": None,
        "marked": None,
        "merged_into": None,
        "reopenings": 0,
        "solved": None,
        "satisfied": None,
        "comment": None,
        "rated_at": None,
        "asked_at": None,
        "revision": 1,
        "data_kind": "REAL",
        **{name: row[name] for name in row.keys() & {"worked_at"}},
    }


async def test_the_event_holds_every_column_but_what_was_written(town: Town) -> None:
    """Replaying it gives the row but for texts and the secret, and no text is in the log."""
    outcome = await town.report(
        PUBLIC, title="机密标题", description="机密说明", latitude=41.5, longitude=123.5
    )
    (event,) = await town.rows("SELECT * FROM event")
    (row,) = await town.rows("SELECT * FROM issue")
    about = json.loads(event["about"])
    assert (event["kind"], event["issue_id"], event["organization_id"]) == (
        "ISSUE_REPORTED",
        outcome.issue,
        row["organization_id"],
    )
    sets = about.pop("set")
    assert about == {"number": outcome.number, "service": "A1"}
    hidden = {"title", "description", "answers", "latitude", "longitude", "secret_hash", "comment"}
    known = {name: value for name, value in row.items() if value is not None}
    assert set(known) - set(sets) <= hidden
    assert {name for name, value in sets.items() if value is not None} == set(known) - hidden
    written = json.dumps(about | sets, ensure_ascii=False)
    assert [text for text in ("机密", "41.5", PHONE, "王小二") if text in written] == []


async def test_what_was_written_can_be_found(town: Town) -> None:
    """Every two neighbouring characters of title and description are kept with the issue."""
    outcome = await town.report(title="路灯坏", description="二楼")
    rows = await town.rows("SELECT word, issue_id FROM issue_word ORDER BY place")
    assert [row["word"] for row in rows] == ["路灯", "灯坏", "二楼"]
    assert {row["issue_id"] for row in rows} == {outcome.issue}


async def test_without_a_token_there_is_a_contact_and_a_secret(town: Town) -> None:
    """The contact is a person whose number is sealed; the secret opens the hash and can be told
    again, also after the keys were rotated, but not after its key was dropped."""
    outcome = await town.report(PUBLIC)
    row = await _row(town, outcome)
    (person,) = await town.rows("SELECT * FROM person")
    assert (row["reporter_subject"], row["reporter_person_id"], row["channel"]) == (
        None,
        person["id"],
        "WEB",
    )
    assert (person["name"], person["phone_masked"]) == ("王小二", "138****8000")
    assert PHONE not in str(person)
    told = secret_again(town.keyring, NORTH.tenant_id, outcome.issue, outcome.secret_key)
    assert told is not None
    assert proves(told, row["secret_hash"])
    town.keyring.rotate_index()
    again = secret_again(town.keyring, NORTH.tenant_id, outcome.issue, outcome.secret_key)
    town.keyring.drop(outcome.secret_key)
    gone = secret_again(town.keyring, NORTH.tenant_id, outcome.issue, outcome.secret_key)
    assert (again, gone) == (told, None)


async def test_secrets_are_another_for_every_issue_and_tenant(town: Town) -> None:
    """Neither the id of an issue nor another one's secret tells a secret."""
    first, second = await town.report(PUBLIC), await town.report(PUBLIC)
    tenants = (NORTH.tenant_id, SOUTH.tenant_id)
    made = {
        new_secret(town.keyring, tenant, outcome.issue)[0]
        for tenant in tenants
        for outcome in (first, second)
    }
    assert len(made) == 4
    assert {len(secret) for secret in made} == {19}
    (stored,) = await town.rows("SELECT secret_hash FROM issue WHERE id = $1", second.issue)
    assert [proves(secret, stored["secret_hash"]) for secret in sorted(made)].count(True) == 1


def test_a_secret_is_read_however_it_is_written() -> None:
    """Case, hyphens and blanks do not matter."""
    stored = hashed("ABCD-EFGH-2345-6789")
    assert [proves(text, stored) for text in ("abcdefgh23456789", " ABCD EFGH 2345 6789", "ABCD")]
    assert not proves("ABCD-EFGH-2345-6780", stored)
    assert not proves("ABCD-EFGH-2345-6789", None)


async def test_a_worker_reports_where_its_token_is(town: Town) -> None:
    """Without a place it is the token's organization; the channel is a visit; severity may be
    given, and whom to ask is stored as a person."""
    outcome = await town.report(
        WORKER, organization=None, severity=Severity.MAJOR, contact=Contact("李某", None)
    )
    row = await _row(town, outcome)
    (person,) = await town.rows("SELECT id, name, phone_sealed FROM person")
    assert (row["place"], row["channel"], row["severity"], row["reporter_subject"]) == (
        "S1-C1-G1",
        "VISIT",
        "MAJOR",
        "worker",
    )
    assert row["reporter_person_id"] == person["id"]
    assert (person["name"], person["phone_sealed"]) == ("李某", None)


@pytest.mark.parametrize(
    ("role", "channel"),
    [
        (Role.MEMBER, "APP"),
        (Role.AGENT, "STATION"),
        (Role.SECRETARY, "VISIT"),
        (Role.CITY_ADMIN, "PHONE"),
    ],
)
async def test_the_channel_follows_the_role(town: Town, role: Role, channel: str) -> None:
    """Who does not say how it came in has it by role; who says so is believed."""
    silent = await town.report(holder(role))
    said = await town.report(holder(role), channel=Channel.TERMINAL)
    assert ((await _row(town, silent))["channel"], (await _row(town, said))["channel"]) == (
        channel,
        "TERMINAL",
    )


@pytest.mark.parametrize(
    ("service", "place", "stands"),
    [
        ("A1", "S1-C1-G1", "S1-C1"),
        ("A1", "S1-C1", "S1-C1"),
        ("A1", "S1", "S1"),
        ("B2", "S1-C1-G1", "S1"),
        ("B2", "990100", "990100"),
    ],
)
async def test_it_goes_to_the_nearest_that_handles_it(
    town: Town, service: str, place: str, stands: str
) -> None:
    """The level of the service, else those of the workflow, at or above the place; else there."""
    outcome = await town.report(service=service, organization=place, answers=(), title="一件事")
    if service == "A1":
        outcome = await town.report(service=service, organization=place)
    row = await _row(town, outcome)
    assert (row["place"], row["stands"], row["leads"]) == (place, stands, stands)


async def test_a_state_without_a_limit_takes_that_of_the_service(town: Town) -> None:
    """The first clock is the state's, else the service's; none where neither has one."""
    outcome = await town.report(service="B2", answers=())
    row = await _row(town, outcome)
    assert (row["unit"], row["due_at"]) == ("DAYS", NOW + timedelta(days=3))


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("门口污水外溢，垃圾没人清运", "A1"),
        ("道路没人清扫", "A2"),
        ("反映一下社情", "B2"),
        ("zzz", "B2"),
    ],
)
async def test_free_text_finds_its_service(town: Town, text: str, service: str) -> None:
    """The service that shares most with the text, else one of the standard workflow that is open
    to the reporter; required questions are not asked, and the event says so."""
    outcome = await town.report(service=None, title=None, description=text, answers=())
    row = await _row(town, outcome)
    (event,) = await town.rows("SELECT about FROM event")
    assert (row["service"], row["title"], json.loads(event["about"])["classified"]) == (
        service,
        text,
        True,
    )


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({"title": " 路灯  不亮 "}, "路灯 不亮"),
        ({"title": None, "description": "路灯不亮。请来修"}, "路灯不亮"),
        ({"title": None, "description": "\n。灯" + "坏" * 40}, "灯" + "坏" * 28 + "…"),
        ({"title": None}, "垃圾清运"),
        ({"title": "长" * 100}, "长" * 100),
    ],
)
async def test_a_title_is_found(town: Town, given: dict[str, Any], title: str) -> None:
    """As it was given, else the description's first sentence, else the service's name."""
    outcome = await town.report(**given)
    assert (await _row(town, outcome))["title"] == title


async def test_a_dry_run_stores_nothing_and_shows_similar_ones(town: Town) -> None:
    """A rehearsal leaves no row, no number and no event, and names who is near."""
    first = await town.report()
    before = await town.counts()
    rehearsed = await town.report(PUBLIC, dry_run=True)
    assert [item.number for item in rehearsed.similar] == [first.number]
    assert await town.counts() == before
    assert (await town.report()).number == "NO-20260315-000002"


FORBIDDEN = ("FORBIDDEN", ("input",))
ELSEWHERE = Actor(
    "analyst",
    Role.PROVINCE_ANALYST,
    frozenset({NORTH.tenant_id}),
    (Grant(Role.PROVINCE_ANALYST, NORTH.tenant_id),),
)


@pytest.mark.parametrize(
    ("actor", "given", "refusals"),
    [
        (ELSEWHERE, {}, [FORBIDDEN]),
        (
            Actor("x", Role.CITY_ADMIN, frozenset({990200}), (Grant(Role.CITY_ADMIN, 990200),)),
            {},
            [FORBIDDEN],
        ),
        (RESIDENT, {"service": "Z9"}, [("SERVICE_UNKNOWN", ("input", "service"))]),
        (RESIDENT, {"service": "B1", "answers": ()}, [("SERVICE_NOT_OPEN", ("input", "service"))]),
        (RESIDENT, {"title": " "}, [("TITLE_MALFORMED", ("input", "title"))]),
        (RESIDENT, {"title": "长" * 101}, [("TITLE_MALFORMED", ("input", "title"))]),
        (RESIDENT, {"title": "有\x00字"}, [("TITLE_MALFORMED", ("input", "title"))]),
        (
            RESIDENT,
            {"service": None, "title": None, "answers": ()},
            [("TITLE_MALFORMED", ("input", "title"))],
        ),
        (
            RESIDENT,
            {"description": "长" * 5001},
            [("TEXT_MALFORMED", ("input", "description"))],
        ),
        (RESIDENT, {"description": "\x00"}, [("TEXT_MALFORMED", ("input", "description"))]),
        (
            RESIDENT,
            {"organization": None},
            [("ORGANIZATION_UNKNOWN", ("input", "organization"))],
        ),
        (
            RESIDENT,
            {"organization": "S9"},
            [("ORGANIZATION_UNKNOWN", ("input", "organization"))],
        ),
        (
            RESIDENT,
            {"organization": "不是编码"},
            [("ORGANIZATION_UNKNOWN", ("input", "organization"))],
        ),
        (
            RESIDENT,
            {"organization": "S1-C1-G8"},
            [("ORGANIZATION_ENDED", ("input", "organization"))],
        ),
        (
            RESIDENT,
            {"organization": "S1-C1-G9"},
            [("ORGANIZATION_ENDED", ("input", "organization"))],
        ),
        (RESIDENT, {"latitude": 41.0}, [("COORDINATES_MALFORMED", ("input", "longitude"))]),
        (RESIDENT, {"longitude": 123.0}, [("COORDINATES_MALFORMED", ("input", "latitude"))]),
        (
            RESIDENT,
            {"latitude": 123.0, "longitude": 41.0},
            [("COORDINATES_MALFORMED", ("input", "latitude"))],
        ),
        (
            RESIDENT,
            {"latitude": 41.0, "longitude": float("inf")},
            [("COORDINATES_MALFORMED", ("input", "longitude"))],
        ),
        (RESIDENT, {"severity": Severity.MAJOR}, [("FORBIDDEN", ("input", "severity"))]),
        (
            WORKER,
            {"organization": "S1-C2-G1", "severity": Severity.MAJOR},
            [("FORBIDDEN", ("input", "severity"))],
        ),
        (RESIDENT, {"priority_group": "富户"}, [("PRIORITY_UNKNOWN", ("input", "priorityGroup"))]),
        (PUBLIC, {"contact": None}, [("CONTACT_REQUIRED", ("input", "contact", "phone"))]),
        (
            PUBLIC,
            {"contact": Contact("王小二", " ")},
            [("CONTACT_REQUIRED", ("input", "contact", "phone"))],
        ),
        (
            RESIDENT,
            {"contact": Contact()},
            [("CONTACT_REQUIRED", ("input", "contact", "phone"))],
        ),
        (
            PUBLIC,
            {"contact": Contact("王\x00", "12")},
            [
                ("PERSON_MALFORMED", ("input", "contact", "name")),
                ("PHONE_MALFORMED", ("input", "contact", "phone")),
            ],
        ),
        (
            PUBLIC,
            {
                "service": "A1",
                "title": "",
                "organization": "S9",
                "latitude": 1.0,
                "contact": None,
                "answers": (),
            },
            [
                ("TITLE_MALFORMED", ("input", "title")),
                ("ORGANIZATION_UNKNOWN", ("input", "organization")),
                ("COORDINATES_MALFORMED", ("input", "latitude")),
                ("CONTACT_REQUIRED", ("input", "contact", "phone")),
                ("ANSWER_REQUIRED", ("input", "answers")),
            ],
        ),
    ],
)
async def test_refusals_store_nothing(
    town: Town, actor: Actor, given: dict[str, Any], refusals: list[Any]
) -> None:
    """Everything that is wrong is named at once with its place in the input, and nothing stays."""
    outcome = await town.report(actor, **given)
    assert codes(outcome) == refusals
    assert all(refusal.zh and refusal.en for refusal in outcome.refusals)
    assert await town.counts() == NOTHING


async def test_duplicates_can_be_prevented(town: Town) -> None:
    """With `unless_similar` a report that has neighbours is refused, names them, and takes no
    number."""
    first = await town.report(unless_similar=True)
    before = await town.counts()
    refused = await town.report(PUBLIC, unless_similar=True)
    assert codes(refused) == [("SIMILAR_OPEN", ("input", "unlessSimilar"))]
    assert [item.id for item in refused.similar] == [first.issue]
    assert await town.counts() == before
    assert (await town.report()).number == "NO-20260315-000002"


async def test_of_two_reports_at_once_only_one_is_stored(town: Town) -> None:
    """Who asks for no duplicates waits for whoever reports at the same time, and sees it."""
    outcomes = await asyncio.gather(*(town.report(unless_similar=True) for _ in range(8)))
    assert [isinstance(outcome, Reported) for outcome in outcomes].count(True) == 1
    assert (await town.counts())["issue"] == 1


async def test_reports_of_one_day_have_numbers_without_gaps(town: Town) -> None:
    """Fifty at once, a third of them refused or rehearsed: unique, gapless, in order of commits."""
    reports = [
        town.report(
            RESIDENT,
            title="" if n % 6 == 1 else f"第{n}件",
            dry_run=n % 6 == 2,
        )
        for n in range(50)
    ]
    await asyncio.gather(*reports)
    rows = await town.rows(
        "SELECT i.number FROM event e JOIN issue i ON i.tenant_id = e.tenant_id"
        " AND i.id = e.issue_id ORDER BY e.seq"
    )
    made = [n for n in range(50) if n % 6 not in (1, 2)]
    assert [row["number"] for row in rows] == [
        f"NO-20260315-{n:06}" for n, _ in enumerate(made, start=1)
    ]


def test_a_report_shows_no_personal_data() -> None:
    """What a log could show of a report holds neither name nor number."""
    shown = repr(sample(PUBLIC))
    assert PHONE not in shown
    assert "王小二" not in shown
