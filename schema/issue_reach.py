"""How far a viewer sees issues, and the arguments of fields that lead to them."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import strawberry

from schema.access import Permission, subtrees
from schema.actor import Actor
from schema.connections import After, Before, First, Last
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.issue_secret import hashed
from schema.loaders.event import EventPage
from schema.loaders.issue import PROVEN, IssueReach
from schema.loaders.organization import Codes
from schema.logbook import numbered
from schema.scope import Login
from tenants.definition import Definition
from tenants.roles import Role

WORKERS = frozenset({Role.MEMBER, Role.GRID_WORKER, Role.AGENT, Role.SECRETARY})
"""Roles whose organization's part in handling an issue jointly is theirs.

A city's administrator does not answer for every organization.
"""


def issue_reach(context: Context, tenant_id: int, secret: bytes | None = None) -> IssueReach:
    """How far the viewer sees issues of a tenant; `secret` is the SHA-256 of one that is shown.

    Only a city's token has a reach: the login of the public and of provinces reads no issues.
    """
    actor = context.actor
    shown = context.proofs.proven(tenant_id)
    proven = tuple(sorted(shown)) if shown else ()
    if context.scope.login is not Login.CITY:
        return IssueReach(proven=proven, secret=secret)
    found: IssueReach | None = actor.reaches.get(tenant_id)
    if found is None:
        found = actor.reaches[tenant_id] = _reach_of(actor, tenant_id)
    return replace(found, proven=proven, secret=secret) if proven or secret else found


def _reach_of(actor: Actor, tenant_id: int) -> IssueReach:
    return IssueReach(
        subtrees(actor, Permission.READ_ISSUES, tenant_id),
        subtrees(actor, Permission.HANDLE_ISSUES, tenant_id),
        parts_of(actor, tenant_id),
        subtrees(actor, Permission.READ_PERSONAL_DATA, tenant_id),
        actor.subject,
        actor.person,
    )


def parts_of(actor: Actor, tenant_id: int) -> Codes:
    """The organizations (codes) for which an actor gives answers; None = all of the tenant."""
    codes = [
        grant.organization
        for grant in actor.grants
        if grant.tenant_id == tenant_id and grant.role in WORKERS
    ]
    return None if None in codes else tuple(sorted({code for code in codes if code is not None}))


@dataclass(frozen=True)
class IssueReachArguments:
    """No arguments: how far the viewer sees issues.

    For fields of a row, of a definition, and of a payload whose outcome names its tenant.
    """

    of_tenant: ClassVar[bool] = True

    def checked(self, context: Context, root: Any) -> IssueReach:
        """The reach in the root's tenant."""
        return issue_reach(context, tenant_of(root))


def tenant_of(root: Any) -> int:
    """The tenant of what a field is asked of."""
    root = getattr(root, "outcome", root)  # of a payload
    found: int = root.tenant_id if hasattr(root, "tenant_id") else root["tenant_id"]
    return found


@dataclass(frozen=True)
class IssueArguments:
    """Arguments of `City.issue`: the number makes the key."""

    number: Annotated[
        strawberry.ID,
        strawberry.argument(description="事项编号,如 FS-20260315-000042 | number"),
    ]
    secret: Annotated[
        str | None,
        strawberry.argument(
            description="未登录上报时所得的查询码;带令牌时不必给 | secret that came with a report "
            "without a token; not needed with a token"
        ),
    ] = None

    def checked(self, context: Context, root: Definition) -> IssueReach:
        """The reach, with the secret that is shown.

        Errors: `CodedError` FORBIDDEN for a province, and without a token where there is no secret.
        """
        has_token = context.actor.tenant_ids is not None
        if not has_token and self.secret is None:
            raise _unproven()
        secret = None if self.secret is None else hashed(self.secret)
        found = issue_reach(context, root.tenant_id, secret)
        if has_token and found.subject is None:
            context.demand(Permission.READ_ISSUES, root.tenant_id)
        return found


def issue_key(root: Definition, context: Context, arguments: IssueArguments) -> tuple[int, str]:
    """The key of `City.issue`; people write numbers with blanks and small letters."""
    return root.tenant_id, "".join(arguments.number.split()).upper()


def followed(row: Any, root: Definition, context: Context) -> Any:
    """An issue that was found; where its secret was shown, all of it may be read from now on."""
    if row is not None and row[PROVEN]:
        context.prove(root.tenant_id, row["id"])
    return row


def _unproven() -> CodedError:
    return CodedError(
        ErrorCode.FORBIDDEN,
        "未登录查看事项须给出上报时所得的查询码 secret,或带令牌(Authorization: Bearer)。",
        "Without a token (Authorization: Bearer) an issue is shown to who gives the secret that "
        "came with its report.",
        permission=Permission.READ_ISSUES.value,
    )


@dataclass(frozen=True)
class IssueTimelineArguments:
    """Arguments of `Issue.timeline`: who sees an issue sees what happened to it."""

    of_tenant: ClassVar[bool] = True

    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> EventPage:
        """The page asked for.

        Errors: those of paging.
        """
        return EventPage(numbered(self.first, self.after, self.last, self.before))
