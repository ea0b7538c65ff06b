"""One sample agreement, told step by step: what each party does on which day, by the life that
agreements have (`schema/agreements`)."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from schema.access import Permission
from schema.actor import Actor
from schema.agreements.content import Content, content_hash, day
from schema.events import Event, EventKind
from schema.issues.placing import Place
from schema.issues.sweep import sweeper
from schema.sides import peer
from schema.tables.agreement import (
    ActivityKind,
    AgreementState,
    DeliveryState,
    EndReason,
    PartyRole,
)
from seeds.chance import Chance
from seeds.copies import Agreed, Party, cities_of
from seeds.events import Happened
from seeds.ground import Ground, moment
from tenants.definition import DataKind

_GENERATED = DataKind.GENERATED.value


@dataclass(frozen=True)
class Side:
    """A party, and the place that it is."""

    party: Party
    place: Place


class Story:
    """The story of one agreement; `grounds` are those of the parties' tenants.

    Days are given as so many before today, in order.
    """

    def __init__(
        self,
        id_: UUID,
        grounds: Mapping[int, Ground],
        sides: Sequence[Side],
        content: Content,
        chance: Chance,
    ) -> None:
        self.id, self._grounds, self._sides, self.chance = id_, grounds, sides, chance
        self.content = content
        self._row: dict[str, Any] = {}
        self._versions: list[dict[str, Any]] = []
        self._parties: list[dict[str, Any]] = [
            {"role": (PartyRole.PARTNER if number else PartyRole.INITIATOR).value}
            for number in range(len(sides))
        ]
        self._deliveries: list[dict[str, Any]] = []
        self._activities: list[dict[str, Any]] = []
        self._log: list[tuple[datetime.datetime, EventKind, dict[str, Any], int | None]] = []
        self._now = datetime.datetime.min.replace(tzinfo=datetime.UTC)

    @property
    def agreed(self) -> Agreed:
        """What has become of it, as rows."""
        parties = [side.party for side in self._sides]
        rows = [(side.party, row) for side, row in zip(self._sides, self._parties, strict=True)]
        row = {
            **self._row,
            "cities": len(cities_of(parties)),
            "data_kind": _GENERATED,
        }
        return Agreed(
            self.id, self.tenants, row, self._versions, rows, self._deliveries, self._activities
        )

    @property
    def tenants(self) -> tuple[int, ...]:
        """Those that have a copy: of a draft the initiator's alone."""
        first = self._sides[0].party
        is_draft = self._row["state"] == AgreementState.DRAFT
        return cities_of([first] if is_draft else [side.party for side in self._sides])

    def log(self, tenant_id: int) -> list[Happened]:
        """What the log of a tenant says of it."""
        return [self._happened(tenant_id, *told) for told in self._log]

    def propose(self, ago: int, *, draft: bool = False) -> None:
        """The initiator proposes it, or drafts it only."""
        now = self._later(ago)
        state = AgreementState.DRAFT if draft else AgreementState.PROPOSED
        self._row = {
            **_mirrored(self.content),
            "state": state.value,
            "version": 1,
            "created_at": now,
            "revision": 1,
        }
        self._version(1, now)
        kind = EventKind.AGREEMENT_DRAFTED if draft else EventKind.AGREEMENT_PROPOSED
        self._tell(kind, 1, {"version": 1, "party": 1})

    def sign(self, ago: int, number: int) -> None:
        """A party signs the version that stands; with the last one it is agreed."""
        now, version = self._later(ago), self._row["version"]
        signed = {"signed_version": version, "signed_hash": self._row["content_hash"]}
        self._parties[number - 1] |= {**signed, "signed_at": now}
        self._row["revision"] += 1
        self._tell(EventKind.AGREEMENT_PARTY_SIGNED, number, {"version": version, "party": number})
        if any(party.get("signed_version") != version for party in self._parties):
            return
        begins = day(self.content["startsOn"])
        waits = begins is not None and begins > self._today(ago)
        state = AgreementState.SIGNED if waits else AgreementState.ACTIVE
        self._row |= {"agreed": version, "signed_at": now, "state": state.value}
        self._tell(EventKind.AGREEMENT_SIGNED, number, {"version": version})
        if not waits:
            self._tell(EventKind.AGREEMENT_ACTIVATED, number, {"version": version})

    def revise(self, ago: int, content: Content, number: int = 1) -> None:
        """A party proposes a new version, which all are to sign again."""
        now, version = self._later(ago), len(self._versions) + 1
        self.content = content
        state = AgreementState.PROPOSED.value
        self._row |= {**_mirrored(content), "version": version, "state": state}
        self._row["revision"] += 1
        self._version(version, now, number)
        about = {"version": version, "party": number, "added": []}
        self._tell(EventKind.AGREEMENT_REVISED, number, about)

    def decline(self, ago: int, number: int, reason: str) -> None:
        """A party declines the first version."""
        now = self._later(ago)
        declined = {"declined_by": number, "declined_at": now, "decline_reason": reason}
        self._versions[-1] |= declined
        state = AgreementState.DECLINED.value
        self._row |= {"state": state, "ended_at": now}
        self._row["revision"] += 1
        about = {"version": self._row["version"], "party": number, "state": state}
        self._tell(EventKind.AGREEMENT_DECLINED, number, about)

    def deliver(
        self,
        ago: int,
        commitment: str,
        number: int,
        quantity: Decimal,
        text: str,
        evidence: str,
        funds: Decimal | None = None,
    ) -> None:
        """A party records what it delivered the day before."""
        now = self._later(ago)
        id_ = self.chance.uuid7(now)
        self._deliveries.append(
            {
                "id": id_,
                "commitment": commitment,
                "party": number,
                "delivered_on": self._today(ago + 1),
                "quantity": quantity,
                "funds": funds,
                "text": text,
                "evidence": [evidence],
                "recorded_at": now,
                "state": DeliveryState.RECORDED.value,
                "data_kind": _GENERATED,
            }
        )
        kind = EventKind.AGREEMENT_DELIVERY_RECORDED
        self._tell(kind, number, {"delivery": str(id_), "commitment": commitment, "party": number})

    def answer(self, ago: int, number: int, dispute: str | None) -> None:
        """Another party confirms the latest delivery, or disputes it."""
        now, row = self._later(ago), self._deliveries[-1]
        state = DeliveryState.CONFIRMED if dispute is None else DeliveryState.DISPUTED
        row |= {"state": state.value, "answered_by": number, "answered_at": now, "answer": dispute}
        about = {"delivery": str(row["id"]), "commitment": row["commitment"], "party": number}
        self._tell(EventKind[f"AGREEMENT_DELIVERY_{state}"], number, about)

    def meet(
        self,
        ago: int,
        kind: ActivityKind,
        subject: str,
        way: str | None = None,
        funds: Decimal | None = None,
        solved: int | None = None,
    ) -> None:
        """All parties meet, or do something together; the initiator records it."""
        now = self._later(ago)
        id_ = self.chance.uuid7(now)
        self._activities.append(
            {
                "id": id_,
                "kind": kind.value,
                "way": way,
                "subject": subject,
                "held_on": self._today(ago),
                "parties": list(range(1, len(self._sides) + 1)),
                "funds": funds,
                "solved": solved,
                "recorded_by": 1,
                "recorded_at": now,
                "data_kind": _GENERATED,
            }
        )
        about = {"activity": str(id_), "kind": kind.value, "party": 1}
        self._tell(EventKind.AGREEMENT_ACTIVITY_RECORDED, 1, about)

    def end(self, ago: int, reason: EndReason, number: int | None, text: str | None = None) -> None:
        """It ends: its term is over, or a party withdraws."""
        now = self._later(ago)
        is_withdrawn = reason is EndReason.WITHDRAWN
        state = AgreementState.TERMINATED if is_withdrawn else AgreementState.COMPLETED
        ended = {"ended_at": now, "end_reason": reason.value, "end_text": text}
        self._row |= {**ended, "state": state.value}
        self._row["revision"] += 1
        kind = EventKind.AGREEMENT_TERMINATED if is_withdrawn else EventKind.AGREEMENT_COMPLETED
        about = {} if number is None else {"party": number}
        self._tell(kind, number, {"reason": reason.value, **about})

    def _version(self, version: int, now: datetime.datetime, number: int = 1) -> None:
        self._versions.append(
            {
                "version": version,
                "content": self.content,
                "content_hash": self._row["content_hash"],
                "proposed_by": number,
                "proposed_at": now,
            }
        )

    def _later(self, ago: int) -> datetime.datetime:
        """A moment of that day, after all before it."""
        soonest = self._now + datetime.timedelta(minutes=5)
        self._now = max(soonest, moment(self._today(ago), self.chance))
        return self._now

    def _today(self, ago: int) -> datetime.date:
        return self._grounds[self._sides[0].party.tenant_id].day(ago)

    def _tell(self, kind: EventKind, by: int | None, about: dict[str, Any]) -> None:
        """Tell what a party did, or the sweep (None)."""
        self._log.append((self._now, kind, about, by))

    def _happened(
        self,
        tenant_id: int,
        at: datetime.datetime,
        kind: EventKind,
        about: dict[str, Any],
        by: int | None,
    ) -> Happened:
        acting = self._sides[(by or 1) - 1]
        is_own = acting.party.tenant_id == tenant_id
        home = next(side for side in self._sides if side.party.tenant_id == tenant_id)
        place = acting if is_own and by is not None else home
        event = Event(kind, place.party.organization_id, about, agreement_id=self.id)
        actor = self._actor(acting, at, by)
        return Happened(at, actor if is_own else peer(actor, acting.party.tenant_id), event)

    def _actor(self, side: Side, at: datetime.datetime, by: int | None) -> Actor:
        if by is None:
            return sweeper(side.party.tenant_id)
        ground = self._grounds[side.party.tenant_id]
        return ground.actor(side.place, Permission.MANAGE_AGREEMENTS, at.date())


def _mirrored(content: Content) -> dict[str, Any]:
    """The columns of `agreement` that repeat what its version says."""
    return {
        "title": content["title"],
        "alliance": content["alliance"],
        "content_hash": content_hash(content),
        "starts_on": day(content["startsOn"]),
        "ends_on": day(content["endsOn"]),
    }
