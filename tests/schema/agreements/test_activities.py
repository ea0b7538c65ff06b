"""Meetings, and what parties do together in the city's declared ways."""

import datetime
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

from schema.agreements.activity import RecordActivity
from schema.agreements.propose import Propose
from schema.agreements.sign import Sign
from schema.agreements.terms import Terms
from schema.tables.agreement import ActivityKind
from tests.conftest import NOW, TODAY
from tests.schema.agreements.pair import REGISTRY, A, B, Pair, admin, secretary

MEETING: dict[str, Any] = {"kind": ActivityKind.MEETING, "subject": "联席会", "held_on": TODAY}


async def alliance(pair: Pair) -> uuid.UUID:
    """A signed alliance of three members."""
    parties = (("aa", "S1-1"), ("aa", "S2-1"))
    action = Propose(REGISTRY, "S1", parties, Terms("街道大工委"), "committee")
    agreement = (await pair.done(action, admin(A))).agreement
    hash_ = (await pair.row(agreement))["content_hash"]
    for code in ("S1", "S1-1", "S2-1"):
        await pair.done(Sign(agreement, hash_, code), admin(A))
    return agreement


async def test_an_activity(pair: Pair) -> None:
    """It tells the way, who took part, the money and the problems solved."""
    agreement = await alliance(pair)
    action = RecordActivity(
        agreement,
        ActivityKind.ACTIVITY,
        " 楼道 改造 ",
        TODAY,
        "welfare",
        (3, 1, 3),
        Decimal("5000"),
        12,
        "已验收",
    )
    await pair.done(action, secretary(A, "S1-1"))
    ((key, row),) = (await pair.copies())[A]["agreement_activity"].items()
    assert row == {
        "id": key[0],
        "agreement_id": agreement,
        "kind": "ACTIVITY",
        "way": "welfare",
        "subject": "楼道 改造",
        "held_on": TODAY,
        "parties": [1, 3],
        "funds": Decimal("5000.00"),
        "solved": 12,
        "text": "已验收",
        "recorded_by": 2,
        "recorded_at": NOW,
        "data_kind": "REAL",
    }
    event = (await pair.events(A))[-1]
    assert (event["kind"], event["organization"], event["about"]) == (
        "AGREEMENT_ACTIVITY_RECORDED",
        "S1-1",
        {"activity": str(key[0]), "kind": "ACTIVITY", "party": 2},
    )


async def test_a_meeting_across_cities(pair: Pair) -> None:
    """A meeting of two cities is in both copies; where nobody is named all took part."""
    agreement = await pair.signed()
    await pair.done(RecordActivity(agreement, **MEETING), admin(B))
    await pair.demand_sound()
    (row,) = (await pair.copies())[A]["agreement_activity"].values()
    assert (row["parties"], row["recorded_by"], row["way"]) == ([1, 2], 2, None)


async def test_refused(pair: Pair) -> None:
    """What cannot have been is refused, all of it at once."""
    agreement = await alliance(pair)
    cases: dict[str, tuple[dict[str, Any], Any]] = {
        "way": ({"way": "sport"}, [("WAY_UNKNOWN", ("way",))]),
        "party": ({"parties": (1, 4)}, [("PARTY_UNKNOWN", ("parties", "1"))]),
        "tomorrow": (
            {"held_on": TODAY + datetime.timedelta(1)},
            [("DATE_OUT_OF_RANGE", ("heldOn",))],
        ),
        "all at once": (
            {
                "subject": "",
                "solved": -1,
                "funds": Decimal(-1),
                "text": "长" * 2001,
            },
            [
                ("COUNT_OUT_OF_RANGE", ("solved",)),
                ("TITLE_MALFORMED", ("subject",)),
                ("AMOUNT_OUT_OF_RANGE", ("funds",)),
                ("TEXT_MALFORMED", ("text",)),
            ],
        ),
    }
    found = {}
    for name, (given, _) in cases.items():
        found[name] = await pair.refused(
            RecordActivity(agreement, **{**MEETING, **given}), admin(A)
        )
    assert found == {name: reasons for name, (_, reasons) in cases.items()}
    assert (await pair.copies())[A]["agreement_activity"] == {}


async def test_ways_are_a_citys(pair: Pair) -> None:
    """An agreement of two cities has no way, whichever of them declares it."""
    agreement = await pair.signed()
    action = RecordActivity(agreement, **MEETING, way="welfare")
    for tenant_id in (A, B):
        assert await pair.refused(action, admin(tenant_id)) == [("WAY_UNKNOWN", ("way",))]


async def test_not_in_force(pair: Pair) -> None:
    """Before all have signed there is nothing that was done together."""
    agreement = await pair.proposed()
    assert await pair.refused(RecordActivity(agreement, **MEETING), admin(A)) == [
        ("AGREEMENT_STATE_NOT_ALLOWED", ())
    ]
    draft = await pair.proposed(replace(Terms("草"), dimensions=("party",)), draft=True)
    assert await pair.refused(RecordActivity(draft, **MEETING), admin(A)) == [
        ("AGREEMENT_STATE_NOT_ALLOWED", ())
    ]
