"""The mutations that report and join issues: GraphQL in, an action, a payload out."""

import datetime
from dataclasses import dataclass, field
from typing import Any

import strawberry

from schema import refs
from schema.access import Permission
from schema.context import Context
from schema.entries import find_city
from schema.fields import derived, relation
from schema.issue_reach import IssueReachArguments
from schema.issues.answers import Answer as GivenAnswer
from schema.issues.contact import Contact
from schema.issues.join import Join, Joined
from schema.issues.report import Duplicate, Report, Reported
from schema.issues.secret import secret_again
from schema.issues.similar import Similar
from schema.issues.types import IssueType
from schema.loaders.issue import IssueById
from schema.loaders.issue_title import TitleOfIssue
from schema.loaders.organization import OrganizationById
from schema.mutations import (
    Answer,
    RefusalType,
    answer,
    denied_everywhere,
    mutation,
    refusals,
)
from schema.refusals import Refused
from tenants.channel import Channel
from tenants.workflow import Severity

COST = 50
"""Points of a report: who writes without a token cannot flood a city."""


@strawberry.input(description="联系人。 | Whom to ask.")
class ContactInput:
    """Of `reportIssue` and `joinIssue`."""

    name: str | None = strawberry.field(
        default=None, description="姓名,1 至 50 个字符 | name, 1 to 50 characters"
    )
    phone: str | None = strawberry.field(
        default=None,
        description="电话,加密保存;未登录必填 | phone, stored encrypted; required without a token",
    )


@strawberry.input(description="对一个问题的回答。 | An answer to a question of the service.")
class AnswerInput:
    """Of `reportIssue`."""

    key: str = strawberry.field(description="问题键 | key of the question")
    value: str = strawberry.field(
        description="答案:数字、日期(2026-03-15)、true 或 false、所选项、照片的 https 地址或文字 | "
        "a number, a day, true or false, a choice, the https address of a picture, or text"
    )


@strawberry.input(description="上报。 | What is reported.")
class ReportIssueInput:
    """Of `reportIssue`."""

    city: strawberry.ID = strawberry.field(
        description="城市代码或网址名 | code or slug of the city"
    )
    service: strawberry.ID | None = strawberry.field(
        default=None,
        description="服务事项(编码或全局编号);省略则按文字归类 | the service (code or id); without "
        "one the text is classified",
    )
    title: str | None = strawberry.field(
        default=None,
        description="标题,1 至 100 个字符;省略则取说明的开头 | title, 1 to 100 characters; the "
        "description's beginning where it is left out",
    )
    description: str | None = strawberry.field(
        default=None, description="说明,至多 5000 个字符 | up to 5,000 characters"
    )
    answers: list[AnswerInput] = strawberry.field(
        default_factory=list,
        description="对事项所提问题的回答 | answers to the service's questions",
    )
    organization: strawberry.ID | None = strawberry.field(
        default=None,
        description="地点:网格、社区等组织(编码或全局编号);缺省为令牌所限组织 | where it is: grid, "
        "community ... (code or id); default the token's organization",
    )
    latitude: float | None = strawberry.field(
        default=None, description="纬度,WGS-84,与经度同时给出 | latitude, with longitude"
    )
    longitude: float | None = strawberry.field(
        default=None, description="经度,WGS-84,与纬度同时给出 | longitude, with latitude"
    )
    channel: Channel | None = strawberry.field(
        default=None, description="上报渠道,缺省依角色 | channel; default by role"
    )
    severity: Severity | None = strawberry.field(
        default=None,
        description="难度,限工作人员,缺省一般 | severity, for who handles issues; default ORDINARY",
    )
    priority_group: str | None = strawberry.field(
        default=None,
        description="重点服务对象,取自事项 priorityGroups | one of the service's priority groups",
    )
    contact: ContactInput | None = strawberry.field(
        default=None, description="联系人;未登录必填 | whom to ask; required without a token"
    )
    unless_similar: bool = strawberry.field(
        default=False,
        description="附近已有相似的未办结事项时不予上报 | refuse where similar issues are open "
        "nearby",
    )


@strawberry.input(description="附议。 | An issue to join.")
class JoinIssueInput:
    """Of `joinIssue`."""

    city: strawberry.ID = strawberry.field(
        description="城市代码或网址名 | code or slug of the city"
    )
    issue: strawberry.ID = strawberry.field(
        description="事项(编号 number 或全局编号)| the issue (number or id)"
    )
    contact: ContactInput | None = strawberry.field(
        default=None, description="联系人;未登录必填 | whom to ask; required without a token"
    )


@dataclass(frozen=True)
class ReportAnswer(Answer[Reported]):
    """What the payload of a report resolves from; nothing was stored where `stored` is False."""

    similar: tuple[Similar, ...] = ()
    stored: bool = False
    secret: str | None = field(default=None, repr=False)


def _service(similar: Similar, context: Context) -> str:
    found = context.registry.by_id[similar.tenant_id].service(similar.service)
    return similar.service if found is None else found[1].name


def _state(similar: Similar, context: Context) -> str:
    definition = context.registry.by_id[similar.tenant_id]
    state = definition.workflow(similar.workflow, similar.version).state(similar.state)
    return similar.state if state is None else state.name


@strawberry.type(
    name="SimilarIssue",
    description="附近相似的未办结事项,可用 joinIssue 附议。 | A similar open issue nearby, to be "
    "joined with joinIssue.",
)
class SimilarIssueType:
    """Of a `Similar`."""

    number: str = derived(lambda root: root.number, "编号 | number")
    service: str = derived(_service, "服务事项名称 | name of its service")
    state: str = derived(_state, "状态名称 | name of its state")
    organization: refs.Organization | None = relation(
        OrganizationById,
        "现办理组织 | organization where it stands",
        key=lambda root: (root.tenant_id, root.organization),
    )
    reported_at: datetime.datetime = derived(lambda root: root.reported_at, "上报时间 | when")
    supporters: int = derived(lambda root: root.supporters, "附议人数 | how many joined")
    title: str | None = relation(
        TitleOfIssue,
        "标题;不可查看该事项时为空 | title; null where the viewer may not see the issue",
        key=lambda root: (root.tenant_id, root.id),
        arguments=IssueReachArguments,
        finish=lambda value, root, context: value and value["title"],
    )


@strawberry.type(name="ReportIssuePayload", description="上报的结果。 | What a report gave.")
class ReportIssuePayload:
    """Of a `ReportAnswer`."""

    issue: IssueType | None = relation(
        IssueById,
        "事项;预演或未予上报时为空 | the issue; null with dryRun or where nothing was stored",
        key=lambda root: (root.outcome.tenant_id, root.outcome.issue) if root.stored else None,
        arguments=IssueReachArguments,
    )
    number: str | None = derived(
        lambda root: root.outcome.number if root.stored else None,
        "编号;预演或未予上报时为空 | number; null with dryRun or where nothing was stored",
    )
    secret: str | None = derived(
        lambda root: root.secret,
        "查询码,凭此与编号查询和评价;仅未登录时给出,请保存 | secret to follow the issue with; only "
        "for who has no token: keep it",
    )
    similar: list[SimilarIssueType] = derived(
        lambda root: root.similar,
        "附近相似的未办结事项,至多 5 件,最相似的在前 | similar open issues nearby, 5 at most, the "
        "likest first",
    )
    refusals: list[RefusalType] = refusals()


@strawberry.type(name="JoinIssuePayload", description="附议的结果。 | What joining gave.")
class JoinIssuePayload:
    """Of an `Answer` with a `Joined`."""

    issue: IssueType | None = relation(
        IssueById,
        "事项;不可查看时为空 | the issue; null where the viewer may not see it",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.issue),
        arguments=IssueReachArguments,
    )
    number: str | None = derived(
        lambda root: root.outcome and root.outcome.number, "编号 | number of the issue"
    )
    supporters: int | None = derived(
        lambda root: root.outcome and root.outcome.supporters,
        "附议人数,含本人 | how many joined, with the viewer",
    )
    refusals: list[RefusalType] = refusals()


async def _report(context: Context, given: ReportIssueInput, dry_run: bool) -> ReportAnswer:
    definition = find_city(context, given.city)
    outcome: Reported | Refused | None
    outcome = denied_everywhere(context, Permission.REPORT_ISSUES, definition)
    if outcome is None:
        outcome = await context.write(definition, _action(given), dry_run)
    if isinstance(outcome, Refused):
        similar = outcome.similar if isinstance(outcome, Duplicate) else ()
        return ReportAnswer(None, outcome.refusals, similar)
    secret = None
    if outcome.secret_key is not None and not dry_run:
        context.prove(outcome.tenant_id, outcome.issue)
        keyring = context.resources.keyring
        secret = secret_again(keyring, outcome.tenant_id, outcome.issue, outcome.secret_key)
    return ReportAnswer(outcome, (), outcome.similar, not dry_run, secret)


def _action(given: ReportIssueInput) -> Report:
    return Report(
        service=_text(given.service),
        title=given.title,
        description=given.description,
        answers=tuple(GivenAnswer(item.key, item.value) for item in given.answers),
        organization=_text(given.organization),
        latitude=given.latitude,
        longitude=given.longitude,
        channel=given.channel,
        severity=given.severity,
        priority_group=given.priority_group,
        contact=_contact(given.contact),
        unless_similar=given.unless_similar,
    )


async def _join(context: Context, given: JoinIssueInput, dry_run: bool) -> Answer[Joined]:
    definition = find_city(context, given.city)
    denied = denied_everywhere(context, Permission.REPORT_ISSUES, definition)
    if denied is not None:
        return answer(denied)
    action = Join(str(given.issue), _contact(given.contact))
    return answer(await context.write(definition, action, dry_run))


def _contact(given: ContactInput | None) -> Contact | None:
    return None if given is None else Contact(given.name, given.phone)


def _text(given: Any) -> str | None:
    return None if given is None else str(given)


@strawberry.type
class ReportingMutations:
    """The part of `Mutation` that reports and joins issues."""

    report_issue: ReportIssuePayload | None = mutation(
        _report,
        "上报事项。未登录须留电话,并得查询码;dryRun 仅列出附近相似事项 | report an issue; without "
        "a token give a phone, and keep the secret; dryRun only shows similar ones",
        takes=ReportIssueInput,
        cost=COST,
    )
    join_issue: JoinIssuePayload | None = mutation(
        _join,
        "附议:已有同样的事项时不必重复上报,每人一次 | join an issue that is the same trouble, once "
        "each, instead of reporting it again",
        takes=JoinIssueInput,
        cost=COST,
    )
