"""The workflow that an issue began with, at its version of then, and the parts of it."""

from typing import Any

from schema.context import Context, StaleRegistryError
from schema.sources import ActionSource, StateSource, WorkflowSource

WORKFLOW_COLUMNS = ("tenant_id", "workflow", "workflow_version")
"""Columns of an issue that say which."""


def workflow_of(context: Context, row: Any) -> WorkflowSource:
    """The workflow of a row of `issue`.

    Errors: `StaleRegistryError` where the row is newer than the registry.
    """
    definition = context.registry.by_id[row["tenant_id"]]
    key, version = row["workflow"], row["workflow_version"]
    try:
        return WorkflowSource(definition, definition.workflow(key, version), version)
    except KeyError:
        raise StaleRegistryError from None


def state_of(source: WorkflowSource, key: str) -> StateSource:
    """The state with a key.

    Errors: `ValueError` where the version never had it, which is a fault.
    """
    state = source.workflow.state(key)
    if state is None:
        raise ValueError(f"{source.workflow.key} {source.version} has no state {key!r}")
    return StateSource(source.workflow, state)


def action_of(source: WorkflowSource, key: str) -> ActionSource | None:
    """The action with a key; None where the version has none, as of what the server did itself."""
    action = source.workflow.action(key)
    return None if action is None else ActionSource(source.workflow, action)
