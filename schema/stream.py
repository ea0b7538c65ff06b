"""What a subscription's field gives: not its events, but how to read on from a position."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from schema.context import Context


@dataclass(frozen=True)
class Page:
    """Events with their numbers, in order, and the position after them.

    With `is_last` there was nothing more to read.
    """

    events: list[tuple[int, Any]]
    position: int
    is_last: bool


class Stream(ABC):
    """The log of one tenant from `position` on; it holds nothing else, and no connection.

    graphql-core takes it for the source of a subscription, which it never iterates itself.
    """

    def __init__(self, tenant_id: int, position: int) -> None:
        self.tenant_id = tenant_id
        self.position = position

    @abstractmethod
    async def page(self, context: Context) -> Page:
        """The next events that the viewer of a fresh context sees.

        Errors: `CodedError` FORBIDDEN where the viewer may see none any more, UNAVAILABLE.
        """

    @abstractmethod
    def resume(self, seq: int) -> None:
        """Read on after this number instead.

        Errors: `CodedError` BAD_REQUEST where the log has no such event.
        """

    def __aiter__(self) -> AsyncIterator[Any]:
        raise TypeError("a stream is read in pages")
