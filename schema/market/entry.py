"""How the market's mutations are carried out."""

from schema.access import Permission
from schema.context import Context
from schema.market.outcome import Recorded
from schema.mutations import Answer, written
from schema.work import Action
from tenants.definition import Definition


async def carry_out(
    context: Context, definition: Definition, action: Action[Recorded], dry_run: bool
) -> Answer[Recorded]:
    """Run the action for who may manage cooperatives somewhere in the city."""
    permission = Permission.MANAGE_COOPERATIVES
    return await written(context, definition, permission, action, dry_run)
