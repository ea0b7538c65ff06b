"""The mutations of agreements as front ends send them."""

import re
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schema.ids import GlobalId, parse_id
from schema.root import graphql_schema
from server.agreements import check_agreements
from tests.conftest import Graph, NewDatabase, opened, run_sql
from tests.schema.agreements.pair import DEFINITIONS, A, B, C

PAYLOAD = "{ agreement { id title state version contentHash } refusals { code message path } }"
DELIVERY = "{ agreement { state } deliveryId refusals { code message path } }"
OF_DELIVERY = ("recordDelivery", "confirmDelivery", "disputeDelivery")
TERMS: dict[str, Any] = {
    "title": "村社结对",
    "dimensions": ["party"],
    "commitments": [
        {
            "dimension": "party",
            "text": "主题党日",
            "owner": 1,
            "quantity": "2.0",
            "unit": "次",
            "every": "YEAR",
            "dueOn": "2026-10-01",
        }
    ],
    "workingGroup": [{"party": 2, "duty": "组长", "title": "村党支部书记"}],
    "facilitator": "市委组织部",
    "startsOn": "2026-01-01",
    "endsOn": "2026-12-31",
}
PROPOSAL = {
    **TERMS,
    "city": "aa",
    "organization": "S1-1",
    "parties": [{"city": "bb", "organization": "S1-1"}],
}


@pytest.fixture
async def site(new_database: NewDatabase) -> AsyncIterator[Graph]:
    """The application over the invented cities; nobody is signed in."""
    async with opened(await new_database(DEFINITIONS)) as ready:
        yield ready


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """A database with the invented cities."""
    return await new_database(DEFINITIONS)


def admin(site: Graph, tenant_id: int) -> Graph:
    """An administrator of a city."""
    return site.as_("CITY_ADMIN", str(tenant_id))


async def run(who: Graph, field: str, dry_run: bool = False, **given: Any) -> Any:
    """The payload of one mutation."""
    type_ = f"{field[0].upper()}{field[1:]}Input"
    payload = DELIVERY if field in OF_DELIVERY else PAYLOAD
    query = (
        f"mutation ($input: {type_}!, $dryRun: Boolean!) {{ {field}(input: $input, "
        f"dryRun: $dryRun) {payload} }}"
    )
    return (await who.data(query, input=given, dryRun=dry_run))[field]


async def done(who: Graph, field: str, **given: Any) -> Any:
    """The payload of one that must be carried out."""
    payload = await run(who, field, **given)
    assert payload["refusals"] == [], payload
    return payload


async def codes(who: Graph, field: str, **given: Any) -> list[tuple[str, str]]:
    """Code and path of the reasons for which one is refused."""
    payload = await run(who, field, **given)
    assert payload["agreement"] is None
    return [(reason["code"], ".".join(reason["path"][1:])) for reason in payload["refusals"]]


def twin(id_: str, tenant_id: int) -> str:
    """The id that the same agreement or delivery has in another city's copy."""
    parsed = parse_id(id_)
    return str(GlobalId(parsed.type, tenant_id, parsed.key))


async def test_a_life(site: Graph) -> None:
    """Drafted, submitted, revised, signed, delivered, met, renewed, declined and completed."""
    one, other = admin(site, A), admin(site, B)
    drafted = (await done(one, "proposeAgreement", **PROPOSAL, draft=True))["agreement"]
    assert drafted["state"] == "DRAFT"
    mine, theirs = drafted["id"], twin(drafted["id"], B)
    assert (await done(one, "submitAgreement", agreement=mine))["agreement"]["state"] == "PROPOSED"
    assert await codes(other, "reviseAgreement", agreement=theirs, revision=1, **TERMS) == [
        ("AGREEMENT_CHANGED", "revision")
    ]
    newer = {**TERMS, "title": "村社结对协议"}
    revised = await done(other, "reviseAgreement", agreement=theirs, revision=2, **newer)
    assert revised["agreement"]["version"] == 2
    hash_ = revised["agreement"]["contentHash"]
    assert await codes(
        one, "signAgreement", agreement=mine, contentHash=drafted["contentHash"]
    ) == [("CONTENT_STALE", "contentHash")]
    await done(one, "signAgreement", agreement=mine, contentHash=hash_)
    signed = await done(other, "signAgreement", agreement=theirs, contentHash=hash_, party="S1-1")
    assert signed["agreement"] == {
        "id": theirs,
        "title": "村社结对协议",
        "state": "ACTIVE",
        "version": 2,
        "contentHash": hash_,
    }
    given = {"commitment": "c2", "deliveredOn": "2026-03-01", "quantity": "2"}
    delivered = await done(one, "recordDelivery", agreement=mine, **given)
    answer = {"delivery": twin(delivered["deliveryId"], B)}
    assert await codes(one, "confirmDelivery", delivery=delivered["deliveryId"]) == [
        ("FORBIDDEN", "party")
    ]
    assert (await done(other, "confirmDelivery", **answer))["deliveryId"] == answer["delivery"]
    assert await codes(other, "disputeDelivery", **answer, reason="误") == [
        ("DELIVERY_ANSWERED", "delivery")
    ]
    meeting = {"kind": "MEETING", "subject": "联席会", "heldOn": "2026-03-10", "parties": [1, 2]}
    await done(other, "recordActivity", agreement=theirs, **meeting)
    renewed = await done(other, "renewAgreement", agreement=theirs, endsOn="2027-12-31")
    assert (renewed["agreement"]["state"], renewed["agreement"]["id"] != theirs) == (
        "PROPOSED", True,
    )  # fmt: skip
    renewal = twin(renewed["agreement"]["id"], A)
    declined = await done(one, "declineAgreement", agreement=renewal, reason="人手不足")
    assert declined["agreement"]["state"] == "DECLINED"
    assert await codes(one, "terminateAgreement", agreement=renewal, reason="x") == [
        ("AGREEMENT_STATE_NOT_ALLOWED", "")
    ]
    completed = await done(one, "completeAgreement", agreement=mine, reason="FULFILLED")
    assert completed["agreement"]["state"] == "COMPLETED"


async def test_both_sides_are_sound(url: str) -> None:
    """After what was done by front ends both copies are the same."""
    async with opened(url) as site:
        made = (await done(admin(site, A), "proposeAgreement", **PROPOSAL))["agreement"]
        hash_ = made["contentHash"]
        for tenant_id in (A, B):
            id_ = twin(made["id"], tenant_id)
            await done(admin(site, tenant_id), "signAgreement", agreement=id_, contentHash=hash_)
        reason = {"agreement": made["id"], "reason": "换届"}
        ended = await done(admin(site, A), "terminateAgreement", **reason)
    assert ended["agreement"]["state"] == "TERMINATED"
    checked = await check_agreements(url)
    assert (checked.agreements, checked.copies, checked.differences) == (1, 2, [])


async def test_rehearsed(site: Graph) -> None:
    """With dryRun all is checked and nothing done: what would be new is null, the rest as it is."""
    one = admin(site, A)
    assert await run(one, "proposeAgreement", dry_run=True, **PROPOSAL) == {
        "agreement": None,
        "refusals": [],
    }
    made = (await done(one, "proposeAgreement", **PROPOSAL))["agreement"]
    sign = {"agreement": made["id"], "contentHash": made["contentHash"]}
    rehearsed = await run(one, "signAgreement", dry_run=True, **sign)
    assert rehearsed == {"agreement": made, "refusals": []}
    await done(one, "signAgreement", **sign)


async def test_sent_again(site: Graph) -> None:
    """Under an idempotency key an agreement is proposed, and a delivery recorded, once."""
    one = admin(site, A)
    one.headers["idempotency-key"] = uuid.uuid4().hex
    first = await done(one, "proposeAgreement", **PROPOSAL)
    assert await done(one, "proposeAgreement", **PROPOSAL) == first
    agreements = '{ city(code: "aa") { agreements { totalCount } } }'
    found = await admin(site, A).data(agreements)
    assert found["city"]["agreements"]["totalCount"] == 1


async def test_ids_of_others(site: Graph) -> None:
    """The id of another city's copy, of another type, or of nothing at all is unknown."""
    one = admin(site, A)
    made = (await done(one, "proposeAgreement", **PROPOSAL))["agreement"]
    foreign = [twin(made["id"], B), twin(made["id"], C), twin(made["id"], 110000)]
    others = [
        str(GlobalId("Issue", A, uuid.uuid4().hex)),
        "",
        "???",
        "QQ",
        str(GlobalId("Agreement", A, "x")),
    ]
    for id_ in (*foreign, *others, str(GlobalId("Agreement", A, uuid.uuid4().hex))):
        sign = {"agreement": id_, "contentHash": made["contentHash"]}
        assert await codes(one, "signAgreement", **sign) == [("AGREEMENT_UNKNOWN", "agreement")]
        assert await codes(one, "confirmDelivery", delivery=id_) == [
            ("DELIVERY_UNKNOWN", "delivery")
        ]


async def test_copies_that_differ(url: str) -> None:
    """A client is told that something is wrong, not what; nothing is done."""
    async with opened(url) as site:
        made = (await done(admin(site, A), "proposeAgreement", **PROPOSAL))["agreement"]
        await run_sql(url, f"UPDATE agreement SET revision = 7 WHERE tenant_id = {B}")
        query = (
            f"mutation ($input: SignAgreementInput!) {{ signAgreement(input: $input) {PAYLOAD} }}"
        )
        sign = {"agreement": made["id"], "contentHash": made["contentHash"]}
        answer = await admin(site, A)(query, input=sign)
    assert answer["data"] == {"signAgreement": None}
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "revision" not in str(answer)
    checked = await check_agreements(url)
    assert [one.what for one in checked.differences] == ["revision"]


CASES: dict[str, dict[str, Any]] = {
    "submitAgreement": {},
    "reviseAgreement": {"revision": 1, **TERMS},
    "signAgreement": {"contentHash": "x"},
    "declineAgreement": {"reason": "不"},
    "completeAgreement": {"reason": "AGREED"},
    "terminateAgreement": {"reason": "不"},
    "renewAgreement": {},
    "recordDelivery": {"commitment": "c1", "deliveredOn": "2026-03-01"},
    "recordActivity": {"kind": "MEETING", "subject": "会", "heldOn": "2026-03-01"},
}


async def test_without_the_permission(site: Graph) -> None:
    """Whoever may manage no agreement in the city is told so by every mutation."""
    made = (await done(admin(site, A), "proposeAgreement", **PROPOSAL))["agreement"]
    worker = site.as_("GRID_WORKER", str(A), "S1")
    for who in (site, site.as_("RESIDENT", str(A)), worker):
        assert await codes(who, "proposeAgreement", **PROPOSAL) == [("FORBIDDEN", "")]
        for field, given in CASES.items():
            found = await codes(who, field, agreement=made["id"], **given)
            assert found == [("FORBIDDEN", "")], field
    delivery = str(GlobalId("Delivery", A, uuid.uuid4().hex))
    for field, more in (("confirmDelivery", {}), ("disputeDelivery", {"reason": "误"})):
        assert await codes(worker, field, delivery=delivery, **more) == [("FORBIDDEN", "")]


async def test_another_citys_agreement(site: Graph) -> None:
    """A city cannot propose for another one: an error beside a null payload."""
    query = (
        f"mutation ($input: ProposeAgreementInput!) {{ proposeAgreement(input: $input) {PAYLOAD} }}"
    )
    answer = await admin(site, B)(query, input=PROPOSAL)
    assert answer["data"] == {"proposeAgreement": None}
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    provincial = site.as_("PROVINCE_ADMIN", "990000")
    assert await codes(provincial, "proposeAgreement", **PROPOSAL) == [("FORBIDDEN", "")]


TEXTS = ("", "\u0000", "长" * 3_000, "' OR 1=1 --", "%", "{}", "NaN")


async def test_any_text(site: Graph) -> None:
    """Whatever stands for a code, key, title or text: a refusal, never a fault."""
    one = admin(site, A)
    made = (await done(one, "proposeAgreement", **PROPOSAL))["agreement"]
    for text in TEXTS:
        for field, given in strange(made["id"], text):
            payload = await run(one, field, **given)
            assert payload["refusals"], (field, text, payload)


def strange(agreement: str, text: str) -> list[tuple[str, dict[str, Any]]]:
    """Mutations with a text wherever one can be."""
    party = {"city": text, "organization": text}
    commitment = {"dimension": text, "text": text, "unit": text, "key": text}
    terms = {
        "title": text,
        "dimensions": [text],
        "commitments": [commitment],
        "workingGroup": [{"party": -1, "duty": text, "title": text}],
        "facilitator": text,
    }
    return [
        ("proposeAgreement", {**PROPOSAL, "organization": text}),
        ("proposeAgreement", {**PROPOSAL, "parties": [party]}),
        ("proposeAgreement", {**PROPOSAL, "alliance": text}),
        ("proposeAgreement", {**PROPOSAL, **terms}),
        ("reviseAgreement", {"agreement": agreement, "revision": 1, **terms, "addParties": [text]}),
        ("signAgreement", {"agreement": agreement, "contentHash": text, "party": text}),
        ("declineAgreement", {"agreement": agreement, "reason": text, "party": text}),
        ("recordDelivery", {"agreement": agreement, "commitment": text, "text": text,
                            "deliveredOn": "2026-03-01", "evidence": [text], "party": text}),
        ("recordActivity", {"agreement": agreement, "kind": "ACTIVITY", "subject": text,
                            "way": text, "heldOn": "2026-03-01", "text": text}),
    ]  # fmt: skip


async def test_refusals_come_in_the_language_asked_for(site: Graph) -> None:
    """The sentence is Chinese or English; the code and the path are the same."""
    query = (
        f"mutation ($input: ProposeAgreementInput!) {{ proposeAgreement(input: $input) {PAYLOAD} }}"
    )
    given = {**PROPOSAL, "parties": []}
    said = {}
    for language in ("zh", "en"):
        answer = await admin(site, A)(query, language, input=given)
        (said[language],) = answer["data"]["proposeAgreement"]["refusals"]
    reason = {"code": "PARTIES_TOO_FEW", "path": ["input", "parties"]}
    assert said == {
        "zh": {**reason, "message": "协议至少须有两方。"},
        "en": {**reason, "message": "An agreement has two parties at least."},
    }


def test_inputs_are_described() -> None:
    """Every input and field of these mutations is described in Chinese, then in English."""
    mutation = graphql_schema().mutation_type
    assert mutation is not None
    chinese = re.compile(r"[一-鿿].*\| ?\S", re.DOTALL)
    wrong = []
    for field in ("proposeAgreement", *CASES, "confirmDelivery", "disputeDelivery"):
        declared = mutation.fields[field]
        input_: Any = declared.args["input"].type.of_type
        for name, item in {"": declared, **input_.fields}.items():
            if not chinese.search(item.description or ""):
                wrong.append(f"{field}.{name}: {item.description}")
    assert wrong == []
