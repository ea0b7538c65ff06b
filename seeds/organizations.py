"""One tenant's organizations: real divisions, those its file names, those it counts."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from schema.ids import derived_uuid
from schema.names import search_name
from schema.pinyin import initials, syllables
from seeds.divisions import SOURCE, Division
from tenants.definition import (
    City,
    DataKind,
    DeclaredOrganization,
    Definition,
    GeneratedOrganizations,
    Province,
)
from tenants.hierarchy import Hierarchy


class SeedError(ValueError):
    """A tenant file whose organizations cannot be placed; one line for each."""


@dataclass
class Organization:
    """One organization before it becomes a row; `path` ends with its own code."""

    code: str
    name: str
    level: str
    parent: str | None
    path: str
    data_kind: DataKind
    source: str | None = None
    assumed: bool = False
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None


@dataclass
class Tree:
    """A tenant's organizations by code, parents first; successions and former names beside."""

    definition: Definition
    by_code: dict[str, Organization] = field(default_factory=dict)
    successions: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def hierarchy(self) -> Hierarchy:
        """The tenant's."""
        return self.definition.hierarchy

    def id(self, code: str) -> uuid.UUID:
        """The id of the organization with this code."""
        return derived_uuid("Organization", self.definition.tenant_id, code)

    def add(self, item: Organization) -> None:
        """Place an organization under its parent; a wrong place is a problem."""
        parent = self.by_code.get(item.parent) if item.parent is not None else None
        if item.parent is not None and parent is None:
            self.problems.append(
                f"{item.code} {item.name}: no organization has the parent's code {item.parent!r}"
            )
            return
        if not self.hierarchy.allows(item.level, parent.level if parent else None):
            under = ", ".join(self.hierarchy[item.level].under) or "(the top)"
            above = f"{parent.level!r}" if parent else "the top"
            self.problems.append(
                f"{item.code} {item.name}: level {item.level!r} stands under {above}, "
                f"but may stand only under {under}"
            )
            return
        item.path = f"{parent.path if parent else '/'}{item.code}/"
        self.by_code[item.code] = item


def build_tree(definition: Definition, divisions: Iterable[Division]) -> Tree:
    """All organizations of one tenant.

    Errors: `SeedError` naming each organization that cannot be placed.
    """
    tree = Tree(definition)
    tenant = definition.tenant
    declared = {item.code: item for item in tenant.organizations}
    _place_divisions(tree, divisions, declared)
    for item in tenant.organizations:
        _declare(tree, item)
    made: dict[str, list[Organization]] = {}
    for entry in tenant.generated:
        made[entry.key] = _generate(tree, entry)
    for entry in tenant.generated:
        if entry.merged_into is not None:
            tree.successions += _mergers(made[entry.key], made[entry.merged_into])
    for item in tenant.organizations:
        for successor in item.successors:
            if successor in tree.by_code:
                tree.successions.append((item.code, successor))
            else:
                tree.problems.append(
                    f"{item.code}: no organization has the successor's code {successor!r}"
                )
    if tree.problems:
        shown = "\n".join(f"{tenant.name}: {problem}" for problem in tree.problems[:20])
        more = len(tree.problems) - 20
        raise SeedError(shown + (f"\n… and {more} more" if more > 0 else ""))
    return tree


def _place_divisions(
    tree: Tree, divisions: Iterable[Division], declared: dict[str, DeclaredOrganization]
) -> None:
    """Divisions of a kind that no level holds are left out, and their children moved up."""
    stand_in: dict[str | None, str | None] = {None: None}
    for division in divisions:
        level = tree.hierarchy.of_division(division.kind)
        parent = stand_in.get(division.parent)
        if level is None:
            stand_in[division.code] = parent
            continue
        stand_in[division.code] = division.code
        tree.add(
            Organization(division.code, division.name, level.key, parent, "", DataKind.REAL, SOURCE)
        )


def _declare(tree: Tree, item: DeclaredOrganization) -> None:
    known = tree.by_code.get(item.code)
    if known is not None:
        for key, given, own in (
            ("level", item.level, known.level),
            ("parent", item.parent, known.parent),
        ):
            if given not in (None, own):
                tree.problems.append(
                    f"{item.code} {known.name}: {key} is {given!r}, but its division's is {own!r}; "
                    "leave it out"
                )
        known.name = item.name or known.name
        known.valid_from = item.valid_from or known.valid_from
        known.valid_to = item.valid_to or known.valid_to
        return
    if item.name is None or item.level is None:
        tree.problems.append(
            f"{item.code}: name and level are required, because no division has this code"
        )
        return
    tree.add(
        Organization(
            item.code,
            item.name,
            item.level,
            item.parent,
            "",
            _kind(item),
            item.source,
            bool(item.assumed),
            item.valid_from,
            item.valid_to,
        )
    )


def _kind(item: DeclaredOrganization) -> DataKind:
    if item.source is not None:
        return DataKind.REPORTED
    return DataKind.GENERATED if item.is_assumed else DataKind.REAL


def _generate(tree: Tree, entry: GeneratedOrganizations) -> list[Organization]:
    parents = [
        item
        for _, item in sorted(tree.by_code.items())
        if item.level == entry.under.level and _within(item, entry.under.within)
    ]
    if not parents:
        tree.problems.append(
            f"generated {entry.key!r}: there is no organization of level {entry.under.level!r}"
        )
        return []
    made: list[Organization] = []
    for parent, number in _spread(parents, entry):
        item = Organization(
            f"{parent.code}-{entry.suffix}{number:02d}",
            entry.name.format(parent=search_name(parent.name), n=number),
            entry.level,
            parent.code,
            "",
            DataKind.GENERATED,
            entry.source,
            bool(entry.assumed),
            entry.valid_from,
            entry.valid_to,
        )
        tree.add(item)
        made.append(item)
    return made


def _within(item: Organization, codes: Sequence[str]) -> bool:
    return not codes or any(f"/{code}/" in item.path for code in codes)


def _spread(
    parents: Sequence[Organization], entry: GeneratedOrganizations
) -> Iterable[tuple[Organization, int]]:
    """Each new one's parent and number under it; what does not divide is spaced out evenly."""
    if entry.each is not None:
        return [(parent, n) for parent in parents for n in range(1, entry.each + 1)]
    assert entry.count is not None  # checked when the file was loaded: one of the two
    shares = [
        (at + 1) * entry.count // len(parents) - at * entry.count // len(parents)
        for at in range(len(parents))
    ]
    return [
        (parent, n)
        for parent, share in zip(parents, shares, strict=True)
        for n in range(1, share + 1)
    ]


def _mergers(old: Sequence[Organization], new: Sequence[Organization]) -> list[tuple[str, str]]:
    """Old ones to new ones under the same parent, in order; elsewhere to the nearest in order."""
    pairs = []
    for at, item in enumerate(old):
        near = [other for other in new if other.parent == item.parent]
        beside = [other for other in old if other.parent == item.parent]
        if near:
            successor = near[beside.index(item) * len(near) // len(beside)]
        else:
            successor = new[at * len(new) // len(old)]
        pairs.append((item.code, successor.code))
    return pairs


ROW = (
    "tenant_id",
    "id",
    "code",
    "name",
    "level",
    "rung",
    "parent_id",
    "path",
    "pinyin",
    "initials",
    "search_name",
    "valid_from",
    "valid_to",
    "data_kind",
    "source",
    "assumed",
)


def organization_rows(tree: Tree) -> list[tuple[object, ...]]:
    """Rows of `organization` with the columns of `ROW`."""
    rows: list[tuple[object, ...]] = []
    for item in tree.by_code.values():
        plain = search_name(item.name)
        pinyin = syllables(plain)
        rows.append(
            (
                tree.definition.tenant_id,
                tree.id(item.code),
                item.code,
                item.name,
                item.level,
                tree.hierarchy[item.level].rung,
                tree.id(item.parent) if item.parent is not None else None,
                item.path,
                pinyin,
                initials(pinyin),
                plain,
                item.valid_from,
                item.valid_to,
                item.data_kind.value,
                item.source,
                item.assumed,
            )
        )
    return rows


def name_rows(tree: Tree) -> list[tuple[object, ...]]:
    """Rows of `organization_name`: tenant, organization, valid to, name, search name, source,
    assumed."""
    tenant: City | Province = tree.definition.tenant
    return [
        (
            tree.definition.tenant_id,
            tree.id(item.code),
            former.until,
            former.name,
            search_name(former.name),
            former.source,
            bool(former.assumed),
        )
        for item in tenant.organizations
        for former in item.former_names
    ]


def succession_rows(tree: Tree) -> list[tuple[object, ...]]:
    """Rows of `succession`: tenant, organization, successor."""
    tenant_id = tree.definition.tenant_id
    return [(tenant_id, tree.id(old), tree.id(new)) for old, new in tree.successions]
