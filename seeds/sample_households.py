"""The households of sample cooperatives, headed by invented people without a phone.

None where the city's file says that it does not record households.
"""

import datetime

from schema.events import EventKind
from schema.ids import derived_uuid
from seeds.chance import Chance
from seeds.drawn import Drawn
from seeds.ground import Ground, fen, moment
from seeds.people import GIVEN_NAMES, SURNAMES, Person
from seeds.sample_cooperatives import Cooperative, tell
from tenants.cooperation import CooperativeMeasure as Measure

HOUSEHOLDS = (5, 20)
"""Of a cooperative."""


def draw_households(ground: Ground, item: Cooperative, drawn: Drawn) -> int:
    """Let households join; how many are members now."""
    if not ground.definition.cooperation.records(Measure.HOUSEHOLDS):
        return 0
    chance = Chance("households", ground.tenant_id, item.code)
    low, high = HOUSEHOLDS
    count = low + chance.number(high - low + 1)
    return sum(_household(ground, item, drawn, number, count) for number in range(1, count + 1))


def _household(ground: Ground, item: Cooperative, drawn: Drawn, number: int, count: int) -> bool:
    """One household of `count`; whether it is a member still."""
    tenant_id, code = ground.tenant_id, f"{item.code}/{number}"
    chance = Chance("household", tenant_id, code)
    entered = moment(item.entered + datetime.timedelta(1), chance)
    head = Person(
        derived_uuid("Person", tenant_id, f"{code}/head"),
        chance.pick(SURNAMES) + chance.pick(GIVEN_NAMES),
        None,
    )
    drawn.people.append(head)
    household = drawn.add(
        "household",
        id=derived_uuid("Household", tenant_id, code),
        organization_id=item.place.id,
        head_id=head.id,
        address=chance.pick(ground.sample.addresses).format(n=1 + chance.number(90)),
        people=_people(ground, chance),
        created_at=entered,
    )
    since = item.founded + (item.entered - item.founded) * chance.share()
    leaves = chance.is_one_of(0.1)
    until = item.entered + datetime.timedelta(2 + chance.number(100)) if leaves else None
    membership = drawn.add(
        "membership",
        id=chance.uuid7(entered),
        cooperative_id=item.id,
        household_id=household["id"],
        since=since,
        until=until,
        land=fen(round(chance.between(1, 15), 1)) if chance.is_one_of(0.8) else None,
        capital=500 * (1 + chance.number(20)) if chance.is_one_of(0.6) else None,
        share=fen(chance.between(40, 90) / count),
    )
    about = {
        "membership": str(membership["id"]),
        "household": str(household["id"]),
        "person": str(head.id),
        "since": str(since),
    }
    tell(ground, item, drawn, entered, EventKind.COOPERATIVE_HOUSEHOLD_ENROLLED, about)
    if until is not None:
        left = {name: about[name] for name in ("membership", "household", "person")}
        at, kind = moment(until, chance), EventKind.COOPERATIVE_HOUSEHOLD_LEFT
        tell(ground, item, drawn, at, kind, left | {"until": str(until)})
    return until is None


def _people(ground: Ground, chance: Chance) -> int | None:
    if not ground.definition.cooperation.records(Measure.PEOPLE):
        return None
    return 1 + chance.number(6)
