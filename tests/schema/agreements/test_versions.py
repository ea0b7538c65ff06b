"""New versions: signed again by all, declined, and what stays in force meanwhile."""

import datetime
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schema.agreements.commitments import CommitmentTerms
from schema.agreements.decline import Decline
from schema.agreements.propose import Propose
from schema.agreements.revise import Revise
from schema.agreements.sign import Sign
from schema.agreements.terms import MemberTerms, Terms
from tests.conftest import NOW
from tests.schema.agreements.pair import (
    COMMITMENTS,
    REGISTRY,
    TERMS,
    A,
    B,
    Pair,
    admin,
    secretary,
)

KEPT = tuple(replace(one, key=f"c{n}") for n, one in enumerate(COMMITMENTS, start=1))
NEWER = replace(TERMS, title="村社结对(修订)", commitments=KEPT)


async def revise(
    pair: Pair, agreement: uuid.UUID, terms: Terms = NEWER, tenant_id: int = A, **more: Any
) -> Revise:
    """A revision of what there is now."""
    row = await pair.row(agreement, tenant_id)
    return Revise(REGISTRY, agreement, row["revision"], terms, **more)


async def test_a_new_version(pair: Pair) -> None:
    """A revision of what is in force waits for every signature, while the agreed one stays."""
    agreement = await pair.signed()
    await pair.done(await revise(pair, agreement, tenant_id=B), admin(B))
    await pair.demand_sound()
    row = await pair.row(agreement)
    assert (row["state"], row["version"], row["agreed"]) == ("PROPOSED", 2, 1)
    versions = (await pair.copies())[A]["agreement_version"]
    assert versions[agreement, 2]["proposed_by"] == 2
    for tenant_id in (A, B):
        await pair.sign(agreement, tenant_id)
        await pair.demand_sound()
    row = await pair.row(agreement)
    assert (row["state"], row["version"], row["agreed"], row["title"]) == (
        "ACTIVE", 2, 2, "村社结对(修订)",
    )  # fmt: skip


async def test_old_signatures(pair: Pair) -> None:
    """Signatures of an older version do not count, and its hash cannot be signed any more."""
    agreement = await pair.proposed()
    await pair.sign(agreement, A)
    old = (await pair.row(agreement))["content_hash"]
    await pair.done(await revise(pair, agreement), admin(A))
    assert await pair.refused(Sign(agreement, old), admin(B)) == [
        ("CONTENT_STALE", ("contentHash",))
    ]
    await pair.sign(agreement, B)
    assert await pair.state(agreement) == "PROPOSED"
    await pair.sign(agreement, A)
    assert await pair.state(agreement) == "ACTIVE"
    await pair.demand_sound()


@pytest.mark.parametrize(
    ("first", "state"),
    [(datetime.date(2026, 1, 1), "ACTIVE"), (datetime.date(2026, 6, 1), "SIGNED")],
)
async def test_declined_version(pair: Pair, first: datetime.date, state: str) -> None:
    """Where a new version is declined the agreed one stands again; numbers go on rising."""
    agreement = await pair.signed(replace(TERMS, starts_on=first))
    before = await pair.row(agreement)
    await pair.done(await revise(pair, agreement), admin(A))
    await pair.sign(agreement, A)
    await pair.done(Decline(agreement, "期限不合适"), admin(B))
    await pair.demand_sound()
    after = await pair.row(agreement, B)
    assert {**after, "tenant_id": A, "revision": before["revision"]} == before
    assert (after["state"], after["revision"]) == (state, before["revision"] + 3)
    declined = (await pair.copies())[A]["agreement_version"][agreement, 2]
    assert (declined["declined_by"], declined["declined_at"], declined["decline_reason"]) == (
        2, NOW, "期限不合适",
    )  # fmt: skip
    await pair.done(await revise(pair, agreement), admin(A))
    assert (await pair.row(agreement))["version"] == 3
    await pair.demand_sound()


async def test_declined(pair: Pair) -> None:
    """What was never agreed is over when a party declines it; nothing can be done with it."""
    agreement = await pair.proposed()
    assert await pair.refused(Decline(agreement, " \n"), admin(B)) == [
        ("TEXT_MALFORMED", ("reason",))
    ]
    await pair.done(Decline(agreement, "人手不足"), secretary(B, "S1-1"))
    await pair.demand_sound()
    row = await pair.row(agreement)
    assert (row["state"], row["ended_at"], row["end_reason"]) == ("DECLINED", NOW, None)
    (event,) = (await pair.events(A))[1:]
    assert (event["kind"], event["actor"], event["about"]) == (
        "AGREEMENT_DECLINED", f"city:{B}", {"version": 1, "party": 2, "state": "DECLINED"},
    )  # fmt: skip
    for action in (
        Decline(agreement, "再次"),
        Sign(agreement, row["content_hash"]),
        await revise(pair, agreement),
    ):
        assert await pair.refused(action, admin(A)) == [("AGREEMENT_STATE_NOT_ALLOWED", ())]


async def test_who_has_signed_cannot_decline(pair: Pair) -> None:
    """A party that has signed a version has said what it thinks of it."""
    agreement = await pair.proposed()
    await pair.sign(agreement, B)
    assert await pair.refused(Decline(agreement, "反悔"), admin(B)) == [("ALREADY_SIGNED", ())]


async def test_stale_revision(pair: Pair) -> None:
    """Who did not see the newest change is told to look again."""
    agreement = await pair.proposed()
    stale = await revise(pair, agreement)
    await pair.sign(agreement, B)
    assert await pair.refused(stale, admin(A)) == [("AGREEMENT_CHANGED", ("revision",))]
    await pair.demand_sound()


async def test_unchanged(pair: Pair) -> None:
    """The same content once more is no new version."""
    agreement = await pair.signed()
    same = replace(TERMS, commitments=KEPT, title=" 村社结对")
    assert await pair.refused(await revise(pair, agreement, same), admin(A)) == [
        ("CONTENT_UNCHANGED", ())
    ]


async def test_commitments_go_on(pair: Pair) -> None:
    """Commitments keep their keys, new ones get keys that none ever had."""
    agreement = await pair.signed()
    fresh = CommitmentTerms("party", "互派党建指导员", 2)

    async def keys(*commitments: CommitmentTerms) -> list[str]:
        terms = replace(NEWER, commitments=commitments)
        await pair.done(await revise(pair, agreement, terms), admin(A))
        row = await pair.row(agreement)
        versions = (await pair.copies())[B]["agreement_version"]
        content = versions[agreement, row["version"]]["content"]
        return [one["key"] for one in content["commitments"]]

    assert await keys(KEPT[0], fresh) == ["c1", "c4"]
    # what was agreed can come back until another version is
    assert await keys(fresh, KEPT[2], replace(fresh, key="c4")) == ["c5", "c3", "c4"]
    assert await keys(fresh) == ["c6"]
    await pair.demand_sound()


KEYS: dict[str, tuple[tuple[CommitmentTerms, ...], Any]] = {
    "twice": ((KEPT[0], KEPT[0]), [("COMMITMENT_MALFORMED", ("commitments", "1", "key"))]),
    "unknown": (
        (replace(KEPT[0], key="c9"),),
        [("COMMITMENT_UNKNOWN", ("commitments", "0", "key"))],
    ),
    "other unit": (
        (replace(KEPT[0], unit="场"),),
        [("COMMITMENT_MALFORMED", ("commitments", "0", "unit"))],
    ),
    "unit of what had none": (
        (replace(KEPT[2], quantity=Decimal(3), unit="人"),),
        [("COMMITMENT_MALFORMED", ("commitments", "0", "unit"))],
    ),
}


@pytest.mark.parametrize("case", KEYS)
async def test_wrong_keys(pair: Pair, case: str) -> None:
    """A commitment goes on once, as one of the version before, counted as it was."""
    commitments, reasons = KEYS[case]
    agreement = await pair.signed()
    terms = replace(NEWER, commitments=commitments)
    assert await pair.refused(await revise(pair, agreement, terms), admin(A)) == reasons


async def test_parties_stay(pair: Pair) -> None:
    """A pairing admits nobody, whoever asks."""
    agreement = await pair.proposed()
    action = await revise(pair, agreement, add_parties=("S2-1",))
    assert await pair.refused(action, admin(A)) == [
        ("AGREEMENT_STATE_NOT_ALLOWED", ("addParties",))
    ]


async def alliance(pair: Pair) -> uuid.UUID:
    """A signed alliance of three villages."""
    action = Propose(
        REGISTRY, "S1-1", (("aa", "S1-2"), ("aa", "S2-1")), Terms("街道大工委"), "committee"
    )
    agreement = (await pair.done(action, admin(A))).agreement
    await sign_all(pair, agreement, "S1-1", "S1-2", "S2-1")
    return agreement


async def sign_all(pair: Pair, agreement: uuid.UUID, *codes: str) -> None:
    """Let members sign what there is now."""
    hash_ = (await pair.row(agreement))["content_hash"]
    for code in codes:
        await pair.done(Sign(agreement, hash_, code), admin(A))


async def test_an_alliance_admits_members(pair: Pair) -> None:
    """New members join with a new version, when all have signed it, they too."""
    agreement = await alliance(pair)
    terms = Terms("街道大工委", working_group=(MemberTerms(4, "成员", "村党支部书记"),))
    await pair.done(await revise(pair, agreement, terms, add_parties=("V1", "V2")), admin(A))
    await pair.demand_sound()
    await sign_all(pair, agreement, "S1-1", "S1-2", "S2-1", "V2")
    assert await pair.state(agreement) == "PROPOSED"
    await sign_all(pair, agreement, "V1")
    assert await pair.state(agreement) == "ACTIVE"
    await pair.demand_sound()
    parties = (await pair.copies())[A]["agreement_party"]
    assert [(key[1], row["code"]) for key, row in sorted(parties.items())] == [
        (1, "S1-1"), (2, "S1-2"), (3, "S2-1"), (4, "V1"), (5, "V2"),
    ]  # fmt: skip


async def test_members_that_were_not_admitted(pair: Pair) -> None:
    """Who was to be admitted by a declined version is no member, and may be admitted later."""
    agreement = await alliance(pair)
    await pair.done(await revise(pair, agreement, Terms("扩"), add_parties=("V1",)), admin(A))
    await pair.done(Decline(agreement, "不参加", "V1"), admin(A))
    await pair.demand_sound()
    assert await pair.state(agreement) == "ACTIVE"
    await pair.done(await revise(pair, agreement, Terms("改")), admin(A))
    assert await pair.refused(Decline(agreement, "再次", "V1"), admin(A)) == [
        ("PARTY_UNKNOWN", ("party",))
    ]
    await pair.done(
        await revise(pair, agreement, Terms("再扩"), add_parties=("V2", "V1")), admin(A)
    )
    await sign_all(pair, agreement, "S1-1", "S1-2", "S2-1", "V1", "V2")
    assert await pair.state(agreement) == "ACTIVE"
    await pair.demand_sound()
    version = (await pair.copies())[A]["agreement_version"][agreement, 4]
    assert [(one["number"], one["code"]) for one in version["content"]["parties"]] == [
        (1, "S1-1"), (2, "S1-2"), (3, "S2-1"), (4, "V1"), (5, "V2"),
    ]  # fmt: skip


ADDED: list[tuple[tuple[str, ...], Any]] = [
    (("S1-2",), [("PARTY_TWICE", ("addParties", "0"))]),
    (("V1", "V1"), [("PARTY_TWICE", ("addParties", "1"))]),
    (("V1", "X9"), [("PARTY_UNKNOWN", ("addParties", "1", "organization"))]),
    (("V1",) * 198, [("PARTIES_TOO_MANY", ("addParties",))]),
]


async def test_members_that_cannot_be_admitted(pair: Pair) -> None:
    """Members are admitted once, exist, and are two hundred at most."""
    agreement = await alliance(pair)
    for added, reasons in ADDED:
        action = await revise(pair, agreement, Terms("扩"), add_parties=added)
        assert await pair.refused(action, admin(A)) == reasons
    await pair.demand_sound()
