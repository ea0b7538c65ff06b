"""What an appointment or a relief came to."""

import uuid
from dataclasses import dataclass

from schema.changes import Change


@dataclass(frozen=True)
class Appointed:
    """The post that it is about, and what differs, or would."""

    tenant_id: int
    post: uuid.UUID
    changes: tuple[Change, ...]
