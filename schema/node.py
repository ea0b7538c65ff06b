"""The Relay `Node` interface."""

from typing import Any

import strawberry

from schema.fields import derived


@strawberry.interface(
    description="可按全局编号取得的对象(Relay)。 | An object that its global id finds (Relay)."
)
class Node:
    """Everything with a global id; each type gives its own `id`."""

    id: strawberry.ID = derived(lambda root: None, "全局编号,不透明 | opaque global id")


def kind_of(*classes: type[Any]) -> Any:
    """An `is_type_of` for a type whose objects are of these classes."""

    def is_type_of(cls: Any, value: Any, info: Any) -> bool:
        return isinstance(value, classes)

    return classmethod(is_type_of)
