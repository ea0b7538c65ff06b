"""Parts: what statistics are of, and the table of them that their statements join.

A part is some tenants whole, or the subtree of one organization. Parts of both kinds may be asked
for in one batch: all paths begin with `/`, so that this is the path of a whole tenant.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Text

from schema.loaders.statement import array_text, arrays_table

PartKey = tuple[tuple[int, ...], str | None]
"""The tenants, and the path of a subtree of one, or None for all."""


def parts() -> Any:
    """A table `k` with a row a tenant of a part: its number from 0 (`at`), `tenant`, `path`."""
    return arrays_table(
        "k",
        in_text=True,
        at=("key_ats", Integer()),
        tenant=("key_tenants", Integer()),
        path=("key_paths", Text()),
    )


def part_values(keys: Sequence[PartKey]) -> dict[str, str]:
    """The values of the parameters of `parts`."""
    rows = [
        (at, tenant, path or "/") for at, (tenants, path) in enumerate(keys) for tenant in tenants
    ]
    return {
        "key_ats": array_text(at for at, _, _ in rows),
        "key_tenants": array_text(tenant for _, tenant, _ in rows),
        "key_paths": array_text(path for _, _, path in rows),
    }


def in_subtrees(keys: Sequence[PartKey]) -> bool:
    """Whether any of the parts is a subtree."""
    return any(path is not None for _, path in keys)
