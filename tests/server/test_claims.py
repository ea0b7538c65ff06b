"""Claims: what a token may say, read back as it was written."""

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.claims import Claims, MalformedClaimsError, read_claims, write_claims
from tenants.roles import Role

PERSON = uuid.UUID("0190c1e2-0000-7000-8000-000000000001")
WHOLE = Claims("u1", Role.AGENT, ("210400",), "210411002-ST01", PERSON, "en")

codes = st.from_regex(r"[0-9]{6}", fullmatch=True).filter(str.isascii)
claims = st.builds(
    Claims,
    subject=st.text(min_size=1, max_size=255).filter(str.isprintable),
    role=st.none() | st.sampled_from(Role),
    tenants=st.lists(codes, max_size=3).map(tuple),
    organization=st.none()
    | st.text("0123456789ABCXYZ", min_size=1, max_size=1).map(lambda letter: f"{letter}0-WG01"),
    person=st.none() | st.uuids(),
    language=st.sampled_from([None, "zh", "en"]),
)


@settings(max_examples=150, deadline=None, database=None)
@given(claims, st.sampled_from(["", "https://onegrid.example/", "onegrid_"]))
def test_read_back(written: Claims, prefix: str) -> None:
    """Claims are read back as they were written, under any prefix."""
    assert read_claims(write_claims(written, prefix), prefix) == written


def test_names() -> None:
    """Claims have the names of the documentation; the prefix is put before all but `sub`."""
    assert write_claims(WHOLE, "grid:") == {
        "sub": "u1",
        "grid:role": "AGENT",
        "grid:tenants": ["210400"],
        "grid:organization": "210411002-ST01",
        "grid:person": str(PERSON),
        "grid:lang": "en",
    }
    assert read_claims({"sub": "u1", "role": "AGENT"}, "grid:") == Claims("u1")


def test_null_is_absent() -> None:
    """A claim that is null counts as absent."""
    names = ("role", "tenants", "organization", "person", "lang")
    assert read_claims({"sub": "u1"} | dict.fromkeys(names)) == Claims("u1")


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": 5}, "subject"),
        ({"sub": "a" * 256}, "subject"),
        ({"sub": "a\nb"}, "subject"),
        ({"sub": "\ud800"}, "subject"),
        ({"role": "KING"}, "role"),
        ({"role": "resident"}, "role"),
        ({"role": ["RESIDENT"]}, "role"),
        ({"role": True}, "role"),
        ({"tenants": "210400"}, "tenants"),
        ({"tenants": 210400}, "tenants"),
        ({"tenants": [210400]}, "tenants"),
        ({"tenants": ["fushun"]}, "tenants"),
        ({"tenants": ["210400\n"]}, "tenants"),
        ({"tenants": ["２１０４００"]}, "tenants"),
        ({"tenants": {"210400": 1}}, "tenants"),
        ({"organization": ""}, "organization"),
        ({"organization": "210411/002"}, "organization"),
        ({"organization": ["210411002"]}, "organization"),
        ({"person": "me"}, "person"),
        ({"person": 5}, "person"),
        ({"lang": "fr"}, "language"),
        ({"lang": 0}, "language"),
        ({"role": 1, "lang": 2, "sub": 3}, "language, role, subject"),
    ],
)
def test_malformed(changes: dict[str, Any], wrong: str) -> None:
    """A claim of another shape is refused, named without what it holds."""
    with pytest.raises(MalformedClaimsError) as caught:
        read_claims({"sub": "u1", "role": "AGENT", "tenants": ["210400"]} | changes)
    assert str(caught.value) == wrong
