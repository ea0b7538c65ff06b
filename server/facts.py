"""The facts of one request, gathered while it is answered, for the log and the metrics."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

_KEY = "onegrid"


@dataclass(slots=True)
class RequestFacts:
    """What is known of a request; whoever learns a fact writes it here.

    `codes` has the code of each error of the answer. `tenant` is a six-digit code. `limited` says
    whose rate refused the request. `sql_seconds` is the time that statements took. Nothing here
    may be personal: no subject, no variable, no text of a document.
    """

    method: str = ""
    path: str = ""
    request_id: str = ""
    operation_name: str | None = None
    operation_kind: str | None = None
    codes: list[str] = field(default_factory=list)
    role: str | None = None
    tenant: str | None = None
    statements: int = 0
    sql_seconds: float = 0.0
    cache: Literal["hit", "miss"] | None = None
    limited: Literal["actor", "city"] | None = None


def facts_of(scope: MutableMapping[str, Any]) -> RequestFacts:
    """The facts of the request with this ASGI scope; new ones where it did not come by the door."""
    found = scope.get(_KEY)
    if not isinstance(found, RequestFacts):
        found = scope[_KEY] = RequestFacts(scope.get("method", ""), scope.get("path", ""))
    return found
