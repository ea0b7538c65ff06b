"""The limit's writes: the statements that the server runs, by hand, each prepared and sent alone.

The same rows in one transaction: the issue, its words, the counted cells, the event. What is
checked is what these very requests need: nothing is refused.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from uuid_utils.compat import uuid7

from schema.counting import Counting
from schema.fetching import fetching_directly
from schema.ids import parse_id
from schema.issue_rollups import ISSUES
from schema.issues.clock import clock_columns
from schema.words import places, words
from tenants.calendar import CHINA
from tenants.deadline import start
from tenants.definition import Definition

ACTOR, REPORTER, ADVANCER = "bench", "SECRETARY", "CITY_ADMIN"

_HOLD = "LOCK TABLE post IN ROW EXCLUSIVE MODE"
_VERSION = "SELECT version FROM tenant WHERE tenant_id = $1"
_CHAIN = """
SELECT a.id, a.code, a.name, a.level, a.path, a.valid_from, a.valid_to
FROM organization o
CROSS JOIN LATERAL unnest(string_to_array(trim('/' FROM o.path), '/')) AS part (code)
JOIN organization a ON a.tenant_id = $1 AND a.code = part.code
WHERE o.tenant_id = $1 AND o.code = $2
ORDER BY length(a.path) DESC
FOR KEY SHARE OF a
"""
_SIMILAR = """
SELECT f.id, f.number, f.service, f.workflow, f.workflow_version, f.state, f.organization_id,
    f.reported_at, f.supporters
FROM (
    SELECT i.*, (
        SELECT count(DISTINCT w.word) FROM issue_word w
        WHERE w.tenant_id = $1 AND w.reported_at = i.reported_at AND w.issue_id = i.id
            AND w.word = ANY ($2::text[] COLLATE "C")
    ) AS common
    FROM (
        SELECT i.id, i.number, i.service, i.workflow, i.workflow_version, i.state,
            i.organization_id, i.reported_at, i.supporters
        FROM issue i
        JOIN organization o ON o.tenant_id = i.tenant_id AND o.id = i.place_id
        WHERE i.tenant_id = $1 AND o.tenant_id = $1 AND o.path ^@ $3 AND i.reported_at > $4
            AND (i.phase = 'REPORTED' OR i.phase = 'ACCEPTED' OR i.phase = 'IN_PROGRESS')
        ORDER BY i.reported_at DESC
        LIMIT 300
    ) i
    OFFSET 0
) f
WHERE f.service = $5 OR f.common::float / $6 >= 0.5
ORDER BY f.common::float / $6 + 0.5 * (f.service = $5)::int DESC, f.reported_at DESC, f.id DESC
LIMIT 5
"""
_NUMBER = """
INSERT INTO issue_counter AS c (tenant_id, day, last) VALUES ($1, $2, 1)
ON CONFLICT (tenant_id, day) DO UPDATE SET last = c.last + 1 RETURNING last
"""
_WORDS = """
INSERT INTO issue_word (tenant_id, issue_id, reported_at, word, place)
SELECT $1, $2, $3, w.word, w.place FROM unnest($4::text[], $5::int[]) AS w (word, place)
"""
_COUNTER = """
INSERT INTO event_counter AS c (tenant_id, seq) VALUES ($1, 1)
ON CONFLICT (tenant_id) DO UPDATE SET seq = c.seq + 1 RETURNING seq
"""
_EVENT = """
INSERT INTO event (tenant_id, seq, at, kind, actor, role, person_id, organization_id, issue_id,
    cooperative_id, agreement_id, about)
VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8, NULL, NULL, $9)
"""
_STANDING = """
SELECT i.number, i.state, i.trail, i.organization_id, i.revision, i.workflow
FROM issue i WHERE i.tenant_id = $1 AND i.id = $2
FOR UPDATE
"""
_ASSIGNEE = """
SELECT id, path, name FROM organization
WHERE tenant_id = $1 AND code = $2 AND (valid_from IS NULL OR valid_from <= $3)
    AND (valid_to IS NULL OR valid_to > $3)
FOR NO KEY UPDATE
"""

Connection = Any
"""A connection of asyncpg, or one of its pool's."""


class Report:
    """Reports an issue (M1) in a city."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    async def __call__(self, connection: Connection, given: Mapping[str, Any]) -> Any:
        """The rows of one report; the data of its answer."""
        tenant, now = self._definition.tenant_id, datetime.datetime.now(datetime.UTC)
        await connection.execute(_HOLD)
        version = await connection.fetch(_VERSION, tenant)
        assert version[0][0] == self._definition.version
        at = (await connection.fetch(_CHAIN, tenant, given["organization"]))[0]
        await _similar(connection, tenant, given, at["path"], now)
        day = now.astimezone(CHINA).date()
        taken = (await connection.fetch(_NUMBER, tenant, day))[0][0]
        number = f"{self._definition.issue_prefix}-{day:%Y%m%d}-{taken:06}"
        row = self._row(given, at["id"], number, now)
        await self._write(connection, row)
        issue = {name: row[name] for name in ("number", "phase", "revision")}
        issue["reportedAt"] = now.astimezone(CHINA)
        issue["state"] = {"name": self._state.name}
        issue["organization"] = {"name": at["name"]}
        return {"reportIssue": {"issue": issue, "refusals": []}}

    async def _write(self, connection: Connection, row: Mapping[str, Any]) -> None:
        """The issue, its words, its counts, its event."""
        tenant, now = row["tenant_id"], row["reported_at"]
        await _insert(connection, row)
        found = places(row["title"], row["description"])
        pairs, positions = [pair for pair, _ in found], [place for _, place in found]
        await connection.execute(_WORDS, tenant, row["id"], now, pairs, positions)
        counting = Counting()
        counting.made(tenant, ISSUES, [row["id"]])
        await counting.write(fetching_directly(connection), tenant)
        hidden = ("title", "description", "answers", "latitude", "longitude")
        sets = {name: value for name, value in row.items() if name not in hidden}
        about = {"number": row["number"], "service": row["service"], "set": sets}
        await _tell(connection, tenant, row, "ISSUE_REPORTED", REPORTER, about)

    @property
    def _state(self) -> Any:
        return self._definition.workflows["standard"].states[0]

    def _row(
        self, given: Mapping[str, Any], place: uuid.UUID, number: str, now: datetime.datetime
    ) -> dict[str, Any]:
        workflow, state = self._definition.workflows["standard"], self._state
        service = self._definition.services[given["service"]][1]
        clock = start(now, state.time_limit or service.time_limit, workflow.rules.due_soon)
        return {
            "tenant_id": self._definition.tenant_id,
            "service": given["service"],
            "workflow": workflow.key,
            "workflow_version": self._definition.workflow_versions.get(workflow.key, 1),
            "state": state.key,
            "phase": state.phase.value,
            "place_id": place,
            "organization_id": place,
            "trail": [],
            "lead_organization_id": place,
            "handed": False,
            "supporters": 0,
            "reported_at": now,
            **clock_columns(clock),
            "reopenings": 0,
            "revision": 1,
            "severity": "ORDINARY",
            "channel": "VISIT",
            "priority_group": None,
            "title": given["title"],
            "description": given["description"],
            "answers": "{}",
            "latitude": None,
            "longitude": None,
            "reporter_subject": ACTOR,
            "reporter_person_id": None,
            "data_kind": "REAL",
            "id": uuid7(),
            "number": number,
        }


class Assign:
    """Advances an issue (M2) of a city that is handled: assigns it to an organization."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    async def __call__(self, connection: Connection, given: Mapping[str, Any]) -> Any:
        """The rows of one assignment; the data of its answer."""
        tenant, now = self._definition.tenant_id, datetime.datetime.now(datetime.UTC)
        issue = parse_id(given["issue"]).uuid
        row = (await connection.fetch(_STANDING, tenant, issue))[0]
        workflow = self._definition.workflows[row["workflow"]]
        action = workflow.action(given["action"])
        assert action is not None and row["state"] in action.from_  # noqa: PT018
        today = now.astimezone(CHINA).date()
        found = (await connection.fetch(_ASSIGNEE, tenant, given["assignee"], today))[0]
        state = workflow.state(action.to)
        assert state is not None
        sets = {
            "trail": [*row["trail"], row["organization_id"]],
            "organization_id": found["id"],
            "lead_organization_id": found["id"],
            "lead_person_id": None,
            "lead_subject": None,
            "handed": False,
            "state": state.key,
            "phase": state.phase.value,
            "resolved_at": None,
            "closed_at": None,
            "revision": row["revision"] + 1,
        }
        about = {"number": row["number"], "action": action.key, "from": row["state"]}
        await _change(connection, tenant, issue, sets, about | {"to": state.key}, now)
        shown = {"number": row["number"], "phase": state.phase.value}
        shown |= {"state": {"name": state.name}, "organization": {"name": found["name"]}}
        return {"advanceIssue": {"issue": shown, "refusals": []}}


async def _similar(
    connection: Connection,
    tenant: int,
    given: Mapping[str, Any],
    path: str,
    now: datetime.datetime,
) -> None:
    pairs = sorted(words(given["title"], None))
    since = now - datetime.timedelta(days=30)
    await connection.fetch(_SIMILAR, tenant, pairs, path, since, given["service"], len(pairs))


async def _change(
    connection: Connection,
    tenant: int,
    issue: uuid.UUID,
    sets: Mapping[str, Any],
    about: Mapping[str, Any],
    now: datetime.datetime,
) -> None:
    """The issue, its counts, its event."""
    counting, fetch = Counting(), fetching_directly(connection)
    await counting.before(fetch, tenant, ISSUES, [issue])
    await connection.execute(_update(tuple(sets)), tenant, issue, *sets.values())
    await counting.write(fetch, tenant)
    told = {"id": issue, "organization_id": sets["organization_id"], "at": now}
    await _tell(connection, tenant, told, "ISSUE_ASSIGNED", ADVANCER, {**about, "set": sets})


async def _insert(connection: Connection, row: Mapping[str, Any]) -> None:
    values = ", ".join(f"${at}" for at in range(1, len(row) + 1))
    sql = f"INSERT INTO issue ({', '.join(row)}) VALUES ({values})"
    await connection.execute(sql, *row.values())


def _update(names: Sequence[str]) -> str:
    sets = ", ".join(f"{name} = ${at}" for at, name in enumerate(names, start=3))
    return f"UPDATE issue SET {sets} WHERE tenant_id = $1 AND id = $2"


async def _tell(
    connection: Connection,
    tenant: int,
    row: Mapping[str, Any],
    kind: str,
    role: str,
    about: Mapping[str, Any],
) -> None:
    """The event, as the last thing."""
    seq = (await connection.fetch(_COUNTER, tenant))[0][0]
    at = row.get("reported_at") or row["at"]
    told = orjson.dumps(about, default=str).decode()  # asyncpg's UUID is its own
    where = row["organization_id"]
    await connection.execute(_EVENT, tenant, seq, at, kind, ACTOR, role, where, row["id"], told)


Write = Report | Assign

WRITES: Mapping[str, type[Report] | type[Assign]] = {"M1": Report, "M2": Assign}
