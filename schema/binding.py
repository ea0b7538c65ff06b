"""Tokens bound to a person: the posts held today say which roles it has, and where."""

import datetime
from dataclasses import replace

from schema.actor import Actor, Grant
from schema.database import Snapshot
from schema.errors import CodedError, ErrorCode
from schema.loaders.held_post import HeldPosts
from schema.scope import Scope
from tenants.registry import Registry
from tenants.roles import Role

# which of several roles is shown as the actor's
RANK = list(Role)


async def bound(
    snapshot: Snapshot, scope: Scope, actor: Actor, registry: Registry, today: datetime.date
) -> Actor:
    """`actor` with the grants of its person's posts; itself where it is bound to none.

    One SQL statement for a bound actor. Who holds no post (any more) is a resident.
    Errors: `CodedError` TOKEN_SCOPE where the person is unknown or was erased.
    """
    if actor.person is None or actor.grants:
        return actor
    (tenant_id,) = scope.tenant_ids
    keys = [(tenant_id, actor.person)]
    (posts,) = await HeldPosts.batch(snapshot, scope, keys, today, ())
    if posts is None:
        raise CodedError(
            ErrorCode.TOKEN_SCOPE,
            "令牌所属人员不存在或已注销;请重新取得令牌。",
            "The person whom the token is bound to is unknown or was erased; get a new token.",
        )
    kinds = registry.by_id[tenant_id].posts
    found = {
        Grant(role, tenant_id, post["code"])
        for post in posts
        if post["kind"] in kinds and (role := kinds[post["kind"]].role) is not None
    }
    grants = sorted(found, key=lambda grant: (-RANK.index(grant.role), grant.organization or ""))
    if not grants:
        return replace(actor, role=Role.RESIDENT, grants=(Grant(Role.RESIDENT, tenant_id),))
    return replace(actor, role=grants[0].role, grants=tuple(grants))
