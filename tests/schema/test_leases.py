"""Leases: a pool's connections, which operations hand to each other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from schema.leases import Lease, Leases

SECONDS = 30
"""How long anything may take on a busy machine."""


async def _leave(connection: Any) -> None:
    """Leave a connection as it is, as the server does."""


@pytest.fixture
async def leases(server_url: str) -> AsyncIterator[Leases]:
    """Those of a pool with one connection."""
    async with asyncio.timeout(SECONDS):
        async with asyncpg.create_pool(server_url, min_size=0, max_size=1, reset=_leave) as pool:
            made = Leases(pool)
            yield made
            await made.close()


async def begun(leases: Leases) -> Lease:
    """A lease in a transaction, as one that reads is."""
    lease = await leases.take()
    await lease.connection.execute("BEGIN")
    lease.is_in_transaction = True
    return lease


async def test_handed_over(leases: Leases) -> None:
    """Who waits is given the connection as it is, in the order of asking."""
    served: list[int] = []

    async def use(number: int) -> Lease:
        lease = await leases.take()
        served.append(number)
        assert lease.is_in_transaction
        leases.give_back(lease)
        return lease

    first = await begun(leases)
    tasks = [asyncio.create_task(use(number)) for number in range(5)]
    await asyncio.wait(tasks, timeout=0)
    assert leases.waiting == len(tasks)
    leases.give_back(first)
    assert [await task for task in tasks] == [first] * len(tasks)
    assert (served, leases.waiting) == ([0, 1, 2, 3, 4], 0)


@pytest.mark.parametrize("late", [False, True])
async def test_who_leaves_while_waiting(leases: Leases, late: bool) -> None:
    """Who gives up waiting, even in the moment of being served, takes nothing from the next one."""
    first = await begun(leases)
    leaving, staying = (asyncio.create_task(leases.take()) for _ in range(2))
    await asyncio.wait([leaving, staying], timeout=0)
    assert leases.waiting == 2
    if late:
        leases.give_back(first)
        leaving.cancel()
    else:
        leaving.cancel()
        leases.give_back(first)
    assert await staying is first
    assert (leaving.cancelled() or not await leaving, leases.waiting) == (True, 0)
    leases.give_back(first)


async def test_a_lost_connection(leases: Leases) -> None:
    """Where the connection that is given back is lost, who waits for it gets a new one."""
    first = await begun(leases)
    waiting = asyncio.create_task(leases.take())
    await asyncio.wait([waiting], timeout=0)
    assert leases.waiting == 1
    first.cut()
    leases.give_back(first)
    second = await waiting
    assert (second is first, second.is_in_transaction) == (False, False)
    assert await second.connection.fetchval("SELECT 1") == 1
    leases.give_back(second)


async def test_a_pool_that_cannot_connect(unused_tcp_port: int) -> None:
    """Everybody who waits is told that there is no connection to be had."""
    address = f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/none"
    pool = asyncpg.create_pool(address, min_size=0, max_size=1)
    async with asyncio.timeout(SECONDS), pool:
        leases = Leases(pool)
        found = await asyncio.gather(*(leases.take() for _ in range(3)), return_exceptions=True)
    assert [isinstance(each, OSError) for each in found] == [True] * 3
