"""How many statements the writes run that there are most of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from schema.issues.advance import Advance, Advanced
from schema.issues.draft import Given
from schema.issues.report import Report, Reported
from schema.scope import Scope
from schema.work import perform
from schema.writing import Writing
from tenants.roles import Role
from tests.schema.issues.desk import Desk, actor
from tests.schema.watched import Watched


@dataclass
class Counted:
    """Performs actions of a desk, and keeps the beginnings of their statements."""

    desk: Desk
    said: list[str] = field(default_factory=list)

    async def do(self, action: Any) -> Any:
        """The outcome of the city's administrator."""
        town, now = self.desk.town, self.desk.now
        who = actor(Role.CITY_ADMIN)
        return await perform(
            self._open, action, who, town.definition, now, now.date(), town.keyring
        )

    @asynccontextmanager
    async def _open(self, scope: Scope, beside: set[int]) -> AsyncIterator[Writing]:
        async with self.desk.town.database.unit_of_work(scope, beside) as writing:
            yield Watched(writing, self._keep)

    async def _keep(self, statement: str) -> None:
        words = statement.split()
        self.said.append(" ".join(words[:3] if words[0] == "INSERT" else words[:1]))


async def test_reporting(desk: Desk) -> None:
    """A report checks, takes a number, and writes: with BEGIN and COMMIT twelve round trips."""
    counted = Counted(desk)
    outcome = await counted.do(Report(service="S-0", title="灯不亮", organization="AA1-1-G1"))
    assert isinstance(outcome, Reported), outcome
    assert counted.said == [
        "LOCK",
        "SELECT",  # the definition in force
        "SELECT",  # the place, with what is above it
        "SELECT",  # similar ones
        "INSERT INTO issue_counter",
        "INSERT INTO issue",
        "INSERT INTO issue_word",
        "WITH",  # the cells
        "INSERT INTO event_counter",
        "INSERT INTO event",
    ]


async def test_advancing(desk: Desk) -> None:
    """An action locks, looks, and writes."""
    outcome = await Counted(desk).do(Report(service="S-0", title="灯不亮", organization="AA1-1-G1"))
    counted = Counted(desk)
    given = Given(assignee="AA1-1")
    advanced = await counted.do(Advance(outcome.issue, "assign", given))
    assert isinstance(advanced, Advanced), advanced
    assert counted.said == [
        "SELECT",  # the issue, locked
        "SELECT",  # how it stands
        "SELECT",  # the assignee
        "SELECT",  # what it counted for
        "UPDATE",
        "WITH",  # the cells
        "INSERT INTO event_counter",
        "INSERT INTO event",
    ]
