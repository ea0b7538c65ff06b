"""What households hold about who heads them: in the person's copy, and erased with the person."""

import asyncio
import datetime
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schema.cooperatives.change_household import ChangeHousehold
from schema.cooperatives.enrol import Member
from schema.cooperatives.registering import NewHead
from schema.ids import GlobalId
from schema.privacy.erase import Erasure, erase_person, plan_erasure
from schema.privacy.export import LABELS, export_person
from schema.privacy.households import HOUSEHOLD_LABELS
from tests.conftest import NOW, TODAY, NewDatabase
from tests.schema.cooperatives.members import (
    ADDRESS,
    Villagers,
    household_id,
    membership_id,
    new,
    villagers_at,
)
from tests.schema.cooperatives.village import CITY, ID, TENANTS
from tests.schema.privacy.people import owner

NOON = "2026-03-15T12:00:00+08:00"
MARCH = datetime.date(2026, 3, 1)


@pytest.fixture
async def villagers(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Villagers]:
    """An invented city in which nobody is a member of anything."""
    async with villagers_at(await new_database(TENANTS), tmp_path / "keys.json") as ready:
        yield ready


async def _head(villagers: Villagers, name: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The person with a name, and the household that it heads."""
    ((person, home),) = await villagers.town.sql(
        "SELECT x.id, h.id FROM person x JOIN household h ON h.head_id = x.id WHERE x.name = $1",
        name,
    )
    return person, home


async def _exported(villagers: Villagers, person: uuid.UUID) -> Any:
    keyring = villagers.town.keyring
    async with owner(villagers.town.url) as connection:
        found = await export_person(connection, CITY, person, keyring, NOW)
    return json.loads(json.dumps(found))


async def test_the_copy_has_the_households(villagers: Villagers) -> None:
    """Where the household is, how many it has and what it brought are there in clear, with the
    events that say so; nothing of other households is."""
    one, other = await villagers.cooperative(name="一社"), await villagers.cooperative(name="二社")
    first = await villagers.joined(one, new(), MARCH, land="3.5", capital="2000", share="1.25")
    person, home = await _head(villagers, "陶示例")
    await villagers.leave(first, TODAY)
    second = await villagers.joined(other, home)
    await villagers.joined(other, new(head=NewHead("李邻居"), address="邻居家"))
    copy = await _exported(villagers, person)
    brought = {"land": "3.500", "capital": "2000.00", "share": "1.250"}
    assert copy["households"] == [
        {
            "id": household_id(home),
            "uuid": str(home),
            "organization": {"code": "AA3-V1", "name": "桃花村"},
            "address": ADDRESS,
            "people": 4,
            "createdAt": NOON,
            "dataKind": "REAL",
            "memberships": [
                {
                    "id": membership_id(first),
                    "uuid": str(first),
                    "cooperative": {"code": one, "name": "一社"},
                    "since": "2026-03-01",
                    "until": "2026-03-15",
                    **brought,
                    "dataKind": "REAL",
                },
                {
                    "id": membership_id(second),
                    "uuid": str(second),
                    "cooperative": {"code": other, "name": "二社"},
                    "since": "2026-03-15",
                    "until": None,
                    **dict.fromkeys(brought),
                    "dataKind": "REAL",
                },
            ],
        }
    ]
    assert [(event["kind"], event["about"]["person"]) for event in copy["events"]] == [
        ("COOPERATIVE_HOUSEHOLD_ENROLLED", str(person)),
        ("COOPERATIVE_HOUSEHOLD_LEFT", str(person)),
        ("COOPERATIVE_HOUSEHOLD_ENROLLED", str(person)),
    ]
    neighbour, theirs = await _head(villagers, "李邻居")
    text = json.dumps(copy, ensure_ascii=False)
    of_others = (str(neighbour), str(theirs), household_id(theirs), "李邻居", "邻居家")
    assert [part for part in of_others if part in text] == []
    assert set(_keys(copy["households"])) <= set(LABELS)
    assert set(HOUSEHOLD_LABELS) <= set(_keys(copy["households"]))


async def test_the_copy_of_who_enrolled_others(villagers: Villagers) -> None:
    """Whom a secretary enrolled is not in the secretary's copy by the person's id."""
    code = await villagers.cooperative()
    home = await villagers.household(name="书记")
    secretary, _ = await _head(villagers, "书记")
    who = villagers.town.actor
    acting = {"actor": type(who)("shu", who.role, who.tenant_ids, who.grants, secretary)}
    await villagers.joined(code, new(head=NewHead("李邻居")), None, acting)
    neighbour, _ = await _head(villagers, "李邻居")
    copy = await _exported(villagers, secretary)
    assert [event["byPerson"] for event in copy["events"]] == [True]
    assert str(neighbour) not in json.dumps(copy)
    assert [one["uuid"] for one in copy["households"]] == [str(home)]


async def test_erasing_empties_the_address(villagers: Villagers) -> None:
    """Of every household that the person heads the address goes; who is a member since when, what
    was brought and how many people there are stays, and a plan changes nothing."""
    code = await villagers.cooperative()
    await villagers.joined(code, new(), MARCH, land="2", share="5")
    person, _ = await _head(villagers, "陶示例")
    await villagers.household("AA3-V2", person=person)
    neighbour = await villagers.household(name="李邻居")
    before = await villagers.memberships(code)
    async with owner(villagers.town.url) as connection:
        planned = await plan_erasure(connection, CITY, person, TODAY)
    expected = Erasure(person, "陶**", "138****8000", 0, None, 0, 2)
    assert planned == expected
    assert set((await _addresses(villagers)).values()) == {ADDRESS}
    async with owner(villagers.town.url) as connection:
        done, events = await erase_person(connection, CITY, person, NOW, TODAY)
    assert done == expected
    assert [event.about for event in events] == [
        {"person": str(person), "posts": 0, "issues": 0, "households": 2}
    ]
    left = {id_: address for id_, address in (await _addresses(villagers)).items() if address}
    assert left == {neighbour: ADDRESS}
    assert await villagers.memberships(code) == before
    assert await villagers.counts(TODAY, code) == [(1, 4)]
    async with owner(villagers.town.url) as connection:
        again, _ = await erase_person(connection, CITY, person, NOW, TODAY)
    assert again == Erasure(person, None, None, 0, NOW)


async def _addresses(villagers: Villagers) -> dict[uuid.UUID, str | None]:
    return dict(await villagers.town.sql("SELECT id, address FROM household"))


async def test_erasing_beside_those_who_write(villagers: Villagers) -> None:
    """Whoever changes the household, or registers another one of the person, at the same moment:
    afterwards no address is left, and nobody waited for ever."""
    code, registered = await villagers.cooperative(), 0
    for _ in range(8):
        home, free = await villagers.household(), uuid.uuid4()
        await villagers.town.sql(
            "INSERT INTO person (tenant_id, id, name, data_kind, created_at)"
            " VALUES ($1, $2, '某', 'REAL', $3)",
            ID, free, NOW,
        )  # fmt: skip
        ((head,),) = await villagers.town.sql("SELECT head_id FROM household WHERE id = $1", home)
        change = ChangeHousehold(household_id(home), {"address": "新址"})
        named = str(GlobalId("Person", ID, free.hex))
        *_, done = await asyncio.gather(
            _erase(villagers, head),
            _erase(villagers, free),
            villagers.town.do(change),
            villagers.enrol(code, home),
            villagers.enrol(code, new(head=named)),
        )
        registered += isinstance(done, Member)
    assert set((await _addresses(villagers)).values()) == {None}
    assert len(await _addresses(villagers)) == 8 + registered


async def _erase(villagers: Villagers, person: uuid.UUID) -> None:
    async with owner(villagers.town.url) as connection:
        await erase_person(connection, CITY, person, NOW, TODAY)


def _keys(found: Any) -> list[str]:
    if isinstance(found, dict):
        return [*found, *(key for item in found.values() for key in _keys(item))]
    return [key for item in found for key in _keys(item)] if isinstance(found, list) else []
