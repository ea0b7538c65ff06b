"""Erasing a person: what tells who it is goes, everything else stays."""

import asyncio
import datetime
import uuid
from typing import Any

import pytest

from schema.events import append
from schema.fetching import fetching
from schema.ids import GlobalId
from schema.privacy.erase import ERASED, KEPT, Erasure, erase_person, plan_erasure
from schema.privacy.subject import UnknownPersonError
from schema.tables.person import PersonRow
from server.privacy import OPERATOR
from tests.conftest import NOW, TODAY, Graph
from tests.schema.people.appointing import admin, appoint, codes, relieve
from tests.schema.people.staffed import NORTH, SOUTH
from tests.schema.privacy.people import hired, owner, rows

COUNTS = """{ city(code: "north") {
  organizationCounts { level { key } count } dataKinds
  staffing { post { key } level { key } required held gap }
} }"""
LATER = NOW + datetime.timedelta(days=30)


async def erased(url: str, id_: uuid.UUID, now: datetime.datetime = NOW) -> Erasure:
    """Erase with the events, as the command does."""
    async with owner(url) as connection:
        done, events = await erase_person(connection, NORTH, id_, now, TODAY)
        if events:
            await append(fetching(connection), NORTH.tenant_id, OPERATOR, events, now)
    return done


async def person(url: str, id_: uuid.UUID) -> dict[str, Any]:
    """The person's row."""
    (row,) = await rows(url, "SELECT * FROM person WHERE id = $1", id_)
    return dict(row)


def test_every_column_is_decided() -> None:
    """Each column of the table is either erased or kept: a new one must be decided."""
    assert sorted((*ERASED, *KEPT)) == sorted(PersonRow.model_fields)


async def test_the_row(site: Graph, site_url: str) -> None:
    """All that tells who it is is null afterwards, the rest of the row is as it was."""
    id_, _ = await hired(site)
    before = await person(site_url, id_)
    assert await erased(site_url, id_) == Erasure(id_, "甲**", "138****8001", 1, None)
    gone = dict.fromkeys(ERASED) | {"erased_at": NOW}
    assert await person(site_url, id_) == before | gone


async def test_a_plan_changes_nothing(site: Graph, site_url: str) -> None:
    """The plan says what erasing does, and changes nothing."""
    id_, _ = await hired(site)
    before = await person(site_url, id_)
    async with owner(site_url) as connection:
        planned = await plan_erasure(connection, NORTH, id_, TODAY)
    assert planned == Erasure(id_, "甲**", "138****8001", 1, None)
    assert await person(site_url, id_) == before


async def test_posts(site: Graph, site_url: str) -> None:
    """Posts that are held end today, those of the future never begin, those of the past stay."""
    id_, first = await hired(site, since="2026-03-01")
    whom = {"person": global_id(id_)}
    await relieve(admin(site), first, on="2026-03-10")
    await appoint(admin(site), "S1-G2", "full_time", since="2026-03-01", **whom)
    await appoint(admin(site), "S2-G1", "full_time", since="2026-04-01", **whom)
    await appoint(admin(site), "S2-G2", "part_time", since="2026-03-12", until="2026-05-01", **whom)
    assert (await erased(site_url, id_)).posts == 3
    found = await rows(
        site_url, "SELECT valid_from, valid_to FROM post WHERE person_id = $1 ORDER BY id", id_
    )
    assert [(str(row["valid_from"]), str(row["valid_to"])) for row in found] == [
        ("2026-03-01", "2026-03-10"),
        ("2026-03-01", "2026-03-15"),
        ("2026-04-01", "2026-04-01"),
        ("2026-03-12", "2026-03-15"),
    ]


async def test_events(site: Graph, site_url: str) -> None:
    """Each post that ends is a relief in its organization's timeline, then comes the erasure."""
    id_, post = await hired(site)
    await erased(site_url, id_)
    found = await rows(site_url, "SELECT seq, kind, actor, role, about FROM event ORDER BY seq")
    assert [(row["seq"], row["kind"], row["actor"]) for row in found] == [
        (1, "APPOINTED", "someone"),
        (2, "RELIEVED", "cli"),
        (3, "PERSONAL_DATA_ERASED", "cli"),
    ]
    query = """{ city(code: "north") { organization(code: "S1-G1") { timeline { nodes {
      kind ... on PostEvent { until person { name } post { id } } } } } } }"""
    nodes = (await admin(site).data(query))["city"]["organization"]["timeline"]["nodes"]
    assert nodes[1:] == [
        {"kind": "RELIEVED", "until": "2026-03-15", "person": {"name": None}, "post": {"id": post}}
    ]


async def test_twice(site: Graph, site_url: str) -> None:
    """Erasing again changes nothing, writes no event, and says when it was done."""
    id_, _ = await hired(site)
    await erased(site_url, id_)
    before = await person(site_url, id_)
    again = await erased(site_url, id_, LATER)
    assert again == Erasure(id_, None, None, 0, NOW)
    assert await person(site_url, id_) == before
    assert [r["n"] for r in await rows(site_url, "SELECT count(*) AS n FROM event")] == [3]


async def test_nobody(site: Graph, site_url: str) -> None:
    """Nobody, and somebody of another city, cannot be erased."""
    id_, _ = await hired(site)
    for definition, whom in ((NORTH, uuid.uuid4()), (SOUTH, id_)):
        async with owner(site_url) as connection:
            with pytest.raises(UnknownPersonError, match="has no person"):
                await erase_person(connection, definition, whom, NOW, TODAY)
    assert (await person(site_url, id_))["erased_at"] is None


async def test_counts_stay(site: Graph, site_url: str) -> None:
    """Organizations, former holders and events are counted as before; posts held are one less."""
    id_, post = await hired(site, since="2026-03-01")
    await relieve(admin(site), post, on="2026-03-10")
    await hired(site, "S1-G2", name="己庚", phone="13800138002")
    totals = "SELECT (SELECT count(*) FROM post) posts, (SELECT count(*) FROM person) people"
    before, counted = await rows(site_url, totals), await admin(site).data(COUNTS)
    await erased(site_url, id_)
    assert await rows(site_url, totals) == before
    assert await admin(site).data(COUNTS) == counted


async def test_what_the_graph_shows(site: Graph, site_url: str) -> None:
    """An erased person is in no list, found by no phone, and a node without name and phone."""
    id_, _ = await hired(site)
    me = site.as_("CITY_ADMIN", "990100", purpose="核对")
    await erased(site_url, id_)
    query = """query ($id: ID!) { node(id: $id) { ... on Person { name phone erasedAt } }
      city(code: "north") { all: people { nodes { id } }
        found: people(phone: "13800138001") { nodes { id } } } }"""
    assert await me.data(query, id=global_id(id_)) == {
        "node": {"name": None, "phone": None, "erasedAt": "2026-03-15T12:00:00+08:00"},
        "city": {"all": {"nodes": []}, "found": {"nodes": []}},
    }


async def test_tokens_of_an_erased_person(site: Graph, site_url: str) -> None:
    """A token bound to the person works until the erasure, and is refused from then on."""
    id_, _ = await hired(site)
    me = site.as_("", "990100", person=id_)
    query = "{ viewer { role person { name } } }"
    assert await me.data(query) == {"viewer": {"role": "GRID_WORKER", "person": {"name": "甲乙丙"}}}
    await erased(site_url, id_)
    response = await me.post(query)
    found = [error["extensions"]["code"] for error in response.json()["errors"]]
    assert (response.status_code, found) == (403, ["TOKEN_SCOPE"])


async def test_an_erased_person_takes_no_post(site: Graph, site_url: str) -> None:
    """Nobody can be appointed who was erased."""
    id_, _ = await hired(site)
    await erased(site_url, id_)
    whom = {"person": global_id(id_)}
    assert codes(await appoint(admin(site), "S1-G2", "full_time", **whom)) == [
        ("PERSON_UNKNOWN", ["input", "person"])
    ]


async def test_beside_appointments(site: Graph, site_url: str) -> None:
    """However appointments and reliefs come between, nobody erased holds a post."""
    me = admin(site)
    for round_ in range(8):
        phone = f"1380013{8100 + round_}"
        id_, post = await hired(site, kind="helper", phone=phone)
        whom = {"person": global_id(id_)}
        await asyncio.gather(
            *(appoint(me, code, "helper", **whom) for code in ("S1-G2", "S2-G1", "S2")),
            relieve(me, post),
            erased(site_url, id_),
        )
    held = await rows(
        site_url,
        "SELECT 1 FROM post p JOIN person x ON x.id = p.person_id"
        " WHERE x.erased_at IS NOT NULL AND (p.valid_to IS NULL OR p.valid_to > $1)",
        TODAY,
    )
    assert held == []
    assert [r["n"] for r in await rows(site_url, "SELECT count(erased_at) n FROM person")] == [8]


def global_id(id_: uuid.UUID) -> str:
    """The person's id as the API gives it."""
    return str(GlobalId("Person", NORTH.tenant_id, id_.hex))
