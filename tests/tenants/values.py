"""Plain values of tenant files: written as YAML, and every part of them."""

from collections.abc import Iterator
from typing import Any

import yaml


def dumped(value: Any) -> str:
    """A value as YAML."""
    text: str = yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    return text


def parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every mapping or list in a value, with each of its names or positions."""
    for name in value if isinstance(value, dict) else range(len(value)):
        yield value, name
        if isinstance(value[name], dict | list):
            yield from parts(value[name])
