"""Spans of days, by which counted cells tell since when something is so."""

from enum import StrEnum


class Span(StrEnum):
    """What a cell's `since` is the first day of.

    Everything that begins or ends on a day changes three cells: that of the day, of its month and
    of its year. So what is true on some day is the sum of all years before its own, of the months
    of its year before its own, and of the days of its month up to it: at most some fifty cells,
    however many days things have changed on.
    """

    YEAR = "YEAR"
    MONTH = "MONTH"
    DAY = "DAY"
