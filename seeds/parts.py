"""Which parts of the data are still to be loaded."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from seeds import divisions as real
from seeds import figures as reported
from seeds.agreements import load_agreements
from seeds.cooperatives import Closed, load_cooperatives
from seeds.sample import FILE as SAMPLE_FILE
from seeds.sample import load_sample
from seeds.shares import shares
from tenants.definition import Definition, TenantKind

# raised when the code makes other rows of the same input
REVISION = 1

# what of a definition decides about its organizations, its sample people, and about sample
# cooperatives and agreements
_TREE = ("code", "levels", "organizations", "generated")
_STAFF = (*_TREE, "posts")
_TOGETHER = (*_STAFF, "cooperatives", "alliances", "ways")

ISSUES = "issues"
COOPERATIVES, SAMPLE_COOPERATIVES = "cooperatives", "sample_cooperatives"
AGREEMENTS, SAMPLE_AGREEMENTS = "agreements", "sample_agreements"
PUBLISHED = "published_"
"""What the names of the parts of the published scale begin with (`seeds/load_published.py`)."""


@dataclass(frozen=True)
class Part:
    """One part of the data: of a kind, of one tenant, or of several together (`beside`).

    Of sample issues the hash is their number, `first` how many were loaded before.
    """

    definition: Definition
    kind: str
    content_hash: str
    first: int = 0
    beside: tuple[Definition, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in the table `load`, at the first of its tenants."""
        return "+".join((self.kind, *(other.tenant.code for other in self.beside)))

    @property
    def all(self) -> tuple[Definition, ...]:
        """Its tenants, in order of code."""
        return (self.definition, *self.beside)


async def pending(
    connection: "asyncpg.Connection[Any]",
    definitions: Sequence[Definition],
    sample: bool,
    issues: int = 0,
) -> list[Part]:
    """The parts whose input is not what was loaded last, in order.

    Sample people, cooperatives and agreements only with `sample`, and not in a database with the
    published scale; with them as many issues as `issues` says, over all cities.
    """
    rows = await connection.fetch("SELECT tenant_id, part, content_hash FROM load")
    loaded = {(row["tenant_id"], row["part"]): row["content_hash"] for row in rows}
    # no sample beside what is generated at the published scale: its numbers would not be exact
    sample = sample and not any(part.startswith(PUBLISHED) for _, part in loaded)
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
    by_id = {definition.tenant_id: definition for definition in definitions}
    parts += _stated(by_id, COOPERATIVES, load_cooperatives(), lambda item: (item.tenant_id,))
    parts += _stated(by_id, AGREEMENTS, load_agreements(), lambda item: item.tenants)
    return parts + (list(_sample_parts(by_id)) if sample else [])


def _stated(
    by_id: Mapping[int, Definition],
    kind: str,
    items: Iterable[Closed],
    tenants_of: Callable[[Any], tuple[int, ...]],
) -> Iterator[Part]:
    """What documents state: a part for what is of the same tenants, if all of those are there."""
    groups: dict[tuple[int, ...], list[bytes]] = {}
    for item in items:
        groups.setdefault(tenants_of(item), []).append(item.model_dump_json().encode())
    for tenants, contents in groups.items():
        yield from _shared(by_id, kind, tenants, _hash(*contents))


def _sample_parts(by_id: Mapping[int, Definition]) -> Iterator[Part]:
    """Sample cooperatives and agreements of cities, then agreements between cities."""
    sample, words = load_sample(), _file_hash(SAMPLE_FILE)
    for kind in (SAMPLE_COOPERATIVES, SAMPLE_AGREEMENTS):
        for tenant in sample.cities:
            if tenant in by_id:
                content = _content(by_id[tenant], _TOGETHER)
                yield Part(by_id[tenant], kind, _hash(words, content))
    for pairing in sample.shared:
        yield from _shared(by_id, SAMPLE_AGREEMENTS, pairing.cities, _hash(words))


def _shared(
    by_id: Mapping[int, Definition], kind: str, tenants: Sequence[int], content_hash: str
) -> Iterator[Part]:
    if by_id.keys() >= set(tenants):
        first, *others = (by_id[tenant] for tenant in sorted(tenants))
        yield Part(first, kind, content_hash, beside=tuple(others))


def _content(definition: Definition, names: Sequence[str]) -> bytes:
    return orjson.dumps([definition.content[name] for name in names])


def _file_hash(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"".join((str(REVISION).encode(), *parts))).hexdigest()
