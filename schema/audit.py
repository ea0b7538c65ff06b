"""The audit: what was shown of people, or denied, is an event before its answer leaves."""

import structlog

from schema.context import Context
from schema.events import append
from schema.scope import Login, Scope

log = structlog.get_logger("onegrid.audit")


async def write_audit(context: Context) -> None:
    """Write the operation's disclosures into the log of the actor's own tenant.

    Denials without a token have no tenant: they go to the process's log.
    Errors: `CodedError` UNAVAILABLE; the answer must not leave then.
    """
    if not context.disclosures:
        return
    actor = context.actor
    events = context.disclosures.events(actor.purpose)
    if not actor.grants:
        log.info("denied", events=[event.about for event in events])
        return
    tenant_id = actor.grants[0].tenant_id
    scope = Scope(frozenset({tenant_id}), Login.CITY)
    async with context.resources.database.unit_of_work(scope) as connection:
        await append(connection.fetch, tenant_id, actor, events, context.now)
