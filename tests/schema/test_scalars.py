"""Moments: one form for all, with the offset of China."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import CHINA, in_china
from tests.conftest import Graph

UTC_NOON = datetime.datetime(2026, 3, 15, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (UTC_NOON, "2026-03-15T20:00:00+08:00"),
        (UTC_NOON.replace(microsecond=5), "2026-03-15T20:00:00.000005+08:00"),
        (
            UTC_NOON.astimezone(datetime.timezone(-datetime.timedelta(hours=5))),
            "2026-03-15T20:00:00+08:00",
        ),
        (datetime.datetime(2026, 3, 15, tzinfo=CHINA), "2026-03-15T00:00:00+08:00"),
    ],
)
def test_form(moment: datetime.datetime, shown: str) -> None:
    """A moment is shown as clocks in China show it, whatever offset it came with."""
    assert in_china(moment) == shown


@given(
    st.datetimes(
        datetime.datetime(1950, 1, 1), datetime.datetime(2200, 1, 1), timezones=st.timezones()
    )
)
def test_same_moment(moment: datetime.datetime) -> None:
    """What is shown is the same moment."""
    shown = datetime.datetime.fromisoformat(in_china(moment))
    # in UTC: Python calls times of a repeated hour unequal to those of any other zone
    assert shown.astimezone(datetime.UTC) == moment.astimezone(datetime.UTC)


def test_without_offset() -> None:
    """A moment without an offset is a fault, for nobody knows when it was."""
    with pytest.raises(ValueError, match="has no offset"):
        in_china(datetime.datetime(2026, 3, 15))


async def test_every_moment_of_the_graph(graph: Graph) -> None:
    """Moments in answers have the offset of China."""
    query = '{ city(code: "fushun") { definition { appliedAt } } }'
    found = (await graph.data(query))["city"]["definition"]["appliedAt"]
    assert found.endswith("+08:00")
