"""Issues in the graph: whole answers, what is masked, versions of old, statements."""

import datetime
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest

from schema.ids import GlobalId
from server.prepare import apply_tenants
from tenants.calendar import CHINA
from tenants.definition import Definition
from tenants.roles import Role
from tenants.workflow import Workflow
from tests.conftest import NOW, Graph
from tests.schema.issues.desk import EVERYTHING, SECRET, actor
from tests.schema.issues.site import NAME, PHONE, Site, cities, issue_id
from tests.schema.organizations.town import ID

NOON = "2026-03-15T12:00:00+08:00"
NUMBER = "XX-20260315-000001"
HOUR = datetime.timedelta(hours=1)
FIELDS = """
  id number city { code } organization { code } place { code }
  coordinates { latitude longitude } service { code name } title description
  answers { key label value } workflow { key version } state { key name phase } phase severity
  channel priorityGroup handed
  lead { name organization { code } person { name } since answeredAt answer { text } }
  coHandlers { name organization { code } person { name } since answeredAt answer { text } }
  deadline { at status startedAt pausedUntil endedAt preliminary }
  availableActions { key name needs }
  notes { nodes { text evidence at byReporter person { name } erasedAt } }
  reporter { name phone } supporters rating { solved satisfied comment ratedAt }
  mergedInto { number } reportedAt resolvedAt closedAt reopenings revision
  viewerIsReporter viewerIsLead dataKind
"""
ISSUE = f"""query ($number: ID!, $secret: String) {{
  city(code: "invented") {{ issue(number: $number, secret: $secret) {{ {FIELDS} }} }}
}}"""


async def shown(who: Graph, number: str = NUMBER, query: str = ISSUE, **more: Any) -> Any:
    """What somebody is shown of an issue; None where that is nothing."""
    return (await who.data(query, number=number, **more))["city"]["issue"]


def asking(selection: str) -> str:
    """The query for some fields of an issue."""
    return (
        'query ($number: ID!, $secret: String) { city(code: "invented") {'
        f" issue(number: $number, secret: $secret) {{ {selection} }} }} }}"
    )


async def test_an_issue_as_it_was_reported(site: Site) -> None:
    """A new issue has its texts, place, service, state and deadline, and nothing of later."""
    due = NOW + 24 * HOUR
    clock: Any = {"started_at": NOW, "due_at": due, "unit": "HOURS", "warn_at": NOW + 20 * HOUR}
    issue = await site.desk.put(
        description="楼道第三盏",
        answers=json.dumps({"since": "昨晚"}),
        latitude=Decimal("41.877300"),
        longitude=Decimal("123.9"),
        priority_group="老年人",
        **clock,
    )
    assert await shown(site.admin) == {
        "id": issue_id(issue),
        "number": NUMBER,
        "city": {"code": "990100"},
        "organization": {"code": "AA1-1-G1"},
        "place": {"code": "AA1-1-G1"},
        "coordinates": {"latitude": 41.8773, "longitude": 123.9},
        "service": {"code": "S-0", "name": "无所不有"},
        "title": "路灯不亮",
        "description": "楼道第三盏",
        "answers": [{"key": "since", "label": "since", "value": "昨晚"}],
        "workflow": {"key": "everything", "version": 1},
        "state": {"key": "new", "name": "new", "phase": "REPORTED"},
        "phase": "REPORTED",
        "severity": "ORDINARY",
        "channel": "WEB",
        "priorityGroup": "老年人",
        "handed": False,
        "lead": {
            "name": "第1网格",
            "organization": {"code": "AA1-1-G1"},
            "person": None,
            "since": None,
            "answeredAt": None,
            "answer": None,
        },
        "coHandlers": [],
        "deadline": {
            "at": "2026-03-16T12:00:00+08:00",
            "status": "ON_TIME",
            "startedAt": NOON,
            "pausedUntil": None,
            "endedAt": None,
            "preliminary": False,
        },
        "availableActions": [
            {"key": "accept", "name": "accept", "needs": []},
            {"key": "assign", "name": "assign", "needs": ["ASSIGNEE"]},
            {"key": "merge", "name": "merge", "needs": ["MERGE_INTO"]},
            {"key": "reject", "name": "reject", "needs": ["NOTE"]},
        ],
        "notes": {"nodes": []},
        "reporter": None,
        "supporters": 0,
        "rating": None,
        "mergedInto": None,
        "reportedAt": NOON,
        "resolvedAt": None,
        "closedAt": None,
        "reopenings": 0,
        "revision": 1,
        "viewerIsReporter": False,
        "viewerIsLead": False,
        "dataKind": "GENERATED",
    }


async def test_an_issue_as_it_was_settled(site: Site) -> None:
    """Handlers with their answers, notes, contact and rating are shown once they are there."""
    person, worker = await site.person(), await site.person("李大力", None)
    await site.post(worker, "AA1-1-G1")
    other = await site.desk.put()
    at = datetime.datetime(2026, 3, 15, 10, tzinfo=CHINA)
    issue = await site.desk.put(
        state="closed",
        phase="CLOSED",
        lead_subject="li",
        lead_person_id=worker,
        reporter_person_id=person,
        resolved_at=at,
        closed_at=NOW,
        solved="PARTLY",
        satisfied=4,
        comment="还行",
        rated_at=NOW,
        merged_into=other,
        supporters=2,
    )
    note = await site.note(issue, "已换灯管", evidence=["https://files.invalid/a.jpg"])
    await site.note(issue, "谢谢", author="reporter", person_id=worker)
    await site.share(issue, "BB1", answered_at=at, note_id=note)
    found = await shown(site.admin, "XX-20260315-000002")
    names = ("lead", "coHandlers", "notes", "reporter", "rating", "mergedInto", "supporters")
    assert {name: found[name] for name in names} == {
        "lead": {
            "name": "李**",
            "organization": {"code": "AA1-1-G1"},
            "person": {"name": "李**"},
            "since": None,
            "answeredAt": None,
            "answer": None,
        },
        "coHandlers": [
            {
                "name": "B第1街道",
                "organization": {"code": "BB1"},
                "person": None,
                "since": NOON,
                "answeredAt": "2026-03-15T10:00:00+08:00",
                "answer": {"text": "已换灯管"},
            }
        ],
        "notes": {
            "nodes": [
                {
                    "text": "已换灯管",
                    "evidence": ["https://files.invalid/a.jpg"],
                    "at": NOON,
                    "byReporter": False,
                    "person": None,
                    "erasedAt": None,
                },
                {
                    "text": "谢谢",
                    "evidence": [],
                    "at": NOON,
                    "byReporter": True,
                    "person": {"name": "李**"},
                    "erasedAt": None,
                },
            ]
        },
        "reporter": {"name": "王**", "phone": "138****5678"},
        "rating": {"solved": "PARTLY", "satisfied": 4, "comment": "还行", "ratedAt": NOON},
        "mergedInto": {"number": NUMBER},
        "supporters": 2,
    }


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({}, "ON_TIME"),
        ({"warn_at": NOW}, "DUE_SOON"),
        ({"due_at": NOW - HOUR}, "OVERDUE"),
        ({"paused_at": NOW - HOUR, "paused_until": NOW + HOUR}, "PAUSED"),
        ({"ended_at": NOW}, "MET"),
        ({"due_at": NOW - HOUR, "ended_at": NOW}, "MISSED"),
    ],
)
async def test_deadlines(columns: dict[str, Any], status: str, site: Site) -> None:
    """The status of a deadline is that of the moment of the question."""
    clock: Any = {
        "started_at": NOW - 9 * HOUR,
        "due_at": NOW + 9 * HOUR,
        "unit": "HOURS",
        "warn_at": NOW + 8 * HOUR,
    }
    await site.desk.put(**clock | columns)
    found = await shown(site.admin, query=asking("deadline { status }"))
    assert found == {"deadline": {"status": status}}


async def test_a_preliminary_deadline(site: Site) -> None:
    """Working days of a year whose holidays are not announced make a deadline preliminary."""
    due = datetime.datetime(2099, 3, 15, tzinfo=datetime.UTC)
    clock: Any = {"started_at": NOW, "due_at": due, "unit": "WORKING_DAYS", "warn_at": due}
    await site.desk.put(**clock)
    await site.desk.put(**clock | {"unit": "DAYS"})
    query = asking("deadline { preliminary }")
    found = [await shown(site.admin, f"XX-20260315-00000{n}", query) for n in (1, 2)]
    assert found == [{"deadline": {"preliminary": True}}, {"deadline": {"preliminary": False}}]


async def test_numbers_as_people_write_them(site: Site) -> None:
    """Blanks and small letters in a number are no other number."""
    await site.desk.put()
    query = asking("number")
    assert await shown(site.admin, " xx-20260315-0000 01", query) == {"number": NUMBER}
    assert await shown(site.admin, "XX-20260315-000002", query) is None


# who asks, what X-Purpose says, and what is shown of the contact
CLEAR, MASKED = {"name": NAME, "phone": PHONE}, {"name": "王**", "phone": "138****5678"}
CONTACTS = [
    ("RESIDENT", None, "reporter", None, CLEAR),
    ("RESIDENT", None, "reporter", "回访", CLEAR),
    ("MEMBER", "AA1", "m", "回访", MASKED),
    ("GRID_WORKER", "AA1-1-G1", "g", None, MASKED),
    ("GRID_WORKER", "AA1-1-G1", "g", "回访", MASKED),
    ("AGENT", "AA1", "a", "回访", MASKED),
    ("SECRETARY", "AA1", "s", None, MASKED),
    ("SECRETARY", "AA1", "s", "回访", CLEAR),
    ("CITY_ADMIN", None, "c", None, MASKED),
    ("CITY_ADMIN", None, "c", "回访", CLEAR),
]


@pytest.mark.parametrize(("role", "where", "subject", "purpose", "contact"), CONTACTS)
async def test_who_sees_the_contact(
    role: str,
    where: str | None,
    subject: str,
    purpose: str | None,
    contact: Any,
    site: Site,
) -> None:
    """A contact is masked but for its own reporter, and for the permission with a purpose."""
    await site.desk.put(reporter_person_id=await site.person())
    who = site.as_(role, where, subject=subject, purpose=purpose)
    assert await shown(who, query=asking("reporter { name phone }")) == {"reporter": contact}


async def test_clear_contacts_are_audited(site: Site) -> None:
    """Who read a contact unmasked is in the audit with why; who was refused it, too."""
    person = await site.person()
    await site.desk.put(reporter_person_id=person)
    query = asking("reporter { name phone }")
    await shown(site.as_("SECRETARY", "AA1", purpose="回访"), query=query)
    await shown(site.as_("GRID_WORKER", "AA1", purpose="回访"), query=query)
    await shown(site.as_("RESIDENT", subject="reporter", purpose="回访"), query=query)
    events = await site.desk.sql("SELECT kind, about FROM event ORDER BY seq")
    assert [(kind, json.loads(about)) for kind, about in events] == [
        (
            "PERSONAL_DATA_READ",
            {
                "fields": ["Contact.name", "Contact.phone"],
                "people": [str(person)],
                "purpose": "回访",
            },
        ),
        ("PERSONAL_DATA_DENIED", {"what": "Contact.name", "times": 1, "purpose": "回访"}),
        ("PERSONAL_DATA_DENIED", {"what": "Contact.phone", "times": 1, "purpose": "回访"}),
    ]


async def test_an_erased_contact(site: Site) -> None:
    """Of a contact that was erased nothing is shown."""
    await site.desk.put(reporter_person_id=await site.person(None, None))
    found = await shown(site.admin, query=asking("reporter { name phone }"))
    assert found == {"reporter": {"name": None, "phone": None}}


async def test_a_handlers_name(site: Site) -> None:
    """Who handles an issue is named to who may see people there; others read the organization."""
    worker = await site.person("李大力", None)
    await site.desk.put(lead_subject="li", lead_person_id=worker)
    query = asking("lead { name person { name } }")
    seen = await shown(site.as_("GRID_WORKER", "AA1-1"), query=query)
    outside = await shown(site.as_("RESIDENT", subject="reporter"), query=query)
    # no post shows who it is, but the name of who works there is for who sees people there
    assert seen == {"lead": {"name": "李**", "person": None}}
    assert outside == {"lead": {"name": "第1网格", "person": None}}


async def test_answers_are_for_those_concerned(site: Site) -> None:
    """Who sees an issue only because it is about its place is shown no answers or coordinates."""
    issue = await site.desk.put(answers='{"a": "b"}', latitude=Decimal(41), longitude=Decimal(123))
    above = await site.place("AA1")
    await site.desk.sql("UPDATE issue SET organization_id = $1 WHERE id = $2", above, issue)
    await site.desk.recount()
    query = asking("answers { value } coordinates { latitude }")
    nothing = {"answers": None, "coordinates": None}
    whole = {"answers": [{"value": "b"}], "coordinates": {"latitude": 41.0}}
    assert await shown(site.as_("GRID_WORKER", "AA1-1-G1"), query=query) == nothing
    assert await shown(site.as_("SECRETARY", "AA1"), query=query) == whole
    assert await shown(site.as_("RESIDENT", subject="reporter"), query=query) == whole


async def test_whose_it_is(site: Site) -> None:
    """The reporter and the lead are told that they are."""
    person = await site.person("李大力", None)
    await site.post(person, "AA1-1-G1")
    await site.desk.put(lead_person_id=person, lead_subject="another token")
    query = asking("viewerIsReporter viewerIsLead")
    bound = site.graph.as_("", str(ID), person=person)
    answers = [
        await shown(who, query=query)
        for who in (site.as_("RESIDENT", subject="reporter"), bound, site.admin)
    ]
    assert [list(found.values()) for found in answers] == [
        [True, False],
        [False, True],
        [False, False],
    ]


NODE = "query ($id: ID!) { node(id: $id) { __typename id ... on Issue { number } } }"


async def test_issues_by_global_id(site: Site) -> None:
    """An issue is found by its global id by who sees it, and is nothing to all others."""
    issue = await site.desk.put()
    id_ = issue_id(issue)
    found = {"__typename": "Issue", "id": id_, "number": NUMBER}
    sees = [site.admin, site.as_("RESIDENT", subject="reporter"), site.as_("MEMBER", "AA1")]
    not_seeing = [
        site.graph,
        site.as_("RESIDENT", subject="neighbour"),
        site.as_("SECRETARY", "BB"),
        site.graph.as_("CITY_ADMIN", "990200"),
        site.graph.as_("PROVINCE_ADMIN", "990000"),
    ]
    assert [(await who.data(NODE, id=id_))["node"] for who in sees] == [found] * 3
    assert [(await who.data(NODE, id=id_))["node"] for who in not_seeing] == [None] * 5
    unknown = issue_id(uuid.UUID(int=1))
    assert (await site.admin.data(NODE, id=unknown))["node"] is None


def _changed() -> Workflow:
    """The workflow as it was changed later: a state has another name."""
    states = [
        state.model_copy(update={"name": "新来"}) if state.key == "new" else state
        for state in EVERYTHING.states
    ]
    return EVERYTHING.model_copy(update={"states": states})


async def test_an_issue_keeps_its_workflow(site: Site) -> None:
    """An issue shows workflow, state and actions of the version that it began with."""
    issue = await site.desk.put()
    await apply_tenants(site.desk.town.url, cities(_changed()))
    await site.graph.live.refresh()
    await site.desk.put(workflow_version=2)
    query = asking("workflow { version } state { name } service { workflow { version } }")
    old, new = [await shown(site.admin, f"XX-20260315-00000{n}", query) for n in (1, 2)]
    assert old == {
        "workflow": {"version": 1},
        "state": {"name": "new"},
        "service": {"workflow": {"version": 2}},
    }
    assert new == old | {"workflow": {"version": 2}, "state": {"name": "新来"}}
    advanced = await site.desk.do(issue, "accept", actor(Role.CITY_ADMIN))
    assert advanced


def _without_service(definition: Definition) -> Definition:
    """The definition without its services and workflows."""
    tenant = definition.tenant.model_copy(update={"categories": [], "workflows": []})
    return Definition(tenant, ())


async def test_a_service_that_is_gone(site: Site) -> None:
    """An issue whose service left the catalogue shows it as it last was, and finds it by id."""
    await site.desk.put(state="closed", phase="CLOSED", closed_at=NOW)
    await site.desk.put(state="closed", phase="CLOSED", closed_at=NOW)
    province, city, other = cities(EVERYTHING)
    await apply_tenants(site.desk.town.url, (province, _without_service(city), other))
    await site.graph.live.refresh()
    query = asking("service { id code name workflow { key version } } workflow { key version }")
    service = {
        "id": str(GlobalId("Service", ID, "S-0")),
        "code": "S-0",
        "name": "无所不有",
        "workflow": {"key": "everything", "version": 1},
    }
    workflow = {"key": "everything", "version": 1}
    assert await shown(site.admin, query=query) == {"service": service, "workflow": workflow}
    found = await site.admin.data(NODE, id=service["id"])
    assert found["node"] == {"__typename": "Service", "id": service["id"]}


NODES = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Issue {{ {FIELDS} }} }} }}"
# issues, where they stand and are; leads, co-handlers, standings, notes, contacts, the issues that
# they were merged into; below these organizations, people, and answers of co-handlers
STATEMENTS = 11


@pytest.mark.parametrize("count", [1, 20])
async def test_statements_do_not_depend_on_rows(count: int, site: Site) -> None:
    """Twenty issues with all of their relations take as many statements as one: one a relation."""
    person, worker = await site.person(), await site.person("李大力", None)
    await site.post(worker, "AA1-1-G1")
    ids = []
    for _ in range(count):
        other = await site.desk.put()
        more = {"lead_person_id": worker, "reporter_person_id": person, "merged_into": other}
        issue = await site.desk.put(**more)
        note = await site.note(issue, "好", person_id=worker)
        await site.share(issue, "BB1", worker, note_id=note, answered_at=NOW)
        ids.append(issue_id(issue))
    assert await site.admin.statements(NODES, ids=ids) == STATEMENTS


@pytest.mark.parametrize(
    ("selection", "statements"),
    [
        ("number title state { name } deadline { status }", 1),
        ("id city { name } workflow { name states { name } } service { name }", 1),
        ("organization { name }", 2),
        ("organization { name } place { name }", 2),
        ("availableActions { key }", 2),
        ("lead { name } coHandlers { name }", 3),
        ("timeline(first: 2) { nodes { at actor { role } } }", 2),
        ("reporter { name }", 1),
    ],
)
async def test_statements_of_a_selection(selection: str, statements: int, site: Site) -> None:
    """Only what is selected is read; without a contact none is looked for."""
    await site.desk.put()
    assert await site.admin.statements(asking(selection), number=NUMBER) == statements


async def test_notes_are_paged(site: Site) -> None:
    """Notes come in pages, forward and backward, the newest last."""
    issue = await site.desk.put()
    for n in range(5):
        await site.note(issue, str(n))
    query = """query ($first: Int, $after: String, $last: Int, $before: String) {
      city(code: "invented") { issue(number: "XX-20260315-000001") {
        notes(first: $first, after: $after, last: $last, before: $before) {
          nodes { text } edges { cursor }
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
      } }
    }"""

    async def page(**given: Any) -> Any:
        return (await site.admin.data(query, **given))["city"]["issue"]["notes"]

    first = await page(first=2)
    second = await page(first=2, after=first["pageInfo"]["endCursor"])
    last = await page(last=2)
    before = await page(last=2, before=last["pageInfo"]["startCursor"])
    texts = [[node["text"] for node in found["nodes"]] for found in (first, second, last, before)]
    assert texts == [["0", "1"], ["2", "3"], ["3", "4"], ["1", "2"]]
    assert [found["pageInfo"]["hasNextPage"] for found in (first, last)] == [True, False]
    wrong = await site.admin(query, first=1, after="WyJ4Il0")
    assert [error["extensions"]["code"] for error in wrong["errors"]] == ["CURSOR_MALFORMED"]


async def test_the_story_for_a_resident(site: Site) -> None:
    """Whoever reported an issue follows every step of it, with a token or with the secret."""
    issue = await site.desk.put()
    worker = actor(Role.GRID_WORKER, "AA1-1-G1")
    for action in ("accept", "claim", "resolve"):
        assert await site.desk.do(issue, action, worker)
    query = asking("timeline(first: 50) { nodes { seq at __typename actor { role name } } }")
    nodes = [
        {
            "seq": seq,
            "at": NOON,
            "__typename": "IssueEvent",
            "actor": {"role": "GRID_WORKER", "name": None},
        }
        for seq in (1, 2, 3)
    ]
    story = {"timeline": {"nodes": nodes}}
    assert await shown(site.as_("RESIDENT", subject="reporter"), query=query) == story
    assert await shown(site.graph, query=query, secret=SECRET) == story
