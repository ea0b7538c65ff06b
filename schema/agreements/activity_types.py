"""Meetings of the parties, and what they did together."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from schema import refs
from schema.agreement_reach import AgreementReachArguments, demand_whole
from schema.agreements.party_types import AgreementPartyType, party_of
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
from schema.loaders.agreement_activity import (
    ActivitiesOfAgreement,
    ActivityListing,
    AgreementActivityRecord,
)
from schema.loaders.agreement_party import EveryPartyOfAgreement
from schema.loaders.pages import listed
from schema.node import kind_of
from schema.row_fields import data_kind, id_of
from schema.tables.agreement import ActivityKind
from tenants.cooperation import JointWay
from tenants.definition import DataKind


@dataclass(frozen=True)
class ActivitiesArguments:
    """Arguments of `Agreement.activities`."""

    kind: Annotated[
        ActivityKind | None, strawberry.argument(description="只看此种 | of this kind")
    ] = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> ActivityListing:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN for who does not see the copy whole; those of paging.
        """
        demand_whole(context, root)
        pages = listed(ActivitiesOfAgreement, self.first, self.after, self.last, self.before)
        return ActivityListing(pages, None if self.kind is None else self.kind.value)


def _way(root: Any, context: Context) -> JointWay | None:
    key = root["way"]
    if key is None:
        return None
    ways = context.registry.by_id[root["tenant_id"]].cooperation.ways
    gone = JointWay(key=key, name=key, assumed=True)
    return next((way for way in ways if way.key == key), gone)


def _parties(parties: Sequence[Any], root: Any, context: Context) -> list[Any]:
    return [party for party in parties if party["number"] in root["parties"]]


@strawberry.type(
    name="AgreementActivity",
    description="联席会商,或联建活动 | A meeting of the parties, or what they did together.",
)
class AgreementActivityType:
    """Of an `AgreementActivityRecord`."""

    is_type_of = kind_of(AgreementActivityRecord)

    id: strawberry.ID = id_of(
        "AgreementActivity", "编号,全局唯一;不是 Node | unique id; an activity is no Node"
    )
    kind: ActivityKind = column("会商或活动 | meeting or activity")
    way: refs.JointWay | None = derived(
        _way,
        "联动方式,空为未注明;本市已无此种的以键为名 | way of working together; null = not said; "
        "named by its key where the city no longer has it",
        ("tenant_id", "way"),
    )
    subject: str = column("主题 | subject")
    held_on: datetime.date = column("日期 | day")
    parties: list[AgreementPartyType] = relation(
        EveryPartyOfAgreement,
        "参加的各方 | parties that took part",
        key=("tenant_id", "agreement_id"),
        columns=("parties",),
        arguments=AgreementReachArguments,
        finish=_parties,
    )
    funds: Decimal | None = column("资金(元)| funds, 元")
    solved: int | None = column("解决问题数 | problems that it settled")
    text: str | None = column("说明 | what was done")
    recorded_by: AgreementPartyType | None = party_of(
        "recorded_by", "登记的一方 | party that recorded it"
    )
    recorded_at: datetime.datetime = column("登记时间 | when it was recorded")
    data_kind: DataKind = data_kind()


@strawberry.type(
    name="AgreementActivityEdge", description="会商与活动的边 | An edge of activities."
)
class AgreementActivityEdge:
    """Of a cursor and an `AgreementActivityRecord`."""

    cursor: str = edge_cursor()
    node: AgreementActivityType = edge_node()


@strawberry.type(
    name="AgreementActivityConnection",
    description="会商与活动分页,日期新的在前 | A page of activities, the newest day first.",
)
class AgreementActivityConnection:
    """Of a `Slice`."""

    edges: list[AgreementActivityEdge] = edges()
    nodes: list[AgreementActivityType] = nodes()
    page_info: PageInfo = page_info()
    total_count: int = total_count()
