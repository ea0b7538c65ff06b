"""Exporting a person: everything that is held, and nothing of others."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from schema.ids import GlobalId, parse_id
from schema.keyring import CannotOpenError, Keyring
from schema.privacy.export import FORMAT, LABELS, export_person
from schema.privacy.households import HOUSEHOLD_LABELS
from schema.privacy.issues import ISSUE_LABELS
from schema.privacy.subject import UnknownPersonError
from tests.conftest import NOW, Graph
from tests.schema.people.appointing import admin, appoint, relieve
from tests.schema.people.staffed import NORTH
from tests.schema.privacy.people import hired, owner, rows

NOON = "2026-03-15T12:00:00+08:00"


async def exported(site: Graph, url: str, id_: uuid.UUID) -> Any:
    """The document, as JSON reads it back."""
    async with owner(url) as connection:
        found = await export_person(connection, NORTH, id_, site.services.keyring, NOW)
    return json.loads(json.dumps(found))


async def test_everything(site: Graph, site_url: str) -> None:
    """The document holds the person in clear, every post, and events by and about the person."""
    boss, boss_post = await hired(site, "S1", "secretary", "丁戊", "13800138009")
    me = site.as_("", "990100", person=boss, purpose="回访 13912345678", subject="ding")
    worker, worker_post = await hired(site, "S1-G1", since="2026-03-01")
    await me.data('{ city(code: "north") { people { nodes { name } } } }')
    await relieve(admin(site), worker_post)
    place = {"code": "S1", "name": "S1"}
    grid = {"code": "S1-G1", "name": "S1第1网格"}
    post, made = _uuid(boss_post), {"organization": place, "role": "CITY_ADMIN"}
    assert await exported(site, site_url, boss) == {
        "format": FORMAT,
        "labels": dict(LABELS),
        "exportedAt": NOON,
        "city": {"code": "990100", "name": "虚构北市"},
        "person": {
            "id": str(GlobalId("Person", 990100, boss.hex)),
            "uuid": str(boss),
            "name": "丁戊",
            "phone": "+8613800138009",
            "dataKind": "REAL",
            "createdAt": NOON,
            "erasedAt": None,
        },
        "posts": [
            {
                "id": boss_post,
                "uuid": post,
                "kind": "secretary",
                "kindName": "书记",
                "organization": place,
                "validFrom": "2026-03-15",
                "validTo": None,
                "dataKind": "REAL",
            }
        ],
        "issues": [],
        "notes": [],
        "supports": [],
        "handled": [],
        "households": [],
        "events": [
            {
                "seq": 1,
                "at": NOON,
                "kind": "APPOINTED",
                "byPerson": False,
                "about": {
                    "kind": "secretary",
                    "post": post,
                    "person": str(boss),
                    "since": "2026-03-15",
                },
                **made,
            },
            {
                "seq": 3,
                "at": NOON,
                "kind": "PERSONAL_DATA_READ",
                "role": "SECRETARY",
                "byPerson": True,
                "subject": "ding",
                "organization": None,
                "about": {"fields": ["Person.name"], "people": [], "purpose": "回访 139****5678"},
            },
        ],
    }
    other = await exported(site, site_url, worker)
    assert [
        (event["kind"], event["organization"], event["byPerson"]) for event in other["events"]
    ] == [
        ("APPOINTED", grid, False),
        ("PERSONAL_DATA_READ", None, False),
        ("RELIEVED", grid, False),
    ]
    assert other["events"][1]["about"]["people"] == [str(worker)]
    assert str(boss) not in json.dumps(other)
    assert "ding" not in json.dumps(other)


async def test_nothing_of_others(site: Graph, site_url: str) -> None:
    """Whom a person appointed is not in the person's document: neither by id, name nor phone."""
    boss, _ = await hired(site, "S1", "secretary", "丁戊", "13800138009")
    me = site.as_("", "990100", person=boss, purpose="回访")
    person = {"name": "己庚", "phone": "13800138002"}
    done = await appoint(me, "S1-G1", "full_time", newPerson=person)
    assert done["refusals"] == []
    text = json.dumps(await exported(site, site_url, boss), ensure_ascii=False)
    (other,) = await rows(site_url, "SELECT id FROM person WHERE id <> $1", boss)
    assert [part for part in (str(other["id"]), "己庚", "13800138002") if part in text] == []
    assert '"kind": "APPOINTED", "role": "SECRETARY", "byPerson": true' in text


async def test_every_key_is_labelled(site: Graph, site_url: str) -> None:
    """Each key of the document is explained in Chinese, and no other word is."""
    person, post = await hired(site)
    await relieve(admin(site), post)
    found = await exported(site, site_url, person)
    keys = set(_keys({key: value for key, value in found.items() if key != "labels"}))
    of_others = {*ISSUE_LABELS, *HOUSEHOLD_LABELS}
    assert keys | {"labels", "subject"} | of_others == set(LABELS)


async def test_erased_kind_of_post(site: Graph, site_url: str) -> None:
    """A post whose kind the definition no longer has is exported without the kind's name."""
    person, _ = await hired(site, kind="helper")
    kinds = [kind for kind in NORTH.tenant.posts if kind.key != "helper"]
    without = type(NORTH)(NORTH.tenant.model_copy(update={"posts": kinds}), ())
    async with owner(site_url) as connection:
        found = await export_person(connection, without, person, site.services.keyring, NOW)
    assert [(post["kind"], post["kindName"]) for post in found["posts"]] == [("helper", None)]


async def test_unknown_person(site: Graph, site_url: str) -> None:
    """Nobody, and somebody of another city, cannot be exported."""
    with pytest.raises(UnknownPersonError, match="has no person"):
        await exported(site, site_url, uuid.uuid4())


async def test_a_key_that_is_gone(
    site: Graph, site_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without the key of the phone nothing is exported: the document would not be everything."""
    person, _ = await hired(site)
    other = Keyring(tmp_path_factory.mktemp("keys") / "other.json")
    async with owner(site_url) as connection:
        with pytest.raises(CannotOpenError):
            await export_person(connection, NORTH, person, other, NOW)


def _uuid(global_id: str) -> str:
    return str(parse_id(global_id).uuid)


def _keys(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield key
            if key != "about":
                yield from _keys(value)
    if isinstance(found, list):
        for item in found:
            yield from _keys(item)
