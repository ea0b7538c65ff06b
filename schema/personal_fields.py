"""Fields with personal data: how one is declared, and when its value is shown unmasked."""

from collections.abc import Callable
from typing import Any

from schema.context import Context
from schema.fields import derived
from schema.keyring import Sealed, sealing_context
from schema.personal import PERSONAL, PURPOSES, PersonalClass, mask

PHONE_COLUMNS = ("phone_masked", "phone_sealed", "phone_key", "tenant_id", "id")
"""Columns of a row of `person` that `shown_phone` reads."""

NAME_COLUMNS = ("name", "id")
"""Those that `shown_name` reads."""

ADDRESS_COLUMNS = ("address", "head_id", "clear")
"""Those of a row of `household` that `shown_address` reads."""


def personal(
    function: Callable[[Any, Context], Any],
    class_: PersonalClass,
    description: str,
    columns: tuple[str, ...],
) -> Any:
    """A field with personal data: marked in the schema, and by its class in the metadata."""
    marked = PURPOSES[class_]
    field = derived(function, description, columns)
    field.metadata = {**field.metadata, PERSONAL: marked}
    field.directives = [*field.directives, marked.directive]
    return field


def shown_name(row: Any, context: Context, place: str, is_own: bool) -> str | None:
    """The name of a row of `person`, masked unless the viewer may see it whole.

    `place` is the field, as `Person.name`; `is_own` says that the name is the viewer's own. The
    row says by `clear` whether the viewer has the permission.
    """
    name: str | None = row["name"]
    if name is None or _may_see_clear(row, "id", context, place, is_own):
        return name
    return mask(PersonalClass.NAME, name)


def shown_phone(row: Any, context: Context, place: str, is_own: bool) -> str | None:
    """The phone number of a row of `person`, masked unless the viewer may see it whole."""
    masked: str | None = row["phone_masked"]
    if masked is None or not _may_see_clear(row, "id", context, place, is_own):
        return masked
    sealed = Sealed(row["phone_key"], row["phone_sealed"])
    keyring = context.resources.keyring
    return keyring.open(sealed, sealing_context(row["tenant_id"], row["id"], "phone"))


def shown_address(row: Any, context: Context, place: str, is_own: bool) -> str | None:
    """The address of a row of `household`, masked unless the viewer may see it whole.

    It is its head's: the audit names that person.
    """
    address: str | None = row["address"]
    if address is None or _may_see_clear(row, "head_id", context, place, is_own):
        return address
    return mask(PersonalClass.ADDRESS, address)


def _may_see_clear(row: Any, whose: str, context: Context, place: str, is_own: bool) -> bool:
    """Whether a value is shown unmasked; either way the audit hears of what was asked.

    Others than the person itself (its id is in the column `whose`) need the permission and a
    stated purpose: with a purpose but without the permission, it is a denial.
    """
    if is_own:
        return True
    if context.actor.purpose is None:
        return False
    if not row["clear"]:
        context.disclosures.denied(place)
        return False
    context.disclosures.shown(place, row[whose])
    return True
