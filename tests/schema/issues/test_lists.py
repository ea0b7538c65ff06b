"""Lists of issues: every list is the model's, on pages in both directions, in one statement."""

import asyncio
import datetime
import random
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.database import Database
from schema.loaders.issue import IssueReach
from schema.loaders.issue_filter import Claimable, IssueFilters, Unrated
from schema.loaders.issue_order import IssueOrder
from schema.loaders.issue_page import (
    IssuePage,
    IssuesOfOrganization,
    IssuesOfTenant,
    IssueTotal,
    TotalOfIssues,
)
from schema.loaders.issue_ways import Effort
from schema.loaders.organization import OrganizationRef
from schema.paging import CURSOR, Window, parse_cursor
from schema.scope import Login, Scope
from tenants.channel import Channel
from tenants.deadline import DeadlineStatus
from tenants.workflow import Phase, Severity
from tests.conftest import NOW, Templates, copied_database
from tests.schema.issues.crowd import Crowd, drawn, fill, tree
from tests.schema.issues.desk import EVERYTHING
from tests.schema.issues.site import cities
from tests.schema.organizations.town import ID

SCOPE = Scope(frozenset({ID}), Login.CITY)
ADMIN = IssueReach(visible=None, subject="admin")
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(scope="module")
def crowd_url(server_url: str, templates: Templates) -> Iterator[tuple[str, Crowd]]:
    """A database with 500 random issues, and their model."""

    async def make(url: str) -> Crowd:
        connection: Any = await asyncpg.connect(url)
        orgs = await tree(connection)
        chance = random.Random(7)
        ids = {code: found[0] for code, found in orgs.items()}
        rows = [drawn(chance, ids, n) for n in range(500)]
        parts = {(chance.choice(rows)["id"], chance.choice(list(ids.values()))) for _ in range(150)}
        await fill(connection, rows, parts)
        await connection.execute("ANALYZE")
        await connection.close()
        return Crowd(rows, parts, orgs)

    template = asyncio.run(templates.with_(cities(EVERYTHING)))
    with copied_database(server_url, template) as url:
        yield url, asyncio.run(make(url))


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Any]:
    """A snapshot of the city."""
    database = Database(url, size=1)
    await database.open()
    try:
        async with database.snapshot(SCOPE) as snapshot:
            yield snapshot
    finally:
        await database.close()


async def whole(
    snapshot: Any, loader: Any, key: tuple[Any, ...], page: IssuePage, size: int, backward: bool
) -> list[uuid.UUID]:
    """All pages of a list together, walked in one direction."""
    found: list[uuid.UUID] = []
    position = None
    while True:
        at = Window(size, position, backward)
        one = replace(page, window=at)
        (slice_,) = await loader.batch(snapshot, SCOPE, [key], one, (CURSOR, "id"))
        ids = [row["id"] for row in slice_.rows]
        found = [*ids, *found] if backward else [*found, *ids]
        if not (slice_.has_previous if backward else slice_.has_next):
            return found
        position = parse_cursor(slice_.cursors[0 if backward else -1], 3)


CODES = st.sampled_from(["AA", "AA1", "AA1-1", "AA1-1-G1", "BB", "990100"])
REACHES = st.one_of(
    st.just(ADMIN),
    st.builds(
        lambda codes, parts, subject: IssueReach(codes, codes, parts, (), subject),
        st.lists(CODES, max_size=2, unique=True).map(lambda codes: tuple(sorted(codes))),
        st.lists(CODES, max_size=2, unique=True).map(lambda codes: tuple(sorted(codes))),
        st.sampled_from(["ann", "bob", "nobody"]),
    ),
)
CLAIMS = st.lists(
    st.builds(
        Claimable,
        st.sampled_from(["", "AA1", "BB"]),
        st.just("everything"),
        st.just(1),
        st.sampled_from(["new", "known"]),
        st.sampled_from([item.value for item in Severity]),
    ),
    max_size=3,
).map(tuple)
FILTERS = st.builds(
    IssueFilters,
    phase=st.none() | st.sampled_from(Phase),
    state=st.none() | st.none() | st.sampled_from(["new", "doing", "closed"]),
    services=st.none() | st.none() | st.sampled_from([(), ("S-0",), ("S-0", "S-2")]),
    severity=st.none() | st.none() | st.sampled_from(Severity),
    channel=st.none() | st.none() | st.sampled_from([item.value for item in Channel]),
    deadline=st.none() | st.sampled_from(DeadlineStatus),
    under=st.none() | st.builds(OrganizationRef, CODES),
    handler=st.none() | st.none() | st.builds(OrganizationRef, CODES),
    mine=st.booleans(),
    claimable=st.none() | st.none() | CLAIMS,
    unrated=st.none() | st.none() | st.just((Unrated("everything", 1, NOW - 20 * HOUR),)),
    runs=st.none().map(lambda _: ())
    | st.sampled_from(
        [("漏水",), ("漏水严重",), ("严重", "楼道"), ("水严",), ("wifi",), ("无此",)]
    ),
    since=st.none() | st.none() | st.just(NOW - 30 * HOUR),
    until=st.none() | st.none() | st.just(NOW - 10 * HOUR),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    reach=REACHES,
    filters=FILTERS,
    order=st.sampled_from(IssueOrder),
    size=st.sampled_from([1, 5, 20, 50, 100]),
    backward=st.booleans(),
    under=st.none() | CODES,
    effort=st.sampled_from([Effort(), Effort(2, 7), Effort(0, 100)]),
)
def test_pages_together_are_the_models_list(
    crowd_url: tuple[str, Crowd],
    reach: IssueReach,
    filters: IssueFilters,
    order: IssueOrder,
    size: int,
    backward: bool,
    under: str | None,
    effort: Effort,
) -> None:
    """Pages of whatever list together have each issue of the model once, in its order; so many."""
    url, crowd = crowd_url
    path = "/" if under is None else crowd.orgs[under][1]
    loader = IssuesOfTenant if under is None else IssuesOfOrganization
    key = (ID,) if under is None else (ID, path)
    page = IssuePage(reach, filters, NOW, Window(1), order, effort)

    async def read() -> tuple[list[uuid.UUID], list[int]]:
        async with reading(url) as snapshot:
            found = await whole(snapshot, loader, key, page, size, backward)
            plain = IssuePage(reach, filters, NOW, Window(1))
            counted = TotalOfIssues(loader, plain)
            return found, await IssueTotal.batch(snapshot, SCOPE, [key], counted, ())

    expected = crowd.expected(reach, filters, order, path)
    assert asyncio.run(read()) == (expected, [len(expected)])


@pytest.mark.parametrize("name", [None, *IssueFilters.__dataclass_fields__])
@pytest.mark.parametrize("order", IssueOrder)
async def test_each_filter_alone_gives_the_models_list(
    crowd_url: tuple[str, Crowd], name: str | None, order: IssueOrder
) -> None:
    """Each filter alone, in each order, lets through what the model does, and not nothing."""
    url, crowd = crowd_url
    given: dict[str, Any] = {
        "phase": Phase.REJECTED,
        "state": "doing",
        "services": ("S-0", "S-2"),
        "severity": Severity.MAJOR,
        "channel": "APP",
        "deadline": DeadlineStatus.OVERDUE,
        "under": OrganizationRef("AA1"),
        "handler": OrganizationRef("AA1-1"),
        "mine": True,
        "claimable": (Claimable("AA", "everything", 1, "new", "MAJOR"),),
        "unrated": (Unrated("everything", 1, NOW - 20 * HOUR),),
        "runs": ("漏水严重",),
        "since": NOW - 20 * HOUR,
        "until": NOW - 20 * HOUR,
    }
    filters = IssueFilters() if name is None else IssueFilters(**{name: given[name]})
    for reach in (IssueReach(None, subject="ann"), IssueReach(("AA",), subject="ann")):
        page = IssuePage(reach, filters, NOW, Window(1), order)
        async with reading(url) as snapshot:
            found = await whole(snapshot, IssuesOfTenant, (ID,), page, 50, False)
        expected = crowd.expected(reach, filters, order)
        assert found == expected
        assert expected


@pytest.mark.parametrize("status", DeadlineStatus)
async def test_deadlines_stand_in_sql_as_in_python(
    crowd_url: tuple[str, Crowd], status: DeadlineStatus
) -> None:
    """A list by deadline status has exactly the issues whose clocks have that status."""
    url, crowd = crowd_url
    filters = IssueFilters(deadline=status)
    page = IssuePage(ADMIN, filters, NOW, Window(1))
    async with reading(url) as snapshot:
        found = await whole(snapshot, IssuesOfTenant, (ID,), page, 100, False)
    assert found == crowd.expected(ADMIN, filters) != []


async def test_many_organizations_cost_one_statement(crowd_url: tuple[str, Crowd]) -> None:
    """The latest five of each of twenty organizations' subtrees come in one statement."""
    url, crowd = crowd_url
    paths = sorted(path for _, path in crowd.orgs.values())[:20]
    page = IssuePage(ADMIN, IssueFilters(), NOW, Window(5))
    async with reading(url) as snapshot:
        keys = [(ID, path) for path in paths]
        slices = await IssuesOfOrganization.batch(snapshot, SCOPE, keys, page, ("id",))
        assert snapshot.statements == 1
    found = [[row["id"] for row in slice_.rows] for slice_ in slices]
    assert found == [crowd.expected(ADMIN, IssueFilters(), under=path)[:5] for path in paths]


async def test_large_subtrees_are_found_as_small_ones(crowd_url: tuple[str, Crowd]) -> None:
    """A viewer of the whole tree by its root sees what one without a limit sees, page by page."""
    url, crowd = crowd_url
    reach = IssueReach(("990100",), subject="nobody")
    for filters in (IssueFilters(), IssueFilters(runs=("漏水",)), IssueFilters(phase=Phase.CLOSED)):
        page = IssuePage(reach, filters, NOW, Window(1))
        async with reading(url) as snapshot:
            found = await whole(snapshot, IssuesOfTenant, (ID,), page, 20, False)
        assert found == crowd.expected(ADMIN, filters)
