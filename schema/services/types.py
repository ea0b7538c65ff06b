"""The service catalogue and the workflows behind it."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from schema import refs
from schema.connections import (
    After,
    First,
    PageInfo,
    edge_cursor,
    edge_node,
    edges,
    nodes,
    page_info,
)
from schema.context import Context
from schema.fields import derived
from schema.ids import GlobalId
from schema.names import search_name
from schema.node import Node, kind_of
from schema.paging import Slice, cursor, window
from schema.sources import (
    ActionSource,
    CatalogueSource,
    CategorySource,
    LevelSource,
    ServiceSource,
    StateSource,
    WorkflowSource,
    supported,
)
from tenants.catalogue import QuestionKind, with_defaults
from tenants.definition import ServiceDomain
from tenants.roles import Role
from tenants.workflow import ActionNeed, Effect, Phase, Severity, TimeUnit, needs


@strawberry.type(name="TimeLimit", description="时限 | An amount of time.")
class TimeLimitType:
    """Of a `TimeLimit`."""

    amount: int = derived(lambda root: root.amount, "数量 | amount")
    unit: TimeUnit = derived(lambda root: root.unit, "单位 | unit")


@strawberry.type(
    name="WorkflowState", description="状态:城市自己的名称与固定阶段。 | A state of a workflow."
)
class WorkflowStateType:
    """Of a `StateSource`."""

    key: str = derived(lambda root: root.state.key, "状态键 | key")
    name: str = derived(lambda root: root.state.name, "状态名称 | the city's own name")
    phase: Phase = derived(lambda root: root.state.phase, "阶段 | what it means everywhere")
    time_limit: TimeLimitType | None = derived(
        lambda root: root.state.time_limit, "本状态时限 | time limit of the state"
    )
    assumed: bool = derived(
        lambda root: supported(root.state, root.workflow)[1], "是否为假定 | whether assumed"
    )
    source: str | None = derived(
        lambda root: supported(root.state, root.workflow)[0], "出处文件 | source document"
    )


def _from_states(root: ActionSource) -> list[StateSource]:
    states = {state.key: state for state in root.workflow.states}
    return [StateSource(root.workflow, states[key]) for key in root.action.from_]


def _to_state(root: ActionSource) -> StateSource:
    states = {state.key: state for state in root.workflow.states}
    return StateSource(root.workflow, states[root.action.to])


@strawberry.type(
    name="WorkflowAction", description="办理动作:谁可以做、需要什么。 | A step of a workflow."
)
class WorkflowActionType:
    """Of an `ActionSource`."""

    key: str = derived(lambda root: root.action.key, "动作键 | key")
    name: str = derived(lambda root: root.action.name, "动作名称,如“受理” | its verb")
    from_: list[WorkflowStateType] = derived(
        _from_states, "起始状态 | from these states", name="from"
    )
    to: WorkflowStateType = derived(_to_state, "到达状态 | to this state")
    by: list[Role] = derived(lambda root: root.action.by, "可由谁办理 | roles that may do it")
    needs: list[ActionNeed] = derived(
        lambda root: list(needs(root.action)), "需要提供的内容 | what it needs"
    )
    effect: Effect | None = derived(lambda root: root.action.effect, "效果 | what else it does")
    severities: list[Severity] = derived(
        lambda root: root.action.severities,
        "限于这些难度,空为不限 | only for issues of these severities; empty = all",
    )
    levels: list[str] = derived(
        lambda root: root.action.levels,
        "上报到这些层级(键),空为依流程 | keys of the levels that it goes up to; "
        "empty = the workflow's",
    )
    assumed: bool = derived(
        lambda root: supported(root.action, root.workflow)[1], "是否为假定 | whether assumed"
    )
    source: str | None = derived(
        lambda root: supported(root.action, root.workflow)[0], "出处文件 | source document"
    )


@strawberry.type(
    name="WorkflowRules",
    description="办理规则:次数、天数、逾期时怎么办。 | How often and how long things may be done.",
)
class WorkflowRulesType:
    """Of a `WorkflowRules`."""

    open_claims: int | None = derived(
        lambda root: root.open_claims,
        "每人同时抢单上限,空为不限 | open claims a person at most; null = any number",
    )
    reopen_days: int = derived(
        lambda root: root.reopen_days, "可重办天数 | days in which it may be reopened"
    )
    pauses: int = derived(lambda root: root.pauses, "可挂起次数 | how many pauses")
    extensions: int = derived(lambda root: root.extensions, "可延期次数 | how many extensions")
    due_soon: int = derived(
        lambda root: root.due_soon,
        "余时不足百分之几为临期 | percent of the limit left when it is due soon",
    )
    follow_up_days: int = derived(
        lambda root: root.follow_up_days,
        "几天未评价即回访 | days without a rating until somebody asks after it",
    )
    overdue: str | None = derived(
        lambda root: root.overdue,
        "逾期时自动执行的动作(键)| key of the action that is carried out when overdue",
    )


def _states(root: WorkflowSource) -> list[StateSource]:
    return [StateSource(root.workflow, state) for state in root.workflow.states]


def _actions(root: WorkflowSource) -> list[ActionSource]:
    return [ActionSource(root.workflow, action) for action in root.workflow.actions]


def _workflow_version(root: WorkflowSource) -> int:
    return root.version


@strawberry.type(
    name="Workflow", description="办理流程:状态与动作。 | How a city handles an issue, as data."
)
class WorkflowType:
    """Of a `WorkflowSource`."""

    key: str = derived(lambda root: root.workflow.key, "流程键 | key")
    name: str = derived(lambda root: root.workflow.name, "流程名称 | name")
    version: int = derived(_workflow_version, "版本,内容变化时递增 | version of its content")
    states: list[WorkflowStateType] = derived(_states, "状态,首个为起点 | states; first = start")
    actions: list[WorkflowActionType] = derived(_actions, "动作 | actions")
    levels: list[str] = derived(
        lambda root: root.workflow.levels,
        "可办理的层级(键),空为各级 | keys of the levels that may handle it; empty = every level",
    )
    rules: WorkflowRulesType = derived(lambda root: root.workflow.rules, "规则 | rules")
    source: str | None = derived(lambda root: root.workflow.source, "出处文件 | source document")
    assumed: bool = derived(
        lambda root: root.workflow.is_assumed, "整项是否为假定 | whether assumed as a whole"
    )
    assumed_keys: list[str] = derived(
        lambda root: list(root.workflow.assumed_keys),
        "其中属于假定的键 | keys that are assumptions in a stated workflow",
    )


@strawberry.type(name="ServiceGuide", description="办事指南 | The guide of a service.")
class ServiceGuideType:
    """Of a `ServiceGuide`."""

    unit: str | None = derived(lambda root: root.unit, "办理单位 | handling unit")
    manner: str | None = derived(lambda root: root.manner, "办理方式 | manner")
    path: str | None = derived(lambda root: root.path, "办理路径 | path")
    materials: list[str] = derived(lambda root: root.materials, "所需材料 | materials")
    assumed: bool = derived(lambda root: root.is_assumed, "是否为假定 | whether assumed")
    source: str | None = derived(lambda root: root.source, "出处文件 | source document")


@strawberry.type(name="ServiceQuestion", description="申请时的提问 | A typed question.")
class ServiceQuestionType:
    """Of a `ServiceQuestion`."""

    key: str = derived(lambda root: root.key, "问题键 | key")
    label: str = derived(lambda root: root.label, "问题 | the question as shown")
    kind: QuestionKind = derived(lambda root: root.kind, "答案类型 | type of the answer")
    required: bool = derived(lambda root: root.required, "是否必答 | whether required")
    choices: list[str] = derived(lambda root: root.choices, "选项 | choices")


@strawberry.type(
    name="ServiceDomain",
    description="省级服务领域:各市事项对照于此。 | A word of the province's shared vocabulary.",
)
class ServiceDomainType:
    """Of a `ServiceDomain`."""

    key: str = derived(lambda root: root.key, "领域键 | key")
    name: str = derived(lambda root: root.name, "领域名称 | name")
    assumed: bool = derived(lambda root: root.is_assumed, "是否为假定 | whether assumed")
    source: str | None = derived(lambda root: root.source, "出处文件 | source document")


def _service_id(root: ServiceSource) -> strawberry.ID:
    return strawberry.ID(str(GlobalId("Service", root.definition.tenant_id, root.service.code)))


def _category_of(root: ServiceSource) -> CategorySource:
    return CategorySource(root.definition, root.category)


def _workflow_of(root: ServiceSource) -> WorkflowSource:
    assert root.service.workflow is not None  # checked when the file was loaded
    found = root.definition.newest_workflow(root.service.workflow)
    assert found is not None  # versions are kept for ever, those of services that are gone too
    return WorkflowSource(root.definition, *found)


def _handled_by(root: ServiceSource) -> LevelSource | None:
    key, hierarchy = root.service.handled_by, root.definition.hierarchy
    if key is None or key not in hierarchy:  # a service that is gone may name a level that is
        return None
    return LevelSource(root.definition, hierarchy[key])


def _domain(root: ServiceSource, context: Context) -> ServiceDomain | None:
    domains = context.registry.vocabulary(root.definition).domains
    return next((domain for domain in domains if domain.key == root.service.domain), None)


@strawberry.type(
    name="Service", description="服务事项 | One thing that a resident or enterprise may ask for."
)
class ServiceType(Node):
    """Of a `ServiceSource`."""

    is_type_of = kind_of(ServiceSource)

    id: strawberry.ID = derived(_service_id, "全局编号 | global id")
    code: str = derived(lambda root: root.service.code, "事项编码 | code")
    name: str = derived(lambda root: root.service.name, "事项名称 | name")
    category: "ServiceCategoryType" = derived(_category_of, "所属类别 | category")
    workflow: WorkflowType = derived(_workflow_of, "办理流程 | workflow")
    time_limit: TimeLimitType | None = derived(
        lambda root: root.service.time_limit, "办理时限 | time limit"
    )
    handled_by: refs.Level | None = derived(_handled_by, "办理层级 | level that handles it")
    department: str | None = derived(
        lambda root: root.service.department, "办理部门 | department that handles it"
    )
    audience: list[Role] = derived(lambda root: root.service.audience, "可申请者 | who may ask")
    catch_all: bool = derived(
        lambda root: root.service.catch_all,
        "未选事项的诉求是否归于此项 | whether it is for whatever no other service names",
    )
    guide: ServiceGuideType | None = derived(lambda root: root.service.guide, "办事指南 | guide")
    questions: list[ServiceQuestionType] = derived(
        lambda root: root.service.questions, "提问 | questions"
    )
    priority_groups: list[str] = derived(
        lambda root: root.service.priority_groups, "重点服务对象 | priority groups"
    )
    domain: ServiceDomainType | None = derived(
        _domain, "省级服务领域,空为未对照 | provincial domain; null = not mapped"
    )
    assumed: bool = derived(
        lambda root: supported(root.service, root.category)[1],
        "整项是否为假定 | whether assumed as a whole",
    )
    assumed_keys: list[str] = derived(
        lambda root: list(root.service.assumed_keys),
        "其中属于假定的键 | keys that are assumptions in a stated service",
    )
    source: str | None = derived(
        lambda root: supported(root.service, root.category)[0], "出处文件 | source document"
    )


def _services(root: CategorySource) -> list[ServiceSource]:
    return [
        ServiceSource(root.definition, root.category, with_defaults(root.category, service))
        for service in root.category.services
    ]


@strawberry.type(name="ServiceCategory", description="事项类别 | A group of services.")
class ServiceCategoryType:
    """Of a `CategorySource`."""

    key: str = derived(lambda root: root.category.key, "类别键 | key")
    name: str = derived(lambda root: root.category.name, "类别名称 | name")
    services: list[ServiceType] = derived(_services, "事项 | services")
    assumed: bool = derived(lambda root: root.category.is_assumed, "是否为假定 | whether assumed")
    source: str | None = derived(lambda root: root.category.source, "出处文件 | source document")


@strawberry.type(name="ServiceEdge", description="事项的边 | An edge of services.")
class ServiceEdge:
    """Of a cursor and a `ServiceSource`."""

    cursor: str = edge_cursor()
    node: ServiceType = edge_node()


@strawberry.type(name="ServiceConnection", description="事项分页 | A page of services.")
class ServiceConnection:
    """Of a `Slice`."""

    edges: list[ServiceEdge] = edges()
    nodes: list[ServiceType] = nodes()
    page_info: PageInfo = page_info()
    total_count: int = derived(lambda root: root.key, "总数 | how many in all")


def _categories(root: CatalogueSource) -> list[CategorySource]:
    return [CategorySource(root.definition, item) for item in root.definition.tenant.categories]


@dataclass(frozen=True)
class ServicesArguments:
    """Arguments of `ServiceCatalogue.services`."""

    search: Annotated[
        str | None,
        strawberry.argument(description="名称的一部分或编码 | part of a name, or a code"),
    ] = None
    first: First = None
    after: After = None


class _Page(Slice):
    """A page of services, which are no rows."""

    __slots__ = ()

    def cursor_of(self, row: ServiceSource) -> str:
        """Its code."""
        return cursor([row.service.code])


def _services_page(root: CatalogueSource, arguments: ServicesArguments) -> Slice:
    """A page of services in order of code; `key` of the slice is how many there are in all."""
    wanted = window(arguments.first, arguments.after, width=1)
    text = search_name(arguments.search or "")
    found = [
        ServiceSource(root.definition, category, service)
        for code, (category, service) in sorted(root.definition.services.items())
        if text in search_name(service.name) or text == code.lower()
    ]
    position = wanted.position[0] if wanted.position else ""
    rest = [item for item in found if item.service.code > position]
    rows = rest[: wanted.limit]
    return _Page(rows, len(rest) > len(rows), len(rest) < len(found), ("code",), key=len(found))


@strawberry.type(name="ServiceCatalogue", description="服务目录 | A city's service catalogue.")
class ServiceCatalogueType:
    """Of a `CatalogueSource`."""

    categories: list[ServiceCategoryType] = derived(_categories, "类别 | categories")
    service_count: int = derived(
        lambda root: len(root.definition.services), "事项总数 | number of services"
    )

    services: ServiceConnection = derived(
        _services_page,
        "事项分页,可按名称搜索 | a page of services, searched by name",
        arguments=ServicesArguments,
    )
