"""The mutation that records a follow-up: GraphQL in, an action in one transaction, a payload."""

import strawberry

from schema.context import Context
from schema.entries import row_named
from schema.fields import relation
from schema.issue_reach import IssueReachArguments
from schema.issues.advance import Advanced, unknown_issue
from schema.issues.follow_up import RecordFollowUp
from schema.issues.types import IssueType
from schema.loaders.issue import IssueById
from schema.mutations import Answer, RefusalType, answer, mutation, refusals
from schema.refusals import Refused


@strawberry.input(description="一次回访。 | Asking after a settled issue.")
class RecordFollowUpInput:
    """Of `recordFollowUp`."""

    issue: strawberry.ID = strawberry.field(description="事项的全局编号 | id of the issue")
    reached: bool = strawberry.field(
        description="是否联系上;未联系上的仍在待回访之列 | whether the reporter was reached; where "
        "not, the issue stays among those to ask after"
    )
    note: str | None = strawberry.field(
        default=None,
        description="说明,至多 2000 个字符 | what was said, up to 2,000 characters",
    )


@strawberry.type(
    name="RecordFollowUpPayload", description="回访登记的结果。 | What recording a follow-up gave."
)
class RecordFollowUpPayload:
    """Of an `Answer` with an `Advanced`."""

    issue: IssueType | None = relation(
        IssueById,
        "事项;未予办理时为空 | the issue; null where nothing was carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.issue),
        arguments=IssueReachArguments,
    )
    refusals: list[RefusalType] = refusals()


async def _record(context: Context, given: RecordFollowUpInput, dry_run: bool) -> Answer[Advanced]:
    named = row_named(context, given.issue, "Issue")
    if named is None:
        return answer(Refused((unknown_issue(),)))
    definition, issue = named
    action = RecordFollowUp(issue, given.reached, given.note)
    return answer(await context.write(definition, action, dry_run))


@strawberry.type
class FollowingMutations:
    """The part of `Mutation` that records follow-ups."""

    record_follow_up: RecordFollowUpPayload | None = mutation(
        _record,
        "登记对已办结而未评价事项的回访 | record that somebody asked after an issue that was "
        "settled and has no rating",
        takes=RecordFollowUpInput,
    )
