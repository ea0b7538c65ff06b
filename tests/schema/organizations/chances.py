"""Random changes of a tree, and a process that makes them beside others."""

import asyncio
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Any

from schema.organizations.dissolve import Dissolve
from schema.organizations.establish import Establish, New
from schema.organizations.merge import Merge, NewPlace
from schema.organizations.move import Move
from schema.organizations.outcome import Changed
from schema.organizations.rename import Rename
from schema.refusals import Refused
from schema.work import Action
from tenants.definition import Definition
from tests.schema.organizations.town import Town, spelled, town_at

Row = tuple[str, str, str | None]
"""Code, level and parent's code of an organization in being."""

KINDS = {"move": 50, "merge": 18, "dissolve": 12, "establish": 15, "rename": 5}


async def living(town: Town) -> list[Row]:
    """The organizations in being today, in order of code."""
    return await town.sql(
        "SELECT o.code, o.level, p.code FROM organization o LEFT JOIN organization p"
        " ON p.tenant_id = o.tenant_id AND p.id = o.parent_id WHERE o.tenant_id = $1"
        " AND (o.valid_to IS NULL OR o.valid_to > $2) ORDER BY o.code",
        town.definition.tenant_id,
        town.today,
    )


class Chances:
    """Makes actions that mostly fit the tree as it was seen last, and now and then do not."""

    def __init__(self, seed: int, definition: Definition) -> None:
        self._random = Random(seed)
        self._definition = definition
        self._name = f"新{seed}"
        self._made = 0
        self._levels: dict[str, list[Row]] = defaultdict(list)
        self._rows: list[Row] = []

    def see(self, rows: list[Row]) -> None:
        """Take the tree as it is now."""
        self._rows = rows
        self._levels = defaultdict(list)
        for row in rows:
            self._levels[row[1]].append(row)

    def action(self) -> Action[Changed]:
        """The next change."""
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        made: Action[Changed] = getattr(self, f"_{kind}")()
        return made

    def _move(self) -> Action[Changed]:
        code, level, _ = self._any()
        return Move(code, self._above(level))

    def _rename(self) -> Action[Changed]:
        return Rename(self._any()[0], spelled(self._new_name()))

    def _establish(self) -> Action[Changed]:
        level = self._random.choice([lv for lv in self._definition.hierarchy if lv.under]).key
        return Establish(New(spelled(self._new_name())), level, self._above(level))

    def _merge(self) -> Action[Changed]:
        code, level, parent = self._any()
        peers = [row[0] for row in self._levels[level] if row[2] == parent] or [code]
        merged = tuple(self._random.sample(peers, min(len(peers), self._random.randint(1, 3))))
        if self._random.random() < 0.4:
            return Merge(merged, NewPlace(New(spelled(self._new_name()))))
        others = [row[0] for row in self._levels[level] if row[0] not in merged] or [code]
        return Merge(merged, self._random.choice(others))

    def _dissolve(self) -> Action[Changed]:
        code, level, _ = self._any()
        heirs = tuple(self._random.choices(self._levels[level], k=self._random.choice((0, 1, 1))))
        return Dissolve(code, tuple(heir[0] for heir in heirs))

    def _new_name(self) -> str:
        self._made += 1
        return f"{self._name}第{self._made}组织"

    def _any(self) -> Row:
        """One of the rows; each level is as likely as another, so that all are in motion."""
        level = self._random.choice([key for key in self._levels if self._levels[key]])
        return self._random.choice(self._levels[level])

    def _above(self, level: str) -> str:
        """Where one of the level may stand; one time in ten just anywhere."""
        allowed = [
            row for key in self._definition.hierarchy[level].under for row in self._levels[key]
        ]
        if not allowed or self._random.random() < 0.1:
            allowed = self._rows
        return self._random.choice(allowed)[0]


async def change(town: Town, seed: int, wanted: int, seen: int = 5) -> Counter[str]:
    """Make changes until `wanted` are carried out; outcomes by kind or code of the reason.

    The tree is looked at again every `seen` tries: others change it meanwhile.
    """
    chances = Chances(seed, town.definition)
    outcomes: Counter[str] = Counter()
    done = tries = 0
    while done < wanted:
        if tries % seen == 0:
            chances.see(await living(town))
        tries += 1
        action: Any = chances.action()
        outcome = await town.do(action)
        if isinstance(outcome, Refused):
            outcomes.update(reason.code.value for reason in outcome.refusals)
        else:
            done += 1
            outcomes[type(action).__name__] += 1
    return outcomes


async def main(url: str, keys: str, tenant_id: str, seed: str, wanted: str) -> None:
    """Change the tree of a tenant, and print the outcomes."""
    async with town_at(url, Path(keys), size=2, tenant_id=int(tenant_id)) as town:
        print(json.dumps(await change(town, int(seed), int(wanted))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
