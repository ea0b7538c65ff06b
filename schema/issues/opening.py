"""How an issue begins: what follows from its service, its place and the moment."""

import datetime
from typing import Any

from schema.issues.clock import clock_columns
from schema.issues.placing import Placed
from tenants.catalogue import Service
from tenants.deadline import start
from tenants.definition import Definition


def opening(
    definition: Definition, service: Service, at: Placed, now: datetime.datetime
) -> dict[str, Any]:
    """Columns of a new issue: the first state of its workflow, where it stands, its clock.

    `service` has its category's defaults. The rest of the row is what the reporter says.
    """
    assert service.workflow is not None  # a definition whose service has none is refused
    workflow = definition.workflows[service.workflow]
    state, handler = workflow.states[0], at.handler(service, workflow)
    limit = state.time_limit or service.time_limit
    return {
        "tenant_id": definition.tenant_id,
        "service": service.code,
        "workflow": workflow.key,
        "workflow_version": definition.workflow_versions.get(workflow.key, 1),
        "state": state.key,
        "phase": state.phase.value,
        "place_id": at.place.id,
        "organization_id": handler.id,
        "trail": [],
        "lead_organization_id": handler.id,
        "handed": False,
        "supporters": 0,
        "reported_at": now,
        **clock_columns(start(now, limit, workflow.rules.due_soon)),
        "reopenings": 0,
        "revision": 1,
    }
