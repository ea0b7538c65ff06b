"""What GraphQL objects that are configuration resolve from: a definition and one part of it."""

from dataclasses import dataclass
from typing import NamedTuple

from tenants.catalogue import Category, Service
from tenants.definition import Definition
from tenants.hierarchy import Level, StaffingRule
from tenants.posts import PostKind
from tenants.provenance import Stated
from tenants.workflow import Workflow, WorkflowAction, WorkflowState


def supported(part: Stated, whole: Stated) -> tuple[str | None, bool]:
    """Source and assumption of a part: what it says itself, else what the whole says."""
    if part.source is not None or part.assumed:
        return part.source, part.is_assumed
    return (None if whole.is_assumed else whole.source), whole.is_assumed


class LevelSource(NamedTuple):
    """A level of a tenant's hierarchy."""

    definition: Definition
    level: Level


@dataclass(frozen=True)
class StaffingSource:
    """A staffing rule of a level."""

    definition: Definition
    level: Level
    rule: StaffingRule


@dataclass(frozen=True)
class PostKindSource:
    """A kind of post of a tenant."""

    definition: Definition
    kind: PostKind


class WorkflowSource(NamedTuple):
    """A workflow of a tenant, at one of its own versions."""

    definition: Definition
    workflow: Workflow
    version: int


class StateSource(NamedTuple):
    """A state of a workflow."""

    workflow: Workflow
    state: WorkflowState


class ActionSource(NamedTuple):
    """An action of a workflow."""

    workflow: Workflow
    action: WorkflowAction


@dataclass(frozen=True)
class CatalogueSource:
    """The whole catalogue of a tenant."""

    definition: Definition


@dataclass(frozen=True)
class CategorySource:
    """A category of a tenant's catalogue."""

    definition: Definition
    category: Category


class ServiceSource(NamedTuple):
    """A service of a tenant's catalogue, its category's defaults filled in."""

    definition: Definition
    category: Category
    service: Service


def levels_of(definition: Definition) -> list[LevelSource]:
    """The levels of a definition, from the top."""
    return [LevelSource(definition, level) for level in definition.hierarchy.levels]


def post_kinds_of(definition: Definition) -> list[PostKindSource]:
    """The kinds of posts of a definition, in the order of its file."""
    return [PostKindSource(definition, kind) for kind in definition.posts.values()]


def workflows_of(definition: Definition) -> list[WorkflowSource]:
    """The workflows of a definition, in the order of its file."""
    return [
        WorkflowSource(definition, *found)
        for workflow in definition.tenant.workflows
        if (found := definition.newest_workflow(workflow.key)) is not None
    ]
