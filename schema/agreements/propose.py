"""Drafting an agreement, and proposing it to all of its parties."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from uuid_utils.compat import uuid7

from schema.access import Denied, Permission, permitted
from schema.agreement_actions import AgreementAction
from schema.agreements.content import Content, ContentParty, content_hash, day
from schema.agreements.copies import Change, Copy, New, Told, Update, change, found
from schema.agreements.outcome import Concluded, shown
from schema.agreements.parties import (
    MOST_OF_ALLIANCE,
    MOST_OF_PAIRING,
    Asked,
    Member,
    acting,
    named,
)
from schema.agreements.rules import INITIATOR
from schema.agreements.terms import Terms, composed
from schema.events import EventKind
from schema.loaders.agreement import AGREEMENT, VERSION
from schema.refusals import RefusalCode, Refused, forbidden, refuse
from schema.tables.agreement import AgreementState
from schema.work import Work
from tenants.definition import DataKind
from tenants.registry import Registry


@dataclass(frozen=True)
class Propose:
    """Propose an agreement of the acting city's `organization` with other parties.

    `organization` is the initiator and the party with the number 1, `parties` follow it as cities
    and organizations. `alliance` is the key of a kind of alliance, whose members are all of the
    acting city, None for a pairing. A draft is the initiator's affair until it is submitted.
    """

    registry: Registry
    organization: str
    parties: tuple[tuple[str, str], ...]
    terms: Terms
    alliance: str | None = None
    draft: bool = False

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement, or why not."""
        if (refused := self._kind(work) or self._number()) is not None:
            return refused
        members = await named(work, self.registry, self._asked(work))
        if isinstance(members, Refused):
            return members
        path = members[0].organization.path
        verdict = permitted(work.actor, Permission.MANAGE_AGREEMENTS, work.tenant_id, path)
        if isinstance(verdict, Denied):
            return forbidden(verdict, "organization")
        numbered = [member.content(at) for at, member in enumerate(members, start=INITIATOR)]
        content = composed(self.terms, numbered, self.alliance, self.registry, work.today)
        if isinstance(content, Refused):
            return content
        new = proposal(work, content, members, draft=self.draft)
        await found(work, new)
        return Concluded(work.tenant_id, new.id)

    def _kind(self, work: Work) -> Refused | None:
        """Whether the city has this kind of alliance, whose members are all its own."""
        if self.alliance is None:
            return None
        city = work.definition
        kinds = [kind.key for kind in city.cooperation.alliances]
        if self.alliance not in kinds:
            known = "、".join(kinds) or "—"
            return refuse(
                RefusalCode.ALLIANCE_UNKNOWN,
                f"{city.tenant.name}没有联盟种类“{shown(self.alliance)}”;有:{known}。",
                f"{city.tenant.name} has no kind of alliance {shown(self.alliance)!r}; it has: "
                f"{known}.",
                "alliance",
            )
        for at, (name, _) in enumerate(self.parties):
            if name not in (city.tenant.code, city.tenant.slug):
                return refuse(
                    RefusalCode.PARTY_UNKNOWN,
                    f"联盟成员须均属{city.tenant.name},“{shown(name)}”不是;跨市请用结对协议。",
                    f"Members of an alliance are all of {city.tenant.name}, which {shown(name)!r} "
                    "is not; across cities make a pairing.",
                    *("parties", str(at), "city"),
                )
        return None

    def _number(self) -> Refused | None:
        return wrong_number(len(self.parties) + 1, self.alliance)

    def _asked(self, work: Work) -> list[Asked]:
        own = Asked(work.definition.tenant.code, self.organization, ())
        others = [
            Asked(city, organization, ("parties", str(at)))
            for at, (city, organization) in enumerate(self.parties)
        ]
        return [own, *others]


def wrong_number(count: int, alliance: str | None, *path: str) -> Refused | None:
    """Why an agreement cannot have so many parties, if so."""
    most = MOST_OF_PAIRING if alliance is None else MOST_OF_ALLIANCE
    if count < 2:
        return refuse(
            RefusalCode.PARTIES_TOO_FEW,
            "协议至少须有两方。",
            "An agreement has two parties at least.",
            *(path or ("parties",)),
        )
    if count > most:
        return refuse(
            RefusalCode.PARTIES_TOO_MANY,
            f"共有 {count} 方,至多 {most} 方。",
            f"There are {count} parties; {most} are the most.",
            *(path or ("parties",)),
        )
    return None


def proposal(
    work: Work,
    content: Content,
    members: Sequence[Member],
    *,
    draft: bool = False,
    renews: uuid.UUID | None = None,
    by: int = INITIATOR,
) -> New:
    """A new agreement with this content, drafted or proposed by the party with the number `by`."""
    state = AgreementState.DRAFT if draft else AgreementState.PROPOSED
    kind = EventKind.AGREEMENT_DRAFTED if draft else EventKind.AGREEMENT_PROPOSED
    hash_ = content_hash(content)
    row = {
        **mirrored(content),
        "state": state.value,
        "version": 1,
        "agreed": None,
        "cities": len({party["city"] for party in content["parties"]}),
        "renews": renews,
        "created_at": work.now,
        "signed_at": None,
        "ended_at": None,
        "end_reason": None,
        "end_text": None,
        "revision": 1,
        "data_kind": DataKind.REAL.value,
        "source": None,
    }
    version = {
        "version": 1,
        "content": content,
        "content_hash": hash_,
        "proposed_by": by,
        "proposed_at": work.now,
        "declined_by": None,
        "declined_at": None,
        "decline_reason": None,
    }
    numbers = [party["number"] for party in content["parties"]]
    parties = tuple(member.row(number) for number, member in zip(numbers, members, strict=True))
    return New(uuid7(), row, version, parties, (Told(kind, {"version": 1, "party": by}),))


def mirrored(content: Content) -> dict[str, Any]:
    """The columns of `agreement` that repeat what its version says."""
    return {
        "title": content["title"],
        "alliance": content["alliance"],
        "content_hash": content_hash(content),
        "starts_on": day(content["startsOn"]),
        "ends_on": day(content["endsOn"]),
    }


@dataclass(frozen=True)
class Submit:
    """Propose a draft (its UUID) to all of its parties; each of their cities gets its copy."""

    registry: Registry
    agreement: uuid.UUID

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement, or why not.

        Errors: `CopiesDifferError`.
        """
        return await change(work, self.agreement, partial(self._decide, work))

    async def _decide(self, work: Work, copy: Copy) -> Change[Concluded] | Refused:
        by = acting(work, copy, AgreementAction.PROPOSE)
        if isinstance(by, Refused):
            return by
        if (over := over_already(work, copy)) is not None:
            return over
        members = await still_there(work, self.registry, copy.content["parties"])
        if isinstance(members, Refused):
            return members
        handed_to: dict[int, dict[int, uuid.UUID]] = {}
        for party, member in zip(copy.content["parties"], members, strict=True):
            homes = handed_to.setdefault(member.city.tenant_id, {})
            homes[party["number"]] = member.organization.id
        version = copy.row["version"]
        sets = {"state": AgreementState.PROPOSED.value, "revision": copy.row["revision"] + 1}
        key = {"agreement_id": copy.id, "version": version}
        told = Told(EventKind.AGREEMENT_PROPOSED, {"version": version, "party": by.number}, by)
        return Change(
            Concluded(work.tenant_id, copy.id),
            (
                Update(AGREEMENT, {"id": copy.id}, sets),
                Update(VERSION, key, {"proposed_at": work.now}),
            ),
            (told,),
            handed_to,
        )


def over_already(work: Work, copy: Copy) -> Refused | None:
    """Why nobody can agree on this any more: its last day is over."""
    last = copy.row["ends_on"]
    if last is None or last >= work.today:
        return None
    return refuse(
        RefusalCode.DATE_OUT_OF_RANGE,
        f"协议的最后一日 {last} 已过;请先修改期限。",
        f"The agreement's last day {last} is over: revise its term first.",
        "agreement",
    )


async def still_there(
    work: Work, registry: Registry, parties: Sequence[ContentParty]
) -> list[Member] | Refused:
    """The parties of a content as they are today, or which of them are no more."""
    asked = [Asked(party["city"], party["code"], ("agreement",)) for party in parties]
    return await named(work, registry, asked)
