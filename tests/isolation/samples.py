"""What somebody knows of a tenant: ids, codes, keys, names, phones and cursors to ask with."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    get_named_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)
from graphql.type import get_nullable_type

from schema.ids import parse_id

# where an argument's value is found, by `Type.field.argument` or by the argument's name
HINTS: Mapping[str, str] = {
    "Query.city.code": "City.code",
    "Query.province.code": "Province.code",
    "Query.cities.province": "Province.code",
    "City.issue.number": "Issue.number",
    "City.organization.code": "Organization.code",
    "ServiceCatalogue.services.search": "Service.name",
    "AdvanceIssueInput.action": "WorkflowAction.key",
    "AnswerInput.key": "ServiceQuestion.key",
    "JoinIssueInput.issue": "Issue.number",
    "RecordFollowUpInput.issue": "settled",
    "ReportIssueInput.organization": "top",
    "ReportIssueInput.service": "Service.code",
    "issue": "Issue.id",
    "under": "Organization.code",
    "level": "Level.key",
    "kind": "PostKind.key",
    "search": "Organization.name",
    "subject": "Figure.subject",
    "period": "Figure.period",
    "path": "DefinitionValue.path",
    "phone": "Person.phone",
    "tenant": "City.code",
    "city": "City.code",
    "post": "Post.id",
    "person": "Person.id",
    "EstablishOrganizationInput.level": "bottom",
    "EstablishOrganizationInput.parent": "middle",
    "MergedOrganizationInput.parent": "middle",
    "MoveOrganizationInput.parent": "other middle",
    "organization": "leaf",
    "organizations": "leaf",
    "into": "sister",
    "successors": "sister",
    **{name: f"{name.capitalize()}.id" for name in ("cooperative", "enterprise", "household")},
    **{name: f"{name.capitalize()}.id" for name in ("agreement", "membership", "deal")},
    "delivery": "Delivery.id",
    "posting": "supply",
    "supply": "supply",
    "demand": "demand",
    "matchingEvent": "MatchingEvent.id",
    "union": "union",
    "industry": "Cooperative.industryKey",
    "leader": "other middle",
    "village": "other middle",
    "addParties": "sister",
    "alliance": "AllianceKind.key",
    "dimension": "AgreementDimensionValue.key",
    "dimensions": "AgreementDimensionValue.key",
    "way": "JointWay.key",
    "party": "middle",
    "City.agreement.id": "Agreement.id",
    "City.cooperative.code": "Cooperative.code",
    "City.enterprise.code": "Enterprise.code",
    "City.enterprises.search": "Enterprise.name",
    "City.postings.product": "Posting.product",
    "CooperativeFilter.memberOf": "union",
    "CooperativeFilter.search": "Cooperative.name",
    "CooperativeFilter.leader": "middle",
    "CooperativeFilter.village": "middle",
    "AgreementFilter.organization": "middle",
    "AgreementFilter.text": "Agreement.title",
    "AgreementFilter.withCity": "City.code",
    "DelistEnterpriseInput.enterprise": "other enterprise",
    "RegisterEnterpriseInput.organization": "other middle",
    "HoldMatchingEventInput.organization": "other middle",
    "RecordAssetTradeInput.organization": "other middle",
    "RenewAgreementInput.agreement": "not renewed",
    "CompleteAgreementInput.agreement": "not renewed",
    "TerminateAgreementInput.agreement": "to end",
    "DissolveCooperativeInput.cooperative": "empty cooperative",
    "JoinUnionInput.union": "other union",
    "EnrolHouseholdInput.household": "household outside",
    "ListWeakVillageInput.organization": "sister",
    "SupportVillageInput.village": "WeakVillage.id",
    "ClearVillageInput.village": "WeakVillage.id",
    "ProposeAgreementInput.organization": "middle",
    "SubmitAgreementInput.agreement": "draft",
    "SignAgreementInput.agreement": "proposed",
    "SignAgreementInput.contentHash": "proposed hash",
    "SignAgreementInput.party": "middle",
    "DeclineAgreementInput.agreement": "proposed",
    "DeclineAgreementInput.party": "middle",
    "ConfirmDeliveryInput.party": "leaf",
    "DisputeDeliveryInput.party": "leaf",
}
# values that are not found in answers
WRITTEN: Mapping[str, str] = {
    "EstablishOrganizationInput.code": "NEW-1",
    "EstablishOrganizationInput.name": "新设",
    "MergedOrganizationInput.code": "NEW-2",
    "MergedOrganizationInput.name": "合并",
    "RenameOrganizationInput.name": "改名",
    "NewPersonInput.name": "某人",
    "NewPersonInput.phone": "13800138000",
    "ReportIssueInput.title": "路灯",
    "ReportIssueInput.description": "不亮",
    "ContactInput.name": "某人",
    "ContactInput.phone": "13800138000",
    "AdvanceIssueInput.note": "好",
    "FoundCooperativeInput.code": "NEW-3",
    "RegisterEnterpriseInput.code": "NEW-4",
    "RecordResultInput.year": "2022",
    "CorrectResultInput.year": "2021",
    "City.cooperativeStatistics.year": "2021",
    "Province.cooperativeStatistics.year": "2021",
    "NewHeadInput.name": "某人",
    "NewHeadInput.phone": "13800138000",
    "AdvanceDealInput.to": "DELIVERED",
    "ProposeAgreementInput.endsOn": "2099-01-01",
    "ReviseAgreementInput.endsOn": "2099-01-01",
    "RenewAgreementInput.startsOn": "2100-01-01",
    "RenewAgreementInput.endsOn": "2101-01-01",
    "CompleteAgreementInput.reason": "AGREED",
    "RecordDeliveryInput.commitment": "c1",
    "CommitmentInput.dueOn": "2098-01-01",
    "evidence": "https://files.invalid/1.jpg",
    "Decimal": "2.5",
    "Float": "41.5",
    "Date": "2026-03-01",
    "DateTime": "2026-03-01T00:00:00+08:00",
    "Int": "2",
    "Boolean": "true",
}
QUOTED = ("Date", "DateTime", "String")
# inputs that need one of several fields: the first, where none is given
ONE_OF: Mapping[str, tuple[str, ...]] = {
    "EstablishOrganizationInput": ("parent",),
    "AppointInput": ("person", "newPerson"),
    "MergeOrganizationsInput": ("into", "intoNew"),
    "ChangeCooperativeInput": ("name", "industry", "products", "village", "leader"),
    "RecordResultInput": ("revenue",),
    "CorrectResultInput": ("revenue",),
    "EnrolHouseholdInput": ("household", "newHousehold"),
    "NewHouseholdInput": ("head", "person"),
    "ChangeMembershipInput": ("land", "capital", "share"),
    "ChangeHouseholdInput": ("address", "people", "organization"),
    "PostSupplyOrDemandInput": ("cooperative", "enterprise"),
    "ProposeDealInput": ("product", "supply", "demand"),
}
# inputs that make no sense without some of their fields
ALSO: Mapping[str, tuple[str, ...]] = {
    "AdvanceIssueInput": ("note",),
    "ContactInput": ("phone",),
    "ReportIssueInput": ("service", "title", "organization", "contact"),
    "ProposeAgreementInput": ("dimensions",),
    "ReviseAgreementInput": ("dimensions",),
    "RecordDeliveryInput": ("quantity",),
    "ProposeDealInput": ("unit",),
    "CommitmentInput": ("quantity", "unit"),
    "NewHouseholdInput": ("people",),
}
# the lists that show types which several lists could show
HOMES: Mapping[str, tuple[str, str]] = {
    "AccessEvent": ("City", "auditEvents"),
    "PostEvent": ("Organization", "timeline"),
    "OrganizationEvent": ("Organization", "timeline"),
    "EconomyEvent": ("Organization", "timeline"),
    "IssueEvent": ("Issue", "timeline"),
    "CooperativeEvent": ("Cooperative", "timeline"),
    "AgreementEvent": ("Agreement", "timeline"),
}
# objects that are walked besides the one of their type, for they hold what that one does not
BESIDES: Mapping[str, str] = {"demand": "Posting"}
IDS, TEXTS = "Organization.id", "Organization.name"
# texts that are worth trying as another tenant's anywhere, besides what an argument's hint says
TRIED = {
    "City.slug",
    "Level.key",
    "Organization.code",
    "Organization.name",
    "Person.name",
    "Person.phone",
    "PostKind.key",
}
KEYS = ("id", "code", "slug", "number")
CURSORS = ("after", "before")
FOREIGN = "of another"


@dataclass
class Samples:
    """Values that were shown, a few of each, by `Type.field`.

    `tenants` are those whose objects its owner can open by their ids.
    """

    tenants: frozenset[int]
    values: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, place: str, value: Any) -> None:
        """Keep a text that was shown, if it is one of the first of its place."""
        found = self.values[place]
        if isinstance(value, str) and value not in found and len(found) < 3:
            found.append(value)

    def ids(self) -> Iterator[tuple[str, str]]:
        """A global id of each type, of its own tenants."""
        for place in sorted(self.values):
            type_, _, name = place.partition(".")
            for id_ in self.values[place]:
                if name == "id" and parse_id(id_).tenant_id in self.tenants:
                    yield type_, id_
                    break

    def first(self, *places: str) -> str:
        """The first value of the first of the places that has one."""
        return next(self.values[place][0] for place in places if self.values.get(place))

    def with_(self, other: "Samples") -> "Samples":
        """The values of both, its own first."""
        places = {*self.values, *other.values}
        values = {
            place: self.values.get(place, []) + other.values.get(place, []) for place in places
        }
        return Samples(self.tenants | other.tenants, defaultdict(list, values))


Input = GraphQLArgument | GraphQLInputField


def literal(value: str) -> str:
    """A text as GraphQL writes it."""
    return json.dumps(value, ensure_ascii=False)


def own(samples: Samples, place: str, name: str, given: Input, returned: Any = None) -> str:
    """A value that makes sense for an argument or an input's field, as GraphQL writes it.

    `place` is `Type.field` (or the input's name); `returned` the type that the field gives.
    """
    return _listed(given.type, _own(samples, place, name, get_named_type(given.type), returned))


def _own(samples: Samples, place: str, name: str, named: Any, returned: Any) -> str:
    if isinstance(named, GraphQLInputObjectType):
        return composed(samples, named, {})
    at = f"{place}.{name}"
    written = WRITTEN.get(at) or WRITTEN.get(name) or WRITTEN.get(named.name)
    if written is not None:
        return literal(written) if named.name in QUOTED else written
    if isinstance(named, GraphQLEnumType):
        return "STREET" if "STREET" in named.values else next(iter(named.values))
    if name in CURSORS and isinstance(returned, GraphQLObjectType):
        return literal(samples.first(_cursor(returned), TEXTS))
    hint = HINTS.get(at) or HINTS.get(name)
    return literal(samples.first(hint or "", IDS if named.name == "ID" else TEXTS))


def composed(samples: Samples, named: GraphQLInputObjectType, given: Mapping[str, str]) -> str:
    """An input object with what it requires, and `given`, as GraphQL writes them."""
    choice = ONE_OF.get(named.name, ())
    chosen = () if set(choice) & set(given) else choice[:1]
    chosen += ALSO.get(named.name, ())
    parts = {
        name: own(samples, named.name, name, item)
        for name, item in named.fields.items()
        if is_required_input_field(item) or name in chosen
    }
    return "{" + ", ".join(f"{name}: {value}" for name, value in {**parts, **given}.items()) + "}"


def _listed(type_: GraphQLInputType, value: str) -> str:
    return f"[{value}]" if is_list_type(get_nullable_type(type_)) else value


def foreign(others: list[Samples], named: Any, name: str, returned: Any) -> Iterator[str]:
    """Values of other tenants that fit an argument, as GraphQL writes them; whose goes round."""
    if named.name not in ("ID", "String"):
        return
    for at, place in enumerate(_places(others, named.name, name, returned)):
        holders = [other for other in others if other.values.get(place)]
        yield literal(holders[at % len(holders)].values[place][0])


def _places(others: list[Samples], type_: str, name: str, returned: Any) -> list[str]:
    known = sorted({place for other in others for place in other.values if other.values[place]})
    if name in CURSORS:
        return [place for place in known if place in (_cursor(returned), IDS)]
    if type_ == "ID":
        return [place for place in known if place.partition(".")[2] in KEYS]
    return [place for place in known if place in TRIED | {HINTS.get(name)}]


def _cursor(returned: Any) -> str:
    """Where the cursors of a connection are shown."""
    return f"{get_named_type(returned.fields['edges'].type).name}.cursor"


def variants(
    samples: Samples, others: list[Samples], place: str, name: str, given: Input, returned: Any
) -> Iterator[tuple[str, str]]:
    """Labels and values of an argument: one's own, then others'; of an input, field by field."""
    named = get_named_type(given.type)
    if isinstance(named, GraphQLInputObjectType):
        yield from _of_input(samples, others, named, given)
        return
    yield name, own(samples, place, name, given, returned)
    if isinstance(named, GraphQLEnumType) and is_list_type(get_nullable_type(given.type)):
        for value in named.values:
            yield f"{name} {value}", f"[{value}]"
    for value in foreign(others, named, name, returned):
        yield f"{name} {FOREIGN}", _listed(given.type, value)


def _of_input(
    samples: Samples, others: list[Samples], named: GraphQLInputObjectType, given: Input
) -> Iterator[tuple[str, str]]:
    yield named.name, _listed(given.type, composed(samples, named, {}))
    for name, item in named.fields.items():
        for label, value in variants(samples, others, named.name, name, item, None):
            whole = composed(samples, named, {name: value})
            yield f"{named.name}.{label}", _listed(given.type, whole)


def required(samples: Samples, place: str, field_: Any) -> dict[str, str]:
    """The arguments that a field cannot do without."""
    returned = get_named_type(field_.type)
    return {
        name: own(samples, place, name, argument, returned)
        for name, argument in field_.args.items()
        if is_required_argument(argument)
    }
