"""What a token says of its bearer: the claims of this project, read and written."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from tenants.definition import CODE, ORGANIZATION_CODE
from tenants.roles import Role


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected printable characters")
    return text


Subject = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_printable)]
TenantCode = Annotated[str, Field(pattern=CODE)]
OrganizationCode = Annotated[str, Field(pattern=ORGANIZATION_CODE)]


@dataclass(frozen=True)
class Claims:
    """Well-formed claims, not yet compared with the tenants that there are.

    `subject` has 1 to 255 printable characters; `tenants` are six-digit codes, `organization` is
    a code of one of their organizations, `person` the id of a `person` row; `language` is "zh",
    "en" or None.
    """

    subject: Subject
    role: Role | None = None
    tenants: tuple[TenantCode, ...] = ()
    organization: OrganizationCode | None = None
    person: uuid.UUID | None = None
    language: Literal["zh", "en"] | None = None


_NAMES = {
    "role": "role",
    "tenants": "tenants",
    "organization": "organization",
    "person": "person",
    "lang": "language",
}
"""Names in tokens, which may get a prefix; `sub` is a standard claim and never does."""

_CLAIMS = TypeAdapter(Claims)


class MalformedClaimsError(ValueError):
    """Claims of the wrong shape; the text names the claims, not what they hold."""


def read_claims(payload: Mapping[str, Any], prefix: str = "") -> Claims:
    """The claims in a token's payload; an absent one and null are the same.

    Errors: `MalformedClaimsError`.
    """
    given = {"subject": payload.get("sub")}
    for name, field in _NAMES.items():
        if (value := payload.get(f"{prefix}{name}")) is not None:
            given[field] = value
    try:
        return _CLAIMS.validate_python(given)
    except ValidationError as error:
        wrong = sorted({str(item["loc"][0]) for item in error.errors(include_input=False)})
        raise MalformedClaimsError(", ".join(wrong)) from None


def write_claims(claims: Claims, prefix: str = "") -> dict[str, Any]:
    """The part of a token's payload that `read_claims` reads back."""
    written: dict[str, Any] = _CLAIMS.dump_python(claims, mode="json", exclude_none=True)
    named = {f"{prefix}{name}": written.get(field) for name, field in _NAMES.items()}
    return {"sub": claims.subject} | {name: value for name, value in named.items() if value}
