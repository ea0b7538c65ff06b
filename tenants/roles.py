"""Who a person is to the server: the fixed roles, from least to most."""

from enum import StrEnum


class Role(StrEnum):
    """The nine roles of the design; a role is a set of permissions, never a person."""

    PUBLIC = "PUBLIC"
    RESIDENT = "RESIDENT"
    MEMBER = "MEMBER"
    GRID_WORKER = "GRID_WORKER"
    AGENT = "AGENT"
    SECRETARY = "SECRETARY"
    CITY_ADMIN = "CITY_ADMIN"
    PROVINCE_ANALYST = "PROVINCE_ANALYST"
    PROVINCE_ADMIN = "PROVINCE_ADMIN"


REPORTERS = frozenset(
    {
        Role.PUBLIC,
        Role.RESIDENT,
        Role.MEMBER,
        Role.GRID_WORKER,
        Role.AGENT,
        Role.SECRETARY,
        Role.CITY_ADMIN,
    }
)
"""Roles that may report an issue, and so may do with it what is its reporter's alone."""

HANDLERS = REPORTERS - {Role.PUBLIC, Role.RESIDENT}
"""Roles that may handle issues."""
