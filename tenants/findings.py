"""What a check finds wrong in a definition, what it may refer to, and checks that all sections
need."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tenants.problems import shown
from tenants.sourced import Loc

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """A broken rule at `loc` of the merged tree, and at `also` as much."""

    loc: Loc
    value: str
    expected: str
    also: tuple[Loc, ...] = ()


@dataclass(frozen=True)
class Known:
    """Keys that exist, including those of items that failed their own validation.

    A reference to a broken item is not a second mistake. None: it cannot be told which exist.
    `lacks` gives what was left out as broken of the mapping or list at a loc.
    """

    levels: Collection[str] | None
    posts: Collection[str] | None
    workflows: Collection[str] | None
    domains: Collection[str] | None
    lacks: Callable[[Loc], frozenset[str]]


def duplicates(
    items: Iterable[T], key_of: Callable[[T], str], at: Loc, name: str | None
) -> Iterator[Finding]:
    """Items of the list at `at` whose key an earlier one has; `name` is the key's own place."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        key = key_of(item)
        if key in seen:
            here = (*at, index) if name is None else (*at, index, name)
            expected = "each one once, this one is a duplicate"
            yield Finding(here, shown(str(key)), expected)
        seen.add(key)


def unknown(value: str, known: Collection[str] | None, at: Loc, what: str) -> Iterator[Finding]:
    """A reference at `at` to something that is not declared."""
    if known is not None and value not in known:
        names = ", ".join(dict.fromkeys(known)) or f"(no {what} is declared)"
        yield Finding(at, shown(value), f"the key of a declared {what}: {names}")
