"""People of the invented city, and what the database holds of them."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.database import engine
from schema.ids import parse_id
from tests.conftest import Graph
from tests.schema.people.appointing import admin, appoint


async def hired(
    site: Graph,
    organization: str = "S1-G1",
    kind: str = "full_time",
    name: str = "甲乙丙",
    phone: str = "13800138001",
    **given: Any,
) -> tuple[uuid.UUID, str]:
    """Somebody new with a post: the person's UUID, and the post's global id."""
    person = {"name": name, "phone": phone}
    done = await appoint(admin(site), organization, kind, newPerson=person, **given)
    assert done["refusals"] == []
    return parse_id(done["post"]["person"]["id"]).uuid, done["post"]["id"]


async def rows(url: str, sql: str, *values: object) -> list[Any]:
    """Rows as the owner reads them."""
    connection: Any = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(sql, *values))
    finally:
        await connection.close()


@asynccontextmanager
async def owner(url: str) -> AsyncIterator[AsyncConnection]:
    """A transaction of the owner, committed at the end."""
    writer = engine(url)
    try:
        async with writer.begin() as connection:
            yield connection
    finally:
        await writer.dispose()
