"""What a role may, in words: the table of roles as the landing page shows it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schema.access import TABLE, Permission, Reach
from server.actors import OF_KIND
from tenants.definition import TenantKind
from tenants.roles import Role

READING: Mapping[Permission, str] = {
    Permission.READ_PUBLIC: "公开信息",
    Permission.READ_STATISTICS: "统计",
    Permission.READ_PEOPLE: "人员与任职",
    Permission.READ_PERSONAL_DATA: "个人信息",
    Permission.READ_AUDIT: "查阅记录",
    Permission.READ_ISSUES: "事项",
    Permission.READ_AGREEMENTS: "共建协议",
}
CHANGING: Mapping[Permission, str] = {
    Permission.CHANGE_ORGANIZATIONS: "组织调整",
    Permission.APPOINT: "任免",
    Permission.REPORT_ISSUES: "上报事项",
    Permission.HANDLE_ISSUES: "办理事项",
    Permission.MANAGE_COOPERATIVES: "管理合作社",
    Permission.MANAGE_AGREEMENTS: "签办共建协议",
}
REACHES: Mapping[Reach, str] = {
    Reach.SELF: "本人",
    Reach.SUBTREE: "所在组织及下级",
    Reach.TENANT: "本市",
    Reach.PROVINCE: "全省",
    Reach.EVERYWHERE: "各地",
}
OF_PROVINCE = "省本级"
"""Reach TENANT where the tenant is a province."""


class Rights(NamedTuple):
    """What some roles may alike, in Chinese; a part that is nothing is empty."""

    roles: Sequence[Role]
    reads: str
    changes: str


def rights(roles: Sequence[Role]) -> list[Rights]:
    """The rights of the roles in their order; neighbours that may the same are one."""
    found: list[Rights] = []
    for role in roles:
        reads, changes = _words(role, READING), _words(role, CHANGING)
        if found and found[-1][1:] == (reads, changes):
            found[-1] = Rights((*found[-1].roles, role), reads, changes)
        else:
            found.append(Rights((role,), reads, changes))
    return found


def _words(role: Role, nouns: Mapping[Permission, str]) -> str:
    """As in `本市的公开信息、统计；本人的个人信息`."""
    places: dict[str, list[str]] = {}
    for permission, noun in nouns.items():
        reach = TABLE[role].get(permission)
        if reach is not None:
            places.setdefault(_place(role, reach), []).append(noun)
    return "；".join(f"{place}的{'、'.join(found)}" for place, found in places.items())


def _place(role: Role, reach: Reach) -> str:
    provincial = OF_KIND.get(role) is TenantKind.PROVINCE
    return OF_PROVINCE if provincial and reach is Reach.TENANT else REACHES[reach]
