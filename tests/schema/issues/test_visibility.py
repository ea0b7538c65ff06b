"""Who sees which issue: the same in reading as in changing, by SQL and by the rules."""

import uuid
from itertools import product
from typing import Any

import pytest

from schema.actor import PUBLIC, Actor, Grant
from schema.issue_reach import issue_reach
from schema.issues.party import party
from schema.loaders.issue import HANDLES, LEADS, REPORTS, IssueById, IssueReach
from schema.loaders.statement import keys_table
from schema.scope import Login, Scope
from tenants.roles import Role
from tenants.workflow import Phase, WorkflowState
from tests.conftest import NOW, Graph
from tests.schema.issues.desk import EVERYBODY, EVERYTHING, SECRET, STRANGER, actor
from tests.schema.issues.site import Site, issue_id
from tests.schema.organizations.town import ID

OPEN = (Phase.REPORTED, Phase.ACCEPTED, Phase.IN_PROGRESS)
PERSON = uuid.UUID(int=77)


def bound(role: Role, organization: str | None, subject: str = "bound") -> Actor:
    """Somebody whose token is bound to the person."""
    grants = (Grant(role, ID, organization),)
    return Actor(subject, role, frozenset({ID}), grants, person=PERSON)


ACTORS = (
    *EVERYBODY,
    bound(Role.RESIDENT, None),
    bound(Role.GRID_WORKER, "BB2-1"),
    actor(Role.RESIDENT, subject="lead"),
    actor(Role.SECRETARY, "BB1"),
    actor(Role.GRID_WORKER, "BB1-1"),
    actor(Role.MEMBER),
)


async def _issues(site: Site) -> list[uuid.UUID]:
    """Issues that stand in the town in every way that matters to who sees them."""
    await site.desk.sql(
        "INSERT INTO person (tenant_id, id, data_kind, created_at)"
        " VALUES ($1, $2, 'GENERATED', $3)",
        *(ID, PERSON, NOW),
    )
    above = await site.place("AA1")
    west = await site.place("BB1")
    people: list[dict[str, Any]] = [
        {},
        {"reporter_subject": None},
        {"reporter_subject": None, "reporter_person_id": PERSON},
        {"lead_subject": "lead"},
        {"lead_subject": "lead", "lead_person_id": PERSON},
    ]
    places: list[dict[str, Any]] = [{}, {"organization_id": above}, {"place_id": west}]
    made = [await site.desk.put(**who, **where) for who, where in product(people, places)]
    for code, person, answered in (
        ("BB1", None, None),
        ("BB1", None, NOW),
        ("BB2", PERSON, None),
        ("BB2", PERSON, NOW),
    ):
        issue = await site.desk.put("AA1-1-G1")
        await site.share(issue, code, person, answered_at=answered)
        made.append(issue)
    return made


def _login(who: Actor) -> Login:
    return Login.PROVINCE if who is PUBLIC or who is STRANGER else Login.CITY


class _Context:
    """As much of a context as a reach is made of."""

    def __init__(self, who: Actor, proven: tuple[uuid.UUID, ...]) -> None:
        self.actor = who
        self.proofs = self
        self.scope = Scope(who.tenant_ids or frozenset(), _login(who))
        self._proven = proven

    def proven(self, tenant_id: int) -> frozenset[uuid.UUID]:
        """What has been proven."""
        return frozenset(self._proven)


async def _seen(site: Site, who: Actor, issues: list[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """The rows that somebody is given of these issues; PUBLIC has shown the secrets of some."""
    proven = tuple(issues[::2]) if who is PUBLIC else ()
    context: Any = _Context(who, proven)
    scope = Scope(frozenset({ID}), Login.CITY)
    async with site.desk.town.database.snapshot(scope) as snapshot:
        rows = await IssueById.batch(
            snapshot,
            scope,
            [(ID, id_) for id_ in issues],
            issue_reach(context, ID),
            (REPORTS, LEADS, HANDLES),
        )
    return {row["id"]: row for row in rows if row is not None}


async def test_reading_and_changing_agree(site: Site) -> None:
    """Whoever is shown an issue may ask to change it, and nobody else; what they are to it, too."""
    issues = await _issues(site)
    for who in ACTORS:
        asked = issues[::2] if who is PUBLIC else issues
        rows = await _seen(site, who, issues)
        standings = {id_: await site.desk.standing(id_, who) for id_ in asked}
        visible = {id_ for id_, found in standings.items() if found is not None}
        assert set(rows) == visible, who
        for id_, row in rows.items():
            found = standings[id_]
            assert found is not None
            assert (row[REPORTS], row[LEADS]) == _party(found, who), who


def _party(found: Any, who: Actor) -> tuple[bool, bool]:
    what = party(found, who)
    return what.is_reporter, what.is_lead


async def test_who_handles(site: Site) -> None:
    """An issue is handled by its lead, by who takes part, and by roles where it stands."""
    issues = await _issues(site)
    handled = {}
    for who in (
        actor(Role.GRID_WORKER, "AA1-1-G1"),
        actor(Role.SECRETARY, "BB1"),
        actor(Role.RESIDENT, subject="reporter"),
        actor(Role.RESIDENT, subject="lead"),
        actor(Role.CITY_ADMIN),
    ):
        rows = await _seen(site, who, issues)
        handled[who.subject] = [
            at for at, id_ in enumerate(issues) if id_ in rows and rows[id_][HANDLES]
        ]
    every = list(range(len(issues)))
    assert handled == {
        # what stands above is not theirs to handle; what others handle jointly stands here
        "GRID_WORKER AA1-1-G1": [at for at in every if at not in (1, 4, 7, 10, 13)],
        # of what is about a place there it only sees; its own parts, answered or not
        "SECRETARY BB1": [15, 16],
        "reporter": [],
        "lead": list(range(9, 15)),
        "CITY_ADMIN": every,
    }


AVAILABLE = """query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Issue { availableActions { key } } }
}"""


def _signed_in(site: Site, who: Actor) -> Graph:
    (grant,) = who.grants
    return site.as_(grant.role.value, grant.organization, subject=who.subject)


@pytest.mark.parametrize("state", EVERYTHING.states, ids=lambda state: state.key)
async def test_offered_in_the_graph(state: WorkflowState, site: Site) -> None:
    """`availableActions` are those that the rules give, for everybody, in every state."""
    columns: dict[str, Any] = {"state": state.key, "phase": state.phase.value}
    if state.phase not in OPEN:
        columns |= {"resolved_at": NOW, "closed_at": NOW}
    differing: list[Any] = [{}, {"lead_subject": "GRID_WORKER AA1-1"}, {"severity": "MAJOR"}]
    issues = [await site.desk.put(**columns, **more) for more in differing]
    await site.share(issues[0], "BB")
    ids = [issue_id(issue) for issue in issues]
    for who in EVERYBODY:
        if who.grants and who.grants[0].tenant_id == ID:
            nodes = (await _signed_in(site, who).data(AVAILABLE, ids=ids))["nodes"]
            expected = [await site.desk.available(issue, who) for issue in issues]
            offered = [
                [] if n is None else [a["key"] for a in n["availableActions"]] for n in nodes
            ]
            assert offered == expected, who


async def test_offered_with_the_secret(site: Site) -> None:
    """Who reported without a token is offered what the rules give for the secret."""
    issue = await site.desk.put(
        state="done", phase="RESOLVED", resolved_at=NOW, reporter_subject=None
    )
    query = """query ($number: ID!, $secret: String) { city(code: "invented") {
      issue(number: $number, secret: $secret) { availableActions { key } }
    } }"""
    found = await site.graph.data(query, number="XX-20260315-000001", secret=SECRET)
    offered = [action["key"] for action in found["city"]["issue"]["availableActions"]]
    assert offered == await site.desk.available(issue, PUBLIC) == ["rate", "reopen"]


EVERYWHERE = IssueReach(visible=None, handled=None, clear=None)
RESIDENT = IssueReach(subject="somebody")


@pytest.mark.parametrize(
    ("reach", "wanted", "read"),
    [
        (EVERYWHERE, (), {"tenant_id", "id"}),
        (EVERYWHERE, ("title", "nothing of an issue"), {"tenant_id", "id", "title"}),
        (EVERYWHERE, ("title", HANDLES), {"tenant_id", "id", "title", HANDLES}),
        (RESIDENT, ("title", REPORTS), {"tenant_id", "id", "title", REPORTS}),
    ],
)
def test_columns_are_projected(reach: IssueReach, wanted: tuple[str, ...], read: set[str]) -> None:
    """Only the columns that are asked for are read, with tenant and id."""
    statement = IssueById.select(keys_table("tenant_id", "id"), wanted, reach.shape)
    assert {column.name for column in statement.selected_columns} == read | {"n"}


async def test_who_sees_nothing_reads_nothing() -> None:
    """Without a reach no statement is run; but another tenant's key is a fault all the same."""
    nobody: Any = None
    scope = Scope(frozenset({ID}), Login.CITY)
    key = (ID, uuid.UUID(int=1))
    assert await IssueById.batch(nobody, scope, [key] * 2, IssueReach(), ()) == [None, None]
    with pytest.raises(PermissionError):
        await IssueById.batch(nobody, scope, [(990200, key[1])], IssueReach(), ())
