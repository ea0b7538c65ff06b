"""Errors as clients see them: a message, where, and `extensions` with a code."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import structlog
from graphql import FieldNode, GraphQLError

from schema.errors import CodedError, ErrorCode

Report = Callable[[str, BaseException], None]
"""Takes what nobody foresaw, with the reference that its client was given."""


def log_fault(reference: str, fault: BaseException) -> None:
    """Log `fault` with its traceback under `reference`."""
    structlog.get_logger("server.errors").error("fault", reference=reference, exc_info=fault)


class ErrorFormat:
    """Turns the errors of one answer into `{message, locations?, path?, extensions: {code, …}}`.

    Texts are in `language` ("zh" or "en"); those that graphql-core makes stay English. What
    nobody foresaw shows no text of its own, only code INTERNAL and a `reference`; it goes to
    `report` once, however many fields it broke. Errors given in are never changed.
    """

    def __init__(self, language: str, report: Report) -> None:
        self._language = language
        self._report = report
        self._references: dict[int, str] = {}

    def coded(self, error: CodedError) -> dict[str, Any]:
        """A refusal: its sentence, its code and its facts."""
        return {
            "message": error.message(self._language),
            "extensions": {"code": error.code, **error.facts},
        }

    def fault(self, fault: BaseException) -> dict[str, Any]:
        """What nobody foresaw, reported and masked."""
        message = "Internal server error" if self._language == "en" else "服务器内部错误"
        return {"message": message, "extensions": self._internal(fault)}

    def located(self, error: GraphQLError, code: ErrorCode) -> dict[str, Any]:
        """An error of a document or of its execution; `code` is for texts of graphql-core."""
        shown = self._shown(error, code)
        where: dict[str, Any] = {}
        if error.locations:
            where["locations"] = [location.formatted for location in error.locations]
        if error.path:
            where["path"] = error.path
        return {"message": shown["message"], **where, "extensions": shown["extensions"]}

    def _shown(self, error: GraphQLError, code: ErrorCode) -> dict[str, Any]:
        cause = _cause(error)
        if isinstance(cause, CodedError):
            return self.coded(cause)
        if _is_request_text(error, cause):
            return {"message": error.message, "extensions": {"code": code}}
        if _is_null_violation(cause):
            return {"message": error.message, "extensions": self._internal(cause)}
        return self.fault(cause)

    def _internal(self, fault: BaseException) -> dict[str, Any]:
        reference = self._references.get(id(fault))
        if reference is None:
            reference = self._references[id(fault)] = uuid4().hex
            self._report(reference, fault)
        return {"code": ErrorCode.INTERNAL, "reference": reference}


def _cause(error: GraphQLError) -> Exception:
    """The error that was raised first, under the layers that graphql-core puts around it."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error:
        cause = cause.original_error
    return cause


def _is_request_text(error: GraphQLError, cause: Exception) -> bool:
    """Whether graphql-core wrote this text about the request: its document or its values.

    In a field (`path`) only errors about arguments are: they point at nodes below the field.
    What a resolver raises and what a scalar says of a bad result points at none, or at fields.
    """
    if not isinstance(cause, GraphQLError):
        return False
    return not error.path or any(not isinstance(node, FieldNode) for node in cause.nodes or ())


def _is_null_violation(cause: Exception) -> bool:
    """Whether a field gave null against its type: names nothing but the schema's own names."""
    return isinstance(cause, TypeError) and str(cause).startswith(
        "Cannot return null for non-nullable field "
    )
