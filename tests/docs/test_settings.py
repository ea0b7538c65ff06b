"""docs/settings.md: its tables are the settings and the exit codes that there are."""

from pathlib import Path

import pytest

from server.settings import settings_table
from tests.docs.commands import run
from tests.docs.documents import table

WRONG = [
    ("0", "tenants show fushun name", {}),
    ("1", "migrate", {"ONEGRID_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}),
    ("1", "migrate", {"ONEGRID_DATA": "occupied"}),
    ("2", "tenants check", {"ONEGRID_TENANTS": "no-such-folder"}),
    ("2", "settings", {"ONEGRID_PORT": "eighty"}),
    ("2", "tenants show nowhere", {}),
    ("2", "no-such-command", {}),
]


def test_settings_table() -> None:
    """The table holds every setting with its default and meaning, in the order of the code."""
    assert table("docs/settings.md", "All settings") == settings_table()


def test_every_exit_code_is_tried() -> None:
    """The table of exit codes holds those that the cases below end with."""
    codes = [row[0] for row in table("docs/settings.md", "Exit codes")]
    assert codes == sorted({code for code, _, _ in WRONG})


@pytest.mark.parametrize(("code", "command", "environment"), WRONG)
def test_exit_codes(
    code: str,
    command: str,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A command ends with the code that the table gives for what is wrong."""
    (tmp_path / "occupied").touch()
    monkeypatch.chdir(tmp_path)
    found, output = run(command, **environment)
    assert str(found) == code, output
