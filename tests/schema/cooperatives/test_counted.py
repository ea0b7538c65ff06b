"""Counted cooperatives: cells say what counting live says, and stay so whoever changes what."""

import asyncio
import datetime
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schema.cooperatives.change import Change
from schema.cooperatives.change_household import ChangeHousehold
from schema.cooperatives.dissolve import Dissolve
from schema.cooperatives.enrol import Member
from schema.cooperatives.results import Correct, Record
from tests.conftest import TODAY, NewDatabase, Templates, copied_database, opened
from tests.rollups import differences
from tests.schema.cooperatives.books import CITY_IDS, TENANTS, by_chance, store
from tests.schema.cooperatives.members import Villagers, definition, household_id, villagers_at
from tests.schema.cooperatives.test_statistics import EVERYTHING
from tests.schema.cooperatives.village import TENANTS as VILLAGES

DAYS = [TODAY + datetime.timedelta(days=days) for days in (-900, -400, -75, -1, 0, 1, 5, 17, 150)]
BREAKDOWNS = ("[]", "[KIND]", "[INDUSTRY]", "[INDUSTRY, KIND]")
INDUSTRIES = ("mushroom", "fruit")


@pytest.fixture(scope="module")
def books_url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with the seven cities."""
    with copied_database(server_url, asyncio.run(templates.with_(TENANTS))) as url:
        yield url


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
async def test_cells_say_what_is_counted_live(books_url: str, seed: int) -> None:
    """On any day a city, which reads cells, has the numbers of all that stands below its top."""
    await store(books_url, by_chance(random.Random(seed)))
    fields = " ".join(
        f"by{at}: cooperativeStatistics(by: {by}) {{ {EVERYTHING} }}"
        for at, by in enumerate(BREAKDOWNS)
    )
    for day in DAYS:
        async with opened(books_url, today=day) as site:
            for city in CITY_IDS:
                below = f'organization(code: "{city}") {{ {fields} }}'
                found = await site.data(f'{{ city(code: "{city}") {{ {fields} {below} }} }}')
                live = found["city"].pop("organization")
                assert found["city"] == live, (day, city)


@pytest.fixture
async def crowd(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Villagers]:
    """The invented city in a database of its own, with eight connections."""
    url = await new_database(VILLAGES)
    async with villagers_at(url, tmp_path / "keys.json", 8) as ready:
        yield ready
    assert await differences(url) == []


@pytest.mark.parametrize("rounds", [12, pytest.param(150, marks=pytest.mark.soak)])
async def test_many_at_once_are_counted(crowd: Villagers, rounds: int) -> None:
    """Households that join and leave while their cooperatives change leave exact cells behind."""
    codes = [await crowd.cooperative(industry=industry) for industry in INDUSTRIES * 2]
    homes = [await crowd.household(people=people) for people in (None, 1, 2, 3)]
    who: dict[str, Any] = {
        "definition": definition(crowd.town.definition.version, several=True),
    }
    joined: list[Any] = []
    members, chances = set[Any](), random.Random(4)

    async def enrol() -> None:
        done = await crowd.enrol(chances.choice(codes), chances.choice(homes), None, who)
        if isinstance(done, Member):
            joined.append(done.membership)
            members.add(done.membership)

    async def leave() -> None:
        if joined:
            await crowd.leave(joined.pop(chances.randrange(len(joined))), **who)

    async def change() -> None:
        given = {"industry": chances.choice(INDUSTRIES)}
        code = chances.choice(codes)
        for revision in range(1, 4):
            await crowd.town.do(Change(code, revision, given, INDUSTRIES))

    async def grow() -> None:
        home = household_id(chances.choice(homes))
        await crowd.town.do(ChangeHousehold(home, {"people": chances.randint(1, 9)}))

    async def record() -> None:
        code, figures = chances.choice(codes), {"households": chances.randint(1, 9)}
        await crowd.town.do(Record(code, 2025, figures))
        await crowd.town.do(Correct(code, 2025, 1, "更正", figures))

    acts: list[Callable[[], Awaitable[None]]] = [enrol, enrol, enrol, leave, change, grow, record]
    for _ in range(rounds):
        await asyncio.gather(*(chances.choice(acts)() for _ in range(8)))
    # on one day a household joins each of them once
    assert len(members) >= 12
    await asyncio.gather(*(leave() for _ in range(len(joined))))
    await asyncio.gather(*(crowd.town.do(Dissolve(code)) for code in codes))
