"""Advancing a deal: a step further, or its failure."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from schema.amounts import checked_amount
from schema.cooperative_rollups import COOPERATION
from schema.events import Event, EventKind
from schema.ids import uuid_in
from schema.loaders.deal import DEAL
from schema.market.checks import missing, not_taken
from schema.market.outcome import Recorded
from schema.market.parties import known_cooperative, known_enterprise, lacking
from schema.market.steps import PAYING, PRICED, next_states
from schema.refusals import RefusalCode, Refused, reasons_in, refuse
from schema.tables.market import DealState
from schema.texts import checked_text
from schema.work import Work

COLUMNS = ("id", "cooperative_id", "enterprise_id", "state", "amount", "collective_income",
           "household_income", "revision")  # fmt: skip
INCOMES = {"collective_income": "collectiveIncome", "household_income": "householdIncome"}
"""Columns of incomes, and the input's fields."""


@dataclass(frozen=True)
class Standing:
    """A deal as the transaction sees it; amounts in 元, None = not known."""

    id: uuid.UUID
    cooperative_id: uuid.UUID
    enterprise_id: uuid.UUID
    state: DealState
    amount: Decimal | None
    collective_income: Decimal | None
    household_income: Decimal | None
    revision: int


@dataclass(frozen=True)
class Advance:
    """Take a deal (a global id) to its next state, or let it fail, which needs a `reason`.

    From CONTRACTED on it has an amount; incomes may be given with DELIVERED and SETTLED, each up
    to the amount. What is left out stays as it is. `revision` is the one that the doer saw.
    """

    deal: str
    to: DealState
    amount: Decimal | None = None
    collective_income: Decimal | None = None
    household_income: Decimal | None = None
    reason: str | None = None
    revision: int | None = None

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the deal, or why not."""
        named = await _deal(work, self.deal)
        if named is None:
            return unknown_deal(self.deal)
        cooperative = await known_cooperative(work, named.cooperative_id, "deal")
        enterprise = await known_enterprise(work, named.enterprise_id, "deal")
        if isinstance(cooperative, Refused) or isinstance(enterprise, Refused):
            return unknown_deal(self.deal)
        if (denied := lacking(work, cooperative, enterprise, at=("deal",))) is not None:
            return denied
        deal = await _deal(work, self.deal, lock=True)
        assert deal is not None  # deals are never deleted
        if (refused := self._against(deal)) is not None:
            return refused
        values = self._values()
        if reasons := reasons_in((*values.values(), *self._wrong(deal, values))):
            return Refused(reasons)
        await self._write(work, deal, values)
        facts = {"deal": str(deal.id), "from": deal.state.value, "to": self.to.value}
        kind = EventKind.COOPERATIVE_DEAL_ADVANCED
        work.events.append(Event(kind, cooperative.place_id, facts, cooperative_id=cooperative.id))
        return Recorded(work.tenant_id, deal.id)

    def _against(self, deal: Standing) -> Refused | None:
        if self.revision is not None and self.revision != deal.revision:
            return refuse(
                RefusalCode.DEAL_CHANGED,
                f"合作在此期间已有更新:您所见为第 {self.revision} 版,现为第 {deal.revision} 版"
                f"({deal.state});请重新查看后再办。",
                f"The deal has changed: you saw revision {self.revision}, it is at "
                f"{deal.revision} now ({deal.state}); look at it again.",
                "revision",
            )
        allowed = next_states(deal.state)
        if self.to in allowed:
            return None
        known = ", ".join(allowed)
        return refuse(
            RefusalCode.DEAL_STATE_NOT_ALLOWED,
            f"合作现为 {deal.state},不能变为 {self.to};可以:{known or '无,已经结束'}。",
            f"The deal is {deal.state} and cannot become {self.to}; it can become: "
            f"{known or 'nothing, it has ended'}.",
            "to",
        )

    def _values(self) -> dict[str, Any]:
        """What is given, each as it is kept, or why it cannot be."""
        given = {
            "amount": checked_amount(self.amount, "amount"),
            "collective_income": checked_amount(self.collective_income, "collectiveIncome"),
            "household_income": checked_amount(self.household_income, "householdIncome"),
            "reason": checked_text(self.reason, "reason"),
        }
        return {name: value for name, value in given.items() if value is not None}

    def _wrong(self, deal: Standing, values: dict[str, Any]) -> Iterator[Refused]:
        """What is missing, has no place here, or does not go together."""
        if self.to is DealState.FAILED:
            yield from _wrong_of_failure(values)
            return
        if "reason" in values:
            yield not_taken(
                "原因只在 FAILED 时给出。", "A reason is given with FAILED alone.", "reason"
            )
        amount = values.get("amount", deal.amount)
        if amount is None and self.to in PRICED:
            yield missing(
                f"{self.to} 须有金额。", f"A deal that is {self.to} has an amount.", "amount"
            )
        for name, field in INCOMES.items():
            yield from self._wrong_income(deal, values, name, field)

    def _wrong_income(
        self, deal: Standing, values: dict[str, Any], name: str, field: str
    ) -> Iterator[Refused]:
        if name in values and self.to not in PAYING:
            yield not_taken(
                "收入只在 DELIVERED、SETTLED 时给出。",
                "Incomes are given with DELIVERED and SETTLED alone.",
                field,
            )
        income, amount = values.get(name, getattr(deal, name)), values.get("amount", deal.amount)
        if not isinstance(income, Decimal) or not isinstance(amount, Decimal) or income <= amount:
            return
        yield refuse(
            RefusalCode.AMOUNT_OUT_OF_RANGE,
            f"收入 {income} 元超过合作金额 {amount} 元。",
            f"The income of {income} 元 is more than the amount of {amount} 元.",
            field if name in values else "amount",
        )

    async def _write(self, work: Work, deal: Standing, values: dict[str, Any]) -> None:
        own = (DEAL.c.tenant_id == work.tenant_id, DEAL.c.id == deal.id)
        sets = {
            "state": self.to.value,
            "changed_at": work.now,
            "revision": deal.revision + 1,
            **values,
        }
        await work.count(COOPERATION, [deal.id])
        await work.connection.execute(update(DEAL).where(*own).values(**sets))


async def _deal(work: Work, given: str, lock: bool = False) -> Standing | None:
    """The deal that the input names."""
    id_ = uuid_in(given, "Deal", work.tenant_id)
    if id_ is None:
        return None
    own = (DEAL.c.tenant_id == work.tenant_id, DEAL.c.id == id_)
    statement = select(*(DEAL.c[name] for name in COLUMNS)).where(*own)
    if lock:
        statement = statement.with_for_update()
    found = (await work.connection.execute(statement)).first()
    if found is None:
        return None
    row = {**found._mapping}
    return Standing(state=DealState(row.pop("state")), **row)


def _wrong_of_failure(values: dict[str, Any]) -> Iterator[Refused]:
    if "reason" not in values:
        yield missing("FAILED 须说明原因。", "FAILED needs a reason.", "reason")
    for name, field in {"amount": "amount", **INCOMES}.items():
        if name in values:
            yield not_taken(
                "FAILED 不使用金额与收入。", "FAILED takes neither amount nor income.", field
            )


def unknown_deal(given: str) -> Refused:
    """What is said of a deal that the city does not have."""
    return refuse(
        RefusalCode.DEAL_UNKNOWN,
        f"没有编号为“{given[:40]}”的合作;请用 Cooperative.deals 查找。",
        f"There is no deal with the id {given[:40]!r}; find one with Cooperative.deals.",
        "deal",
    )
