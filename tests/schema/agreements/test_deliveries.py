"""Deliveries: recorded by the party that promised, confirmed or disputed by another one."""

import datetime
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schema.agreements.answer import Answer
from schema.agreements.deliver import Deliver
from schema.agreements.propose import Propose
from schema.agreements.revise import Revise
from schema.agreements.sign import Sign
from tenants.roles import Role
from tests.conftest import NOW, TODAY
from tests.schema.agreements.pair import (
    COMMITMENTS,
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

DAY = datetime.date
PICTURE = "https://files.example.cn/a.jpg"
TWO = Decimal(2)


async def test_a_delivery(pair: Pair) -> None:
    """It is in both copies, with everything that was said of it, and waits for the other's word."""
    agreement = await pair.signed()
    action = Deliver(
        agreement, "c2", DAY(2026, 3, 1), Decimal("12.5"), Decimal("300.10"), " 首批 ", (PICTURE,)
    )
    done = await pair.done(action, secretary(A, "S1"))
    await pair.demand_sound()
    (row,) = (await pair.copies())[B]["agreement_delivery"].values()
    assert row == {
        "id": done.delivery,
        "agreement_id": agreement,
        "commitment": "c2",
        "party": 1,
        "delivered_on": DAY(2026, 3, 1),
        "quantity": Decimal("12.500"),
        "funds": Decimal("300.10"),
        "text": "首批",
        "evidence": [PICTURE],
        "recorded_at": NOW,
        "state": "RECORDED",
        "answered_by": None,
        "answered_at": None,
        "answer": None,
        "data_kind": "REAL",
    }
    event = (await pair.events(B))[-1]
    assert (event["kind"], event["actor"], event["about"]) == (
        "AGREEMENT_DELIVERY_RECORDED",
        f"city:{A}",
        {"delivery": str(done.delivery), "commitment": "c2", "party": 1},
    )


async def recorded(pair: Pair, agreement: uuid.UUID, by: int = A) -> uuid.UUID:
    """A delivery on what all promised jointly."""
    done = await pair.done(Deliver(agreement, "c1", TODAY, TWO), admin(by))
    assert done.delivery is not None
    return done.delivery


async def test_confirmed(pair: Pair) -> None:
    """The other party confirms it, once."""
    delivery = await recorded(pair, await pair.signed())
    await pair.done(Answer(delivery), secretary(B, "S1-1"))
    await pair.demand_sound()
    (row,) = (await pair.copies())[A]["agreement_delivery"].values()
    names = ("state", "answered_by", "answered_at", "answer")
    assert [row[name] for name in names] == ["CONFIRMED", 2, NOW, None]
    for again in (Answer(delivery), Answer(delivery, "有误")):
        assert await pair.refused(again, admin(B)) == [("DELIVERY_ANSWERED", ("delivery",))]
    event = (await pair.events(A))[-1]
    assert (event["kind"], event["actor"], event["organization"]) == (
        "AGREEMENT_DELIVERY_CONFIRMED", f"city:{B}", "S1-1",
    )  # fmt: skip


async def test_disputed(pair: Pair) -> None:
    """The other party disputes it with a reason, which the log does not repeat."""
    delivery = await recorded(pair, await pair.signed(), B)
    assert await pair.refused(Answer(delivery, " "), admin(A)) == [("TEXT_MALFORMED", ("reason",))]
    await pair.done(Answer(delivery, "只来了一次"), admin(A))
    await pair.demand_sound()
    (row,) = (await pair.copies())[B]["agreement_delivery"].values()
    assert (row["state"], row["answered_by"], row["answer"]) == ("DISPUTED", 1, "只来了一次")
    assert "只来了一次" not in str(await pair.events(A) + await pair.events(B))


async def test_not_by_oneself(pair: Pair) -> None:
    """Nobody confirms or disputes what it recorded itself."""
    delivery = await recorded(pair, await pair.signed())
    for action in (Answer(delivery), Answer(delivery, "有误")):
        assert await pair.refused(action, admin(A)) == [("FORBIDDEN", ("party",))]
    assert await pair.refused(Answer(delivery, party="S1-1"), admin(A)) == [
        ("FORBIDDEN", ("party",))
    ]


async def test_unknown(pair: Pair) -> None:
    """A delivery is there for the cities of its agreement, and who may know of that."""
    agreement = await pair.proposed()
    delivery = await recorded(pair, await pair.signed())
    unknown = [("DELIVERY_UNKNOWN", ("delivery",))]
    assert await pair.refused(Answer(uuid.uuid4()), admin(B)) == unknown
    assert await pair.refused(Answer(agreement), admin(B)) == unknown
    assert await pair.refused(Answer(delivery), admin(C)) == unknown
    assert await pair.refused(Answer(delivery), secretary(B, "S2")) == [("FORBIDDEN", ())]
    assert await pair.refused(Answer(delivery), somebody(Role.MEMBER, B)) == [("FORBIDDEN", ())]


async def test_several_parties_of_a_city(pair: Pair) -> None:
    """An administrator of several parties says for which; the recording one cannot be it."""
    parties = (("aa", "S2-1"), ("aa", "S2-2"))
    agreement = (await pair.done(Propose(REGISTRY, "S1-1", parties, TERMS), admin(A))).agreement
    hash_ = (await pair.row(agreement))["content_hash"]
    for code in ("S1-1", "S2-1", "S2-2"):
        await pair.done(Sign(agreement, hash_, code), admin(A))
    deliver = Deliver(agreement, "c1", TODAY, TWO)
    assert await pair.refused(deliver, admin(A)) == [("PARTY_REQUIRED", ("party",))]
    # only the owner of a commitment can have delivered on it, so nobody need say who
    await pair.done(Deliver(agreement, "c2", TODAY, TWO), admin(A))
    done = await pair.done(replace(deliver, party="S2-1"), admin(A))
    assert done.delivery is not None
    answer = Answer(done.delivery)
    assert await pair.refused(answer, admin(A)) == [("PARTY_REQUIRED", ("party",))]
    assert await pair.refused(replace(answer, party="S2-1"), admin(A)) == [
        ("FORBIDDEN", ("party",))
    ]
    assert await pair.refused(answer, secretary(A, "S2-1")) == [("FORBIDDEN", ("party",))]
    await pair.done(answer, secretary(A, "S1"))
    await pair.demand_sound()


REFUSED: dict[str, tuple[dict[str, Any], Any]] = {
    "unknown": ({"commitment": "c9"}, [("COMMITMENT_UNKNOWN", ("commitment",))]),
    "the other's": ({"commitment": "c3", "text": "好"}, [("FORBIDDEN", ("party",))]),
    "as another party": ({"party": "S2"}, [("PARTY_UNKNOWN", ("party",))]),
    "tomorrow": ({"delivered_on": DAY(2026, 3, 16)}, [("DATE_OUT_OF_RANGE", ("deliveredOn",))]),
    "too early": ({"delivered_on": DAY(2025, 12, 31)}, [("DATE_OUT_OF_RANGE", ("deliveredOn",))]),
    "no quantity": ({"quantity": None}, [("AMOUNT_OUT_OF_RANGE", ("quantity",))]),
    "negative": ({"quantity": Decimal(-1)}, [("AMOUNT_OUT_OF_RANGE", ("quantity",))]),
    "nothing": ({"quantity": Decimal(0)}, [("AMOUNT_OUT_OF_RANGE", ("quantity",))]),
    "too fine": ({"quantity": Decimal("0.0001")}, [("AMOUNT_OUT_OF_RANGE", ("quantity",))]),
    "too much": ({"quantity": Decimal(10) ** 14}, [("AMOUNT_OUT_OF_RANGE", ("quantity",))]),
    "not a number": ({"quantity": Decimal("NaN")}, [("AMOUNT_OUT_OF_RANGE", ("quantity",))]),
    "negative funds": ({"funds": Decimal(-1)}, [("AMOUNT_OUT_OF_RANGE", ("funds",))]),
    "funds too fine": ({"funds": Decimal("0.001")}, [("AMOUNT_OUT_OF_RANGE", ("funds",))]),
    "text": ({"text": "长" * 2001}, [("TEXT_MALFORMED", ("text",))]),
    "evidence": ({"evidence": ("http://a/b.jpg",)}, [("EVIDENCE_MALFORMED", ("evidence",))]),
    "all at once": (
        {
            "delivered_on": DAY(2027, 1, 1),
            "quantity": None,
            "funds": Decimal(-1),
            "text": "\x00",
            "evidence": ("ftp",),
        },
        [
            ("EVIDENCE_MALFORMED", ("evidence",)),
            ("DATE_OUT_OF_RANGE", ("deliveredOn",)),
            ("AMOUNT_OUT_OF_RANGE", ("funds",)),
            ("TEXT_MALFORMED", ("text",)),
            ("AMOUNT_OUT_OF_RANGE", ("quantity",)),
        ],
    ),
}


async def test_refused(pair: Pair) -> None:
    """Whatever cannot have been delivered is refused, and is in no copy."""
    agreement = await pair.signed()
    before = len(await pair.events(B))
    found = {}
    for name, (given, _) in REFUSED.items():
        fields = {"commitment": "c1", "delivered_on": TODAY, "quantity": TWO, **given}
        found[name] = await pair.refused(Deliver(agreement, **fields), admin(A))
    assert found == {name: reasons for name, (_, reasons) in REFUSED.items()}
    assert (await pair.copies())[A]["agreement_delivery"] == {}
    assert len(await pair.events(B)) == before


async def test_without_a_unit(pair: Pair) -> None:
    """Of what is counted in no unit something is said: how much, what, or for how much."""
    agreement = await pair.signed()
    deliver = Deliver(agreement, "c3", TODAY)
    assert await pair.refused(deliver, admin(B)) == [("TEXT_MALFORMED", ("text",))]
    for said in (
        {"quantity": TWO},
        {"text": "技术员到位"},
        {"evidence": (PICTURE,)},
        {"funds": Decimal(100)},
    ):
        await pair.done(replace(deliver, **said), admin(B))
    await pair.demand_sound()


@pytest.mark.parametrize("is_agreed", [False, True])
async def test_while_a_version_waits(pair: Pair, is_agreed: bool) -> None:
    """Where something is agreed it is delivered on, by the agreed version, whatever is proposed."""
    agreement = await (pair.signed() if is_agreed else pair.proposed())
    row = await pair.row(agreement)
    kept = replace(COMMITMENTS[0], key="c1")
    terms = replace(TERMS, commitments=(kept, replace(COMMITMENTS[1], text="新增")))
    await pair.done(Revise(REGISTRY, agreement, row["revision"], terms), admin(A))
    deliver = Deliver(agreement, "c2", TODAY, TWO)
    if not is_agreed:
        assert await pair.refused(deliver, admin(A)) == [("AGREEMENT_STATE_NOT_ALLOWED", ())]
        return
    await pair.done(deliver, admin(A))
    assert await pair.refused(replace(deliver, commitment="c4"), admin(A)) == [
        ("COMMITMENT_UNKNOWN", ("commitment",))
    ]
    await pair.demand_sound()


async def test_before_the_first_day(pair: Pair) -> None:
    """Nothing is delivered before the term begins."""
    agreement = await pair.signed(replace(TERMS, starts_on=DAY(2026, 4, 1)))
    assert await pair.refused(Deliver(agreement, "c1", TODAY, TWO), admin(A)) == [
        ("AGREEMENT_STATE_NOT_ALLOWED", ())
    ]


@pytest.mark.parametrize("state", ["COMPLETED", "TERMINATED", "DECLINED"])
async def test_over(pair: Pair, state: str) -> None:
    """Nothing is delivered on, confirmed or disputed in what is over."""
    agreement = await pair.signed()
    delivery = await recorded(pair, agreement)
    await pair.sql("UPDATE agreement SET state = $1 WHERE id = $2", state, agreement)
    for action in (Deliver(agreement, "c1", TODAY, TWO), Answer(delivery), Answer(delivery, "误")):
        assert await pair.refused(action, admin(B)) == [("AGREEMENT_STATE_NOT_ALLOWED", ())]
