"""What a change of the tree came to."""

import uuid
from dataclasses import dataclass

from schema.changes import Change


@dataclass(frozen=True)
class Changed:
    """The organization that it is about, and all that differs, or would."""

    tenant_id: int
    id: uuid.UUID
    changes: tuple[Change, ...]
