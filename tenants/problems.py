"""What is wrong with a tenant file, said so that its writer can mend it."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Place:
    """A line of a file; line 0 is the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: where, which key, what was given, what was expected instead."""

    place: Place
    key: str
    value: str
    expected: str

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        return f"{self.place}:{key} got {self.value}; expected {self.expected}"


class InvalidTenantsError(Exception):
    """Tenant files that cannot be used; carries every problem, sorted by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def shown(value: object, limit: int = 60) -> str:
    """`value` as it is quoted in a problem: short, one line."""
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else str(value).lower()
    text = str(value) if isinstance(value, datetime.date) else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def relative(path: Path) -> str:
    """`path` as people type it: relative to the working folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
