"""How the market's mutations enter: which city an id is of, and how an action is carried out."""

from schema.access import Permission
from schema.context import Context
from schema.errors import CodedError
from schema.ids import parse_id
from schema.market.outcome import Recorded
from schema.mutations import Answer, answer, denied_everywhere
from schema.work import Action
from tenants.definition import Definition


def tenant_of(context: Context, given: str, *types: str) -> Definition | None:
    """The city of a global id of one of the types; None where the operation may not touch it."""
    try:
        parsed = parse_id(given)
    except CodedError:
        return None
    if parsed.type not in types or not context.scope.permits(parsed.tenant_id):
        return None
    return context.registry.by_id.get(parsed.tenant_id)


async def carry_out(
    context: Context, definition: Definition, action: Action[Recorded], dry_run: bool
) -> Answer[Recorded]:
    """Run the action for who may manage cooperatives somewhere in the city."""
    denied = denied_everywhere(context, Permission.MANAGE_COOPERATIVES, definition)
    if denied is not None:
        return answer(denied)
    return answer(await context.write(definition, action, dry_run))
