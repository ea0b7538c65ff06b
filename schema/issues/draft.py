"""A change of an issue in the making: what an action sets, what it writes beside, and says."""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from uuid_utils.compat import uuid7

from schema.actor import PUBLIC, Actor
from schema.events import Event
from schema.issues.handlers import Handler
from schema.issues.party import Party
from schema.issues.standing import CoHandler, Standing
from tenants.workflow import Solved, TimeLimit, WorkflowAction


@dataclass(frozen=True)
class Rating:
    """Two answers: whether it was solved, and from 1 to 5 how satisfied the reporter is."""

    solved: Solved
    satisfied: int
    comment: str | None = None


@dataclass(frozen=True)
class Given:
    """What the doer of an action supplies, as it was sent."""

    note: str | None = None
    evidence: tuple[str, ...] = ()
    assignee: str | None = None
    co_handlers: tuple[str, ...] = ()
    merge_into: str | None = None
    until: datetime.datetime | None = None
    rating: Rating | None = None


@dataclass(frozen=True)
class Other:
    """Another issue, that one is to be merged into; `path` is where it stands."""

    id: uuid.UUID
    number: str
    phase: str
    merged_into: uuid.UUID | None
    supporters: int
    revision: int
    organization_id: uuid.UUID
    path: str


@dataclass(frozen=True)
class Named:
    """What `Given` names, as it is: the assignee, the co-handlers, the issue to merge into."""

    assignee: Handler | None = None
    co_handlers: tuple[Handler, ...] = ()
    merge_into: Other | None = None


@dataclass
class Draft:
    """What an effect works on, all in memory: `actor` acts on what is `named`.

    `sets` are columns of the issue, `facts` go into the event. `parts` are rows of co-handlers to
    add, `answered` the one that answers now. `beside` are columns of other issues by their id,
    `others` the events of those. `service_limit` is the
    limit of the issue's service. `stays` says that the issue's
    state is not changed after all, `by_rule` that nobody does it but the city's own rule, so
    that nobody takes the issue over by it.
    """

    standing: Standing
    action: WorkflowAction
    party: Party
    given: Given
    now: datetime.datetime
    service_limit: TimeLimit | None = None
    note_id: uuid.UUID | None = None
    sets: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)
    answered: CoHandler | None = None
    beside: dict[uuid.UUID, dict[str, Any]] = field(default_factory=dict)
    others: list[Event] = field(default_factory=list)
    stays: bool = False
    by_rule: bool = False
    actor: Actor = PUBLIC
    named: Named = Named()
    new_id: Callable[[], uuid.UUID] = uuid7

    @property
    def row(self) -> Any:
        """The issue's columns before the change."""
        return self.standing.row

    def move(self, organization_id: uuid.UUID) -> None:
        """Let the issue stand at an organization, and remember where it stood."""
        self.sets["trail"] = [*self.row["trail"], self.row["organization_id"]]
        self.sets["organization_id"] = organization_id
