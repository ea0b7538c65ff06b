"""How a query enters the graph: by city, by province, by global id."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from schema.agreement_reach import agreement_reach
from schema.context import Context
from schema.declarations import Wanted
from schema.errors import CodedError, ErrorCode
from schema.household_reach import household_reach
from schema.ids import GlobalId, parse_id, uuid_in
from schema.issue_reach import issue_reach
from schema.loaders.agreement import AgreementById
from schema.loaders.asset_trade import AssetTradeById
from schema.loaders.cooperative import CooperativeById
from schema.loaders.deal import DealById
from schema.loaders.enterprise import EnterpriseById
from schema.loaders.figure import FigureById
from schema.loaders.household import HouseholdById
from schema.loaders.issue import IssueById
from schema.loaders.loader import Loader
from schema.loaders.matching_event import MatchingEventById
from schema.loaders.membership import MembershipById
from schema.loaders.organization import OrganizationById
from schema.loaders.person import PersonById
from schema.loaders.post import PostById
from schema.loaders.posting import PostingById
from schema.loaders.weak_village import WeakVillageById
from schema.reach import reach
from schema.sources import ServiceSource
from tenants.definition import Definition

ROWS: dict[str, tuple[type[Loader[Any, Any]], Callable[[Context, int], Any]]] = {
    "Organization": (OrganizationById, lambda context, tenant_id: None),
    "Figure": (FigureById, lambda context, tenant_id: None),
    "Person": (PersonById, reach),
    "Issue": (IssueById, issue_reach),
    "Agreement": (AgreementById, agreement_reach),
    "Cooperative": (CooperativeById, lambda context, tenant_id: None),
    "Household": (HouseholdById, household_reach),
    "Membership": (MembershipById, household_reach),
    "Post": (PostById, lambda context, tenant_id: reach(context, tenant_id).visible),
    "Enterprise": (EnterpriseById, lambda context, tenant_id: None),
    "Posting": (PostingById, lambda context, tenant_id: None),
    "Deal": (DealById, lambda context, tenant_id: None),
    "MatchingEvent": (MatchingEventById, lambda context, tenant_id: None),
    "AssetTrade": (AssetTradeById, lambda context, tenant_id: None),
    "WeakVillage": (WeakVillageById, lambda context, tenant_id: None),
}
"""Types that are rows: their loader, and its arguments for a viewer."""


def find_city(context: Context, code: str) -> Definition:
    """The city with this code or slug.

    Errors: `CodedError` CITY_UNKNOWN, or FORBIDDEN where the token does not open it.
    """
    found = context.registry.city(code)
    if found is None:
        names = ", ".join(_slugs(context, context.registry.cities))
        raise CodedError(
            ErrorCode.CITY_UNKNOWN,
            f"没有城市“{code}”;请用六位区划代码或网址名,可用:{names}。",
            f"There is no city {code!r}; use a six-digit code or a slug: {names}.",
            given=code,
        )
    context.demand_scope((found.tenant_id,))
    return found


def find_province(context: Context, code: str) -> Definition:
    """The province with this code or slug.

    Errors: `CodedError` PROVINCE_UNKNOWN, or FORBIDDEN where the token does not open it.
    """
    found = context.registry.province(code)
    if found is None:
        names = ", ".join(_slugs(context, context.registry.provinces)) or "—"
        raise CodedError(
            ErrorCode.PROVINCE_UNKNOWN,
            f"没有省份“{code}”;请用六位区划代码或网址名,可用:{names}。",
            f"There is no province {code!r}; use a six-digit code or a slug: {names}.",
            given=code,
        )
    context.demand_scope((found.tenant_id,))
    return found


def find_tenant(context: Context, code: str) -> Definition:
    """The city or province with this code or slug.

    Errors: `CodedError` TENANT_UNKNOWN, or FORBIDDEN where the token does not open it.
    """
    found = context.registry.city(code) or context.registry.province(code)
    if found is None:
        tenants = sorted(context.registry, key=lambda item: item.tenant_id)
        names = ", ".join(_slugs(context, tenants))
        raise CodedError(
            ErrorCode.TENANT_UNKNOWN,
            f"没有城市或省“{code}”;请用六位区划代码或网址名,可用:{names}。",
            f"There is no city or province {code!r}; use a six-digit code or a slug: {names}.",
            given=code,
        )
    context.demand_scope((found.tenant_id,))
    return found


def tenant_of(context: Context, given: str, *types: str) -> Definition | None:
    """The tenant that an id of these types names; None where the operation may not touch it."""
    try:
        parsed = parse_id(given)
    except CodedError:
        return None
    if parsed.type not in types or not context.scope.permits(parsed.tenant_id):
        return None
    return context.registry.by_id.get(parsed.tenant_id)


def row_named(context: Context, given: str, type_: str) -> tuple[Definition, uuid.UUID] | None:
    """The tenant and the row that an id of this type names; None as in `tenant_of`."""
    definition = tenant_of(context, given, type_)
    id_ = None if definition is None else uuid_in(given, type_, definition.tenant_id)
    return None if definition is None or id_ is None else (definition, id_)


def _slugs(context: Context, definitions: Iterable[Definition]) -> Iterator[str]:
    """The slugs of those that the operation may see: an error names no others."""
    return (item.tenant.slug for item in definitions if context.scope.permits(item.tenant_id))


def listed_cities(context: Context, province: str | None) -> list[Definition]:
    """The cities that the operation may see, of one province or of all."""
    cities = context.registry.cities
    if province is not None:
        cities = context.registry.cities_of(find_province(context, province))
    return [city for city in cities if context.scope.permits(city.tenant_id)]


def find_node(context: Context, columns: tuple[str, ...], id_: str) -> Any:
    """The object with a global id, or what to load for it; None where there is none.

    Errors: `CodedError` ID_MALFORMED.
    """
    parsed = parse_id(id_)
    definition = context.registry.by_id.get(parsed.tenant_id)
    if definition is None or not context.scope.permits(parsed.tenant_id):
        return None
    if parsed.type in ROWS:
        key = (parsed.tenant_id, parsed.uuid)
        loader, arguments = ROWS[parsed.type]
        return Wanted(loader, key, arguments(context, parsed.tenant_id), columns)
    return _configured(definition, parsed)


def _configured(definition: Definition, parsed: GlobalId) -> Any:
    if parsed.type in ("City", "Province"):
        return definition if definition.kind == parsed.type.upper() else None
    if parsed.type == "Service":
        found = definition.service(parsed.key)
        return None if found is None else ServiceSource(definition, *found)
    return None
