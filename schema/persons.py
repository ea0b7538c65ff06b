"""A new person in a writing transaction: checked, and the phone number sealed."""

import unicodedata
import uuid
from typing import Any

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from schema.keyring import sealing_context
from schema.personal import PersonalClass, mask
from schema.phones import Phone, parse_phone
from schema.refusals import RefusalCode, Refused, refuse
from schema.tables.person import PersonRow
from schema.work import Work
from tenants.definition import DataKind

PERSON: Any = PersonRow.__table__  # type: ignore[attr-defined]

LONGEST_NAME = 50


def checked_name(given: str, *path: str) -> str | Refused:
    """A name without needless spaces; `path` leads to where the input has it."""
    name = " ".join(unicodedata.normalize("NFKC", given).split())
    if 1 <= len(name) <= LONGEST_NAME and name.isprintable():
        return name
    return refuse(
        RefusalCode.PERSON_MALFORMED,
        f"姓名应为 1 至 {LONGEST_NAME} 个可见字符。",
        f"A name has 1 to {LONGEST_NAME} printable characters.",
        *path,
        "name",
    )


def checked_phone(given: str, *path: str) -> Phone | Refused:
    """A telephone number as people write it; `path` leads to where the input has it."""
    phone = parse_phone(given)
    if isinstance(phone, Phone):
        return phone
    return refuse(RefusalCode.PHONE_MALFORMED, phone.zh, phone.en, *path, "phone")


async def add_person(
    work: Work, name: str | None, phone: Phone | None, data_kind: DataKind = DataKind.REAL
) -> uuid.UUID:
    """Store somebody who has been checked; the id.

    Errors: `KeyFileError`.
    """
    person = uuid7()
    values: dict[str, object] = {
        "tenant_id": work.tenant_id,
        "id": person,
        "name": name,
        "data_kind": data_kind.value,
        "created_at": work.now,
    }
    if phone is not None:
        values |= phone_columns(work, person, phone)
    await work.connection.execute(insert(PERSON).values(**values))
    return person


def phone_columns(work: Work, person: uuid.UUID, phone: Phone) -> dict[str, object]:
    """What a row has of a phone number: sealed, masked, and to be found by."""
    context = sealing_context(work.tenant_id, person, "phone")
    sealed = work.keyring.seal(phone.e164, context)
    index = work.keyring.index(phone.e164, work.tenant_id)
    return {
        "phone_sealed": sealed.data,
        "phone_key": sealed.key_id,
        "phone_masked": mask(PersonalClass.PHONE, phone.e164),
        "phone_index": index.data,
        "phone_index_key": index.key_id,
    }
