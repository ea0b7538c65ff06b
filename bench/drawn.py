"""What requests name that differ from each other: issues and organizations there are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, repeat
from typing import Any

import asyncpg

from schema.ids import GlobalId

CITY, TENANT = "dalian", 210200
"""Where operations of a city are asked: its communities have nothing below them."""

MANY = 20_000
SOME = 500

_NUMBERS = """
SELECT number FROM issue WHERE tenant_id = $1 ORDER BY md5(number) LIMIT $2
"""
_HANDLED = """
SELECT id FROM issue
WHERE tenant_id = $1 AND workflow = 'standard' AND state = 'handling' AND paused_at IS NULL
ORDER BY md5(number) LIMIT $2
"""
_PLACES = """
SELECT code FROM organization
WHERE tenant_id = $1 AND level = 'community' AND valid_to IS NULL ORDER BY md5(code) LIMIT $2
"""


@dataclass(frozen=True)
class Drawn:
    """Numbers of issues, ids of issues that are handled, codes of communities."""

    numbers: tuple[str, ...]
    issues: tuple[str, ...]
    places: tuple[str, ...]

    def variables(self, key: str, common: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The variables of one request after the other of an operation, endlessly."""
        if key in ("Q0", "Q0L"):
            return ({**common, "number": number} for number in cycle(self.numbers))
        if key == "M1":
            return (_input(common, organization=place) for place in cycle(self.places))
        if key == "M2":
            places = cycle(self.places)
            return (
                _input(common, issue=issue, assignee=next(places)) for issue in cycle(self.issues)
            )
        return repeat(common)


NOTHING = Drawn((), (), ())
"""For operations whose requests are all the same."""


async def draw(url: str) -> Drawn:
    """Draw them from the database, always the same of the same rows."""
    connection = await asyncpg.connect(url)
    try:
        numbers = await connection.fetch(_NUMBERS, TENANT, MANY)
        issues = await connection.fetch(_HANDLED, TENANT, SOME)
        places = await connection.fetch(_PLACES, TENANT, SOME)
    finally:
        await connection.close()
    return Drawn(
        tuple(row[0] for row in numbers),
        tuple(str(GlobalId("Issue", TENANT, row[0].hex)) for row in issues),
        tuple(row[0] for row in places),
    )


def _input(common: Mapping[str, Any], **more: str) -> Mapping[str, Any]:
    return {**common, "input": {**common["input"], **more}}
