"""Lists of issues: the filters and orders that clients give, and how they become a loader's."""

import datetime
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import strawberry

from schema.access import Permission
from schema.actor import Actor, Grant
from schema.arguments import organization_ref
from schema.connections import After, Before, First, Last
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.ids import parse_id
from schema.issue_reach import issue_reach
from schema.loaders.issue_filter import EVERY, Claimable, IssueFilters, Unrated
from schema.loaders.issue_order import GROUPS, IssueOrder
from schema.loaders.issue_page import IssuePage, TotalOfIssues
from schema.loaders.organization import OrganizationRef
from schema.paging import Window, checked_id, cursor, malformed_cursor, window
from schema.words import LONGEST, runs, sought
from tenants.channel import Channel
from tenants.deadline import DeadlineStatus
from tenants.definition import Definition
from tenants.workflow import Effect, Phase, Severity, Workflow


def _filter(description: str) -> Any:
    return strawberry.field(default=None, description=description)


@strawberry.input(
    name="IssueFilter",
    description="事项筛选:各项同时满足。 | Which issues a list has: all that is given holds.",
)
class IssueFilter:
    """What a client asks a list for."""

    phase: Phase | None = _filter("阶段 | phase")
    state: str | None = _filter("本市的状态键 | key of one of the city's states")
    service: strawberry.ID | None = _filter("服务事项(编码或全局编号)| service (code or id)")
    domain: str | None = _filter(
        "省级服务领域键:归入该领域的各服务事项 | key of a provincial service domain: all services "
        "that map to it"
    )
    severity: Severity | None = _filter("难度 | severity")
    channel: Channel | None = _filter("上报渠道 | channel")
    organization: strawberry.ID | None = _filter(
        "现在位于此组织或其下级(组织编码或全局编号)| standing in this organization or below it "
        "now (code or id)"
    )
    handler: strawberry.ID | None = _filter(
        "由其主办或协办(人员编号,或组织的编码、编号)| whose lead or co-handler it is: a person's "
        "id, or an organization's code or id"
    )
    deadline: DeadlineStatus | None = _filter("时限状态 | how it stands with its deadline")
    mine: bool | None = _filter(
        "为 true:我上报、主办或协办的 | true = those that I reported, lead or handle jointly"
    )
    claimable: bool | None = _filter(
        "为 true:现在无人承办、我可认领(抢单)的 | true = open orders that nobody has and that I "
        "may claim"
    )
    unrated: bool | None = _filter(
        "为 true:办结已超过回访天数、未评价也未回访的 | true = resolved longer ago than the "
        "workflow's follow-up days, neither rated nor asked after"
    )
    text: str | None = _filter(
        "标题或描述中的文字,至少两个字;以空格分开的各段都要有 | text in title or description, two "
        "characters at least; of parts with blanks between them all"
    )
    reported_from: datetime.datetime | None = _filter("上报不早于 | reported at or after")
    reported_to: datetime.datetime | None = _filter("上报早于(不含)| reported before")

    def checked(self, context: Context, definition: Definition) -> IssueFilters:
        """The filters for issues of a tenant.

        Errors: `CodedError` BAD_REQUEST with `argument` and what there is, ORGANIZATION_UNKNOWN,
        ID_MALFORMED.
        """
        return IssueFilters(
            phase=self.phase,
            state=_known_state(definition, self.state),
            services=_services(context, definition, self.service, self.domain),
            severity=self.severity,
            channel=None if self.channel is None else self.channel.value,
            deadline=self.deadline,
            under=organization_ref(definition, self.organization),
            handler=_handler(definition, self.handler),
            mine=bool(self.mine),
            claimable=tuple(claims(context.actor, definition)) if self.claimable else None,
            unrated=tuple(_unrated(definition, context.now)) if self.unrated else None,
            runs=_runs(self.text),
            since=_moment("reportedFrom", self.reported_from),
            until=_moment("reportedTo", self.reported_to),
        )


Where = Annotated[
    IssueFilter | None, strawberry.argument(description="筛选 | which issues; null = all")
]
OrderBy = Annotated[
    IssueOrder | None,
    strawberry.argument(description="排序,缺省最新上报在前 | order; the newest first by default"),
]


@dataclass(frozen=True)
class IssuesArguments:
    """Arguments of `issues` of a city or an organization."""

    of_tenant: ClassVar[bool] = True

    where: Where = None
    order_by: OrderBy = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> IssuePage:
        """The page asked for, as far as the viewer sees issues.

        Errors: `CodedError` FORBIDDEN, those of the filter and of paging.
        """
        tenant_id = root.tenant_id if isinstance(root, Definition) else root["tenant_id"]
        reach = issue_reach(context, tenant_id)
        if reach.subject is None:
            context.demand(Permission.READ_ISSUES, tenant_id)
        order = self.order_by or IssueOrder.REPORTED_AT_DESC
        definition = context.registry.by_id[tenant_id]
        return IssuePage(
            reach=reach,
            filters=EVERY if self.where is None else self.where.checked(context, definition),
            now=context.now,
            window=_window(self.first, self.after, self.last, self.before, order),
            order=order,
        )


@dataclass(frozen=True)
class SameIssuesArguments:
    """No arguments: the total is of the connection's own filters."""

    def checked(self, context: Context, root: Any) -> TotalOfIssues:
        """The connection's list, whichever page of it and in whatever order."""
        pages, _ = root.key
        plain = replace(root.arguments, window=Window(1), order=IssueOrder.REPORTED_AT_DESC)
        return TotalOfIssues(pages, plain)


def _window(
    first: int | None, after: str | None, last: int | None, before: str | None, order: IssueOrder
) -> Window:
    """The page that the arguments ask for; its position is one of this order."""
    pages = checked_id(window(first, after, last, before, 3), 2)
    if pages.position is not None:
        rank, at, _ = pages.position
        if rank not in map(str, range(len(GROUPS[order]))) or not _is_moment(at):
            raise malformed_cursor(cursor(pages.position))
    return pages


def _is_moment(given: str) -> bool:
    try:
        return datetime.datetime.fromisoformat(given).utcoffset() is not None
    except (ValueError, OverflowError):
        return False


def _workflows(definition: Definition) -> Iterator[tuple[Workflow, int]]:
    """Every workflow at every version that issues may have."""
    for (_, version), workflow in definition.old_workflows.items():
        yield workflow, version
    for key, workflow in definition.workflows.items():
        yield workflow, definition.workflow_versions.get(key, 1)


def _known_state(definition: Definition, given: str | None) -> str | None:
    if given is None:
        return None
    keys = dict.fromkeys(state.key for one, _ in _workflows(definition) for state in one.states)
    if given in keys:
        return given
    raise _unknown(definition, "state", "状态", given, keys)


def _services(
    context: Context, definition: Definition, service: str | None, domain: str | None
) -> tuple[str, ...] | None:
    """The codes of the services that are asked for, each way or both."""
    if domain is None:
        return None if service is None else (_known_service(definition, service),)
    codes = _of_domain(context, definition, domain)
    if service is None:
        return codes
    code = _known_service(definition, service)
    return (code,) if code in codes else ()


def _known_service(definition: Definition, given: str) -> str:
    """The code of a service of the catalogue that is named by it or by its id."""
    if given in definition.services:
        return given
    try:
        parsed = parse_id(given)
    except CodedError:
        parsed = None
    own = parsed is not None and (parsed.type, parsed.tenant_id) == (
        "Service",
        definition.tenant_id,
    )
    if parsed is not None and own and parsed.key in definition.services:
        return parsed.key
    raise _unknown(definition, "service", "服务事项", given, definition.services)


def _of_domain(context: Context, definition: Definition, given: str) -> tuple[str, ...]:
    domains = [item.key for item in context.registry.vocabulary(definition).domains]
    if given not in domains:
        raise _unknown(definition, "domain", "服务领域", given, domains)
    found = (definition.old_services | definition.services).items()  # issues outlive services
    return tuple(sorted(code for code, (_, service) in found if service.domain == given))


def _handler(definition: Definition, given: str | None) -> OrganizationRef | uuid.UUID | None:
    """The person's UUID, or the organization.

    Errors: `CodedError` ORGANIZATION_UNKNOWN for another tenant's, ID_MALFORMED.
    """
    if given is None:
        return None
    try:
        parsed = parse_id(given)
        if parsed.type == "Person" and parsed.tenant_id == definition.tenant_id:
            return parsed.uuid
    except CodedError:
        pass
    return organization_ref(definition, given)


def claims(actor: Actor, definition: Definition) -> Iterator[Claimable]:
    """Where and in which states an actor may claim, by the workflows at all their versions."""
    for grant in sorted(set(actor.grants), key=_place):
        if grant.tenant_id != definition.tenant_id:
            continue
        for workflow, version in _workflows(definition):
            for action in workflow.actions:
                if action.effect is Effect.CLAIM and grant.role in action.by:
                    for state in action.from_:
                        for severity in action.severities or list(Severity):
                            place, key = grant.organization or "", workflow.key
                            yield Claimable(place, key, version, state, severity.value)


def _place(grant: Grant) -> tuple[str, str]:
    return grant.organization or "", grant.role.value


def _unrated(definition: Definition, now: datetime.datetime) -> Iterator[Unrated]:
    for workflow, version in _workflows(definition):
        days = datetime.timedelta(days=workflow.rules.follow_up_days)
        yield Unrated(workflow.key, version, now - days)


def _runs(text: str | None) -> tuple[str, ...]:
    """The runs of a search.

    Errors: `CodedError` BAD_REQUEST where it has no two characters that can be looked for
    together, or too many.
    """
    if text is None or not text.strip():
        return ()
    found = sought(text)
    length = sum(map(len, runs(text))) if len(text) <= 4 * LONGEST else len(text)
    if found and length <= LONGEST:
        return found
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"text 的检索文字须有至少两个相连的字(不计标点、空格),至多 {LONGEST} 个字。",
        "text needs at least two characters next to each other (blanks and punctuation do not "
        f"count), and has {LONGEST} at most.",
        argument="where.text",
        least=2,
        limit=LONGEST,
    )


def _moment(argument: str, given: datetime.datetime | None) -> datetime.datetime | None:
    if given is None or given.utcoffset() is not None:
        return given
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"{argument} 须带时区,如 2026-03-15T00:00:00+08:00。",
        f"{argument} needs an offset, as in 2026-03-15T00:00:00+08:00.",
        argument=f"where.{argument}",
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
