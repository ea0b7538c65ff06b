"""Disclosures: the audit holds what was shown of people unmasked, all of it and nothing else."""

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.disclosures import CHUNK, Disclosures
from schema.events import EventKind
from schema.ids import parse_id
from tests.conftest import Graph, NewDatabase, opened
from tests.schema.people.appointing import admin, appoint
from tests.schema.people.staffed import TENANTS
from tests.schema.privacy.people import rows

FIELDS = ("Person.name", "Person.phone", "City.people.phone")
IDS = [uuid.UUID(int=number) for number in range(1, 2 * CHUNK + 2)]


@given(
    shown=st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(IDS)), max_size=1000),
    denied=st.lists(st.sampled_from((*FIELDS, "READ_PEOPLE")), max_size=10),
    everybody=st.sets(st.sampled_from(FIELDS)),
)
@settings(max_examples=50, deadline=None)
def test_events(shown: list[tuple[str, uuid.UUID]], denied: list[str], everybody: set[str]) -> None:
    """The events name each pair of person and field once, in parts of at most 200 people."""
    disclosures = Disclosures()
    shown = shown + [(field, id_) for field in everybody for id_ in IDS]
    for field, id_ in shown:
        disclosures.shown(field, id_)
    for what in denied:
        disclosures.denied(what)
    events = disclosures.events("回访")
    assert bool(disclosures) is bool(events)
    read = [event.about for event in events if event.kind is EventKind.PERSONAL_DATA_READ]
    pairs = [(field, id_) for about in read for id_ in about["people"] for field in about["fields"]]
    assert Counter(pairs) == Counter({(field, str(id_)) for field, id_ in shown})
    assert all(0 < len(about["people"]) <= CHUNK for about in read)
    refused = [event.about for event in events if event.kind is EventKind.PERSONAL_DATA_DENIED]
    assert {about["what"]: about["times"] for about in refused} == Counter(denied)
    assert {event.about["purpose"] for event in events} <= {"回访"}


def test_purposes_are_scrubbed() -> None:
    """Numbers in a purpose are masked in every event, and nothing else of it."""
    disclosures = Disclosures()
    disclosures.shown("Person.phone", IDS[0])
    disclosures.denied("Person.name")
    events = disclosures.events("致电 138-0013-8000 张三(210411199003071234)")
    assert {event.about["purpose"] for event in events} == {
        "致电 138****8000 张三(2****************4)"
    }


@dataclass(frozen=True)
class Read:
    """One query by one kind of viewer."""

    role: str
    organization: str | None
    purpose: str | None
    query: str


PEOPLE = (
    ("S1", "secretary", "甲一二", "13800138001"),
    ("S1-G1", "full_time", "乙三四", "13800138002"),
    ("S1-G2", "full_time", "丙五六", None),
    ("S2-G1", "part_time", "丁七八", "13800138004"),
)
SELECTIONS = ("id", "id name", "id phone", "id name phone", "id name again: name")
PATHS = (
    'city(code: "north") {{ people {{ nodes {{ {0} }} }} }}',
    'city(code: "north") {{ people(under: "S1", first: 2) {{ nodes {{ {0} }} }} }}',
    'city(code: "north") {{ organization(code: "S1-G1") {{ posts {{ nodes {{ '
    "person {{ {0} }} }} }} }} }}",
    'city(code: "north") {{ people(phone: "13800138002") {{ nodes {{ {0} }} }} }}',
    'city(code: "north") {{ people(phone: "13800138009") {{ nodes {{ {0} }} }} }}',
    "viewer {{ person {{ {0} }} }}",
)


def reads() -> st.SearchStrategy[Read]:
    """Any viewer of the city with any of the queries."""
    return st.builds(
        Read,
        st.sampled_from(["CITY_ADMIN", "SECRETARY", "GRID_WORKER", "RESIDENT", "bound"]),
        st.sampled_from([None, "S1", "S2", "S1-G1"]),
        st.sampled_from([None, "回访", "普查"]),
        st.builds(
            lambda path, selection: f"{{ {path.format(selection)} }}",
            st.sampled_from(PATHS),
            st.sampled_from(SELECTIONS),
        ),
    )


def test_any_sequence_of_reads(new_database: NewDatabase) -> None:
    """After any reads the audit has exactly the pairs that answers showed, and the denials."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        url, site, boss = runner.run(_populated(stack, new_database))

        @given(st.lists(reads(), min_size=1, max_size=5))
        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        def audited(sequence: list[Read]) -> None:
            for read in sequence:
                runner.run(_check(url, site, boss, read))

        try:
            audited()
        finally:
            runner.run(stack.aclose())


async def _populated(
    stack: AsyncExitStack, new_database: NewDatabase
) -> tuple[str, Graph, uuid.UUID]:
    """The application over people, and one of them, who is a secretary."""
    url = await new_database(TENANTS)
    site = await stack.enter_async_context(opened(url))
    made = []
    for organization, kind, name, phone in PEOPLE:
        person = {"name": name, "phone": phone}
        done = await appoint(admin(site), organization, kind, newPerson=person)
        made.append(parse_id(done["post"]["person"]["id"]).uuid)
    return url, site, made[0]


async def _check(url: str, site: Graph, boss: uuid.UUID, read: Read) -> None:
    own = boss if read.role == "bound" else None
    if own is not None:
        viewer = site.as_("", "990100", person=own, purpose=read.purpose)
    else:
        takes = read.organization if read.role in ("SECRETARY", "GRID_WORKER") else None
        viewer = site.as_(read.role, "990100", takes, purpose=read.purpose)
    newest = "SELECT coalesce(max(seq), 0) AS seq FROM event"
    before = (await rows(url, newest))[0]["seq"]
    answer = await viewer(read.query)
    events = await rows(url, "SELECT kind, about FROM event WHERE seq > $1", before)
    about = [(event["kind"], json.loads(event["about"])) for event in events]
    pairs = Counter(
        (id_, field)
        for kind, facts in about
        if kind == "PERSONAL_DATA_READ"
        for id_ in facts["people"]
        for field in facts["fields"]
    )
    denials = {
        facts["what"]: facts["times"] for kind, facts in about if kind == "PERSONAL_DATA_DENIED"
    }
    shown, denied = _expected(answer, read, own)
    assert pairs == Counter(shown), (read, answer)
    assert denials == denied, (read, answer)
    assert {facts["purpose"] for _, facts in about} <= {read.purpose}


def _expected(
    answer: dict[str, Any], read: Read, own: uuid.UUID | None
) -> tuple[set[tuple[str, str]], Counter[str]]:
    """What the answer discloses, read off its values alone, and what it denies."""
    shown, denied = set(), Counter[str]()
    for person in _people(answer.get("data")):
        id_ = str(parse_id(person["id"]).uuid)
        if 'phone: "' in read.query:
            shown.add((id_, "City.people.phone"))
        for key, field in (("name", "name"), ("again", "name"), ("phone", "phone")):
            value = person.get(key)
            if value is None or id_ == str(own):
                continue
            if "*" not in value:
                shown.add((id_, f"Person.{field}"))
            elif read.purpose is not None:
                denied[f"Person.{field}"] += 1
    for error in answer.get("errors", ()):
        # an argument that lacks its purpose is denied by the field's name
        stated = "X-Purpose" in error["message"]
        denied["City.people.phone" if stated else error["extensions"]["permission"]] += 1
    return shown, denied


def _people(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        if "id" in found:
            yield found
        for value in found.values():
            yield from _people(value)
    elif isinstance(found, list):
        for item in found:
            yield from _people(item)
