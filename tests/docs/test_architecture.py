"""docs/architecture.md: the map is of the code that there is."""

import re
import tomllib

import pytest
from sqlmodel import SQLModel

from schema.tables import event, figure, idempotency, load, organization, person, tenant
from tests.docs.documents import ROOT, blocks, document, table

NAME = "docs/architecture.md"
MAPPED = ("tenants", "schema", "server", "seeds")
TABLES = (event, figure, idempotency, load, organization, person, tenant)


def _modules(package: str) -> set[str]:
    """The modules of a package that hold code."""
    found = (ROOT / package).rglob("*.py")
    return {str(path.relative_to(ROOT)) for path in found if path.stat().st_size}


def test_every_path_exists() -> None:
    """Every file and folder that the document names exists."""
    paths = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", document(NAME))
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("package", MAPPED)
def test_every_module_is_on_the_map(package: str) -> None:
    """The map of a package names each of its modules, once, and no other."""
    named = [row[0] for row in table(NAME, package) if row[0].endswith(".py")]
    assert sorted(named) == sorted(_modules(package))


def test_every_test_stands_in_a_mapped_folder() -> None:
    """The folders of tests, and the tests beside them, are on the map."""
    named = [row[0] for row in table(NAME, "tests and bench")]
    lacking = [
        path for path in _modules("tests") if not any(path.startswith(place) for place in named)
    ]
    assert lacking == []


def test_arrows() -> None:
    """The arrows shown are those that the import rules hold."""
    project = tomllib.loads(document("pyproject.toml"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    assert blocks(NAME)[0].text.strip() == " → ".join(layers)


def test_tables() -> None:
    """The tables described are those of the database."""
    described = {row[0] for row in table(NAME, "Tables")}
    assert described == set(SQLModel.metadata.tables)
