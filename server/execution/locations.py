"""Locations: errors of an execution point at the text that was sent."""

from graphql import ExecutionResult

from server.operations import Operation


def located(result: ExecutionResult, operation: Operation) -> ExecutionResult:
    """The same result, whose errors give line and column in the text of the operation.

    Nodes of a document that many texts share have their places in the first of them.
    """
    if result.errors and operation.locate is not None and operation.document.loc is not None:
        source = operation.document.loc.source
        for error in result.errors:
            if error.source is source and error.positions:
                error.locations = [operation.locate(offset) for offset in error.positions]
    return result
