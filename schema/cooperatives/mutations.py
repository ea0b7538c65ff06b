"""Mutations that found, change and dissolve cooperatives: GraphQL in, a payload out."""

import datetime

import strawberry

from schema.context import Context
from schema.cooperatives.change import Change
from schema.cooperatives.dissolve import Dissolve
from schema.cooperatives.found import Found
from schema.cooperatives.led import unknown_cooperative
from schema.cooperatives.outcome import Changed
from schema.cooperatives.writing import (
    CooperativePayload,
    given_of,
    industries,
    write,
    write_of,
)
from schema.entries import find_city, tenant_of
from schema.mutations import Answer, answer, mutation
from schema.tables.cooperative import CooperativeKind


@strawberry.input(description="新成立的合作社。 | A cooperative to found.")
class FoundCooperativeInput:
    """Of `foundCooperative`."""

    city: strawberry.ID = strawberry.field(
        description="城市代码或网址名 | code or slug of the city"
    )
    name: str = strawberry.field(description="名称,1 至 100 个字符 | name, 1 to 100 characters")
    kind: CooperativeKind = strawberry.field(description="种类,不可更改 | kind, for good")
    leader: strawberry.ID = strawberry.field(
        description="领办组织(编码或全局编号)| the organization that leads it (code or id)"
    )
    industry: str = strawberry.field(
        description="产业键,取自全省词汇 | key of an industry of the province's vocabulary"
    )
    village: strawberry.ID | None = strawberry.field(
        default=None, description="所在村(编码或全局编号)| village where it works (code or id)"
    )
    products: list[str] = strawberry.field(
        default_factory=list,
        description="产品,至多 50 个,每个至多 40 个字符 | products, 50 at most of up to 40 "
        "characters",
    )
    code: str | None = strawberry.field(
        default=None,
        description="编码,在本市内唯一;不填则由领办组织编码编成 | code, unique in its city; made "
        "from the leader's where it is left out",
    )
    founded_on: datetime.date | None = strawberry.field(
        default=None,
        description="成立日,缺省今天,不晚于今天 | first day, default today, not after it",
    )


@strawberry.input(
    description="合作社的变更;不给的不变。 | What is to change of a cooperative; what is left out "
    "stays."
)
class ChangeCooperativeInput:
    """Of `changeCooperative`."""

    cooperative: strawberry.ID = strawberry.field(
        description="合作社(全局编号)| the cooperative (id)"
    )
    revision: int = strawberry.field(
        description="您所见的修订号;其间已有更新则不予办理 | the revision that you saw; refused "
        "where it has changed since"
    )
    name: str | None = strawberry.field(default=None, description="名称 | name")
    industry: str | None = strawberry.field(default=None, description="产业键 | industry")
    products: list[str] | None = strawberry.field(
        default=None, description="全部产品,可为空列表 | all products; the list may be empty"
    )
    village: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="所在村(编码或全局编号);null 为未载明 | village (code or id); null = not "
        "stated",
    )
    leader: strawberry.ID | None = strawberry.field(
        default=None,
        description="新的领办组织(编码或全局编号),对其也须有权限 | the organization that leads it "
        "from now on (code or id); needs the permission there, too",
    )


@strawberry.input(description="解散合作社。 | A cooperative to dissolve.")
class DissolveCooperativeInput:
    """Of `dissolveCooperative`."""

    cooperative: strawberry.ID = strawberry.field(
        description="合作社(全局编号)| the cooperative (id)"
    )
    on: datetime.date | None = strawberry.field(
        default=None,
        description="不再存续的首日,缺省今天,不晚于今天 | first day without it, default today, not "
        "after it",
    )
    reason: str | None = strawberry.field(
        default=None,
        description="原因,至多 500 个字符;勿写个人信息 | why, up to 500 characters, nothing "
        "personal",
    )


@strawberry.type(
    name="FoundCooperativePayload", description="成立的结果。 | What founding a cooperative gave."
)
class FoundCooperativePayload(CooperativePayload):
    """Of an `Answer` with a `Changed`."""


@strawberry.type(
    name="ChangeCooperativePayload", description="变更的结果。 | What changing a cooperative gave."
)
class ChangeCooperativePayload(CooperativePayload):
    """Of an `Answer` with a `Changed`."""


@strawberry.type(
    name="DissolveCooperativePayload",
    description="解散的结果。 | What dissolving a cooperative gave.",
)
class DissolveCooperativePayload(CooperativePayload):
    """Of an `Answer` with a `Changed`."""


async def _found(context: Context, given: FoundCooperativeInput, dry_run: bool) -> Answer[Changed]:
    definition = find_city(context, given.city)
    action = Found(
        name=given.name,
        kind=given.kind,
        leader=given.leader,
        village=given.village,
        industry=given.industry,
        industries=industries(context, definition),
        products=tuple(given.products),
        code=given.code,
        founded_on=given.founded_on,
    )
    return await write(context, definition, action, dry_run)


async def _change(
    context: Context, given: ChangeCooperativeInput, dry_run: bool
) -> Answer[Changed]:
    definition = tenant_of(context, given.cooperative, "Cooperative")
    if definition is None:
        return answer(unknown_cooperative(given.cooperative))
    said = given_of(given, "name", "industry", "products", "leader")
    said = {name: value for name, value in said.items() if value is not None}
    said |= given_of(given, "village")
    action = Change(given.cooperative, given.revision, said, industries(context, definition))
    return await write(context, definition, action, dry_run)


async def _dissolve(
    context: Context, given: DissolveCooperativeInput, dry_run: bool
) -> Answer[Changed]:
    action = Dissolve(given.cooperative, given.on, given.reason)
    return await write_of(context, given.cooperative, action, dry_run)


@strawberry.type
class CooperativeMutations:
    """The part of `Mutation` that founds, changes and dissolves cooperatives."""

    found_cooperative: FoundCooperativePayload | None = mutation(
        _found,
        "成立合作社、村办企业或联合社。须对领办组织有权限 | found a cooperative, an enterprise of "
        "a village or a union; needs the permission at its leader",
        takes=FoundCooperativeInput,
    )
    change_cooperative: ChangeCooperativePayload | None = mutation(
        _change,
        "变更合作社的名称、产业、产品、所在村、领办组织 | change name, industry, products, village "
        "or leader",
        takes=ChangeCooperativeInput,
    )
    dissolve_cooperative: DissolveCooperativePayload | None = mutation(
        _dissolve,
        "解散合作社:须无社员,联合社须无成员,历史留存 | dissolve one: without households and, of a "
        "union, members; history is kept",
        takes=DissolveCooperativeInput,
    )
