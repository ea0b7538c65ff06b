"""What is asked for: an operation that is ready to run, with who asks and how it is sent."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from graphql import OperationType
from starlette.requests import Request
from starlette.types import Scope

from server.documents import Document
from server.facts import RequestFacts
from server.headers import KEY
from server.operations import Operation


class Asked(NamedTuple):
    """One operation, admitted, valid and paid for.

    `request` is what it came by; on a socket a request that stands for it. `headers` say what is
    left to spend.
    """

    request: Request
    caller: Any
    document: Document
    operation: Operation
    facts: RequestFacts
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.definition.operation


def request_like(scope: Scope, changed: Mapping[str, str | None]) -> Request:
    """A POST request without a body, with the headers of `scope` but for those that are `changed`.

    Names are in lower case; None takes a header away.
    """
    names = {name.encode() for name in changed}
    kept = [(name, value) for name, value in scope["headers"] if name not in names]
    new = [
        (name.encode(), value.encode("utf-8", "surrogatepass"))
        for name, value in changed.items()
        if value is not None
    ]
    changed_scope = {**scope, "type": "http", "method": "POST", "headers": [*kept, *new]}
    changed_scope.pop(KEY, None)
    return Request(changed_scope)
