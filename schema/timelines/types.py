"""Timelines: typed events of the log, with who did them; ids in them are shown as objects."""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import strawberry

from schema import refs
from schema.access import Granted, Permission, permitted
from schema.agreement_reach import AgreementReachArguments
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
from schema.events import EventKind
from schema.fields import column, derived, passing, relation
from schema.household_reach import HouseholdReachArguments
from schema.ids import GlobalId
from schema.issue_reach import IssueReachArguments
from schema.loaders.agreement import AgreementById
from schema.loaders.agreement_party import EveryPartyOfAgreement
from schema.loaders.annual_result import AnnualResultById
from schema.loaders.asset_trade import AssetTradeById
from schema.loaders.cooperative import CooperativeById
from schema.loaders.deal import DealById
from schema.loaders.enterprise import EnterpriseById
from schema.loaders.event import (
    EventPeople,
    EventRecord,
    OrganizationsOfEvent,
    PeopleOfEvent,
    facts,
)
from schema.loaders.household import HouseholdById
from schema.loaders.issue import IssueById, WorkflowOfIssue
from schema.loaders.issue_note import NoteOfIssue
from schema.loaders.matching_event import MatchingEventById
from schema.loaders.organization import OrganizationById
from schema.loaders.person import PersonById, PersonName
from schema.loaders.post import PostById
from schema.loaders.posting import PostingById
from schema.loaders.weak_village import WeakVillageById
from schema.paging import checked_id, window
from schema.personal import PersonalClass, mask
from schema.reach import ReachArguments, VisibleArguments, reach
from schema.sources import PostKindSource, WorkflowSource
from schema.tables.agreement import AgreementState, EndReason
from schema.tables.market import DealState
from schema.workflows import action_of, state_of, workflow_of
from tenants.roles import Role
from tenants.workflow import Solved

ORGANIZATION_KINDS = frozenset(
    {
        EventKind.ORGANIZATION_ESTABLISHED,
        EventKind.ORGANIZATION_RENAMED,
        EventKind.ORGANIZATION_MOVED,
        EventKind.ORGANIZATION_MERGED,
        EventKind.ORGANIZATION_DISSOLVED,
    }
)
POST_KINDS = frozenset({EventKind.APPOINTED, EventKind.RELIEVED})
ACCESS_KINDS = frozenset(
    {
        EventKind.PERSONAL_DATA_READ,
        EventKind.PERSONAL_DATA_DENIED,
        EventKind.PERSONAL_DATA_EXPORTED,
        EventKind.PERSONAL_DATA_ERASED,
    }
)
COOPERATIVE_KINDS = frozenset(kind for kind in EventKind if kind.startswith("COOPERATIVE_"))
ECONOMY_KINDS = frozenset(kind for kind in EventKind if kind.startswith("ECONOMY_"))
AGREEMENT_KINDS = frozenset(kind for kind in EventKind if kind.startswith("AGREEMENT_"))
ISSUE_KINDS = frozenset(kind for kind in EventKind if kind.startswith("ISSUE_"))
ABOUT = ("about",)


@dataclass(frozen=True)
class EventPeopleArguments:
    """Arguments of `AccessEvent.people`."""

    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> EventPeople:
        """The page asked for.

        Errors: those of paging.
        """
        pages = checked_id(window(self.first, self.after, width=1), 0)
        return EventPeople(reach(context, root["tenant_id"]), pages)


def _subject(root: Any, context: Context) -> str | None:
    verdict = permitted(context.actor, Permission.READ_AUDIT, root["tenant_id"])
    return root["actor"] if isinstance(verdict, Granted) else None


def _masked_name(value: Any, root: Any, context: Context) -> str | None:
    if value is None or value["name"] is None:
        return None
    return mask(PersonalClass.NAME, value["name"])


@strawberry.type(
    name="ActorRef",
    description="由谁所为。人员信息按查看者的权限掩码或为空。 | Who did it; what is personal is "
    "masked or null as the viewer's permissions have it.",
)
class ActorRefType:
    """Of an `EventRecord`."""

    subject: str | None = derived(
        _subject,
        "登录标识(令牌的 sub,命令行为 cli);仅有 READ_AUDIT 权限者可见 | subject of the token, cli "
        "for the command line; only for who has READ_AUDIT",
        ("tenant_id", "actor"),
    )
    role: Role = column("当时的角色 | role at the time")
    name: str | None = relation(
        PersonName,
        "令牌所属人员的姓名,总是掩码;空为未绑定,或查看者无权查看 | name of the person that the "
        "token was bound to, always masked; null = none, or not for the viewer",
        key=("tenant_id", "person_id"),
        arguments=ReachArguments,
        finish=_masked_name,
    )
    person: refs.Person | None = relation(
        PersonById,
        "令牌所属人员;空为未绑定,或查看者无权查看 | person that the token was bound to; null = "
        "none, or not for the viewer",
        key=("tenant_id", "person_id"),
        arguments=ReachArguments,
    )


def _id(root: Any) -> strawberry.ID:
    return strawberry.ID(str(GlobalId("Event", root["tenant_id"], str(root["seq"]))))


def _kinds(kinds: frozenset[EventKind]) -> Any:
    """An `is_type_of` for the events of these kinds."""

    def is_type_of(cls: Any, value: Any, info: Any) -> bool:
        return isinstance(value, EventRecord) and value["kind"] in kinds

    return classmethod(is_type_of)


@strawberry.interface(
    name="Event",
    description="事件:日志中的一条,只增不改。 | An entry of the log, which only grows.",
)
class EventType:
    """Of an `EventRecord`."""

    id: strawberry.ID = derived(
        _id, "编号,全局唯一;不是 Node | unique id; an event is no Node", ("tenant_id", "seq")
    )
    seq: int = column("序号:租户内从 1 起连续 | number in the tenant's log, from 1 without gaps")
    kind: EventKind = column("种类 | kind")
    at: datetime.datetime = column("发生时间 | when it happened")
    actor: ActorRefType = passing(lambda root: root, "由谁所为 | who did it")


def _organization() -> Any:
    return relation(
        OrganizationById, "所涉组织 | the organization", key=("tenant_id", "organization_id")
    )


def _day(name: str) -> Any:
    def read(root: Any) -> datetime.date | None:
        text = facts(root).get(name)
        return None if text is None else datetime.date.fromisoformat(text)

    return read


def _after(root: Any) -> str | None:
    found = facts(root)
    after: str | None = found.get("after", found.get("name"))
    return after


def _affected(root: Any) -> int:
    found = facts(root)
    return int(found.get("affected", 1 + found.get("children", 0)))


@strawberry.type(
    name="OrganizationEvent",
    description="组织的设立、更名、划转、合并、撤销。 | An organization was established, renamed, "
    "moved, merged or dissolved.",
)
class OrganizationEventType(EventType):
    """Of an `EventRecord` of `ORGANIZATION_KINDS`."""

    is_type_of = _kinds(ORGANIZATION_KINDS)

    organization: refs.Organization = _organization()
    on: datetime.date | None = derived(
        _day("on"),
        "生效日;撤销、合并为不再存续的首日,空为不详 | day from which it holds; of an end the first "
        "day without it; null = not known",
        ABOUT,
    )
    before: str | None = derived(
        lambda root: facts(root).get("before"),
        "原名称;划转为原上级编码 | former name; of a move the code of the former parent",
        ABOUT,
    )
    after: str | None = derived(
        _after,
        "名称;划转为新上级编码,撤销、合并为空 | name; of a move the code of the new parent; null "
        "of an end",
        ABOUT,
    )
    successors: list[str] = derived(
        lambda root: facts(root).get("successors", []),
        "继任组织的编码 | codes of the organizations that took it over",
        ABOUT,
    )
    affected: int = derived(
        _affected,
        "涉及的组织数:自身,及随之划转的 | organizations affected: itself, and those that moved "
        "along",
        ABOUT,
    )
    posts_ended: int = derived(
        lambda root: facts(root).get("posts", 0),
        "因此终止的任职数 | posts that ended with it",
        ABOUT,
    )


def _fact_key(name: str) -> Any:
    """A key of the row whose id is the fact `name`."""

    def key(root: Any) -> tuple[int, uuid.UUID] | None:
        id_ = facts(root).get(name)
        return None if id_ is None else (root["tenant_id"], uuid.UUID(id_))

    return key


def _post_kind(root: Any, context: Context) -> PostKindSource | None:
    definition = context.registry.by_id[root["tenant_id"]]
    kind = definition.posts.get(facts(root)["kind"])
    return None if kind is None else PostKindSource(definition, kind)


def _until(root: Any) -> datetime.date | None:
    found = facts(root)
    text = found.get("on", found.get("until"))
    return None if text is None else datetime.date.fromisoformat(text)


@strawberry.type(
    name="PostEvent",
    description="任命、免职。 | Somebody was appointed to a post, or relieved of it.",
)
class PostEventType(EventType):
    """Of an `EventRecord` of `POST_KINDS`."""

    is_type_of = _kinds(POST_KINDS)

    organization: refs.Organization = _organization()
    post_kind: refs.PostKind | None = derived(
        _post_kind,
        "岗位种类;空为现行定义已无此岗位 | kind; null where the definition no longer has it",
        ("tenant_id", "about"),
    )
    since: datetime.date | None = derived(
        _day("since"), "任职日;免职为空 | first day; null of a relief", ABOUT
    )
    until: datetime.date | None = derived(
        _until, "卸任日(不含)| first day on which it is no longer held", ABOUT
    )
    post: refs.Post | None = relation(
        PostById,
        "任职;查看者无权查看则为空 | the post; null where it is not for the viewer",
        key=_fact_key("post"),
        columns=("tenant_id", "about"),
        arguments=VisibleArguments,
    )
    person: refs.Person | None = relation(
        PersonById,
        "任职者;查看者无权查看则为空 | who holds or held it; null where it is not for the viewer",
        key=_fact_key("person"),
        columns=("tenant_id", "about"),
        arguments=ReachArguments,
    )


def _people(root: Any) -> tuple[uuid.UUID, ...]:
    found = facts(root)
    ids = found.get("people", [found["person"]] if "person" in found else [])
    return tuple(sorted(map(uuid.UUID, ids)))


@strawberry.type(
    name="AccessEvent",
    description="个人信息被查看原文、拒绝查看、导出或注销。 | Personal data were shown unmasked, "
    "denied, exported or erased.",
)
class AccessEventType(EventType):
    """Of an `EventRecord` of `ACCESS_KINDS`."""

    is_type_of = _kinds(ACCESS_KINDS)

    fields: list[str] = derived(
        lambda root: facts(root).get("fields", []),
        "所查看的字段,如 Person.phone | fields that were shown, such as Person.phone",
        ABOUT,
    )
    people_count: int = derived(
        lambda root: len(_people(root)), "涉及的人数 | how many people it is about", ABOUT
    )
    people: refs.People = relation(
        PeopleOfEvent,
        "涉及的人员 | the people whom it is about",
        key=lambda root: (root["tenant_id"], _people(root)),
        columns=("tenant_id", "about"),
        arguments=EventPeopleArguments,
    )
    purpose: str | None = derived(
        lambda root: facts(root).get("purpose"),
        "所述用途(X-Purpose),号码已掩码 | stated purpose, numbers in it masked",
        ABOUT,
    )
    what: str | None = derived(
        lambda root: facts(root).get("what"),
        "被拒绝的字段或权限 | field or permission that was denied",
        ABOUT,
    )
    times: int = derived(lambda root: facts(root).get("times", 1), "次数 | how many times", ABOUT)


def _issue_key(root: Any) -> tuple[int, uuid.UUID]:
    return root["tenant_id"], root["issue_id"]


def _note_key(root: Any) -> tuple[int, uuid.UUID, uuid.UUID] | None:
    id_ = facts(root).get("note")
    return None if id_ is None else (root["tenant_id"], root["issue_id"], uuid.UUID(id_))


def _set(root: Any, name: str) -> Any:
    """What the change set a column of the issue to; None too where it did not touch it."""
    return facts(root).get("set", {}).get(name)


def _moment(name: str) -> Any:
    """A moment that the change set."""

    def read(root: Any) -> datetime.datetime | None:
        text = _set(root, name)
        return None if text is None else datetime.datetime.fromisoformat(text)

    return read


def _due_at(root: Any) -> datetime.datetime | None:
    """Whoever settles an issue writes the clock back, too, and sets no time any more."""
    found: datetime.datetime | None = _moment("due_at")(root)
    return found if _set(root, "ended_at") is None else None


def _set_key(name: str) -> Any:
    """A key of the row whose id the change set."""

    def key(root: Any) -> tuple[int, uuid.UUID] | None:
        id_ = _set(root, name)
        return None if id_ is None else (root["tenant_id"], uuid.UUID(id_))

    return key


def _part(
    pick: Callable[[Any, Any], str | None], make: Callable[[WorkflowSource, str], Any]
) -> Any:
    """How a part of the issue's workflow is made, once the workflow has been read."""

    def finish(value: Any, root: Any, context: Context) -> Any:
        key = pick(root, facts(root))
        return None if value is None or key is None else make(workflow_of(context, value), key)

    return finish


def _workflow_part(
    pick: Callable[[Any, Any], str | None],
    make: Callable[[WorkflowSource, str], Any],
    description: str,
) -> Any:
    return relation(
        WorkflowOfIssue,
        description,
        key=_issue_key,
        columns=("tenant_id", "issue_id", "about"),
        arguments=IssueReachArguments,
        finish=_part(pick, make),
    )


def _co_handlers(root: Any) -> tuple[uuid.UUID, ...]:
    found = facts(root).get("co_handlers", [])
    return tuple(dict.fromkeys(uuid.UUID(item["organization_id"]) for item in found))


@strawberry.type(
    name="IssueEvent",
    description="事项的一步:上报、办理、答复、评价、逾期等。 | A step of an issue: it was "
    "reported, handled, answered, rated, overdue ...",
)
class IssueEventType(EventType):
    """Of an `EventRecord` of `ISSUE_KINDS`."""

    is_type_of = _kinds(ISSUE_KINDS)

    issue: refs.Issue | None = relation(
        IssueById,
        "事项;不可查看则为空 | the issue; null where it is not for the viewer",
        key=_issue_key,
        columns=("tenant_id", "issue_id"),
        arguments=IssueReachArguments,
    )
    number: str = derived(lambda root: facts(root)["number"], "事项编号 | number", ABOUT)
    organization: refs.Organization = relation(
        OrganizationById,
        "此步之后所在的组织 | organization where it stood after the step",
        key=("tenant_id", "organization_id"),
    )
    action: refs.WorkflowAction | None = _workflow_part(
        lambda root, found: found.get("action"),
        action_of,
        "所执行的动作;空为系统所为,或不可查看该事项 | the action; null = the server did it itself, "
        "or the issue is not for the viewer",
    )
    from_state: refs.WorkflowState | None = _workflow_part(
        lambda root, found: found.get("from"),
        state_of,
        "此步之前的状态;空为上报、附议、系统所为 | state before; null of a report, and where "
        "no action was done",
    )
    to_state: refs.WorkflowState | None = _workflow_part(
        lambda root, found: found.get("to", _set(root, "state")),
        state_of,
        "此步之后的状态;空为附议、系统所为 | state after; null where no action was done",
    )
    note: refs.Note | None = relation(
        NoteOfIssue,
        "说明与佐证;不可查看该事项则为空 | note and evidence; null where there is none, or the "
        "issue is not for the viewer",
        key=_note_key,
        columns=("tenant_id", "issue_id", "about"),
        arguments=IssueReachArguments,
    )
    lead: refs.Organization | None = relation(
        OrganizationById,
        "此步定下的主办组织 | organization that became the lead with it",
        key=_set_key("lead_organization_id"),
        columns=("tenant_id", "about"),
    )
    co_handlers: list[refs.Organization] = relation(
        OrganizationsOfEvent,
        "此步邀请的协办组织 | organizations that were asked to take part with it",
        key=lambda root: (root["tenant_id"], _co_handlers(root)),
        columns=("tenant_id", "about"),
    )
    due_at: datetime.datetime | None = derived(
        _due_at, "此步定下的到期时间 | when it is due since then", ABOUT
    )
    paused_until: datetime.datetime | None = derived(
        _moment("paused_until"), "挂起至 | paused until", ABOUT
    )
    solved: Solved | None = derived(
        lambda root: None if (given := _set(root, "solved")) is None else Solved(given),
        "评价:是否解决 | rating: whether it was solved",
        ABOUT,
    )
    satisfied: int | None = derived(
        lambda root: _set(root, "satisfied"), "评价:满意度 | rating: how satisfied", ABOUT
    )
    reached: bool | None = derived(
        lambda root: facts(root).get("reached"),
        "回访:是否联系上 | follow-up: whether the reporter was reached",
        ABOUT,
    )
    merged_into: refs.Issue | None = relation(
        IssueById,
        "并入的事项;不可查看则为空 | issue that it was merged into; null where it is not for the "
        "viewer",
        key=_set_key("merged_into"),
        columns=("tenant_id", "about"),
        arguments=IssueReachArguments,
    )
    merged: str | None = derived(
        lambda root: facts(root).get("merged"),
        "并入此事项的另一件的编号 | number of another issue that was merged into this one",
        ABOUT,
    )


def _named(loader: Any, name: str, description: str, arguments: Any = None) -> Any:
    """A relation to the row whose id is the fact `name`."""
    return relation(
        loader,
        description,
        key=_fact_key(name),
        columns=("tenant_id", "about"),
        arguments=arguments,
    )


def _deal_state(name: str) -> Any:
    def read(root: Any) -> DealState | None:
        found = facts(root).get(name)
        return None if found is None else DealState(found)

    return read


def _first_day(root: Any) -> datetime.date | None:
    found = facts(root)
    text = found.get("on", found.get("since", found.get("until")))
    return None if text is None else datetime.date.fromisoformat(text)


def _fact(name: str) -> Any:
    """What a fact is shown as: a list joined."""

    def read(root: Any) -> str | None:
        found = root[name]
        return "、".join(found) if isinstance(found, list) else found

    return read


@strawberry.type(
    name="CooperativeChange",
    description="合作社信息的一处变更。 | One thing that changed about a cooperative.",
)
class CooperativeChangeType:
    """Of an entry of the fact `changes`."""

    field: str = derived(
        lambda root: root["field"],
        "所变更的字段,如 name、leader | the field that changed, such as name or leader",
    )
    before: str | None = derived(
        _fact("before"), "变更前;组织为其编码 | before; of an organization its code"
    )
    after: str | None = derived(
        _fact("after"), "变更后;组织为其编码 | after; of an organization its code"
    )


def _changes(root: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = facts(root).get("changes", [])
    return found


@strawberry.type(
    name="CooperativeEvent",
    description="合作社的一步:成立、变更、成员、成效、供需、合作等。 | A step of a cooperative: it "
    "was founded, changed, joined, recorded, posted for, dealt with ...",
)
class CooperativeEventType(EventType):
    """Of an `EventRecord` of `COOPERATIVE_KINDS`."""

    is_type_of = _kinds(COOPERATIVE_KINDS)

    cooperative: refs.Cooperative | None = relation(
        CooperativeById,
        "合作社;空为只关乎某农户 | the cooperative; null = it is about a household alone",
        key=("tenant_id", "cooperative_id"),
    )
    organization: refs.Organization = relation(
        OrganizationById,
        "当时的领办组织;只关乎农户的为其所在村 | the organization that led it then; of a household "
        "alone where that is",
        key=("tenant_id", "organization_id"),
    )
    on: datetime.date | None = derived(
        _first_day,
        "自哪一天起;解散、退出为不再存续、不再为成员的首日 | day from which it holds; of an end "
        "the first day without",
        ABOUT,
    )
    changes: list[CooperativeChangeType] = derived(
        _changes, "所作的变更 | what changed about the cooperative", ABOUT
    )
    fields: list[str] = derived(
        lambda root: facts(root).get("fields", []),
        "所更正的成效或农户信息的字段 | fields of a result or a household that were corrected",
        ABOUT,
    )
    year: int | None = derived(lambda root: facts(root).get("year"), "成效的年度 | year", ABOUT)
    revision: int | None = derived(
        lambda root: facts(root).get("revision"),
        "此步之后合作社或成效的版次 | revision of the cooperative or the result after it",
        ABOUT,
    )
    result: refs.AnnualResult | None = _named(
        AnnualResultById, "result", "所登记的成效 | the result that was recorded"
    )
    union: refs.Cooperative | None = _named(
        CooperativeById, "union", "所加入或退出的联合社 | the union that was joined or left"
    )
    member: refs.Cooperative | None = _named(
        CooperativeById, "member", "加入或退出的成员社 | the cooperative that joined or left it"
    )
    household: refs.Household | None = _named(
        HouseholdById,
        "household",
        "农户;查看者无权查看则为空 | the household; null where it is not for the viewer",
        HouseholdReachArguments,
    )
    posting: refs.Posting | None = _named(
        PostingById, "posting", "供需信息 | the posting, with product and quantity"
    )
    deal: refs.Deal | None = _named(DealById, "deal", "合作 | the deal, with product and amount")
    from_state: DealState | None = derived(
        _deal_state("from"), "合作此步之前的状态 | state of the deal before", ABOUT
    )
    to_state: DealState | None = derived(
        _deal_state("to"), "合作此步之后的状态 | state of the deal after", ABOUT
    )
    reason: str | None = derived(
        lambda root: facts(root).get("reason"), "解散的原因 | why it was dissolved", ABOUT
    )


@strawberry.type(
    name="EconomyEvent",
    description="社企联盟与集体经济的一步:企业、供需、对接会、资产交易、薄弱村。 | A step in the "
    "alliance and the collective economy: enterprises, postings, meetings, trades, weak villages.",
)
class EconomyEventType(EventType):
    """Of an `EventRecord` of `ECONOMY_KINDS`."""

    is_type_of = _kinds(ECONOMY_KINDS)

    organization: refs.Organization = relation(
        OrganizationById, "所在组织 | where it was", key=("tenant_id", "organization_id")
    )
    on: datetime.date | None = derived(_first_day, "日期 | day", ABOUT)
    enterprise: refs.Enterprise | None = _named(
        EnterpriseById, "enterprise", "企业 | the enterprise"
    )
    posting: refs.Posting | None = _named(
        PostingById, "posting", "供需信息 | the posting, with product and quantity"
    )
    matching_event: refs.MatchingEvent | None = _named(
        MatchingEventById, "matching_event", "对接会 | the matching event"
    )
    asset_trade: refs.AssetTrade | None = _named(
        AssetTradeById, "trade", "集体资产交易 | the trade of a collective asset"
    )
    village: refs.WeakVillage | None = _named(
        WeakVillageById, "village", "集体经济薄弱村 | the weak village"
    )
    amount: Decimal | None = derived(
        lambda root: None if (text := facts(root).get("amount")) is None else Decimal(text),
        "此次帮扶资金(元)| what was paid with it, 元",
        ABOUT,
    )


def _agreement_id(name: str, type_: str) -> Any:
    """The global id of a row of the agreement that the event names."""

    def read(root: Any) -> strawberry.ID | None:
        id_ = facts(root).get(name)
        if id_ is None:
            return None
        return strawberry.ID(str(GlobalId(type_, root["tenant_id"], uuid.UUID(id_).hex)))

    return read


def _party(parties: Any, root: Any, context: Context) -> Any:
    wanted = facts(root).get("party")
    return next((party for party in parties if party["number"] == wanted), None)


@strawberry.type(
    name="AgreementEvent",
    description="协议的一步:起草、提出、签署、生效、兑现、结束等。 | A step of an agreement: it "
    "was drafted, proposed, signed, came into force, something was delivered, it was over ...",
)
class AgreementEventType(EventType):
    """Of an `EventRecord` of `AGREEMENT_KINDS`."""

    is_type_of = _kinds(AGREEMENT_KINDS)

    agreement: refs.Agreement | None = relation(
        AgreementById,
        "协议;不可查看则为空 | the agreement; null where it is not for the viewer",
        key=("tenant_id", "agreement_id"),
        arguments=AgreementReachArguments,
    )
    organization: refs.Organization = relation(
        OrganizationById,
        "所涉的本市一方 | organization of the city's party that it is about",
        key=("tenant_id", "organization_id"),
    )
    party: refs.AgreementParty | None = relation(
        EveryPartyOfAgreement,
        "所为的一方,空为系统所为 | party that did it; null = the server itself",
        key=("tenant_id", "agreement_id"),
        columns=("about",),
        arguments=AgreementReachArguments,
        finish=_party,
    )
    version: int | None = derived(
        lambda root: facts(root).get("version"), "所涉版本号 | number of the version", ABOUT
    )
    commitment_key: str | None = derived(
        lambda root: facts(root).get("commitment"), "所涉承诺键 | key of the commitment", ABOUT
    )
    delivery_id: strawberry.ID | None = derived(
        _agreement_id("delivery", "Delivery"),
        "所涉兑现记录的编号 | id of the delivery",
        ("tenant_id", "about"),
    )
    activity_id: strawberry.ID | None = derived(
        _agreement_id("activity", "AgreementActivity"),
        "所涉会商或活动的编号 | id of the activity",
        ("tenant_id", "about"),
    )
    state: AgreementState | None = derived(
        lambda root: AgreementState(found) if (found := facts(root).get("state")) else None,
        "此步之后的状态,载明的才有 | state after it, where the event says so",
        ABOUT,
    )
    reason: EndReason | None = derived(
        lambda root: EndReason(found) if (found := facts(root).get("reason")) else None,
        "结束的原因 | why it is over",
        ABOUT,
    )
    renewed_by: refs.Agreement | None = relation(
        AgreementById,
        "由哪一份协议续签 | agreement that goes on with it",
        key=_fact_key("by"),
        columns=("tenant_id", "about"),
        arguments=AgreementReachArguments,
    )


@strawberry.type(name="EventEdge", description="事件的边 | An edge of events.")
class EventEdge:
    """Of a cursor and an `EventRecord`."""

    cursor: str = edge_cursor()
    node: EventType = edge_node()


@strawberry.type(
    name="EventConnection", description="事件分页,新的在后 | A page of events, the newest last."
)
class EventConnection:
    """Of a `Slice`."""

    edges: list[EventEdge] = edges()
    nodes: list[EventType] = nodes()
    page_info: PageInfo = page_info()
