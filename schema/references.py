"""How arguments name an organization or a cooperative: by its code, or by its global id."""

import re
import uuid

from schema.errors import CodedError
from schema.ids import GlobalId, parse_id
from tenants.definition import ORGANIZATION_CODE


def organization_key(given: str, tenant_id: int) -> str | uuid.UUID | None:
    """The code or the UUID that `given` means in a tenant; None where it can be neither there."""
    return row_key(given, "Organization", tenant_id)


def row_key(given: str, type_: str, tenant_id: int) -> str | uuid.UUID | None:
    """The same of a row of the GraphQL type `type_`, with a code like an organization's."""
    if re.fullmatch(ORGANIZATION_CODE, given):
        return given
    try:
        parsed: GlobalId = parse_id(given)
        if parsed.type == type_ and parsed.tenant_id == tenant_id:
            return parsed.uuid
    except CodedError:
        pass
    return None
