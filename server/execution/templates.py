"""Templates: texts that differ in their literals only, and so have one document."""

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from graphql import Source, SourceLocation

from server.execution.lifting import Lift


class Shape(NamedTuple):
    """Which literals of a text, by their numbers, its document depends on.

    Those that are `fixed` stand in the document; of those in a group of `compared` it depends on
    which are equal.
    """

    fixed: tuple[int, ...]
    compared: tuple[tuple[int, ...], ...]

    def variant(self, key: str, raws: Sequence[str]) -> Hashable:
        """What texts that share a document have in common."""
        fixed = tuple([raws[at] for at in self.fixed])
        return key, fixed, tuple([_pattern(raws, group) for group in self.compared])


class Template(NamedTuple):
    """What was lifted out of the text that a document was made of, whose literals are `raws`.

    `starts` are their offsets in it.
    """

    lifts: tuple[Lift, ...]
    starts: tuple[int, ...]
    raws: Sequence[str]

    def values(self, raws: Sequence[str]) -> dict[str, Any] | None:
        """The lifted variables for other literals; None where a type does not accept one."""
        found = {}
        for name, at, read in self.lifts:
            value = found[name] = read(raws[at])
            if value is None:
                return None
        return found


class Written(NamedTuple):
    """A text of a template, as it was sent."""

    template: Template
    text: str
    raws: Sequence[str]

    def locate(self, offset: int) -> SourceLocation:
        """Where the token stands that begins at an offset of the template's own text."""
        before = bisect_left(self.template.starts, offset)
        pairs = zip(self.raws[:before], self.template.raws[:before], strict=True)
        moved = sum(len(raw) - len(original) for raw, original in pairs)
        return Source(self.text).get_location(offset + moved)


def _pattern(raws: Sequence[str], group: Sequence[int]) -> tuple[int, ...]:
    """For each of a group the first one that it equals."""
    first: dict[str, int] = {}
    return tuple([first.setdefault(raws[at], at) for at in group])
