"""Which parts of the data are still to be loaded."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from seeds import divisions as real
from seeds import figures as reported
from seeds.shares import shares
from tenants.definition import Definition, TenantKind

# raised when the code makes other rows of the same input
REVISION = 1

# what of a definition decides about its organizations, and about its sample people
_TREE = ("code", "levels", "organizations", "generated")
_STAFF = (*_TREE, "posts")

ISSUES = "issues"


@dataclass(frozen=True)
class Part:
    """One part of the data: a tenant's organizations, figures, sample people or sample issues.

    Of sample issues the hash is their number, `first` how many were loaded before.
    """

    definition: Definition
    name: str
    content_hash: str
    first: int = 0


async def pending(
    connection: "asyncpg.Connection[Any]",
    definitions: Sequence[Definition],
    sample: bool,
    issues: int = 0,
) -> list[Part]:
    """The parts whose input is not what was loaded last, in order.

    People only with `sample`; with them as many issues as `issues` says, over all cities.
    """
    rows = await connection.fetch("SELECT tenant_id, part, content_hash FROM load")
    loaded = {(row["tenant_id"], row["part"]): row["content_hash"] for row in rows}
    changed = [
        part
        for part in _parts(definitions, sample)
        if loaded.get((part.definition.tenant_id, part.name)) != part.content_hash
    ]
    return changed + (_missing_issues(definitions, loaded, issues) if sample else [])


def _missing_issues(
    definitions: Sequence[Definition], loaded: Mapping[tuple[int, str], str], issues: int
) -> list[Part]:
    """Cities that have fewer sample issues than their share; those that have more keep them."""
    cities = [item for item in definitions if item.kind is TenantKind.CITY]
    parts = []
    for city, share in zip(cities, shares(issues, len(cities)), strict=True):
        first = int(loaded.get((city.tenant_id, ISSUES), "0"))
        if first < share:
            parts.append(Part(city, ISSUES, str(share), first))
    return parts


def _parts(definitions: Sequence[Definition], sample: bool) -> list[Part]:
    divisions, figures = _file_hash(real.FILE), _file_hash(reported.FILE)
    parts = []
    for definition in definitions:
        tree, staff = _content(definition, _TREE), _content(definition, _STAFF)
        parts.append(Part(definition, "organizations", _hash(tree, divisions)))
        parts.append(Part(definition, "figures", _hash(figures)))
        if sample and definition.kind is TenantKind.CITY:
            parts.append(Part(definition, "people", _hash(staff, divisions)))
    return parts


def _content(definition: Definition, names: Sequence[str]) -> bytes:
    return orjson.dumps([definition.content[name] for name in names])


def _file_hash(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"".join((str(REVISION).encode(), *parts))).hexdigest()
