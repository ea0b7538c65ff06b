"""The end of agreements: completed, terminated, renewed."""

import datetime
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schema.agreements.answer import Answer
from schema.agreements.commitments import CommitmentTerms
from schema.agreements.deliver import Deliver
from schema.agreements.end import Complete, Terminate
from schema.agreements.renew import Renew
from schema.agreements.revise import Revise
from schema.agreements.sign import Sign
from schema.refusals import Refused
from schema.tables.agreement import Completion, Every
from tests.conftest import NOW
from tests.schema.agreements.pair import REGISTRY, TERMS, A, B, Pair, admin, secretary

DAY = datetime.date
OPEN = [("COMMITMENTS_OPEN", ("reason",))]
FULFILLED = Completion.FULFILLED


async def delivered(
    pair: Pair,
    agreement: uuid.UUID,
    key: str,
    quantity: int,
    on: datetime.date,
    answer: bool = True,
) -> None:
    """Something that the first city delivers, and the other one confirms."""
    action = Deliver(agreement, key, on, Decimal(quantity))
    delivery = (await pair.done(action, admin(A))).delivery
    assert delivery is not None
    if answer:
        await pair.done(Answer(delivery), admin(B))


async def test_fulfilled(pair: Pair) -> None:
    """It is fulfilled when what was confirmed reaches every target; open ones are named."""
    terms = replace(
        TERMS,
        commitments=(
            CommitmentTerms("party", "主题党日", None, Decimal(3), "次"),
            CommitmentTerms("industry", "采购", 1, Decimal(10), "公斤"),
            CommitmentTerms("industry", "派员", 2),
        ),
    )
    agreement = await pair.signed(terms)
    complete = Complete(agreement, FULFILLED)
    await delivered(pair, agreement, "c1", 3, DAY(2026, 2, 1))
    await delivered(pair, agreement, "c2", 10, DAY(2026, 2, 1), answer=False)
    outcome = await pair.do(complete, admin(B))
    assert isinstance(outcome, Refused)
    assert outcome.refusals[0].en == (
        "1 commitments are not fulfilled yet: c2 采购. Where the parties agree to end it all the "
        "same, give the reason AGREED."
    )
    assert await pair.state(agreement) == "ACTIVE"
    await delivered(pair, agreement, "c2", 10, DAY(2026, 3, 1))
    await pair.done(complete, admin(B))
    await pair.demand_sound()
    row = await pair.row(agreement)
    assert (row["state"], row["end_reason"], row["ended_at"]) == ("COMPLETED", "FULFILLED", NOW)
    event = (await pair.events(A))[-1]
    assert (event["kind"], event["actor"], event["about"]) == (
        "AGREEMENT_COMPLETED", f"city:{B}", {"reason": "FULFILLED", "party": 2},
    )  # fmt: skip


async def test_every_year(pair: Pair) -> None:
    """A target for every year must be reached in each year of the term, the last one included."""
    terms = replace(
        TERMS,
        starts_on=DAY(2025, 5, 1),
        ends_on=DAY(2026, 12, 31),
        commitments=(CommitmentTerms("party", "主题党日", 1, Decimal(2), "次", Every.YEAR),),
    )
    agreement = await pair.signed(terms)
    complete = Complete(agreement, FULFILLED)
    await delivered(pair, agreement, "c1", 2, DAY(2026, 1, 10))
    assert await pair.refused(complete, admin(A)) == OPEN  # nothing in 2025
    await delivered(pair, agreement, "c1", 2, DAY(2025, 6, 1))
    await pair.done(complete, admin(A))


async def test_years_to_come(pair: Pair) -> None:
    """Years of the term that are still to come keep it open."""
    terms = replace(
        TERMS,
        ends_on=DAY(2027, 12, 31),
        commitments=(CommitmentTerms("party", "主题党日", 1, Decimal(2), "次", Every.YEAR),),
    )
    agreement = await pair.signed(terms)
    await delivered(pair, agreement, "c1", 2, DAY(2026, 1, 10))
    assert await pair.refused(Complete(agreement, FULFILLED), admin(A)) == OPEN


async def test_agreed(pair: Pair) -> None:
    """The parties may end it whatever is open."""
    agreement = await pair.signed()
    await pair.done(Complete(agreement, Completion.AGREED), secretary(B, "S1"))
    row = await pair.row(agreement)
    assert (row["state"], row["end_reason"]) == ("COMPLETED", "AGREED")
    await pair.demand_sound()


async def test_terminated(pair: Pair) -> None:
    """A party that withdraws says why, in both copies; nothing can be done afterwards."""
    agreement = await pair.signed()
    assert await pair.refused(Terminate(agreement, ""), admin(A)) == [
        ("TEXT_MALFORMED", ("reason",))
    ]
    await pair.done(Terminate(agreement, "村级换届"), admin(A))
    await pair.demand_sound()
    row = await pair.row(agreement, B)
    assert (row["state"], row["end_reason"], row["end_text"]) == (
        "TERMINATED", "WITHDRAWN", "村级换届",
    )  # fmt: skip
    assert "村级换届" not in str(await pair.events(A) + await pair.events(B))
    for action in (
        Terminate(agreement, "再次"),
        Complete(agreement, Completion.AGREED),
        Sign(agreement, row["content_hash"]),
        Revise(REGISTRY, agreement, row["revision"], TERMS),
        Deliver(agreement, "c3", pair.today, text="晚"),
    ):
        assert await pair.refused(action, admin(B)) == [("AGREEMENT_STATE_NOT_ALLOWED", ())]


async def test_terminated_with_a_version_that_waits(pair: Pair) -> None:
    """What was agreed ends; the version that waited for signatures falls."""
    agreement = await pair.signed()
    row = await pair.row(agreement)
    await pair.done(
        Revise(REGISTRY, agreement, row["revision"], replace(TERMS, title="新")), admin(A)
    )
    assert await pair.refused(Complete(agreement, Completion.AGREED), admin(A)) == [
        ("AGREEMENT_STATE_NOT_ALLOWED", ())
    ]
    await pair.done(Terminate(agreement, "不再继续"), admin(B))
    await pair.demand_sound()
    after = await pair.row(agreement)
    assert (after["state"], after["version"], after["title"]) == ("TERMINATED", 1, "村社结对")


async def test_nothing_to_end(pair: Pair) -> None:
    """What is not agreed yet is declined, not ended."""
    agreement = await pair.proposed()
    for action in (Complete(agreement, Completion.AGREED), Terminate(agreement, "不")):
        assert await pair.refused(action, admin(A)) == [("AGREEMENT_STATE_NOT_ALLOWED", ())]


async def test_renewed(pair: Pair) -> None:
    """Another agreement with the same content goes on after the old one's last day, once."""
    due = replace(TERMS.commitments[1], due_on=DAY(2026, 10, 1))
    terms = replace(TERMS, commitments=(TERMS.commitments[0], due))
    agreement = await pair.signed(terms)
    renew = Renew(REGISTRY, agreement, ends_on=DAY(2027, 12, 31))
    new = (await pair.done(renew, admin(B))).agreement
    await pair.demand_sound()
    row = await pair.row(new)
    assert (row["state"], row["renews"], row["version"], row["starts_on"], row["ends_on"]) == (
        "PROPOSED", agreement, 1, DAY(2027, 1, 1), DAY(2027, 12, 31),
    )  # fmt: skip
    versions = (await pair.copies())[B]["agreement_version"]
    old, version = versions[agreement, 1], versions[new, 1]
    due_dates = [one["dueOn"] for one in version["content"]["commitments"]]
    assert (version["proposed_by"], due_dates) == (2, [None, None])
    same = ("title", "facilitator", "parties", "dimensions", "workingGroup")
    assert [version["content"][name] for name in same] == [old["content"][name] for name in same]
    assert await pair.refused(renew, admin(A)) == [("AGREEMENT_STATE_NOT_ALLOWED", ("agreement",))]
    told = [
        (event["kind"], event["agreement_id"], event["about"]) for event in await pair.events(A)
    ][-2:]
    assert told == [
        ("AGREEMENT_RENEWED", agreement, {"by": str(new), "party": 2}),
        ("AGREEMENT_PROPOSED", new, {"version": 1, "party": 2}),
    ]
    for tenant_id in (A, B):
        await pair.sign(new, tenant_id)
    assert [await pair.state(agreement), await pair.state(new)] == ["ACTIVE", "SIGNED"]


NOT_RENEWED: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "too early": (
        {},
        {"starts_on": DAY(2026, 12, 31)},
        [("DATE_OUT_OF_RANGE", ("startsOn",))],
    ),
    "ends first": (
        {},
        {"starts_on": DAY(2027, 1, 1), "ends_on": DAY(2026, 12, 31)},
        [("DATE_OUT_OF_RANGE", ("endsOn",))],
    ),
    "no end": ({"ends_on": None}, {}, [("DATE_OUT_OF_RANGE", ("agreement",))]),
}


@pytest.mark.parametrize("case", NOT_RENEWED)
async def test_not_renewed(pair: Pair, case: str) -> None:
    """Two terms must not overlap."""
    terms, given, reasons = NOT_RENEWED[case]
    agreement = await pair.signed(replace(TERMS, **terms))
    assert await pair.refused(Renew(REGISTRY, agreement, **given), admin(A)) == reasons
    await pair.demand_sound()


async def test_renewed_after_its_end(pair: Pair) -> None:
    """What is over may be renewed from any day on, and again where the renewal was declined."""
    agreement = await pair.signed()
    await pair.done(Complete(agreement, Completion.AGREED), admin(A))
    given = {"starts_on": DAY(2026, 4, 1), "ends_on": DAY(2026, 9, 30)}
    first = (await pair.done(Renew(REGISTRY, agreement, **given), admin(A))).agreement
    await pair.sql(
        "UPDATE agreement SET state = 'DECLINED', ended_at = $1 WHERE id = $2", NOW, first
    )
    second = (await pair.done(Renew(REGISTRY, agreement, **given), admin(B))).agreement
    assert first != second
    await pair.demand_sound()


async def test_never_agreed(pair: Pair) -> None:
    """What was declined, or is proposed, is not renewed."""
    agreement = await pair.proposed()
    assert await pair.refused(Renew(REGISTRY, agreement), admin(A)) == [
        ("AGREEMENT_STATE_NOT_ALLOWED", ())
    ]


async def test_parties_that_are_gone(pair: Pair) -> None:
    """It cannot be renewed with an organization that is no more."""
    agreement = await pair.signed()
    await pair.sql(
        "UPDATE organization SET valid_to = $1 WHERE tenant_id = $2 AND code = 'S1-1'",
        *(pair.today, B),
    )
    assert await pair.refused(Renew(REGISTRY, agreement), admin(A)) == [
        ("PARTY_UNKNOWN", ("agreement",))
    ]
