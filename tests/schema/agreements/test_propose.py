"""Proposing: who can be a party, what can be agreed on, drafts, and copies for all cities."""

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schema.agreements.commitments import CommitmentTerms
from schema.agreements.propose import Propose, Submit
from schema.agreements.revise import Revise
from schema.agreements.terms import MemberTerms, Terms
from schema.refusals import Refused
from schema.tables.agreement import Every
from tenants.roles import Role
from tests.conftest import NOW
from tests.schema.agreements.pair import (
    MANY,
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
OTHER = ("bb", "S1-1")


def propose(**given: Any) -> Propose:
    """A proposal that is carried out, but for what is given otherwise."""
    fields: dict[str, Any] = {"organization": "S1-1", "parties": (OTHER,), "terms": TERMS}
    return Propose(REGISTRY, **{**fields, **given})


def terms(**given: Any) -> Propose:
    """A proposal with other terms."""
    return propose(terms=replace(TERMS, **given))


def commitment(**given: Any) -> Propose:
    """A proposal with one commitment."""
    fields: dict[str, Any] = {"dimension": "party", "text": "共建"}
    return terms(commitments=(CommitmentTerms(**{**fields, **given}),))


CONTENT = {
    "title": "村社结对",
    "alliance": None,
    "facilitator": "市委组织部",
    "parties": [
        {
            "number": 1,
            "city": "990100",
            "cityName": "aa市",
            "code": "S1-1",
            "name": "990100第1村",
            "role": "INITIATOR",
        },
        {
            "number": 2,
            "city": "990200",
            "cityName": "bb市",
            "code": "S1-1",
            "name": "990200第1村",
            "role": "PARTNER",
        },
    ],
    "dimensions": [{"key": "party", "name": "党建"}, {"key": "industry", "name": "产业"}],
    "workingGroup": [{"party": 1, "duty": "组长", "title": "社区党委书记"}],
    "commitments": [
        {
            "key": "c1",
            "dimension": "party",
            "owner": None,
            "text": "联合开展主题党日",
            "quantity": "2",
            "unit": "次",
            "every": "YEAR",
            "dueOn": None,
        },
        {
            "key": "c2",
            "dimension": "industry",
            "owner": 1,
            "text": "采购农产品",
            "quantity": "1000.5",
            "unit": "公斤",
            "every": "ALL",
            "dueOn": None,
        },
        {
            "key": "c3",
            "dimension": "industry",
            "owner": 2,
            "text": "派技术员驻村",
            "quantity": None,
            "unit": None,
            "every": None,
            "dueOn": None,
        },
    ],
    "startsOn": "2026-01-01",
    "endsOn": "2026-12-31",
}


async def test_two_copies(pair: Pair) -> None:
    """Each city has the whole agreement, with its own organization alone, and an event."""
    done = await pair.done(propose(), secretary(A, "S1"))
    await pair.demand_sound()
    copies = await pair.copies()
    assert sorted(copies) == [A, B]
    row = copies[B]["agreement"][done.agreement,]
    version = copies[B]["agreement_version"][done.agreement, 1]
    assert version.pop("content") == CONTENT
    assert version == {
        "agreement_id": done.agreement,
        "version": 1,
        "content_hash": row["content_hash"],
        "proposed_by": 1,
        "proposed_at": NOW,
        "declined_by": None,
        "declined_at": None,
        "decline_reason": None,
    }
    assert row == {
        "id": done.agreement,
        "title": "村社结对",
        "alliance": None,
        "state": "PROPOSED",
        "version": 1,
        "agreed": None,
        "content_hash": row["content_hash"],
        "cities": 2,
        "starts_on": DAY(2026, 1, 1),
        "ends_on": DAY(2026, 12, 31),
        "renews": None,
        "created_at": NOW,
        "signed_at": None,
        "ended_at": None,
        "end_reason": None,
        "end_text": None,
        "revision": 1,
        "data_kind": "REAL",
        "source": None,
    }
    event = {
        "kind": "AGREEMENT_PROPOSED",
        "person_id": None,
        "agreement_id": done.agreement,
        "about": {"version": 1, "party": 1},
        "organization": "S1-1",
        "role": "SECRETARY",
    }
    assert await pair.events(A) == [{**event, "actor": f"SECRETARY of {A}"}]
    assert await pair.events(B) == [{**event, "actor": f"city:{A}"}]


async def test_rehearsal(pair: Pair) -> None:
    """A rehearsal says what would come of it, and leaves nothing in any city."""
    outcome = await pair.do(propose(), admin(A), dry_run=True)
    assert not isinstance(outcome, Refused)
    assert await pair.copies() == {}
    assert await pair.events(A) == await pair.events(B) == []


async def test_provinces(pair: Pair) -> None:
    """Across provinces only dimensions of both can be agreed on, in the initiator's words."""
    parties = (("cc", "S1-1"),)
    refused = await pair.refused(
        propose(
            parties=parties, terms=replace(TERMS, dimensions=("party", "welfare"), commitments=())
        ),
        admin(A),
    )
    assert refused == [("DIMENSION_UNKNOWN", ("dimensions", "1"))]
    done = await pair.done(propose(parties=parties), admin(A))
    (version,) = (await pair.copies())[C]["agreement_version"].values()
    assert version["content"]["dimensions"] == CONTENT["dimensions"]
    assert (await pair.row(done.agreement, C))["cities"] == 2
    await pair.demand_sound()


async def test_three_cities(pair: Pair) -> None:
    """An agreement of four parties in three cities has three copies."""
    parties = (("990200", "S1-1"), ("cc", "S2"), ("aa", "S2-1"))
    done = await pair.done(propose(parties=parties), admin(A))
    assert sorted(await pair.copies()) == [C, A, B]
    row = await pair.row(done.agreement, C)
    assert (row["cities"], row["state"]) == (3, "PROPOSED")
    await pair.demand_sound()


REFUSED: dict[str, tuple[Any, list[tuple[str, tuple[str, ...]]]]] = {
    "own organization": (propose(organization="X9"), [("PARTY_UNKNOWN", ("organization",))]),
    "own ended": (propose(organization="S1-9"), [("PARTY_UNKNOWN", ("organization",))]),
    "no such code": (
        propose(parties=(("bb", "X9"),)),
        [("PARTY_UNKNOWN", ("parties", "0", "organization"))],
    ),
    "no code at all": (
        propose(parties=(("bb", "' OR 1=1"),)),
        [("PARTY_UNKNOWN", ("parties", "0", "organization"))],
    ),
    "ended": (
        propose(parties=(("bb", "S1-9"),)),
        [("PARTY_UNKNOWN", ("parties", "0", "organization"))],
    ),
    "unknown city": (
        propose(parties=(OTHER, ("zz", "S1-1"))),
        [("PARTY_UNKNOWN", ("parties", "1", "city"))],
    ),
    "a province": (
        propose(parties=(("elsewhere", "980000"),)),
        [("PARTY_UNKNOWN", ("parties", "0", "city"))],
    ),
    "itself": (
        propose(parties=(OTHER, ("990100", "S1-1"))),
        [("PARTY_TWICE", ("parties", "1"))],
    ),
    "another twice": (
        propose(parties=(OTHER, ("aa", "S2-1"), OTHER)),
        [("PARTY_TWICE", ("parties", "2"))],
    ),
    "alone": (propose(parties=()), [("PARTIES_TOO_FEW", ("parties",))]),
    "too many": (propose(parties=(OTHER,) * 20), [("PARTIES_TOO_MANY", ("parties",))]),
    "no alliance": (
        propose(alliance="union", parties=(("aa", "S2"),)),
        [("ALLIANCE_UNKNOWN", ("alliance",))],
    ),
    "alliance across cities": (
        propose(alliance="committee"),
        [("PARTY_UNKNOWN", ("parties", "0", "city"))],
    ),
    "alliance of too many": (
        propose(alliance="committee", parties=(("aa", "S2"),) * 200),
        [("PARTIES_TOO_MANY", ("parties",))],
    ),
    "no title": (terms(title=" \n"), [("TITLE_MALFORMED", ("title",))]),
    "long title": (terms(title="长" * 101), [("TITLE_MALFORMED", ("title",))]),
    "facilitator": (terms(facilitator="长" * 101), [("TEXT_MALFORMED", ("facilitator",))]),
    "dimension": (
        terms(dimensions=("party", "sport"), commitments=()),
        [("DIMENSION_UNKNOWN", ("dimensions", "1"))],
    ),
    "ends first": (
        terms(starts_on=DAY(2027, 2, 1), ends_on=DAY(2027, 1, 31)),
        [("DATE_OUT_OF_RANGE", ("endsOn",))],
    ),
    "over already": (terms(ends_on=DAY(2026, 3, 14)), [("DATE_OUT_OF_RANGE", ("endsOn",))]),
    "member of nobody": (
        terms(working_group=(MemberTerms(3, "组长", "书记"),)),
        [("PARTY_UNKNOWN", ("workingGroup", "0", "party"))],
    ),
    "member without a title": (
        terms(working_group=(MemberTerms(2, "", " "),)),
        [
            ("TEXT_MALFORMED", ("workingGroup", "0", "duty")),
            ("TEXT_MALFORMED", ("workingGroup", "0", "title")),
        ],
    ),
    "too many members": (
        terms(working_group=(MemberTerms(2, "组员", "干部"),) * 51),
        [("COUNT_OUT_OF_RANGE", ("workingGroup",))],
    ),
    "too many commitments": (
        terms(commitments=TERMS.commitments * 17),
        [("COUNT_OUT_OF_RANGE", ("commitments",))],
    ),
    "other dimension": (
        commitment(dimension="welfare"),
        [("DIMENSION_UNKNOWN", ("commitments", "0", "dimension"))],
    ),
    "nobody's": (commitment(owner=0), [("PARTY_UNKNOWN", ("commitments", "0", "owner"))]),
    "no text": (commitment(text=" "), [("COMMITMENT_MALFORMED", ("commitments", "0", "text"))]),
    "long text": (
        commitment(text="长" * 501),
        [("TEXT_MALFORMED", ("commitments", "0", "text"))],
    ),
    "negative": (
        commitment(quantity=Decimal(-2), unit="次"),
        [("AMOUNT_OUT_OF_RANGE", ("commitments", "0", "quantity"))],
    ),
    "nothing": (
        commitment(quantity=Decimal(0), unit="次"),
        [("AMOUNT_OUT_OF_RANGE", ("commitments", "0", "quantity"))],
    ),
    "not a number": (
        commitment(quantity=Decimal("NaN"), unit="次"),
        [("AMOUNT_OUT_OF_RANGE", ("commitments", "0", "quantity"))],
    ),
    "no unit": (
        commitment(quantity=Decimal(2)),
        [("COMMITMENT_MALFORMED", ("commitments", "0", "unit"))],
    ),
    "long unit": (
        commitment(quantity=Decimal(2), unit="长" * 21),
        [("COMMITMENT_MALFORMED", ("commitments", "0", "unit"))],
    ),
    "every nothing": (
        commitment(every=Every.YEAR),
        [("COMMITMENT_MALFORMED", ("commitments", "0", "every"))],
    ),
    "due after the end": (
        commitment(due_on=DAY(2027, 1, 1)),
        [("DATE_OUT_OF_RANGE", ("commitments", "0", "dueOn"))],
    ),
    "key of no version": (
        commitment(key="c1"),
        [("COMMITMENT_UNKNOWN", ("commitments", "0", "key"))],
    ),
    "all at once": (
        replace(
            propose(),
            terms=Terms(
                "", ("sport",), (CommitmentTerms("party", "", 9),), ends_on=DAY(2020, 1, 1)
            ),
        ),
        [
            ("DATE_OUT_OF_RANGE", ("endsOn",)),
            ("DIMENSION_UNKNOWN", ("dimensions", "0")),
            ("TITLE_MALFORMED", ("title",)),
            ("DIMENSION_UNKNOWN", ("commitments", "0", "dimension")),
            ("PARTY_UNKNOWN", ("commitments", "0", "owner")),
            ("COMMITMENT_MALFORMED", ("commitments", "0", "text")),
        ],
    ),
}


async def test_refused(pair: Pair) -> None:
    """Whatever cannot be agreed on is refused with code and path, and leaves nothing anywhere."""
    found = {name: await pair.refused(action, admin(A)) for name, (action, _) in REFUSED.items()}
    expected = {name: reasons for name, (_, reasons) in REFUSED.items()}
    assert found == expected
    assert await pair.copies() == {}
    assert await pair.events(A) == await pair.events(B) == []


@pytest.mark.parametrize(
    "who",
    [
        secretary(A, "S2"),
        somebody(Role.GRID_WORKER, A, "S1-1"),
        somebody(Role.RESIDENT, A),
        somebody(Role.MEMBER, A, "S1"),
    ],
    ids=str,
)
async def test_forbidden(pair: Pair, who: Any) -> None:
    """Only who manages agreements where the initiator stands may propose one for it."""
    assert await pair.refused(propose(), who) == [("FORBIDDEN", ("organization",))]
    assert await pair.copies() == {}


async def test_normal_forms(pair: Pair) -> None:
    """Blanks, repeated dimensions and zeros after the point make no other content."""
    one = await pair.done(propose(), admin(A))
    spelled = replace(
        TERMS,
        title="  村社结对 ",
        dimensions=("party", "industry", "party"),
        commitments=(
            replace(TERMS.commitments[0], quantity=Decimal("2.000"), unit=" 次"),
            replace(TERMS.commitments[1], quantity=Decimal("1000.5"), every=Every.ALL),
            replace(TERMS.commitments[2], text="派技术员驻村\n"),
        ),
    )
    other = await pair.done(propose(terms=spelled, parties=(("990200", "S1-1"),)), admin(A))
    hashes = {(await pair.row(done.agreement))["content_hash"] for done in (one, other)}
    assert len(hashes) == 1


async def test_alliance(pair: Pair) -> None:
    """An alliance of two hundred members of one city is one copy."""
    members = tuple(("aa", f"V{n}") for n in range(1, 200))
    done = await pair.done(
        propose(alliance="committee", parties=members, terms=Terms("街道大工委")), admin(A)
    )
    copies = await pair.copies()
    assert (list(copies), len(copies[A]["agreement_party"])) == ([A], 200)
    row = await pair.row(done.agreement)
    assert (row["alliance"], row["cities"], MANY) == ("committee", 1, 210)
    await pair.demand_sound()


async def test_draft(pair: Pair) -> None:
    """A draft is its initiator's city's alone, is changed in place, and becomes two copies."""
    draft = await pair.proposed(draft=True)
    assert sorted(await pair.copies()) == [A]
    await pair.demand_sound()
    action = Revise(REGISTRY, draft, 1, replace(TERMS, title="村社结对协议"))
    await pair.done(action, admin(A))
    assert (await pair.row(draft))["version"] == 1
    await pair.demand_sound()
    assert await pair.refused(Submit(REGISTRY, draft), admin(B)) == [
        ("AGREEMENT_UNKNOWN", ("agreement",))
    ]
    await pair.done(Submit(REGISTRY, draft), admin(A))
    assert sorted(await pair.copies()) == [A, B]
    await pair.demand_sound()
    row = await pair.row(draft, B)
    assert (row["state"], row["version"], row["title"]) == ("PROPOSED", 1, "村社结对协议")
    kinds = {
        tenant_id: [
            event["kind"].removeprefix("AGREEMENT_") for event in await pair.events(tenant_id)
        ]
        for tenant_id in (A, B)
    }
    assert kinds == {A: ["DRAFTED", "REVISED", "PROPOSED"], B: ["PROPOSED"]}
    assert await pair.refused(Submit(REGISTRY, draft), admin(A)) == [
        ("AGREEMENT_STATE_NOT_ALLOWED", ())
    ]


async def test_draft_of_another_party(pair: Pair) -> None:
    """A draft is its initiator's: another party can neither change nor submit it."""
    action = propose(parties=(("aa", "S2-1"), OTHER), draft=True)
    draft = (await pair.done(action, secretary(A, "S1"))).agreement
    other = secretary(A, "S2")
    assert await pair.refused(Submit(REGISTRY, draft), other) == [("FORBIDDEN", ())]
    revise = Revise(REGISTRY, draft, 1, replace(TERMS, title="改"))
    assert await pair.refused(revise, other) == [("FORBIDDEN", ())]
    await pair.done(Submit(REGISTRY, draft), secretary(A, "S1"))
    await pair.demand_sound()


async def test_draft_too_late(pair: Pair) -> None:
    """A draft cannot be proposed once its term is over, or a party is no more."""
    draft = await pair.proposed(draft=True)
    later = replace(pair, today=DAY(2027, 1, 1))
    assert await later.refused(Submit(REGISTRY, draft), admin(A)) == [
        ("DATE_OUT_OF_RANGE", ("agreement",))
    ]
    await pair.sql(
        "UPDATE organization SET valid_to = $1 WHERE tenant_id = $2 AND code = 'S1-1'",
        *(pair.today, B),
    )
    assert await pair.refused(Submit(REGISTRY, draft), admin(A)) == [
        ("PARTY_UNKNOWN", ("agreement",))
    ]
    assert sorted(await pair.copies()) == [A]


async def test_nothing_else_is_told_of_another_city(pair: Pair) -> None:
    """A refusal names what was given, and nothing of that city."""
    outcome = await pair.do(propose(parties=(("bb", "S1-9"),)), admin(A))
    assert isinstance(outcome, Refused)
    (refusal,) = outcome.refusals
    assert (refusal.zh, refusal.en) == (
        "城市“bb”今天没有编码为“S1-9”的组织;请核对编码。",
        "The city 'bb' has no organization 'S1-9' today: check the code.",
    )
