"""What stands in the way of changing a tree; each rule gives its reasons, none where it agrees."""

import datetime
from collections.abc import Iterator, Sequence

from schema.access import Denied, Permission, permitted
from schema.organizations.tree import Organization
from schema.refusals import Refusal, RefusalCode
from schema.work import Work

# how far ahead something may be planned: a year, leap or not
AHEAD = datetime.timedelta(days=366)
# how many organizations one change names
LIMIT = 100
SHOWN = 5

Field = tuple[str, ...]
"""Leads below `input` to what a reason is about."""


def lacking(work: Work, path: str, field: Field) -> Iterator[Refusal]:
    """The actor may not change what stands directly below the organization with this path.

    Changing an organization needs the permission over the one above it: so a secretary changes
    all below the own organization, and never that itself. `/` needs the whole tenant.
    """
    verdict = permitted(work.actor, Permission.CHANGE_ORGANIZATIONS, work.tenant_id, path)
    if isinstance(verdict, Denied):
        yield _refusal(RefusalCode.FORBIDDEN, verdict.zh, verdict.en, field)


def ended(work: Work, organization: Organization, field: Field) -> Iterator[Refusal]:
    """It is no more, and stays as it is."""
    if organization.valid_to is not None and organization.valid_to <= work.today:
        yield _ended(organization, field)


def ending(organization: Organization, field: Field) -> Iterator[Refusal]:
    """Its end is set: it takes in nothing more, and does not end again."""
    if organization.valid_to is not None:
        yield _ended(organization, field)


def unknown_level(work: Work, level: str, field: Field) -> Iterator[Refusal]:
    """The tenant has no such level."""
    if level in work.definition.hierarchy:
        return
    keys = [item.key for item in work.definition.hierarchy]
    name = work.definition.tenant.name
    yield _refusal(
        RefusalCode.LEVEL_UNKNOWN,
        f"{name}没有层级“{level[:40]}”;可用:{'、'.join(keys)}。",
        f"{name} has no level {level[:40]!r}; it has: {', '.join(keys)}.",
        field,
    )


def misplaced(
    work: Work, level: str, parent: Organization | None, field: Field
) -> Iterator[Refusal]:
    """The hierarchy does not let an organization of `level` stand there."""
    hierarchy = work.definition.hierarchy
    if hierarchy.allows(level, parent.level if parent else None):
        return
    allowed = [hierarchy[key].name for key in hierarchy[level].under]
    name = hierarchy[level].name
    given_zh = f"“{parent.name}”({hierarchy[parent.level].name})" if parent else "最上级"
    given_en = f"{parent.name!r} ({hierarchy[parent.level].name})" if parent else "nothing"
    yield _refusal(
        RefusalCode.PARENT_NOT_ALLOWED,
        f"“{name}”不能隶属于{given_zh};可隶属的层级:{'、'.join(allowed) or '无(最上级)'}。",
        f"{name!r} may not stand under {given_en}; it may stand under: "
        f"{', '.join(allowed) or 'nothing (it is at the top)'}.",
        field,
    )


def untimely(
    day: datetime.date,
    earliest: Sequence[datetime.date | None],
    latest: datetime.date,
    field: Field,
) -> Iterator[Refusal]:
    """The day is before the last of `earliest`, or after `latest`.

    `earliest` are the days before which it would contradict what is known: the first days of
    the organizations in question, the last change of the kind.
    """
    since = max((known for known in earliest if known is not None), default=None)
    if (since is None or since <= day) and day <= latest:
        return
    from_zh = f"不早于 {since}(有关组织的生效日期或上一次变更的日期),且" if since else ""
    from_en = f"not before {since} (when what it concerns began or last changed) and " * bool(since)
    yield _refusal(
        RefusalCode.DATE_OUT_OF_RANGE,
        f"日期 {day} 不可用:应{from_zh}不晚于 {latest}。",
        f"The day {day} cannot be: expected {from_en}not after {latest}.",
        field,
    )


def like_named(found: Organization | None, field: Field) -> Iterator[Refusal]:
    """There is one of this name at the place."""
    if found is not None:
        yield _refusal(
            RefusalCode.NAME_TAKEN,
            f"同一上级下已有同层级的“{found.name}”({found.code})。",
            f"There is {found.name!r} ({found.code}) of the same level in the same place already.",
            field,
        )


def too_many(given: Sequence[str], least: int, most: int, field: Field) -> Iterator[Refusal]:
    """The list is too short or too long."""
    if not least <= len(given) <= most:
        yield _refusal(
            RefusalCode.COUNT_OUT_OF_RANGE,
            f"给出 {len(given)} 个组织,应为 {least} 至 {most} 个。",
            f"{len(given)} organizations are given, expected {least} to {most}.",
            field,
        )


def listed(organizations: Sequence[Organization], separator: str) -> str:
    """The first few names."""
    return separator.join(item.name for item in organizations[:SHOWN])


def current_day(work: Work, organization: Organization) -> datetime.date:
    """Today, or the first day of an organization that is still to begin."""
    return max(work.today, organization.valid_from or work.today)


def _ended(organization: Organization, field: Field) -> Refusal:
    return _refusal(
        RefusalCode.ORGANIZATION_ENDED,
        f"“{organization.name}”({organization.code})自 {organization.valid_to} 起不再存续,"
        "不能变更或接收下级。",
        f"{organization.name!r} ({organization.code}) is no more from {organization.valid_to} on: "
        "it cannot be changed, and takes in nothing.",
        field,
    )


def _refusal(code: RefusalCode, zh: str, en: str, field: Field) -> Refusal:
    return Refusal(code, zh, en, ("input", *field))
