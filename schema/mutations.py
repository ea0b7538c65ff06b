"""What the mutations of all slices share: how one is declared, and what its payload has."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import strawberry
from strawberry.types import Info

from schema.access import Denied, Permission, permitted, subtrees
from schema.changes import Change, ChangeKind
from schema.context import Context
from schema.declarations import DECLARED, Done
from schema.fields import derived
from schema.projection import POINTS
from schema.refusals import Refusal, RefusalCode, Refused, forbidden
from schema.work import Action
from tenants.definition import Definition

T = TypeVar("T")

COST = 10
"""Points of a mutation: some 2 ms."""

DryRun = Annotated[
    bool,
    strawberry.argument(
        description="仅预演:说明将发生什么,不作任何更改 | "
        "only say what would change, and change nothing"
    ),
]


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What a payload resolves from: an outcome, or the reasons why there is none."""

    outcome: T | None
    refusals: tuple[Refusal, ...] = ()


def answer(outcome: T | Refused) -> Answer[T]:
    """The outcome of an action as a payload."""
    if isinstance(outcome, Refused):
        return Answer(None, outcome.refusals)
    return Answer(outcome)


@dataclass(frozen=True)
class Given:
    """The arguments of a mutation."""

    input: Any
    dry_run: bool = False


def mutation(
    run: Callable[[Context, Any, bool], Awaitable[Answer[Any]]],
    description: str,
    *,
    takes: type[Any],
    cost: int = COST,
) -> Any:
    """A mutation field: `run(context, input, dry_run)` answers it.

    `takes` is the strawberry input of its argument `input`; the other argument is `dryRun`. Each
    use of the field costs an operation `cost` points. Let the field's type be a nullable payload,
    so that a fault leaves the answers of its neighbours.
    """

    declared = Done(Given, run=run)

    async def resolve(info: Any, input: Any, dry_run: bool = False) -> Any:
        return await declared.value(info.context, info.path.key, Given(input, dry_run))

    what = strawberry.argument(description="内容 | what to do")
    annotations: dict[str, Any] = {
        "info": Info,
        "input": Annotated[takes, what],
        "dry_run": DryRun,
    }
    signature = inspect.signature(resolve)
    parameters = [
        parameter.replace(annotation=annotations[name])
        for name, parameter in signature.parameters.items()
    ]
    resolve.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    resolve.__annotations__ = annotations
    metadata = {POINTS: cost, DECLARED: declared}
    return strawberry.field(resolver=resolve, description=description, metadata=metadata)


def denied_everywhere(
    context: Context, permission: Permission, definition: Definition
) -> Refused | None:
    """A refusal where the actor has the permission nowhere in the tenant.

    For what is costly to prepare: the action asks again, for the place.
    """
    if subtrees(context.actor, permission, definition.tenant_id) != ():
        return None
    verdict = permitted(context.actor, permission, definition.tenant_id)
    return forbidden(verdict) if isinstance(verdict, Denied) else None


async def written(
    context: Context,
    definition: Definition,
    permission: Permission,
    action: Action[T],
    dry_run: bool,
) -> Answer[T]:
    """Run an action for who has the permission somewhere in the tenant; it asks for the place."""
    denied = denied_everywhere(context, permission, definition)
    if denied is not None:
        return answer(denied)
    return answer(await context.write(definition, action, dry_run))


@strawberry.type(
    name="Refusal",
    description="未予办理的一个原因,属预期情形。 | One reason why a mutation was not carried out.",
)
class RefusalType:
    """Of a `Refusal`."""

    code: RefusalCode = derived(lambda root: root.code, "原因代码 | code of the reason")
    message: str = derived(
        lambda root, context: root.message(context.language),
        "说明,按 Accept-Language | sentence for people, by Accept-Language",
    )
    path: list[str] = derived(
        lambda root: list(root.path),
        "所指的输入字段,如 input、parent | the input's field that it is about",
    )


@strawberry.type(
    name="OrganizationChange",
    description="对一个组织的一处变更(或将作的变更)。 | One thing that changes about an "
    "organization.",
)
class ChangeType:
    """Of a `Change`."""

    kind: ChangeKind = derived(lambda root: root.kind, "变更的是什么 | what changes")
    code: str = derived(lambda root: root.code, "组织编码 | code of the organization")
    name: str = derived(lambda root: root.name, "组织名称 | name of the organization")
    before: str | None = derived(
        lambda root: root.before, "变更前,空为无 | before; null = there was nothing"
    )
    after: str | None = derived(
        lambda root: root.after, "变更后,空为无 | after; null = there will be nothing"
    )
    affected: int = derived(
        lambda root: root.affected,
        "涉及的组织数(POSTS 为任职数)| organizations affected; for POSTS posts",
    )


def refusals() -> Any:
    """The `refusals` field of a payload."""
    return derived(
        lambda root: root.refusals,
        "未予办理的原因,空为已办理 | why it was not carried out; empty = it was",
    )


def changes() -> Any:
    """The `changes` field of a payload whose outcome has changes."""

    def found(root: Answer[Any]) -> tuple[Change, ...]:
        return () if root.outcome is None else tuple(root.outcome.changes)

    return derived(found, "所作(预演时为将作)的变更 | what changed, or with dryRun would change")
