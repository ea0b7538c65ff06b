"""Seven invented cities with books of their own, filled by chance, and summed up by hand.

The recount below knows the rules as the schema describes them, and nothing of the statement.
"""

import datetime
import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from schema.ids import derived_uuid
from tenants.cooperation import (
    AllianceKind,
    CooperativeMeasure,
    CooperativeRules,
    Dimension,
    Industry,
    JointWay,
)
from tenants.definition import City, Definition, Province
from tenants.hierarchy import Level, Rung
from tests.conftest import TODAY
from tests.schema.cooperatives.village import owner_of
from tests.schema.organizations.town import declared

PROVINCE_ID = 990000
CITY_IDS = tuple(range(990100, 990800, 100))
INDUSTRIES = {"herbs": "中药材", "grape": "葡萄", "fruit": "林果"}
LEVELS = [
    Level(key="city", name="市", rung=Rung.CITY),
    Level(key="township", name="乡镇", rung=Rung.TOWNSHIP, under=["city"]),
    Level(key="village", name="村", rung=Rung.VILLAGE, under=["township"]),
]
PLACES = {"T1": None, "T1-V1": "T1", "T1-V2": "T1", "T2": None, "T2-V1": "T2"}
"""Organizations of each city below the city itself, by code, with those that they stand under."""

M = CooperativeMeasure
RECORDS = {
    990100: [*M],
    990200: [item for item in M if item is not M.PEOPLE],
    990300: [M.PEOPLE, M.REVENUE, M.ASSET_TRADES],
    990400: [M.HOUSEHOLDS, M.HOUSEHOLD_GAIN, M.DEALS],
    990500: [],
    990600: [M.HOUSEHOLDS, M.PEOPLE, M.JOBS, M.ONLINE_SALES, M.COLLECTIVE_INCOME],
    990700: [M.HOUSEHOLDS, M.REVENUE],
}
"""What each city records."""

SAYS: dict[int, dict[str, Any]] = {
    990100: {"several_memberships": True, "source": "a.txt", "assumed": ["records"]}
}
ALLIANCES = [
    AllianceKind(key="street", name="街道大工委", source="a.txt", assumed=["key"]),
    AllianceKind(key="village", name="村联盟", assumed=True),
]
WAYS = [JointWay(key="safety", name="平安建设联创", source="a.txt")]
"""What one of them says besides."""


def code(tenant: int, place: str) -> str:
    """The code of a place; "" is the city itself."""
    return f"{tenant}-{place}" if place else str(tenant)


def _city(tenant: int) -> Definition:
    places = [declared(str(tenant), f"第{tenant}市", "city")]
    for place, above in PLACES.items():
        level = "village" if above else "township"
        places.append(declared(code(tenant, place), place, level, code(tenant, above or "")))
    body = City(
        code=str(tenant),
        slug=f"city{tenant}",
        name=f"第{tenant}市",
        province=str(PROVINCE_ID),
        levels=LEVELS,
        organizations=places,
        cooperatives=CooperativeRules(records=RECORDS[tenant], **SAYS.get(tenant, {})),
        alliances=ALLIANCES if tenant in SAYS else [],
        ways=WAYS if tenant in SAYS else [],
    )
    return Definition(body, ())


PROVINCE = Definition(
    Province(
        code=str(PROVINCE_ID),
        slug="nowhere",
        name="虚构省",
        levels=[Level(key="province", name="省", rung=Rung.PROVINCE)],
        organizations=[declared(str(PROVINCE_ID), "虚构省", "province")],
        industries=[Industry(key=key, name=name) for key, name in INDUSTRIES.items()],
        dimensions=[
            Dimension(key="party", name="党建", source="a.txt", assumed=["key"]),
            Dimension(key="health", name="健康", assumed=True),
        ],
    ),
    (),
)
TENANTS = (PROVINCE, *map(_city, CITY_IDS))

Row = dict[str, Any]
TABLES = (
    "cooperative", "union_member", "annual_result", "household", "membership", "enterprise",
    "deal", "asset_trade", "weak_village",
)  # fmt: skip
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@dataclass
class Books:
    """Rows by table, as they are stored; places are codes without the city's."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    places: dict[uuid.UUID, str] = field(default_factory=dict)

    def place(self, tenant: int, place: str) -> uuid.UUID:
        """The id of an organization."""
        found = derived_uuid("Organization", tenant, code(tenant, place))
        self.places[found] = place
        return found

    def add(self, table: str, **values: Any) -> Row:
        """A row more, with an id of its own."""
        self.rows[table].append(values)
        return values


async def store(url: str, books: Books) -> None:
    """Put the rows into the database instead of what is there."""
    async with owner_of(url) as connection:
        await connection.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        people = {row["head_id"]: row["tenant_id"] for row in books.rows["household"]}
        await connection.executemany(
            "INSERT INTO person (tenant_id, id, data_kind, created_at) VALUES ($1, $2, 'REAL', $3)"
            " ON CONFLICT DO NOTHING",
            [(tenant, person, NOW) for person, tenant in people.items()],
        )
        for table, rows in books.rows.items():
            if rows:
                names = [*rows[0]]
                marks = ", ".join(f"${at}" for at in range(1, len(names) + 1))
                statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
                await connection.executemany(statement, [tuple(row.values()) for row in rows])


def by_chance(chances: random.Random) -> Books:
    """Books of all cities; some have none."""
    books = Books()
    for tenant in CITY_IDS:
        if chances.random() < 0.85:
            _fill(books, tenant, chances)
    return books


def _fill(books: Books, tenant: int, chances: random.Random) -> None:
    def id_() -> uuid.UUID:
        return uuid.UUID(int=chances.getrandbits(128), version=4)

    def kind() -> str:
        return chances.choice(["REAL", "REPORTED", "GENERATED"])

    def place() -> uuid.UUID:
        return books.place(tenant, chances.choice([*PLACES]))

    def money() -> Decimal | None:
        return chances.choice([None, Decimal(chances.randrange(10**6)) / 100])

    def day(first: int = -400, last: int = 100) -> datetime.date:
        return TODAY + datetime.timedelta(days=chances.randint(first, last))

    def later() -> datetime.date | None:
        return chances.choice([None, None, day(101, 200), day(-300, 0), TODAY])

    households = [
        books.add(
            "household", tenant_id=tenant, id=id_(), organization_id=place(), head_id=id_(),
            people=chances.choice([None, 1, 2, 5]), created_at=NOW, data_kind=kind(),
        )
        for _ in range(chances.randint(0, 6))
    ]  # fmt: skip
    enterprise = books.add(
        "enterprise", tenant_id=tenant, id=id_(), code="E1", name="企业", organization_id=place(),
        joined_on=chances.choice([None, TODAY, day(1, 9)]),
        left_on=chances.choice([None, day(101, 200)]), data_kind=kind(),
    )  # fmt: skip
    for at in range(chances.randint(0, 5)):
        cooperative = books.add(
            "cooperative", tenant_id=tenant, id=id_(), code=f"C{at}", name=f"第{at}社",
            kind=chances.choice(["COOPERATIVE", "COOPERATIVE", "VILLAGE_ENTERPRISE", "UNION"]),
            industry=chances.choice([*INDUSTRIES, "gone"]), products=[], leader_id=place(),
            village_id=chances.choice([None, place()]),
            dissolved_on=chances.choice([None, None, None, TODAY, day(1, 9)]), revision=1,
            data_kind=kind(), assumed=False,
        )  # fmt: skip
        own = {"tenant_id": tenant, "cooperative_id": cooperative["id"]}
        for household in chances.sample(households, chances.randint(0, len(households))):
            for _ in range(chances.choice([1, 1, 2])):
                since = day(-800, -500) if chances.random() < 0.9 else day(1, 9)
                books.add(
                    "membership", **own, id=id_(), household_id=household["id"], since=since,
                    until=later() if since < TODAY else None, data_kind=kind(),
                )  # fmt: skip
        for year in chances.sample(range(2021, 2026), chances.randint(0, 3)):
            for revision in range(1, chances.choice([1, 1, 3]) + 1):
                books.add(
                    "annual_result", **own, id=id_(), year=year, revision=revision,
                    revenue=money(), collective_income=money(), online_sales=money(), sales="[]",
                    mean_household_gain=money(), households=chances.choice([None, 0, 7, 40]),
                    people=chances.choice([None, 9]), jobs=chances.choice([None, 3]),
                    approximate=False, recorded_at=NOW, superseded_at=NOW, data_kind=kind(),
                )  # fmt: skip
            books.rows["annual_result"][-1]["superseded_at"] = None
        for _ in range(chances.randint(0, 3)):
            states = ["PROPOSED", "INTENDED", "CONTRACTED", "DELIVERED", "SETTLED", "FAILED"]
            books.add(
                "deal", **own, id=id_(), enterprise_id=enterprise["id"], product="参",
                amount=money(), collective_income=money(), household_income=money(),
                state=chances.choice(states), proposed_at=NOW, changed_at=NOW, revision=1,
                data_kind=kind(),
            )  # fmt: skip
    _unite(books, tenant, chances)
    for _ in range(chances.randint(0, 3)):
        books.add(
            "asset_trade", tenant_id=tenant, id=id_(), organization_id=place(), asset="机动地",
            reserve_price=money(), deal_price=money(), traded_on=TODAY, data_kind=kind(),
        )  # fmt: skip
    for listed_on in (day(-900, -800), day(-700, -600), day(-500, -400)):
        if chances.random() < 0.5:
            books.add(
                "weak_village", tenant_id=tenant, id=id_(), organization_id=place(),
                listed_on=listed_on, cleared_on=chances.choice([None, TODAY, day(1, 9)]),
                support=money(), data_kind=kind(),
            )  # fmt: skip


def _unite(books: Books, tenant: int, chances: random.Random) -> None:
    """C0 is united with some of the others, or was."""
    own = [row for row in books.rows["cooperative"] if row["tenant_id"] == tenant]
    for member in own[1:]:
        if chances.random() < 0.5:
            until = chances.choice([None, TODAY])
            books.add(
                "union_member", tenant_id=tenant, union_id=own[0]["id"], member_id=member["id"],
                since=datetime.date(2020, 1, 1), until=until,
            )  # fmt: skip


# the recount


@dataclass(frozen=True)
class Asked:
    """A question: of which cities (below which place of the one), by what, filtered how."""

    tenants: tuple[int, ...] = CITY_IDS
    under: str = ""
    by: tuple[str, ...] = ()
    year: int | None = None
    kind: str | None = None
    industry: str | None = None
    leader: str | None = None
    village: str | None = None
    union: bool = False
    dissolved: bool = False

    @property
    def is_narrowed(self) -> bool:
        """Whether cooperatives are left out."""
        return any((self.kind, self.industry, self.leader, self.village, self.union))


def _is_in(place: str | None, under: str | None) -> bool:
    """Whether a place is at another, or below it; "" is the city."""
    return place is not None and (not under or place == under or PLACES.get(place) == under)


def _holds(row: Row, since: str, until: str) -> bool:
    begins = row.get(since) is None or row[since] <= TODAY
    return begins and (row[until] is None or row[until] > TODAY)


class Recount:
    """The answer to a question, from all rows, one after another."""

    def __init__(self, books: Books, asked: Asked) -> None:
        self.books, self.asked = books, asked
        self.cooperatives = [row for row in books.rows["cooperative"] if self._is_counted(row)]
        self.ids = {row["id"] for row in self.cooperatives}
        years = [row["year"] for row in self._of_cooperatives("annual_result", self._stands)]
        self.year = asked.year or max(years, default=None)

    def answer(self) -> Row:
        """As the API gives it, all fields."""
        groups: dict[tuple[Any, ...], list[Row]] = {}
        if not {"KIND", "INDUSTRY"} & {*self.asked.by}:
            keys = self.asked.tenants if "CITY" in self.asked.by else (None,)
            groups = {(key, None, None): [] for key in keys}
        for row in self.cooperatives:
            groups.setdefault(self._key(row), []).append(row)
        unrecorded = [(tenant, _lacking([tenant])) for tenant in self.asked.tenants]
        everything: set[str] = set()
        total = self._measures(self.cooperatives, self.asked.tenants, True, everything)
        return {
            "rows": [self._row(key, groups[key]) for key in sorted(groups, key=_order)],
            "total": total,
            "year": self.year,
            "notRecorded": [
                {"city": {"code": str(tenant)}, "measures": measures}
                for tenant, measures in unrecorded
                if measures
            ],
            "dataKinds": [k for k in ("REAL", "REPORTED", "GENERATED") if k in everything],
            "generated": "GENERATED" in everything,
        }

    def _is_counted(self, row: Row) -> bool:
        asked, places = self.asked, self.books.places
        leader, village = places[row["leader_id"]], places.get(row["village_id"])
        unions = {
            (one["tenant_id"], one["member_id"])
            for one in self.books.rows["union_member"]
            if _holds(one, "since", "until")
        }
        return (
            row["tenant_id"] in asked.tenants
            and (asked.dissolved or row["dissolved_on"] is None or row["dissolved_on"] > TODAY)
            and (_is_in(leader, asked.under) or _is_in(village, asked.under))
            and asked.kind in (None, row["kind"])
            and asked.industry in (None, row["industry"])
            and (asked.leader is None or _is_in(leader, asked.leader))
            and (asked.village is None or _is_in(village, asked.village))
            and (not asked.union or (row["tenant_id"], row["id"]) in unions)
        )

    def _key(self, row: Row) -> tuple[Any, ...]:
        names = {"CITY": "tenant_id", "KIND": "kind", "INDUSTRY": "industry"}
        return tuple(row[names[part]] if part in self.asked.by else None for part in names)

    def _row(self, key: tuple[Any, ...], rows: list[Row]) -> Row:
        tenant, kind, industry = key
        if {"KIND", "INDUSTRY"} & {*self.asked.by}:
            cities = sorted({row["tenant_id"] for row in rows})
        else:
            cities = [tenant] if tenant else [*self.asked.tenants]
        word = industry and {"key": industry, "name": INDUSTRIES.get(industry, industry)}
        is_whole = kind is None and industry is None
        return {
            "city": tenant and {"code": str(tenant)},
            "kind": kind,
            "industry": word,
            "measures": self._measures(rows, cities, is_whole, set()),
            "notRecorded": _lacking(cities),
        }

    def _measures(
        self, rows: list[Row], cities: Iterable[int], whole: bool, kinds: set[str]
    ) -> Row:
        """All fields; `kinds` is told the kinds of data that were counted."""
        ids = {row["id"] for row in rows}

        def of(
            table: str, measure: CooperativeMeasure, holds: Callable[[Row], bool]
        ) -> list[Row] | None:
            """Rows of cooperatives in cities that record the measure; None where none does."""
            recording = [city for city in cities if measure in RECORDS[city]]
            found = [
                row for row in self._of_cooperatives(table, holds) if row["cooperative_id"] in ids
            ]
            kinds.update(row["data_kind"] for row in found)
            if not recording:
                return None
            return [row for row in found if row["tenant_id"] in recording]

        kinds.update(row["data_kind"] for row in rows)
        current: Callable[[Row], bool] = lambda row: _holds(row, "since", "until")  # noqa: E731
        in_year: Callable[[Row], bool] = lambda row: self._stands(row) and row["year"] == self.year  # noqa: E731
        going: Callable[[Row], bool] = lambda row: row["state"] != "FAILED"  # noqa: E731
        result = {
            name: _total(of("annual_result", measure, in_year), column)
            for name, measure, column in (
                ("revenue", M.REVENUE, "revenue"),
                ("collectiveIncome", M.COLLECTIVE_INCOME, "collective_income"),
                ("onlineSales", M.ONLINE_SALES, "online_sales"),
                ("jobs", M.JOBS, "jobs"),
                ("householdsReached", M.HOUSEHOLDS, "households"),
                ("peopleReached", M.PEOPLE, "people"),
            )
        }
        gains = of("annual_result", M.HOUSEHOLD_GAIN, in_year)
        deals = of("deal", M.DEALS, going)
        return {
            "cooperatives": len(rows),
            "households": _number(_once(of("membership", M.HOUSEHOLDS, current))),
            "people": self._people(_once(of("membership", M.PEOPLE, current))),
            **result,
            "meanHouseholdGain": _mean(gains),
            "resultHouseholds": None if gains is None else sum(h for _, h in _weights(gains)),
            "deals": _number(deals),
            "intendedDeals": _number(_in(deals, "INTENDED", "CONTRACTED", "DELIVERED", "SETTLED")),
            "settledDeals": _number(_in(deals, "SETTLED")),
            "dealAmount": _total(_in(deals, "CONTRACTED", "DELIVERED", "SETTLED"), "amount"),
            "dealCollectiveIncome": _total(_in(deals, "DELIVERED", "SETTLED"), "collective_income"),
            "dealHouseholdIncome": _total(_in(deals, "DELIVERED", "SETTLED"), "household_income"),
            **self._villages(cities, whole and not self.asked.is_narrowed, kinds),
        }

    def _villages(self, cities: Iterable[int], counted: bool, kinds: set[str]) -> Row:
        """What belongs to places; nothing where it is not counted."""

        def of(table: str) -> list[Row]:
            rows = self.books.rows[table] if counted else []
            return [row for row in rows if self._is_there(row) and row["tenant_id"] in cities]

        enterprises = [row for row in of("enterprise") if _holds(row, "joined_on", "left_on")]
        recording = [city for city in cities if M.ASSET_TRADES in RECORDS[city]]
        trades = [row for row in of("asset_trade") if row["tenant_id"] in recording]
        listed = of("weak_village")
        open_ = {_at(r) for r in listed if r["cleared_on"] is None or r["cleared_on"] > TODAY}
        for row in (*enterprises, *of("asset_trade"), *listed):
            kinds.add(row["data_kind"])
        known = trades if counted and recording else None
        return {
            "assetTrades": _number(known),
            "assetAmount": _total(known, "deal_price"),
            "assetPremium": _total(_premiums(known), "premium"),
            "enterprises": len(enterprises) if counted else None,
            "weakVillages": len(open_) if counted else None,
            "weakVillagesCleared": len({_at(r) for r in listed} - open_) if counted else None,
            "supportFunds": _total(listed if counted else None, "support"),
        }

    def _is_there(self, row: Row) -> bool:
        place = self.books.places[row["organization_id"]]
        return row["tenant_id"] in self.asked.tenants and _is_in(place, self.asked.under)

    def _of_cooperatives(self, table: str, holds: Callable[[Row], bool]) -> list[Row]:
        rows = self.books.rows[table]
        return [row for row in rows if row["cooperative_id"] in self.ids and holds(row)]

    @staticmethod
    def _stands(row: Row) -> bool:
        return row["superseded_at"] is None

    def _people(self, households: set[uuid.UUID] | None) -> int | None:
        if households is None:
            return None
        members = [row for row in self.books.rows["household"] if row["id"] in households]
        known = [row["people"] for row in members if row["people"] is not None]
        return sum(known) if known else None


def _order(key: tuple[Any, ...]) -> tuple[Any, ...]:
    kinds, words = ["COOPERATIVE", "VILLAGE_ENTERPRISE", "UNION"], [*INDUSTRIES, "gone"]
    city, kind, industry = key
    return city or 0, kinds.index(kind) if kind else 0, words.index(industry) if industry else 0


def _lacking(cities: Iterable[int]) -> list[str]:
    return [item.value for item in M if any(item not in RECORDS[city] for city in cities)]


def _at(row: Row) -> tuple[int, uuid.UUID]:
    return row["tenant_id"], row["organization_id"]


def _once(rows: list[Row] | None) -> set[uuid.UUID] | None:
    return None if rows is None else {row["household_id"] for row in rows}


def _number(rows: Any) -> int | None:
    return None if rows is None else len(rows)


def _in(rows: list[Row] | None, *states: str) -> list[Row] | None:
    return None if rows is None else [row for row in rows if row["state"] in states]


def _premiums(rows: list[Row] | None) -> list[Row] | None:
    if rows is None:
        return None
    both = [row for row in rows if None not in (row["deal_price"], row["reserve_price"])]
    return [{"premium": row["deal_price"] - row["reserve_price"]} for row in both]


def _total(rows: list[Row] | None, column: str) -> Any:
    known = [row[column] for row in rows or () if row[column] is not None]
    if not known:
        return None
    found = sum(known)
    return str(found.quantize(Decimal("0.01"))) if isinstance(found, Decimal) else found


def _weights(rows: list[Row]) -> list[tuple[Decimal, int]]:
    pairs = [(row["mean_household_gain"], row["households"]) for row in rows]
    return [pair for pair in pairs if None not in pair]


def _mean(rows: list[Row] | None) -> str | None:
    pairs = _weights(rows or [])
    households = sum(number for _, number in pairs)
    if not households:
        return None
    mean = sum((gain * number for gain, number in pairs), Decimal()) / households
    return str(mean.quantize(Decimal("0.01"), ROUND_HALF_UP))
