"""Several tenants in one transaction: the only place that changes the scope of one that writes.

What is kept 一式两份 is written in every tenant that has a copy, or in none, and leaves an event
in the log of each. Tenants are entered in order of code, so that two transactions that write the
same copies wait for each other instead of both failing.
"""

from collections.abc import AsyncIterator, Iterable

from schema.actor import Actor
from schema.scope import Login, Scope
from schema.writing import Writing


async def each_side(connection: Writing, own: int, tenant_ids: Iterable[int]) -> AsyncIterator[int]:
    """Every tenant once, in order of code; statements run between are that tenant's.

    Afterwards the transaction is `own`'s again. Let the loop come to its end: leaving it early is
    for failures, which undo the transaction.
    """
    for tenant_id in sorted(set(tenant_ids)):
        if tenant_id != own:
            await _enter(connection, tenant_id)
        yield tenant_id  # a failed statement ends the transaction: nothing is left to set back
        if tenant_id != own:
            await _enter(connection, own)


def peer(actor: Actor, own: int) -> Actor:
    """Who acted, as the log of another tenant has it: the city and the role, nobody's subject."""
    return Actor(f"city:{own:06}", actor.role)


async def _enter(connection: Writing, tenant_id: int) -> None:
    await connection.fetch(Scope(frozenset({tenant_id}), Login.CITY).setting)
