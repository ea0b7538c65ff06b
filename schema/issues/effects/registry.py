"""The closed set of effects: each with its file and the kind of event that tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from schema.events import EventKind
from schema.issues.effects import (
    assign,
    claim,
    escalate,
    extend,
    give_back,
    merge,
    ordinary,
    pause,
    rate,
    reject,
    reopen,
    resolve,
    share,
    withdraw,
)
from schema.issues.effects.rule import Rule
from tenants.workflow import Effect


@dataclass(frozen=True)
class Entry:
    """An effect's rule, and the event that it leaves.

    `by_reporter`: only who reported the issue may do it; all others belong to who handles it.
    `takes_over`: who does it while nobody has the issue has it from then on.
    """

    rule: Rule
    event: EventKind
    by_reporter: bool = False
    takes_over: bool = True


EFFECTS: Mapping[Effect | None, Entry] = {
    None: Entry(ordinary, EventKind.ISSUE_ADVANCED),
    Effect.ASSIGN: Entry(assign, EventKind.ISSUE_ASSIGNED, takes_over=False),
    Effect.CLAIM: Entry(claim, EventKind.ISSUE_CLAIMED, takes_over=False),
    Effect.ESCALATE: Entry(escalate, EventKind.ISSUE_ESCALATED),
    Effect.RETURN: Entry(give_back, EventKind.ISSUE_RETURNED, takes_over=False),
    Effect.CO_HANDLE: Entry(share, EventKind.ISSUE_SHARED),
    Effect.MERGE: Entry(merge, EventKind.ISSUE_MERGED, takes_over=False),
    Effect.PAUSE: Entry(pause, EventKind.ISSUE_PAUSED, takes_over=False),
    Effect.EXTEND: Entry(extend, EventKind.ISSUE_EXTENDED, takes_over=False),
    Effect.RESOLVE: Entry(resolve, EventKind.ISSUE_RESOLVED),
    Effect.REJECT: Entry(reject, EventKind.ISSUE_REJECTED),
    Effect.RATE: Entry(rate, EventKind.ISSUE_RATED, by_reporter=True, takes_over=False),
    Effect.REOPEN: Entry(reopen, EventKind.ISSUE_REOPENED, by_reporter=True, takes_over=False),
    Effect.WITHDRAW: Entry(withdraw, EventKind.ISSUE_WITHDRAWN, by_reporter=True, takes_over=False),
}
"""Every effect; None is an action without one."""
