"""Channels: the ways on which an issue comes in, the same in every city."""

from enum import StrEnum


class Channel(StrEnum):
    """How an issue was raised."""

    APP = "APP"
    WEB = "WEB"
    MINI_PROGRAM = "MINI_PROGRAM"
    PHONE = "PHONE"
    STATION = "STATION"
    VISIT = "VISIT"
    TERMINAL = "TERMINAL"
    OTHER = "OTHER"
