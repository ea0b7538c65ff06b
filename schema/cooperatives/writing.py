"""What the mutations of cooperatives share: whom they may write for, and their payloads."""

from typing import Any

import strawberry

from schema.access import Permission
from schema.context import Context
from schema.cooperatives.led import unknown_cooperative
from schema.cooperatives.types import CooperativeType
from schema.entries import tenant_of
from schema.fields import relation
from schema.loaders.cooperative import CooperativeById
from schema.mutations import Answer, RefusalType, answer, refusals, written
from schema.work import Action, T
from tenants.definition import Definition


async def write(
    context: Context, definition: Definition, action: Action[T], dry_run: bool
) -> Answer[T]:
    """Run an action for who may change cooperatives somewhere in the city."""
    permission = Permission.MANAGE_COOPERATIVES
    return await written(context, definition, permission, action, dry_run)


async def write_of(
    context: Context, cooperative: str, action: Action[T], dry_run: bool, *path: str
) -> Answer[T]:
    """The same in the city of a cooperative, that the input names by its id at `path`."""
    definition = tenant_of(context, cooperative, "Cooperative")
    if definition is None:
        return answer(unknown_cooperative(cooperative, *path))
    return await write(context, definition, action, dry_run)


def industries(context: Context, definition: Definition) -> tuple[str, ...]:
    """The keys of the vocabulary of the city's province."""
    return tuple(item.key for item in context.registry.vocabulary(definition).industries)


def given_of(input_: Any, *names: str) -> dict[str, Any]:
    """The fields of an input that the client gave, null among them."""
    values = {name: getattr(input_, name) for name in names}
    return {name: value for name, value in values.items() if value is not strawberry.UNSET}


@strawberry.type
class CooperativePayload:
    """Of an `Answer` whose outcome has a cooperative; the base of such payloads."""

    cooperative: CooperativeType | None = relation(
        CooperativeById,
        "合作社;预演时为现状,尚不存在或未予办理时为空 | the cooperative, with dryRun as it is; "
        "null where there is none yet or nothing was carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.cooperative),
    )
    refusals: list[RefusalType] = refusals()
