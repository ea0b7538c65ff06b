"""The words in which agreements are measured, which the graph and statistics share."""

from enum import StrEnum


class ProgressStatus(StrEnum):
    """How a commitment stands; of several, how they stand together."""

    NO_TARGET = "NO_TARGET"
    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    FULFILLED = "FULFILLED"
    OVERDUE = "OVERDUE"
    MISSED = "MISSED"


class AgreementDimension(StrEnum):
    """What statistics of agreements may be broken down by."""

    CITY = "CITY"
    STATE = "STATE"
    DIMENSION = "DIMENSION"
    CITY_PAIR = "CITY_PAIR"
    ALLIANCE = "ALLIANCE"
    YEAR = "YEAR"


class AgreementKind(StrEnum):
    """A pairing of a few, or an alliance of many members of one city."""

    PAIRING = "PAIRING"
    ALLIANCE = "ALLIANCE"
