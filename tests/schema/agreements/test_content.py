"""The canonical content of an agreement and its hash."""

import asyncio
import copy
import datetime
import json
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schema.agreements.content import (
    Content,
    canonical,
    content_hash,
    day,
    day_text,
    quantity_text,
)

# what a text of a content can be: no control characters, nothing that UTF-8 does not have
LINES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
OPTIONAL = st.none() | LINES
NUMBERS = st.integers(1, 200)
QUANTITIES = st.decimals(
    Decimal("0.001"), Decimal(10**13), allow_nan=False, allow_infinity=False, places=3
)
DAYS = st.none() | st.dates(datetime.date(2000, 1, 1), datetime.date(2100, 1, 1)).map(str)

PARTIES = st.fixed_dictionaries(
    {
        "number": NUMBERS,
        "city": st.from_regex(r"[0-9]{6}", fullmatch=True),
        "cityName": LINES,
        "code": LINES,
        "name": LINES,
        "role": st.sampled_from(["INITIATOR", "PARTNER"]),
    }
)
COMMITMENTS = st.fixed_dictionaries(
    {
        "key": st.integers(1, 99).map(lambda n: f"c{n}"),
        "dimension": LINES,
        "owner": st.none() | NUMBERS,
        "text": LINES,
        "quantity": st.none() | QUANTITIES.map(quantity_text),
        "unit": OPTIONAL,
        "every": st.sampled_from([None, "YEAR", "ALL"]),
        "dueOn": DAYS,
    }
)
CONTENTS: Any = st.fixed_dictionaries(
    {
        "title": LINES,
        "alliance": OPTIONAL,
        "facilitator": OPTIONAL,
        "parties": st.lists(PARTIES, max_size=3),
        "dimensions": st.lists(st.fixed_dictionaries({"key": LINES, "name": LINES}), max_size=2),
        "workingGroup": st.lists(
            st.fixed_dictionaries({"party": NUMBERS, "duty": LINES, "title": LINES}), max_size=2
        ),
        "commitments": st.lists(COMMITMENTS, max_size=3),
        "startsOn": DAYS,
        "endsOn": DAYS,
    }
)
SMALL: Content = {
    "title": "村社“结对”",
    "alliance": None,
    "facilitator": None,
    "parties": [],
    "dimensions": [{"key": "party", "name": "党建"}],
    "workingGroup": [],
    "commitments": [],
    "startsOn": "2026-01-01",
    "endsOn": None,
}


def backwards(value: Any) -> Any:
    """The same with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all texts, numbers and nulls in a content."""
    if isinstance(value, dict):
        return [found for key in value for found in places(value[key], (*path, key))]
    if isinstance(value, list):
        return [found for at, item in enumerate(value) for found in places(item, (*path, at))]
    return [path]


@given(CONTENTS)
def test_order_of_keys(content: Content) -> None:
    """Neither the order of keys nor a way through JSON changes the hash."""
    assert content_hash(backwards(content)) == content_hash(content)
    again = json.loads(json.dumps(backwards(content), ensure_ascii=True, indent=1))
    assert again == content
    assert content_hash(again) == content_hash(content)


@given(content=CONTENTS)
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_through_the_database(server_url: str, content: Content) -> None:
    """What the database gives back has the hash of what was given to it."""

    async def through() -> Any:
        connection: Any = await asyncpg.connect(server_url)
        try:
            return await connection.fetchval("SELECT $1::jsonb", json.dumps(content))
        finally:
            await connection.close()

    again = json.loads(asyncio.run(through()))
    assert again == content
    assert content_hash(again) == content_hash(content)


@given(CONTENTS, st.data())
def test_any_change(content: Content, data: st.DataObject) -> None:
    """Whatever is changed anywhere, the hash is another one."""
    path = data.draw(st.sampled_from(places(content)))
    other: Any = copy.deepcopy(content)
    parent = other
    for key in path[:-1]:
        parent = parent[key]
    old = parent[path[-1]]
    parent[path[-1]] = data.draw((OPTIONAL | NUMBERS).filter(lambda value: value != old))
    assert content_hash(other) != content_hash(content)


@given(CONTENTS, st.sampled_from(["parties", "commitments", "dimensions", "workingGroup"]))
def test_order_of_lists(content: Any, name: str) -> None:
    """The order of a list is part of what is agreed."""
    other = {**content, name: content[name][::-1]}
    assert (content_hash(other) == content_hash(content)) == (other == content)


@given(CONTENTS, CONTENTS)
@settings(phases=[Phase.generate])
def test_equal_hashes(one: Content, other: Content) -> None:
    """Two contents have one hash where they are the same, and only there."""
    assert (content_hash(one) == content_hash(other)) == (one == other)


def test_form() -> None:
    """The canonical form is as it is written here, and so are hashes that were signed."""
    assert canonical(SMALL).decode() == (
        '{"alliance":null,"commitments":[],"dimensions":[{"key":"party","name":"党建"}],'
        '"endsOn":null,"facilitator":null,"parties":[],"startsOn":"2026-01-01",'
        '"title":"村社“结对”","workingGroup":[]}'
    )
    assert content_hash(SMALL) == (
        "ee3f85b9baa850cef0e83648be4e8a6c8a0958148f8ff624a689b119304861a9"
    )


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("2", "2"),
        ("2.0", "2"),
        ("2.000", "2"),
        ("2E+3", "2000"),
        ("1000", "1000"),
        ("0.500", "0.5"),
        ("-0", "0"),
        ("1234567890123.001", "1234567890123.001"),
    ],
)
def test_quantities(given: str, text: str) -> None:
    """A quantity has one form, however it was written."""
    assert quantity_text(Decimal(given)) == text


@given(QUANTITIES, st.integers(0, 5))
def test_quantities_agree(quantity: Decimal, zeros: int) -> None:
    """Zeros after the last digit change nothing, and the value is kept."""
    longer = Decimal(f"{quantity:f}" + "0" * zeros)
    assert quantity_text(longer) == quantity_text(quantity)
    assert Decimal(quantity_text(quantity)) == quantity


@pytest.mark.parametrize("given", ["NaN", "Infinity", "-Infinity"])
def test_no_quantity(given: str) -> None:
    """What is not finite has no form."""
    with pytest.raises(ValueError, match="finite"):
        quantity_text(Decimal(given))


@pytest.mark.parametrize("value", [1.5, Decimal(2), datetime.date(2026, 1, 1), {1: "a"}, {"a"}])
def test_what_a_content_is_not(value: Any) -> None:
    """Floats, decimals, days and keys that are no texts are refused, wherever they are."""
    with pytest.raises(TypeError, match="content"):
        content_hash({"commitments": [{"quantity": value}]})


def test_days() -> None:
    """Days go into a content as ISO dates, and come back."""
    assert [day_text(None), day_text(datetime.date(2026, 3, 1))] == [None, "2026-03-01"]
    assert [day(None), day("2026-03-01")] == [None, datetime.date(2026, 3, 1)]
