"""The steps of a deal, and who may take them: what is offered is what is accepted."""

from schema.access import Permission, permitted
from schema.actor import Actor
from schema.tables.market import DealState

WAY = (
    DealState.PROPOSED,
    DealState.INTENDED,
    DealState.CONTRACTED,
    DealState.DELIVERED,
    DealState.SETTLED,
)
"""The way of a deal that succeeds; until it is settled it may fail."""

PRICED = WAY[WAY.index(DealState.CONTRACTED) :]
"""The states in which the amount is fixed."""

PAYING = (DealState.DELIVERED, DealState.SETTLED)
"""The states with which incomes may be given."""


def next_states(state: DealState) -> tuple[DealState, ...]:
    """The states to which a deal may go from `state`; none once it is settled or failed."""
    if state not in WAY[:-1]:
        return ()
    return WAY[WAY.index(state) + 1], DealState.FAILED


def may_manage(actor: Actor, tenant_id: int, *paths: str) -> bool:
    """Whether the actor may act for whoever stands at one of the paths."""
    manages = Permission.MANAGE_COOPERATIVES
    return any(permitted(actor, manages, tenant_id, path) for path in paths)
