"""Sample people with posts: plainly invented, the same on every machine, flagged GENERATED.

They are for `make run`, so that staffing, gaps, posts and masks have something to show. Only a few
streets and townships of a city have any, and not every post there is held: the gaps are meant.
Nobody holds a post of a city, district or county, because whoever does so really is known by name.

Chance is a hash of what it decides about, so neither a version of Python nor the order in which
things are made changes anything, and what is added leaves the rest as it is.

Names: a common surname and a word for "sample" or "made up", which is no given name; 李示例 is
masked as 李**.

Phone numbers: China reserves none for invented people, and every mobile number that libphonenumber
takes can be somebody's. Local numbers of landlines begin with 2 to 8 (1 and 9 lead to services, 0
out of the area), but libphonenumber takes 9 too; so 024-99 and six digits passes every check here
and reaches nobody. An office has a landline: secretaries have such a number, the others none.
"""

import datetime
import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from schema.ids import derived_uuid
from schema.keyring import Keyring, sealing_context
from schema.personal import PersonalClass, mask
from schema.phones import Phone, parse_phone
from seeds.organizations import Organization, Tree
from tenants.definition import DataKind
from tenants.hierarchy import Rung
from tenants.posts import PostKind
from tenants.roles import Role

# another number makes other people everywhere
SEED = 1

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN_NAMES = (
    "示例",
    "样本",
    "样例",
    "范例",
    "演示",
    "模拟",
    "虚构",
    "虚拟",
    "假名",
    "化名",
    "测试",
    "试用",
)
PHONES = "02499"
"""What every sample number begins with; six digits follow."""

# of each city: its streets and townships that have people, organizations of one level in each of
# them, and holders of one post in one organization
AREAS = 4
ORGANIZATIONS = 40
SEATS = 10

FIRST_DAY = datetime.date(2021, 1, 1)
DAYS = 1800

OFFICES = (Rung.STREET, Rung.TOWNSHIP)
# where a post that names no level is held
COMMON = (*OFFICES, Rung.COMMUNITY, Rung.VILLAGE)
PUBLIC = (Rung.PROVINCE, Rung.CITY, Rung.COUNTY)


@dataclass(frozen=True)
class Person:
    """A sample person before it becomes a row; `phone` in E.164."""

    id: uuid.UUID
    name: str
    phone: str | None


@dataclass(frozen=True)
class Post:
    """A post that a sample person holds from a day on."""

    id: uuid.UUID
    person_id: uuid.UUID
    organization_id: uuid.UUID
    kind: str
    valid_from: datetime.date


@dataclass
class Staff:
    """The sample people of one tenant, and their posts; everybody holds one or more."""

    people: list[Person] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def within(self, organizations: Iterable[uuid.UUID]) -> "Staff":
        """Those who hold posts in these organizations, with the posts there."""
        known = set(organizations)
        posts = [post for post in self.posts if post.organization_id in known]
        holders = {post.person_id for post in posts}
        return Staff([person for person in self.people if person.id in holders], posts)


def sample_staff(tree: Tree) -> Staff:
    """The sample people of a city, by its kinds of posts and its staffing rules."""
    staff = Staff()
    for organization in _staffed(tree):
        first: Person | None = None
        for kind, seat in _seats(tree, organization):
            person = _holder(tree, organization, kind, seat, first)
            if person is None:
                continue
            if person is not first:
                staff.people.append(person)
            first = first or person
            staff.posts.append(_post(tree, organization, kind, seat, person))
    return staff


def _staffed(tree: Tree) -> Iterator[Organization]:
    """The organizations of a few areas, of each level only so many."""
    areas = [area.path for area in _areas(tree)]
    seen: Counter[tuple[str, str]] = Counter()
    for organization in tree.by_code.values():
        area = next((path for path in areas if organization.path.startswith(path)), None)
        if area is None or organization.valid_to is not None:
            continue
        seen[area, organization.level] += 1
        if seen[area, organization.level] <= ORGANIZATIONS:
            yield organization


def _areas(tree: Tree) -> list[Organization]:
    """The areas that the tenant's file speaks of, then those with the most different posts.

    They are streets and townships, or in a tree without them what stands at its top; of equals
    the first by path.
    """
    current = [item for item in tree.by_code.values() if item.valid_to is None]
    areas = {item.code: item for item in current if _rung(tree, item) in OFFICES}
    areas = areas or {item.code: item for item in current if item.parent is None}
    kinds: dict[str, set[str]] = {code: set() for code in areas}
    for item in current:
        own = [kind.key for kind, seat in _seats(tree, item) if seat == 1]
        for code in areas.keys() & item.path.split("/"):
            kinds[code].update(own)
    named = {code for item in _named(tree) for code in item.path.split("/")}
    order = sorted(areas.values(), key=lambda a: (a.code not in named, -len(kinds[a.code]), a.path))
    return order[:AREAS]


def _named(tree: Tree) -> Iterator[Organization]:
    """The organizations that the tenant's file declares, or in which it has others made."""
    tenant = tree.definition.tenant
    within = (code for entry in tenant.generated for code in entry.under.within)
    for code in (*(item.code for item in tenant.organizations), *within):
        if code in tree.by_code:
            yield tree.by_code[code]


def _rung(tree: Tree, organization: Organization) -> Rung | None:
    return tree.hierarchy[organization.level].rung


def _seats(tree: Tree, organization: Organization) -> Iterator[tuple[PostKind, int]]:
    """Every seat that the organization could fill: the kind of post, and a number from 1."""
    level = tree.hierarchy[organization.level]
    if level.rung in PUBLIC:
        return
    required = {rule.post: rule.required for rule in level.staffing}
    for kind in tree.definition.posts.values():
        is_common = not kind.levels and level.rung in COMMON
        seats = required.get(kind.key, int(is_common or level.key in kind.levels))
        for seat in range(1, min(seats, 1 if kind.single else SEATS) + 1):
            yield kind, seat


def _holder(
    tree: Tree, organization: Organization, kind: PostKind, seat: int, first: Person | None
) -> Person | None:
    """Who has the seat: somebody new, where the post gives no role sometimes `first`, or nobody."""
    tenant_id, code = tree.definition.tenant_id, f"{organization.code}/{kind.key}/{seat}"
    if _chance(tenant_id, code, "held") >= _share(tree, organization, kind):
        return None
    is_beside = first is not None and kind.role is None and seat == 1
    if is_beside and _chance(tenant_id, code, "again") < 0.3:
        return first
    number = int(_chance(tenant_id, code, "phone") * 1_000_000)
    return Person(
        derived_uuid("Person", tenant_id, code),
        SURNAMES[int(_chance(tenant_id, code, "surname") * len(SURNAMES))]
        + GIVEN_NAMES[int(_chance(tenant_id, code, "name") * len(GIVEN_NAMES))],
        _phone(f"{PHONES}{number:06}") if kind.role is Role.SECRETARY else None,
    )


def _share(tree: Tree, organization: Organization, kind: PostKind) -> float:
    """How many of the seats of this kind are held, of 1."""
    if kind.role is Role.SECRETARY:
        return 1.0 if _rung(tree, organization) in OFFICES else 0.9
    return 0.75 if kind.levels else 0.4


def _post(
    tree: Tree, organization: Organization, kind: PostKind, seat: int, person: Person
) -> Post:
    tenant_id, code = tree.definition.tenant_id, f"{organization.code}/{kind.key}/{seat}"
    since = FIRST_DAY + datetime.timedelta(int(_chance(tenant_id, code, "since") * DAYS))
    return Post(
        derived_uuid("Post", tenant_id, code),
        person.id,
        tree.id(organization.code),
        kind.key,
        max(since, organization.valid_from or since),
    )


def _phone(text: str) -> str:
    phone = parse_phone(text)
    assert isinstance(phone, Phone)
    return phone.e164


def _chance(*about: object) -> float:
    """A number from 0 up to 1: the same for the same words, on every machine."""
    words = "/".join(map(str, (SEED, *about)))
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:6], "big") / 2**48


PERSON_ROW = (
    "tenant_id",
    "id",
    "name",
    "phone_sealed",
    "phone_key",
    "phone_masked",
    "phone_index",
    "phone_index_key",
    "data_kind",
    "created_at",
)
POST_ROW = (
    "tenant_id",
    "id",
    "person_id",
    "organization_id",
    "kind",
    "valid_from",
    "data_kind",
)


def person_rows(
    tenant_id: int, people: Iterable[Person], keyring: Keyring, now: datetime.datetime
) -> list[tuple[object, ...]]:
    """Rows of `person` with the columns of `PERSON_ROW`; phones are sealed.

    Errors: `KeyFileError`.
    """
    return [
        (
            tenant_id,
            person.id,
            person.name,
            *_phone_columns(tenant_id, person, keyring),
            DataKind.GENERATED.value,
            now,
        )
        for person in people
    ]


def _phone_columns(tenant_id: int, person: Person, keyring: Keyring) -> tuple[object, ...]:
    if person.phone is None:
        return (None,) * 5
    sealed = keyring.seal(person.phone, sealing_context(tenant_id, person.id, "phone"))
    index = keyring.index(person.phone, tenant_id)
    masked = mask(PersonalClass.PHONE, person.phone)
    return sealed.data, sealed.key_id, masked, index.data, index.key_id


def post_rows(tenant_id: int, posts: Iterable[Post]) -> list[tuple[object, ...]]:
    """Rows of `post` with the columns of `POST_ROW`."""
    return [
        (
            tenant_id,
            post.id,
            post.person_id,
            post.organization_id,
            post.kind,
            post.valid_from,
            DataKind.GENERATED.value,
        )
        for post in posts
    ]
