"""Scalars of the graph that differ from strawberry's: moments are shown as clocks in China do."""

import datetime
from dataclasses import replace
from zoneinfo import ZoneInfo

from strawberry.schema.types.base_scalars import DateTimeDefinition

CHINA = ZoneInfo("Asia/Shanghai")


EIGHT_HOURS = datetime.timezone(datetime.timedelta(hours=8))
"""The offset of China for as long as nobody changes the clocks; last done in 1991."""


def in_china(moment: datetime.datetime) -> str:
    """A moment as ISO 8601 with the offset of China: `2026-03-15T12:00:00+08:00`.

    Errors: `ValueError` where the moment has no offset, and so could be any.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no offset")
    return moment.astimezone(CHINA).isoformat()


DATE_TIME = replace(
    DateTimeDefinition,
    description="时刻:ISO 8601,带时区(北京时间 +08:00) | "
    "a moment: ISO 8601 with its offset, that of China",
    serialize=in_china,
)
"""The scalar `DateTime`."""
