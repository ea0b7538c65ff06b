"""Who asks: a subject, and the roles that it holds at tenants or at subtrees of them."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from tenants.roles import Role


@dataclass(frozen=True)
class Grant:
    """A role at a whole tenant, or at the subtree of one of its organizations.

    `organization` is a code: because the path of an organization holds the codes of all above
    it, a code alone tells whether a row is in the subtree, also right after a move.
    """

    role: Role
    tenant_id: int
    organization: str | None = None

    def covers(self, path: str) -> bool:
        """Whether the organization with this path is in the grant's subtree."""
        return self.organization is None or f"/{self.organization}/" in path


@dataclass(frozen=True)
class Actor:
    """The sender of a request.

    `grants` are empty for PUBLIC. `tenant_ids` are the tenants that a token opens; None without a
    token, which opens the public rows of all. `person` is the id of a `person` row of the one
    tenant that the token names. `purpose` is what `X-Purpose` states.
    """

    subject: str
    role: Role = Role.PUBLIC
    tenant_ids: frozenset[int] | None = None
    grants: tuple[Grant, ...] = ()
    person: uuid.UUID | None = None
    language: str | None = None
    purpose: str | None = None
    reaches: dict[int, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """How far it sees issues, by tenant: worked out once, for an actor asks many times."""


PUBLIC = Actor("public")
