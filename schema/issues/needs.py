"""What is given with an action: all that it needs, nothing that it does not take."""

from collections.abc import Iterator

from schema.evidence import malformed_evidence
from schema.issues.draft import Given
from schema.refusals import Refusal, RefusalCode, wrong
from schema.texts import is_plain
from tenants.workflow import ActionNeed, WorkflowAction, needs

LONGEST_NOTE = 2000
FIELDS = {
    ActionNeed.NOTE: "note",
    ActionNeed.EVIDENCE: "evidence",
    ActionNeed.ASSIGNEE: "assignee",
    ActionNeed.CO_HANDLERS: "coHandlers",
    ActionNeed.MERGE_INTO: "mergeInto",
    ActionNeed.UNTIL: "until",
    ActionNeed.RATING: "rating",
}
"""The field of the input that supplies each need."""

ALWAYS = frozenset({ActionNeed.NOTE, ActionNeed.EVIDENCE})
"""What may be given with every action."""


def refused(action: WorkflowAction, given: Given) -> list[Refusal]:
    """All that is missing, is not taken or is malformed."""
    wanted, present = needs(action), _present(given)
    found = []
    for need, field in FIELDS.items():
        if need in wanted and need not in present:
            found.append(
                wrong(
                    RefusalCode.NEED_MISSING,
                    f"“{action.name}”需要 {field}。",
                    f"{action.name!r} needs {field}.",
                    field,
                )
            )
        if need in present and need not in wanted and need not in ALWAYS:
            found.append(
                wrong(
                    RefusalCode.NEED_NOT_TAKEN,
                    f"“{action.name}”不使用 {field},请去掉。",
                    f"{action.name!r} does not take {field}: leave it out.",
                    field,
                )
            )
    return [*found, *malformed(given)]


def _present(given: Given) -> set[ActionNeed]:
    values = {
        ActionNeed.NOTE: (given.note or "").strip(),
        ActionNeed.EVIDENCE: given.evidence,
        ActionNeed.ASSIGNEE: given.assignee,
        ActionNeed.CO_HANDLERS: given.co_handlers,
        ActionNeed.MERGE_INTO: given.merge_into,
        ActionNeed.UNTIL: given.until,
        ActionNeed.RATING: given.rating,
    }
    return {need for need, value in values.items() if value}


def malformed(given: Given) -> Iterator[Refusal]:
    """What is wrong with a note or with evidence, whatever they are given with."""
    note = given.note or ""
    if len(note) > LONGEST_NOTE or not is_plain(note, "\r\n\t"):
        yield wrong(
            RefusalCode.TEXT_MALFORMED,
            f"说明应至多 {LONGEST_NOTE} 个字符、不含控制字符,现有 {len(note)} 个。",
            f"A note has at most {LONGEST_NOTE} characters, none of them a control character; "
            f"this one has {len(note)}.",
            "note",
        )
    yield from malformed_evidence(given.evidence)
