"""What a changed tenant file would do to live data: shown before it is done, refused where it
would lose any."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlmodel import col

from schema.loaders.tenant import read_definitions
from schema.tables.organization import OrganizationRow
from tenants.definition import Definition, DefinitionValue
from tenants.hierarchy import Hierarchy

SHOWN = 5


@dataclass(frozen=True)
class Loss:
    """Organizations that a change would leave without a level or an allowed parent."""

    reason: str
    count: int
    first: tuple[str, ...]

    def __str__(self) -> str:
        names = "、".join(self.first)
        more = " …" if self.count > len(self.first) else ""
        return f"{self.reason}: {self.count} organizations, first {names}{more}"


@dataclass(frozen=True)
class TenantPlan:
    """What applying one definition would do.

    `moved` says how many organizations change their level's key, `regraded` how many change their
    rung; `losses` are reasons to refuse.
    """

    definition: Definition
    current: Definition | None
    changes: tuple[str, ...] = ()
    moved: dict[tuple[str, str], int] = field(default_factory=dict)
    regraded: dict[str, int] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether there is anything to apply."""
        return self.current is None or self.current.content != self.definition.content


@dataclass(frozen=True)
class _Group:
    """Organizations of one level under parents of one level."""

    level: str
    parent: str | None
    rung: str | None
    count: int
    first: tuple[str, ...]


async def plan(
    connection: AsyncConnection, definitions: Sequence[Definition]
) -> tuple[TenantPlan, ...]:
    """A plan for each definition, against what is in force and the live organizations."""
    current = {item.tenant_id: item for item in await read_definitions(connection)}
    plans = []
    for definition in definitions:
        before = current.get(definition.tenant_id)
        if before is None:
            plans.append(TenantPlan(definition, None))
        elif before.content == definition.content:
            plans.append(TenantPlan(definition, before))
        else:
            groups = await _groups(connection, definition.tenant_id)
            plans.append(_compare(before, definition, groups))
    return tuple(plans)


async def _groups(connection: AsyncConnection, tenant_id: int) -> list[_Group]:
    """Live organizations, dissolved ones too, by level and parent's level."""
    parent = aliased(OrganizationRow)
    names = func.array_agg(col(OrganizationRow.name))
    above = and_(
        col(parent.tenant_id) == col(OrganizationRow.tenant_id),
        col(parent.id) == col(OrganizationRow.parent_id),
    )
    rows: Any = await connection.execute(
        select(
            col(OrganizationRow.level),
            col(parent.level).label("parent"),
            col(OrganizationRow.rung),
            func.count().label("total"),
            names.label("names"),
        )
        .join(parent, above, isouter=True)
        .where(col(OrganizationRow.tenant_id) == tenant_id)
        .group_by(col(OrganizationRow.level), col(parent.level), col(OrganizationRow.rung))
    )
    return [
        _Group(row.level, row.parent, row.rung, row.total, tuple(sorted(row.names)[:SHOWN]))
        for row in rows
    ]


def _compare(before: Definition, after: Definition, groups: Sequence[_Group]) -> TenantPlan:
    hierarchy = after.hierarchy
    renamed = {old: level.key for level in hierarchy for old in level.formerly}
    moved: dict[tuple[str, str], int] = {}
    regraded: dict[str, int] = {}
    for group in groups:
        level = renamed.get(group.level, group.level)
        if level != group.level:
            moved[group.level, level] = moved.get((group.level, level), 0) + group.count
        if level in hierarchy and hierarchy[level].rung != group.rung:
            regraded[level] = regraded.get(level, 0) + group.count
    return TenantPlan(
        after,
        before,
        (*_changes(before.values, after.values), *_named_changes(before, after)),
        moved,
        regraded,
        tuple(_losses(hierarchy, renamed, groups)),
    )


def _losses(hierarchy: Hierarchy, renamed: dict[str, str], groups: Sequence[_Group]) -> list[Loss]:
    found: dict[str, list[_Group]] = {}
    for group in groups:
        level = renamed.get(group.level, group.level)
        parent = None if group.parent is None else renamed.get(group.parent, group.parent)
        if level not in hierarchy:
            reason = f"level {group.level!r} is in use, but no longer declared (or `formerly`)"
        elif parent is not None and parent not in hierarchy:
            continue  # the parents themselves are the loss
        elif not hierarchy.allows(level, parent):
            under = ", ".join(hierarchy[level].under) or "(the top)"
            above = f"under {parent!r}" if parent else "at the top"
            reason = f"level {level!r} stands {above}, but may stand only under {under}"
        else:
            continue
        found.setdefault(reason, []).append(group)
    return [
        Loss(
            reason,
            sum(group.count for group in same),
            tuple([name for group in same for name in group.first][:SHOWN]),
        )
        for reason, same in found.items()
    ]


def _changes(before: Sequence[DefinitionValue], after: Sequence[DefinitionValue]) -> list[str]:
    old = {value.path: value.value for value in before}
    new = {value.path: value.value for value in after}
    removed = [f"- {path} = {old[path]}" for path in old if path not in new]
    added = [f"+ {path} = {new[path]}" for path in new if path not in old]
    changed = [
        f"~ {path}: {old[path]} → {new[path]}"
        for path in old
        if path in new and old[path] != new[path]
    ]
    return removed + changed + added


def _named_changes(before: Definition, after: Definition) -> list[str]:
    """Organizations that the file names: added ones are made by `onegrid seed`, rows that exist
    stay as they are."""
    old = {item.code: item for item in before.tenant.organizations}
    new = {item.code: item for item in after.tenant.organizations}
    added = [f"+ organizations.{code}" for code in new if code not in old]
    removed = [
        f"- organizations.{code} (its organization stays)" for code in old if code not in new
    ]
    changed = [
        f"~ organizations.{code} (an organization that is loaded stays as it is)"
        for code in old
        if code in new and old[code] != new[code]
    ]
    return removed + changed + added
