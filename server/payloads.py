"""Payloads: results and errors as they are sent on sockets and in streams, `{data?, errors?}`."""

from typing import Any

from graphql import ExecutionResult

from schema.errors import CodedError, ErrorCode
from server.documents import DocumentFailure
from server.errors import ErrorFormat
from server.facts import RequestFacts

Payload = dict[str, Any]


class Payloads:
    """Builds the payloads of one operation; the code of each error goes into `facts`."""

    def __init__(self, errors: ErrorFormat, facts: RequestFacts) -> None:
        self._errors = errors
        self._facts = facts

    def result(self, result: ExecutionResult) -> Payload:
        """What an executor gave."""
        payload: Payload = {"data": result.data}
        if result.errors:
            payload["errors"] = self.errors_of(result)
        return payload

    def errors_of(self, result: ExecutionResult) -> list[Payload]:
        """The errors of a result; those without a path are of its variables."""
        located = self._errors.located
        errors = [located(e, ErrorCode.VARIABLES_INVALID) for e in result.errors or ()]
        return self._noted(errors)

    def failure(self, failure: DocumentFailure) -> list[Payload]:
        """The errors of a text that is no valid document."""
        return self._noted([self._errors.located(e, failure.code) for e in failure.errors])

    def error(self, error: Exception) -> list[Payload]:
        """A refusal, or what nobody foresaw."""
        if isinstance(error, CodedError):
            return self._noted([self._errors.coded(error)])
        return self._noted([self._errors.fault(error)])

    def _noted(self, errors: list[Payload]) -> list[Payload]:
        self._facts.codes += [str(error["extensions"]["code"]) for error in errors]
        return errors


def never_ran(result: ExecutionResult) -> bool:
    """Whether a result is of a request that never came to the fields."""
    errors = result.errors or []
    return result.data is None and bool(errors) and not any(error.path for error in errors)
