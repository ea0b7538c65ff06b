"""What a changed tenant file would do to live data: shown before it is done, refused where it
would lose any."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Date, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlmodel import col

from schema.loaders.tenant import read_definitions
from schema.tables.issue import IssueRow
from schema.tables.organization import OrganizationRow
from schema.tables.person import PostRow
from tenants.definition import Definition, DefinitionValue
from tenants.hierarchy import Hierarchy
from tenants.posts import PostKind
from tenants.workflow import FINAL

SHOWN = 5


@dataclass(frozen=True)
class Loss:
    """Organizations that a change would leave without a level, an allowed parent or a post."""

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
    rung; `losses` are reasons to refuse. `left_in_workflows` says how many open issues go on in
    the old version of a workflow that changes or is removed, `left_in_services` how many name a
    service that is removed: they stay as they are.
    """

    definition: Definition
    current: Definition | None
    changes: tuple[str, ...] = ()
    moved: dict[tuple[str, str], int] = field(default_factory=dict)
    regraded: dict[str, int] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    left_in_workflows: dict[str, int] = field(default_factory=dict)
    left_in_services: dict[str, int] = field(default_factory=dict)

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


@dataclass(frozen=True)
class _Held:
    """Posts of one kind in organizations of one level, by how many hold one today.

    `total` counts those that ended too, `lasting` those that did not.
    """

    kind: str
    level: str
    is_shared: bool
    total: int
    lasting: int
    organizations: int
    first: tuple[str, ...]


async def plan(
    connection: AsyncConnection, definitions: Sequence[Definition]
) -> tuple[TenantPlan, ...]:
    """A plan for each definition, against what is in force, the organizations and the posts."""
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
            held = await _held(connection, definition.tenant_id)
            issues = await _open_issues(connection, definition.tenant_id)
            plans.append(_compare(before, definition, groups, held, issues))
    return tuple(plans)


@dataclass(frozen=True)
class _OpenIssues:
    """How many issues without an end there are in each workflow and of each service."""

    workflows: dict[str, int]
    services: dict[str, int]


async def _open_issues(connection: AsyncConnection, tenant_id: int) -> _OpenIssues:
    is_open = col(IssueRow.phase).not_in(sorted(FINAL))
    rows: Any = await connection.execute(
        select(col(IssueRow.workflow), col(IssueRow.service), func.count().label("total"))
        .where(col(IssueRow.tenant_id) == tenant_id, is_open)
        .group_by(col(IssueRow.workflow), col(IssueRow.service))
        .order_by(col(IssueRow.workflow), col(IssueRow.service))
    )
    workflows: dict[str, int] = {}
    services: dict[str, int] = {}
    for row in rows:
        workflows[row.workflow] = workflows.get(row.workflow, 0) + row.total
        services[row.service] = services.get(row.service, 0) + row.total
    return _OpenIssues(workflows, services)


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


async def _held(connection: AsyncConnection, tenant_id: int) -> list[_Held]:
    """Posts, ended ones too, by kind and the level of their organization."""
    today = cast(func.timezone("Asia/Shanghai", func.now()), Date)
    is_lasting = or_(col(PostRow.valid_to).is_(None), col(PostRow.valid_to) > today)
    has_begun = col(PostRow.valid_from) <= today
    kinds = (
        select(
            col(PostRow.kind).label("kind"),
            col(PostRow.organization_id).label("organization_id"),
            func.count().label("total"),
            func.count().filter(is_lasting).label("lasting"),
            (func.count().filter(is_lasting, has_begun) > 1).label("is_shared"),
        )
        .where(col(PostRow.tenant_id) == tenant_id)
        .group_by(col(PostRow.kind), col(PostRow.organization_id))
        .subquery()
    )
    groups = (kinds.c.kind, col(OrganizationRow.level), kinds.c.is_shared, kinds.c.lasting > 0)
    rows: Any = await connection.execute(
        select(
            *groups[:3],
            func.sum(kinds.c.total).label("total"),
            func.sum(kinds.c.lasting).label("lasting"),
            func.count().label("organizations"),
            func.array_agg(col(OrganizationRow.name)).label("names"),
        )
        .join(OrganizationRow, col(OrganizationRow.id) == kinds.c.organization_id)
        .where(col(OrganizationRow.tenant_id) == tenant_id)
        .group_by(*groups)
        .order_by(*groups)
    )
    return [
        _Held(
            row.kind,
            row.level,
            row.is_shared,
            int(row.total),
            int(row.lasting),
            row.organizations,
            tuple(sorted(row.names)[:SHOWN]),
        )
        for row in rows
    ]


def _compare(
    before: Definition,
    after: Definition,
    groups: Sequence[_Group],
    held: Sequence[_Held],
    issues: _OpenIssues,
) -> TenantPlan:
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
        (*_losses(hierarchy, renamed, groups), *_post_losses(after, renamed, held)),
        {
            key: count
            for key, count in issues.workflows.items()
            if after.workflows.get(key) != before.workflows.get(key)
        },
        {
            code: count
            for code, count in issues.services.items()
            if code in before.services and code not in after.services
        },
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


def _post_losses(
    after: Definition, renamed: dict[str, str], held: Sequence[_Held]
) -> Iterator[Loss]:
    """Posts whose kind is gone, or that may not be held where they are or by so many."""
    for key in dict.fromkeys(item.kind for item in held):
        same = [item for item in held if item.kind == key]
        if key in after.posts:
            yield from _misplaced(after.posts[key], after.hierarchy, renamed, same)
        else:
            total = sum(item.total for item in same)
            reason = f"post kind {key!r} is in use by {total} posts, but no longer declared"
            yield _post_loss(reason, same)


def _misplaced(
    kind: PostKind, hierarchy: Hierarchy, renamed: dict[str, str], held: Sequence[_Held]
) -> Iterator[Loss]:
    """Posts of a declared kind, not ended, that it does not allow; ended ones are history."""
    levels: dict[str, list[_Held]] = {}
    for item in held:
        if item.lasting:
            levels.setdefault(renamed.get(item.level, item.level), []).append(item)
    for level, there in levels.items():
        # a level that is gone is a loss of its own
        if level in hierarchy and not kind.is_held_at(level):
            allowed = ", ".join(kind.levels)
            reason = f"post kind {kind.key!r} is held at {level!r}, but may be only at {allowed}"
            yield _post_loss(reason, there)
    if kind.single and (shared := [item for item in held if item.is_shared]):
        reason = f"post kind {kind.key!r} is `single`, but has several holders at a time"
        yield _post_loss(reason, shared)


def _post_loss(reason: str, held: Sequence[_Held]) -> Loss:
    names = sorted(name for item in held for name in item.first)[:SHOWN]
    return Loss(reason, sum(item.organizations for item in held), tuple(names))


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
