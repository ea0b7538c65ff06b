"""Whom to ask about an issue: how somebody without a token, or somebody spoken for, is reached."""

import uuid
from dataclasses import dataclass, field

from schema.persons import add_person, checked_name, checked_phone
from schema.phones import Phone
from schema.refusals import Refusal, RefusalCode, Refused, refuse
from schema.work import Work
from tenants.definition import DataKind


@dataclass(frozen=True)
class Contact:
    """A name and a telephone number as people write them; neither is in its `repr`."""

    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Checked:
    """A contact that can be stored: a name, a number, or both."""

    name: str | None = field(repr=False)
    phone: Phone | None

    async def add(self, work: Work, data_kind: DataKind = DataKind.REAL) -> uuid.UUID:
        """Store it as a person of its own; the id. Nobody known is taken for it by a number."""
        return await add_person(work, self.name, self.phone, data_kind)


def checked_contact(work: Work, given: Contact | None) -> Checked | Refused | None:
    """What was given, if it can be; who has no token must give a number."""
    signed_out = work.actor.tenant_ids is None
    if given is None:
        return _required("phone") if signed_out else None
    name = _written(given.name)
    phone = _written(given.phone)
    if phone is None and (signed_out or name is None):
        return _required("phone")
    checked = None if name is None else checked_name(name, "contact")
    number = None if phone is None else checked_phone(phone, "contact")
    reasons: list[Refusal] = []
    for item in (checked, number):
        if isinstance(item, Refused):
            reasons += item.refusals
    if isinstance(checked, Refused) or isinstance(number, Refused):
        return Refused(tuple(reasons))
    return Checked(checked, number)


def _written(text: str | None) -> str | None:
    return text if text is not None and text.strip() else None


def _required(field_: str) -> Refused:
    return refuse(
        RefusalCode.CONTACT_REQUIRED,
        "请留联系电话 contact.phone:未登录上报须能联系到您。",
        "Give contact.phone: who reports without a token must be reachable.",
        "contact",
        field_,
    )
