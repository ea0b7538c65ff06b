"""Deliveries: what a party says it did on a commitment, and what another one says of that."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from schema.agreement_reach import AgreementReachArguments, demand_whole
from schema.agreements.commitment_types import (
    CommitmentSource,
    CommitmentType,
    commitment_of,
    plain,
)
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
from schema.loaders.agreement import ContentOfAgreement
from schema.loaders.agreement_delivery import (
    DeliveriesOfAgreement,
    DeliveryListing,
    DeliveryRecord,
)
from schema.loaders.pages import listed
from schema.node import kind_of
from schema.row_fields import data_kind, id_of
from schema.tables.agreement import DeliveryState
from tenants.definition import DataKind


@dataclass(frozen=True)
class DeliveriesArguments:
    """Arguments of `Agreement.deliveries`."""

    commitment: Annotated[
        str | None, strawberry.argument(description="只看此项承诺(键)| of this commitment (key)")
    ] = None
    state: Annotated[
        DeliveryState | None, strawberry.argument(description="只看此状态 | in this state")
    ] = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> DeliveryListing:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN for who does not see the copy whole; those of paging.
        """
        demand_whole(context, root)
        pages = listed(DeliveriesOfAgreement, self.first, self.after, self.last, self.before)
        state = None if self.state is None else self.state.value
        return DeliveryListing(pages, self.commitment, state)


def _commitment(value: Any, root: Any, context: Context) -> CommitmentSource | None:
    return None if value is None else commitment_of(value, root["commitment"])


@strawberry.type(
    name="Delivery",
    description="兑现记录:一方就一项承诺所做的事,由另一方确认或提出异议。 | What a party did on a "
    "commitment; another party confirms or disputes it.",
)
class DeliveryType:
    """Of a `DeliveryRecord`."""

    is_type_of = kind_of(DeliveryRecord)

    id: strawberry.ID = id_of(
        "Delivery", "编号,全局唯一;不是 Node | unique id; a delivery is no Node"
    )
    commitment_key: str = derived(
        lambda root: root["commitment"], "承诺键 | key of the commitment", ("commitment",)
    )
    commitment: CommitmentType | None = relation(
        ContentOfAgreement,
        "承诺;空为您所见的版本已无此项 | the commitment; null where the version that you see no "
        "longer has it",
        key=("tenant_id", "agreement_id"),
        columns=("commitment",),
        arguments=AgreementReachArguments,
        finish=_commitment,
    )
    party: AgreementPartyType | None = party_of("party", "兑现的一方 | the party that did it")
    delivered_on: datetime.date = column("兑现日期 | day")
    quantity: Decimal | None = derived(
        lambda root: None if root["quantity"] is None else plain(root["quantity"]),
        "数量,按承诺的单位;空为未计量 | in the commitment's unit; null = not counted",
        ("quantity",),
    )
    funds: Decimal | None = column("所投入的资金(元)| funds that went into it, 元")
    text: str | None = column("说明 | what was done")
    evidence: list[str] = column("佐证材料的 https 地址 | https addresses of files")
    recorded_at: datetime.datetime = column("登记时间 | when it was recorded")
    state: DeliveryState = column("对方的回应 | what another party says")
    answered_by: AgreementPartyType | None = party_of(
        "answered_by", "回应的一方,空为尚未回应 | party that answered; null = none yet"
    )
    answered_at: datetime.datetime | None = column("回应时间 | when it was answered")
    answer: str | None = column("回应的说明 | what the answer says")
    data_kind: DataKind = data_kind()


@strawberry.type(name="DeliveryEdge", description="兑现记录的边 | An edge of deliveries.")
class DeliveryEdge:
    """Of a cursor and a `DeliveryRecord`."""

    cursor: str = edge_cursor()
    node: DeliveryType = edge_node()


@strawberry.type(
    name="DeliveryConnection",
    description="兑现记录分页,日期新的在前 | A page of deliveries, the newest day first.",
)
class DeliveryConnection:
    """Of a `Slice`."""

    edges: list[DeliveryEdge] = edges()
    nodes: list[DeliveryType] = nodes()
    page_info: PageInfo = page_info()
    total_count: int = total_count()
