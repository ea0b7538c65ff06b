"""From claims to an actor: what a token may combine, and which tenants it opens."""

from collections.abc import Mapping
from dataclasses import replace

from schema.actor import PUBLIC, Actor, Grant
from schema.errors import CodedError, ErrorCode
from server.claims import Claims
from tenants.definition import Definition, TenantKind
from tenants.registry import Registry
from tenants.roles import Role

OF_KIND: Mapping[Role, TenantKind] = {
    Role.RESIDENT: TenantKind.CITY,
    Role.MEMBER: TenantKind.CITY,
    Role.GRID_WORKER: TenantKind.CITY,
    Role.AGENT: TenantKind.CITY,
    Role.SECRETARY: TenantKind.CITY,
    Role.CITY_ADMIN: TenantKind.CITY,
    Role.PROVINCE_ANALYST: TenantKind.PROVINCE,
    Role.PROVINCE_ADMIN: TenantKind.PROVINCE,
}
"""The roles that a token may name, each with the kind of its one tenant."""

OF_SUBTREE = frozenset({Role.RESIDENT, Role.MEMBER, Role.GRID_WORKER, Role.AGENT, Role.SECRETARY})
"""The roles that may be limited to an organization; the others are of a whole tenant."""


def actor_of(claims: Claims | None, registry: Registry, purpose: str | None = None) -> Actor:
    """The actor that claims stand for; without claims PUBLIC.

    A token with a person and no role gives RESIDENT without grants: posts give them later.
    A province opens itself and all of its cities. `purpose` is what X-Purpose states.
    Errors: `CodedError` TOKEN_SCOPE for a tenant that is not here, or what makes no sense together.
    """
    if claims is None:
        return replace(PUBLIC, purpose=purpose) if purpose else PUBLIC
    _check_role(claims)
    tenant = _tenant(claims, registry)
    return Actor(
        claims.subject,
        claims.role or Role.RESIDENT,
        _opened(tenant, registry),
        (Grant(claims.role, tenant.tenant_id, claims.organization),) if claims.role else (),
        claims.person,
        claims.language,
        purpose,
    )


def _check_role(claims: Claims) -> None:
    role = claims.role
    if role is None and claims.person is None:
        raise _refused("令牌既无角色也无人员", "the token names neither a role nor a person")
    if role is Role.PUBLIC:
        raise _refused("角色 PUBLIC 不需要令牌", "the role PUBLIC is for requests without a token")
    if claims.organization is not None and role not in OF_SUBTREE:
        raise _refused(
            f"{role or '未指明角色的人员'}不能限于组织",
            f"{role or 'a person without a role'} cannot be limited to an organization",
        )
    if claims.person is not None and role and OF_KIND[role] is TenantKind.PROVINCE:
        raise _refused(f"{role} 不能绑定人员", f"{role} cannot be bound to a person")


def _tenant(claims: Claims, registry: Registry) -> Definition:
    """The one tenant of the claims, known and of the right kind."""
    who = claims.role or "person"
    kind = OF_KIND[claims.role] if claims.role else TenantKind.CITY
    if len(claims.tenants) != 1:
        given = "、".join(claims.tenants) or "无"
        listed = ", ".join(claims.tenants) or "none"
        raise _refused(
            f"{who} 应恰有一个 {kind} 租户，令牌中为：{given}",
            f"{who} needs exactly one tenant of the kind {kind}, the token has: {listed}",
        )
    (code,) = claims.tenants
    found = registry.by_id.get(int(code))
    if found is None:
        raise _refused(f"本服务没有租户 {code}", f"there is no tenant {code} here")
    if found.kind is not kind:
        raise _refused(
            f"{who} 应有 {kind} 租户，而 {code} 是 {found.kind}",
            f"{who} needs a tenant of the kind {kind}, but {code} is a {found.kind}",
        )
    return found


def _opened(tenant: Definition, registry: Registry) -> frozenset[int]:
    if tenant.kind is TenantKind.CITY:
        return frozenset((tenant.tenant_id,))
    cities = registry.cities_of(tenant)
    return frozenset((tenant.tenant_id, *(city.tenant_id for city in cities)))


def _refused(zh: str, en: str) -> CodedError:
    return CodedError(
        ErrorCode.TOKEN_SCOPE,
        f"令牌的范围不成立：{zh}；需要另一个令牌。",
        f"This token opens nothing: {en}; another token is needed.",
    )
