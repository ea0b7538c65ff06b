"""What issues hold about a person: in the person's copy, and erased with the person."""

import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schema.actor import PUBLIC
from schema.events import append
from schema.fetching import fetching
from schema.ids import GlobalId
from schema.issues.answers import Answer
from schema.privacy.erase import Erasure, erase_person
from schema.privacy.export import LABELS, export_person
from schema.privacy.issues import ISSUE_LABELS
from server.privacy import OPERATOR
from tenants.roles import Role
from tests.conftest import NOW, TODAY
from tests.schema.issues.reporting import (
    NORTH,
    PHONE,
    RESIDENT,
    TENANTS,
    Town,
    holder,
    reporting_at,
)
from tests.schema.privacy.people import owner

NOON = "2026-03-15T12:00:00+08:00"
TABLES = ("issue", "issue_note", "issue_supporter", "issue_word", "person", "event")


@pytest.fixture
async def town(new_database: Any, tmp_path: Path) -> AsyncIterator[Town]:
    """An invented city in which nothing has been reported."""
    url = await new_database(TENANTS)
    async with reporting_at(url, tmp_path / "keys.json") as ready:
        yield ready


async def _report(town: Town) -> Any:
    """An issue of somebody without a token, with all that such a one may write."""
    issue = await town.report(
        PUBLIC,
        description="我家在三单元",
        answers=(Answer("kind", "乱堆乱放"), Answer("more", "敲门请轻")),
        latitude=41.5,
        longitude=123.5,
    )
    await town.rows(
        "UPDATE issue SET solved = 'YES', satisfied = 5, comment = '谢谢', rated_at = $1"
        " RETURNING id",
        NOW,
    )
    for author, person, text in (
        ("public", None, "又堆上了"),
        ("worker", None, "已到现场"),
    ):
        await town.rows(
            "INSERT INTO issue_note (tenant_id, id, issue_id, author, person_id, text, evidence,"
            " at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
            NORTH.tenant_id, uuid.uuid4(), issue.issue, author, person, text,
            ["https://files.invalid/a.jpg"], NOW,
        )  # fmt: skip
    return issue


async def _person(town: Town) -> uuid.UUID:
    (row,) = await town.rows("SELECT id FROM person ORDER BY id LIMIT 1")
    found: uuid.UUID = row["id"]
    return found


async def _exported(town: Town, person: uuid.UUID) -> Any:
    async with owner(town.url) as connection:
        found = await export_person(connection, NORTH, person, town.keyring, NOW)
    return json.loads(json.dumps(found))


async def _erased(town: Town, person: uuid.UUID) -> Erasure:
    async with owner(town.url) as connection:
        done, events = await erase_person(connection, NORTH, person, NOW, TODAY)
        if events:
            await append(fetching(connection), NORTH.tenant_id, OPERATOR, events, NOW)
    return done


async def test_the_copy_has_what_the_person_reported(town: Town) -> None:
    """Every text of it, the notes that were written with its secret, and nobody else's."""
    issue = await _report(town)
    copy = await _exported(town, await _person(town))
    (note,) = copy["notes"]
    assert note.pop("uuid")
    assert (copy["issues"], note, copy["supports"], copy["handled"]) == (
        [
            {
                "id": str(GlobalId("Issue", NORTH.tenant_id, issue.issue.hex)),
                "uuid": str(issue.issue),
                "number": issue.number,
                "service": {"code": "A1", "name": "垃圾清运"},
                "title": "三号楼前垃圾成堆",
                "description": "我家在三单元",
                "answers": [
                    {"question": "kind", "answer": "乱堆乱放"},
                    {"question": "more", "answer": "敲门请轻"},
                ],
                "priorityGroup": None,
                "organization": {"code": "S1-C1-G1", "name": "第1网格"},
                "latitude": 41.5,
                "longitude": 123.5,
                "phase": "REPORTED",
                "reportedAt": NOON,
                "solved": "YES",
                "satisfied": 5,
                "comment": "谢谢",
                "dataKind": "REAL",
            }
        ],
        {
            "number": issue.number,
            "text": "又堆上了",
            "evidence": ["https://files.invalid/a.jpg"],
            "at": NOON,
        },
        [],
        [],
    )
    assert [event["kind"] for event in copy["events"]] == ["ISSUE_REPORTED"]
    keys = set(_keys({key: value for key, value in copy.items() if key != "labels"}))
    assert keys <= set(LABELS)
    assert set(ISSUE_LABELS) - keys == {"lead"}


async def test_the_copy_has_what_the_person_joined_and_handled(town: Town) -> None:
    """Whom the issue is of stays out of it."""
    issue = await town.report(RESIDENT)
    await town.join(issue.number, PUBLIC, phone=PHONE)
    person = await _person(town)
    await town.rows("UPDATE issue SET lead_person_id = $1 RETURNING id", person)
    copy = await _exported(town, person)
    assert (copy["issues"], copy["supports"], copy["handled"]) == (
        [],
        [{"number": issue.number, "at": NOON}],
        [{"number": issue.number, "lead": True}],
    )
    assert RESIDENT.subject not in json.dumps(copy)


async def test_events_of_issues_name_nobody_else(town: Town) -> None:
    """Of what an event sets, the subjects and ids of others are left out."""
    await town.report(PUBLIC)
    person, other = await _person(town), uuid.uuid4()
    sets = {
        "lead_person_id": str(other),
        "lead_subject": "somebody",
        "reporter_person_id": str(person),
        "state": "new",
    }
    parts = [{"id": "1", "person_id": str(other)}, {"id": "2", "organization_id": "3"}]
    await town.rows(
        "UPDATE event SET about = $1 RETURNING seq", json.dumps({"set": sets, "co_handlers": parts})
    )
    (event,) = (await _exported(town, person))["events"]
    assert event["about"] == {
        "set": {"reporter_person_id": str(person), "state": "new"},
        "co_handlers": [{"id": "2", "organization_id": "3"}],
    }


async def test_an_erased_reporter_leaves_no_text(town: Town) -> None:
    """Nothing that the person wrote is in any table; what others wrote, states, days, ratings and
    events are as they were."""
    issue = await _report(town)
    person = await _person(town)
    (before,) = await town.rows("SELECT * FROM issue")
    events = await town.rows("SELECT * FROM event ORDER BY seq")
    done = await _erased(town, person)
    assert done == Erasure(person, "王**", "138****8000", 0, None, 1)
    (row,) = await town.rows("SELECT * FROM issue")
    assert row == before | {
        "title": "垃圾清运",
        "description": None,
        "answers": "{}",
        "latitude": None,
        "longitude": None,
        "comment": None,
    }
    words = await town.rows(
        "SELECT word FROM issue_word WHERE issue_id = $1 ORDER BY place", issue.issue
    )
    assert [item["word"] for item in words] == ["垃圾", "圾清", "清运"]
    notes = await town.rows(
        "SELECT author, text, evidence, erased_at FROM issue_note ORDER BY author"
    )
    assert [tuple(note.values()) for note in notes] == [
        ("public", None, [], NOW),
        ("worker", "已到现场", ["https://files.invalid/a.jpg"], None),
    ]
    after = await town.rows("SELECT * FROM event ORDER BY seq")
    assert after[: len(events)] == events
    assert json.loads(after[-1]["about"]) == {
        "person": str(person),
        "posts": 0,
        "issues": 1,
        "households": 0,
    }
    shown = [str(row) for table in TABLES for row in await town.rows(f"SELECT * FROM {table}")]
    written = ("三单元", "敲门", "谢谢", "又堆上", "三号楼", "王小二", PHONE)
    assert [text for text in written if any(text in row for row in shown)] == []


async def test_erasing_touches_nobody_elses_issue(town: Town) -> None:
    """Another's issue, also one that the person joined, keeps its texts and its supporters."""
    issue = await town.report(RESIDENT, description="别人的")
    await town.join(issue.number, PUBLIC, phone=PHONE)
    (before,) = await town.rows("SELECT * FROM issue")
    assert (await _erased(town, await _person(town))).issues == 0
    assert await town.rows("SELECT * FROM issue") == [before]
    assert len(await town.rows("SELECT * FROM issue_supporter")) == 1


async def test_a_note_of_a_bound_person_is_erased(town: Town) -> None:
    """What the person wrote by its token on anybody's issue goes too."""
    worker = holder(Role.GRID_WORKER, "S1-C1", "worker")
    issue = await town.report(worker)
    await town.join(issue.number, PUBLIC, phone=PHONE)
    person = await _person(town)
    await town.rows(
        "INSERT INTO issue_note (tenant_id, id, issue_id, author, person_id, text, evidence, at)"
        " VALUES ($1, $2, $3, 'me', $4, '我写的', '{}', $5) RETURNING id",
        NORTH.tenant_id, uuid.uuid4(), issue.issue, person, NOW,
    )  # fmt: skip
    assert [note["text"] for note in (await _exported(town, person))["notes"]] == ["我写的"]
    await _erased(town, person)
    (note,) = await town.rows("SELECT text, erased_at FROM issue_note")
    assert note == {"text": None, "erased_at": NOW}


def _keys(found: Any) -> list[str]:
    if isinstance(found, dict):
        inner = [key for name, item in found.items() if name != "about" for key in _keys(item)]
        return [*found, *inner]
    return [key for item in found for key in _keys(item)] if isinstance(found, list) else []
