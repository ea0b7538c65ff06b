"""People and the posts that they hold; what is personal is masked unless it may be seen."""

import datetime
from dataclasses import dataclass
from typing import Any

import strawberry

from schema import refs
from schema.connections import (
    After,
    First,
    PageInfo,
    edge_cursor,
    edge_node,
    edges,
    nodes,
    page_info,
)
from schema.context import Context
from schema.fields import column, derived, relation
from schema.loaders.organization import OrganizationById
from schema.loaders.person import PersonById, PersonRecord
from schema.loaders.post import PostPage, PostRecord, PostsOfPerson
from schema.node import Node, kind_of
from schema.paging import checked_id, window
from schema.personal import PersonalClass
from schema.personal_fields import (
    NAME_COLUMNS,
    PHONE_COLUMNS,
    personal,
    shown_name,
    shown_phone,
)
from schema.reach import Past, ReachArguments
from schema.row_fields import city_of, data_kind, id_of
from schema.sources import PostKindSource
from tenants.definition import DataKind


def _is_own(root: Any, context: Context) -> bool:
    return bool(context.actor.person == root["id"])


def _name(root: Any, context: Context) -> str | None:
    return shown_name(root, context, "Person.name", _is_own(root, context))


def _phone(root: Any, context: Context) -> str | None:
    return shown_phone(root, context, "Person.phone", _is_own(root, context))


@dataclass(frozen=True)
class PostsOfPersonArguments:
    """Arguments of `Person.posts`."""

    past: Past = None
    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> PostPage:
        """The page asked for."""
        pages = checked_id(window(self.first, self.after), 1)
        return PostPage(context.today, pages, past=bool(self.past))


@strawberry.type(
    name="Person",
    description="人员:在组织中任职的人。姓名、电话缺省掩码。 | "
    "Somebody who holds posts; name and phone are masked by default.",
)
class PersonType(Node):
    """Of a `PersonRecord`."""

    is_type_of = kind_of(PersonRecord)

    id: strawberry.ID = id_of("Person")
    city: refs.City = city_of()
    name: str | None = personal(
        _name,
        PersonalClass.NAME,
        "姓名,缺省如“李*”;已注销为空 | name, masked by default; null once erased",
        NAME_COLUMNS,
    )
    phone: str | None = personal(
        _phone,
        PersonalClass.PHONE,
        "电话(E.164),缺省如“138****1234”;空为未登记 | "
        "phone (E.164), masked by default; null = none",
        PHONE_COLUMNS,
    )
    posts: "PostConnection" = relation(
        PostsOfPerson,
        "任职 | posts",
        key=("tenant_id", "id"),
        arguments=PostsOfPersonArguments,
    )
    data_kind: DataKind = data_kind()
    erased_at: datetime.datetime | None = column(
        "个人信息注销时间 | when what tells who it is was erased"
    )


def _kind(root: Any, context: Context) -> PostKindSource | None:
    definition = context.registry.by_id[root["tenant_id"]]
    kind = definition.posts.get(root["kind"])
    return None if kind is None else PostKindSource(definition, kind)


def _is_held(root: Any, context: Context) -> bool:
    ends = root["valid_to"]
    return bool(root["valid_from"] <= context.today and (ends is None or ends > context.today))


@strawberry.type(
    name="Post", description="任职:某人在某组织的某一岗位。 | A post that somebody holds."
)
class PostType(Node):
    """Of a `PostRecord`."""

    is_type_of = kind_of(PostRecord)

    id: strawberry.ID = id_of("Post")
    kind: refs.PostKind | None = derived(
        _kind,
        "岗位种类;空为现行定义已无此岗位 | kind; null where the definition no longer has it",
        ("tenant_id", "kind"),
    )
    organization: refs.Organization = relation(
        OrganizationById, "组织 | organization", key=("tenant_id", "organization_id")
    )
    person: PersonType | None = relation(
        PersonById,
        "任职者 | who holds it",
        key=("tenant_id", "person_id"),
        arguments=ReachArguments,
    )
    valid_from: datetime.date = column("任职日 | first day")
    valid_to: datetime.date | None = column(
        "卸任日(不含),空为在任 | first day on which it was no longer held; null = held"
    )
    is_held: bool = derived(
        _is_held, "今天是否在任 | whether it is held today", ("valid_from", "valid_to")
    )
    data_kind: DataKind = data_kind()


@strawberry.type(name="PostEdge", description="任职的边 | An edge of posts.")
class PostEdge:
    """Of a cursor and a `PostRecord`."""

    cursor: str = edge_cursor()
    node: PostType = edge_node()


@strawberry.type(name="PostConnection", description="任职分页 | A page of posts.")
class PostConnection:
    """Of a `Slice`."""

    edges: list[PostEdge] = edges()
    nodes: list[PostType] = nodes()
    page_info: PageInfo = page_info()


@strawberry.type(name="PersonEdge", description="人员的边 | An edge of people.")
class PersonEdge:
    """Of a cursor and a `PersonRecord`."""

    cursor: str = edge_cursor()
    node: PersonType = edge_node()


@strawberry.type(name="PersonConnection", description="人员分页 | A page of people.")
class PersonConnection:
    """Of a `Slice`."""

    edges: list[PersonEdge] = edges()
    nodes: list[PersonType] = nodes()
    page_info: PageInfo = page_info()
