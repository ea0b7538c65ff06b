"""What somebody is to an issue: its reporter, its lead, one who handles it jointly, a superior."""

from dataclasses import dataclass

from schema.actor import Actor
from schema.issue_reach import WORKERS
from schema.issues.standing import CoHandler, Standing
from tenants.roles import Role

SUPERIORS = frozenset({Role.SECRETARY, Role.CITY_ADMIN})
"""Roles that may act on what a subordinate has taken over."""


@dataclass(frozen=True)
class Party:
    """`roles` are those that the actor holds where the issue stands.

    `co_handler` is the part that the actor has in handling it jointly, not answered yet;
    `takes_part` says whether it has one, answered or not.
    """

    roles: frozenset[Role]
    is_reporter: bool
    is_lead: bool
    co_handler: CoHandler | None
    takes_part: bool = False

    @property
    def is_superior(self) -> bool:
        """Whether a role covers whoever has taken it over."""
        return bool(self.roles & SUPERIORS)


def party(standing: Standing, actor: Actor) -> Party:
    """What `actor` is to the issue."""
    row = standing.row
    is_reporter = standing.proven or (
        _opened(standing, actor)
        and (
            row["reporter_subject"] == actor.subject
            or (actor.person is not None and row["reporter_person_id"] == actor.person)
        )
    )
    is_lead = _opened(standing, actor) and (
        row["lead_subject"] == actor.subject
        or (actor.person is not None and row["lead_person_id"] == actor.person)
    )
    parts = [part for part in standing.co_handlers if _is_own(part, standing, actor)]
    return Party(
        roles=roles_at(standing.path, standing.tenant_id, actor),
        is_reporter=is_reporter,
        is_lead=is_lead,
        co_handler=next((part for part in parts if not part.answered), None),
        takes_part=bool(parts),
    )


def roles_at(path: str, tenant_id: int, actor: Actor) -> frozenset[Role]:
    """The roles that an actor holds at an organization by its path."""
    if actor.tenant_ids is None:
        return frozenset({Role.PUBLIC})
    return frozenset(
        grant.role for grant in actor.grants if grant.tenant_id == tenant_id and grant.covers(path)
    )


def _opened(standing: Standing, actor: Actor) -> bool:
    """Whether the actor is somebody of the city; a province opens its cities, and is nobody's."""
    return any(grant.tenant_id == standing.tenant_id for grant in actor.grants)


def _is_own(part: CoHandler, standing: Standing, actor: Actor) -> bool:
    if not _opened(standing, actor):
        return False
    if part.person_id is not None:
        return part.person_id == actor.person
    return bool(roles_at(part.path, standing.tenant_id, actor) & WORKERS)
