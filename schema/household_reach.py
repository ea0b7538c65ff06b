"""How far a viewer sees households, and the arguments of fields that lead to them."""

import uuid
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import strawberry

from schema.access import Permission, subtrees
from schema.connections import After, First
from schema.context import Context
from schema.loaders.household import HouseholdPage, HouseholdReach, HouseholdsBelow
from schema.loaders.membership import MembershipPage, MembershipsOfCooperative
from schema.loaders.pages import listed
from schema.scope import Login

PastMembers = Annotated[
    bool | None,
    strawberry.argument(
        description="含已退社的,缺省仅今天在社的 | also memberships that have ended"
    ),
]


def household_reach(context: Context, tenant_id: int) -> HouseholdReach:
    """How far the viewer sees households of a tenant.

    Only a city's token has a reach: the login of the public and of provinces reads no households.
    """
    if context.scope.login is not Login.CITY:
        return HouseholdReach()
    actor = context.actor
    return HouseholdReach(
        subtrees(actor, Permission.READ_PEOPLE, tenant_id),
        subtrees(actor, Permission.READ_PERSONAL_DATA, tenant_id),
        actor.person,
    )


@dataclass(frozen=True)
class HouseholdReachArguments:
    """No arguments: how far the viewer sees households.

    For fields of a row, and of a payload whose outcome names its tenant.
    """

    of_tenant: ClassVar[bool] = True

    def checked(self, context: Context, root: Any) -> HouseholdReach:
        """The reach in the root's tenant."""
        root = getattr(root, "outcome", root)
        tenant_id = root.tenant_id if hasattr(root, "tenant_id") else root["tenant_id"]
        return household_reach(context, tenant_id)


@dataclass(frozen=True)
class OwnHouseholds:
    """No arguments: the households of the person of the token."""

    def checked(self, context: Context, root: Context) -> HouseholdReach:
        """The reach in the one tenant of the token; none without a person."""
        if context.actor.person is None:
            return HouseholdReach()
        (tenant_id,) = context.scope.tenant_ids
        return household_reach(context, tenant_id)


def own_households_key(root: Context) -> tuple[int, uuid.UUID | None]:
    """The key of the households of the person of the token."""
    if root.actor.person is None:
        return 0, None
    (tenant_id,) = root.scope.tenant_ids
    return tenant_id, root.actor.person


@dataclass(frozen=True)
class HouseholdsArguments:
    """Arguments of `Organization.households`."""

    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> HouseholdPage:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN where the viewer may not see people there, or those of
        paging.
        """
        context.demand(Permission.READ_PEOPLE, root["tenant_id"], root["path"])
        pages = listed(HouseholdsBelow, self.first, self.after)
        return HouseholdPage(pages, household_reach(context, root["tenant_id"]))


@dataclass(frozen=True)
class MembershipsOfHouseholdArguments:
    """Arguments of `Household.memberships`."""

    first: First = None
    after: After = None
    past: PastMembers = None

    def checked(self, context: Context, root: Any) -> MembershipPage:
        """The page asked for: who sees a household sees its memberships.

        Errors: those of paging.
        """
        pages = listed(MembershipsOfCooperative, self.first, self.after)
        return MembershipPage(pages, context.today, bool(self.past))


@dataclass(frozen=True)
class MembershipsArguments(MembershipsOfHouseholdArguments):
    """Arguments of `Cooperative.memberships`."""

    def checked(self, context: Context, root: Any) -> MembershipPage:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN where the viewer may not see people at the cooperative's
        leader, or those of paging.
        """
        context.demand(Permission.READ_PEOPLE, root["tenant_id"], root["leader_path"])
        return super().checked(context, root)
