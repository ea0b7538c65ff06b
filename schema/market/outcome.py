"""What an action of the market came to."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class Recorded:
    """The row that was written: an enterprise, posting, deal, matching event, trade or village."""

    tenant_id: int
    id: uuid.UUID
