"""Who may do what: one table of roles, permissions and reach, and the one question to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schema.actor import Actor
from tenants.roles import Role


class Permission(StrEnum):
    """What can be allowed; the closed set that the table below hands out."""

    READ_PUBLIC = "READ_PUBLIC"
    READ_STATISTICS = "READ_STATISTICS"
    READ_PEOPLE = "READ_PEOPLE"
    READ_PERSONAL_DATA = "READ_PERSONAL_DATA"
    READ_AUDIT = "READ_AUDIT"
    READ_ISSUES = "READ_ISSUES"
    REPORT_ISSUES = "REPORT_ISSUES"
    HANDLE_ISSUES = "HANDLE_ISSUES"
    CHANGE_ORGANIZATIONS = "CHANGE_ORGANIZATIONS"
    APPOINT = "APPOINT"
    MANAGE_COOPERATIVES = "MANAGE_COOPERATIVES"
    READ_AGREEMENTS = "READ_AGREEMENTS"
    MANAGE_AGREEMENTS = "MANAGE_AGREEMENTS"


class Reach(StrEnum):
    """How far a permission goes, from the narrowest."""

    SELF = "SELF"
    SUBTREE = "SUBTREE"
    TENANT = "TENANT"
    PROVINCE = "PROVINCE"
    EVERYWHERE = "EVERYWHERE"


_READER = {
    Permission.READ_PUBLIC: Reach.TENANT,
    Permission.READ_STATISTICS: Reach.TENANT,
}
_RESIDENT = _READER | {
    Permission.READ_PERSONAL_DATA: Reach.SELF,
    Permission.READ_ISSUES: Reach.SELF,
    Permission.REPORT_ISSUES: Reach.TENANT,
}
_MEMBER = _RESIDENT | {
    Permission.READ_ISSUES: Reach.SUBTREE,
    Permission.HANDLE_ISSUES: Reach.SUBTREE,
    Permission.READ_AGREEMENTS: Reach.SUBTREE,
}
_WORKER = _MEMBER | {Permission.READ_PEOPLE: Reach.SUBTREE}
_PROVINCIAL = {
    Permission.READ_PUBLIC: Reach.PROVINCE,
    Permission.READ_STATISTICS: Reach.PROVINCE,
}

TABLE: Mapping[Role, Mapping[Permission, Reach]] = {
    Role.PUBLIC: {
        Permission.READ_PUBLIC: Reach.EVERYWHERE,
        Permission.READ_STATISTICS: Reach.EVERYWHERE,
        Permission.REPORT_ISSUES: Reach.EVERYWHERE,
    },
    Role.RESIDENT: _RESIDENT,
    Role.MEMBER: _MEMBER,
    Role.GRID_WORKER: _WORKER,
    Role.AGENT: _WORKER,
    Role.SECRETARY: _WORKER
    | {
        Permission.READ_PERSONAL_DATA: Reach.SUBTREE,
        Permission.CHANGE_ORGANIZATIONS: Reach.SUBTREE,
        Permission.APPOINT: Reach.SUBTREE,
        Permission.MANAGE_COOPERATIVES: Reach.SUBTREE,
        Permission.MANAGE_AGREEMENTS: Reach.SUBTREE,
    },
    Role.CITY_ADMIN: _READER
    | {
        Permission.READ_PEOPLE: Reach.TENANT,
        Permission.READ_PERSONAL_DATA: Reach.TENANT,
        Permission.READ_AUDIT: Reach.TENANT,
        Permission.READ_ISSUES: Reach.TENANT,
        Permission.REPORT_ISSUES: Reach.TENANT,
        Permission.HANDLE_ISSUES: Reach.TENANT,
        Permission.CHANGE_ORGANIZATIONS: Reach.TENANT,
        Permission.APPOINT: Reach.TENANT,
        Permission.MANAGE_COOPERATIVES: Reach.TENANT,
        Permission.READ_AGREEMENTS: Reach.TENANT,
        Permission.MANAGE_AGREEMENTS: Reach.TENANT,
    },
    Role.PROVINCE_ANALYST: _PROVINCIAL,
    Role.PROVINCE_ADMIN: _PROVINCIAL | {Permission.CHANGE_ORGANIZATIONS: Reach.TENANT},
}
"""Every role with what it may, and how far.

SUBTREE is the organization that the token (or the post) names, with all below it; where it names
none, the whole tenant. TENANT is the one tenant of the grant: for PROVINCE_ADMIN the province's
own bodies, never a city's.
"""


@dataclass(frozen=True)
class Granted:
    """A yes."""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Denied:
    """A no, with the reason in both languages."""

    permission: Permission
    zh: str
    en: str

    def __bool__(self) -> bool:
        return False


GRANTED = Granted()


def permitted(
    actor: Actor, permission: Permission, tenant_id: int, path: str | None = None
) -> Granted | Denied:
    """Whether `actor` may do this at a tenant, or at the organization of it with this path.

    `path` None asks for the whole tenant. Reach SELF is never enough here: what is a person's own
    is asked of the row (`Actor.person`).
    """
    if actor.tenant_ids is None:
        reach = TABLE[Role.PUBLIC].get(permission)
        return GRANTED if reach is Reach.EVERYWHERE else _signed_out(permission)
    if tenant_id not in actor.tenant_ids:
        return Denied(
            permission,
            f"令牌不含租户 {tenant_id}。",
            f"The token does not open tenant {tenant_id}.",
        )
    for grant in actor.grants:
        reach = TABLE[grant.role].get(permission)
        if reach is Reach.PROVINCE:
            return GRANTED
        if grant.tenant_id != tenant_id:
            continue
        if reach is Reach.TENANT:
            return GRANTED
        if reach is Reach.SUBTREE and (
            grant.organization is None or (path is not None and grant.covers(path))
        ):
            return GRANTED
    return _lacking(actor, permission)


def subtrees(actor: Actor, permission: Permission, tenant_id: int) -> tuple[str, ...] | None:
    """The organizations (codes) whose subtrees a permission reaches; None = the whole tenant.

    An empty tuple: nowhere. For statements that decide row by row.
    """
    codes = []
    for grant in actor.grants:
        reach = TABLE[grant.role].get(permission)
        if grant.tenant_id != tenant_id or reach not in (Reach.TENANT, Reach.SUBTREE):
            continue
        if reach is Reach.TENANT or grant.organization is None:
            return None
        codes.append(grant.organization)
    return tuple(sorted(set(codes)))


@dataclass(frozen=True)
class Held:
    """A permission that an actor holds: by which role, how far, and where (None = everywhere)."""

    role: Role
    permission: Permission
    reach: Reach
    tenant_id: int | None
    organization: str | None


def held(actor: Actor) -> list[Held]:
    """Every permission of an actor, in the order of the table."""
    if actor.tenant_ids is None:
        return [
            Held(Role.PUBLIC, permission, reach, None, None)
            for permission, reach in TABLE[Role.PUBLIC].items()
        ]
    return [
        Held(
            grant.role,
            permission,
            reach,
            grant.tenant_id,
            grant.organization if reach is Reach.SUBTREE else None,
        )
        for grant in actor.grants
        for permission, reach in TABLE[grant.role].items()
    ]


def _signed_out(permission: Permission) -> Denied:
    return Denied(
        permission,
        f"未登录不能 {permission};请带令牌(Authorization: Bearer)。",
        f"{permission} needs a token (Authorization: Bearer).",
    )


def _lacking(actor: Actor, permission: Permission) -> Denied:
    places = "、".join(sorted({g.organization for g in actor.grants if g.organization}))
    where_zh = f"(限于 {places} 及其下级)" if places else ""
    where_en = f" (limited to {places} and below)" if places else ""
    return Denied(
        permission,
        f"角色 {actor.role}{where_zh}没有权限 {permission}。",
        f"The role {actor.role}{where_en} lacks {permission} here.",
    )
