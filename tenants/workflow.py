"""How a tenant handles an issue: states and actions as data, checked when loaded."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from tenants.provenance import Declared, Stated
from tenants.roles import Role


class Phase(StrEnum):
    """What a state means in every city, whatever its name there."""

    REPORTED = "REPORTED"
    ACCEPTED = "ACCEPTED"
    IN_PROGRESS = "IN_PROGRESS"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


FINAL = frozenset({Phase.CLOSED, Phase.REJECTED, Phase.WITHDRAWN})


class Effect(StrEnum):
    """What an action does besides the change of state; the set is closed."""

    ASSIGN = "assign"
    CLAIM = "claim"
    ESCALATE = "escalate"
    RETURN = "return"
    CO_HANDLE = "co_handle"
    MERGE = "merge"
    PAUSE = "pause"
    EXTEND = "extend"
    RESOLVE = "resolve"
    REJECT = "reject"
    RATE = "rate"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"


class ActionNeed(StrEnum):
    """What the doer of an action must supply."""

    NOTE = "NOTE"
    EVIDENCE = "EVIDENCE"
    ASSIGNEE = "ASSIGNEE"
    CO_HANDLERS = "CO_HANDLERS"
    MERGE_INTO = "MERGE_INTO"
    UNTIL = "UNTIL"
    RATING = "RATING"


class TimeUnit(StrEnum):
    """Units of a time limit."""

    WORKING_DAYS = "WORKING_DAYS"
    DAYS = "DAYS"
    HOURS = "HOURS"


class TimeLimit(Declared):
    """An amount of time, in working days, days or hours."""

    amount: int = Field(ge=1, le=10_000, strict=True, description="数量 | amount")
    unit: TimeUnit = Field(description="单位 | unit")


class WorkflowState(Stated):
    """A state by the city's own name, with its fixed phase."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="状态键 | key")
    name: str = Field(min_length=1, description="状态名称 | the city's own name")
    phase: Phase = Field(description="阶段 | what it means everywhere")
    time_limit: TimeLimit | None = Field(None, description="时限 | time limit of this state")


class WorkflowAction(Stated):
    """A step that somebody takes: from which states, to which, by whom, with what."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="动作键 | key")
    name: str = Field(min_length=1, description="动作名称 | its verb, e.g. 受理")
    from_: list[str] = Field(alias="from", min_length=1, description="起始状态 | from these states")
    to: str = Field(description="到达状态 | to this state")
    by: list[Role] = Field(min_length=1, description="可由谁办理 | roles that may do it")
    needs: list[ActionNeed] = Field(default_factory=list, description="需要提供 | what it needs")
    effect: Effect | None = Field(None, description="效果 | what it does besides")


class Workflow(Stated):
    """A whole way of handling; the first state is where an issue begins."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="流程键 | key")
    name: str = Field(min_length=1, description="流程名称 | name")
    states: list[WorkflowState] = Field(min_length=1, description="状态 | states")
    actions: list[WorkflowAction] = Field(default_factory=list, description="动作 | actions")


def unreachable(workflow: Workflow) -> list[str]:
    """Keys of states that no chain of actions from the first state reaches."""
    edges = {(start, action.to) for action in workflow.actions for start in action.from_}
    reached = _closure({workflow.states[0].key}, edges)
    return [state.key for state in workflow.states if state.key not in reached]


def dead_ends(workflow: Workflow) -> list[str]:
    """Keys of states that are not final and from which no final state can be reached."""
    edges = {(action.to, start) for action in workflow.actions for start in action.from_}
    final = {state.key for state in workflow.states if state.phase in FINAL}
    finishing = _closure(final, edges)
    return [state.key for state in workflow.states if state.key not in finishing]


def _closure(start: Iterable[str], edges: set[tuple[str, str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting.extend(to for from_, to in edges if from_ == here)
    return reached
