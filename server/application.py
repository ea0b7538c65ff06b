"""The application of Starlette, with a way that passes fewer doors for what is asked most."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send


class Application(Starlette):
    """Starlette, whose `straight` paths are answered behind the `middleware` alone.

    That leaves out the router and two layers that answer errors, a tenth of what a request took.
    So the middleware must answer every error, as the door does.
    """

    def __init__(
        self, straight: Mapping[str, ASGIApp], middleware: Sequence[Middleware], **options: Any
    ) -> None:
        super().__init__(middleware=middleware, **options)
        self._apps = straight
        self._straight: dict[str, ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or live."""
        is_straight = scope["type"] == "http" and scope["path"] in self._apps
        if is_straight and not scope.get("root_path"):
            await self._way(scope["path"])(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def _way(self, path: str) -> ASGIApp:
        """What answers at a path; put together when first asked, as Starlette does."""
        found = self._straight.get(path)
        if found is None:
            found = self._apps[path]
            for outer, arguments, options in reversed(self.user_middleware):
                found = outer(found, *arguments, **options)
            self._straight[path] = found
        return found
