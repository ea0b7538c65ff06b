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
LevelCount = Annotated["LevelCountType", strawberry.lazy("schema.organizations.types")]
Catalogue = Annotated["ServiceCatalogueType", strawberry.lazy("schema.services.types")]
Workflow = Annotated["WorkflowType", strawberry.lazy("schema.services.types")]
ServiceDomain = Annotated["ServiceDomainType", strawberry.lazy("schema.services.types")]
WorkflowState = Annotated["WorkflowStateType", strawberry.lazy("schema.services.types")]
WorkflowAction = Annotated["WorkflowActionType", strawberry.lazy("schema.services.types")]
Service = Annotated["ServiceType", strawberry.lazy("schema.services.types")]
Issue = Annotated["IssueType", strawberry.lazy("schema.issues.types")]
Issues = Annotated["IssueConnection", strawberry.lazy("schema.issues.types")]
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
