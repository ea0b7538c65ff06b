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
        self._straight = {path: _behind(middleware, app) for path, app in straight.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or live."""
        if scope["type"] == "http" and not scope.get("root_path"):
            straight = self._straight.get(scope["path"])
            if straight is not None:
                await straight(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def _behind(middleware: Sequence[Middleware], app: ASGIApp) -> ASGIApp:
    for outer, arguments, options in reversed(middleware):
        app = outer(app, *arguments, **options)
    return app
