"""Changed kinds of posts against the posts that people hold: nothing held is lost unseen."""

import asyncio
import datetime
import uuid
from typing import Any

import asyncpg
import pytest

from schema.definitions.actions import LossError
from server.prepare import apply_tenants, plan_tenants
from tenants.definition import City, Definition, Province
from tenants.hierarchy import Level
from tenants.posts import PostKind
from tests.conftest import NewDatabase, load_all

BEFORE, LATER = datetime.date(2020, 1, 1), datetime.date(2099, 1, 1)
ENDED = datetime.date(2021, 1, 1)

HEAD = PostKind(key="head", name="书记")
WORKER = PostKind(key="worker", name="网格员")


def defined(*posts: PostKind, levels: tuple[str, ...] = ("city", "grid")) -> list[Definition]:
    """A province and its city 云江市 with three grids, and these kinds of posts."""
    city = {
        "code": "219800",
        "slug": "yunjiang",
        "name": "云江市",
        "province": "990000",
        "levels": [
            Level(key=levels[0], name="市"),
            Level(
                key=levels[1],
                name="网格",
                under=[levels[0]],
                formerly=["grid"] if levels[1] != "grid" else [],
            ),
        ],
        "posts": list(posts),
        "organizations": [
            {"code": "219800", "name": "云江市", "level": levels[0]},
            *(
                {"code": f"219800-{n}", "name": f"网格{n}", "level": levels[1], "parent": "219800"}
                for n in "ABC"
            ),
        ],
    }
    province = Province(code="990000", slug="sheng", name="某省")
    return [Definition(province, ()), Definition(City.model_validate(city), ())]


Holding = tuple[str, str, datetime.date, datetime.date | None]


async def held(url: str, posts: list[Holding]) -> None:
    """People take up posts: kind, name of the organization, first day, first day without."""
    connection: Any = await asyncpg.connect(url)
    try:
        for post in posts:
            await take_up(connection, post)
    finally:
        await connection.close()


async def take_up(connection: Any, post: Holding) -> None:
    """A new person takes up a post, in the transaction of the connection."""
    person = uuid.uuid4()
    await connection.execute(
        "INSERT INTO person (tenant_id, id, data_kind, created_at)"
        " VALUES (219800, $1, 'GENERATED', now())",
        person,
    )
    kind, name, begin, end = post
    await connection.execute(
        "INSERT INTO post (tenant_id, id, person_id, organization_id, kind, valid_from,"
        " valid_to, data_kind) SELECT 219800, $1, $2, id, $3, $4, $5, 'GENERATED'"
        " FROM organization WHERE tenant_id = 219800 AND name = $6",
        *(uuid.uuid4(), person, kind, begin, end, name),
    )


async def losses(url: str, definitions: list[Definition]) -> list[str]:
    """What the plan says would be lost; applying is refused exactly where there is anything."""
    found = [loss for item in await plan_tenants(url, definitions) for loss in item.losses]
    if found:
        with pytest.raises(LossError) as refused:
            await apply_tenants(url, definitions)
        assert [loss for item in refused.value.plans for loss in item.losses] == found
    else:
        await apply_tenants(url, definitions)
    return [str(loss) for loss in found]


@pytest.fixture
async def database(new_database: NewDatabase) -> str:
    """A city in force with four organizations, where nobody holds a post."""
    return await new_database(tuple(defined(HEAD, WORKER)))


async def test_a_kind_that_nobody_ever_held_may_go(database: str) -> None:
    """A kind without posts is dropped without a loss."""
    await held(database, [("head", "云江市", BEFORE, None)])
    assert await losses(database, defined(HEAD)) == []


async def test_a_kind_in_use_may_not_go(database: str) -> None:
    """A dropped kind is refused with its posts, ended ones too, and where they are."""
    await held(
        database,
        [
            ("worker", "网格A", BEFORE, None),
            ("worker", "网格A", BEFORE, None),
            ("worker", "网格B", BEFORE, ENDED),
            ("head", "云江市", BEFORE, None),
        ],
    )
    assert await losses(database, defined(HEAD)) == [
        "post kind 'worker' is in use by 3 posts, but no longer declared: "
        "2 organizations, first 网格A、网格B"
    ]
    assert await losses(database, defined(HEAD, WORKER)) == []


async def test_a_kind_may_not_leave_a_level_where_it_is_held(database: str) -> None:
    """Levels taken from a kind are refused while posts there last; ended ones do not matter."""
    await held(
        database,
        [
            ("worker", "网格C", BEFORE, None),
            ("worker", "网格A", BEFORE, LATER),
            ("worker", "网格B", BEFORE, ENDED),
            ("head", "网格B", BEFORE, ENDED),
        ],
    )
    at_city = [kind.model_copy(update={"levels": ["city"]}) for kind in (HEAD, WORKER)]
    assert await losses(database, defined(*at_city)) == [
        "post kind 'worker' is held at 'grid', but may be only at city: "
        "2 organizations, first 网格A、网格C"
    ]
    at_grid = [kind.model_copy(update={"levels": ["grid"]}) for kind in (HEAD, WORKER)]
    assert await losses(database, defined(*at_grid)) == []


async def test_a_kind_with_several_holders_may_not_become_single(database: str) -> None:
    """`single` is refused where two hold the post today, not where one follows the other."""
    single = [kind.model_copy(update={"single": True}) for kind in (HEAD, WORKER)]
    await held(
        database,
        [
            ("worker", "网格A", BEFORE, None),
            ("worker", "网格A", BEFORE, LATER),
            ("worker", "网格B", BEFORE, LATER),
            ("worker", "网格B", LATER, None),
            ("head", "网格C", BEFORE, ENDED),
            ("head", "网格C", ENDED, None),
        ],
    )
    assert await losses(database, defined(*single)) == [
        "post kind 'worker' is `single`, but has several holders at a time: "
        "1 organizations, first 网格A"
    ]


async def test_posts_move_with_their_level(database: str) -> None:
    """A level that takes another key keeps its posts if their kind names the new key."""
    await held(database, [("worker", "网格A", BEFORE, None)])
    at = {key: WORKER.model_copy(update={"levels": [key]}) for key in ("cell", "city")}
    assert await losses(database, defined(HEAD, at["city"], levels=("city", "cell"))) == [
        "post kind 'worker' is held at 'cell', but may be only at city: "
        "1 organizations, first 网格A"
    ]
    assert await losses(database, defined(HEAD, at["cell"], levels=("city", "cell"))) == []


async def test_the_first_organizations_are_named_and_all_counted(database: str) -> None:
    """Of many organizations five are named and the rest counted; other tenants' are neither."""
    file = defined(HEAD, WORKER)
    city = file[1].tenant
    assert isinstance(city, City)
    more = [
        city.organizations[1].model_copy(update={"code": f"219800-{n}", "name": f"片{n}"})
        for n in range(7)
    ]
    grown = Definition(city.model_copy(update={"organizations": [*city.organizations, *more]}), ())
    await load_all(database, (file[0], grown))
    await held(database, [("worker", f"片{n}", BEFORE, None) for n in range(7)])
    dropped = Definition(city.model_copy(update={"posts": [HEAD]}), ())
    assert await losses(database, [file[0], dropped]) == [
        "post kind 'worker' is in use by 7 posts, but no longer declared: "
        "7 organizations, first 片0、片1、片2、片3、片4 …"
    ]


WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'post'::regclass AND NOT granted"


async def test_a_post_that_is_taken_up_meanwhile_is_seen(database: str) -> None:
    """Applying waits for whoever takes up a post, and is then refused for it."""
    connection: Any = await asyncpg.connect(database)
    watching: Any = await asyncpg.connect(database)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await take_up(connection, ("worker", "网格A", BEFORE, None))
        applying = asyncio.create_task(apply_tenants(database, defined(HEAD)))
        async with asyncio.timeout(30):
            while not applying.done() and await watching.fetchval(WAITING) == 0:
                pass
        await transaction.commit()
        with pytest.raises(LossError, match="'worker' is in use by 1 posts"):
            await applying
    finally:
        await connection.close()
        await watching.close()
