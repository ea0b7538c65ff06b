"""A tenant's service catalogue: categories, services, guides and questions."""

from enum import StrEnum

from pydantic import Field

from tenants.provenance import Declared, Stated
from tenants.roles import Role
from tenants.workflow import TimeLimit


class QuestionKind(StrEnum):
    """Types of the answers that a service asks for."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    DATE = "DATE"
    BOOLEAN = "BOOLEAN"
    CHOICE = "CHOICE"
    PHOTO = "PHOTO"


class ServiceQuestion(Declared):
    """A typed question to whoever asks for the service."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="问题键 | key")
    label: str = Field(min_length=1, description="问题 | the question as shown")
    kind: QuestionKind = Field(QuestionKind.TEXT, description="类型 | type of the answer")
    required: bool = Field(False, strict=True, description="必答 | whether an answer is required")
    choices: list[str] = Field(default_factory=list, description="选项 | choices of a CHOICE")


class ServiceGuide(Stated):
    """The guide of a service (办事指南)."""

    unit: str | None = Field(None, description="办理单位 | handling unit")
    manner: str | None = Field(None, description="办理方式 | manner")
    path: str | None = Field(None, description="办理路径 | path")
    materials: list[str] = Field(default_factory=list, description="所需材料 | materials")


class ServiceDefaults(Stated):
    """What a category may set for all of its services; a service's own value wins."""

    workflow: str | None = Field(None, description="流程键 | key of the workflow")
    time_limit: TimeLimit | None = Field(None, description="办理时限 | time limit")
    handled_by: str | None = Field(
        None, description="办理层级键 | key of the level that handles it"
    )
    department: str | None = Field(None, description="办理部门 | department that handles it")
    audience: list[Role] = Field(default_factory=list, description="可申请者 | who may ask")
    priority_groups: list[str] = Field(
        default_factory=list, description="重点服务对象 | priority groups"
    )
    domain: str | None = Field(None, description="省级服务领域键 | provincial service domain")


class Service(ServiceDefaults):
    """One thing that a resident, an enterprise or a grid worker may ask for."""

    code: str = Field(pattern=r"^[A-Z0-9][A-Z0-9-]*$", description="事项编码 | code")
    name: str = Field(min_length=1, description="事项名称 | name")
    catch_all: bool = Field(
        False,
        strict=True,
        description="未选事项的诉求归于此项 | whether it is for whatever no other service names",
    )
    guide: ServiceGuide | None = Field(None, description="办事指南 | guide")
    questions: list[ServiceQuestion] = Field(default_factory=list, description="提问 | questions")


class Category(ServiceDefaults):
    """A named group of services."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="类别键 | key")
    name: str = Field(min_length=1, description="类别名称 | name")
    services: list[Service] = Field(default_factory=list, description="事项 | services")


def with_defaults(category: Category, service: Service) -> Service:
    """`service` with what its category sets and it does not."""
    missing = {
        name: getattr(category, name)
        for name in ServiceDefaults.model_fields
        if name not in Stated.model_fields and getattr(service, name) in (None, [])
    }
    return service.model_copy(update=missing)
