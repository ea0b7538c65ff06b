"""How many SQL statements a request takes, by what PostgreSQL itself logs of them."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

TRIES = 3
"""A request is counted so often, and the least taken: others ask in between now and then."""

_SETTINGS = {"log_statement": "all", "log_line_prefix": "onegrid-bench "}
_RAN = re.compile(
    rb"^onegrid-bench LOG:  (?:statement|execute [^:]*):\s*(?:--[^\n]*\s*)*(\w+)([^\n]*)",
    re.MULTILINE,
)
_FRAME = (b"BEGIN", b"START", b"COMMIT", b"ROLLBACK", b"SET", b"SHOW", b"RESET")
_SCOPE = b"set_config("


class StatementLog:
    """What PostgreSQL writes down while it logs every statement."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def count(self, ask: Callable[[], Awaitable[object]]) -> int:
        """Statements of one request.

        Those that begin, end or scope a transaction are not counted.
        """
        found = []
        for _ in range(TRIES):
            start = self._path.stat().st_size
            await ask()
            with self._path.open("rb") as log:
                log.seek(start)
                found.append(_counted(log.read()))
        return min(found)


@asynccontextmanager
async def statement_log(url: str) -> AsyncIterator[StatementLog]:
    """Inside, the server at `url` logs every statement of every connection.

    Errors: `asyncpg.PostgresError` where the user may not set that.
    """
    connection = await asyncpg.connect(url)
    try:
        folder = Path(await connection.fetchval("SHOW data_directory"))
        for name, value in _SETTINGS.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        await connection.execute("SELECT pg_reload_conf(), pg_sleep(0.5)")
        yield StatementLog(folder / "log")
    finally:
        for name in _SETTINGS:
            await connection.execute(f"ALTER SYSTEM RESET {name}")
        await connection.execute("SELECT pg_reload_conf(), pg_sleep(0.5)")
        await connection.close()


def _counted(text: bytes) -> int:
    return sum(
        verb.upper() not in _FRAME and _SCOPE not in rest for verb, rest in _RAN.findall(text)
    )
