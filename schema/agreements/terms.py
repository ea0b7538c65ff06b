"""The terms of an agreement as a party gives them, and the content that they make."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from schema.agreements.commitments import (
    MOST_COMMITMENTS,
    NOTHING,
    Before,
    CommitmentTerms,
    Composer,
    demand_party,
)
from schema.agreements.content import (
    Content,
    ContentDimension,
    ContentMember,
    ContentParty,
    day_text,
)
from schema.agreements.outcome import shown
from schema.agreements.reasons import Reasons
from schema.refusals import RefusalCode, Refused
from tenants.registry import Registry

MOST_MEMBERS = 50


@dataclass(frozen=True)
class MemberTerms:
    """A place in the working group, of a party by its number; a title, never a person's name."""

    party: int
    duty: str
    title: str


@dataclass(frozen=True)
class Terms:
    """All that parties agree on but who they are; the days are the first and the last one."""

    title: str
    dimensions: tuple[str, ...] = ()
    commitments: tuple[CommitmentTerms, ...] = ()
    working_group: tuple[MemberTerms, ...] = ()
    facilitator: str | None = None
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None


def composed(
    terms: Terms,
    parties: Sequence[ContentParty],
    alliance: str | None,
    registry: Registry,
    today: datetime.date,
    before: Before = NOTHING,
) -> Content | Refused:
    """The content that terms make with these parties; or all that is wrong with them."""
    reasons = Reasons()
    numbers = [party["number"] for party in parties]
    demand_term(reasons, terms.starts_on, terms.ends_on, today)
    _demand_few(reasons, terms)
    dimensions = list(_dimensions(reasons, terms, _words(registry, parties)))
    commitments = Composer(
        reasons,
        set(terms.dimensions),
        numbers,
        before,
        terms.starts_on,
        terms.ends_on,
    )
    content: Content = {
        "title": reasons.line(terms.title, RefusalCode.TITLE_MALFORMED, "title") or "",
        "alliance": alliance,
        "facilitator": _facilitator(reasons, terms),
        "parties": list(parties),
        "dimensions": dimensions,
        "workingGroup": list(_members(reasons, terms, numbers)),
        "commitments": list(commitments.all(terms.commitments)),
        "startsOn": day_text(terms.starts_on),
        "endsOn": day_text(terms.ends_on),
    }
    return Refused(tuple(reasons)) if reasons else content


def demand_term(
    reasons: Reasons,
    begins: datetime.date | None,
    ends: datetime.date | None,
    today: datetime.date,
) -> None:
    """A reason where a term ends before it begins, or is over already."""
    least = today if begins is None else max(begins, today)
    if ends is not None and ends < least:
        reasons.add(
            RefusalCode.DATE_OUT_OF_RANGE,
            f"期限的最后一日 {ends} 不可用:应不早于 {least}。",
            f"The last day {ends} cannot be: expected {least} or later.",
            "endsOn",
        )


def _demand_few(reasons: Reasons, terms: Terms) -> None:
    """A reason for each list that is too long."""
    for name, count, most in (
        ("commitments", len(terms.commitments), MOST_COMMITMENTS),
        ("workingGroup", len(terms.working_group), MOST_MEMBERS),
    ):
        if count > most:
            reasons.add(
                RefusalCode.COUNT_OUT_OF_RANGE,
                f"{name} 有 {count} 项,至多 {most} 项。",
                f"{name} has {count} items; {most} are the most.",
                name,
            )


def _facilitator(reasons: Reasons, terms: Terms) -> str | None:
    given = (terms.facilitator or "").strip()
    return reasons.line(given, RefusalCode.TEXT_MALFORMED, "facilitator") if given else None


def _members(reasons: Reasons, terms: Terms, numbers: Sequence[int]) -> Iterator[ContentMember]:
    for at, one in enumerate(terms.working_group):
        path = ("workingGroup", str(at))
        demand_party(reasons, numbers, one.party, *path, "party")
        yield {
            "party": one.party,
            "duty": reasons.line(one.duty, RefusalCode.TEXT_MALFORMED, *path, "duty") or "",
            "title": reasons.line(one.title, RefusalCode.TEXT_MALFORMED, *path, "title") or "",
        }


Words = Mapping[str, Mapping[str, str]]
"""By city (six digits), in order of the parties: its province's dimensions, key → name."""


def _words(registry: Registry, parties: Sequence[ContentParty]) -> Words:
    found: dict[str, Mapping[str, str]] = {}
    for city in dict.fromkeys(party["city"] for party in parties):
        definition = registry.city(city)
        known = [] if definition is None else registry.vocabulary(definition).dimensions
        found[city] = {dimension.key: dimension.name for dimension in known}
    return found


def _dimensions(reasons: Reasons, terms: Terms, words: Words) -> Iterator[ContentDimension]:
    """Each once, with the name that the initiator's province has for it."""
    initiators = next(iter(words.values()))
    for at, key in enumerate(dict.fromkeys(terms.dimensions)):
        lacking = "、".join(city for city, known in words.items() if key not in known)
        if not lacking:
            yield {"key": key, "name": initiators[key]}
            continue
        common = [key for key in initiators if all(key in known for known in words.values())]
        reasons.add(
            RefusalCode.DIMENSION_UNKNOWN,
            f"城市 {lacking} 所在省没有联建维度“{shown(key)}”;各方共有:{'、'.join(common)}。",
            f"The province of {lacking} has no dimension {shown(key)!r}; what all parties have: "
            f"{', '.join(common)}.",
            "dimensions",
            str(at),
        )
