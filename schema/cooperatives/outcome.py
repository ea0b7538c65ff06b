"""What a change of a cooperative, or of what a year brought it, came to."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class Changed:
    """The cooperative that it is about."""

    tenant_id: int
    cooperative: uuid.UUID


@dataclass(frozen=True)
class Recorded:
    """A result, and the cooperative that it is of."""

    tenant_id: int
    cooperative: uuid.UUID
    result: uuid.UUID
