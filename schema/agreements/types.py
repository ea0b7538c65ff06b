"""Agreements: who agreed with whom on what, and what has come of it."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from schema import refs
from schema.agreement_actions import AgreementAction
from schema.agreement_filters import alliance_kind
from schema.agreement_measures import AgreementKind
from schema.agreement_reach import AgreementReachArguments, demand_whole
from schema.agreements.activity_types import ActivitiesArguments, AgreementActivityConnection
from schema.agreements.commitment_types import (
    COLUMNS,
    AgreementProgressType,
    CommitmentType,
    DimensionProgressType,
    DimensionValueType,
    by_dimension,
    commitments_of,
    content_of,
    dimensions_of,
    together,
)
from schema.agreements.content import ContentMember
from schema.agreements.delivery_types import DeliveriesArguments, DeliveryConnection
from schema.agreements.party_types import AgreementPartyType, numbered
from schema.agreements.rules import AgreementStanding, PartyStanding, available, parties_for
from schema.agreements.version_types import AgreementVersionType
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
    total_count,
)
from schema.context import Context
from schema.fields import column, derived, relation
from schema.loaders.agreement import (
    CONTENT,
    WHOLE,
    AgreementById,
    AgreementReach,
    AgreementRecord,
    RenewalOfAgreement,
)
from schema.loaders.agreement_activity import ActivitiesOfAgreement, MeetingsOfAgreement
from schema.loaders.agreement_delivery import DeliveriesOfAgreement, DeliverySums
from schema.loaders.agreement_party import PartiesOfAgreement, SignersOfAgreement
from schema.loaders.agreement_standing import AgreementStandings
from schema.loaders.agreement_version import VersionsOfAgreement
from schema.loaders.event import EventPage, EventsOfAgreement
from schema.logbook import numbered as numbered_window
from schema.node import Node, kind_of
from schema.row_fields import city_of, data_kind, definition_of, id_of
from schema.tables.agreement import AgreementState, EndReason
from tenants.cooperation import AllianceKind
from tenants.definition import DataKind


@dataclass(frozen=True)
class MemberSource:
    """A place in the working group of the agreement in `row`."""

    row: Any
    item: ContentMember

    @property
    def tenant_id(self) -> int:
        """The tenant whose copy it is of."""
        return int(self.row["tenant_id"])


@dataclass(frozen=True)
class WholeArguments:
    """No arguments: for what only who sees the copy whole may see; the field needs `WHOLE`."""

    def checked(self, context: Context, root: Any) -> AgreementReach:
        """The reach.

        Errors: `CodedError` FORBIDDEN.
        """
        demand_whole(context, root)
        return AgreementReachArguments().checked(context, root)


@dataclass(frozen=True)
class AgreementTimelineArguments:
    """Arguments of `Agreement.timeline`."""

    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> EventPage:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN for who does not see the copy whole; those of paging.
        """
        demand_whole(context, root)
        return EventPage(numbered_window(self.first, self.after, self.last, self.before))


@strawberry.type(
    name="WorkingGroupMember",
    description="工作组成员:一方的一个职务,从不写人名 | A place in the working group: a post of a "
    "party, never a person.",
)
class WorkingGroupMemberType:
    """Of a `MemberSource`."""

    party: AgreementPartyType | None = relation(
        PartiesOfAgreement,
        "所属一方 | party",
        key=lambda root: (root.row["tenant_id"], root.row["id"]),
        arguments=AgreementReachArguments,
        finish=numbered(lambda root: root.item["party"]),
    )
    duty: str = derived(lambda root: root.item["duty"], "分工,如组长 | what they do in it")
    title: str = derived(lambda root: root.item["title"], "职务,如党支部书记 | title of the post")


def _kind(root: Any) -> AgreementKind:
    return AgreementKind.PAIRING if root["alliance"] is None else AgreementKind.ALLIANCE


def _alliance(root: Any, context: Context) -> AllianceKind | None:
    key = root["alliance"]
    return None if key is None else alliance_kind([definition_of(root, context)], key)


def _working_group(root: Any, context: Context) -> list[MemberSource]:
    demand_whole(context, root)
    return [MemberSource(root, item) for item in content_of(root)["workingGroup"]]


def _standing(rows: Sequence[Any], unanswered: frozenset[int]) -> AgreementStanding:
    first = rows[0]
    parties = [
        PartyStanding(
            row["number"],
            row["path"],
            row["signed_version"],
            row.get("is_newest", True),
            row.get("is_agreed", True),
        )
        for row in rows
    ]
    state = AgreementState(first["state"])
    return AgreementStanding(
        first["tenant_id"], state, first["version"], first["agreed"], tuple(parties), unanswered
    )


def _available(rows: Sequence[Any], root: Any, context: Context) -> list[AgreementAction]:
    """The actions that the mutations accept now: the same question to the same standing."""
    if not rows:
        return []
    unanswered = frozenset(row["number"] for row in rows if row["is_unanswered"])
    return available(_standing(rows, unanswered), context.actor)


def _signers(rows: Sequence[Any], root: Any, context: Context) -> list[Any]:
    if not rows:
        return []
    standing = _standing(rows, frozenset())
    numbers = parties_for(standing, AgreementAction.SIGN, context.actor)
    return [row for row in rows if row["number"] in numbers]


@strawberry.type(
    name="Agreement",
    description="协议:结对共建,或多方联盟;各方所在市各存一份(一式两份),这是其中一市的一份。有 "
    "READ_AGREEMENTS 权限的一方看到全部;其他人只看到各方均已签署的最新一版。 | An agreement: a "
    "pairing, or an alliance of many. Each party's city keeps a copy, and this is one of them. "
    "Who has READ_AGREEMENTS at one of the city's parties sees all of it, everybody else the "
    "newest version that every party has signed.",
)
class AgreementType(Node):
    """Of an `AgreementRecord`."""

    is_type_of = kind_of(AgreementRecord)

    id: strawberry.ID = id_of("Agreement", "本市这一份的全局编号 | global id of this city's copy")
    agreement_id: strawberry.ID = derived(
        lambda root: strawberry.ID(root["id"].hex),
        "协议编号,各份相同 | the same on every copy",
        ("id",),
    )
    city: refs.City = city_of("这一份属于哪个市 | whose copy it is")
    title: str = column("标题 | title")
    kind: AgreementKind = derived(_kind, "结对或联盟 | pairing or alliance", ("alliance",))
    alliance: refs.AllianceKind | None = derived(
        _alliance,
        "联盟的种类,结对为空;本市已无此种的以键为名 | kind of alliance; null of a pairing; named "
        "by its key where the city no longer has it",
        ("tenant_id", "alliance"),
    )
    facilitator: str | None = derived(
        lambda root: content_of(root)["facilitator"],
        "促成者,如驻村工作队 | who brought the parties together",
        (CONTENT,),
    )
    cross_city: bool = derived(
        lambda root: root["cities"] > 1,
        "各方是否属于不同的市 | whether its parties are of several cities",
        ("cities",),
    )
    state: AgreementState = column(
        "状态;有新版待签而您只能看已签的一版时,为该版的状态 | state; where a newer version is not "
        "for you, that of the agreed one"
    )
    version: int = column("您所见的版本号 | number of the version that you see")
    agreed_version: int | None = derived(
        lambda root: root["agreed"],
        "各方均已签署的最新版本号,空为还没有 | number of the newest version that all have signed; "
        "null = none yet",
        ("agreed",),
    )
    content_hash: str = column(
        "您所见版本内容的 SHA-256;签署的就是它 | SHA-256 of what you see, which is what one signs"
    )
    versions: list[AgreementVersionType] | None = relation(
        VersionsOfAgreement,
        "各版本,新的在前;仅看到全部者可取 | all versions, the newest first; for who sees all of it",
        key=("tenant_id", "id"),
        columns=(WHOLE,),
        arguments=WholeArguments,
    )
    parties: list[AgreementPartyType] = relation(
        PartiesOfAgreement,
        "各方 | parties",
        key=("tenant_id", "id"),
        arguments=AgreementReachArguments,
    )
    dimensions: list[DimensionValueType] = derived(
        dimensions_of, "联建维度 | dimensions", (CONTENT,)
    )
    working_group: list[WorkingGroupMemberType] | None = derived(
        _working_group,
        "工作组;仅看到全部者可取 | working group; for who sees all of it",
        ("tenant_id", "id", CONTENT, WHOLE),
    )
    commitments: list[CommitmentType] = derived(commitments_of, "承诺 | commitments", COLUMNS)
    progress: AgreementProgressType = relation(
        DeliverySums,
        "全部承诺的进展 | how all commitments stand",
        key=("tenant_id", "id"),
        columns=COLUMNS,
        finish=together,
    )
    dimension_progress: list[DimensionProgressType] = relation(
        DeliverySums,
        "各维度的进展 | how the commitments of each dimension stand",
        key=("tenant_id", "id"),
        columns=COLUMNS,
        finish=by_dimension,
    )
    deliveries: DeliveryConnection | None = relation(
        DeliveriesOfAgreement,
        "兑现记录;仅看到全部者可取 | deliveries; for who sees all of it",
        key=("tenant_id", "id"),
        columns=(WHOLE,),
        arguments=DeliveriesArguments,
    )
    activities: AgreementActivityConnection | None = relation(
        ActivitiesOfAgreement,
        "会商与活动;仅看到全部者可取 | meetings and activities; for who sees all of it",
        key=("tenant_id", "id"),
        columns=(WHOLE,),
        arguments=ActivitiesArguments,
    )
    meetings: int = relation(
        MeetingsOfAgreement, "会商次数 | how often the parties met", key=("tenant_id", "id")
    )
    starts_on: datetime.date | None = column(
        "首日;空为自各方签署之日起 | first day; null = from the day on which all have signed"
    )
    ends_on: datetime.date | None = column("末日,空为无期限 | last day; null = no end is set")
    renews: "AgreementType | None" = relation(
        AgreementById,
        "续签的是哪一份协议 | agreement that it goes on with",
        key=("tenant_id", "renews"),
        arguments=AgreementReachArguments,
    )
    renewed_by: "AgreementType | None" = relation(
        RenewalOfAgreement,
        "由哪一份协议续签 | agreement that goes on with it",
        key=("tenant_id", "id"),
        arguments=AgreementReachArguments,
    )
    created_at: datetime.datetime = column("起草时间 | when it was drafted")
    signed_at: datetime.datetime | None = column(
        "各方均已签署的时间,空为尚未或不详 | when all had signed; null = not yet, or not known"
    )
    ended_at: datetime.datetime | None = column("结束时间 | when it was over; null = it is not")
    end_reason: EndReason | None = derived(
        lambda root: None if root["end_reason"] is None else EndReason(root["end_reason"]),
        "结束的原因 | why it is over",
        ("end_reason",),
    )
    end_text: str | None = column(
        "结束的说明;仅看到全部者可见 | what was said of it; null but for who sees all of it"
    )
    timeline: refs.Events | None = relation(
        EventsOfAgreement,
        "经过,新的在后;仅看到全部者可取 | what happened to it, the newest last; for who sees all",
        key=("tenant_id", "id"),
        columns=(WHOLE,),
        arguments=AgreementTimelineArguments,
    )
    viewer_sees_all: bool = derived(
        lambda root: root[WHOLE],
        "您是否看到全部(含待签的版本、兑现记录)| whether you see all of it",
        (WHOLE,),
    )
    viewer_can_sign: list[AgreementPartyType] = relation(
        SignersOfAgreement,
        "您现在可代表哪几方签署所见版本 | parties for which you may sign what you see now",
        key=("tenant_id", "id"),
        arguments=AgreementReachArguments,
        finish=_signers,
    )
    available_actions: list[AgreementAction] = relation(
        AgreementStandings,
        "您现在可办理的 | what you may do now, for one of the parties at least",
        key=("tenant_id", "id"),
        arguments=AgreementReachArguments,
        finish=_available,
    )
    revision: int | None = column(
        "版次:每次变更加一;仅看到全部者可见 | counts its changes; null but for who sees all of it"
    )
    data_kind: DataKind = data_kind()
    source: str | None = column("出处 | source")


@strawberry.type(name="AgreementEdge", description="协议的边 | An edge of agreements.")
class AgreementEdge:
    """Of a cursor and an `AgreementRecord`."""

    cursor: str = edge_cursor()
    node: AgreementType = edge_node()


@strawberry.type(
    name="AgreementConnection",
    description="协议分页,新的在前 | A page of agreements, newest first.",
)
class AgreementConnection:
    """Of a `Slice`."""

    edges: list[AgreementEdge] = edges()
    nodes: list[AgreementType] = nodes()
    page_info: PageInfo = page_info()
    total_count: int = total_count()
