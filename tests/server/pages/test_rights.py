"""What a role may, in words."""

from schema.access import Permission, Reach
from server.pages.rights import CHANGING, REACHES, READING, Rights, rights
from tenants.roles import Role


def test_rights() -> None:
    """Every role is named with what it sees and what it may change, as the table of roles says."""
    assert rights(list(Role)) == [
        Rights((Role.PUBLIC,), "各地的公开信息、统计", "各地的上报事项"),
        Rights((Role.RESIDENT,), "本市的公开信息、统计；本人的个人信息、事项", "本市的上报事项"),
        Rights(
            (Role.MEMBER,),
            "本市的公开信息、统计；本人的个人信息；所在组织及下级的事项、共建协议",
            "本市的上报事项；所在组织及下级的办理事项",
        ),
        Rights(
            (
                Role.GRID_WORKER,
                Role.AGENT,
            ),
            "本市的公开信息、统计；所在组织及下级的人员与任职、事项、共建协议；本人的个人信息",
            "本市的上报事项；所在组织及下级的办理事项",
        ),
        Rights(
            (Role.SECRETARY,),
            "本市的公开信息、统计；所在组织及下级的人员与任职、个人信息、事项、共建协议",
            "所在组织及下级的组织调整、任免、办理事项、管理合作社、签办共建协议；本市的上报事项",
        ),
        Rights(
            (Role.CITY_ADMIN,),
            "本市的公开信息、统计、人员与任职、个人信息、查阅记录、事项、共建协议",
            "本市的组织调整、任免、上报事项、办理事项、管理合作社、签办共建协议",
        ),
        Rights((Role.PROVINCE_ANALYST,), "全省的公开信息、统计", ""),
        Rights((Role.PROVINCE_ADMIN,), "全省的公开信息、统计", "省本级的组织调整"),
    ]


def test_words_for_all() -> None:
    """No permission and no reach is without a word, or has two."""
    assert sorted([*READING, *CHANGING]) == sorted(Permission)
    assert sorted(REACHES) == sorted(Reach)


def test_neighbours_only() -> None:
    """Roles that may the same are one row only where they stand next to each other."""
    found = rights([Role.RESIDENT, Role.PUBLIC, Role.MEMBER])
    assert [right.roles for right in found] == [(Role.RESIDENT,), (Role.PUBLIC,), (Role.MEMBER,)]
