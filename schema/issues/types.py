"""Issues: what was raised, where it stands, who handles it, until when, and what came of it."""

import datetime
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import orjson
import strawberry

from schema import refs
from schema.connections import (
    After,
    Before,
    First,
    Last,
    PageInfo,
    edge_cursor,
    edge_node,
    edges,
    nodes,
    page_info,
)
from schema.context import Context, StaleRegistryError
from schema.fields import column, derived, relation
from schema.issue_filters import SameIssuesArguments
from schema.issue_reach import IssueReachArguments, IssueTimelineArguments
from schema.issues.available import available
from schema.issues.clock import COLUMNS as CLOCK_COLUMNS
from schema.issues.clock import clock_of
from schema.issues.standing import standing
from schema.loaders.event import EventsOfIssue
from schema.loaders.issue import HANDLES, LEADS, REPORTS, IssueById, IssueRecord
from schema.loaders.issue_handler import HandlerRecord, HandlersOfIssue, LeadOfIssue
from schema.loaders.issue_note import NoteOfIssue, NotePage, NoteRecord, NotesOfIssue
from schema.loaders.issue_page import IssueTotal
from schema.loaders.issue_reporter import ReporterOfIssue
from schema.loaders.issue_standing import IssueStandings, Viewer
from schema.loaders.organization import OrganizationById
from schema.loaders.person import PersonById
from schema.node import Node, kind_of
from schema.paging import checked_id, window
from schema.personal import PersonalClass, mask
from schema.personal_fields import (
    NAME_COLUMNS,
    PHONE_COLUMNS,
    personal,
    shown_name,
    shown_phone,
)
from schema.reach import ReachArguments, VisibleArguments
from schema.row_fields import city_of, data_kind, definition_of, id_of
from schema.sources import ActionSource, ServiceSource, StateSource, WorkflowSource
from schema.workflows import WORKFLOW_COLUMNS, state_of, workflow_of
from tenants.calendar import is_preliminary
from tenants.channel import Channel
from tenants.deadline import Clock, DeadlineStatus, status
from tenants.definition import DataKind
from tenants.workflow import Phase, Severity, Solved


class DeadlineSource(NamedTuple):
    """The clock of an issue that has one; when it was answered, until when it rests."""

    clock: Clock
    ended_at: datetime.datetime | None
    paused_until: datetime.datetime | None


@strawberry.type(
    name="Deadline", description="时限:何时到期、现状如何。 | Until when an issue is due."
)
class DeadlineType:
    """Of a `DeadlineSource`."""

    at: datetime.datetime = derived(
        lambda root: root.clock.due_at, "到期时间;挂起时为挂起前的 | when it is due"
    )
    status: DeadlineStatus = derived(
        lambda root, context: status(root.clock, context.now, root.ended_at),
        "现状 | how it stands now",
    )
    started_at: datetime.datetime = derived(
        lambda root: root.clock.started_at, "起算时间 | when the clock started"
    )
    paused_until: datetime.datetime | None = derived(
        lambda root: root.paused_until, "挂起至,空为未挂起 | rests until; null = it runs"
    )
    ended_at: datetime.datetime | None = derived(
        lambda root: root.ended_at, "停表时间,空为未办结 | when it was met or missed; null = open"
    )
    preliminary: bool = derived(
        lambda root: is_preliminary(root.clock.due_at, root.clock.unit),
        "是否暂定:所及年份的节假日安排尚未公布 | whether the working days that it counts on are "
        "not announced yet",
    )


@strawberry.type(
    name="Rating",
    description="评价:是否解决与满意度是两个问题。 | What the reporter says of the outcome: two "
    "answers.",
)
class RatingType:
    """Of an `IssueRecord` that has one."""

    solved: Solved = column("是否解决 | whether it was solved")
    satisfied: int = derived(lambda root: root["satisfied"], "满意度,1–5 | satisfaction, 1 to 5")
    comment: str | None = derived(lambda root: root["comment"], "评语 | comment")
    rated_at: datetime.datetime = derived(lambda root: root["rated_at"], "评价时间 | when")


class AnswerSource(NamedTuple):
    """An answer to a question of the service: its key, as it is asked, and the text."""

    key: str
    label: str
    value: str


@strawberry.type(
    name="IssueAnswer", description="对事项所提问题的回答。 | An answer to a question."
)
class IssueAnswerType:
    """Of an `AnswerSource`."""

    key: str = derived(lambda root: root.key, "问题键 | key of the question")
    label: str = derived(
        lambda root: root.label, "问题;已删去的为其键 | the question; its key where it is gone"
    )
    value: str = derived(
        lambda root: root.value,
        "答案,均为文字:数字、日期 YYYY-MM-DD、true 或 false、所选项、照片地址 | as text, whatever "
        "its kind",
    )


@strawberry.type(name="Coordinates", description="坐标,WGS-84 | Coordinates, WGS-84.")
class CoordinatesType:
    """Of an `IssueRecord` that has them."""

    latitude: float = derived(lambda root: float(root["latitude"]), "纬度 | degrees north")
    longitude: float = derived(lambda root: float(root["longitude"]), "经度 | degrees east")


@strawberry.type(
    name="Contact",
    description="联系人。姓名、电话缺省掩码;上报人本人可见原文。 | Whom to ask; masked by default, "
    "but for whoever reported the issue.",
)
class ContactType:
    """Of a `ContactRecord`."""

    name: str | None = personal(
        lambda root, context: shown_name(root, context, "Contact.name", root[REPORTS]),
        PersonalClass.NAME,
        "姓名,缺省如“李*”;空为未留或已注销 | name, masked by default; null = none",
        NAME_COLUMNS,
    )
    phone: str | None = personal(
        lambda root, context: shown_phone(root, context, "Contact.phone", root[REPORTS]),
        PersonalClass.PHONE,
        "电话(E.164),缺省如“138****1234”;空为未留或已注销 | phone (E.164), masked by default; "
        "null = none",
        PHONE_COLUMNS,
    )


@strawberry.type(
    name="Note",
    description="办理说明与佐证材料。 | What somebody wrote or attached while it was handled.",
)
class NoteType:
    """Of a `NoteRecord`."""

    is_type_of = kind_of(NoteRecord)

    id: strawberry.ID = id_of("Note", "编号,全局唯一;不是 Node | unique id; a note is no Node")
    text: str | None = column("文字;空为仅有附件,或已注销 | text; null = none, or erased")
    evidence: list[str] = column("附件的 https 地址 | https addresses of files")
    at: datetime.datetime = column("何时 | when")
    by_reporter: bool = column("是否上报人所写 | whether the reporter wrote it")
    person: refs.Person | None = relation(
        PersonById,
        "所写人员;空为令牌未绑定,或查看者无权查看 | who wrote it; null = not bound to a person, or "
        "not for the viewer",
        key=("tenant_id", "person_id"),
        arguments=ReachArguments,
    )
    erased_at: datetime.datetime | None = column("注销时间 | when text and files were erased")


@strawberry.type(name="NoteEdge", description="说明的边 | An edge of notes.")
class NoteEdge:
    """Of a cursor and a `NoteRecord`."""

    cursor: str = edge_cursor()
    node: NoteType = edge_node()


@strawberry.type(
    name="NoteConnection", description="说明分页,新的在后 | A page of notes, the newest last."
)
class NoteConnection:
    """Of a `Slice`."""

    edges: list[NoteEdge] = edges()
    nodes: list[NoteType] = nodes()
    page_info: PageInfo = page_info()


@dataclass(frozen=True)
class NotesArguments:
    """Arguments of `Issue.notes`."""

    of_tenant: ClassVar[bool] = True

    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> NotePage:
        """The page asked for.

        Errors: those of paging.
        """
        pages = window(self.first, self.after, self.last, self.before, 1)
        return NotePage(checked_id(pages, 0))


def _handler_name(root: Any) -> str:
    person: str | None = root["person_name"]
    own: str = root["organization_name"]
    return own if person is None else mask(PersonalClass.NAME, person)


@strawberry.type(
    name="Handler",
    description="承办者:组织,及其中承办的人。 | An organization that handles an issue, and who of "
    "it does.",
)
class HandlerType:
    """Of a `HandlerRecord`."""

    is_type_of = kind_of(HandlerRecord)

    name: str = derived(
        _handler_name,
        "承办人姓名(总是掩码);未定人或查看者无权查看人员时为组织名称 | masked name of the person; "
        "where there is none, or the viewer may not see people there, that of the organization",
        ("organization_name", "person_name"),
    )
    organization: refs.Organization = relation(
        OrganizationById, "承办组织 | organization", key=("tenant_id", "organization_id")
    )
    person: refs.Person | None = relation(
        PersonById,
        "承办人;空为未定人,或查看者无权查看 | person; null = none, or not for the viewer",
        key=("tenant_id", "person_id"),
        arguments=ReachArguments,
    )
    since: datetime.datetime | None = derived(
        lambda root: root["added_at"],
        "协办起始时间,主办为空 | since when it takes part; null of the lead",
        ("added_at",),
    )
    answered_at: datetime.datetime | None = column(
        "协办答复时间,空为未答复 | when a co-handler gave its answer; null = not yet"
    )
    answer: NoteType | None = relation(
        NoteOfIssue,
        "协办答复的内容 | the co-handler's answer",
        key=("tenant_id", "issue_id", "note_id"),
        arguments=IssueReachArguments,
    )


@dataclass(frozen=True)
class ViewerArguments:
    """No arguments: whose open claims are counted."""

    of_tenant: ClassVar[bool] = True

    def checked(self, context: Context, root: Any) -> Viewer:
        """The subject of the token; nobody's without one."""
        actor = context.actor
        return Viewer(None if actor.tenant_ids is None else actor.subject)


def _available(value: Any, root: Any, context: Context) -> list[ActionSource]:
    """The actions that `advanceIssue` accepts now: the same question to the same standing."""
    if value is None:
        return []
    workflow = workflow_of(context, value).workflow
    proven = root["id"] in context.proofs.proven(root["tenant_id"])
    found = standing(value, workflow, proven=proven)
    return [
        ActionSource(workflow, action) for action in available(found, context.actor, context.now)
    ]


def _service(root: Any, context: Context) -> ServiceSource:
    definition = definition_of(root, context)
    found = definition.service(root["service"])
    if found is None:
        raise StaleRegistryError
    return ServiceSource(definition, *found)


def _workflow(root: Any, context: Context) -> WorkflowSource:
    return workflow_of(context, root)


def _state(root: Any, context: Context) -> StateSource:
    return state_of(workflow_of(context, root), root["state"])


def _deadline(root: Any) -> DeadlineSource | None:
    clock = clock_of(root)
    if clock is None:
        return None
    return DeadlineSource(clock, root["ended_at"], root["paused_until"])


def _is_inside(root: Any) -> bool:
    """Whether the viewer reported or handles the issue, not only sees it."""
    return bool(root[REPORTS] or root[HANDLES])


def _answers(root: Any, context: Context) -> list[AnswerSource] | None:
    if not _is_inside(root):
        return None
    found = definition_of(root, context).service(root["service"])
    labels = {} if found is None else {item.key: item.label for item in found[1].questions}
    given: dict[str, str] = orjson.loads(root["answers"])
    return [AnswerSource(key, labels.get(key, key), value) for key, value in given.items()]


def _coordinates(root: Any) -> Any:
    return root if root["latitude"] is not None and _is_inside(root) else None


def _reporter_key(root: Any) -> tuple[Any, ...] | None:
    return None if root["reporter_person_id"] is None else (root["tenant_id"], root["id"])


@strawberry.type(
    name="Issue",
    description="事项(问题、诉求):从上报到答复的全过程。 | An issue, from its report to the "
    "answer.",
)
class IssueType(Node):
    """Of an `IssueRecord`."""

    is_type_of = kind_of(IssueRecord)

    id: strawberry.ID = id_of("Issue")
    number: str = column("编号,如 FS-20260315-000042 | number that people are told")
    city: refs.City = city_of()
    organization: refs.Organization = relation(
        OrganizationById,
        "现办理组织 | organization where it stands now",
        key=("tenant_id", "organization_id"),
    )
    place: refs.Organization = relation(
        OrganizationById,
        "所涉地点(网格、社区等)| organization that it is about",
        key=("tenant_id", "place_id"),
    )
    coordinates: CoordinatesType | None = derived(
        _coordinates,
        "坐标;仅上报人与承办者可见 | where exactly; for its reporter and who handles it",
        ("latitude", "longitude", REPORTS, HANDLES),
    )
    service: refs.Service = derived(
        _service,
        "服务事项;目录已删去的为最后的样子 | service; as it last was where it is gone",
        ("tenant_id", "service"),
    )
    title: str = column("标题 | title")
    description: str | None = column("说明 | description")
    answers: list[IssueAnswerType] | None = derived(
        _answers,
        "对事项所提问题的回答;仅上报人与承办者可见 | answers to the service's questions; for its "
        "reporter and who handles it",
        ("tenant_id", "service", "answers", REPORTS, HANDLES),
    )
    workflow: refs.Workflow = derived(
        _workflow,
        "办理流程,为开始时的版本 | workflow, at the version that it began with",
        WORKFLOW_COLUMNS,
    )
    state: refs.WorkflowState = derived(_state, "状态 | state", (*WORKFLOW_COLUMNS, "state"))
    phase: Phase = column("阶段 | what the state means everywhere")
    severity: Severity = column("难度 | how hard it is to settle")
    channel: Channel = column("上报渠道 | how it was raised")
    priority_group: str | None = column("重点服务对象 | priority group; null = none")
    co_handlers: list[HandlerType] = relation(
        HandlersOfIssue,
        "协办 | co-handlers, each with an own answer",
        key=("tenant_id", "id"),
        arguments=VisibleArguments,
    )
    lead: HandlerType | None = relation(
        LeadOfIssue, "主办 | lead handler", key=("tenant_id", "id"), arguments=VisibleArguments
    )
    handed: bool = column(
        "已转出、待接手;在此之前主办仍负责 | passed on: the lead stays responsible until somebody "
        "takes over"
    )
    deadline: DeadlineType | None = derived(
        _deadline,
        "时限,空为无时限 | deadline; null = none",
        (*CLOCK_COLUMNS, "ended_at", "paused_until"),
    )
    available_actions: list[refs.WorkflowAction] = relation(
        IssueStandings,
        "您现在可办理的动作,与 advanceIssue 一致 | what you may do now; exactly what advanceIssue "
        "accepts",
        key=("tenant_id", "id"),
        arguments=ViewerArguments,
        finish=_available,
    )
    timeline: refs.Events = relation(
        EventsOfIssue,
        "经过,新的在后 | what happened to it, the newest last",
        key=("tenant_id", "id"),
        arguments=IssueTimelineArguments,
    )
    notes: NoteConnection = relation(
        NotesOfIssue,
        "办理说明与佐证,新的在后 | notes and evidence, the newest last",
        key=("tenant_id", "id"),
        arguments=NotesArguments,
    )
    reporter: ContactType | None = relation(
        ReporterOfIssue,
        "联系人,缺省掩码;空为未留 | whom to ask, masked by default; null = none",
        key=_reporter_key,
        columns=("tenant_id", "id", "reporter_person_id"),
        arguments=IssueReachArguments,
    )
    supporters: int = column("附议人数 | how many have the same trouble and joined")
    rating: RatingType | None = derived(
        lambda root: None if root["solved"] is None else root,
        "评价,空为未评价 | rating; null = none",
        ("solved", "satisfied", "comment", "rated_at"),
    )
    merged_into: refs.Issue | None = relation(
        IssueById,
        "并入的事项;空为未并入,或不可查看 | issue that it was merged into; null = none, or not for "
        "the viewer",
        key=("tenant_id", "merged_into"),
        arguments=IssueReachArguments,
    )
    reported_at: datetime.datetime = column("上报时间 | when it was reported")
    resolved_at: datetime.datetime | None = column(
        "办复时间,空为未办复 | when it was resolved; null = not yet"
    )
    closed_at: datetime.datetime | None = column(
        "办结时间,空为未办结 | when it was closed; null = open"
    )
    reopenings: int = column("重新办理次数 | how often it was reopened")
    revision: int = column("版次:每次变更加一 | counts its changes")
    viewer_is_reporter: bool = derived(
        lambda root: root[REPORTS], "您是否上报人 | whether you reported it", (REPORTS,)
    )
    viewer_is_lead: bool = derived(
        lambda root: root[LEADS], "您是否主办人 | whether you have taken it over", (LEADS,)
    )
    data_kind: DataKind = data_kind()


@strawberry.type(name="IssueEdge", description="事项的边 | An edge of issues.")
class IssueEdge:
    """Of a cursor and an `IssueRecord`."""

    cursor: str = edge_cursor()
    node: IssueType = edge_node()


@strawberry.type(name="IssueConnection", description="事项分页 | A page of issues.")
class IssueConnection:
    """Of a `Slice`."""

    edges: list[IssueEdge] = edges()
    nodes: list[IssueType] = nodes()
    page_info: PageInfo = page_info()
    total_count: int = relation(
        IssueTotal,
        "总数(另需一条 SQL,事项多时较慢)| how many in all (one more SQL statement, slow where "
        "there are many)",
        key=lambda root: root.key[1],
        arguments=SameIssuesArguments,
    )
