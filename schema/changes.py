"""What a mutation changed, or would change: typed facts, one for each thing that differs."""

from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    """The closed set of what can change about an organization."""

    VALID_FROM = "VALID_FROM"
    VALID_TO = "VALID_TO"
    NAME = "NAME"
    PARENT = "PARENT"
    PATH = "PATH"
    SUCCESSOR = "SUCCESSOR"
    POSTS = "POSTS"


@dataclass(frozen=True)
class Change:
    """One change of the organization with this code and name.

    `before` and `after` are texts (names, codes, paths, days as YYYY-MM-DD), None where there was
    or will be nothing; `affected` is the number of organizations that it touches. For POSTS
    all three are numbers of posts: before, after, and how many begin or end.
    """

    kind: ChangeKind
    code: str
    name: str
    before: str | None
    after: str | None
    affected: int = 1
