"""Other slices' GraphQL types, named without importing them: slices never import each other."""

# mypy: disable-error-code="name-defined"
# ruff: noqa: F821
from typing import Annotated

import strawberry

City = Annotated["CityType", strawberry.lazy("schema.cities.types")]
Province = Annotated["ProvinceType", strawberry.lazy("schema.provinces.types")]
Level = Annotated["LevelType", strawberry.lazy("schema.hierarchies.types")]
PostKind = Annotated["PostKindType", strawberry.lazy("schema.hierarchies.types")]
Organization = Annotated["OrganizationType", strawberry.lazy("schema.organizations.types")]
Organizations = Annotated["OrganizationConnection", strawberry.lazy("schema.organizations.types")]
OrganizationStatistics = Annotated[
    "OrganizationStatisticsType", strawberry.lazy("schema.organizations.statistics")
]
LevelCount = Annotated["LevelCountType", strawberry.lazy("schema.organizations.types")]
Catalogue = Annotated["ServiceCatalogueType", strawberry.lazy("schema.services.types")]
Workflow = Annotated["WorkflowType", strawberry.lazy("schema.services.types")]
ServiceDomain = Annotated["ServiceDomainType", strawberry.lazy("schema.services.types")]
WorkflowState = Annotated["WorkflowStateType", strawberry.lazy("schema.services.types")]
WorkflowAction = Annotated["WorkflowActionType", strawberry.lazy("schema.services.types")]
Service = Annotated["ServiceType", strawberry.lazy("schema.services.types")]
Issue = Annotated["IssueType", strawberry.lazy("schema.issues.types")]
Issues = Annotated["IssueConnection", strawberry.lazy("schema.issues.types")]
IssueStatistics = Annotated["IssueStatisticsType", strawberry.lazy("schema.issues.statistics")]
Note = Annotated["NoteType", strawberry.lazy("schema.issues.types")]
Figures = Annotated["FigureConnection", strawberry.lazy("schema.figures.types")]
TenantDefinition = Annotated["TenantDefinitionType", strawberry.lazy("schema.definitions.types")]
Person = Annotated["PersonType", strawberry.lazy("schema.people.types")]
Post = Annotated["PostType", strawberry.lazy("schema.people.types")]
Posts = Annotated["PostConnection", strawberry.lazy("schema.people.types")]
People = Annotated["PersonConnection", strawberry.lazy("schema.people.types")]
Staffing = Annotated["StaffingType", strawberry.lazy("schema.staffing.types")]
StaffingTotal = Annotated["StaffingTotalType", strawberry.lazy("schema.staffing.types")]
StaffingGaps = Annotated["StaffingGapConnection", strawberry.lazy("schema.staffing.types")]
Events = Annotated["EventConnection", strawberry.lazy("schema.timelines.types")]
Cooperative = Annotated["CooperativeType", strawberry.lazy("schema.cooperatives.types")]
Cooperatives = Annotated["CooperativeConnection", strawberry.lazy("schema.cooperatives.types")]
Household = Annotated["HouseholdType", strawberry.lazy("schema.cooperatives.households")]
Households = Annotated["HouseholdConnection", strawberry.lazy("schema.cooperatives.households")]
AnnualResult = Annotated["AnnualResultType", strawberry.lazy("schema.cooperatives.types")]
Memberships = Annotated["MembershipConnection", strawberry.lazy("schema.cooperatives.memberships")]
Cooperation = Annotated["CooperationType", strawberry.lazy("schema.cooperatives.declared")]
Industry = Annotated["IndustryType", strawberry.lazy("schema.cooperatives.declared")]
Dimension = Annotated["DimensionType", strawberry.lazy("schema.cooperatives.declared")]
AllianceKind = Annotated["AllianceKindType", strawberry.lazy("schema.cooperatives.declared")]
JointWay = Annotated["JointWayType", strawberry.lazy("schema.cooperatives.declared")]
CooperativeStatistics = Annotated[
    "CooperativeStatisticsType", strawberry.lazy("schema.cooperatives.statistics")
]
Enterprise = Annotated["EnterpriseType", strawberry.lazy("schema.market.types")]
Enterprises = Annotated["EnterpriseConnection", strawberry.lazy("schema.market.types")]
Posting = Annotated["PostingType", strawberry.lazy("schema.market.types")]
Postings = Annotated["PostingConnection", strawberry.lazy("schema.market.types")]
Deal = Annotated["DealType", strawberry.lazy("schema.market.types")]
Deals = Annotated["DealConnection", strawberry.lazy("schema.market.types")]
MatchingEvent = Annotated["MatchingEventType", strawberry.lazy("schema.market.types")]
MatchingEvents = Annotated["MatchingEventConnection", strawberry.lazy("schema.market.types")]
AssetTrade = Annotated["AssetTradeType", strawberry.lazy("schema.market.villages")]
AssetTrades = Annotated["AssetTradeConnection", strawberry.lazy("schema.market.villages")]
WeakVillage = Annotated["WeakVillageType", strawberry.lazy("schema.market.villages")]
WeakVillages = Annotated["WeakVillageConnection", strawberry.lazy("schema.market.villages")]
Agreement = Annotated["AgreementType", strawberry.lazy("schema.agreements.types")]
Agreements = Annotated["AgreementConnection", strawberry.lazy("schema.agreements.types")]
AgreementParty = Annotated["AgreementPartyType", strawberry.lazy("schema.agreements.party_types")]
AgreementStatistics = Annotated[
    "AgreementStatisticsType", strawberry.lazy("schema.agreements.statistics")
]
