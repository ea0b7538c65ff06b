"""A household that is registered when it joins: where it is, who heads it, how many it has."""

import uuid
from dataclasses import dataclass, field

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from schema.access import Denied, Permission, permitted
from schema.cooperatives.belonging import headed_by, visible_person
from schema.loaders.household import HOUSEHOLD
from schema.persons import add_person, checked_name, checked_phone
from schema.phones import Phone
from schema.places import place_in_being
from schema.refusals import Refusal, RefusalCode, Refused, forbidden, refuse
from schema.texts import checked_line
from schema.work import Work
from tenants.cooperation import CooperativeMeasure
from tenants.definition import DataKind, Definition

LONGEST_ADDRESS = 200
MOST_PEOPLE = 1000
"""More are no household; so many households of so many can still be added up."""


@dataclass(frozen=True)
class NewHead:
    """Who heads a household, not known yet; neither name nor phone is in its `repr`."""

    name: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class NewHousehold:
    """A household that is not known yet; its head is new, or a person who is known (a global id).

    `organization` is a code or a global id.
    """

    organization: str
    head: NewHead | str
    address: str | None = field(default=None, repr=False)
    people: int | None = None


@dataclass(frozen=True)
class CheckedHead:
    """A head that can be stored: somebody known, by id, or a name and perhaps a number."""

    id: uuid.UUID | None
    name: str | None = field(default=None, repr=False)
    phone: Phone | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Checked:
    """A household that can be stored."""

    organization_id: uuid.UUID
    head: CheckedHead
    address: str | None = field(repr=False)
    people: int | None

    async def add(self, work: Work) -> tuple[uuid.UUID, uuid.UUID]:
        """Store it, and its head where that is new; both ids.

        Errors: `KeyFileError`.
        """
        head = self.head.id or await add_person(work, self.head.name, self.head.phone)
        household = uuid7()
        await work.connection.execute(
            insert(HOUSEHOLD).values(
                tenant_id=work.tenant_id,
                id=household,
                organization_id=self.organization_id,
                head_id=head,
                address=self.address,
                people=self.people,
                created_at=work.now,
                data_kind=DataKind.REAL.value,
            )
        )
        return household, head


async def checked_household(work: Work, new: NewHousehold) -> Checked | Refused:
    """A new household, its organization and a known head locked; or all that is wrong with it.

    People must be readable for the actor where it is put.
    """
    here = "newHousehold"
    at = await _organization(work, new.organization, here)
    head = await _head(work, new.head, here)
    address = checked_address(new.address, here)
    people = checked_people(work.definition, new.people, here)
    found = (at, head, address, people)
    if reasons := [one for item in found if isinstance(item, Refused) for one in item.refusals]:
        return Refused(tuple(reasons))
    assert not isinstance(at, Refused)
    assert not isinstance(head, Refused)
    assert not isinstance(address, Refused)
    assert not isinstance(people, Refused)
    return Checked(at, head, address, people)


async def _organization(work: Work, given: str, here: str) -> uuid.UUID | Refused:
    at = await place_in_being(work, given, here, "organization")
    if isinstance(at, Refused):
        return at
    verdict = permitted(work.actor, Permission.READ_PEOPLE, work.tenant_id, at.path)
    if isinstance(verdict, Denied):
        return forbidden(verdict, here, "organization")
    return at.id


async def _head(work: Work, given: NewHead | str, here: str) -> "CheckedHead | Refused":
    """Who heads it, known or new; or all that is wrong with the name and the number."""
    if isinstance(given, str):
        known = await _known_head(work, given)
        return known if isinstance(known, Refused) else CheckedHead(known)
    name = checked_name(given.name, here, "head")
    phone = None if given.phone is None else checked_phone(given.phone, here, "head")
    found = (name, phone)
    if reasons := [one for item in found if isinstance(item, Refused) for one in item.refusals]:
        return Refused(tuple(reasons))
    assert not isinstance(name, Refused)
    assert not isinstance(phone, Refused)
    return CheckedHead(None, name, phone)


async def _known_head(work: Work, given: str) -> uuid.UUID | Refused:
    person = await visible_person(work, given)
    if person is None:
        return refuse(
            RefusalCode.PERSON_UNKNOWN,
            "没有此人,或不在可查看的组织中;请用 people 查找,或以 head 登记。",
            "There is no such person within your reach; find one with people, or give head.",
            "newHousehold",
            "person",
        )
    if await headed_by(work, person):
        return refuse(
            RefusalCode.HOUSEHOLD_EXISTS,
            "此人已是一户的户主;请用 household 指明该户。",
            "The person heads a household already; name that one with household.",
            "newHousehold",
            "person",
        )
    return person


def checked_address(given: str | None, *path: str) -> str | Refused | None:
    """An address in one line, None for a blank one; `path` leads to the input that has it."""
    if given is None or not given.strip():
        return None
    code = RefusalCode.TEXT_MALFORMED
    return checked_line(given, code, *path, "address", longest=LONGEST_ADDRESS)


def checked_people(definition: Definition, given: int | None, *path: str) -> int | Refused | None:
    """How many belong to a household: needed where the city records it, and refused elsewhere."""
    path = (*path, "people")
    if not definition.cooperation.records(CooperativeMeasure.PEOPLE):
        if given is None:
            return None
        return Refused((unrecorded(definition, CooperativeMeasure.PEOPLE, *path),))
    if given is not None and 1 <= given <= MOST_PEOPLE:
        return given
    zh, en = ("未给出", "none is given") if given is None else (str(given), f"{given} is given")
    return refuse(
        RefusalCode.COUNT_OUT_OF_RANGE,
        f"{definition.tenant.name}记录人口,须给出该户人数,1 至 {MOST_PEOPLE};现为{zh}。",
        f"{definition.tenant.name} records people: expected how many belong to the household, 1 to "
        f"{MOST_PEOPLE}; {en}.",
        *path,
    )


def unrecorded(definition: Definition, measure: CooperativeMeasure, *path: str) -> Refusal:
    """What is said of a measure that the city does not record."""
    name = definition.tenant.name
    return Refusal(
        RefusalCode.MEASURE_NOT_RECORDED,
        f"{name}不记录 {measure}(城市文件的 cooperatives.records 未列)。",
        f"{name} does not record {measure}: cooperatives.records of the city's file lacks it.",
        ("input", *path),
    )
