"""Sample people: the same everywhere, plainly invented, with gaps, and never mixed with others."""

import asyncio
import datetime
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from schema.ids import derived_uuid
from schema.keyring import FILE_NAME, Keyring, Sealed, sealing_context
from schema.organizations.dissolve import Dissolve
from schema.personal import PersonalClass, mask
from schema.phones import Phone, PhoneKind, parse_phone
from seeds import divisions as real
from seeds.load import load
from seeds.organizations import Tree, build_tree
from seeds.parts import pending
from seeds.people import (
    AREAS,
    GIVEN_NAMES,
    ORGANIZATIONS,
    PHONES,
    SEATS,
    SURNAMES,
    Staff,
    sample_staff,
)
from server.cli import build
from server.prepare import apply_tenants
from tenants.definition import City, DeclaredOrganization, Definition
from tenants.hierarchy import Level, Rung, StaffingRule
from tenants.posts import PostKind
from tenants.roles import Role
from tests.conftest import (
    NOW,
    TODAY,
    Graph,
    NewDatabase,
    copied_database,
    load_all,
    opened,
    run_sql,
)
from tests.schema.organizations import town
from tests.schema.people.staffed import NORTH, SOUTH, TENANTS
from tests.server.processes import onegrid

PUBLIC = {Rung.PROVINCE, Rung.CITY, Rung.COUNTY}


def tree_of(definition: Definition) -> Tree:
    """The organizations of a city, as they are loaded."""
    return build_tree(definition, real.divisions_of(definition.tenant, real.load_divisions()))


@pytest.fixture(scope="module")
def staffed(shipped: tuple[Definition, ...]) -> dict[str, tuple[Tree, Staff]]:
    """The tree and the sample people of each shipped city."""
    trees = {item.tenant.slug: tree_of(item) for item in shipped if item.kind == "CITY"}
    return {slug: (tree, sample_staff(tree)) for slug, tree in trees.items()}


def holders(tree: Tree, staff: Staff) -> list[tuple[str, str, str, str | None, str]]:
    """Organization, kind of post, name, phone and first day of each post."""
    codes = {tree.id(code): code for code in tree.by_code}
    people = {person.id: person for person in staff.people}
    return [
        (
            codes[post.organization_id],
            post.kind,
            people[post.person_id].name,
            people[post.person_id].phone,
            str(post.valid_from),
        )
        for post in staff.posts
    ]


def test_pinned() -> None:
    """These are the people of a small city, on every machine and with every Python."""
    tree = tree_of(NORTH)
    assert holders(tree, sample_staff(tree)) == [
        ("S1", "secretary", "高假名", "+862499521317", "2023-02-27"),
        ("S1-G1", "part_time", "王试用", None, "2024-08-09"),
        ("S1-G2", "full_time", "王演示", None, "2022-01-20"),
        ("S2", "secretary", "林范例", "+862499242804", "2024-08-06"),
        ("S2", "helper", "马虚拟", None, "2022-10-22"),
        ("S2-G1", "full_time", "徐模拟", None, "2023-08-28"),
        ("S2-G1", "part_time", "高假名", None, "2021-03-25"),
        ("S2-G2", "full_time", "冯示例", None, "2025-10-26"),
        ("S2-G2", "part_time", "朱示例", None, "2022-06-30"),
        ("S1-G9", "part_time", "吴模拟", None, "2026-04-01"),
        ("S1-G9", "part_time", "沈假名", None, "2026-04-01"),
    ]


@pytest.mark.soak
def test_same_in_every_process(staffed: dict[str, tuple[Tree, Staff]]) -> None:
    """Another process, whose sets are in another order, makes the same people."""
    program = (
        "import sys; from tests.seeds.test_people import tree_of, sample_staff\n"
        "from tenants.files import load_tenants\n"
        "(city,) = [item for item in load_tenants() if item.tenant.slug == 'dandong']\n"
        "sys.stdout.write(repr(sample_staff(tree_of(city))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "1", "PYTHONUTF8": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == repr(staffed["dandong"][1])


def test_cities_differ() -> None:
    """Two cities with the same organizations have other people."""
    north, south = tree_of(NORTH), tree_of(SOUTH)
    assert holders(north, sample_staff(north)) != holders(south, sample_staff(south))


def test_names_are_invented(staffed: dict[str, tuple[Tree, Staff]]) -> None:
    """Each name is a surname and a word for made up, and masked like any name."""
    invented = {surname + given for surname in SURNAMES for given in GIVEN_NAMES}
    names = {person.name for _, staff in staffed.values() for person in staff.people}
    assert names - invented == set()
    assert {mask(PersonalClass.NAME, name) for name in names} <= {f"{s}**" for s in SURNAMES}
    assert len(set(SURNAMES)) == len(SURNAMES)


def test_phones_reach_nobody(staffed: dict[str, tuple[Tree, Staff]]) -> None:
    """Each phone is a landline that passes every check, with a local number that cannot be."""
    phones = [p.phone for _, staff in staffed.values() for p in staff.people if p.phone]
    assert phones != []
    local = set()
    for phone in phones:
        assert parse_phone(phone) == Phone(phone, PhoneKind.LANDLINE)
        assert (phone[:6], len(phone)) == (f"+86{PHONES[1:4]}", 13)
        local.add(phone[5:7])
    assert local == {"99"}  # those of people begin with 2 to 8


def test_secretaries_have_phones(staffed: dict[str, tuple[Tree, Staff]]) -> None:
    """Who has a phone is a secretary."""
    for tree, staff in staffed.values():
        posts = tree.definition.posts
        secretaries = {p.person_id for p in staff.posts if posts[p.kind].role is Role.SECRETARY}
        assert {person.id for person in staff.people if person.phone} == secretaries


def faults(tree: Tree, staff: Staff) -> Iterator[str]:
    """Each post that nobody could hold, and each person without one."""
    by_id = {tree.id(code): item for code, item in tree.by_code.items()}
    held = Counter((post.organization_id, post.kind) for post in staff.posts)
    for (organization, key), count in held.items():
        item, kind = by_id[organization], tree.definition.posts[key]
        level = tree.hierarchy[item.level]
        rules = {rule.post: rule.required for rule in level.staffing}
        if not kind.is_held_at(item.level) and key not in rules:
            yield f"{key} is not held at {item.level}"
        if level.rung in PUBLIC or item.valid_to is not None:
            yield f"nobody is at {item.code}"
        if count > min(1 if kind.single else SEATS, rules.get(key, 1)):
            yield f"{count} hold {key} at {item.code}"
    for post in staff.posts:
        began = by_id[post.organization_id].valid_from or datetime.date.min
        if not began <= post.valid_from or (post.valid_from > TODAY and post.valid_from != began):
            yield f"{post.valid_from} is no first day"
    twice = Counter((post.person_id, post.organization_id, post.kind) for post in staff.posts)
    yield from (f"{key} is held twice by one" for key, count in twice.items() if count > 1)
    if {post.person_id for post in staff.posts} != {person.id for person in staff.people}:
        yield "somebody holds no post, or nobody one"
    for rows in (staff.people, staff.posts):
        if len({row.id for row in rows}) != len(rows):
            yield "an id is given twice"


def test_posts_can_be_held(staffed: dict[str, tuple[Tree, Staff]]) -> None:
    """Every post fits its city's kinds, levels and rules, and nobody serves a city or county."""
    found = {slug: list(faults(*item)) for slug, item in staffed.items()}
    assert found == {slug: [] for slug in staffed}


LEVELS = ("city", "street", "community", "grid")
RUNGS = (Rung.CITY, Rung.STREET, Rung.COMMUNITY, Rung.GRID)


@st.composite
def cities(draw: st.DrawFn) -> Definition:
    """Cities of up to four levels, with any kinds of posts and rules, and up to 40 organizations.

    The rungs are those of the levels, or none: then no street is known.
    """
    depth = draw(st.integers(1, len(LEVELS)))
    kinds = draw(
        st.lists(
            st.builds(
                PostKind,
                key=st.sampled_from("abcd"),
                name=st.just("岗"),
                role=st.sampled_from([None, Role.SECRETARY, Role.GRID_WORKER]),
                levels=st.lists(st.sampled_from(LEVELS[:depth]), unique=True),
                single=st.booleans(),
            ),
            unique_by=lambda kind: kind.key,
        )
    )
    ruled = [kind.key for kind in kinds]
    levels = []
    for at in range(depth):
        posts = draw(st.lists(st.sampled_from(ruled), unique=True)) if ruled else []
        required = draw(st.sampled_from([1, 2, 1000]))
        levels.append(
            Level(
                key=LEVELS[at],
                name="级",
                rung=draw(st.sampled_from([RUNGS[at], None])),
                under=[LEVELS[at - 1]] if at else [],
                staffing=[StaffingRule(post=post, required=required) for post in posts],
            )
        )
    organizations = [DeclaredOrganization(code="990300", name="顶", level=LEVELS[0])]
    for number in range(draw(st.integers(0, 40))):
        parent = draw(st.sampled_from(organizations))
        at = LEVELS.index(parent.level or "") + 1
        if at < depth:
            ends = draw(st.sampled_from([None, None, datetime.date(2020, 1, 1)]))
            organizations.append(
                DeclaredOrganization(
                    code=f"N{number:02}",
                    name="组织",
                    level=LEVELS[at],
                    parent=parent.code,
                    valid_to=ends,
                )
            )
    city = City(
        code="990300",
        slug="any",
        name="任意市",
        province="990000",
        levels=levels,
        posts=kinds,
        organizations=organizations,
    )
    return Definition(city, ())


@given(cities())
@settings(max_examples=200, deadline=None)
def test_any_city(definition: Definition) -> None:
    """Whatever a file declares, its sample people could be, and are few."""
    tree = tree_of(definition)
    staff = sample_staff(tree)
    assert list(faults(tree, staff)) == []
    assert len(staff.posts) <= AREAS * len(LEVELS) * ORGANIZATIONS * SEATS * 4


def test_what_is_added_leaves_the_rest() -> None:
    """A further organization brings people of its own; the others stay who they are."""
    declared = [
        *NORTH.tenant.organizations,
        DeclaredOrganization(code="S1-G3", name="S1第3网格", level="grid", parent="S1"),
    ]
    more = NORTH.tenant.model_copy(update={"organizations": declared})
    before, after = sample_staff(tree_of(NORTH)), sample_staff(tree_of(Definition(more, ())))
    assert [person for person in after.people if person in before.people] == before.people
    assert [post for post in after.posts if post in before.posts] == before.posts
    added = {post.organization_id for post in after.posts if post not in before.posts}
    assert added == {derived_uuid("Organization", 990100, "S1-G3")}


def test_places_that_the_file_names_come_first(staffed: dict[str, tuple[Tree, Staff]]) -> None:
    """Of 抚顺市 the street whose grids a document counts has people; few streets have any."""
    tree, staff = staffed["fushun"]
    by_id = {tree.id(code): item for code, item in tree.by_code.items()}
    streets = {by_id[post.organization_id].path.split("/")[3] for post in staff.posts}
    assert streets == {"210411002", "210411003", "210411004", "210411005"}


def test_few_people(staffed: dict[str, tuple[Tree, Staff]]) -> None:
    """No city has more than a thousand, so that a first start stays short; each has some."""
    assert all(10 < len(staff.people) < 1000 for _, staff in staffed.values())


# --- loaded


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """A connection of the owner."""
    connection: Any = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Keys of the test's own."""
    return Keyring(tmp_path / FILE_NAME)


async def rows(url: str) -> dict[str, list[dict[str, object]]]:
    """Every row of people and posts."""
    async with connected(url) as connection:
        return {
            table: [
                dict(row) for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY 2")
            ]
            for table in ("person", "post")
        }


async def anew(url: str) -> None:
    """Have everything loaded once more."""
    await run_sql(url, "UPDATE load SET content_hash = 'another'")


async def test_what_is_loaded(new_database: NewDatabase, keyring: Keyring) -> None:
    """The rows are the sample people, every one GENERATED, and their phones open."""
    url = await new_database()
    await load_all(url, TENANTS, keyring)
    found = await rows(url)
    expected = [sample_staff(tree_of(city)) for city in (NORTH, SOUTH)]
    assert {row["id"]: row["name"] for row in found["person"]} == {
        person.id: person.name for staff in expected for person in staff.people
    }
    assert {
        row["id"]: (row["person_id"], row["kind"], row["valid_to"]) for row in found["post"]
    } == {post.id: (post.person_id, post.kind, None) for staff in expected for post in staff.posts}
    assert {row["data_kind"] for table in found.values() for row in table} == {"GENERATED"}
    phones = {person.id: person.phone for staff in expected for person in staff.people}
    for row in found["person"]:
        assert _opened(keyring, row) == phones[row["id"]]  # type: ignore[index]


def _opened(keyring: Keyring, row: dict[str, Any]) -> str | None:
    if row["phone_sealed"] is None:
        return None
    phone = keyring.open(
        Sealed(row["phone_key"], row["phone_sealed"]),
        sealing_context(row["tenant_id"], row["id"], "phone"),
    )
    indexed = keyring.index(phone, row["tenant_id"])
    assert (row["phone_index_key"], row["phone_index"]) == (indexed.key_id, indexed.data)
    assert row["phone_masked"] == f"024-******{phone[-2:]}"
    return phone


async def test_none_without_asking(new_database: NewDatabase) -> None:
    """Without a keyring nobody is invented, and nothing is pending."""
    url = await new_database(TENANTS)
    assert await rows(url) == {"person": [], "post": []}
    async with connected(url) as connection:
        assert await pending(connection, TENANTS, sample=False) == []
        later = await pending(connection, TENANTS, sample=True)
    assert [(part.definition.tenant_id, part.name) for part in later] == [
        (990100, "people"),
        (990200, "people"),
    ]


async def test_loaded_twice(new_database: NewDatabase, keyring: Keyring) -> None:
    """A second load, whatever it makes anew, leaves every row as it is."""
    url = await new_database()
    await load_all(url, TENANTS, keyring)
    before = await rows(url)
    await load_all(url, TENANTS, keyring)
    await anew(url)
    await load_all(url, TENANTS, keyring)
    assert await rows(url) == before


async def test_an_interrupted_load_is_completed(
    new_database: NewDatabase, keyring: Keyring
) -> None:
    """A load that stops after one city's people goes on with the other's."""
    whole, broken = await new_database(), await new_database()
    await load_all(whole, TENANTS, keyring)
    await apply_tenants(broken, TENANTS)
    async with connected(broken) as connection:
        async for _, _, what in load(connection, TENANTS, NOW, keyring):
            if what == "虚构北市 people":
                break
        left = [part.name for part in await pending(connection, TENANTS, sample=True)]
    assert left == ["organizations", "figures", "people"]
    await load_all(broken, TENANTS, keyring)
    assert _ids(await rows(broken)) == _ids(await rows(whole))


def _ids(found: dict[str, list[dict[str, object]]]) -> dict[str, list[object]]:
    return {table: [row["id"] for row in given] for table, given in found.items()}


async def test_a_failure_leaves_nothing(new_database: NewDatabase, keyring: Keyring) -> None:
    """People whose key file is gone are not loaded in part."""
    url = await new_database(TENANTS)
    keyring.path.unlink()
    with pytest.raises(Exception, match=FILE_NAME):
        await load_all(url, TENANTS, keyring)
    assert await rows(url) == {"person": [], "post": []}


async def test_what_people_changed_stays(new_database: NewDatabase, keyring: Keyring) -> None:
    """A relieved sample person stays relieved, an erased one erased."""
    url = await new_database()
    await load_all(url, TENANTS, keyring)
    await run_sql(
        url,
        "UPDATE post SET valid_to = '2026-01-01' WHERE kind = 'secretary'",
        "UPDATE person SET name = NULL, phone_sealed = NULL, phone_key = NULL, phone_masked = NULL,"
        " phone_index = NULL, phone_index_key = NULL, erased_at = now()",
    )
    before = await rows(url)
    await anew(url)
    await load_all(url, TENANTS, keyring)
    assert await rows(url) == before


ENTERED = """
INSERT INTO person (tenant_id, id, name, data_kind, created_at)
VALUES (990100, '00000000-0000-7000-8000-000000000001', '某人', 'REAL', now())
"""


async def test_never_beside_people_who_were_entered(
    new_database: NewDatabase, keyring: Keyring
) -> None:
    """A city with people of its own gets no sample; another does."""
    url = await new_database(TENANTS)
    await run_sql(url, ENTERED)
    await load_all(url, TENANTS, keyring)
    found = await rows(url)
    assert Counter((row["tenant_id"], row["data_kind"]) for row in found["person"]) == {
        (990100, "REAL"): 1,
        (990200, "GENERATED"): len(sample_staff(tree_of(SOUTH)).people),
    }
    assert {row["tenant_id"] for row in found["post"]} == {990200}


async def test_never_beside_posts_that_were_given(
    new_database: NewDatabase, keyring: Keyring
) -> None:
    """Once somebody was appointed to a post, sample people too, no more are added."""
    url = await new_database()
    await load_all(url, TENANTS, keyring)
    await run_sql(
        url,
        "DELETE FROM post WHERE kind = 'part_time'",
        "UPDATE post SET data_kind = 'REAL' WHERE tenant_id = 990100 AND kind = 'full_time'",
    )
    before = [row for row in (await rows(url))["post"] if row["tenant_id"] == 990100]
    await anew(url)
    await load_all(url, TENANTS, keyring)
    after = (await rows(url))["post"]
    assert [row for row in after if row["tenant_id"] == 990100] == before
    assert "part_time" in {row["kind"] for row in after if row["tenant_id"] == 990200}


async def test_waits_for_who_enters_people(new_database: NewDatabase, keyring: Keyring) -> None:
    """While somebody is being entered, whether there is anybody is not decided yet."""
    url = await new_database(TENANTS)
    async with connected(url) as entering, connected(url) as loading:
        await loading.execute("SET lock_timeout = '50ms'")
        async with entering.transaction():
            await entering.execute(ENTERED)
            with pytest.raises(asyncpg.LockNotAvailableError):
                await anext(load(loading, TENANTS, NOW, keyring))
    await load_all(url, TENANTS, keyring)
    assert {row["tenant_id"] for row in (await rows(url))["post"]} == {990200}


async def test_none_in_organizations_that_ended(
    new_database: NewDatabase, keyring: Keyring, tmp_path: Path
) -> None:
    """In an organization that people dissolved before, nobody is invented."""
    url = await new_database((town.PROVINCE, town.CITY))
    async with town.town_at(url, tmp_path / "others.json") as place:
        await place.do(Dissolve("AA1-2", ("BB1-1",)))
    await load_all(url, (town.PROVINCE, town.CITY), keyring)
    held = "SELECT o.code FROM post p JOIN organization o ON o.id = p.organization_id"
    async with connected(url) as connection:
        codes = {row["code"] for row in await connection.fetch(held)}
    staff = sample_staff(tree_of(town.CITY))
    assert codes == {
        item.code
        for item in tree_of(town.CITY).by_code.values()
        if tree_of(town.CITY).id(item.code) in {post.organization_id for post in staff.posts}
        and item.code != "AA1-2"
    }


# --- shown


async def test_data_kinds(new_database: NewDatabase, keyring: Keyring) -> None:
    """A city whose organizations are real says that it holds generated data, once it does."""
    url = await new_database()
    query = "{ cities { slug dataKinds } }"
    await load_all(url, TENANTS)
    async with opened(url) as graph:
        assert await graph.data(query) == _kinds(["REAL"])
    await load_all(url, TENANTS, keyring)
    async with opened(url) as graph:
        assert await graph.data(query) == _kinds(["REAL", "GENERATED"])


def _kinds(kinds: list[str]) -> object:
    return {"cities": [{"slug": slug, "dataKinds": kinds} for slug in ("north", "south")]}


async def test_gaps(demo: Graph) -> None:
    """Of a street with sample people most posts are held, of the city next to none."""
    query = """{ city(code: "fushun") {
      street: staffing(under: "210411002") { organizations required held gap short }
      staffing { organizations required held gap short }
    } }"""
    street = {"organizations": 12, "required": 12, "held": 10, "gap": 2, "short": 2}
    city = {"organizations": 319, "required": 319, "held": 49, "gap": 270, "short": 270}
    assert await demo.data(query) == {"city": {"street": [street], "staffing": [city]}}


# --- the command


class Recorder:
    """What would load: remembers whether sample people were asked for, and how many issues; or
    the scale and the random seed."""

    issues = 3000

    def __init__(self) -> None:
        self.asked: list[tuple[bool, int]] = []
        self.scales: list[tuple[int, int]] = []

    def pending(self, url: str, definitions: object, sample: bool, issues: int) -> int:
        """Nothing."""
        return 0

    def load(self, sample: bool, issues: int) -> int:
        """Remember."""
        self.asked.append((sample, issues if sample else 0))
        return 0

    def load_published(self, scale: int, seed: int) -> int:
        """Remember."""
        self.scales.append((scale, seed))
        return 0


@pytest.fixture
def database(new_database: NewDatabase) -> str:
    """The address of a database with the schema and nothing in it."""

    async def make() -> str:
        return await new_database()

    return asyncio.run(make())


@pytest.mark.parametrize(
    ("words", "demo_mode", "asked"),
    [
        ((), "0", (False, 0)),
        ((), "1", (True, 3000)),
        (("--sample",), "0", (True, 3000)),
        (("--no-sample",), "1", (False, 0)),
        (("--issues", "50"), "0", (True, 50)),
        (("--sample", "--issues", "0"), "0", (True, 0)),
    ],
)
def test_seed_asks_for_them_in_demo_mode(
    words: tuple[str, ...], demo_mode: str, asked: tuple[bool, int], database: str
) -> None:
    """`onegrid seed` loads sample people and issues in demo mode, or as its options say."""
    recorder = Recorder()
    environment = {"ONEGRID_DATABASE_URL": database, "ONEGRID_DEMO": demo_mode}
    try:
        done = CliRunner().invoke(build(recorder), ["seed", *words], env=environment)
    finally:
        structlog.reset_defaults()  # the command had set up the log for its own, closed output
    assert (done.exit_code, recorder.asked) == (0, [asked])


@pytest.mark.parametrize(
    ("words", "code", "asked"),
    [
        (("--scale", "published"), 0, [(1, 1)]),
        (("--scale", "10", "--random-seed", "7"), 0, [(10, 7)]),
        (("--scale", "100"), 0, [(100, 1)]),
        (("--scale", "0"), 2, []),
        (("--scale", "101"), 2, []),
        (("--scale", "1.5"), 2, []),
        (("--scale", "large"), 2, []),
        (("--scale", "published", "--issues", "5"), 2, []),
        (("--scale", "published", "--sample"), 2, []),
    ],
)
def test_seed_asks_for_a_scale(
    words: tuple[str, ...], code: int, asked: list[tuple[int, int]], database: str
) -> None:
    """`--scale` takes the published scale and whole multiples of it, and no sample beside."""
    recorder = Recorder()
    environment = {"ONEGRID_DATABASE_URL": database, "ONEGRID_DEMO": "1"}
    try:
        done = CliRunner().invoke(build(recorder), ["seed", *words], env=environment)
    finally:
        structlog.reset_defaults()  # the command had set up the log for its own, closed output
    assert (done.exit_code, recorder.scales, recorder.asked) == (code, asked, [])


@pytest.mark.soak
def test_seed_loads_them(
    tmp_path: Path, server_url: str, full_template: str, shipped: tuple[Definition, ...]
) -> None:
    """`onegrid seed --sample` adds people to what is loaded, with the keys of the data folder."""
    with copied_database(server_url, full_template) as url:
        for _ in range(2):
            done = onegrid(
                "seed", "--sample", "--issues", "30", cwd=tmp_path, database_url=url, data=tmp_path
            )
            assert (done.code, done.err) == (0, "")
        found = asyncio.run(rows(url))
        cities = {item.tenant_id for item in shipped if item.kind == "CITY"}
        assert {row["tenant_id"] for row in found["person"]} == cities
        keyring = Keyring(tmp_path / "secrets" / FILE_NAME, create=False)
        assert sum(_opened(keyring, row) is not None for row in found["person"]) > len(cities)
