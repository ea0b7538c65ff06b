"""The people of a city at its published scale: plainly invented, as many as documents count.

Names and chance are those of sample people (`seeds/people.py`); everybody holds one post. Nobody
holds a post of a city, district or county here either.
"""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schema.ids import derived_uuid
from seeds.chance import Chance
from seeds.organizations import Organization, Tree
from seeds.people import COMMON, GIVEN_NAMES, OFFICES, PHONES, PUBLIC, SURNAMES, Person, Post, Staff
from tenants.hierarchy import Rung
from tenants.posts import PostKind
from tenants.roles import Role

FIRST_DAY = datetime.date(2018, 1, 1)
DAYS = 1000
"""In office since one of so many days; all are before anything that is generated happens."""


@dataclass(frozen=True)
class Seats:
    """So many holders of a post: in each organization of these levels, or over all of them."""

    post: str
    at: tuple[str, ...]
    each: int | None = None
    count: int | None = None


def staff_of(tree: Tree, seats: Sequence[Seats], seed: int = 1) -> Staff:
    """The people of a city: the seats that are counted, and one holder of every other post.

    Another `seed` gives them other names.

    A post without a role has no holders but counted ones; one whose level has a staffing standard
    has as many as that requires.
    """
    counted = {item.post for item in seats}
    staff = Staff()
    current = [item for item in tree.by_code.values() if item.valid_to is None]
    for organization in current:
        for kind in tree.definition.posts.values():
            if kind.key not in counted:
                count = _usual(tree, organization, kind)
                _appoint(tree, staff, organization, kind, count, seed)
    for item in seats:
        own = [organization for organization in current if organization.level in item.at]
        kind = tree.definition.posts[item.post]
        for organization, count in zip(own, _spread(item, len(own)), strict=True):
            _appoint(tree, staff, organization, kind, count, seed)
    return staff


def _usual(tree: Tree, organization: Organization, kind: PostKind) -> int:
    level = tree.hierarchy[organization.level]
    if level.rung in PUBLIC or kind.role is None:
        return 0
    required = {rule.post: rule.required for rule in level.staffing}
    is_common = not kind.levels and level.rung in COMMON
    return required.get(kind.key, int(is_common or level.key in kind.levels))


def _spread(item: Seats, organizations: int) -> Iterator[int]:
    """How many each organization has; what does not divide is spaced out evenly."""
    for at in range(organizations):
        if item.each is not None:
            yield item.each
        else:
            count = item.count or 0
            yield (at + 1) * count // organizations - at * count // organizations


def _appoint(
    tree: Tree, staff: Staff, organization: Organization, kind: PostKind, count: int, seed: int
) -> None:
    tenant_id = tree.definition.tenant_id
    for seat in range(1, count + 1):
        code = f"{organization.code}/{kind.key}/{seat}"
        chance = Chance("staff", seed, tenant_id, code)
        name = chance.pick(SURNAMES) + chance.pick(GIVEN_NAMES)
        has_phone = kind.role is Role.SECRETARY and _rung(tree, organization) in OFFICES
        phone = f"+8624{PHONES[3:]}{chance.number(1_000_000):06}" if has_phone else None
        person = Person(derived_uuid("Person", tenant_id, code), name, phone)
        since = FIRST_DAY + datetime.timedelta(chance.number(DAYS))
        staff.people.append(person)
        staff.posts.append(
            Post(
                derived_uuid("Post", tenant_id, code),
                person.id,
                tree.id(organization.code),
                kind.key,
                max(since, organization.valid_from or since),
            )
        )


def _rung(tree: Tree, organization: Organization) -> Rung | None:
    return tree.hierarchy[organization.level].rung
