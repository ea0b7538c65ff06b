"""The headers of a request, read once."""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

KEY = "onegrid.headers"
"""Where they are kept in the scope; who changes headers takes it away."""


def headers_of(scope: MutableMapping[str, Any]) -> Mapping[str, str]:
    """Values by name in lower case; what was given several times is joined by commas."""
    found: dict[str, str] | None = scope.get(KEY)
    if found is None:
        given = scope["headers"]
        found = {name.decode("latin-1"): value.decode("latin-1") for name, value in given}
        if len(found) < len(given):
            found = _joined(given)
        scope[KEY] = found
    return found


def _joined(given: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in given:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
