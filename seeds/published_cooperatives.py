"""Cooperatives of a city at its published scale, with their households and results.

What each of them is follows from its number alone, so that parts can be made by themselves.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from schema.access import Permission
from schema.actor import Actor
from schema.events import Event, EventKind
from schema.ids import derived_uuid
from schema.issues.placing import Place
from schema.tables.cooperative import CooperativeKind
from seeds.chance import Chance
from seeds.drawn import Drawn
from seeds.events import json_text
from seeds.ground import Ground, fen, moment, price_of, quantity_of
from seeds.people import GIVEN_NAMES, SURNAMES, Person
from seeds.published import PlannedCooperatives
from seeds.sample import Trade
from seeds.sample_cooperatives import Cooperative, founding, short
from tenants.cooperation import CooperativeMeasure as Measure
from tenants.hierarchy import Rung

_EVERY_ENTERPRISE = 4
"""Every so many-th is an enterprise of its village, where documents count both."""


@dataclass(frozen=True)
class Named:
    """A cooperative that documents name: its id, its code, its leader, the households reached."""

    id: UUID
    code: str
    leader: Place
    households: int


@dataclass(frozen=True)
class Books:
    """A city's cooperatives as planned; `named` are those that documents name, all kinds.

    `industries` are keys of the province's words. Another `seed` makes others.
    """

    ground: Ground
    plan: PlannedCooperatives
    industries: Sequence[str]
    named: Sequence[Named]
    seed: int
    _actors: dict[Any, Actor] = field(default_factory=dict)

    @property
    def made(self) -> int:
        """How many cooperatives are generated."""
        return max(0, self.plan.count - len(self.named))

    def chance(self, *about: object) -> Chance:
        """Chance about something of this city."""
        return Chance("published", self.seed, self.ground.tenant_id, *about)

    def cooperative(self, at: int) -> Cooperative:
        """The cooperative with this number, from 0.

        Errors: `IndexError` where the city has no villages or industries.
        """
        village = self._villages[at % len(self._villages)]
        number = at // len(self._villages) + 1
        key, trade = self._trades[at % len(self._trades)]
        return self._cooperative(at, village, number, key, trade)

    def households(self) -> list[int]:
        """How many households each has as members: first those that are made, then the named."""
        total, most = self.plan.member_households, self.plan.households
        chance = self.chance("households")
        if total is None:
            count = self.made if self._records(Measure.HOUSEHOLDS) else 0
            return [5 + chance.number((most or 5) - 4) for _ in range(count)]
        stated = [item.households for item in self.named]
        weights = [1 + chance.share() for _ in range(self.made)]
        return [*spread(max(0, total - sum(stated)), weights), *stated]

    def actor(self, place: Place) -> Actor:
        """Who acts for a place: all were in office before anything that is told here."""
        found = self._actors.get(place.id)
        if found is None:
            permission = Permission.MANAGE_COOPERATIVES
            found = self.ground.actor(place, permission, self.ground.today)
            self._actors[place.id] = found
        return found

    def _records(self, measure: Measure) -> bool:
        return self.ground.definition.cooperation.records(measure)

    @cached_property
    def _villages(self) -> Sequence[Place]:
        villages = list(self.ground.at(Rung.VILLAGE))
        chance = self.chance("villages")
        return sorted(villages, key=lambda place: (chance.share(), place.code))

    @cached_property
    def _trades(self) -> Sequence[tuple[str, Trade]]:
        return self.ground.trades(self.industries)

    def _cooperative(
        self, at: int, village: Place, number: int, key: str, trade: Trade
    ) -> Cooperative:
        code = f"{village.code}-GB{number}"
        chance = self.chance("cooperative", code)
        is_enterprise = at % _EVERY_ENTERPRISE == _EVERY_ENTERPRISE - 1
        form = "有限公司" if is_enterprise else "专业合作社"
        which = f"第{number}" if number > 1 else ""
        kind = CooperativeKind.VILLAGE_ENTERPRISE if is_enterprise else CooperativeKind.COOPERATIVE
        first = datetime.date(self.plan.since, 1, 1)
        return Cooperative(
            derived_uuid("Cooperative", self.ground.tenant_id, code),
            code,
            f"{short(village.name)}{chance.pick(self.ground.sample.invented)}{which}{trade.word}{form}",
            kind,
            village,
            village,
            key,
            tuple(trade.products[: 1 + chance.number(len(trade.products))]),
            first - datetime.timedelta(30 + chance.number(2000)),
            first - datetime.timedelta(1 + chance.number(28)),
        )


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers as the weights say, that add up to `total`."""
    whole = sum(weights) or 1
    found, given, reached = [], 0, 0.0
    for at, weight in enumerate(weights):
        reached += weight
        upto = total if at == len(weights) - 1 else int(total * reached / whole)
        found.append(upto - given)
        given = upto
    return found


def draw_cooperatives(books: Books, numbers: range) -> Drawn:
    """The cooperatives with these numbers, with their households and results.

    Numbers from `books.made` on are those of the named ones, of which only households are made.
    """
    drawn = Drawn(books.ground.tenant_id)
    households, amounts = books.households(), _amounts(books)
    for at in numbers:
        members = households[at] if at < len(households) else 0
        if at >= books.made:
            named = books.named[at - books.made]
            since = datetime.date(books.plan.since, 1, 10)
            _households(books, drawn, (named.id, named.code, named.leader, since), members)
            continue
        item = books.cooperative(at)
        _found(books, item, drawn)
        _households(books, drawn, (item.id, item.code, item.place, item.entered), members)
        for year in range(books.plan.since, books.ground.today.year):
            own = {name: values[at] for name, values in amounts.items()}
            _result(books, item, drawn, year, members, own)
    return drawn


def _amounts(books: Books) -> Mapping[str, list[int]]:
    """What is stated for all of them together, each one's part."""
    chance = books.chance("amounts")
    weights = [1 + 2 * chance.share() for _ in range(books.made)]
    plan, found = books.plan, {}
    if plan.people is not None:
        found["people"] = spread(plan.people, weights)
    if plan.online_sales is not None:
        found["online_sales"] = spread(int(plan.online_sales), weights)
    return found


def _found(books: Books, item: Cooperative, drawn: Drawn) -> None:
    about = founding(item, item.place, drawn)
    at = moment(item.entered, books.chance("founded", item.code))
    _tell(books, drawn, item.id, item.place, at, EventKind.COOPERATIVE_FOUNDED, about)


def _households(
    books: Books, drawn: Drawn, of: tuple[UUID, str, Place, datetime.date], count: int
) -> None:
    """So many households that are members since a day."""
    cooperative, code, place, entered = of
    chance = books.chance("members", code)
    tenant_id, addresses = books.ground.tenant_id, books.ground.sample.addresses
    counts_people = books.ground.definition.cooperation.records(Measure.PEOPLE)
    weights = [1 + chance.share() for _ in range(count)]
    shares = [Decimal(part) / 100 for part in spread(8000, weights)]
    for number in range(1, count + 1):
        own = f"{code}/{number}"
        since = entered + datetime.timedelta(1 + chance.number(20))
        at = moment(since, chance)
        name = chance.pick(SURNAMES) + chance.pick(GIVEN_NAMES)
        head = Person(derived_uuid("Person", tenant_id, f"{own}/head"), name, None)
        household, membership = derived_uuid("Household", tenant_id, own), chance.uuid7(at)
        drawn.people.append(head)
        drawn.add(
            "household",
            id=household,
            organization_id=place.id,
            head_id=head.id,
            address=chance.pick(addresses).format(n=1 + chance.number(90)),
            people=1 + chance.number(6) if counts_people else None,
            created_at=at,
        )
        drawn.add(
            "membership",
            id=membership,
            cooperative_id=cooperative,
            household_id=household,
            since=since,
            land=fen(round(chance.between(1, 15), 1)) if chance.is_one_of(0.8) else None,
            capital=500 * (1 + chance.number(20)) if chance.is_one_of(0.6) else None,
            share=shares[number - 1],
        )
        about = {
            "membership": str(membership),
            "household": str(household),
            "person": str(head.id),
            "since": str(since),
        }
        kind = EventKind.COOPERATIVE_HOUSEHOLD_ENROLLED
        _tell(books, drawn, cooperative, place, at, kind, about)


def _result(
    books: Books, item: Cooperative, drawn: Drawn, year: int, members: int, own: Mapping[str, int]
) -> None:
    """What a year brought; what all brought together is stated for the last one, less before."""
    chance = books.chance("result", item.code, year)
    at = moment(datetime.date(year + 1, 1, 8) + datetime.timedelta(chance.number(40)), chance)
    if at.date() >= books.ground.today:
        at = moment(books.ground.day(1), chance)
    before = books.ground.today.year - 1 - year
    stated = {name: int(amount * 0.9**before) for name, amount in own.items()}
    row = drawn.add(
        "annual_result",
        id=chance.uuid7(at),
        cooperative_id=item.id,
        year=year,
        revision=1,
        approximate=False,
        recorded_at=at,
        **_values(books, item, chance, members, stated),
    )
    about = {"code": item.code, "result": str(row["id"]), "year": year, "revision": 1}
    kind = EventKind.COOPERATIVE_RESULT_RECORDED
    _tell(books, drawn, item.id, item.place, at, kind, about)


def _values(
    books: Books, item: Cooperative, chance: Chance, members: int, stated: Mapping[str, int]
) -> dict[str, Any]:
    """What is recorded, by the measures that the city records."""
    worth = sum(price_of(p, chance) * quantity_of(p, chance) for p in item.products)
    online = stated.get("online_sales", int(float(worth) * chance.between(0.05, 0.4)))
    revenue = fen(float(worth) + online)
    found: dict[Measure, tuple[str, Any]] = {
        Measure.REVENUE: ("revenue", revenue),
        Measure.COLLECTIVE_INCOME: ("collective_income", fen(float(revenue) * 0.08)),
        Measure.ONLINE_SALES: ("online_sales", Decimal(online)),
        Measure.HOUSEHOLD_GAIN: ("mean_household_gain", 100 * (12 + chance.number(80))),
        Measure.HOUSEHOLDS: ("households", members),
        Measure.PEOPLE: ("people", stated.get("people", 20 + chance.number(100))),
        Measure.JOBS: ("jobs", 2 + chance.number(30)),
    }
    records = books.ground.definition.cooperation.records
    own = dict(value for measure, value in found.items() if records(measure))
    sales = list(_sales(books, item, online, chance)) if records(Measure.ONLINE_SALES) else []
    return {**own, "sales": json_text(sales)}


def _sales(
    books: Books, item: Cooperative, online: int, chance: Chance
) -> Iterator[dict[str, str]]:
    """Channels with a product and what it brought."""
    parts = spread(online, [1.0] * len(item.products))
    for product, amount in zip(item.products, parts, strict=True):
        channel = chance.pick(books.ground.sample.channels)
        yield {"channel": channel, "product": product.name, "amount": f"{amount:.2f}"}


def _tell(
    books: Books, drawn: Drawn, cooperative: UUID, place: Place, at: datetime.datetime,
    kind: EventKind, about: dict[str, Any],
) -> None:  # fmt: skip
    drawn.tell(at, books.actor(place), Event(kind, place.id, about, cooperative_id=cooperative))
