"""Errors of fields: where each is, and how far up it makes the answer null."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import GraphQLError, located_error

from server.execution.plan import FieldPlan, ObjectPlan


class Origin(NamedTuple):
    """Where objects come from: object `n` from `at[n]` above, there from the place `places[n]`.

    `places` is None where they do not stand in lists.
    """

    at: Sequence[int]
    places: Sequence[int] | None

    def of(self, number: int) -> tuple[int, int | None]:
        """The object above, and the place in its list."""
        return self.at[number], None if self.places is None else self.places[number]


class Spread(NamedTuple):
    """The origin of objects that are the items of lists, one list for each object above."""

    lists: Sequence[Sequence[Any]]

    def of(self, number: int) -> tuple[int, int | None]:
        """The object above, and the place in its list."""
        for at, items in enumerate(self.lists):
            if number < len(items):
                return at, number
            number -= len(items)
        raise IndexError(number)


class Chosen(NamedTuple):
    """The origin of some of other objects: the numbers of these."""

    origin: "Origin | Spread"
    numbers: Sequence[int]

    def of(self, number: int) -> tuple[int, int | None]:
        """The object above, and the place in its list."""
        return self.origin.of(self.numbers[number])


ROOT = Origin(range(1), None)


class Job:
    """Objects of one type that come from one field, each with its place in the answer.

    `outs` are their answers. `origin` says which objects of `parent` they come from, and from
    which places of lists, where `field` is one.
    """

    __slots__ = ("field", "origin", "outs", "parent", "plan", "roots")

    def __init__(
        self,
        plan: ObjectPlan,
        roots: list[Any],
        parent: "Job | None" = None,
        field: FieldPlan | None = None,
        origin: Origin | Spread | Chosen = ROOT,
    ) -> None:
        self.plan = plan
        self.roots = roots
        self.parent = parent
        self.field = field
        self.origin = origin
        self.outs: list[dict[str, Any]] = []

    def path(self, number: int) -> list[str | int]:
        """Where an object of the job is in the answer."""
        if self.parent is None or self.field is None:
            return []
        at, place = self.origin.of(number)
        above = self.parent.path(at)
        above.append(self.field.name)
        if place is not None:
            above.append(place)
        return above


@dataclass(frozen=True)
class Failure:
    """A field (of a list: a place of it) of one object that failed."""

    job: Job
    number: int
    field: FieldPlan
    place: int | None
    error: Exception

    def path(self) -> list[str | int]:
        """Where the error is."""
        path = [*self.job.path(self.number), self.field.name]
        return path if self.place is None else [*path, self.place]

    def nulled(self) -> list[str | int] | None:
        """What the error makes null: the nearest place above that may be; None = all."""
        path = self.path()
        field = self.field
        if self.place is not None:
            if field.shape.item_nullable:
                return path
            path.pop()
        job: Job | None = self.job
        number = self.number
        while not field.shape.nullable:
            assert job is not None
            if job.parent is None or job.field is None:
                return None
            path.pop()  # now at the object that the field is of
            number, place = job.origin.of(number)
            field, job = job.field, job.parent
            if place is not None:
                if field.shape.item_nullable:
                    return path
                path.pop()
        return path


def null_violation(field: FieldPlan) -> TypeError:
    """What is said of a null where none may be."""
    return TypeError(
        f"Cannot return null for non-nullable field {field.parent.name}.{field.field_name}."
    )


def settle(
    data: dict[str, Any], failures: list[Failure]
) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
    """The answer with nulls where something failed, and one error for each, in order of place."""
    nulled: dict[tuple[str | int, ...], Failure] = {}
    for failure in failures:
        found = failure.nulled()
        if found is None:
            return None, [_located(failure)]
        nulled.setdefault(tuple(found), failure)
    errors = []
    for place in sorted(nulled, key=len):
        if not any(place[:length] in nulled for length in range(1, len(place))):
            _set_null(data, place)
            errors.append(nulled[place])
    ordered = sorted(errors, key=lambda failure: _order(data, failure.path()))
    return data, [_located(failure) for failure in ordered]


def _located(failure: Failure) -> GraphQLError:
    return located_error(failure.error, failure.field.nodes, failure.path())


def _set_null(data: Any, place: tuple[str | int, ...]) -> None:
    for step in place[:-1]:
        data = data[step]
    data[place[-1]] = None


def _order(data: Any, path: list[str | int]) -> list[int]:
    """The place of a path among the others of the answer."""
    found = []
    for step in path:
        if isinstance(step, int):
            found.append(step)
        elif isinstance(data, dict):
            found.append(list(data).index(step))
        data = data[step] if data is not None else None
    return found
