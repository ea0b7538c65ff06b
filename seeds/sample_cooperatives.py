"""Sample cooperatives of a city: plainly invented, led by real villages, flagged GENERATED."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schema.access import Permission
from schema.events import Event, EventKind
from schema.ids import derived_uuid
from schema.issues.placing import Place
from schema.tables.cooperative import CooperativeKind
from seeds.chance import Chance
from seeds.drawn import Drawn
from seeds.ground import Ground, moment
from seeds.sample import Product, Trade
from tenants.hierarchy import Rung

FEWEST, MOST = 6, 12
"""Cooperatives of a city, with the union among them."""
MEMBERS = 3
"""Cooperatives of a union."""
_EVERY_ENTERPRISE = 4
"""Every so many-th is an enterprise of its village."""


@dataclass(frozen=True)
class Cooperative:
    """A sample cooperative; `entered` is the day on which it was entered in the books."""

    id: UUID
    code: str
    name: str
    kind: CooperativeKind
    place: Place
    village: Place | None
    industry: str
    products: tuple[Product, ...]
    founded: datetime.date
    entered: datetime.date


def draw_cooperatives(ground: Ground, industries: Sequence[str], drawn: Drawn) -> list[Cooperative]:
    """Cooperatives, and at last a union of some; `industries` are keys of the province's words.

    None where the city has no villages.
    """
    chance = Chance("cooperatives", ground.tenant_id)
    trades = ground.trades(industries)
    villages = ground.picked(Rung.VILLAGE, FEWEST + chance.number(MOST - FEWEST + 1) - 1, chance)
    if not trades:
        return []
    offset = chance.number(len(trades))
    found = [
        _cooperative(ground, village, at, trades[(offset + at) % len(trades)])
        for at, village in enumerate(villages)
    ]
    for item in found:
        _found(ground, item, drawn)
    return found + list(_unite(ground, found[:MEMBERS], drawn))


def _cooperative(ground: Ground, village: Place, at: int, trade: tuple[str, Trade]) -> Cooperative:
    key, words = trade
    code = f"{village.code}-SL1"
    chance = Chance("cooperative", ground.tenant_id, code)
    is_enterprise = at % _EVERY_ENTERPRISE == _EVERY_ENTERPRISE - 1
    kind = CooperativeKind.VILLAGE_ENTERPRISE if is_enterprise else CooperativeKind.COOPERATIVE
    form = "有限公司" if is_enterprise else "专业合作社"
    return Cooperative(
        derived_uuid("Cooperative", ground.tenant_id, code),
        code,
        f"{short(village.name)}{chance.pick(ground.sample.invented)}{words.word}{form}",
        kind,
        village,
        village,
        key,
        tuple(words.products[: 1 + chance.number(len(words.products))]),
        ground.day(500 + chance.number(3000)),
        ground.day(150 + chance.number(100)),
    )


def short(name: str) -> str:
    """The name of a village or a city without what says which it is."""
    for end in ("村民委员会", "村委会", "市"):
        if name.endswith(end) and len(name) > len(end):
            return name.removesuffix(end) + ("" if end == "市" else "村")
    return name


def _found(ground: Ground, item: Cooperative, drawn: Drawn) -> None:
    chance = Chance("founded", ground.tenant_id, item.code)
    about = founding(item, item.village, drawn)
    tell(ground, item, drawn, moment(item.entered, chance), EventKind.COOPERATIVE_FOUNDED, about)


def founding(item: Cooperative, village: Place | None, drawn: Drawn) -> dict[str, Any]:
    """Add the row of a cooperative; gives what its event says of it."""
    drawn.add(
        "cooperative",
        id=item.id,
        code=item.code,
        name=item.name,
        kind=item.kind.value,
        industry=item.industry,
        products=[product.name for product in item.products],
        leader_id=item.place.id,
        village_id=None if village is None else village.id,
        founded_on=item.founded,
        revision=1,
        assumed=False,
    )
    return {
        "code": item.code,
        "name": item.name,
        "kind": item.kind.value,
        "industry": item.industry,
        "on": str(item.founded),
    }


def tell(
    ground: Ground,
    item: Cooperative,
    drawn: Drawn,
    at: datetime.datetime,
    kind: EventKind,
    about: dict[str, Any],
) -> None:
    """Add an event of a cooperative, done by who acts for it at that moment."""
    actor = ground.actor(item.place, Permission.MANAGE_COOPERATIVES, at.date())
    drawn.tell(at, actor, Event(kind, item.place.id, about, cooperative_id=item.id))


def _unite(ground: Ground, members: Sequence[Cooperative], drawn: Drawn) -> Iterator[Cooperative]:
    """A union, led by what stands above its first member; none where nothing does."""
    above = ground.scene.placed(members[0].place).above if members else ()
    if not above:
        return
    place, first = above[0], members[0]
    code = f"{place.code}-SL1"
    chance = Chance("union", ground.tenant_id, code)
    founded = max(item.founded for item in members)
    union = Cooperative(
        derived_uuid("Cooperative", ground.tenant_id, code),
        code,
        f"{place.name}{chance.pick(ground.sample.invented)}产业联合社",
        CooperativeKind.UNION,
        place,
        None,
        first.industry,
        tuple(product for item in members for product in item.products[:1]),
        founded,
        max(item.entered for item in members) + datetime.timedelta(1),
    )
    _found(ground, union, drawn)
    for member in members:
        _join(ground, union, member, drawn)
    yield union


def _join(ground: Ground, union: Cooperative, member: Cooperative, drawn: Drawn) -> None:
    drawn.add("union_member", union_id=union.id, member_id=member.id, since=union.founded)
    chance = Chance("joined", ground.tenant_id, union.code, member.code)
    at = moment(union.entered + datetime.timedelta(1), chance)
    about = {"union": str(union.id), "member": str(member.id), "on": str(union.founded)}
    for side in (member, union):
        kind = EventKind.COOPERATIVE_JOINED_UNION
        tell(ground, side, drawn, at, kind, {"code": side.code, **about})
