"""Catalogues: what a service takes over from its category."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tenants.catalogue import Category, Service, ServiceDefaults, with_defaults
from tenants.provenance import Stated
from tenants.roles import Role
from tenants.workflow import TimeLimit, TimeUnit

KEYS = st.none() | st.sampled_from(["one", "two"])
LIMITS = st.builds(TimeLimit, amount=st.integers(1, 30), unit=st.sampled_from(TimeUnit))
DEFAULTS: dict[str, st.SearchStrategy[Any]] = {
    "workflow": KEYS,
    "time_limit": st.none() | LIMITS,
    "handled_by": KEYS,
    "department": KEYS,
    "audience": st.lists(st.sampled_from(Role), max_size=2),
    "priority_groups": st.lists(st.sampled_from(["低保户", "老年人"]), max_size=2),
    "domain": KEYS,
}
SUPPORT: dict[str, st.SearchStrategy[Any]] = {
    "source": KEYS,
    "assumed": st.booleans() | st.lists(st.sampled_from(["name", "domain"]), max_size=2),
    "note": KEYS,
}
PARTS = st.fixed_dictionaries(DEFAULTS | SUPPORT)


def test_the_properties_below_cover_every_default() -> None:
    """Every value that a category may set for its services is one of those varied here."""
    assert set(ServiceDefaults.model_fields) == set(DEFAULTS) | set(Stated.model_fields)
    assert set(Stated.model_fields) == set(SUPPORT)


@settings(max_examples=150, deadline=None, database=None)
@given(PARTS, PARTS)
def test_a_service_takes_what_it_does_not_set(own: dict[str, Any], shared: dict[str, Any]) -> None:
    """Each default is the service's own value where it has one, else its category's."""
    service = Service(code="A-01", name="代买", **own)
    category = Category(key="home", name="居家", services=[service], **shared)
    filled = with_defaults(category, service)
    assert filled.model_dump() == service.model_dump() | {
        name: Service(code="A", name="B", **{name: own[name] or shared[name]}).model_dump()[name]
        for name in DEFAULTS
    }


@settings(max_examples=50, deadline=None, database=None)
@given(PARTS, PARTS)
def test_defaults_change_neither_part(own: dict[str, Any], shared: dict[str, Any]) -> None:
    """The service and the category stay as they were, and filling in twice changes nothing."""
    service = Service(code="A-01", name="代买", **own)
    category = Category(key="home", name="居家", services=[service], **shared)
    before = category.model_dump()
    filled = with_defaults(category, service)
    assert category.model_dump() == before
    assert with_defaults(category, filled) == filled


def test_a_service_is_frozen() -> None:
    """A service that was read cannot be changed in place."""
    service = Service(code="A-01", name="代买")
    with pytest.raises(ValidationError, match="frozen"):
        service.name = "代缴"  # type: ignore[misc]
