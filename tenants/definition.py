"""What one tenant is: its effective definition, after inheritance, as the server reads it."""

import datetime
import re
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, StrictBool
from pydantic_core import PydanticCustomError

from tenants.catalogue import Category, Service, with_defaults
from tenants.cooperation import (
    AllianceKind,
    Cooperation,
    CooperativeRules,
    Dimension,
    Industry,
    JointWay,
)
from tenants.hierarchy import Hierarchy, Level, Rung
from tenants.posts import PostKind
from tenants.provenance import Declared, Stated
from tenants.workflow import Phase, Workflow

CODE = r"^[0-9]{6}$"
SLUG = r"^[a-z][a-z0-9-]{1,30}$"
ABBREVIATION = r"^[A-Z]{2,4}$"
ORGANIZATION_CODE = r"^[0-9A-Z][0-9A-Z-]{1,119}$"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: object) -> object:
    """A day as YAML or JSON writes it: pydantic would also take seconds since 1970."""
    is_day = type(value) is datetime.date or (isinstance(value, str) and DAY.fullmatch(value))
    if not is_day:
        raise PydanticCustomError("day", "a day as YYYY-MM-DD")
    return value


Day = Annotated[datetime.date, BeforeValidator(_day)]


class TenantKind(StrEnum):
    """A tenant is a city or a province."""

    CITY = "CITY"
    PROVINCE = "PROVINCE"


class DataKind(StrEnum):
    """Three kinds of data that are never mixed."""

    REAL = "REAL"
    REPORTED = "REPORTED"
    GENERATED = "GENERATED"


class FormerName(Stated):
    """A name that an organization had until a day."""

    name: str = Field(min_length=1, description="原名称 | the former name")
    until: Day = Field(description="使用至(不含)| first day on which it was not its name")


class DeclaredOrganization(Stated):
    """An organization that the file names, or what it adds to a statistical division."""

    code: str = Field(pattern=ORGANIZATION_CODE, description="组织编码 | code")
    name: str | None = Field(None, description="名称 | name; required for a new one")
    level: str | None = Field(None, description="层级键 | level; required for a new one")
    parent: str | None = Field(None, description="上级组织编码 | code of the parent")
    valid_from: Day | None = Field(None, description="生效日期 | first day")
    valid_to: Day | None = Field(None, description="失效日期(不含)| first day without it")
    successors: list[str] = Field(default_factory=list, description="继任组织编码 | successors")
    former_names: list[FormerName] = Field(
        default_factory=list, description="曾用名 | former names"
    )


class GeneratedUnder(Declared):
    """Which organizations the generated ones are spread over, evenly, in order of code."""

    level: str = Field(description="上级层级键 | level of the parents")
    within: list[str] = Field(
        default_factory=list, description="限于这些组织 | only in these subtrees"
    )


class GeneratedOrganizations(Stated):
    """Organizations of which only the number is known: made one by one, flagged GENERATED."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="键 | key")
    level: str = Field(description="层级键 | their level")
    count: int | None = Field(
        None, ge=1, le=100_000, strict=True, description="总数 | how many in all"
    )
    each: int | None = Field(
        None, ge=1, le=100, strict=True, description="每个上级几个 | how many a parent"
    )
    under: GeneratedUnder = Field(description="分布于 | where they stand")
    name: str = Field(
        pattern=r"^([^{}]|\{parent\}|\{n\})+$",
        description="名称模板 | name; {parent} and {n} are filled in",
    )
    suffix: str = Field(pattern=r"^[A-Z]{1,4}$", description="编码后缀 | letters for the code")
    valid_from: Day | None = Field(None, description="生效日期 | first day")
    valid_to: Day | None = Field(None, description="失效日期(不含)| first day without")
    merged_into: str | None = Field(None, description="并入 | key of those that succeed them")


class ServiceDomain(Stated):
    """A word of the province's shared vocabulary that cities' services map to."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="领域键 | key")
    name: str = Field(min_length=1, description="领域名称 | name")


class RungName(Stated):
    """The province's name of a rung."""

    rung: Rung = Field(description="可比层级 | rung")
    name: str = Field(min_length=1, description="名称 | name")


class PhaseName(Stated):
    """The province's name of a phase."""

    phase: Phase = Field(description="阶段 | phase")
    name: str = Field(min_length=1, description="名称 | name")


class Shared(Declared):
    """What both a city and a province may declare, and what a city inherits."""

    levels: list[Level] = Field(default_factory=list, description="层级 | levels")
    posts: list[PostKind] = Field(default_factory=list, description="岗位种类 | kinds of posts")
    workflows: list[Workflow] = Field(default_factory=list, description="办理流程 | workflows")
    categories: list[Category] = Field(default_factory=list, description="服务目录 | catalogue")


class TenantBody(Shared):
    """The parts that cities and provinces have in common."""

    code: str = Field(pattern=CODE, description="六位区划代码 | six digits, GB/T 2260")
    slug: str = Field(pattern=SLUG, description="网址名 | name in addresses, e.g. fushun")
    name: str = Field(min_length=1, description="名称 | full name, e.g. 抚顺市")
    note: str | None = Field(None, description="说明 | a remark for people who read the file")
    organizations: list[DeclaredOrganization] = Field(
        default_factory=list, description="文件载明的组织 | organizations that the file names"
    )
    generated: list[GeneratedOrganizations] = Field(
        default_factory=list, description="按数量生成的组织 | generated organizations"
    )


class Province(TenantBody):
    """A province: its bodies, the shared vocabulary, and (as `defaults`) what cities inherit."""

    rungs: list[RungName] = Field(default_factory=list, description="可比层级名 | names of rungs")
    phases: list[PhaseName] = Field(default_factory=list, description="阶段名 | names of phases")
    domains: list[ServiceDomain] = Field(
        default_factory=list, description="服务领域 | service domains"
    )
    industries: list[Industry] = Field(default_factory=list, description="产业 | industries")
    dimensions: list[Dimension] = Field(
        default_factory=list, description="联建维度 | dimensions of pairing agreements"
    )
    defaults: Shared = Field(default=Shared(), description="各市继承 | what cities inherit")


class Inherit(Declared):
    """Which of the province's defaults a city takes: all, none, or those named by key."""

    levels: StrictBool | list[str] = Field(True, description="继承的层级 | levels")
    posts: StrictBool | list[str] = Field(True, description="继承的岗位种类 | kinds of posts")
    workflows: StrictBool | list[str] = Field(True, description="继承的流程 | workflows")
    categories: StrictBool | list[str] = Field(True, description="继承的类别 | categories")


class City(TenantBody):
    """A city, after inheritance."""

    province: str = Field(pattern=CODE, description="省份代码 | code of the province")
    abbreviation: str | None = Field(
        None,
        pattern=ABBREVIATION,
        description="事项编号前缀,如 FS | what numbers of its issues begin with, e.g. FS",
    )
    inherit: Inherit = Field(default=Inherit(), description="继承 | what it inherits")
    cooperatives: CooperativeRules = Field(
        default=CooperativeRules(assumed=True),
        description="合作社台账 | its books on cooperatives",
    )
    alliances: list[AllianceKind] = Field(
        default_factory=list, description="党建联盟的种类 | kinds of alliances"
    )
    ways: list[JointWay] = Field(
        default_factory=list, description="联动方式(五联)| ways of working together"
    )


class DefinitionValue(NamedTuple):
    """One effective value: where it is, what it is, which file set it, what supports it."""

    path: str
    value: str
    file: str
    source: str | None
    assumed: bool


class Definition:
    """A tenant's effective definition at one version; immutable, shared by all operations.

    `tenant_id` is the six-digit code as the integer that every row carries.
    """

    def __init__(
        self,
        tenant: City | Province,
        values: tuple[DefinitionValue, ...],
        version: int = 0,
        applied_at: datetime.datetime | None = None,
        workflow_versions: dict[str, int] | None = None,
        old_workflows: dict[tuple[str, int], Workflow] | None = None,
        old_services: dict[str, tuple[Category, Service]] | None = None,
    ) -> None:
        self.tenant = tenant
        self.tenant_id = int(tenant.code)
        self.values = values
        self.version = version
        self.applied_at = applied_at
        self.workflow_versions = workflow_versions or {}
        self.old_workflows = old_workflows or {}
        self.old_services = old_services or {}

    @property
    def kind(self) -> TenantKind:
        """City or province."""
        return TenantKind.CITY if isinstance(self.tenant, City) else TenantKind.PROVINCE

    @property
    def issue_prefix(self) -> str:
        """What numbers of issues begin with: its abbreviation, or the slug's first two letters."""
        own = self.tenant.abbreviation if isinstance(self.tenant, City) else None
        letters = re.sub("[^a-z]", "", self.tenant.slug).upper()
        return own or f"{letters}X"[:2]

    @cached_property
    def content(self) -> dict[str, Any]:
        """The definition as JSON; `City` or `Province` reads it back."""
        return self.tenant.model_dump(mode="json", by_alias=True)

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """The levels, ordered."""
        return Hierarchy(self.tenant.levels)

    @cached_property
    def posts(self) -> dict[str, PostKind]:
        """Kinds of posts by key, with those that only a staffing rule names.

        Files are refused where a rule names an undeclared kind, but a definition that was applied
        before kinds were declared has its rules alone.
        """
        ruled = {
            rule.post: PostKind(key=rule.post, name=rule.name or rule.post, assumed=True)
            for level in self.tenant.levels
            for rule in level.staffing
        }
        declared = {kind.key: kind for kind in self.tenant.posts}
        return declared | {key: kind for key, kind in ruled.items() if key not in declared}

    @cached_property
    def workflows(self) -> dict[str, Workflow]:
        """Workflows by key."""
        return {workflow.key: workflow for workflow in self.tenant.workflows}

    def workflow(self, key: str, version: int) -> Workflow:
        """A workflow at one of its own versions, however old.

        Errors: `KeyError` for a version that never was.
        """
        if self.workflow_versions.get(key, 1) == version and key in self.workflows:
            return self.workflows[key]
        return self.old_workflows[key, version]

    def newest_workflow(self, key: str) -> tuple[Workflow, int] | None:
        """A workflow and its version: the one in force, or the last where it is gone."""
        version = self.workflow_versions.get(key, 1)
        found = self.workflows.get(key) or self.old_workflows.get((key, version))
        return None if found is None else (found, version)

    @cached_property
    def services(self) -> dict[str, tuple[Category, Service]]:
        """Services by code, each with its category's defaults filled in."""
        return {
            service.code: (category, with_defaults(category, service))
            for category in self.tenant.categories
            for service in category.services
        }

    def service(self, code: str) -> tuple[Category, Service] | None:
        """A service as it is in force, or as it last was; None for one that never was."""
        return self.services.get(code) or self.old_services.get(code)

    @cached_property
    def cooperation(self) -> Cooperation:
        """What the tenant says of cooperatives and alliances; of a province nothing."""
        tenant = self.tenant
        if not isinstance(tenant, City):
            return Cooperation()
        return Cooperation(
            cooperatives=tenant.cooperatives, alliances=tenant.alliances, ways=tenant.ways
        )

    @cached_property
    def catch_all(self) -> tuple[Category, Service] | None:
        """The service for whatever no other one names; None where the catalogue has none."""
        return next((item for item in self.services.values() if item[1].catch_all), None)
