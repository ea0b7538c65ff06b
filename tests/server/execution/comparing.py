"""What two executors made of one operation, compared as far as it does not depend on timing."""

from collections.abc import Sequence
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError

from schema.errors import CodedError

Place = tuple[str | int, ...] | None
"""Where an answer is null; () is the whole answer, None that of an operation that did not run."""


def differences(level_wise: ExecutionResult, general: ExecutionResult) -> list[str]:
    """What of the first result is not as it has to be by the second.

    Data are the same to the byte. The same places are null because of errors. Where an error is
    at such a place itself, it is the same in all that a client is told; where one below made it
    null, graphql-core tells whichever came first, and others that happened meanwhile.
    """
    if orjson.dumps(level_wise.data) != orjson.dumps(general.data):
        return [f"data: {level_wise}\n≠ {general}"]
    if (level_wise.errors is None) != (general.errors is None):
        return [f"errors: {level_wise.errors}\n≠ {general.errors}"]
    found, expected = by_place(level_wise), by_place(general)
    if set(found) != set(expected):
        return [f"places: {sorted(map(str, found))}\n≠ {sorted(map(str, expected))}"]
    said = [f"{place}: {found[place]}" for place in found if place and len(found[place]) > 1]
    for place in expected:
        mine, others = _exact(found[place], place), _exact(expected[place], place)
        if mine != others:
            said.append(f"{place}: {mine}\n≠ {others}")
    return said


def by_place(result: ExecutionResult) -> dict[Place, list[GraphQLError]]:
    """The errors of a result by what each made null."""
    found: dict[Place, list[GraphQLError]] = {}
    for error in result.errors or ():
        found.setdefault(_nulled(result.data, error.path), []).append(error)
    return found


def nothing_given_up(result: ExecutionResult) -> bool:
    """Whether each error made nothing null but its own field, so that all fields were resolved."""
    return all(
        error.path is not None and place == tuple(error.path)
        for place, errors in by_place(result).items()
        for error in errors
    )


def _nulled(data: Any, path: Sequence[str | int] | None) -> Place:
    if path is None:
        assert data is None
        return None
    for depth, step in enumerate(path):
        if data is None:
            return tuple(path[:depth])
        data = data[step]
    assert data is None, f"an error at {path}, where there is {data!r}"
    return tuple(path)


def _exact(errors: list[GraphQLError], place: Place) -> list[Any]:
    """All that is told of errors that are at their place itself, or of an operation's own."""
    return [told(error) for error in errors if place is None or error.path == list(place)]


def told(error: GraphQLError) -> tuple[Any, ...]:
    """All of an error that a client can be told."""
    cause = error.original_error
    coded = (cause.code, cause.zh, cause.en, cause.facts) if isinstance(cause, CodedError) else None
    path = None if error.path is None else tuple(error.path)
    locations = tuple(error.locations or ())
    return error.message, path, locations, error.extensions, type(cause), coded
