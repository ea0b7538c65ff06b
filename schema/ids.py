"""Opaque global ids: a type, a tenant and a key, in one URL-safe word."""

import base64
import binascii
import uuid
from dataclasses import dataclass

from schema.errors import CodedError, ErrorCode

NAMESPACE = uuid.UUID("6f6e6567-7269-5d8a-9c4b-000000000001")


@dataclass(frozen=True)
class GlobalId:
    """What an id says: GraphQL type, tenant, and the key within both ('' for the tenant itself)."""

    type: str
    tenant_id: int
    key: str = ""

    def __str__(self) -> str:
        return encoded(self.type, self.tenant_id, self.key)

    @property
    def uuid(self) -> uuid.UUID:
        """The key as a UUID.

        Errors: `CodedError` ID_MALFORMED where it is none.
        """
        try:
            return uuid.UUID(hex=self.key)
        except ValueError:
            raise malformed(str(self)) from None


def encoded(type_: str, tenant_id: int, key: str) -> str:
    """The text of a global id.

    Of ASCII without `>`, `?` and `~` base64 has neither `+` nor `/`, so it is URL-safe as it is.
    """
    raw = f"{type_}:{tenant_id}:{key}".encode()
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").decode()


def parse_id(text: str) -> GlobalId:
    """The parts of a global id.

    Errors: `CodedError` ID_MALFORMED where `text` is not an id that this server gave.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        kind, tenant, key = raw.split(":")
        parsed = GlobalId(kind, int(tenant), key)
    except (ValueError, binascii.Error):
        raise malformed(text) from None
    if str(parsed) != text:
        raise malformed(text)
    return parsed


def uuid_in(given: str, type_: str, tenant_id: int) -> uuid.UUID | None:
    """The UUID in a global id of a type and tenant; None where it is another's, or none at all."""
    try:
        parsed = parse_id(given)
        if parsed.type == type_ and parsed.tenant_id == tenant_id:
            return parsed.uuid
    except CodedError:
        pass
    return None


def malformed(text: str) -> CodedError:
    """What is said of an id that this server never gave."""
    given = text if len(text) <= 40 else text[:40] + "…"
    return CodedError(
        ErrorCode.ID_MALFORMED,
        f"编号“{given}”格式不正确;请原样使用接口返回的 id。",
        f"The id {given!r} is malformed; use an id as the API returned it.",
        given=given,
    )


def derived_uuid(kind: str, tenant_id: int, code: str) -> uuid.UUID:
    """The id of a row that a public code names: the same on every server (UUIDv5)."""
    return uuid.uuid5(NAMESPACE, f"{kind}:{tenant_id}:{code}")
