"""Signing: the newest content, by its hash, once a party; the last one makes it agreed."""

import datetime
import uuid
from dataclasses import replace
from typing import Any

import pytest

from schema.agreements.propose import Propose
from schema.agreements.sign import Sign
from tenants.roles import Role
from tests.conftest import NOW
from tests.schema.agreements.pair import (
    REGISTRY,
    TERMS,
    A,
    B,
    C,
    Pair,
    admin,
    secretary,
    somebody,
)


async def test_both_sign(pair: Pair) -> None:
    """When the last party signs, the agreement is in force, and each log tells the story."""
    agreement = await pair.proposed()
    await pair.sign(agreement, B)
    await pair.demand_sound()
    row = await pair.row(agreement)
    assert (row["state"], row["agreed"], row["signed_at"]) == ("PROPOSED", None, None)
    await pair.sign(agreement, A)
    await pair.demand_sound()
    row = await pair.row(agreement, B)
    assert (row["state"], row["agreed"], row["signed_at"]) == ("ACTIVE", 1, NOW)
    told = [
        ("PARTY_SIGNED", {"version": 1, "party": 2}),
        ("PARTY_SIGNED", {"version": 1, "party": 1}),
        ("SIGNED", {"version": 1}),
        ("ACTIVATED", {"version": 1}),
    ]
    for tenant_id, actors in (
        (A, [f"city:{B}"] + [f"CITY_ADMIN of {A}"] * 3),
        (B, [f"CITY_ADMIN of {B}"] + [f"city:{A}"] * 3),
    ):
        events = (await pair.events(tenant_id))[1:]
        kinds = [(event["kind"].removeprefix("AGREEMENT_"), event["about"]) for event in events]
        assert kinds == told
        assert [event["actor"] for event in events] == actors
        assert {event["organization"] for event in events} == {"S1-1"}


@pytest.mark.parametrize(
    ("first", "state"),
    [
        (None, "ACTIVE"),
        (datetime.date(2026, 3, 15), "ACTIVE"),
        (datetime.date(2026, 3, 16), "SIGNED"),
    ],
)
async def test_first_day(pair: Pair, first: datetime.date | None, state: str) -> None:
    """What all have signed is in force at once, or waits for its first day."""
    agreement = await pair.signed(replace(TERMS, starts_on=first))
    assert await pair.state(agreement) == state
    await pair.demand_sound()


async def test_three_cities(pair: Pair) -> None:
    """An agreement of three cities is agreed when the third one has signed."""
    parties = (("bb", "S1-1"), ("cc", "S1-1"))
    agreement = (await pair.done(Propose(REGISTRY, "S1-1", parties, TERMS), admin(A))).agreement
    states = []
    for tenant_id in (C, A, B):
        await pair.sign(agreement, tenant_id)
        states.append(await pair.state(agreement))
        await pair.demand_sound()
    assert states == ["PROPOSED", "PROPOSED", "ACTIVE"]


async def test_refused(pair: Pair) -> None:
    """A stale hash, a second signature, and one after the end of the term are refused."""
    agreement = await pair.proposed()
    hash_ = (await pair.row(agreement))["content_hash"]
    for wrong in ("", "x" * 10_000, hash_.upper(), hash_[:-1] + "x"):
        assert await pair.refused(Sign(agreement, wrong), admin(B)) == [
            ("CONTENT_STALE", ("contentHash",))
        ]
    late = replace(pair, today=datetime.date(2027, 1, 1))
    assert await late.refused(Sign(agreement, hash_), admin(B)) == [
        ("DATE_OUT_OF_RANGE", ("agreement",))
    ]
    await pair.sign(agreement, B)
    assert await pair.refused(Sign(agreement, hash_), admin(B)) == [("ALREADY_SIGNED", ())]
    await pair.sign(agreement, A)
    assert await pair.refused(Sign(agreement, hash_), admin(B)) == [
        ("AGREEMENT_STATE_NOT_ALLOWED", ())
    ]
    await pair.demand_sound()


async def test_unknown(pair: Pair) -> None:
    """What has no copy in one's own city, or is not for one's eyes, is not there."""
    agreement = await pair.proposed()
    hash_ = (await pair.row(agreement))["content_hash"]
    unknown = [("AGREEMENT_UNKNOWN", ("agreement",))]
    assert await pair.refused(Sign(uuid.uuid4(), hash_), admin(A)) == unknown
    assert await pair.refused(Sign(agreement, hash_), admin(C)) == unknown
    assert await pair.refused(Sign(agreement, hash_), secretary(B, "S2")) == unknown


async def test_forbidden(pair: Pair) -> None:
    """Who may see it but not manage it is told so."""
    agreement = await pair.proposed()
    hash_ = (await pair.row(agreement))["content_hash"]
    member = somebody(Role.MEMBER, B, "S1")
    assert await pair.refused(Sign(agreement, hash_), member) == [("FORBIDDEN", ())]
    await pair.signed()
    agreed = await pair.signed(replace(TERMS, title="另一份"))
    assert await pair.refused(Sign(agreed, hash_), secretary(B, "S2")) == [("FORBIDDEN", ())]


SEVERAL: list[tuple[Any, str | None, Any]] = [
    (admin(A), None, [("PARTY_REQUIRED", ("party",))]),
    (admin(A), "S2-2", [("PARTY_UNKNOWN", ("party",))]),
    (admin(A), "?", [("PARTY_UNKNOWN", ("party",))]),
    (secretary(A, "S2"), "S1-1", [("FORBIDDEN", ())]),
    (admin(A), "S2-1", None),
    (secretary(A, "S2"), None, None),
    (secretary(A, "S2"), "S2-1", None),
]


@pytest.mark.parametrize(("who", "party", "reasons"), SEVERAL)
async def test_several(pair: Pair, who: Any, party: str | None, reasons: Any) -> None:
    """Who may act for several parties says for which; others sign for their own alone."""
    parties = (("aa", "S2-1"), ("bb", "S1-1"))
    agreement = (await pair.done(Propose(REGISTRY, "S1-1", parties, TERMS), admin(A))).agreement
    sign = Sign(agreement, (await pair.row(agreement))["content_hash"], party)
    if reasons:
        assert await pair.refused(sign, who) == reasons
        return
    await pair.done(sign, who)
    await pair.demand_sound()
    rows = (await pair.copies())[B]["agreement_party"]
    assert {key[1]: row["signed_version"] for key, row in rows.items()} == {1: None, 2: 1, 3: None}
