"""Lists at a million issues: each is served by indexes, under row-level security."""

import asyncio
import datetime
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from schema.loaders.issue import IssueReach
from schema.loaders.issue_filter import Claimable, IssueFilters, Unrated
from schema.loaders.issue_order import IssueOrder
from schema.loaders.issue_page import IssuePage, IssuesOfOrganization, IssuesOfTenant
from schema.loaders.loader import _rendered
from schema.loaders.organization import OrganizationRef
from schema.loaders.statement import key_values
from schema.paging import Window
from tenants.deadline import DeadlineStatus
from tenants.workflow import Phase, Severity
from tests.conftest import NOW, copied_database

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

ISSUES = 1_000_000
CITY = 210600
COLUMNS = ("number", "title", "phase", "organization_id")
DAY = datetime.timedelta(days=1)
ADMIN = IssueReach(visible=None, subject="admin")

MANY = """
INSERT INTO issue (tenant_id, id, number, service, workflow, workflow_version, state, phase,
  severity, channel, priority_group, title, description, answers, place_id, organization_id,
  trail, lead_organization_id, lead_subject, handed, reporter_subject, supporters, reported_at,
  resolved_at, closed_at, started_at, due_at, unit, warn_at, paused_at, pauses, extensions,
  ended_at, reopenings, rated_at, asked_at, revision, data_kind)
WITH place AS (
  SELECT id, path, row_number() OVER (ORDER BY code) - 1 AS at
  FROM organization WHERE tenant_id = $1 AND path ~ '^(/[^/]+){3}'
), all_places AS (
  SELECT array_agg(id ORDER BY at) AS ids, array_agg(path ORDER BY at) AS paths, count(*) AS n
  FROM place
), drawn AS (
  SELECT g, $3::timestamptz - ($2::int - g) * (interval '1000 days' / $2::int) AS reported_at,
    (hashint4(g)::bigint & 2147483647) AS a,
    (hashint4(g + 7000003)::bigint & 2147483647) AS b,
    (hashint4(g + 1300007)::bigint & 2147483647) AS c
  FROM generate_series(1, $2::int) g
), shaped AS (
  SELECT d.*, p.ids[1 + a % p.n] AS place_id, p.paths[1 + a % p.n] AS at_path,
    CASE WHEN b % 1000 < 2 THEN 'REJECTED' WHEN b % 1000 < 3 THEN 'WITHDRAWN'
      WHEN g > $2::int * 0.95 AND b % 10 < 2 THEN 'REPORTED'
      WHEN g > $2::int * 0.95 AND b % 10 < 3 THEN 'ACCEPTED'
      WHEN g > $2::int * 0.95 AND b % 10 < 6 THEN 'IN_PROGRESS'
      WHEN g > $2::int * 0.90 AND b % 10 < 7 THEN 'RESOLVED'
      WHEN b % 500 = 7 THEN 'IN_PROGRESS' ELSE 'CLOSED' END AS phase
  FROM drawn d, all_places p
)
SELECT $1, (lpad(to_hex((extract(epoch FROM reported_at) * 1000)::bigint), 12, '0') || '7'
    || substr(md5(g::text), 1, 19))::uuid, 'XX-' || lpad(g::text, 9, '0'),
  'S' || CASE WHEN b % 10000 = 1 THEN 'RARE' ELSE (c % 49)::text END, w.key, 1,
  CASE WHEN phase = 'IN_PROGRESS' AND c % 100 = 1 THEN 'odd' ELSE lower(phase) END, phase,
  CASE WHEN c % 200 = 0 THEN 'MAJOR' WHEN c % 10 = 0 THEN 'COMPLEX' ELSE 'ORDINARY' END,
  (ARRAY['APP', 'WEB', 'MINI_PROGRAM', 'PHONE', 'STATION', 'VISIT'])[1 + c % 6],
  CASE WHEN a % 10 = 0 THEN '高龄老人' END,
  (ARRAY['楼道', '路灯', '井盖', '噪音', '垃圾', '水管', '暖气', '停车', '医保', '低保']
       )[1 + a % 10]
    || (ARRAY['漏水', '损坏', '丢失', '扰民', '未清', '停水', '不热', '占道', '咨询', '申请']
       )[1 + b % 10] || CASE WHEN c % 20000 = 3 THEN '龙卷风' ELSE '' END,
  (ARRAY['请尽快处理', '已多次反映', '影响出行', '家中有老人', '请核实'])[1 + c % 5], '{}',
  place_id, CASE WHEN c % 8 = 0 THEN coalesce((SELECT o.id FROM organization o
    WHERE o.tenant_id = $1 AND o.code = split_part(at_path, '/', 3)), place_id)
    ELSE place_id END,
  '{}', place_id, CASE WHEN phase <> 'REPORTED' THEN 'worker-' || (a % 3000) END, false,
  'resident-' || (b % 200000), 0, reported_at,
  CASE WHEN phase IN ('RESOLVED', 'CLOSED') THEN reported_at + (b % 240) * interval '1 hour' END,
  CASE WHEN phase IN ('CLOSED', 'REJECTED', 'WITHDRAWN') THEN reported_at + interval '9 days' END,
  reported_at, reported_at + interval '10 days', 'DAYS', reported_at + interval '8 days',
  CASE WHEN phase = 'IN_PROGRESS' AND a % 50 = 0 THEN reported_at + interval '1 day' END, 0, 0,
  CASE WHEN phase IN ('RESOLVED', 'CLOSED', 'REJECTED', 'WITHDRAWN')
    THEN reported_at + (b % 243) * interval '1 hour' END, 0,
  CASE WHEN phase = 'CLOSED' AND c % 3 = 0 THEN reported_at + interval '11 days' END,
  CASE WHEN phase = 'CLOSED' AND c % 3 <> 0 THEN reported_at + interval '20 days' END, 1,
  'GENERATED'
FROM shaped, (SELECT min(key) AS key FROM workflow_version WHERE tenant_id = $1) w
"""

WORDS = """
INSERT INTO issue_word (tenant_id, word, reported_at, issue_id, place)
SELECT i.tenant_id, substr(x.text, s.at, 2), i.reported_at, i.id, x.start + s.at - 1
FROM issue i, LATERAL (VALUES (i.title, 0), (i.description, 20)) x (text, start),
  LATERAL generate_series(1, length(x.text) - 1) s (at)
"""


async def _fill(url: str) -> None:
    made: Any = await asyncpg.connect(url)
    await made.execute(MANY, CITY, ISSUES, NOW, timeout=600)
    await made.execute(WORDS, timeout=600)
    for statement in ("VACUUM ANALYZE issue", "VACUUM ANALYZE issue_word", "ANALYZE"):
        await made.execute(statement, timeout=600)
    await made.close()


@pytest.fixture(scope="module")
def million_url(server_url: str, full_template: str) -> Iterator[str]:
    """A database with a million issues of one city."""
    with copied_database(server_url, full_template) as url:
        asyncio.run(_fill(url))
        yield url


@pytest.fixture
async def connection(million_url: str) -> AsyncIterator[Any]:
    """A connection to it as the login of cities, with the city's scope."""
    made: Any = await asyncpg.connect(million_url)
    await made.execute("SET ROLE onegrid_city")
    await made.execute(f"SET app.tenant_id = '{CITY}'")
    yield made
    await made.close()


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


async def _explained(
    connection: Any, loader: Any, keys: list[tuple[Any, ...]], page: IssuePage
) -> tuple[int, set[str]]:
    """The buffers that a list touches, and the tables of issues that it reads sequentially."""
    statement = _rendered(loader, COLUMNS, page.shape)
    values = statement.values({**page.values(), **key_values(loader.names, keys)})
    explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement.sql
    ((found,),) = await connection.fetch(explain, *values)
    plan = json.loads(found)[0]["Plan"]
    scanned = {
        node["Relation Name"]
        for node in _nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in ("issue", "issue_word")
    }
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], scanned


async def _subtree(connection: Any, size: int) -> tuple[str, str]:
    """Code and path of the organization whose subtree has about `size` organizations."""
    row = await connection.fetchrow(
        "SELECT o.code, o.path FROM organization o ORDER BY abs($1 - (SELECT count(*)"
        " FROM organization d WHERE d.tenant_id = o.tenant_id AND d.path ^@ o.path)), o.code"
        " LIMIT 1",
        size,
    )
    return row["code"], row["path"]


ALONE = {
    "everything": IssueFilters(),
    "rejected": IssueFilters(phase=Phase.REJECTED),
    "closed": IssueFilters(phase=Phase.CLOSED),
    "rare state": IssueFilters(state="odd"),
    "no such state": IssueFilters(state="nothing"),
    "rare service": IssueFilters(services=("SRARE",)),
    "services": IssueFilters(services=("SRARE", "S1", "S2")),
    "major": IssueFilters(severity=Severity.MAJOR),
    "unused channel": IssueFilters(channel="TERMINAL"),
    **{status.value: IssueFilters(deadline=status) for status in DeadlineStatus},
    "a day": IssueFilters(since=NOW - 301 * DAY, until=NOW - 300 * DAY),
    "common text": IssueFilters(runs=("漏水",)),
    "rare text": IssueFilters(runs=("龙卷风",)),
    "no such text": IssueFilters(runs=("水严重",)),
}


async def test_lists_touch_little_of_a_million_issues(connection: Any) -> None:
    """No list scans the issues or their words; each reads some hundreds of buffers, or few more."""
    (workflow,) = await connection.fetchrow("SELECT min(workflow) FROM issue")
    lists = dict(ALONE)
    lists["unrated"] = IssueFilters(unrated=(Unrated(workflow, 1, NOW - 7 * DAY),))
    claim = Claimable("", workflow, 1, "reported", Severity.ORDINARY.value)
    lists["claimable"] = IssueFilters(claimable=(claim,))
    costs: dict[Any, tuple[int, set[str]]] = {}
    for name, filters in lists.items():
        page = IssuePage(ADMIN, filters, NOW, Window(20))
        costs[name] = await _explained(connection, IssuesOfTenant, [(CITY,)], page)
    for order in IssueOrder:
        page = IssuePage(ADMIN, IssueFilters(), NOW, Window(20), order)
        costs[order.value] = await _explained(connection, IssuesOfTenant, [(CITY,)], page)
    deep = Window(20, ("0", "2024-01-01T00:00:00+00:00", "0" * 32))
    page = IssuePage(ADMIN, IssueFilters(), NOW, deep)
    costs["deep"] = await _explained(connection, IssuesOfTenant, [(CITY,)], page)
    assert {name: cost for name, cost in costs.items() if cost[0] > 1000 or cost[1]} == {}


@pytest.mark.parametrize("size", [1, 15, 120, 500])
async def test_subtrees_touch_little_of_a_million_issues(connection: Any, size: int) -> None:
    """The lists of a subtree, and of a viewer of it, do not depend on how many issues there are."""
    code, path = await _subtree(connection, size)
    reach = IssueReach((code,), (code,), (code,), (), "worker-77")
    costs: dict[Any, tuple[int, set[str]]] = {}
    for name in ("everything", "rejected", "OVERDUE", "unused channel"):
        for order in (IssueOrder.REPORTED_AT_DESC, IssueOrder.REPORTED_AT_ASC):
            page = IssuePage(reach, ALONE[name], NOW, Window(20), order)
            costs[name, order] = await _explained(connection, IssuesOfTenant, [(CITY,)], page)
    under = IssuePage(ADMIN, IssueFilters(under=OrganizationRef(code)), NOW, Window(20))
    costs["under", ""] = await _explained(connection, IssuesOfTenant, [(CITY,)], under)
    own = IssuePage(ADMIN, IssueFilters(), NOW, Window(5))
    costs["own", ""] = await _explained(connection, IssuesOfOrganization, [(CITY, path)], own)
    assert {name: cost for name, cost in costs.items() if cost[0] > 20_000 or cost[1]} == {}
