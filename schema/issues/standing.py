"""How one issue stands, as its workflow's rules look at it."""

import datetime
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schema.loaders.issue_standing import COLUMNS
from tenants.workflow import Phase, Severity, Workflow, WorkflowState


@dataclass(frozen=True)
class Above:
    """An organization above the one where an issue stands."""

    id: uuid.UUID
    code: str
    name: str
    level: str
    path: str


@dataclass(frozen=True)
class CoHandler:
    """One who handles an issue jointly with its lead: an organization, or somebody of it."""

    id: uuid.UUID
    organization_id: uuid.UUID
    path: str
    person_id: uuid.UUID | None
    answered: bool


@dataclass(frozen=True)
class Standing:
    """An issue with its workflow, where it stands, who handles it, and what its viewer has open.

    `row` holds the columns of `COLUMNS`. `above` are the organizations above the one where it
    stands, the nearest first. `claims` are the viewer's open claims. `proven` says that the
    viewer showed the secret of an issue that was reported without a token.
    """

    row: Mapping[str, Any]
    workflow: Workflow
    path: str
    level: str
    place_path: str
    lead_path: str
    above: tuple[Above, ...]
    co_handlers: tuple[CoHandler, ...]
    claims: int = 0
    proven: bool = False

    @property
    def tenant_id(self) -> int:
        """Whose issue it is."""
        found: int = self.row["tenant_id"]
        return found

    @property
    def state(self) -> WorkflowState:
        """Its state in its own version of the workflow."""
        found = self.workflow.state(self.row["state"])
        assert found is not None  # a version is never changed, and its states hold its issues
        return found

    @property
    def phase(self) -> Phase:
        """What its state means everywhere."""
        return Phase(self.row["phase"])

    @property
    def severity(self) -> Severity:
        """How hard it is to settle."""
        return Severity(self.row["severity"])

    @property
    def has_clock(self) -> bool:
        """Whether a deadline runs or is paused."""
        return self.row["due_at"] is not None and self.row["ended_at"] is None

    @property
    def is_paused(self) -> bool:
        """Whether its deadline does not run for now."""
        return self.has_clock and self.row["paused_at"] is not None

    @property
    def settled_at(self) -> datetime.datetime | None:
        """When it was resolved, or else closed."""
        found: datetime.datetime | None = self.row["resolved_at"] or self.row["closed_at"]
        return found


def standing(row: Mapping[str, Any], workflow: Workflow, *, proven: bool = False) -> Standing:
    """The standing in a row of `IssueStandings`."""
    return Standing(
        row={name: row[name] for name in COLUMNS},
        workflow=workflow,
        path=row["path"],
        level=row["level"],
        place_path=row["place_path"],
        lead_path=row["lead_path"],
        above=tuple(_above(item) for item in _json(row["above"])),
        co_handlers=tuple(_co_handler(item) for item in _json(row["handlers"])),
        claims=dict(row).get("claims") or 0,
        proven=proven,
    )


def _json(value: Any) -> Any:
    """asyncpg gives JSON as text, SQLAlchemy as objects."""
    return json.loads(value) if isinstance(value, str) else value


def _above(item: Mapping[str, Any]) -> Above:
    return Above(uuid.UUID(item["id"]), item["code"], item["name"], item["level"], item["path"])


def _co_handler(item: Mapping[str, Any]) -> CoHandler:
    person = item["person_id"]
    return CoHandler(
        uuid.UUID(item["id"]),
        uuid.UUID(item["organization_id"]),
        item["path"],
        None if person is None else uuid.UUID(person),
        item["answered"],
    )
