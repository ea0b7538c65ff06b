"""How arguments name an organization."""

import uuid

import pytest

from schema.ids import GlobalId
from schema.references import organization_key

ID = uuid.UUID("c6f80a8f-da9f-5def-bb8c-95c3a0a15e1a")


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("210411002", "210411002"),
        ("AA1-1", "AA1-1"),
        (str(GlobalId("Organization", 990100, ID.hex)), ID),
        (str(GlobalId("Organization", 990200, ID.hex)), None),
        (str(GlobalId("Figure", 990100, ID.hex)), None),
        (str(GlobalId("Organization", 990100, "no uuid")), None),
        ("lower case", None),
        ("AA1-1\n", None),
        ("", None),
        ("\ud800", None),
    ],
)
def test_a_code_or_a_global_id(given: str, key: str | uuid.UUID | None) -> None:
    """A code is a code, an id of the tenant its UUID, and anything else nothing."""
    assert organization_key(given, 990100) == key
