"""Memberships: who may be in which cooperative when, with which share, and how many there are."""

import asyncio
import datetime
import random
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schema.actor import PUBLIC
from schema.cooperatives.change_membership import ChangeMembership
from schema.cooperatives.enrol import Member
from schema.cooperatives.registering import NewHead
from schema.ids import GlobalId
from schema.refusals import Refused
from tenants.definition import City
from tenants.roles import Role
from tests.conftest import NOW, TODAY
from tests.rollups import differences
from tests.schema.cooperatives.members import (
    Villagers,
    codes,
    definition,
    household_id,
    membership_id,
    new,
    secretary,
    villagers_at,
)
from tests.schema.cooperatives.village import (
    ID,
    OTHER_ID,
    Given,
    cooperative_uuid,
    put,
    rows_of,
    unite,
)
from tests.schema.organizations.town import actor, town_at

DAY = datetime.timedelta(days=1)
YESTERDAY, TOMORROW = TODAY - DAY, TODAY + DAY
JANUARY, MARCH = datetime.date(2026, 1, 1), datetime.date(2026, 3, 1)


@pytest.fixture
async def villagers(shared_url: str, tmp_path: Path) -> AsyncIterator[Villagers]:
    """The invented city; all tests of the module share its database."""
    async with villagers_at(shared_url, tmp_path / "keys.json") as ready:
        yield ready
    assert await differences(shared_url) == []


def several(villagers: Villagers) -> dict[str, Any]:
    """A city where a household may be in several cooperatives at once."""
    return {"definition": definition(villagers.town.definition.version, several=True)}


async def test_a_new_household_joins(villagers: Villagers) -> None:
    """The household, its head with a sealed phone, and the membership are stored, and an event
    that names them by their ids alone."""
    code = await villagers.cooperative(founded_on=JANUARY)
    given = {"land": "3.5", "capital": "2000", "share": "1.25"}
    membership = await villagers.joined(code, new(), MARCH, **given)
    (row,) = await villagers.memberships(code)
    household = row["household_id"]
    assert row == {
        "tenant_id": ID,
        "id": membership,
        "cooperative_id": cooperative_uuid(code),
        "household_id": household,
        "since": MARCH,
        "until": None,
        "land": Decimal("3.500"),
        "capital": Decimal("2000.00"),
        "share": Decimal("1.250"),
        "data_kind": "REAL",
        "people": 4,
    }
    (home,) = await rows_of(
        villagers.town.url,
        "SELECT o.code, x.name, x.phone_masked, x.id, h.address, h.people, h.data_kind"
        " FROM household h"
        " JOIN person x ON x.id = h.head_id JOIN organization o ON o.id = h.organization_id"
        " WHERE h.id = $1",
        household,
    )
    head = home.pop("id")
    assert home == {
        "code": "AA3-V1",
        "name": "陶示例",
        "phone_masked": "138****8000",
        "address": "虚构省虚构市东区桃花村1组",
        "people": 4,
        "data_kind": "REAL",
    }
    (event,) = await events(villagers, code)
    assert event == (
        "COOPERATIVE_HOUSEHOLD_ENROLLED",
        "AA3-V1",
        {
            "membership": str(membership),
            "household": str(household),
            "person": str(head),
            "since": "2026-03-01",
        },
    )


async def events(villagers: Villagers, code: str) -> list[tuple[str, str, Any]]:
    """Kind, organization and facts of what happened to a cooperative."""
    found = await villagers.town.sql(
        "SELECT e.kind, o.code, e.about FROM event e JOIN organization o"
        " ON o.tenant_id = e.tenant_id AND o.id = e.organization_id"
        " WHERE e.tenant_id = $1 AND e.cooperative_id = $2 ORDER BY e.seq",
        ID,
        cooperative_uuid(code),
    )
    return [(kind, at, orjson.loads(about)) for kind, at, about in found]


async def test_a_known_household_joins_again(villagers: Villagers) -> None:
    """A household that has left may come back, from the day on which it left."""
    code, home = await villagers.cooperative(), await villagers.household()
    first = await villagers.joined(code, home, JANUARY)
    assert isinstance(await villagers.leave(first, MARCH), Member)
    again = await villagers.joined(code, home, MARCH)
    found = [(row["id"], row["since"], row["until"]) for row in await villagers.memberships(code)]
    assert found == [(first, JANUARY, MARCH), (again, MARCH, None)]
    assert [kind for kind, _, _ in await events(villagers, code)] == [
        "COOPERATIVE_HOUSEHOLD_ENROLLED",
        "COOPERATIVE_HOUSEHOLD_LEFT",
        "COOPERATIVE_HOUSEHOLD_ENROLLED",
    ]


async def test_one_cooperative_at_a_time(villagers: Villagers) -> None:
    """A member of one is refused by another one, also for days before it joined the first."""
    one, other = await villagers.cooperative(), await villagers.cooperative()
    home = await villagers.household()
    await villagers.joined(one, home, MARCH)
    taken = [("ALREADY_MEMBER", "household")]
    assert codes(await villagers.enrol(other, home, TODAY)) == taken
    assert codes(await villagers.enrol(other, home, JANUARY)) == taken
    assert codes(await villagers.enrol(one, home, TODAY)) == taken


async def test_several_where_the_city_says_so(villagers: Villagers) -> None:
    """Then a household may be in several at once, but never twice in the same one."""
    one, other = await villagers.cooperative(), await villagers.cooperative()
    home, city = await villagers.household(), several(villagers)
    await villagers.joined(one, home, MARCH, city)
    await villagers.joined(other, home, JANUARY, city)
    taken = [("ALREADY_MEMBER", "household")]
    assert codes(await villagers.enrol(one, home, JANUARY, city)) == taken
    assert await villagers.counts(TODAY, one, other) == [(1, 4), (1, 4)]


async def test_a_rehearsal_changes_nothing(villagers: Villagers) -> None:
    """What a dry run stores is gone afterwards."""
    code = await villagers.cooperative()
    before = await everything(villagers)
    assert isinstance(await villagers.enrol(code, new(), who={"dry_run": True}), Member)
    assert await everything(villagers) == before


async def everything(villagers: Villagers) -> list[int]:
    """How many rows there are of all that an enrolment writes."""
    tables = ("person", "household", "membership", "event")
    counted = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in tables)
    (row,) = await rows_of(villagers.town.url, f"SELECT {counted}")
    return list(row.values())


@pytest.mark.parametrize(
    ("cooperative", "since", "contribution", "expected"),
    [
        ({"kind": "UNION"}, None, {}, [("UNION_REQUIRED", "cooperative")]),
        (
            {"founded_on": JANUARY, "dissolved_on": MARCH},
            None,
            {},
            [("COOPERATIVE_DISSOLVED", "cooperative")],
        ),
        ({}, TOMORROW, {}, [("DATE_OUT_OF_RANGE", "since")]),
        ({"founded_on": MARCH}, MARCH - DAY, {}, [("DATE_OUT_OF_RANGE", "since")]),
        ({}, None, {"land": "-1"}, [("AMOUNT_OUT_OF_RANGE", "land")]),
        ({}, None, {"land": "0.0001"}, [("AMOUNT_OUT_OF_RANGE", "land")]),
        ({}, None, {"capital": "-0.01"}, [("AMOUNT_OUT_OF_RANGE", "capital")]),
        ({}, None, {"capital": "NaN"}, [("AMOUNT_OUT_OF_RANGE", "capital")]),
        ({}, None, {"capital": "1e30"}, [("AMOUNT_OUT_OF_RANGE", "capital")]),
        ({}, None, {"share": "100.001"}, [("AMOUNT_OUT_OF_RANGE", "share")]),
        ({}, None, {"share": "-1"}, [("AMOUNT_OUT_OF_RANGE", "share")]),
        (
            {"kind": "UNION"},
            TOMORROW,
            {"land": "-1", "share": "101"},
            [
                ("UNION_REQUIRED", "cooperative"),
                ("DATE_OUT_OF_RANGE", "since"),
                ("AMOUNT_OUT_OF_RANGE", "land"),
                ("AMOUNT_OUT_OF_RANGE", "share"),
            ],
        ),
    ],
)
async def test_refused_enrolments(
    villagers: Villagers,
    cooperative: dict[str, Any],
    since: datetime.date | None,
    contribution: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    """What cannot be is refused for all its reasons at once, and nothing is stored."""
    code = await villagers.cooperative(**cooperative)
    before = await everything(villagers)
    assert codes(await villagers.enrol(code, new(), since, **contribution)) == expected
    assert await everything(villagers) == before


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"organization": "nowhere"}, [("ORGANIZATION_UNKNOWN", "newHousehold.organization")]),
        ({"organization": "AA3-V9"}, [("ORGANIZATION_ENDED", "newHousehold.organization")]),
        ({"organization": "BB3-V1"}, [("FORBIDDEN", "newHousehold.organization")]),
        ({"head": NewHead(" ")}, [("PERSON_MALFORMED", "newHousehold.head.name")]),
        ({"head": NewHead("陶", "12")}, [("PHONE_MALFORMED", "newHousehold.head.phone")]),
        ({"head": str(GlobalId("Person", ID, uuid.uuid4().hex))},
         [("PERSON_UNKNOWN", "newHousehold.person")]),
        ({"head": "nobody"}, [("PERSON_UNKNOWN", "newHousehold.person")]),
        ({"address": "路" * 201}, [("TEXT_MALFORMED", "newHousehold.address")]),
        ({"people": None}, [("COUNT_OUT_OF_RANGE", "newHousehold.people")]),
        ({"people": 0}, [("COUNT_OUT_OF_RANGE", "newHousehold.people")]),
        ({"people": 1001}, [("COUNT_OUT_OF_RANGE", "newHousehold.people")]),
        (
            {"organization": "nowhere", "head": NewHead("", "1"), "people": -1},
            [
                ("ORGANIZATION_UNKNOWN", "newHousehold.organization"),
                ("PERSON_MALFORMED", "newHousehold.head.name"),
                ("PHONE_MALFORMED", "newHousehold.head.phone"),
                ("COUNT_OUT_OF_RANGE", "newHousehold.people"),
            ],
        ),
    ],
)  # fmt: skip
async def test_refused_households(
    villagers: Villagers, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """A household that cannot be is refused for all its reasons, none of which says who it is."""
    code = await villagers.cooperative()
    before = await everything(villagers)
    outcome = await villagers.enrol(code, new(**given), who=secretary("AA3-V1"))
    assert codes(outcome) == expected
    assert await everything(villagers) == before
    assert "陶" not in str(outcome)


async def test_people_are_recorded_where_the_city_says_so(villagers: Villagers) -> None:
    """A city that does not record people refuses their number, and takes a household without."""
    code = await villagers.cooperative()
    city = {"definition": definition(villagers.town.definition.version, people=False)}
    refused = await villagers.enrol(code, new(), None, city)
    assert codes(refused) == [("MEASURE_NOT_RECORDED", "newHousehold.people")]
    await villagers.joined(code, new(people=None), None, city)
    assert await villagers.counts(TODAY, code) == [(1, None)]


async def test_a_city_without_households(shared_url: str, tmp_path: Path) -> None:
    """Where the city's file does not list households nobody is enrolled."""
    async with town_at(shared_url, tmp_path / "keys.json", tenant_id=OTHER_ID) as town:
        villagers = Villagers(town)
        tenant = town.definition.tenant
        assert isinstance(tenant, City)
        rules = tenant.cooperatives.model_copy(update={"records": []})
        without = tenant.model_copy(update={"cooperatives": rules})
        city = type(town.definition)(without, (), town.definition.version)
        await put(shared_url, Given("O1", leader="CC1-V1", tenant_id=OTHER_ID))
        household = new("CC1-V1", people=None)
        refused = await villagers.enrol("O1", household, None, {"definition": city})
        assert codes(refused) == [("MEASURE_NOT_RECORDED", "")]


@pytest.mark.parametrize(
    ("organization", "given"),
    [
        ("AA3-V1", lambda home: "malformed"),
        ("AA3-V1", lambda home: household_id(uuid.uuid4())),
        ("AA3-V1", lambda home: str(GlobalId("Household", OTHER_ID, home.hex))),
        ("AA3-V1", lambda home: str(GlobalId("Person", ID, home.hex))),
        ("BB3-V1", household_id),
    ],
)
async def test_a_household_out_of_reach(
    villagers: Villagers, organization: str, given: Any
) -> None:
    """Nobody enrols a household of a place whose people they may not see, or one that is not."""
    code, home = await villagers.cooperative(), await villagers.household(organization)
    outcome = await villagers.enrol(code, given(home), who=secretary("AA3-V1"))
    assert codes(outcome) == [("HOUSEHOLD_UNKNOWN", "household")]


@pytest.mark.parametrize(
    "who",
    [
        PUBLIC,
        actor(Role.RESIDENT),
        actor(Role.MEMBER, "AA3-V1"),
        actor(Role.GRID_WORKER, "AA3-V1"),
        actor(Role.SECRETARY, "AA3-V2"),
        actor(Role.PROVINCE_ADMIN, None, 990000),
    ],
)
async def test_who_may_not_enrol(villagers: Villagers, who: Any) -> None:
    """Every change of members needs the permission at the cooperative's leader."""
    code, home = await villagers.cooperative(), await villagers.household()
    membership = await villagers.joined(code, home)
    denied = [("FORBIDDEN", "cooperative")], [("FORBIDDEN", "membership")]
    assert codes(await villagers.enrol(code, new(), who={"actor": who})) == denied[0]
    assert codes(await villagers.leave(membership, actor=who)) == denied[1]
    change = ChangeMembership(membership_id(membership), {"share": None})
    assert codes(await villagers.town.do(change, actor=who)) == denied[1]


async def test_an_unknown_cooperative(villagers: Villagers) -> None:
    """Neither a code nor an id that is not there, nor one of another city, leads anywhere."""
    for named in ("nothing", str(GlobalId("Cooperative", OTHER_ID, uuid.uuid4().hex)), "%"):
        outcome = await villagers.enrol(named, new())
        assert codes(outcome) == [("COOPERATIVE_UNKNOWN", "cooperative")]


async def test_a_known_person_heads_one_household(villagers: Villagers) -> None:
    """Somebody known becomes the head of a new household once; then that household is named."""
    one, other = await villagers.cooperative(), await villagers.cooperative()
    person = uuid.uuid4()
    await villagers.town.sql(
        "INSERT INTO person (tenant_id, id, name, data_kind, created_at)"
        " VALUES ($1, $2, '某', 'REAL', $3)",
        ID, person, NOW,
    )  # fmt: skip
    head = str(GlobalId("Person", ID, person.hex))
    outcomes = await asyncio.gather(
        villagers.enrol(one, new(head=head)), villagers.enrol(other, new(head=head))
    )
    (refused,) = (done for done in outcomes if isinstance(done, Refused))
    assert codes(refused) == [("HOUSEHOLD_EXISTS", "newHousehold.person")]
    heads = await villagers.town.sql("SELECT count(*) FROM household WHERE head_id = $1", person)
    assert heads == [(1,)]


async def test_shares_are_added_day_by_day(villagers: Villagers) -> None:
    """On no day do the members have more than 100 % in all; who has left counts no more."""
    code = await villagers.cooperative()
    february = datetime.date(2026, 2, 1)
    first = await villagers.joined(code, await villagers.household(), JANUARY, share="60")
    await villagers.leave(first, MARCH)
    await villagers.joined(code, await villagers.household(), MARCH, share="50.5")
    home = await villagers.household()
    exceeded = [("SHARE_EXCEEDED", "share")]
    assert codes(await villagers.enrol(code, home, february, share="40.001")) == exceeded
    assert codes(await villagers.enrol(code, home, MARCH, share="49.501")) == exceeded
    await villagers.joined(code, home, february, share="40")
    rest = await villagers.household()
    outcome = await villagers.enrol(code, rest, TODAY, share="10")
    assert codes(outcome) == exceeded
    assert "9.5%" in outcome.refusals[0].zh
    await villagers.joined(code, rest, TODAY, share="9.5")
    await villagers.joined(code, await villagers.household(), TODAY, share="0")


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (MARCH, None, TODAY),
        (MARCH, MARCH + DAY, MARCH + DAY),
        (YESTERDAY, None, TODAY),
        (TODAY, None, TOMORROW),
        (TODAY, TOMORROW, TOMORROW),
        (MARCH, TOMORROW, None),
        (MARCH, MARCH, None),
        (TODAY, TODAY, None),
    ],
)
async def test_leaving(
    villagers: Villagers,
    since: datetime.date,
    until: datetime.date | None,
    expected: datetime.date | None,
) -> None:
    """A household leaves today, or on an earlier day, and was a member for one day at least."""
    code = await villagers.cooperative()
    membership = await villagers.joined(code, await villagers.household(), since)
    outcome = await villagers.leave(membership, until, **secretary("AA3-V1"))
    (row,) = await villagers.memberships(code)
    assert row["until"] == expected
    if expected is None:
        assert codes(outcome) == [("DATE_OUT_OF_RANGE", "until")]
        return
    assert outcome == Member(ID, membership)
    assert codes(await villagers.leave(membership)) == [("NOT_MEMBER", "membership")]
    kind, at, facts = (await events(villagers, code))[-1]
    assert (kind, at, facts["until"]) == ("COOPERATIVE_HOUSEHOLD_LEFT", "AA3-V1", str(expected))
    assert set(facts) == {"membership", "household", "person", "until"}


@pytest.mark.parametrize("given", ["malformed", membership_id(uuid.UUID(int=7))])
async def test_an_unknown_membership(villagers: Villagers, given: str) -> None:
    """A membership that is not there cannot be changed."""
    outcome = await villagers.town.do(ChangeMembership(given, {"share": None}))
    assert codes(outcome) == [("NOT_MEMBER", "membership")]


async def test_changing_what_was_brought(villagers: Villagers) -> None:
    """What is given changes, None makes it none, the rest stays; the event says which, not what."""
    code = await villagers.cooperative()
    await villagers.joined(code, await villagers.household(), share="50")
    membership = await villagers.joined(
        code, await villagers.household(), land="2", capital="10", share="20"
    )
    name = membership_id(membership)
    for changes, expected in (
        ({"share": Decimal(50), "land": None}, (None, Decimal(10), Decimal(50))),
        ({"share": Decimal(50)}, (None, Decimal(10), Decimal(50))),
        ({}, (None, Decimal(10), Decimal(50))),
    ):
        done = await villagers.town.do(ChangeMembership(name, changes))
        assert done == Member(ID, membership)
        row = (await villagers.memberships(code))[-1]
        assert (row["land"], row["capital"], row["share"]) == expected
    outcome = await villagers.town.do(ChangeMembership(name, {"share": Decimal("50.001")}))
    assert codes(outcome) == [("SHARE_EXCEEDED", "share")]
    outcome = await villagers.town.do(ChangeMembership(name, {"land": Decimal(-1)}))
    assert codes(outcome) == [("AMOUNT_OUT_OF_RANGE", "land")]
    kinds = [(kind, facts.get("fields")) for kind, _, facts in await events(villagers, code)]
    assert kinds[2:] == [("COOPERATIVE_HOUSEHOLD_CHANGED", ["land", "share"])]


async def test_one_of_two_at_once(villagers: Villagers) -> None:
    """Of two enrolments at the same moment that exclude each other one is carried out: of one
    household in two cooperatives, and of two households whose shares do not fit together."""
    for _ in range(8):
        one, other = await villagers.cooperative(), await villagers.cooperative()
        home, more = await villagers.household(), await villagers.household()
        twice = await asyncio.gather(
            villagers.enrol(one, home, share="60"), villagers.enrol(other, home, share="60")
        )
        assert sorted(map(_said, twice)) == ["ALREADY_MEMBER", "done"]
        full = one if isinstance(twice[0], Member) else other
        third = await villagers.household()
        shares = await asyncio.gather(
            villagers.enrol(full, more, share="40"), villagers.enrol(full, third, share="40")
        )
        assert sorted(map(_said, shares)) == ["SHARE_EXCEEDED", "done"]


def _said(outcome: Any) -> str:
    return "done" if isinstance(outcome, Member) else codes(outcome)[0][0]


async def test_counts(villagers: Villagers) -> None:
    """Households and people are counted by the day; one whose number is not known leaves theirs
    unknown; a union has those of its members, each household once."""
    url = villagers.town.url
    one, other, union = [await villagers.cooperative() for _ in range(3)]
    await villagers.town.sql(
        "UPDATE cooperative SET kind = 'UNION' WHERE tenant_id = $1 AND id = $2",
        ID, cooperative_uuid(union),
    )  # fmt: skip
    await unite(url, union, one, other)
    home, city = await villagers.household(people=3), several(villagers)
    membership = await villagers.joined(one, home, JANUARY, city)
    await villagers.joined(other, home, MARCH, city)
    await villagers.joined(other, await villagers.household(people=5), MARCH, city)
    await villagers.leave(membership, MARCH + DAY)
    all_ = (one, other, union)
    assert await villagers.counts(JANUARY - DAY, *all_) == [(0, 0), (0, 0), (0, 0)]
    assert await villagers.counts(JANUARY, *all_) == [(1, 3), (0, 0), (1, 3)]
    assert await villagers.counts(MARCH, *all_) == [(1, 3), (2, 8), (2, 8)]
    assert await villagers.counts(TODAY, *all_) == [(0, 0), (2, 8), (2, 8)]
    await villagers.joined(one, await villagers.household(people=None), TODAY, city)
    assert await villagers.counts(TODAY, *all_) == [(1, None), (2, 8), (3, None)]


SHARES = [None, "0", "33.333", "40", "60", "100"]
AGO = st.integers(0, 5).map(lambda days: TODAY - days * DAY)
STEPS = st.one_of(
    st.tuples(st.just("enrol"), st.integers(0, 2), st.integers(0, 1), AGO, st.sampled_from(SHARES)),
    st.tuples(st.just("leave"), st.integers(0, 9), AGO),
    st.tuples(st.just("change"), st.integers(0, 9), st.sampled_from(SHARES)),
)


class Book:
    """What a city's memberships would be by hand: lists, and every day looked at."""

    def __init__(self, several: bool) -> None:
        self.several = several
        self.rows: list[dict[str, Any]] = []

    def enrols(self, home: int, cooperative: int, since: datetime.date, share: Any) -> bool:
        """Write an enrolment down, if it can be."""
        row = {"home": home, "of": cooperative, "since": since, "until": None, "share": share}
        return self._keep([*self.rows, row])

    def leaves(self, at: int, until: datetime.date) -> bool:
        """Write down that a household leaves, if it can."""
        row = self.rows[at]
        if row["until"] is not None or not row["since"] < until <= max(TODAY, row["since"] + DAY):
            return False
        row["until"] = until
        return True

    def changes(self, at: int, share: Any) -> bool:
        """Write another share down, if it can be."""
        changed = [dict(row) for row in self.rows]
        changed[at]["share"] = share
        return self._keep(changed)

    def _keep(self, rows: list[dict[str, Any]]) -> bool:
        if list(faults(rows, self.several)):
            return False
        self.rows = rows
        return True


def faults(rows: Iterable[dict[str, Any]], several: bool) -> Iterable[str]:
    """What no day of memberships may have; rows of home, of, since, until and share."""
    rows = list(rows)
    for day in {row["since"] for row in rows}:
        now = [r for r in rows if r["since"] <= day and (r["until"] is None or r["until"] > day)]
        shares: dict[Any, Decimal] = defaultdict(Decimal)
        for row in now:
            shares[row["of"]] += Decimal(row["share"] or 0)
        yield from (f"{day}: {of} has {share} %" for of, share in shares.items() if share > 100)
        pairs = Counter((row["home"], row["of"]) for row in now)
        homes = pairs if several else Counter(row["home"] for row in now)
        yield from (f"{day}: {home} {times} times" for home, times in homes.items() if times > 1)


@pytest.mark.parametrize("histories", [8, pytest.param(100, marks=pytest.mark.soak)])
def test_memberships_against_a_book(shared_url: str, tmp_path: Path, histories: int) -> None:
    """Any order of joining, leaving and changing is accepted where a book by hand accepts it, is
    stored as the book has it, and counted as a recount counts it."""

    @settings(max_examples=histories, deadline=None, database=None, phases=[Phase.generate])
    @given(st.booleans(), st.lists(STEPS, min_size=4, max_size=12))
    def check(is_several: bool, steps: list[Any]) -> None:
        asyncio.run(_kept(shared_url, tmp_path / "keys.json", is_several, steps))

    check()


async def _kept(url: str, keys: Path, is_several: bool, steps: list[Any]) -> None:
    async with villagers_at(url, keys, size=1) as villagers:
        version = villagers.town.definition.version
        city = {"definition": definition(version, several=is_several)}
        all_ = [await villagers.cooperative() for _ in range(2)]
        homes = [await villagers.household(people=n) for n in (1, 2, 4)]
        book, ids = Book(is_several), []
        for kind, *values in steps:
            if kind == "enrol":
                home, of, since, share = values
                done = await villagers.enrol(all_[of], homes[home], since, city, share=share)
                ids += [done.membership] if isinstance(done, Member) else []
                expected = book.enrols(*values)
            elif not ids:
                continue
            else:
                at, value = values[0] % len(ids), values[1]
                done = await _changed(villagers, kind, ids[at], value)
                expected = (book.leaves if kind == "leave" else book.changes)(at, value)
            assert isinstance(done, Member) is expected, (book.rows, kind, values, done)
        await _compare(villagers, all_, homes, book, ids)


async def _changed(villagers: Villagers, kind: str, membership: uuid.UUID, value: Any) -> Any:
    if kind == "leave":
        return await villagers.leave(membership, value)
    share = None if value is None else Decimal(value)
    return await villagers.town.do(ChangeMembership(membership_id(membership), {"share": share}))


async def _compare(
    villagers: Villagers, all_: list[str], homes: list[uuid.UUID], book: Book, ids: list[uuid.UUID]
) -> None:
    """What is stored, and what is counted, against the book."""
    ofs = [cooperative_uuid(code) for code in all_]
    stored = {row["id"]: row for row in await villagers.memberships(*all_)}
    assert list(stored) == sorted(ids)
    for id_, row in zip(ids, book.rows, strict=True):
        found = stored[id_]
        share = None if row["share"] is None else Decimal(row["share"])
        assert (found["household_id"], found["cooperative_id"]) == (
            homes[row["home"]],
            ofs[row["of"]],
        )
        assert (found["since"], found["until"], found["share"]) == (
            row["since"],
            row["until"],
            share,
        )
    for day in (TODAY - 4 * DAY, TODAY):
        counted = []
        for of in range(2):
            now = [
                row
                for row in book.rows
                if row["of"] == of
                and row["since"] <= day
                and (row["until"] is None or row["until"] > day)
            ]
            counted.append((len(now), sum((1, 2, 4)[row["home"]] for row in now)))
        assert await villagers.counts(day, *all_) == counted


@pytest.mark.parametrize("is_several", [False, True])
async def test_several_people_at_once(shared_url: str, tmp_path: Path, is_several: bool) -> None:
    """Whatever four people do at the same moments, no rule is broken on any day, and nobody is
    kept waiting for ever."""
    chances = random.Random(f"{is_several}")
    async with villagers_at(shared_url, tmp_path / "keys.json") as villagers:
        version = villagers.town.definition.version
        city = {"definition": definition(version, several=is_several)}
        all_ = [await villagers.cooperative() for _ in range(3)]
        homes = [await villagers.household() for _ in range(5)]
        done: list[uuid.UUID] = []

        async def step() -> None:
            since, share = TODAY - chances.randrange(5) * DAY, chances.choice(SHARES)
            if done and chances.random() < 0.4:
                kind = chances.choice(["leave", "change"])
                value: Any = since if kind == "leave" else share
                await _changed(villagers, kind, chances.choice(done), value)
                return
            of, home = chances.choice(all_), chances.choice(homes)
            outcome = await villagers.enrol(of, home, since, city, share=share)
            done.extend([outcome.membership] if isinstance(outcome, Member) else [])

        for _ in range(25):
            await asyncio.gather(*(step() for _ in range(4)))
        rows = await villagers.memberships(*all_)
        found = [{**row, "home": row["household_id"], "of": row["cooperative_id"]} for row in rows]
        assert list(faults(found, is_several)) == []
        assert len(found) == len(done) > 3
