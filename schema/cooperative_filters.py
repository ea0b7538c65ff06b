"""Lists of cooperatives: the filters that clients give, and how they become a loader's."""

import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from schema.arguments import organization_ref
from schema.connections import After, Before, First, Last
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.loaders.cooperative_filter import CooperativeFilters
from schema.loaders.cooperative_page import CooperativeListing, CooperativesOfTenant
from schema.loaders.pages import listed
from schema.loaders.union_member import unknown_union
from schema.references import row_key
from schema.tables.cooperative import CooperativeKind
from tenants.definition import Definition

LONGEST_SEARCH = 100


def _filter(description: str) -> Any:
    return strawberry.field(default=None, description=description)


@strawberry.input(
    name="CooperativeFilter",
    description="合作社筛选:各项同时满足。 | Which cooperatives a list has: all that is given "
    "holds.",
)
class CooperativeFilter:
    """What a client asks a list or a statistic for."""

    kind: CooperativeKind | None = _filter("种类 | kind")
    industry: str | None = _filter("产业键 | key of an industry of the province's vocabulary")
    leader: strawberry.ID | None = _filter(
        "由此组织或其下级领办(组织编码或全局编号)| led by this organization or one below it (code "
        "or id)"
    )
    village: strawberry.ID | None = _filter(
        "所在村为此组织或其下级(组织编码或全局编号)| working in this organization or one below it "
        "(code or id)"
    )
    search: str | None = _filter(
        "名称中的文字,或编码的开头 | text in the name, or the beginning of the code"
    )
    member_of: strawberry.ID | None = _filter(
        "此联合社现在的成员(编码或全局编号)| present members of this union (code or id)"
    )
    include_dissolved: bool | None = _filter(
        "含已解散的,缺省不含 | also those that are dissolved; by default not"
    )

    def checked(self, context: Context, definition: Definition) -> CooperativeFilters:
        """The filters for cooperatives of a city, or of all cities of a province.

        Errors: `CodedError` BAD_REQUEST with `argument` and what there is, ORGANIZATION_UNKNOWN,
        ID_MALFORMED.
        """
        return CooperativeFilters(
            today=context.today,
            kind=self.kind,
            industry=_known_industry(context, definition, self.industry),
            leader=organization_ref(definition, self.leader),
            village=organization_ref(definition, self.village),
            search=_searched(self.search),
            union=_union(definition, self.member_of),
            include_dissolved=bool(self.include_dissolved),
        )


CooperativeWhere = Annotated[
    CooperativeFilter | None,
    strawberry.argument(description="筛选 | which cooperatives; null = all that are in being"),
]


@dataclass(frozen=True)
class CooperativesArguments:
    """Arguments of `cooperatives` of a city or an organization."""

    where: CooperativeWhere = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> CooperativeListing:
        """The page asked for.

        Errors: `CodedError`, those of the filter and of paging.
        """
        tenant_id = root.tenant_id if isinstance(root, Definition) else root["tenant_id"]
        filters = (self.where or CooperativeFilter()).checked(
            context, context.registry.by_id[tenant_id]
        )
        pages = listed(CooperativesOfTenant, self.first, self.after, self.last, self.before)
        return CooperativeListing(pages, filters)


def _known_industry(context: Context, definition: Definition, given: str | None) -> str | None:
    """A key of the vocabulary of the province."""
    if given is None:
        return None
    industries = [item.key for item in context.registry.vocabulary(definition).industries]
    if given in industries:
        return given
    raise _unknown(definition, "industry", "产业", given, industries)


def _searched(given: str | None) -> str | None:
    """The text in the form in which names are stored; None where it is blank."""
    text = " ".join(unicodedata.normalize("NFKC", given or "").split())
    if len(text) <= LONGEST_SEARCH and "\0" not in text:
        return text or None
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"search 应至多 {LONGEST_SEARCH} 个字符,现有 {len(text)} 个。",
        f"search has at most {LONGEST_SEARCH} characters; this one has {len(text)}.",
        argument="where.search",
        limit=LONGEST_SEARCH,
    )


def _union(definition: Definition, given: str | None) -> str | uuid.UUID | None:
    if given is None:
        return None
    key = row_key(given, "Cooperative", definition.tenant_id)
    if key is not None:
        return key
    raise unknown_union(given)


def _unknown(
    definition: Definition, argument: str, noun: str, given: str, there: Iterable[str]
) -> CodedError:
    shown, keys, name = given[:40], list(there), definition.tenant.name
    return CodedError(
        ErrorCode.BAD_REQUEST,
        f"{name}没有{noun}“{shown}”;可用:{'、'.join(keys) or '无'}。",
        f"{name} has no {argument} {shown!r}; there are: {', '.join(keys) or 'none'}.",
        argument=f"where.{argument}",
        given=shown,
        available=keys,
    )
