"""Settings: where they are read from, what is refused, and the table of them."""

import re
from pathlib import Path

import pytest

from server.settings import Settings, settings_table, shown
from tests.server.processes import Done, onegrid


def printed(tmp_path: Path, **settings: object) -> dict[str, str]:
    """The values that differ from the defaults, as `onegrid settings` prints them."""
    done = onegrid("settings", cwd=tmp_path, **settings)
    assert (done.code, done.err) == (0, "")
    rows = [[cell.strip() for cell in line.split("│")] for line in done.out.splitlines()]
    return {row[1]: row[2] for row in rows if len(row) > 3 and row[2] != row[3]}


def test_environment_before_file(tmp_path: Path) -> None:
    """The environment wins over .env, which wins over the defaults."""
    (tmp_path / ".env").write_text(
        "ONEGRID_PORT=9001\nONEGRID_HOST=0.0.0.0\nOTHER=1\nONEGRID_NONE=1\n"
    )
    assert printed(tmp_path, port=9002, demo="1") == {
        "ONEGRID_PORT": "9002",
        "ONEGRID_HOST": "0.0.0.0",
        "ONEGRID_DEMO": "True",
    }


def test_empty_values_are_ignored(tmp_path: Path) -> None:
    """A variable that is set to nothing is as good as not set."""
    (tmp_path / ".env").write_text("ONEGRID_HOST=\nONEGRID_LOG_LEVEL=\n")
    nothing = dict.fromkeys(Settings.model_fields, "")
    assert printed(tmp_path, **nothing) == {}


def test_every_mistake_is_named(tmp_path: Path) -> None:
    """Each setting that cannot be used has a line: its name, its value, what was expected."""
    (tmp_path / ".env").write_text("ONEGRID_LOG_LEVEL=loud\n")
    wrong = {
        "port": "abc",
        "database_url": "mysql://me:secret@db/x",
        "demo": "perhaps",
        "pool_size": "0",
        "statement_timeout": "0",
        "refresh_seconds": "1h",
        "log_format": "xml",
    }
    assert onegrid("settings", cwd=tmp_path, **wrong) == Done(
        2,
        "",
        "ONEGRID_PORT='abc': Input should be a valid integer, unable to parse string as an "
        "integer\n"
        "ONEGRID_DATABASE_URL='mysql://me:***@db/x': "
        "expected an address like postgresql://user:password@host:5432/name\n"
        "ONEGRID_DEMO='perhaps': Input should be a valid boolean, unable to interpret input\n"
        "ONEGRID_POOL_SIZE='0': Input should be greater than or equal to 1\n"
        "ONEGRID_STATEMENT_TIMEOUT='0': Input should be greater than 0\n"
        "ONEGRID_REFRESH_SECONDS='1h': Input should be a valid number, unable to parse string as "
        "a number\n"
        "ONEGRID_LOG_FORMAT='xml': Input should be 'console' or 'json'\n"
        "ONEGRID_LOG_LEVEL='loud': Input should be 'debug', 'info', 'warning' or 'error'\n",
    )


def test_table_is_complete() -> None:
    """The table has every setting, with a meaning in Chinese and in English."""
    table = settings_table()
    assert [name for name, _, _ in table] == [
        f"ONEGRID_{name.upper()}" for name in Settings.model_fields
    ]
    meanings = [re.split(r" ?\| ", meaning) for _, _, meaning in table]
    assert [
        parts
        for parts in meanings
        if len(parts) != 2 or not re.search("[一-鿿]", parts[0]) or not parts[1].isascii()
    ] == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("database_url", None, ""),
        ("database_url", "postgresql://db/x", "postgresql://db/x"),
        ("database_url", "postgresql://me@db/x", "postgresql://me@db/x"),
        ("database_url", "postgresql://me:secret@db/x", "postgresql://me:***@db/x"),
        ("database_url", "postgresql://me:s@c://ret@db/x", "postgresql://me:***@db/x"),
        (
            "database_url",
            "postgresql://db/x?user=me&password=secret&sslmode=require",
            "postgresql://db/x?user=me&password=***&sslmode=require",
        ),
        ("database_url", "me:secret@db", "me:***@db"),
        ("data", Path("/home/me@work:1/var"), "/home/me@work:1/var"),
        ("tenants", (Path("a"), Path("b")), "a:b"),
        ("tenants", (), ""),
        ("demo", False, "False"),
    ],
)
def test_shown(name: str, value: object, expected: str) -> None:
    """Values are shown as they are set, but for passwords."""
    assert shown(name, value) == expected
