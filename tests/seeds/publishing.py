"""One small city at a small scale of its own; a process that loads it and can be killed."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg

from schema.keyring import Keyring
from seeds.load import load
from seeds.load_published import Plan, Scale, load_published
from seeds.published import PlannedCity
from tenants.definition import Definition
from tenants.files import load_tenants
from tests.conftest import NOW

CITY = "640100"
PLAN = PlannedCity.model_validate(
    {
        "tenant": CITY,
        "staff": [{"post": "secretary", "at": ["estate_branch"], "each": 1}],
        "issues": [
            {"key": "all", "reported": 120, "closed": 90, "satisfied": 80},
            {"key": "before", "workflow": "guangyu", "year": 2024, "answered": 15, "open": 20},
        ],
        "cooperatives": {
            "count": 5,
            "member_households": 33,
            "people": 250,
            "online_sales": 90001,
            "enterprises": 4,
            "matching_events": 3,
            "deals": 9,
            "deal_collective_income": 7777,
            "deal_household_income": 8888,
            "weak_villages_cleared": 2,
            "support_funds": 555,
            "asset_trades": 6,
            "asset_amount": 12345,
            "asset_premium": 1234,
        },
        "agreements": [
            {"key": "pairs", "count": 4, "between": ["COMMUNITY", "VILLAGE"], "funds": 1001}
        ],
    }
)
TABLES = (
    "person",
    "post",
    "issue",
    "issue_note",
    "issue_handler",
    "issue_word",
    "issue_counter",
    "issue_place",
    "event",
    "event_counter",
    "cooperative",
    "annual_result",
    "household",
    "membership",
    "enterprise",
    "matching_event",
    "deal",
    "asset_trade",
    "weak_village",
    "agreement",
    "agreement_version",
    "agreement_party",
    "agreement_delivery",
)
PLANS: Plan = {PLAN.tenant_id: PLAN}


def small() -> tuple[Definition, ...]:
    """宁夏 and its one city, the smallest tree."""
    return tuple(item for item in load_tenants() if item.tenant.slug in ("ningxia", "yinchuan"))


async def publish(
    url: str,
    keys: Keyring,
    seed: int = 1,
    say: Callable[[str], None] = lambda what: None,
) -> list[str]:
    """Load it into a database in which that city is in force; the parts that were loaded."""
    parts = []
    connection = await asyncpg.connect(url)
    try:
        async for _ in load(connection, small(), NOW):
            pass
        done = load_published(connection, small(), NOW, keys, Scale(seed=seed), PLANS)
        async for _, _, what in done:
            parts.append(what)
            say(what)
    finally:
        await connection.close()
    return parts


async def contents(url: str) -> dict[str, tuple[int, str | None]]:
    """Rows and a digest of all that each table has, but for the moment of loading."""
    # texts of telephone numbers are sealed with a nonce
    hidden = "phone_sealed"
    connection = await asyncpg.connect(url)
    try:
        found = {}
        for table in TABLES:
            row = await connection.fetchrow(
                "SELECT count(*), md5(string_agg(line, '|' ORDER BY line)) FROM"
                f" (SELECT (to_jsonb(t) - '{hidden}')::text AS line FROM {table} t) s"
            )
            assert row is not None
            found[table] = (row[0], row[1])
        return found
    finally:
        await connection.close()


if __name__ == "__main__":
    keyring = Keyring(Path(sys.argv[2]))
    asyncio.run(publish(sys.argv[1], keyring, say=lambda what: print(what, flush=True)))
