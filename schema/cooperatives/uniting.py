"""Mutations by which cooperatives join and leave unions: GraphQL in, a payload out."""

import datetime

import strawberry

from schema.context import Context
from schema.cooperatives.outcome import Changed
from schema.cooperatives.unions import Join, Leave
from schema.cooperatives.writing import CooperativePayload, write_of
from schema.mutations import Answer, mutation

UNION = "联合社(编码或全局编号)| the union (code or id)"
COOPERATIVE = "合作社(全局编号)| the cooperative (id)"


@strawberry.input(description="加入联合社。 | A cooperative joins a union.")
class JoinUnionInput:
    """Of `joinUnion`."""

    union: strawberry.ID = strawberry.field(description=UNION)
    cooperative: strawberry.ID = strawberry.field(description=COOPERATIVE)
    on: datetime.date | None = strawberry.field(
        default=None,
        description="加入日,缺省今天;不早于两者成立,不晚于今天 | first day, default today; not "
        "before both were founded, nor after today",
    )


@strawberry.input(description="退出联合社。 | A cooperative leaves a union.")
class LeaveUnionInput:
    """Of `leaveUnion`."""

    union: strawberry.ID = strawberry.field(description=UNION)
    cooperative: strawberry.ID = strawberry.field(description=COOPERATIVE)
    on: datetime.date | None = strawberry.field(
        default=None,
        description="退出日(不含),缺省今天;至少为一天成员 | first day on which it is no member, "
        "default today; it is one for a day at least",
    )


@strawberry.type(
    name="JoinUnionPayload", description="加入联合社的结果。 | What joining a union gave."
)
class JoinUnionPayload(CooperativePayload):
    """Of an `Answer` with a `Changed`."""


@strawberry.type(
    name="LeaveUnionPayload", description="退出联合社的结果。 | What leaving a union gave."
)
class LeaveUnionPayload(CooperativePayload):
    """Of an `Answer` with a `Changed`."""


async def _join(context: Context, given: JoinUnionInput, dry_run: bool) -> Answer[Changed]:
    action = Join(given.union, given.cooperative, given.on)
    return await write_of(context, given.cooperative, action, dry_run)


async def _leave(context: Context, given: LeaveUnionInput, dry_run: bool) -> Answer[Changed]:
    action = Leave(given.union, given.cooperative, given.on)
    return await write_of(context, given.cooperative, action, dry_run)


@strawberry.type
class UnionMutations:
    """The part of `Mutation` that changes who belongs to unions."""

    join_union: JoinUnionPayload | None = mutation(
        _join,
        "加入联合社。须对双方的领办组织均有权限;联合社也可加入联合社,不可成环 | a cooperative "
        "joins a union; needs the permission at both leaders. A union may join one, too, never in "
        "a ring",
        takes=JoinUnionInput,
    )
    leave_union: LeaveUnionPayload | None = mutation(
        _leave,
        "退出联合社,历史留存。对任一方的领办组织有权限即可 | a cooperative leaves a union, history "
        "is kept; the permission at either leader is enough",
        takes=LeaveUnionInput,
    )
