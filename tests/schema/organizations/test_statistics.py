"""Statistics of organizations against a recount by hand, by whom and by what they are asked."""

import asyncio
import datetime
import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schema.ids import GlobalId
from schema.people.appoint import Appoint, NewPerson
from schema.people.outcome import Appointed
from schema.people.relieve import Relieve
from tests.conftest import NOW, TODAY, NewDatabase, Templates, copied_database, opened
from tests.rollups import differences, recounted
from tests.schema.organizations.town import town_at
from tests.schema.people.staffed import TENANTS

NORTH, SOUTH = 990100, 990200
RULES = {("street", "secretary"): 1, ("grid", "full_time"): 1, ("grid", "part_time"): 2}
RUNGS = {"city": "CITY", "street": "STREET", "grid": "GRID"}
KINDS = ("secretary", "full_time", "part_time", "helper", "gone")
NAMES = "organizations held fullTime partTime agents gridWorkers required gap short staffedRate"
DAYS = [TODAY + datetime.timedelta(days=days) for days in (-800, -70, -15, -1, 0, 1, 16, 17, 320)]
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Post:
    """A post that was put into the database."""

    tenant_id: int
    organization: str
    kind: str
    first: datetime.date
    until: datetime.date | None

    def is_held(self, day: datetime.date) -> bool:
        """Whether somebody holds it on the day."""
        return self.first <= day and (self.until is None or self.until > day)


@dataclass(frozen=True)
class Place:
    """An organization of the database."""

    tenant_id: int
    code: str
    level: str
    first: datetime.date | None
    until: datetime.date | None

    def is_there(self, day: datetime.date) -> bool:
        """Whether it exists on the day."""
        begins = self.first is None or self.first <= day
        return begins and (self.until is None or self.until > day)


async def _fill(url: str) -> tuple[list[Place], list[Post]]:
    """Posts by chance, some of them of no length, in organizations that may not be there then."""
    chances, made = random.Random(11), list[Post]()
    owner: Any = await asyncpg.connect(url)
    try:
        rows = await owner.fetch(
            "SELECT tenant_id, code, level, valid_from, valid_to, id FROM organization"
            " WHERE tenant_id = ANY ($1) ORDER BY 1, 2",
            [NORTH, SOUTH],
        )
        for row in rows:
            for kind in KINDS:
                for _ in range(chances.choice([0, 0, 1, 2, 4])):
                    first = TODAY + datetime.timedelta(days=chances.randint(-900, 60))
                    length = chances.choice([None, None, 0, 1, 30, 400])
                    until = None if length is None else first + length * DAY
                    made.append(Post(row["tenant_id"], row["code"], kind, first, until))
                    await owner.execute(
                        "WITH p AS (INSERT INTO person (tenant_id, id, data_kind, created_at)"
                        " VALUES ($1, $2, 'GENERATED', $7) RETURNING id)"
                        " INSERT INTO post (tenant_id, id, person_id, organization_id, kind,"
                        " valid_from, valid_to, data_kind)"
                        " SELECT $1, $2, id, $3, $4, $5, $6, 'GENERATED' FROM p",
                        row["tenant_id"], uuid.uuid4(), row["id"], kind, first, until, NOW,
                    )  # fmt: skip
    finally:
        await owner.close()
    await recounted(url)
    return [Place(*row[:5]) for row in map(tuple, rows)], made


@pytest.fixture(scope="module")
def staffed(server_url: str, templates: Templates) -> Iterator[tuple[str, list[Place], list[Post]]]:
    """A database with posts, and what is in it; only for reading."""
    with copied_database(server_url, asyncio.run(templates.with_(TENANTS))) as url:
        yield url, *asyncio.run(_fill(url))


def _measures(
    places: Sequence[Place], posts: Sequence[Post], day: datetime.date, kind: str | None = None
) -> dict[str, Any]:
    """What is counted of organizations, one after another; of one kind of post where given."""
    there = {(place.tenant_id, place.code): place for place in places if place.is_there(day)}
    held = Counter(
        ((post.tenant_id, post.organization), post.kind)
        for post in posts
        if post.is_held(day) and (post.tenant_id, post.organization) in there
        if kind in (None, post.kind)
    )
    kinds = Counter[str]()
    for (_, each), number in held.items():
        kinds[each] += number
    rules = [
        (required, held[at, post])
        for at, place in there.items()
        for (level, post), required in RULES.items()
        if place.level == level and kind in (None, post)
    ]
    required = sum(needed for needed, _ in rules)
    gap = sum(max(needed - number, 0) for needed, number in rules)
    return {
        "organizations": len(there) if kind is None else 0,
        "held": kinds.total(),
        "fullTime": kinds["full_time"],
        "partTime": kinds["part_time"],
        "agents": 0,
        "gridWorkers": kinds["full_time"] + kinds["part_time"],
        "required": required,
        "gap": gap,
        "short": sum(number < needed for needed, number in rules),
        "staffedRate": (required - gap) / required if required else None,
    }


@pytest.mark.parametrize("day", DAYS, ids=str)
async def test_statistics_are_a_recount(
    staffed: tuple[str, list[Place], list[Post]], day: datetime.date
) -> None:
    """On any day a province, a city and a subtree have what counting by hand comes to."""
    url, places, posts = staffed
    field = f"organizationStatistics(by: []) {{ rows {{ rung }} total {{ {NAMES} }} unranked }}"
    query = f"""{{ province(code: "nowhere") {{ {field} }} city(code: "north") {{ {field}
      top: organization(code: "990100") {{ {field} }} s1: organization(code: "S1") {{ {field} }}
    }} }}"""
    async with opened(url, today=day) as site:
        found = await site.data(query)
    north = [place for place in places if place.tenant_id == NORTH]
    below = [place for place in north if place.code.startswith("S1")]
    expected = [
        {"rows": [], "total": _measures(some, posts, day), "unranked": 0}
        for some in (places, north, north, below)
    ]
    city = found["city"]
    parts = (found["province"], city, city["top"], city["s1"])
    assert [part["organizationStatistics"] for part in parts] == expected


async def test_rows(staffed: tuple[str, list[Place], list[Post]]) -> None:
    """Rows are in order of cities, rungs, levels and posts, from cells and live alike."""
    url, places, posts = staffed
    groups = "city { code } rung level { key } post { key }"
    rows = f"rows {{ {groups} measures {{ {NAMES} }} }}"
    by = ("CITY, RUNG", "LEVEL", "LEVEL, POST", "POST")
    fields = " ".join(
        f"by{at}: organizationStatistics(by: [{one}]) {{ {rows} }}" for at, one in enumerate(by)
    )
    query = f"""{{ province(code: "nowhere") {{ {fields} }}
      city(code: "north") {{ {fields} organization(code: "990100") {{ {fields} }} }} }}"""
    async with opened(url) as site:
        found = await site.data(query)
    live = found["city"].pop("organization")
    assert found["city"] == live
    assert found["province"]["by0"]["rows"] == [
        {
            "city": {"code": str(tenant)},
            "rung": RUNGS[level],
            "level": None,
            "post": None,
            "measures": _measures(
                [one for one in places if (one.tenant_id, one.level) == (tenant, level)],
                posts,
                TODAY,
            ),
        }
        for tenant in (NORTH, SOUTH)
        for level in RUNGS
    ]
    by_post = {row["post"] and row["post"]["key"]: row["measures"] for row in live["by3"]["rows"]}
    north = [place for place in places if place.tenant_id == NORTH]
    assert by_post == {
        None if kind == "gone" else kind: _measures(north, posts, TODAY, kind) for kind in KINDS
    }


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        (
            "organizationStatistics(by: [CITY, RUNG, LEVEL, POST])",
            {"code": "STATISTICS_EXCEEDED", "bound": "dimensions", "value": 4, "limit": 3,
             "cost": 12},
        ),
        (
            'organizationStatistics(by: [], where: {level: "x"})',
            {"code": "LEVEL_UNKNOWN", "given": "x", "levels": ["city", "street", "grid"]},
        ),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused(
    staffed: tuple[str, list[Place], list[Post]], field: str, facts: dict[str, Any]
) -> None:
    """Too many dimensions with what they would cost, and levels that there are not."""
    async with opened(staffed[0]) as site:
        answer = await site(f'{{ city(code: "north") {{ {field} {{ unranked }} }} }}')
    assert [error["extensions"] for error in answer["errors"]] == [facts]


async def test_filters_and_cost(staffed: tuple[str, list[Place], list[Post]]) -> None:
    """A rung or a level can be asked for; a province is one statement, a level of none an error."""
    url, places, posts = staffed
    total = f"{{ total {{ {NAMES} }} }}"
    async with opened(url) as site:
        grids = await site.data(
            '{ province(code: "nowhere") {'
            f" rung: organizationStatistics(by: [], where: {{rung: GRID}}) {total}"
            f' level: organizationStatistics(by: [], where: {{level: "grid"}}) {total} }} }}'
        )
        assert (
            await site.statements(
                f'{{ province(code: "nowhere") {{ organizationStatistics(by: [CITY]) {total} }} }}'
            )
            == 1
        )
        unknown = await site(
            f'{{ province(code: "nowhere") {{ organizationStatistics(by: [], where: {{level: "x"}})'
            f" {total} }} }}"
        )
        foreign = await site.as_("CITY_ADMIN", "990200")(
            f'{{ city(code: "990100") {{ organizationStatistics(by: []) {total} }} }}'
        )
    expected = _measures([one for one in places if one.level == "grid"], posts, TODAY)
    both = grids["province"]
    assert both == {"rung": {"total": expected}, "level": {"total": expected}}
    codes = [answer["errors"][0]["extensions"]["code"] for answer in (unknown, foreign)]
    assert codes == ["BAD_REQUEST", "FORBIDDEN"]


@pytest.mark.parametrize("rounds", [8, pytest.param(120, marks=pytest.mark.soak)])
async def test_many_appointments_at_once_are_counted(
    new_database: NewDatabase, tmp_path: Path, rounds: int
) -> None:
    """Who appoints and relieves in one organization at the same time leaves exact cells behind."""
    url, chances, held = await new_database(TENANTS), random.Random(3), list[uuid.UUID]()
    async with town_at(url, tmp_path / "keys.json", 8, NORTH) as town:

        async def appoint() -> None:
            since = TODAY + chances.choice([0, 1, 40]) * DAY
            until = chances.choice([None, since + DAY, since + 90 * DAY])
            kind, grid = chances.choice(["full_time", "part_time"]), chances.choice("12")
            person = NewPerson("甲乙丙")
            done = await town.do(Appoint(f"S1-G{grid}", kind, person, since, until))
            assert isinstance(done, Appointed), done
            held.append(done.post)

        async def relieve() -> None:
            if held:
                post = held.pop(chances.randrange(len(held)))
                await town.do(Relieve(str(GlobalId("Post", NORTH, post.hex))))

        for _ in range(rounds):
            acts = [chances.choice([appoint, appoint, relieve]) for _ in range(8)]
            await asyncio.gather(*(act() for act in acts))
    assert await differences(url) == []
