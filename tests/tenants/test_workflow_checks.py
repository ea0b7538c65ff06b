"""Rules of workflows: what passes them never leaves an issue without a way out."""

from collections.abc import Iterator

from hypothesis import event, given, settings
from hypothesis import strategies as st

from schema.access import TABLE, Permission
from tenants.definition import Definition
from tenants.effects import OPEN, OUTLINES
from tenants.roles import HANDLERS, REPORTERS, Role
from tenants.workflow import (
    FINAL,
    NEEDS_OF_EFFECT,
    Effect,
    Phase,
    Severity,
    Workflow,
    WorkflowAction,
    needs,
)
from tests.tenants.workflows import findings, sound_workflows, workflows

ANY = workflows() | sound_workflows()

REPORTERS_OWN = {Effect.RATE, Effect.REOPEN, Effect.WITHDRAW}
NOT_ALWAYS = {Effect.ESCALATE, Effect.MERGE}
"""Escalating needs somebody above, merging another issue that is like this one."""


def ways(workflow: Workflow, severity: Severity, *, sure: bool) -> set[tuple[str, str]]:
    """Every pair of states of which one leads to the other: pairs over every middle.

    `sure`: only by what staff can do whoever reported the issue and wherever it stands.
    """

    def counts(action: WorkflowAction) -> bool:
        if action.severities and severity not in action.severities:
            return False
        staff = [role for role in action.by if role not in (Role.PUBLIC, Role.RESIDENT)]
        barred = action.effect in REPORTERS_OWN or action.effect in NOT_ALWAYS
        return not sure or (bool(staff) and not barred)

    keys = [state.key for state in workflow.states]
    found = {(key, key) for key in keys}
    found |= {(start, a.to) for a in workflow.actions if counts(a) for start in a.from_}
    for middle in keys:
        found |= {
            (start, end)
            for start in keys
            for end in keys
            if (start, middle) in found and (middle, end) in found
        }
    return found


def lost(workflow: Workflow) -> Iterator[tuple[str, Severity]]:
    """States that an issue of a severity may come to and that staff cannot lead it out of."""
    final = {state.key for state in workflow.states if state.phase in FINAL}
    for severity in Severity:
        led, sure = (ways(workflow, severity, sure=sure) for sure in (False, True))
        for state in workflow.states:
            comes = (workflow.states[0].key, state.key) in led
            if comes and not any((state.key, end) in sure for end in final):
                yield state.key, severity


@settings(max_examples=60, deadline=None, database=None)
@given(ANY)
def test_what_passes_has_a_way_to_the_end_by_staff(workflow: Workflow) -> None:
    """From every state that an issue can come to, staff can bring it to a final state."""
    passes = not findings(workflow)
    event(f"passes: {passes}")
    if passes:
        assert list(lost(workflow)) == []


@settings(max_examples=60, deadline=None, database=None)
@given(ANY)
def test_what_passes_can_be_carried_out(workflow: Workflow) -> None:
    """Each action leads where its effect may lead, is somebody's, and needs what can be given."""
    if findings(workflow):
        return
    phases = {state.key: state.phase for state in workflow.states}
    assert phases[workflow.states[0].key] in OPEN
    for action in workflow.actions:
        outline = OUTLINES[action.effect]
        starts, end = {phases[key] for key in action.from_}, phases[action.to]
        stays = set(action.from_) == {action.to}
        assert set(action.by) <= outline.by
        assert starts <= outline.from_
        assert stays or not outline.stays
        assert end in outline.to or (outline.may_stay and stays)
        own = NEEDS_OF_EFFECT.get(action.effect, ()) if action.effect else ()
        assert {*needs(action)} - {*own} <= {"NOTE", "EVIDENCE"}
        assert not action.levels or action.effect is Effect.ESCALATE
    if workflow.rules.overdue is not None:
        ruled = workflow.action(workflow.rules.overdue)
        assert ruled is not None
        assert ruled.effect in (Effect.ESCALATE, None)
        assert {*needs(ruled)} <= {"NOTE"}


@settings(max_examples=50, deadline=None, database=None)
@given(sound_workflows())
def test_sound_workflows_pass(workflow: Workflow) -> None:
    """The workflows that other tests take for sound are: the checks find nothing."""
    assert findings(workflow) == []


@settings(max_examples=50, deadline=None, database=None)
@given(sound_workflows(), st.data())
def test_a_state_that_staff_cannot_leave_is_told(workflow: Workflow, data: st.DataObject) -> None:
    """A sound workflow without what staff can do in one of its open states is refused there."""
    open_ = [state.key for state in workflow.states if state.phase not in FINAL]
    key = data.draw(st.sampled_from(open_))
    kept = [
        action.model_copy(update={"from_": from_})
        for action in workflow.actions
        if (from_ := [item for item in action.from_ if item != key or action.to == key])
    ]
    cut = workflow.model_copy(update={"actions": kept})
    told = {
        cut.states[int(finding.loc[3])].key
        for finding in findings(cut)
        if len(finding.loc) == 4 and finding.loc[2] == "states"
    }
    assert key in told


def test_roles_are_those_that_the_table_of_access_lets() -> None:
    """Who may report and who may handle issues is the same here and in the table of access."""
    for roles, permission in (
        (REPORTERS, Permission.REPORT_ISSUES),
        (HANDLERS, Permission.HANDLE_ISSUES),
    ):
        assert {role for role, own in TABLE.items() if permission in own} == roles


def test_every_effect_has_an_outline() -> None:
    """The outlines are of the closed set of effects, and of actions without one."""
    assert {*OUTLINES} == {None, *Effect}
    assert {phase for outline in OUTLINES.values() for phase in outline.from_} == {*Phase}


def test_shipped_workflows_have_a_way_to_the_end(shipped: tuple[Definition, ...]) -> None:
    """No state of any shipped city's workflow holds an issue for ever, whatever its severity."""
    assert [
        (item.tenant.slug, workflow.key, state)
        for item in shipped
        for workflow in item.tenant.workflows
        for state in lost(workflow)
    ] == []
