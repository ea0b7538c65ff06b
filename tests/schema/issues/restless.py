"""Changes of issues by chance: whoever happens to act, whatever the workflow then lets them do."""

import asyncio
import random
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from schema.issues.advance import Advance, Advanced, locked
from schema.issues.available import available
from schema.issues.draft import Given, Rating
from schema.issues.report import Report, Reported
from schema.issues.sweep import Sweep, sweeper
from schema.refusals import Refused
from schema.work import Work, perform
from tenants.roles import Role
from tenants.workflow import Severity, Solved, needs
from tests.schema.issues.desk import EVERYBODY, EVERYTHING, Desk, actor, desk_at, global_id
from tests.schema.organizations.town import ID

PLACES = ("AA1-1-G1", "AA1-1-G2", "AA1-1", "AA1", "BB1", "BB2-1-G1")
REPORTER = actor(Role.RESIDENT, subject="reporter")
LIKELY = {"assign": 4, "claim": 4, "resolve": 12, "rate": 12, "share": 0.3, "withdraw": 0.3}
"""How much likelier than others an action is chosen, so that histories come to an end."""
DEADLOCK = "40P01"


@dataclass
class Restless:
    """Somebody who changes issues of a desk, among them those of others that it hears of."""

    desk: Desk
    chance: random.Random
    issues: list[uuid.UUID] = field(default_factory=list)
    changed: int = 0
    deadlocks: int = 0

    async def change(self) -> None:
        """Report an issue, do something with one, or sweep; some of it is refused."""
        self.desk.now += timedelta(minutes=self.chance.randrange(200))
        kind = self.chance.random()
        try:
            if kind < 0.07 or not self.issues:
                await self._report()
            elif kind < 0.95:
                await self._advance()
            else:
                await self._do(Sweep(size=self.chance.choice((1, 20))), sweeper(ID))
                self.changed += 1
        except (DBAPIError, asyncpg.PostgresError) as error:
            if getattr(getattr(error, "orig", error), "sqlstate", None) != DEADLOCK:
                raise
            self.deadlocks += 1

    async def _report(self) -> None:
        by_resident = self.chance.random() < 0.7
        report = Report(
            service="S-0",
            description="楼道的灯不亮",
            organization=self.chance.choice(PLACES),
            severity=None if by_resident else self.chance.choice(list(Severity)),
        )
        made = await self._do(report, REPORTER if by_resident else actor(Role.CITY_ADMIN))
        assert isinstance(made, Reported), made
        self.issues.append(made.issue)
        self.changed += 1

    async def _advance(self) -> None:
        issue, who = self.chance.choice(self.issues[-8:]), self.chance.choice(EVERYBODY)
        if self.chance.random() < 0.7:
            who = self.chance.choice((actor(Role.CITY_ADMIN), REPORTER))
        dry_run = self.chance.random() < 0.05

        async def something(work: Work) -> Advanced | Refused:
            """One of the actions that are offered then, if there are any."""
            found = await locked(work, issue)
            offered = available(found, who, work.now) if found else []
            if not offered:
                return Refused(())
            likely = [LIKELY.get(action.key, 1) for action in offered]
            (action,) = self.chance.choices(offered, likely)
            return await Advance(issue, action.key, self._given(action.key))(work)

        done = await self._do(something, who, dry_run)
        self.changed += isinstance(done, Advanced) and not dry_run

    def _given(self, key: str) -> Given:
        """All that any action may need."""
        action = EVERYTHING.action(key)
        assert action is not None
        wanted = {need.value for need in needs(action)}
        full = {
            "NOTE": ("note", "已到现场查看"),
            "EVIDENCE": ("evidence", ("https://files.invalid/a.jpg",)),
            "ASSIGNEE": ("assignee", self.chance.choice(PLACES)),
            "CO_HANDLERS": ("co_handlers", (self.chance.choice(PLACES),)),
            "MERGE_INTO": ("merge_into", global_id("Issue", self.chance.choice(self.issues))),
            "UNTIL": ("until", self.desk.now + timedelta(days=self.chance.choice((1, 90)))),
            "RATING": ("rating", self._rating()),
        }
        given: dict[str, Any] = dict(full[need] for need in wanted)
        return Given(**given)

    def _rating(self) -> Rating:
        return Rating(self.chance.choice(list(Solved)), self.chance.randint(1, 5))

    async def _do(self, action: Any, who: Any, dry_run: bool = False) -> Any:
        town, now = self.desk.town, self.desk.now
        unit = town.database.unit_of_work
        return await perform(
            unit, action, who, town.definition, now, now.date(), town.keyring, dry_run
        )


def restless_in_a_process(url: str, keys: str, seed: int, count: int) -> None:
    """Change issues until `count` changes were made; ends with an error where one deadlocked."""
    asyncio.run(_restless(url, Path(keys), seed, count))


async def _restless(url: str, keys: Path, seed: int, count: int) -> None:
    async with desk_at(url, keys) as desk:
        chance = random.Random(seed)
        found = await desk.sql("SELECT id FROM issue ORDER BY id LIMIT 40")
        somebody = Restless(desk, chance, [id_ for (id_,) in found])
        while somebody.changed < count:
            await somebody.change()
            if chance.random() < 0.02:  # issues of others, so that all change the same ones
                found = await desk.sql("SELECT id FROM issue ORDER BY random() LIMIT 12")
                somebody.issues += [id_ for (id_,) in found]
        assert somebody.deadlocks == 0, somebody.deadlocks
