"""Arguments that several slices' fields take, and how they become a loader's."""

import datetime
import re
import uuid
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from schema.connections import After, Before, First, Last
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.ids import parse_id
from schema.loaders.figure import FigurePage
from schema.loaders.organization import OrganizationRef, unknown_organization
from schema.loaders.organization_page import OrganizationPage, search
from schema.paging import window
from tenants.definition import ORGANIZATION_CODE, Definition
from tenants.hierarchy import Rung

AsOf = Annotated[
    datetime.date | None,
    strawberry.argument(
        description="截至某日存续的组织及其当时名称,缺省今天;隶属关系总按现状 | "
        "what existed on a day under its name of then, default today; always placed as it is now"
    ),
]
LevelKey = Annotated[str | None, strawberry.argument(description="层级键 | key of a level")]
RungOf = Annotated[Rung | None, strawberry.argument(description="可比层级 | rung")]


UnderOrganization = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="限于此组织及其下级(组织编码或全局编号)| this one and below (code or id)"
    ),
]


@dataclass(frozen=True)
class Today:
    """No arguments: the day is the operation's."""

    def checked(self, context: Context, root: Any) -> datetime.date:
        """The operation's day."""
        return context.today


@dataclass(frozen=True)
class OrganizationsArguments:
    """Arguments of `organizations` of a city or a province."""

    under: Annotated[
        strawberry.ID | None,
        strawberry.argument(
            description="限于此组织的下级(组织编码或全局编号)| only below this one (code or id)"
        ),
    ] = None
    level: LevelKey = None
    rung: RungOf = None
    search: Annotated[
        str | None,
        strawberry.argument(
            description="名称的一部分、拼音或拼音首字母 | part of a name, pinyin or its initials"
        ),
    ] = None
    as_of: AsOf = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Definition) -> OrganizationPage:
        """The page asked for.

        Errors: `CodedError` LEVEL_UNKNOWN, ID_MALFORMED, ORGANIZATION_UNKNOWN or those of paging.
        """
        sought = search(self.search) if self.search and self.search.strip() else None
        width = 3 if sought else 2
        code, id_ = _organization(root, self.under)
        return OrganizationPage(
            as_of=self.as_of or context.today,
            window=window(self.first, self.after, self.last, self.before, width),
            historic=self.as_of is not None,
            level=known_level(root, self.level),
            rung=self.rung,
            search=sought,
            under_code=code,
            under_id=id_,
        )


def _organization(root: Definition, given: str | None) -> tuple[str | None, uuid.UUID | None]:
    """The code or the UUID that an argument names."""
    if given is None:
        return None, None
    if re.fullmatch(ORGANIZATION_CODE, given):
        return given, None
    parsed = parse_id(given)
    if parsed.type != "Organization" or parsed.tenant_id != root.tenant_id:
        raise unknown_organization(given)
    return None, parsed.uuid


def organization_ref(root: Definition, given: str | None) -> OrganizationRef | None:
    """What an argument names; None where it is not given.

    Errors: `CodedError` ID_MALFORMED, or ORGANIZATION_UNKNOWN for another tenant's id.
    """
    if given is None:
        return None
    code, id_ = _organization(root, given)
    return OrganizationRef(code, id_)


def known_level(definition: Definition, level: str | None) -> str | None:
    """`level`, if the tenant has it.

    Errors: `CodedError` LEVEL_UNKNOWN naming the levels that there are.
    """
    if level is None or level in definition.hierarchy:
        return level
    keys = [item.key for item in definition.hierarchy.levels]
    name = definition.tenant.name
    raise CodedError(
        ErrorCode.LEVEL_UNKNOWN,
        f"{name}没有层级“{level}”;可用:{'、'.join(keys)}。",
        f"{name} has no level {level!r}; it has: {', '.join(keys)}.",
        given=level,
        levels=keys,
    )


@dataclass(frozen=True)
class FiguresArguments:
    """Arguments of `figures` of a city or a province."""

    subject: Annotated[
        str | None, strawberry.argument(description="指标名称的一部分 | part of a subject")
    ] = None
    period: Annotated[
        str | None, strawberry.argument(description="时期的一部分 | part of a period")
    ] = None
    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> FigurePage:
        """The page asked for."""
        return FigurePage(self.subject, self.period, window(self.first, self.after))
