"""Sample issues: played by the rules, the same everywhere, told whole by their events."""

import datetime
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schema.issue_rollups import ISSUES
from schema.issues.answers import Answer, checked_answers
from schema.issues.replay import REPLAYED, replay
from schema.issues.texts import checked_description, checked_title
from schema.issues.values import plain
from schema.keyring import Keyring
from schema.refusals import Refused
from seeds import divisions as real
from seeds.events import event_rows
from seeds.issues import issue_rows, sample_issues
from seeds.load import load
from seeds.organizations import build_tree
from seeds.parts import pending
from seeds.people import sample_staff
from seeds.play import Played
from seeds.scene import Scene, scene_of_tree
from seeds.shares import shares
from seeds.titles import load_titles
from server.prepare import apply_tenants
from tenants.calendar import CHINA
from tenants.definition import Definition, TenantKind
from tenants.files import load_tenants
from tenants.workflow import Effect, Phase
from tests.conftest import NOW, TODAY, NewDatabase, opened
from tests.rollups import differences

CITIES = [item for item in load_tenants() if item.kind is TenantKind.CITY]
SLUGS = [city.tenant.slug for city in CITIES]
COUNT = 3000
DIGEST = "from tests.seeds.test_issues import digest; print(digest('dandong', 60))"


@cache
def scene(slug: str) -> Scene:
    """The stage of a shipped city, with its sample people."""
    city = CITIES[SLUGS.index(slug)]
    divisions = real.divisions_of(city.tenant, real.load_divisions())
    tree = build_tree(city, divisions)
    return scene_of_tree(tree, sample_staff(tree))


@cache
def played(slug: str) -> Played:
    """The issues of a city among the 3,000 over all cities."""
    return sample_issues(scene(slug), 0, shares(COUNT, len(SLUGS))[SLUGS.index(slug)], TODAY)


def digest(slug: str, count: int) -> str:
    """All that is written of the issues of a city, as one word."""
    made = sample_issues(scene(slug), 0, count, TODAY)
    rows = (issue_rows(made), made.notes, made.handlers, event_rows(1, made.events, 0))
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def definition(slug: str) -> Definition:
    """The definition of a shipped city."""
    return CITIES[SLUGS.index(slug)]


def texts(made: Played) -> Iterable[str]:
    """All that somebody is said to have written."""
    for row in made.issues:
        yield from (row["title"], row["description"] or "", row["comment"] or "")
        yield from row["answers"].values()
    yield from (note["text"] or "" for note in made.notes)


@pytest.mark.soak
def test_another_process_plays_the_same() -> None:
    """The same city, number and day give the same rows in every process."""
    command = [sys.executable, "-W", "error", "-c", DIGEST]
    other = subprocess.run(command, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest("dandong", 60)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_city_has_its_share_of_generated_issues(slug: str) -> None:
    """As many as asked for, all GENERATED, with numbers of their own, in the last 120 days."""
    made = played(slug)
    assert len(made.issues) == COUNT // len(SLUGS)
    assert {row["data_kind"] for row in made.issues} == {"GENERATED"}
    assert len({row["number"] for row in made.issues}) == len(made.issues)
    days = [row["reported_at"].astimezone(CHINA).date() for row in made.issues]
    assert TODAY - datetime.timedelta(days=121) <= min(days) <= max(days) < TODAY


@pytest.mark.parametrize("slug", SLUGS)
def test_replaying_the_events_gives_every_row(slug: str) -> None:
    """The events of an issue set each of its columns but for texts as the row has it."""
    made = played(slug)
    abouts: dict[Any, list[dict[str, Any]]] = {row["id"]: [] for row in made.issues}
    for happened in made.events:
        abouts[happened.event.issue_id].append(json.loads(json.dumps(happened.event.about)))
    for row in made.issues:
        expected = plain({name: row[name] for name in REPLAYED})
        assert replay(abouts[row["id"]]) == expected


@pytest.mark.parametrize("slug", SLUGS)
def test_events_are_in_order_of_time(slug: str) -> None:
    """Nothing happens before what is told before it, nor on the day of reference or after."""
    moments = [happened.at for happened in played(slug).events]
    assert moments == sorted(moments)
    assert moments[-1].astimezone(CHINA).date() < TODAY


def test_every_effect_and_phase_occurs() -> None:
    """Three thousand issues show every effect of the shipped workflows, and end in all phases."""
    seen: set[Effect | None] = set()
    phases: set[str] = set()
    for slug in SLUGS:
        made = played(slug)
        phases |= {row["phase"] for row in made.issues}
        workflows = {row["id"]: row["workflow"] for row in made.issues}
        for happened in made.events:
            key = happened.event.about.get("action")
            issue = happened.event.issue_id
            if key is not None and issue is not None:
                action = definition(slug).workflows[workflows[issue]].action(key)
                assert action is not None
                seen.add(action.effect)
    declared = {
        action.effect
        for city in CITIES
        for workflow in city.workflows.values()
        for action in workflow.actions
    }
    assert seen == declared
    assert phases == set(Phase)


def test_every_state_occurs() -> None:
    """Among three thousand issues each state of a workflow that services have is entered."""
    missing = set()
    for slug in SLUGS:
        city = definition(slug)
        used = {service.workflow for _, service in city.services.values()}
        states = {
            (key, state.key)
            for key, workflow in city.workflows.items()
            if key in used
            for state in workflow.states
        }
        workflows = {row["id"]: row["workflow"] for row in played(slug).issues}
        entered = {
            (workflows[happened.event.issue_id], happened.event.about["set"]["state"])
            for happened in played(slug).events
            if happened.event.issue_id and "state" in happened.event.about["set"]
        }
        missing |= {(slug, *state) for state in states - entered}
    assert missing == set()


def test_some_are_late_some_are_not_and_most_are_satisfied() -> None:
    """Shares are plausible: deadlines are missed at times, most who rate say it was solved."""
    rows = [row for slug in SLUGS for row in played(slug).issues]
    rated = Counter(row["solved"] for row in rows if row["solved"])
    late = sum(row["marked"] == "OVERDUE" for row in rows)
    assert rated["YES"] > rated["PARTLY"] > rated["NO"] > 0
    assert 0.02 < late / len(rows) < 0.4
    assert 0.3 < sum(row["phase"] == "CLOSED" for row in rows) / len(rows) < 0.8


@pytest.mark.parametrize("slug", SLUGS)
def test_nothing_personal_is_in_any_text(slug: str) -> None:
    """No text has a telephone number, and nobody is named by a row of a person but its handlers."""
    for text in texts(played(slug)):
        assert re.search(r"[0-9]{6}", text) is None, text
    members = {member.actor.person for member in scene(slug).handlers}
    reporters = {row["reporter_person_id"] for row in played(slug).issues}
    assert reporters - {None} <= members
    assert all(row["secret_hash"] is None for row in played(slug).issues)


@pytest.mark.parametrize("slug", SLUGS)
def test_texts_and_answers_could_have_been_sent(slug: str) -> None:
    """Titles, descriptions and answers are such as a report is accepted with."""
    services = definition(slug).services
    for row in played(slug).issues:
        service = services[row["service"]][1]
        assert checked_title(row["title"], row["description"], None) == row["title"]
        assert checked_description(row["description"]) == row["description"]
        given = [Answer(key, value) for key, value in row["answers"].items()]
        answers = checked_answers(service, given)
        assert not isinstance(answers, Refused)
        assert (dict(answers.values), answers.refusals) == (row["answers"], ())


@pytest.mark.parametrize("slug", SLUGS)
def test_every_service_has_titles(slug: str) -> None:
    """A template through the service, its category or its domain."""
    titles = load_titles()
    bare = [
        service.name
        for category, service in definition(slug).services.values()
        if not titles.of(category, service)
    ]
    assert bare == []


def test_shares_add_up() -> None:
    """What does not divide goes to the first cities."""
    assert (shares(3000, 15), shares(7, 3), shares(0, 2)) == ([200] * 15, [3, 2, 2], [0, 0])


def small() -> tuple[Definition, ...]:
    """宁夏 and its one city, the smallest tree."""
    return tuple(item for item in load_tenants() if item.tenant.slug in ("ningxia", "yinchuan"))


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """The address of an empty database."""
    return await new_database()


@asynccontextmanager
async def applied(url: str) -> AsyncIterator[Any]:
    """A connection to a database in which that city is in force; issues are counted as loaded."""
    await apply_tenants(url, small())
    connection: Any = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
    assert await differences(url, [ISSUES]) == []


async def counted(connection: Any) -> tuple[int, int, int]:
    """Issues, events of them, and the newest number of an event."""
    return (
        await connection.fetchval("SELECT count(*) FROM issue"),
        await connection.fetchval("SELECT count(*) FROM event"),
        await connection.fetchval("SELECT max(seq) FROM event"),
    )


async def test_what_is_loaded_is_what_was_played(url: str, tmp_path: Path) -> None:
    """Rows, words and gapless events are there, and a second load adds nothing."""
    async with applied(url) as connection:
        keys = Keyring(tmp_path / "keys.json")
        parts = [part async for part in load(connection, small(), NOW, keys, 50)]
        assert parts[-1] == (6, 6, "银川市 issues")
        issues, events, newest = await counted(connection)
        assert (issues, newest) == (50, events)
        assert await connection.fetchval("SELECT seq FROM event_counter") == events
        rows = await connection.fetch("SELECT * FROM issue")
        found = await connection.fetch(
            "SELECT issue_id, about FROM event WHERE issue_id IS NOT NULL ORDER BY seq"
        )
        for row in rows:
            told = [json.loads(item["about"]) for item in found if item["issue_id"] == row["id"]]
            assert replay(told) == plain({name: row[name] for name in REPLAYED})
        bare = await connection.fetchval(
            "SELECT count(*) FROM issue i WHERE NOT EXISTS"
            " (SELECT FROM issue_word w WHERE w.issue_id = i.id)"
        )
        assert bare == 0
        assert [part async for part in load(connection, small(), NOW, keys, 50)] == []
        assert await counted(connection) == (issues, events, newest)


async def test_more_are_added_and_none_taken_away(url: str, tmp_path: Path) -> None:
    """A larger number adds the difference, on another day too; a smaller one changes nothing."""
    async with applied(url) as connection:
        keys = Keyring(tmp_path / "keys.json")
        async for _ in load(connection, small(), NOW, keys, 20):
            pass
        before = await connection.fetch("SELECT * FROM issue ORDER BY id")
        later = NOW + datetime.timedelta(days=3)
        async for _ in load(connection, small(), later, keys, 35):
            pass
        after = await connection.fetch("SELECT * FROM issue ORDER BY id")
        assert (len(before), len(after)) == (20, 35)
        assert {row["number"] for row in before} <= {row["number"] for row in after}
        assert await pending(connection, small(), sample=True, issues=10) == []
        issues, events, newest = await counted(connection)
        assert (issues, newest) == (35, events)


async def test_without_sample_people_there_are_no_sample_issues(url: str, tmp_path: Path) -> None:
    """A city whose people are real gets none."""
    async with applied(url) as connection:
        async for _ in load(connection, small(), NOW):
            pass
        await connection.execute(
            "INSERT INTO person (tenant_id, id, name, data_kind, created_at)"
            " VALUES (640100, gen_random_uuid(), '示例', 'REAL', now())"
        )
        async for _ in load(connection, small(), NOW, Keyring(tmp_path / "keys.json"), 30):
            pass
        assert await connection.fetchval("SELECT count(*) FROM issue") == 0


async def test_a_city_says_that_it_holds_generated_data(url: str, tmp_path: Path) -> None:
    """`City.dataKinds` has GENERATED wherever there are sample issues."""
    async with applied(url) as connection:
        async for _ in load(connection, small(), NOW, Keyring(tmp_path / "keys.json"), 5):
            pass
    async with opened(url) as graph:
        data = await graph.data('{ city(code: "640100") { dataKinds } }')
    assert "GENERATED" in data["city"]["dataKinds"]
