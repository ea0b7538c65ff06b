"""How a tenant handles an issue: states and actions as data, checked when loaded."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property

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


class Severity(StrEnum):
    """How hard an issue is to settle; cities may handle each in a way of its own."""

    ORDINARY = "ORDINARY"
    COMPLEX = "COMPLEX"
    MAJOR = "MAJOR"


class Solved(StrEnum):
    """What a reporter says of the outcome; another answer than how satisfied somebody is."""

    YES = "YES"
    PARTLY = "PARTLY"
    NO = "NO"


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
    severities: list[Severity] = Field(
        default_factory=list, description="限于这些难度;[] 为不限 | only for these; [] = for all"
    )
    levels: list[str] = Field(
        default_factory=list,
        description="上报到这些层级,[] 依流程 | levels that it goes up to; [] = the workflow's",
    )


class WorkflowRules(Declared):
    """How often and how long something may be done; the defaults are assumed."""

    open_claims: int | None = Field(
        None, ge=1, le=1000, strict=True, description="每人同时抢单上限 | open claims a person"
    )
    reopen_days: int = Field(
        30, ge=0, le=3650, strict=True, description="可重办天数 | days in which it may be reopened"
    )
    pauses: int = Field(1, ge=0, le=100, strict=True, description="可挂起次数 | how many pauses")
    extensions: int = Field(
        1, ge=0, le=100, strict=True, description="可延期次数 | how many extensions"
    )
    due_soon: int = Field(
        20,
        ge=0,
        le=100,
        strict=True,
        description="余时不足百分之几为临期 | percent of the limit left when it is due soon",
    )
    follow_up_days: int = Field(
        7,
        ge=0,
        le=3650,
        strict=True,
        description="几天未评价即回访 | days without a rating until somebody asks after it",
    )
    overdue: str | None = Field(
        None, description="逾期时自动执行的动作键 | action that is carried out when overdue"
    )


class Workflow(Stated):
    """A whole way of handling; the first state is where an issue begins."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="流程键 | key")
    name: str = Field(min_length=1, description="流程名称 | name")
    states: list[WorkflowState] = Field(min_length=1, description="状态 | states")
    actions: list[WorkflowAction] = Field(default_factory=list, description="动作 | actions")
    levels: list[str] = Field(
        default_factory=list,
        description="可办理的层级,[] 为各级 | levels that may handle it; [] = every level",
    )
    rules: WorkflowRules = Field(default=WorkflowRules(), description="规则 | rules")

    def state(self, key: str) -> WorkflowState | None:
        """The state with this key."""
        return self.states_by_key.get(key)

    @cached_property
    def states_by_key(self) -> dict[str, WorkflowState]:
        """The states, by their keys; the first one of a key, while that is not checked yet."""
        return {state.key: state for state in reversed(self.states)}

    def action(self, key: str) -> WorkflowAction | None:
        """The action with this key."""
        return next((action for action in self.actions if action.key == key), None)


NEEDS_OF_EFFECT: Mapping[Effect, tuple[ActionNeed, ...]] = {
    Effect.ASSIGN: (ActionNeed.ASSIGNEE,),
    Effect.CO_HANDLE: (ActionNeed.CO_HANDLERS,),
    Effect.MERGE: (ActionNeed.MERGE_INTO,),
    Effect.PAUSE: (ActionNeed.UNTIL,),
    Effect.EXTEND: (ActionNeed.UNTIL,),
    Effect.RATE: (ActionNeed.RATING,),
}
"""What an effect cannot do without, whether a file says so or not."""


def needs(action: WorkflowAction) -> tuple[ActionNeed, ...]:
    """What an action needs: what the workflow says, and what its effect cannot do without."""
    own = () if action.effect is None else NEEDS_OF_EFFECT.get(action.effect, ())
    return tuple(dict.fromkeys((*action.needs, *own)))


def unreachable(workflow: Workflow) -> list[str]:
    """Keys of states that no chain of actions from the first state reaches."""
    edges = {(start, action.to) for action in workflow.actions for start in action.from_}
    reached = reaching({workflow.states[0].key}, edges)
    return [state.key for state in workflow.states if state.key not in reached]


def dead_ends(workflow: Workflow) -> list[str]:
    """Keys of states that are not final and from which no final state can be reached."""
    edges = {(action.to, start) for action in workflow.actions for start in action.from_}
    final = {state.key for state in workflow.states if state.phase in FINAL}
    finishing = reaching(final, edges)
    return [state.key for state in workflow.states if state.key not in finishing]


def reaching(start: Iterable[str], edges: set[tuple[str, str]]) -> set[str]:
    """What chains of edges lead to from `start`, itself included."""
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting.extend(to for from_, to in edges if from_ == here)
    return reached
