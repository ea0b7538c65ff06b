"""docs/privacy.md: its tables are those of the code, its document has the form of an export."""

from collections.abc import Iterator
from typing import Any

from schema.access import TABLE, Permission, Reach
from schema.events import EventKind
from schema.personal import PERSONAL, PURPOSES, PersonalClass, mask
from schema.privacy.erase import ERASED, KEPT
from schema.privacy.export import FORMAT, LABELS
from schema.projection import metadata
from schema.root import graphql_schema
from schema.tables.person import PersonRow
from server.purpose import LONGEST, SHORTEST
from tenants.roles import Role
from tests.docs.documents import blocks, document, section, table

NAME = "docs/privacy.md"


def tables(heading: str) -> list[list[tuple[str, ...]]]:
    """All tables below a heading, each with its head, cells without backticks."""
    found: list[list[tuple[str, ...]]] = []
    before = ""
    for line in section(NAME, heading).splitlines():
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            found[-1].append(tuple(cell.strip().strip("`") for cell in line.split("|")[1:-1]))
        before = line
    return [[rows[0], *rows[2:]] for rows in found]


def test_classes_and_masks() -> None:
    """The classes are those of the code, with their purposes, and the examples masked by it."""
    rows = tables("What is personal")[0][1:]
    assert [row[0] for row in rows] == list(PersonalClass)
    for name, purpose, example, masked in rows:
        class_ = PersonalClass(name)
        assert (purpose, masked) == (PURPOSES[class_].purpose_en, mask(class_, example))


def test_fields() -> None:
    """The fields are those that the schema marks, each with its class."""
    marked = [
        (f"{type_.name}.{name}", metadata(type_, name)[PERSONAL].class_.value)
        for type_ in graphql_schema().type_map.values()
        for name in getattr(type_, "fields", ())
        if PERSONAL in metadata(type_, name)
    ]
    assert tables("What is personal")[1][1:] == marked


def test_roles_and_permissions() -> None:
    """The table of roles is the one that the code asks: every role, every permission, its reach."""
    head, *rows = tables("Roles and permissions")[0]
    assert head == ("role", *Permission)
    assert rows == [
        (role, *(TABLE[role].get(permission, "") for permission in Permission)) for role in Role
    ]


def test_permissions_and_reaches_are_explained() -> None:
    """Every permission and every reach has a line of its own, in the order of the code."""
    _, permissions, reaches = tables("Roles and permissions")
    assert [row[0] for row in permissions[1:]] == list(Permission)
    assert [row[0] for row in reaches[1:]] == list(Reach)


def test_purposes() -> None:
    """The length of a purpose is as the server takes it."""
    assert f"{SHORTEST} to {LONGEST} printable characters" in section(NAME, "Purposes")


def test_kinds_of_events() -> None:
    """Every kind of event is in the table, in the order of the code."""
    assert [row[0] for row in table(NAME, "What the audit keeps")] == list(EventKind)


def test_erased_columns() -> None:
    """The columns that an erasure empties are those of the code, and no column is left out."""
    rows = {row[0]: row[1] for row in table(NAME, "Erasing a person")}
    assert list(rows) == list(PersonRow.model_fields)
    assert {name for name, fate in rows.items() if fate == "null"} == set(ERASED)
    assert {name for name, fate in rows.items() if fate != "null"} == set(KEPT)


def test_document_of_a_person() -> None:
    """The document shown has every key of an export, and no other."""
    (shown,) = [block.json() for block in blocks(NAME) if block.words == ("json", "export")]
    assert shown["format"] == FORMAT
    assert set(_keys(shown)) == set(LABELS)
    assert {key: LABELS[key] for key in shown["labels"]} == shown["labels"]


def _keys(found: Any) -> Iterator[str]:
    """All keys, but for those of what is open."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield key
            if key not in ("labels", "about"):
                yield from _keys(value)
    elif isinstance(found, list):
        for item in found:
            yield from _keys(item)


def test_what_the_log_says_is_quoted() -> None:
    """The message of a server that lacks keys is the one that operators are told to look for."""
    assert "rows have a key of personal data that the key file lacks" in document(NAME)
    assert "rows have a key of personal data that the key file lacks" in document(
        "server/privacy.py"
    )
