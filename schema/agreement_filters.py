"""Lists of agreements: the filters that clients give, and how they become a loader's."""

import datetime
import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from schema.agreement_measures import AgreementKind
from schema.agreement_reach import agreement_reach
from schema.arguments import organization_ref
from schema.connections import After, Before, First, Last
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.ids import parse_id
from schema.loaders.agreement import AgreementReach
from schema.loaders.agreement_filter import AgreementFilters
from schema.loaders.agreement_page import AgreementListing, AgreementsOfTenant
from schema.loaders.organization import OrganizationRef
from schema.loaders.pages import listed
from schema.tables.agreement import AgreementState, PartyRole
from tenants.cooperation import AllianceKind
from tenants.definition import Definition, TenantKind

LONGEST_TEXT = 100


def _filter(description: str) -> Any:
    return strawberry.field(default=None, description=description)


@strawberry.input(
    name="AgreementFilter",
    description="协议筛选:各项同时满足。 | Which agreements a list has: all that is given holds.",
)
class AgreementFilter:
    """What a client asks a list or a statistic for."""

    state: AgreementState | None = _filter("状态 | state, as the viewer sees it")
    dimension: str | None = _filter("含此联建维度(键)| with this dimension (key)")
    with_city: strawberry.ID | None = _filter(
        "有一方属于此市(区划代码或网址名)| with a party of this city (code or slug)"
    )
    alliance: str | None = _filter("联盟种类键 | key of a kind of alliance")
    kind: AgreementKind | None = _filter("结对或联盟 | pairings or alliances")
    organization: strawberry.ID | None = _filter(
        "此组织或其下级为一方(组织编码或全局编号;只用于一个市)| this organization or one below it "
        "is a party (code or id; of one city alone)"
    )
    role: PartyRole | None = _filter(
        "上述组织(未给则为本市任一方)的角色 | role of that party; where no organization is given, "
        "of any party of the city"
    )
    active_on: datetime.date | None = _filter("此日生效的 | in force on this day")
    cross_city: bool | None = _filter(
        "是否跨市:true 为各方属于不同的市,false 为同属一市 | true = parties of several cities; "
        "false = of one"
    )
    ending_before: datetime.date | None = _filter(
        "此日之前到期(期限末日早于此日)| whose last day is before this day"
    )
    text: str | None = _filter(
        "标题或一方名称中的文字,不分大小写 | text in the title or a party's name, in any case"
    )

    def checked(self, context: Context, definition: Definition) -> AgreementFilters:
        """The filters for agreements of a city, or of all cities of a province.

        Errors: `CodedError` BAD_REQUEST with `argument` and what there is, CITY_UNKNOWN,
        ORGANIZATION_UNKNOWN, ID_MALFORMED.
        """
        kind = self.kind
        return AgreementFilters(
            state=None if self.state is None else self.state.value,
            dimension=_known_dimension(context, definition, self.dimension),
            with_city=_known_city(context, self.with_city),
            alliance=_known_alliance(context, definition, self.alliance),
            is_alliance=None if kind is None else kind is AgreementKind.ALLIANCE,
            under=_organization(definition, self.organization),
            tenant_id=None if self.organization is None else definition.tenant_id,
            role=None if self.role is None else self.role.value,
            active_on=self.active_on,
            crosses=self.cross_city,
            ending_before=self.ending_before,
            text=_searched(self.text),
        )


AgreementWhere = Annotated[
    AgreementFilter | None, strawberry.argument(description="筛选 | which agreements; null = all")
]


@dataclass(frozen=True)
class AgreementsArguments:
    """Arguments of `City.agreements`."""

    where: AgreementWhere = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Definition) -> AgreementListing:
        """The page asked for, as far as the viewer sees agreements.

        Errors: `CodedError`, those of the filter and of paging.
        """
        return AgreementListing(
            listed(AgreementsOfTenant, self.first, self.after, self.last, self.before),
            agreement_reach(context, root.tenant_id),
            (self.where or AgreementFilter()).checked(context, root),
        )


@dataclass(frozen=True)
class AgreementsOfOrganizationArguments:
    """Arguments of `Organization.agreements`."""

    state: Annotated[
        AgreementState | None, strawberry.argument(description="只看此状态 | only in this state")
    ] = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> AgreementListing:
        """The page asked for, as far as the viewer sees agreements.

        Errors: `CodedError`, those of paging.
        """
        return AgreementListing(
            listed(AgreementsOfTenant, self.first, self.after, self.last, self.before),
            agreement_reach(context, root["tenant_id"]),
            AgreementFilters(state=None if self.state is None else self.state.value),
        )


@dataclass(frozen=True)
class AgreementArguments:
    """Arguments of `City.agreement`: the id makes the key."""

    id: Annotated[
        strawberry.ID,
        strawberry.argument(
            description="本市这一份的全局编号,或各方相同的 agreementId | global id of the city's "
            "copy, or the agreementId that is the same on every copy"
        ),
    ]

    def checked(self, context: Context, root: Definition) -> AgreementReach:
        """How far the viewer sees the city's agreements."""
        return agreement_reach(context, root.tenant_id)


def agreement_key(
    root: Definition, context: Context, arguments: AgreementArguments
) -> tuple[int, uuid.UUID] | None:
    """The key of `City.agreement`; None for another tenant's or another type's id.

    Errors: `CodedError` ID_MALFORMED.
    """
    given = str(arguments.id)
    if re.fullmatch("[0-9a-f]{32}", given):
        return root.tenant_id, uuid.UUID(hex=given)
    parsed = parse_id(given)
    if (parsed.type, parsed.tenant_id) != ("Agreement", root.tenant_id):
        return None
    return root.tenant_id, parsed.uuid


def _known_dimension(context: Context, definition: Definition, given: str | None) -> str | None:
    """A key of a province's vocabulary: that of another one where a party of it initiated."""
    if given is None:
        return None
    own = [item.key for item in context.registry.vocabulary(definition).dimensions]
    others = (
        item.key
        for province in context.registry.provinces
        for item in context.registry.vocabulary(province).dimensions
    )
    if given in own or given in others:
        return given
    raise _unknown(definition, "dimension", "联建维度", given, own)


def _known_alliance(context: Context, definition: Definition, given: str | None) -> str | None:
    """A key of the city's kinds of alliances, or of one of the province's cities."""
    if given is None:
        return None
    keys = dict.fromkeys(
        kind.key for city in _cities(context, definition) for kind in city.cooperation.alliances
    )
    if given in keys:
        return given
    raise _unknown(definition, "alliance", "联盟种类", given, keys)


def alliance_kind(cities: Iterable[Definition], key: str) -> AllianceKind:
    """A kind of alliance as the first of the cities has it; named by its key where none does."""
    kinds = (kind for city in cities for kind in city.cooperation.alliances)
    gone = AllianceKind(key=key, name=key, assumed=True)
    return next((kind for kind in kinds if kind.key == key), gone)


def _cities(context: Context, definition: Definition) -> tuple[Definition, ...]:
    if definition.kind is TenantKind.CITY:
        return (definition,)
    return context.registry.cities_of(definition)


def _known_city(context: Context, given: str | None) -> str | None:
    """The six-digit code of a city, whether the viewer's token opens it or not."""
    if given is None:
        return None
    found = context.registry.city(given)
    if found is not None:
        return found.tenant.code
    shown = given[:40]
    raise CodedError(
        ErrorCode.CITY_UNKNOWN,
        f"没有城市“{shown}”;请用六位区划代码或网址名。",
        f"There is no city {shown!r}; use a six-digit code or a slug.",
        given=shown,
    )


def _organization(definition: Definition, given: str | None) -> OrganizationRef | None:
    """An organization of a city; codes of organizations of several cities may be the same."""
    if given is None or definition.kind is TenantKind.CITY:
        return organization_ref(definition, given)
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"organization 只用于一个市;{definition.tenant.name}的统计请改用 "
        "city(code:) 或 organization(code:) 之下的 agreementStatistics。",
        f"organization is for one city; instead of {definition.tenant.name} ask "
        "agreementStatistics of a city or of the organization.",
        argument="where.organization",
    )


def _searched(given: str | None) -> str | None:
    """The text as it is looked for; None where it is blank."""
    text = " ".join(unicodedata.normalize("NFC", given or "").lower().split())
    if len(text) <= LONGEST_TEXT and "\0" not in text:
        return text or None
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"text 应至多 {LONGEST_TEXT} 个字符,现有 {len(text)} 个。",
        f"text has at most {LONGEST_TEXT} characters; this one has {len(text)}.",
        argument="where.text",
        limit=LONGEST_TEXT,
    )


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
