"""How far a viewer sees people, and the arguments of fields that lead to them."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import strawberry

from schema.access import Permission, subtrees
from schema.arguments import UnderOrganization, organization_ref
from schema.connections import After, Before, First, Last
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.loaders.organization import Codes
from schema.loaders.person import PersonPage, PersonReach
from schema.loaders.post import PostPage
from schema.paging import Slice, checked_id, window
from schema.phones import Phone, parse_phone
from tenants.definition import Definition

PostKindKey = Annotated[
    str | None, strawberry.argument(description="岗位键 | key of a kind of post")
]
Past = Annotated[
    bool | None,
    strawberry.argument(description="含已卸任的 | also posts that are no longer held"),
]


def reach(context: Context, tenant_id: int) -> PersonReach:
    """How far the viewer sees people of a tenant."""
    actor = context.actor
    return PersonReach(
        context.today,
        subtrees(actor, Permission.READ_PEOPLE, tenant_id),
        subtrees(actor, Permission.READ_PERSONAL_DATA, tenant_id),
        actor.person,
    )


@dataclass(frozen=True)
class ReachArguments:
    """No arguments: how far the viewer sees people."""

    of_tenant: ClassVar[bool] = True

    def checked(self, context: Context, root: Any) -> PersonReach:
        """The reach in the row's tenant."""
        return reach(context, root["tenant_id"])


@dataclass(frozen=True)
class VisibleArguments:
    """No arguments: where the viewer sees who holds posts."""

    of_tenant: ClassVar[bool] = True

    def checked(self, context: Context, root: Any) -> Codes:
        """The subtrees in the row's tenant."""
        return reach(context, root["tenant_id"]).visible


@dataclass(frozen=True)
class PostsArguments:
    """Arguments of `Organization.posts`."""

    kind: PostKindKey = None
    past: Past = None
    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> PostPage:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN where the viewer may not see people there.
        """
        context.demand(Permission.READ_PEOPLE, root["tenant_id"], root["path"])
        pages = checked_id(window(self.first, self.after), 1)
        return PostPage(context.today, pages, self.kind, bool(self.past))


@dataclass(frozen=True)
class PeopleArguments:
    """Arguments of `City.people`."""

    under: UnderOrganization = None
    kind: PostKindKey = None
    phone: Annotated[
        str | None,
        strawberry.argument(
            description="电话,整号精确查找;须有权限并以 X-Purpose 说明用途 | whole phone number; "
            "needs the permission and a purpose in X-Purpose"
        ),
    ] = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Definition) -> PersonPage:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN, BAD_REQUEST, ORGANIZATION_UNKNOWN, ID_MALFORMED or those
        of paging.
        """
        seen = reach(context, root.tenant_id)
        if seen.visible == ():
            context.demand(Permission.READ_PEOPLE, root.tenant_id)
        phone = None if self.phone is None else _indexes(context, root.tenant_id, seen, self.phone)
        pages = checked_id(window(self.first, self.after, self.last, self.before, 1), 0)
        under = organization_ref(root, self.under)
        return PersonPage(seen, pages, under, self.kind, phone)


def _indexes(context: Context, tenant_id: int, seen: PersonReach, given: str) -> tuple[bytes, ...]:
    if seen.clear == ():
        context.demand(Permission.READ_PERSONAL_DATA, tenant_id)
    if context.actor.purpose is None:
        context.disclosures.denied("City.people.phone")
        raise CodedError(
            ErrorCode.FORBIDDEN,
            "按电话查找须说明用途(请求头 X-Purpose)。",
            "To find people by phone, state the purpose in the header X-Purpose.",
            permission=Permission.READ_PERSONAL_DATA.value,
        )
    phone = parse_phone(given)
    if not isinstance(phone, Phone):
        raise CodedError(ErrorCode.BAD_REQUEST, phone.zh, phone.en, argument="phone")
    found = context.resources.keyring.indexes(phone.e164, tenant_id)
    return tuple(index.data for index in found)


def found_people(slice_: Slice, root: Definition, context: Context) -> Slice:
    """A page of people; who is found by phone is thereby disclosed."""
    if slice_.arguments.phone is not None:
        for row in slice_.rows:
            context.disclosures.shown("City.people.phone", row["id"])
    return slice_
