"""Many issues of an invented city, and which of them a list has by a model in plain Python."""

import datetime
import random
import uuid
from collections.abc import Iterable
from typing import Any

import asyncpg

from schema.loaders.issue import IssueReach
from schema.loaders.issue_filter import IssueFilters
from schema.loaders.issue_order import IssueOrder
from schema.loaders.organization import OrganizationRef
from schema.words import places
from tenants.channel import Channel
from tenants.deadline import Clock, status
from tenants.workflow import Phase, Severity, TimeUnit
from tests.conftest import NOW
from tests.schema.organizations.town import ID

HOUR = datetime.timedelta(hours=1)
TITLES = ("楼道漏水", "漏水严重", "路灯损坏", "WIFI 信号差", "水严重漏", "3号楼停水")
STATES = {
    Phase.REPORTED: "new",
    Phase.ACCEPTED: "known",
    Phase.IN_PROGRESS: "doing",
    Phase.RESOLVED: "done",
    Phase.CLOSED: "closed",
    Phase.REJECTED: "rejected",
    Phase.WITHDRAWN: "withdrawn",
}
SUBJECTS = ("ann", "bob", None)

Row = dict[str, Any]


def drawn(chance: random.Random, orgs: dict[str, uuid.UUID], n: int) -> Row:
    """One random issue; several share each moment."""
    phase = chance.choice(list(Phase))
    place = chance.choice(sorted(orgs))
    at = place if chance.random() < 0.6 else chance.choice(sorted(orgs))
    since = NOW - chance.randrange(60) * HOUR
    row: Row = {
        "tenant_id": ID,
        "id": uuid.UUID(int=chance.getrandbits(128)),
        "number": f"XX-{n:06}",
        "service": chance.choice(("S-0", "S-1", "S-2")),
        "workflow": "everything",
        "workflow_version": 1,
        "state": STATES[phase],
        "phase": phase.value,
        "severity": chance.choice(list(Severity)).value,
        "channel": chance.choice(list(Channel)).value,
        "priority_group": chance.choice((None, None, "老人")),
        "title": chance.choice(TITLES),
        "description": chance.choice((None, "请尽快处理,楼道很暗", "严重")),
        "answers": "{}",
        "place_id": orgs[place],
        "organization_id": orgs[at],
        "trail": [],
        "lead_organization_id": orgs[chance.choice(sorted(orgs))],
        "lead_subject": chance.choice(SUBJECTS),
        "handed": chance.random() < 0.2,
        "reporter_subject": chance.choice(SUBJECTS),
        "supporters": 0,
        "reported_at": since,
        "pauses": 0,
        "extensions": 0,
        "reopenings": 0,
        "revision": 1,
        "data_kind": "GENERATED",
        "resolved_at": chance.choice((None, since + HOUR)),
        "rated_at": chance.choice((None, NOW)),
        "asked_at": chance.choice((None, NOW)),
        "started_at": None,
        "due_at": None,
        "unit": None,
        "warn_at": None,
        "paused_at": None,
        "ended_at": None,
    }
    if chance.random() < 0.8:
        due = NOW + chance.randrange(-3, 4) * HOUR
        row |= {"started_at": since, "due_at": due, "unit": "HOURS"}
        row |= {"warn_at": due - chance.randrange(3) * HOUR}
        row |= {"paused_at": chance.choice((None, None, NOW - HOUR, NOW))}
        row |= {"ended_at": chance.choice((None, NOW - 2 * HOUR, due, due + HOUR))}
    return row


async def fill(connection: Any, rows: list[Row], parts: Iterable[tuple[Any, Any]]) -> None:
    """Insert issues with their words, and organizations that handle them jointly."""
    names = list(rows[0])
    marks = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    insert = f"INSERT INTO issue ({', '.join(names)}) VALUES ({marks})"
    await connection.executemany(insert, [tuple(row.values()) for row in rows])
    await connection.executemany(
        "INSERT INTO issue_word (tenant_id, word, reported_at, issue_id, place)"
        " VALUES ($1, $2, $3, $4, $5)",
        [
            (ID, pair, row["reported_at"], row["id"], place)
            for row in rows
            for pair, place in places(row["title"], row["description"])
        ],
    )
    await connection.executemany(
        "INSERT INTO issue_handler (tenant_id, issue_id, id, organization_id, added_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        [(ID, issue, uuid.uuid4(), at, NOW) for issue, at in parts],
    )


async def tree(connection: asyncpg.Connection) -> dict[str, tuple[uuid.UUID, str]]:
    """Id and path of every organization of the city, by its code."""
    rows = await connection.fetch(
        "SELECT code, id, path FROM organization WHERE tenant_id = $1", ID
    )
    return {row["code"]: (row["id"], row["path"]) for row in rows}


class Crowd:
    """The issues, and the model of their lists."""

    def __init__(
        self,
        rows: list[Row],
        parts: set[tuple[uuid.UUID, uuid.UUID]],
        orgs: dict[str, tuple[uuid.UUID, str]],
    ) -> None:
        self.rows = rows
        self.orgs = orgs
        self._paths = dict(orgs.values())
        self._parts: dict[uuid.UUID, set[uuid.UUID]] = {}
        for issue, at in parts:
            self._parts.setdefault(issue, set()).add(at)

    def expected(
        self,
        reach: IssueReach,
        filters: IssueFilters,
        order: IssueOrder = IssueOrder.REPORTED_AT_DESC,
        under: str = "/",
    ) -> list[uuid.UUID]:
        """The ids of a whole list, in its order."""
        found = [
            row
            for row in self.rows
            if self._seen(row, reach)
            and self._paths[row["organization_id"]].startswith(under)
            and self._matches(row, filters, reach)
        ]
        backward = order is IssueOrder.REPORTED_AT_DESC
        return [row["id"] for row in sorted(found, key=_key(order), reverse=backward)]

    def _seen(self, row: Row, reach: IssueReach) -> bool:
        if reach.visible is None or self._own(row, reach):
            return True
        at = self._paths[row["organization_id"]], self._paths[row["place_id"]]
        return any(f"/{code}/" in path for code in reach.visible for path in at)

    def _own(self, row: Row, reach: IssueReach) -> bool:
        if reach.subject in (row["reporter_subject"], row["lead_subject"]):
            return True
        parts = [self._paths[at] for at in self._parts.get(row["id"], ())]
        return any(f"/{code}/" in path for code in reach.parts or () for path in parts)

    def _matches(self, row: Row, filters: IssueFilters, reach: IssueReach) -> bool:
        plain = {
            "phase": filters.phase,
            "state": filters.state,
            "severity": filters.severity,
            "channel": filters.channel,
        }
        if any(value is not None and row[name] != value for name, value in plain.items()):
            return False
        if filters.services is not None and row["service"] not in filters.services:
            return False
        if filters.since is not None and row["reported_at"] < filters.since:
            return False
        if filters.until is not None and row["reported_at"] >= filters.until:
            return False
        if filters.deadline is not None and _status(row) is not filters.deadline:
            return False
        if filters.mine and not self._own(row, reach):
            return False
        return self._placed(row, filters) and _listed(row, filters) and self._claims(row, filters)

    def _placed(self, row: Row, filters: IssueFilters) -> bool:
        if filters.under is not None:
            path = self.orgs[str(filters.under.code)][1]
            if not self._paths[row["organization_id"]].startswith(path):
                return False
        if isinstance(filters.handler, OrganizationRef):
            at = self.orgs[str(filters.handler.code)][0]
            return at == row["lead_organization_id"] or at in self._parts.get(row["id"], ())
        return True

    def _claims(self, row: Row, filters: IssueFilters) -> bool:
        if filters.claimable is None:
            return True
        is_open = row["phase"] in ("REPORTED", "ACCEPTED", "IN_PROGRESS")
        is_free = row["handed"] or row["lead_subject"] is None
        path = self._paths[row["organization_id"]]
        return (
            is_open
            and is_free
            and any(
                (row["state"], row["severity"]) == (item.state, item.severity)
                and (not item.code or f"/{item.code}/" in path)
                for item in filters.claimable
            )
        )


def _status(row: Row) -> Any:
    if row["due_at"] is None:
        return None
    clock = Clock(
        row["started_at"], row["due_at"], TimeUnit.HOURS, row["warn_at"], row["paused_at"]
    )
    return status(clock, NOW, row["ended_at"])


def _listed(row: Row, filters: IssueFilters) -> bool:
    texts = [
        "".join(sign if sign.isalnum() else " " for sign in text.casefold())
        for text in (row["title"], row["description"] or "")
    ]
    if not all(any(run in text for text in texts) for run in filters.runs):
        return False
    if filters.unrated is None:
        return True
    settled = row["resolved_at"] is not None and row["resolved_at"] <= filters.unrated[0].until
    return settled and row["rated_at"] is None and row["asked_at"] is None


def _key(order: IssueOrder) -> Any:
    def key(row: Row) -> tuple[Any, ...]:
        if order is IssueOrder.DUE_AT_ASC:
            runs = row["due_at"] is not None and row["ended_at"] is None
            return (0, row["due_at"], row["id"]) if runs else (1, row["reported_at"], row["id"])
        if order is IssueOrder.PRIORITY:
            return (row["priority_group"] is None, row["reported_at"], row["id"])
        return (row["reported_at"], row["id"])

    return key
