"""Recording a meeting of the parties, or what they did together."""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from uuid_utils.compat import uuid7

from schema.agreement_actions import AgreementAction
from schema.agreements.commitments import demand_party
from schema.agreements.copies import ACTIVITY, Change, Copy, Insert, Party, Told, change
from schema.agreements.deliver import outside_of_term
from schema.agreements.outcome import Concluded, shown
from schema.agreements.parties import acting
from schema.agreements.reasons import Reasons
from schema.amounts import checked_amount, checked_count
from schema.events import EventKind
from schema.refusals import RefusalCode, Refused
from schema.tables.agreement import ActivityKind
from schema.texts import checked_text
from schema.work import Work
from tenants.definition import DataKind


@dataclass(frozen=True)
class RecordActivity:
    """Record a meeting or an activity of the parties of an agreement (its UUID).

    `way` is the key of one of the acting city's ways of working together; `parties` are numbers
    of those who took part, none = all. `funds` in 元, `solved` how many problems it settled.
    """

    agreement: uuid.UUID
    kind: ActivityKind
    subject: str
    held_on: datetime.date
    way: str | None = None
    parties: tuple[int, ...] = ()
    funds: Decimal | None = None
    solved: int | None = None
    text: str | None = None

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement, or why not.

        Errors: `CopiesDifferError`.
        """
        return await change(work, self.agreement, partial(self._decide, work))

    async def _decide(self, work: Work, copy: Copy) -> Change[Concluded] | Refused:
        by = acting(work, copy, AgreementAction.RECORD_ACTIVITY)
        if isinstance(by, Refused):
            return by
        content = copy.agreed or copy.content
        reasons = Reasons(outside_of_term(content, self.held_on, work.today, "heldOn"))
        numbers = [party["number"] for party in content["parties"]]
        for at, number in enumerate(self.parties):
            demand_party(reasons, numbers, number, "parties", str(at))
        self._demand_way(reasons, work, copy)
        solved = checked_count(self.solved, "solved")
        if isinstance(solved, Refused):
            reasons += solved.refusals
        row = {
            "way": self.way,
            "subject": reasons.line(self.subject, RefusalCode.TITLE_MALFORMED, "subject"),
            "parties": sorted(set(self.parties)) or numbers,
            "funds": reasons.number(checked_amount(self.funds, "funds")),
            "solved": solved,
            "text": reasons.text(checked_text(self.text, "text")),
        }
        return Refused(tuple(reasons)) if reasons else self._written(work, copy, by, row)

    def _demand_way(self, reasons: Reasons, work: Work, copy: Copy) -> None:
        """A reason where the acting city, which must be that of all parties, has no such way."""
        if self.way is None:
            return
        city = work.definition.tenant.name
        ways = [way.key for way in work.definition.cooperation.ways]
        if copy.row["cities"] > 1:
            reasons.add(
                RefusalCode.WAY_UNKNOWN,
                "联动方式由各市自定,跨市协议的活动不写 way。",
                "Each city declares its own ways: an agreement across cities has none.",
                "way",
            )
        elif self.way not in ways:
            known = "、".join(ways) or "—"
            reasons.add(
                RefusalCode.WAY_UNKNOWN,
                f"{city}没有联动方式“{shown(self.way)}”;有:{known}。",
                f"{city} has no way {shown(self.way)!r} of working together; it has: {known}.",
                "way",
            )

    def _written(self, work: Work, copy: Copy, by: Party, row: dict[str, Any]) -> Change[Concluded]:
        id_ = uuid7()
        whole = {
            **row,
            "id": id_,
            "agreement_id": copy.id,
            "kind": self.kind.value,
            "held_on": self.held_on,
            "recorded_by": by.number,
            "recorded_at": work.now,
            "data_kind": DataKind.REAL.value,
        }
        about = {"activity": str(id_), "kind": self.kind.value, "party": by.number}
        return Change(
            Concluded(work.tenant_id, copy.id),
            (Insert(ACTIVITY, (whole,)),),
            (Told(EventKind.AGREEMENT_ACTIVITY_RECORDED, about, by),),
        )
