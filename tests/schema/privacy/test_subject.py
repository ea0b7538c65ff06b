"""The person whom an operator names: an id as the API gives it, or a UUID."""

import uuid

import pytest

from schema.ids import GlobalId
from schema.privacy.subject import UnknownPersonError, person_id
from tests.schema.people.staffed import NORTH

ID = uuid.UUID("0190c1e2-0000-7000-8000-000000000001")
SOUTHERN = str(GlobalId("Person", 990200, ID.hex))
POST = str(GlobalId("Post", 990100, ID.hex))


@pytest.mark.parametrize(
    "given", [str(ID), ID.hex, f"{{{ID}}}", str(GlobalId("Person", 990100, ID.hex))]
)
def test_forms(given: str) -> None:
    """A UUID in any of its spellings, and the global id, name the same person."""
    assert person_id(given, NORTH) == ID


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            SOUTHERN,
            f"'{SOUTHERN}' is the id of a person of 990200, expected one of 虚构北市 (990100)",
        ),
        (POST, f"'{POST}' is the id of a Post, expected a Person's"),
        (
            "张三",
            "'张三' is no id of a person: expected the `id` of a Person as the API gives it, or a "
            "UUID",
        ),
        (
            "",
            "'' is no id of a person: expected the `id` of a Person as the API gives it, or a UUID",
        ),
    ],
)
def test_what_is_no_person(given: str, said: str) -> None:
    """What names nobody of the city is explained with what was given and what is expected."""
    with pytest.raises(UnknownPersonError) as error:
        person_id(given, NORTH)
    assert str(error.value) == said


def test_global_id_without_uuid() -> None:
    """A global id of a person whose key is no UUID is refused as malformed."""
    with pytest.raises(ValueError, match="no id of a person"):
        person_id(str(GlobalId("Person", 990100, "x")), NORTH)
