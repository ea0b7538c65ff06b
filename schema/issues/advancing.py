"""The mutation that advances an issue: GraphQL in, an action in one transaction, a payload out."""

import datetime

import strawberry

from schema.context import Context
from schema.entries import row_named
from schema.fields import relation
from schema.issue_reach import IssueReachArguments
from schema.issues.advance import Advance, Advanced, unknown_issue
from schema.issues.draft import Given, Rating
from schema.issues.types import IssueType
from schema.loaders.issue import IssueById
from schema.mutations import Answer, RefusalType, answer, mutation, refusals
from schema.refusals import Refused
from tenants.workflow import Solved


@strawberry.input(description="评价:是否解决与满意度是两个问题。 | A rating: two answers.")
class RatingInput:
    """Of `advanceIssue`."""

    solved: Solved = strawberry.field(description="是否解决 | whether it was solved")
    satisfied: int = strawberry.field(description="满意度,1 至 5 | how satisfied, from 1 to 5")
    comment: str | None = strawberry.field(
        default=None, description="评语,至多 2000 个字符 | up to 2,000 characters"
    )


@strawberry.input(description="对事项办理一个动作。 | An action of an issue's workflow.")
class AdvanceIssueInput:
    """Of `advanceIssue`."""

    issue: strawberry.ID = strawberry.field(description="事项的全局编号 | id of the issue")
    action: str = strawberry.field(
        description="动作键,取自 availableActions | key of an action in availableActions"
    )
    note: str | None = strawberry.field(
        default=None, description="说明,至多 2000 个字符 | up to 2,000 characters"
    )
    evidence: list[str] = strawberry.field(
        default_factory=list,
        description="附件的 https 地址,至多 9 个 | https addresses of files, 9 at most",
    )
    assignee: strawberry.ID | None = strawberry.field(
        default=None,
        description="承办的组织(编码或全局编号)或任职者(全局编号)| organization (code or id) or "
        "holder of a post (id) that handles it",
    )
    co_handlers: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="协办的组织或任职者 | organizations or holders of posts that take part",
    )
    merge_into: strawberry.ID | None = strawberry.field(
        default=None, description="并入的事项(全局编号)| issue to merge into (id)"
    )
    until: datetime.datetime | None = strawberry.field(
        default=None, description="延期或挂起至 | extended or paused until"
    )
    rating: RatingInput | None = strawberry.field(default=None, description="评价 | rating")
    revision: int | None = strawberry.field(
        default=None,
        description="您所见的版次;其间已有更新则不予办理 | the revision that you saw; refused "
        "where it has changed since",
    )
    secret: str | None = strawberry.field(
        default=None,
        description="未登录上报时所得的查询码 | secret of an issue that was reported without a "
        "token",
    )


@strawberry.type(
    name="AdvanceIssuePayload", description="办理的结果。 | What advancing an issue gave."
)
class AdvanceIssuePayload:
    """Of an `Answer` with an `Advanced`."""

    issue: IssueType | None = relation(
        IssueById,
        "事项;预演或未予办理时为空 | the issue; null with dryRun or where nothing was carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.issue),
        arguments=IssueReachArguments,
    )
    refusals: list[RefusalType] = refusals()


async def _advance(context: Context, given: AdvanceIssueInput, dry_run: bool) -> Answer[Advanced]:
    named = row_named(context, given.issue, "Issue")
    if named is None:
        return answer(Refused((unknown_issue(),)))
    definition, issue = named
    action = Advance(issue, given.action, _given(given), given.revision, given.secret)
    outcome = await context.write(definition, action, dry_run)
    if isinstance(outcome, Advanced) and given.secret is not None:
        context.prove(definition.tenant_id, issue)
    return answer(outcome)


def _given(given: AdvanceIssueInput) -> Given:
    return Given(
        note=given.note,
        evidence=tuple(given.evidence),
        assignee=given.assignee,
        co_handlers=tuple(given.co_handlers),
        merge_into=given.merge_into,
        until=given.until,
        rating=_rating(given.rating),
    )


def _rating(given: RatingInput | None) -> Rating | None:
    return None if given is None else Rating(given.solved, given.satisfied, given.comment)


@strawberry.type
class AdvancingMutations:
    """The part of `Mutation` that advances issues."""

    advance_issue: AdvanceIssuePayload | None = mutation(
        _advance,
        "办理事项:执行其流程的一个动作,可用者见 availableActions | do an action of the issue's "
        "workflow; availableActions says which",
        takes=AdvanceIssueInput,
    )
