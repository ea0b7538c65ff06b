"""The headers of a request, read once."""

from collections.abc import Mapping, MutableMapping
from typing import Any

KEY = "onegrid.headers"
"""Where they are kept in the scope; who changes headers takes it away."""


def headers_of(scope: MutableMapping[str, Any]) -> Mapping[str, str]:
    """Values by name in lower case; what was given several times is joined by commas."""
    found: dict[str, str] | None = scope.get(KEY)
    if found is None:
        found = scope[KEY] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            found[key] = f"{found[key]}, {text}" if key in found else text
    return found
