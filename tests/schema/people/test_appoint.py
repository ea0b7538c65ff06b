"""Appointing: who may, where, when, and what is kept of a person."""

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.conftest import Graph
from tests.schema.people.appointing import admin, appoint, codes


async def test_a_new_person_is_appointed(site: Graph) -> None:
    """The post begins today, the person is masked, and the change says how many there are."""
    me = admin(site)
    new = {"name": " 欧 阳 测 ", "phone": "138-0013-8000"}
    made = await appoint(me, "S1-G1", "full_time", newPerson=new)
    post = made["post"]
    assert (post.pop("id") != "", post["person"].pop("id") != "") == (True, True)
    assert made == {
        "post": {
            "kind": {"key": "full_time"},
            "organization": {"code": "S1-G1"},
            "person": {"name": "欧**", "phone": "138****8000"},
            "validFrom": "2026-03-15",
            "validTo": None,
            "isHeld": True,
            "dataKind": "REAL",
        },
        "changes": [{"kind": "POSTS", "code": "S1-G1", "before": "0", "after": "1", "affected": 1}],
        "refusals": [],
    }


async def test_a_known_person_holds_several_posts(site: Graph) -> None:
    """Somebody known is appointed by id, to a second post with first and last day."""
    me = admin(site)
    first = await appoint(me, "S1-G1", "full_time")
    person = first["post"]["person"]["id"]
    second = await appoint(
        me, "S2", "helper", person=person, since="2026-04-01", until="2026-05-01"
    )
    assert (second["post"]["person"]["id"], second["post"]["isHeld"]) == (person, False)
    found = await me.data(
        "query ($id: ID!) { node(id: $id) { ... on Person { posts { nodes {"
        " organization { code } validFrom validTo } } } } }",
        id=person,
    )
    assert found["node"]["posts"]["nodes"] == [
        {"organization": {"code": "S1-G1"}, "validFrom": "2026-03-15", "validTo": None}
    ]


async def test_the_phone_is_sealed(site: Graph, site_url: str) -> None:
    """No column of the row holds the number, and equal numbers have equal indexes."""
    me = admin(site)
    for organization in ("S1-G1", "S2-G1"):
        await appoint(
            me, organization, "full_time", newPerson={"name": "甲", "phone": "13800138000"}
        )
    connection: Any = await asyncpg.connect(site_url)
    rows = await connection.fetch("SELECT * FROM person")
    await connection.close()
    assert len(rows) == 2
    shown = [[str(value) for value in row.values()] for row in rows]
    assert [text for row in shown for text in row if "13800138000" in text] == []
    assert rows[0]["phone_index"] == rows[1]["phone_index"]
    assert rows[0]["phone_sealed"] != rows[1]["phone_sealed"]


async def test_a_dry_run_changes_nothing(site: Graph, site_url: str) -> None:
    """A rehearsal says what would change, and leaves neither person nor post nor event."""
    rehearsed = await appoint(admin(site), "S1-G1", "full_time", dry_run=True)
    assert (rehearsed["post"], len(rehearsed["changes"])) == (None, 1)
    connection: Any = await asyncpg.connect(site_url)
    counts = [
        await connection.fetchval(f"SELECT count(*) FROM {table}")
        for table in ("person", "post", "event", "event_counter")
    ]
    await connection.close()
    assert counts == [0, 0, 0, 0]


WRONG: dict[str, tuple[dict[str, Any], tuple[str, list[str]]]] = {
    "unknown organization": (
        {"organization": "NO-1"},
        ("ORGANIZATION_UNKNOWN", ["input", "organization"]),
    ),
    "unknown kind": ({"kind": "mayor"}, ("POST_UNKNOWN", ["input", "kind"])),
    "kind of another level": (
        {"organization": "S1", "kind": "full_time"},
        ("POST_NOT_ALLOWED", ["input", "kind"]),
    ),
    "ended organization": (
        {"organization": "S1-G8"},
        ("DATE_OUT_OF_RANGE", ["input", "since"]),
    ),
    "before the organization": (
        {"organization": "S1-G9", "since": "2026-03-20"},
        ("DATE_OUT_OF_RANGE", ["input", "since"]),
    ),
    "too far ahead": ({"since": "2027-06-01"}, ("DATE_OUT_OF_RANGE", ["input", "since"])),
    "ends before it begins": (
        {"since": "2026-03-20", "until": "2026-03-20"},
        ("DATE_OUT_OF_RANGE", ["input", "until"]),
    ),
    "nobody and somebody": (
        {"person": "x", "newPerson": {"name": "y"}},
        ("PERSON_MALFORMED", ["input"]),
    ),
    "unknown person": ({"person": "nobody"}, ("PERSON_UNKNOWN", ["input", "person"])),
    "no name": (
        {"newPerson": {"name": "  "}},
        ("PERSON_MALFORMED", ["input", "newPerson", "name"]),
    ),
    "long name": (
        {"newPerson": {"name": "甲" * 51}},
        ("PERSON_MALFORMED", ["input", "newPerson", "name"]),
    ),
    "no phone number": (
        {"newPerson": {"name": "甲", "phone": "12345"}},
        ("PHONE_MALFORMED", ["input", "newPerson", "phone"]),
    ),
}


@pytest.mark.parametrize(("given", "refused"), WRONG.values(), ids=WRONG)
async def test_what_cannot_be(
    site: Graph, site_url: str, given: dict[str, Any], refused: tuple[str, list[str]]
) -> None:
    """Each impossible appointment is refused with its code and path, and nothing is written."""
    arguments = {"organization": "S1-G1", "kind": "full_time", **given}
    payload = await appoint(
        admin(site), arguments.pop("organization"), arguments.pop("kind"), **arguments
    )
    assert (codes(payload), payload["post"], payload["changes"]) == ([refused], None, [])
    connection: Any = await asyncpg.connect(site_url)
    assert await connection.fetchval("SELECT count(*) FROM person") == 0
    await connection.close()


async def test_the_refused_number_is_not_repeated(site: Graph) -> None:
    """A refusal never holds the digits that were given."""
    given = {"name": "甲", "phone": "138001380001"}
    payload = await appoint(admin(site), "S1-G1", "full_time", newPerson=given)
    assert "138001380001" not in str(payload)


async def test_a_post_for_one_is_held_by_one(site: Graph) -> None:
    """A second secretary is refused, however many are appointed at once, and by whom it is not."""
    me = admin(site)
    payloads = await asyncio.gather(*(appoint(me, "S1", "secretary") for _ in range(5)))
    made = [payload for payload in payloads if payload["post"]]
    refused = [codes(payload) for payload in payloads if not payload["post"]]
    assert len(made) == 1
    assert refused == [[("POST_TAKEN", ["input", "kind"])]] * 4


async def test_nobody_holds_a_post_twice(site: Graph) -> None:
    """The same person in the same post of the same organization is refused."""
    me = admin(site)
    made = await appoint(me, "S1-G1", "part_time")
    again = await appoint(me, "S1-G1", "part_time", person=made["post"]["person"]["id"])
    assert codes(again) == [("POST_TAKEN", ["input", "person"])]


ACTORS: dict[str, tuple[tuple[str, str, str | None], str, str, list[str]]] = {
    "a secretary below": (("SECRETARY", "990100", "S1"), "S1-G1", "full_time", []),
    "a secretary beside": (("SECRETARY", "990100", "S2"), "S1-G1", "full_time", ["FORBIDDEN"]),
    "a secretary another secretary of its own": (
        ("SECRETARY", "990100", "S1"),
        "S1",
        "secretary",
        ["FORBIDDEN"],
    ),
    "a secretary a helper of its own": (("SECRETARY", "990100", "S1"), "S1", "helper", []),
    "a grid worker": (("GRID_WORKER", "990100", "S1-G1"), "S1-G1", "helper", ["FORBIDDEN"]),
    "a resident": (("RESIDENT", "990100", None), "S1-G1", "helper", ["FORBIDDEN"]),
}


@pytest.mark.parametrize(("who", "organization", "kind", "expected"), ACTORS.values(), ids=ACTORS)
async def test_who_may_appoint(
    site: Graph,
    who: tuple[str, str, str | None],
    organization: str,
    kind: str,
    expected: list[str],
) -> None:
    """The permission reaches the subtree; who makes a secretary must be above the organization."""
    payload = await appoint(site.as_(*who), organization, kind)
    assert [code for code, _ in codes(payload)] == expected


async def test_a_secretary_appoints_only_people_within_reach(site: Graph) -> None:
    """Somebody who holds no post in the subtree is as good as unknown there."""
    elsewhere = await appoint(admin(site), "S2-G1", "full_time")
    person = elsewhere["post"]["person"]["id"]
    payload = await appoint(
        site.as_("SECRETARY", "990100", "S1"), "S1-G1", "full_time", person=person
    )
    assert codes(payload) == [("PERSON_UNKNOWN", ["input", "person"])]


@pytest.mark.parametrize("who", [("CITY_ADMIN", "990200"), ("PROVINCE_ADMIN", "990000")])
async def test_other_tenants_appoint_nobody(site: Graph, who: tuple[str, str]) -> None:
    """Another city's administrator is refused at the door, a province's by its role."""
    answer = await site.as_(*who)(
        "mutation ($input: AppointInput!) { appoint(input: $input) { refusals { code } } }",
        input={
            "city": "north",
            "organization": "S1-G1",
            "kind": "helper",
            "newPerson": {"name": "甲"},
        },
    )
    refusals = (answer["data"]["appoint"] or {}).get("refusals", [])
    errors = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert ([refusal["code"] for refusal in refusals], errors) in (
        ([], ["FORBIDDEN"]),
        (["FORBIDDEN"], []),
    )
