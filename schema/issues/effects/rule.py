"""The outline that every effect has: when it is impossible, and what it does."""

import datetime
from typing import Protocol

from schema.actor import Actor
from schema.issues.draft import Draft
from schema.issues.party import Party
from schema.issues.standing import Standing
from schema.refusals import Refusal
from tenants.workflow import WorkflowAction


class Rule(Protocol):
    """One effect: a file with these two functions.

    `impossible` decides by the standing alone, so that `availableActions` says what
    `advanceIssue` accepts; `carry_out` refuses only what was given with the action.
    """

    def impossible(
        self,
        standing: Standing,
        action: WorkflowAction,
        party: Party,
        actor: Actor,
        now: datetime.datetime,
    ) -> Refusal | None:
        """Why the action cannot be done now by anybody who may do it, if so."""

    def carry_out(self, draft: Draft) -> Refusal | None:
        """Put into the draft what the effect does; or why what was given does not fit.

        Nothing is read or written here: what was given is found before, what the draft has is
        written after, so that who plays issues in memory shares these rules.
        """
