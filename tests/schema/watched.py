"""A writing transaction's connection that says what it is going to run."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from schema.writing import Writing

Before = Callable[[str], Awaitable[None]]
"""Is told each statement before it runs."""


class Watched(Writing):
    """The connection of a transaction; `before` is told its statements, as SQL."""

    def __init__(self, writing: Writing, before: Before) -> None:
        super().__init__(writing.core, writing.driver)
        self._before = before

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run SQL text."""
        await self._before(sql)
        return await super().fetch(sql, values)

    async def execute(self, statement: Any, given: Any = None) -> Any:
        """Run a statement."""
        await self._before(str(statement))
        return await super().execute(statement, given)

    async def scalar(self, statement: Any, given: Any = None) -> Any:
        """Run a statement for one value."""
        await self._before(str(statement))
        return await super().scalar(statement, given)

    async def scalars(self, statement: Any, given: Any = None) -> Any:
        """Run a statement for one column."""
        await self._before(str(statement))
        return await super().scalars(statement, given)
