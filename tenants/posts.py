"""The kinds of posts that people hold in a tenant's organizations."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from tenants.provenance import Stated
from tenants.roles import Role


class Employment(StrEnum):
    """Whether a post is its holder's whole work."""

    FULL_TIME = "FULL_TIME"
    PART_TIME = "PART_TIME"


HELD = (Role.MEMBER, Role.GRID_WORKER, Role.AGENT, Role.SECRETARY)
"""The roles that a post may give: those of a city's own subtrees, from least to most."""


def _held(value: object) -> object:
    """A role of `HELD`; the others are given to people, never by a post."""
    if value not in HELD:
        raise PydanticCustomError("post_role", f"a role that a post may give: {', '.join(HELD)}")
    return value


PostRole = Annotated[
    Role, BeforeValidator(_held), WithJsonSchema({"enum": list(HELD), "type": "string"})
]


class PostKind(Stated):
    """A kind of post, by the city's own name: who holds one has its role in the organization.

    The role reaches the subtree of the organization in which the post is held.
    """

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="岗位键 | key, stable for ever")
    name: str = Field(min_length=1, description="岗位名称 | the city's own name, e.g. 专职网格员")
    role: PostRole | None = Field(
        None,
        description="任职者在本组织及其下级的角色 | role of a holder in the organization's subtree",
    )
    levels: list[str] = Field(
        default_factory=list, description="可任职的层级键 | levels where it may be held; [] = any"
    )
    employment: Employment | None = Field(
        None,
        description="专职或兼职；不分或未载明则不写 | full-time or part-time; omit where it is "
        "neither or not stated",
    )
    single: bool = Field(
        False,
        strict=True,
        description="同一组织同时至多一人 | at most one holder an organization at a time",
    )

    def is_held_at(self, level: str) -> bool:
        """Whether it may be held in organizations of the level with this key."""
        return not self.levels or level in self.levels
