"""Recording what a party has delivered on a commitment."""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from uuid_utils.compat import uuid7

from schema.agreement_actions import AgreementAction
from schema.agreements.content import Content, ContentCommitment, day
from schema.agreements.copies import DELIVERY, Change, Copy, Insert, Party, Told, change
from schema.agreements.outcome import Concluded, shown
from schema.agreements.parties import acting
from schema.agreements.reasons import Reasons
from schema.amounts import checked_amount, checked_quantity
from schema.events import EventKind
from schema.evidence import malformed_evidence
from schema.refusals import Refusal, RefusalCode, Refused, refuse, wrong
from schema.tables.agreement import DeliveryState
from schema.texts import checked_text
from schema.work import Work
from tenants.definition import DataKind


@dataclass(frozen=True)
class Deliver:
    """Record that a party delivered on a commitment (its key) of what was agreed.

    `quantity` in the commitment's unit, needed where it has a target; `funds` in 元; `evidence`
    are addresses. `party` is a code, None where the actor may act for one party alone.
    """

    agreement: uuid.UUID
    commitment: str
    delivered_on: datetime.date
    quantity: Decimal | None = None
    funds: Decimal | None = None
    text: str | None = None
    evidence: tuple[str, ...] = ()
    party: str | None = None

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement and the delivery, or why not.

        Errors: `CopiesDifferError`.
        """
        return await change(work, self.agreement, partial(self._decide, work))

    async def _decide(self, work: Work, copy: Copy) -> Change[Concluded] | Refused:
        content = copy.agreed or copy.content
        commitment = _commitment(content, self.commitment)
        owner = None if commitment is None else commitment["owner"]
        by = acting(work, copy, AgreementAction.RECORD_DELIVERY, self.party, owner)
        if isinstance(by, Refused):
            return by
        if commitment is None:
            return _unknown(content, self.commitment)
        reasons = Reasons(malformed_evidence(self.evidence))
        reasons += outside_of_term(content, self.delivered_on, work.today, "deliveredOn")
        quantity = reasons.number(checked_quantity(self.quantity, "quantity"))
        funds = reasons.number(checked_amount(self.funds, "funds"))
        text = reasons.text(checked_text(self.text, "text"))
        reasons += self._lacking(commitment)
        if reasons:
            return Refused(tuple(reasons))
        return self._written(work, copy, by, quantity, funds, text)

    def _lacking(self, commitment: ContentCommitment) -> Iterator[Refusal]:
        if commitment["quantity"] is not None and self.quantity is None:
            unit = commitment["unit"]
            yield wrong(
                RefusalCode.AMOUNT_OUT_OF_RANGE,
                f"这项承诺有数量目标({commitment['quantity']}{unit}),须写明兑现的数量。",
                f"The commitment has a target ({commitment['quantity']} {unit}): say how much was "
                "delivered.",
                "quantity",
            )
            return
        blank = not (self.text or "").strip() and not self.evidence
        if blank and self.quantity is None and self.funds is None:
            yield wrong(
                RefusalCode.TEXT_MALFORMED,
                "请写明兑现了什么:数量、资金、说明、附件至少一项。",
                "Say what was delivered: a quantity, funds, a text or evidence.",
                "text",
            )

    def _written(
        self,
        work: Work,
        copy: Copy,
        by: Party,
        quantity: Decimal | None,
        funds: Decimal | None,
        text: str | None,
    ) -> Change[Concluded]:
        id_ = uuid7()
        row = {
            "id": id_,
            "agreement_id": copy.id,
            "commitment": self.commitment,
            "party": by.number,
            "delivered_on": self.delivered_on,
            "quantity": quantity,
            "funds": funds,
            "text": text,
            "evidence": list(self.evidence),
            "recorded_at": work.now,
            "state": DeliveryState.RECORDED.value,
            "answered_by": None,
            "answered_at": None,
            "answer": None,
            "data_kind": DataKind.REAL.value,
        }
        about = {"delivery": str(id_), "commitment": self.commitment, "party": by.number}
        return Change(
            Concluded(work.tenant_id, copy.id, id_),
            (Insert(DELIVERY, (row,)),),
            (Told(EventKind.AGREEMENT_DELIVERY_RECORDED, about, by),),
        )


def outside_of_term(
    content: Content, on: datetime.date, today: datetime.date, field: str
) -> Iterator[Refusal]:
    """A reason where a day lies in the future, or outside of the term that was agreed."""
    begins = day(content["startsOn"])
    latest = min(today, day(content["endsOn"]) or today)
    if on > latest or (begins is not None and on < begins):
        yield wrong(
            RefusalCode.DATE_OUT_OF_RANGE,
            f"日期 {on} 不可用:应在 {begins or '协议生效'} 至 {latest} 之间。",
            f"The day {on} cannot be: expected {begins or 'the beginning of the agreement'} to "
            f"{latest}.",
            field,
        )


def _commitment(content: Content, key: str) -> ContentCommitment | None:
    return next((one for one in content["commitments"] if one["key"] == key), None)


def _unknown(content: Content, key: str) -> Refused:
    known = "、".join(one["key"] for one in content["commitments"]) or "—"
    return refuse(
        RefusalCode.COMMITMENT_UNKNOWN,
        f"各方签署的版本中没有承诺“{shown(key)}”;有:{known}。",
        f"What all have signed has no commitment {shown(key)!r}; it has: {known}.",
        "commitment",
    )
