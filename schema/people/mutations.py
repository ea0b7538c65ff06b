"""Mutations of posts: GraphQL in, an action in one transaction, a payload out."""

import datetime

import strawberry

from schema.access import Permission
from schema.context import Context
from schema.entries import find_city
from schema.fields import relation
from schema.loaders.post import PostById
from schema.mutations import (
    Answer,
    ChangeType,
    RefusalType,
    answer,
    changes,
    mutation,
    refusals,
    written,
)
from schema.people.appoint import Appoint, NewPerson
from schema.people.outcome import Appointed
from schema.people.relieve import Relieve
from schema.people.types import PostType
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Action
from tenants.definition import Definition


@strawberry.input(description="尚未登记的人。 | Somebody who is not known yet.")
class NewPersonInput:
    """Of `appoint`."""

    name: str = strawberry.field(description="姓名,1 至 50 个字符 | name, 1 to 50 characters")
    phone: str | None = strawberry.field(
        default=None, description="电话,加密保存 | phone, stored encrypted"
    )


@strawberry.input(description="任命:已登记的人或新登记的人,二者选一。 | An appointment.")
class AppointInput:
    """Of `appoint`."""

    city: strawberry.ID = strawberry.field(
        description="城市代码或网址名 | code or slug of the city"
    )
    organization: strawberry.ID = strawberry.field(
        description="组织(编码或全局编号)| the organization (code or id)"
    )
    kind: str = strawberry.field(description="岗位键 | key of the kind of post")
    person: strawberry.ID | None = strawberry.field(
        default=None, description="已登记的人(全局编号)| somebody known (id)"
    )
    new_person: NewPersonInput | None = strawberry.field(
        default=None, description="新登记的人 | somebody new"
    )
    since: datetime.date | None = strawberry.field(
        default=None,
        description="任职日,缺省今天,至多一年之后 | first day, default today, at most a year ahead",
    )
    until: datetime.date | None = strawberry.field(
        default=None, description="卸任日(不含)| first day on which it is no longer held"
    )


@strawberry.input(description="免去一项任职。 | A post to end.")
class RelieveInput:
    """Of `relieve`."""

    city: strawberry.ID = strawberry.field(
        description="城市代码或网址名 | code or slug of the city"
    )
    post: strawberry.ID = strawberry.field(description="任职(全局编号)| the post (id)")
    on: datetime.date | None = strawberry.field(
        default=None,
        description="不再担任的首日,缺省今天 | first day without it, default today",
    )


@strawberry.type(
    name="PostPayload", description="任免的结果。 | What an appointment or relief gave."
)
class PostPayload:
    """Of an `Answer` with an `Appointed`."""

    post: PostType | None = relation(
        PostById,
        "任职;预演或未予办理时为空 | the post; null with dryRun or where nothing was carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.post),
    )
    changes: list[ChangeType] = changes()
    refusals: list[RefusalType] = refusals()


async def _write(
    context: Context, definition: Definition, action: Action[Appointed], dry_run: bool
) -> Answer[Appointed]:
    return await written(context, definition, Permission.APPOINT, action, dry_run)


async def _appoint(context: Context, given: AppointInput, dry_run: bool) -> Answer[Appointed]:
    definition = find_city(context, given.city)
    person = _person(given)
    if isinstance(person, Refused):
        return answer(person)
    action = Appoint(given.organization, given.kind, person, given.since, given.until)
    return await _write(context, definition, action, dry_run)


def _person(given: AppointInput) -> str | NewPerson | Refused:
    if (given.person is None) == (given.new_person is None):
        return refuse(
            RefusalCode.PERSON_MALFORMED,
            "person 与 newPerson 应且只应给出一个。",
            "Expected exactly one of person and newPerson.",
        )
    if given.new_person is None:
        return str(given.person)
    return NewPerson(given.new_person.name, given.new_person.phone)


async def _relieve(context: Context, given: RelieveInput, dry_run: bool) -> Answer[Appointed]:
    definition = find_city(context, given.city)
    return await _write(context, definition, Relieve(given.post, given.on), dry_run)


@strawberry.type
class PeopleMutations:
    """The part of `Mutation` that appoints and relieves."""

    appoint: PostPayload | None = mutation(
        _appoint,
        "任命。书记类岗位须对上级组织有权限 | appoint; a post that makes a secretary needs "
        "the permission over the organization above",
        takes=AppointInput,
    )
    relieve: PostPayload | None = mutation(
        _relieve,
        "免去任职,历史留存 | relieve somebody of a post; history is kept",
        takes=RelieveInput,
    )
