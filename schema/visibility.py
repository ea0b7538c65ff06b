"""Who sees which events in a subscription: a table from kinds to permissions, and own issues."""

from collections.abc import Mapping

from schema.access import Permission, subtrees
from schema.actor import Actor
from schema.context import Context
from schema.events import EventKind
from schema.issue_reach import issue_reach
from schema.loaders.event_feed import Concern, Sight

OF_PREFIX: Mapping[str, Permission] = {
    "ORGANIZATION_": Permission.READ_PEOPLE,
    "APPOINTED": Permission.READ_PEOPLE,
    "RELIEVED": Permission.READ_PEOPLE,
    "ISSUE_": Permission.READ_ISSUES,
    "COOPERATIVE_": Permission.READ_PEOPLE,
    "ECONOMY_": Permission.READ_PEOPLE,
    "AGREEMENT_": Permission.READ_AGREEMENTS,
    "PERSONAL_DATA_": Permission.READ_AUDIT,
}
"""How the names of kinds begin, with the permission that shows them.

It counts where the event's organization stands as the tree is now; an event without one is shown
to whom the permission reaches in the whole tenant. A kind that is not here is shown to nobody.
"""


def needed(kind: EventKind) -> Permission | None:
    """The permission that shows events of a kind; None = nobody sees them."""
    for prefix, permission in OF_PREFIX.items():
        if kind.startswith(prefix):
            return permission
    return None


KINDS: Mapping[Permission, tuple[str, ...]] = {
    permission: tuple(kind.value for kind in EventKind if needed(kind) is permission)
    for permission in dict.fromkeys(OF_PREFIX.values())
}


def sights(actor: Actor, tenant_id: int) -> tuple[Sight, ...]:
    """What an actor sees of a tenant's log; nothing where the tuple is empty."""
    if actor.tenant_ids is None or tenant_id not in actor.tenant_ids:
        return ()
    reached = {
        permission: subtrees(actor, permission, tenant_id)
        for permission, kinds in KINDS.items()
        if kinds
    }
    return tuple(
        Sight(KINDS[permission], codes) for permission, codes in reached.items() if codes != ()
    )


def concern(context: Context, tenant_id: int) -> Concern | None:
    """Whoever sees an issue is told what happens to it: a reporter, a lead, who takes part in it.

    None for who can have nothing to do with a tenant's issues, and where the sights of the viewer
    have them all.
    """
    actor = context.actor
    if actor.tenant_ids is None or tenant_id not in actor.tenant_ids:
        return None
    reach = issue_reach(context, tenant_id)
    if reach.subject is None or reach.visible is None:
        return None
    return Concern(KINDS[Permission.READ_ISSUES], reach)
