"""The orders of lists of issues."""

from enum import StrEnum
from typing import NamedTuple

from schema.tables.issue import RUNNING


class IssueOrder(StrEnum):
    """The orders of a list of issues."""

    REPORTED_AT_DESC = "REPORTED_AT_DESC"
    REPORTED_AT_ASC = "REPORTED_AT_ASC"
    DUE_AT_ASC = "DUE_AT_ASC"
    PRIORITY = "PRIORITY"


class Group(NamedTuple):
    """A part of an order: what its issues have, and the moment that they are ordered by."""

    where: str | None
    moment: str = "reported_at"


GROUPS = {
    IssueOrder.REPORTED_AT_DESC: (Group(None),),
    IssueOrder.REPORTED_AT_ASC: (Group(None),),
    IssueOrder.DUE_AT_ASC: (
        Group(RUNNING, "due_at"),
        Group("due_at IS NULL OR ended_at IS NOT NULL"),
    ),
    IssueOrder.PRIORITY: (Group("priority_group IS NOT NULL"), Group("priority_group IS NULL")),
}
"""Each order as groups, one after another; within each the issues go by a moment and their ids."""
