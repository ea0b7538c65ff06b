"""Parties of agreements: named by city and organization, and those for which somebody acts."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from schema.access import Denied, Permission, permitted
from schema.agreement_actions import AgreementAction
from schema.agreements.content import ContentParty
from schema.agreements.copies import Copy, Organization, Party, organizations
from schema.agreements.outcome import shown, unknown_agreement
from schema.agreements.rules import (
    INITIATOR,
    AgreementStanding,
    PartyStanding,
    parties_for,
    unavailable,
)
from schema.references import organization_key
from schema.refusals import Refusal, RefusalCode, Refused, forbidden, refuse, wrong
from schema.tables.agreement import AgreementState, PartyRole
from schema.work import Work
from tenants.definition import Definition
from tenants.registry import Registry

MOST_OF_PAIRING, MOST_OF_ALLIANCE = 20, 200

_BY_ANY = frozenset(
    {
        AgreementAction.PROPOSE,
        AgreementAction.REVISE,
        AgreementAction.COMPLETE,
        AgreementAction.TERMINATE,
        AgreementAction.RENEW,
        AgreementAction.RECORD_ACTIVITY,
    }
)
"""What does not depend on the party for which it is done: of several the first will do."""

Place = tuple[str, ...]
"""Where the input names something, below `input`."""


@dataclass(frozen=True)
class Asked:
    """A party as the input names it: a city by code or slug, an organization by code or id.

    `place` is where the input has both; `agreement`, where that names them all.
    """

    city: str
    organization: str
    place: Place

    def field(self, name: str) -> Place:
        """Where the input has its city or its organization."""
        return self.place if self.place == ("agreement",) else (*self.place, name)


@dataclass(frozen=True)
class Member:
    """A party that was found: its city, and the organization."""

    city: Definition
    organization: Organization

    def content(self, number: int) -> ContentParty:
        """As the content of an agreement has it."""
        return {
            "number": number,
            "city": f"{self.city.tenant_id:06}",
            "cityName": self.city.tenant.name,
            "code": self.organization.code,
            "name": self.organization.name,
            "role": _role(number).value,
        }

    def row(self, number: int) -> dict[str, object]:
        """As a row of `agreement_party` has it, without tenant and agreement."""
        return {
            "number": number,
            "party_tenant_id": self.city.tenant_id,
            "city": self.city.tenant.name,
            "code": self.organization.code,
            "name": self.organization.name,
            "role": _role(number).value,
            "organization_id": self.organization.id,
            "signed_version": None,
            "signed_hash": None,
            "signed_at": None,
        }


def _role(number: int) -> PartyRole:
    return PartyRole.INITIATOR if number == INITIATOR else PartyRole.PARTNER


async def named(work: Work, registry: Registry, asked: Sequence[Asked]) -> list[Member] | Refused:
    """The organizations that are to be parties, in order, each once; or all that is wrong.

    Of another city it is told whether there is such an organization today, and its name.
    """
    cities = [_city(registry, one) for one in asked]
    if unknown := tuple(city for city in cities if isinstance(city, Refusal)):
        return Refused(unknown)
    known = [city for city in cities if isinstance(city, Definition)]
    keys = [
        organization_key(one.organization, city.tenant_id)
        for one, city in zip(asked, known, strict=True)
    ]
    found = await _found(work, known, keys)
    reasons = tuple(_wrong(work, asked, known, found))
    if reasons:
        return Refused(reasons)
    return [
        Member(city, organization)
        for city, organization in zip(known, found, strict=True)
        if organization is not None
    ]


def _city(registry: Registry, asked: Asked) -> Definition | Refusal:
    city = registry.city(asked.city)
    if city is not None:
        return city
    if registry.province(asked.city) is not None:
        zh = f"“{shown(asked.city)}”是省;协议各方须为市(州)的组织。"
        en = f"{shown(asked.city)!r} is a province: parties are organizations of cities."
    else:
        zh = f"没有城市“{shown(asked.city)}”;请用六位区划代码或网址名。"
        en = f"There is no city {shown(asked.city)!r}: give a six-digit code or a slug."
    return wrong(RefusalCode.PARTY_UNKNOWN, zh, en, *asked.field("city"))


async def _found(
    work: Work, cities: Sequence[Definition], keys: Sequence[str | uuid.UUID | None]
) -> list[Organization | None]:
    """What there is of them, one statement a tenant."""
    wanted: dict[int, set[str | uuid.UUID]] = {}
    for city, key in zip(cities, keys, strict=True):
        if key is not None:
            wanted.setdefault(city.tenant_id, set()).add(key)
    there = await organizations(work, wanted)
    return [
        None if key is None else there.get((city.tenant_id, key))
        for city, key in zip(cities, keys, strict=True)
    ]


def _wrong(
    work: Work,
    asked: Sequence[Asked],
    cities: Sequence[Definition],
    found: Sequence[Organization | None],
) -> Iterator[Refusal]:
    seen: set[tuple[int, uuid.UUID]] = set()
    for one, city, organization in zip(asked, cities, found, strict=True):
        if organization is None or not organization.exists:
            yield _unknown(one)
        elif (city.tenant_id, organization.id) in seen:
            yield wrong(
                RefusalCode.PARTY_TWICE,
                f"“{organization.name}”被列为两方;每个组织只能是一方。",
                f"{organization.name!r} is named twice: an organization is one party.",
                *one.place,
            )
        else:
            seen.add((city.tenant_id, organization.id))


def _unknown(asked: Asked) -> Refusal:
    """What is said of an organization that is not there; of its city no more than was given."""
    where, given = shown(asked.city), shown(asked.organization)
    return wrong(
        RefusalCode.PARTY_UNKNOWN,
        f"城市“{where}”今天没有编码为“{given}”的组织;请核对编码。",
        f"The city {where!r} has no organization {given!r} today: check the code.",
        *asked.field("organization"),
    )


def acting(
    work: Work,
    copy: Copy,
    action: AgreementAction,
    given: str | None = None,
    owner: int | None = None,
    unanswered: frozenset[int] = frozenset(),
) -> Party | Refused:
    """The party for which the actor does this: the one that is `given` by code, or the only one.

    Where there is an `owner` (a party's number) nobody else may. `unanswered` is of
    `rules.AgreementStanding`.
    """
    if not is_visible(work, copy):
        return unknown_agreement()
    standing = _standing(work, copy, unanswered)
    if (refused := _refused(work, copy, standing, action)) is not None:
        return refused
    if given is not None:
        party = _own(work, copy, standing, given)
        if isinstance(party, Refused):
            return party
        if owner not in (None, party.number):
            return _not_the_owner(copy, owner)
        standing = _alone(standing, party.number)
    elif owner is not None:
        if copy.party(owner).organization_id is None:
            return _not_the_owner(copy, owner)
        standing = _alone(standing, owner)
    if (refused := _refused(work, copy, standing, action)) is not None:
        return refused
    return _chosen(copy, action, parties_for(standing, action, work.actor))


def _alone(standing: AgreementStanding, number: int) -> AgreementStanding:
    """The same with one party."""
    return replace(standing, parties=tuple(one for one in standing.parties if one.number == number))


def _chosen(copy: Copy, action: AgreementAction, numbers: Sequence[int]) -> Party | Refused:
    if len(numbers) == 1 or action in _BY_ANY:
        return copy.party(numbers[0])
    codes = "、".join(copy.party(number).code for number in numbers[:9])
    return refuse(
        RefusalCode.PARTY_REQUIRED,
        f"您可代表多方,请以 party 指明代表哪一方:{codes}。",
        f"You may act for several parties: say for which with party: {codes}.",
        "party",
    )


def _not_the_owner(copy: Copy, owner: int | None) -> Refused:
    name = "" if owner is None else copy.party(owner).name
    return refuse(
        RefusalCode.FORBIDDEN,
        f"这项承诺由“{name}”兑现,须由该方登记。",
        f"This commitment is that of {name!r}, who records what is delivered on it.",
        "party",
    )


def is_visible(work: Work, copy: Copy) -> bool:
    """Whether the actor may know of the agreement: all may where it was agreed."""
    return copy.agreed is not None or any(
        permitted(work.actor, Permission.READ_AGREEMENTS, work.tenant_id, party.path)
        for party in copy.parties
        if party.path is not None
    )


def _standing(work: Work, copy: Copy, unanswered: frozenset[int]) -> AgreementStanding:
    newest = {party["number"] for party in copy.content["parties"]}
    agreed = {party["number"] for party in copy.agreed["parties"]} if copy.agreed else set()
    parties = tuple(
        PartyStanding(
            party.number,
            party.path,
            party.signed_version,
            party.number in newest,
            party.number in agreed,
        )
        for party in copy.parties
        if party.number in newest | agreed
    )
    return AgreementStanding(
        work.tenant_id,
        copy.state,
        copy.row["version"],
        copy.row["agreed"],
        parties,
        unanswered,
    )


def _refused(
    work: Work, copy: Copy, standing: AgreementStanding, action: AgreementAction
) -> Refused | None:
    if copy.state is AgreementState.DRAFT:  # it is its initiator's, whoever else is in it
        path = copy.party(INITIATOR).path
        denied = permitted(work.actor, Permission.MANAGE_AGREEMENTS, work.tenant_id, path)
        if isinstance(denied, Denied):
            return forbidden(denied)
    refused = unavailable(standing, action, work.actor)
    of_somebody = replace(standing, unanswered=frozenset({0}))
    if refused is not None and unavailable(of_somebody, action, work.actor) is None:
        return refuse(
            RefusalCode.FORBIDDEN,
            "兑现须由登记方以外的另一方确认或提出异议。",
            "What a party has recorded is confirmed or disputed by another one.",
            "party",
        )
    return refused


def _own(work: Work, copy: Copy, standing: AgreementStanding, given: str) -> Party | Refused:
    """The own party with a code (or id of an organization)."""
    key = organization_key(given, work.tenant_id)
    numbers = {one.number for one in standing.parties if one.path is not None}
    own = [party for party in copy.parties if party.number in numbers]
    for party in own:
        if key is not None and key in (party.code, party.organization_id):
            return party
    codes = "、".join(party.code for party in own[:9])
    return refuse(
        RefusalCode.PARTY_UNKNOWN,
        f"本市没有编码为“{shown(given)}”的一方;本市各方:{codes}。",
        f"Your city has no party {shown(given)!r} to this agreement; it has: {codes}.",
        "party",
    )
