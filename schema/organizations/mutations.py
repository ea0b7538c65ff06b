"""Mutations of organizations: GraphQL in, an action in one transaction, a payload out."""

import datetime
from typing import Any

import strawberry

from schema.access import Permission
from schema.context import Context
from schema.entries import find_tenant
from schema.fields import relation
from schema.loaders.organization import OrganizationById
from schema.mutations import (
    Answer,
    ChangeType,
    RefusalType,
    answer,
    changes,
    denied_everywhere,
    mutation,
    refusals,
    written,
)
from schema.organizations.dissolve import Dissolve
from schema.organizations.establish import Establish, New
from schema.organizations.merge import Merge, NewPlace
from schema.organizations.move import Move
from schema.organizations.naming import Named, named
from schema.organizations.outcome import Changed
from schema.organizations.rename import Rename
from schema.organizations.types import OrganizationType
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Action
from tenants.definition import Definition

SPELLING_COST = 300
"""Points where a name is spelled: another process works 0.3 s, so one operation takes three."""


def _tenant() -> Any:
    return strawberry.field(
        description="所属城市或省的区划代码或网址名 | code or slug of the city or province"
    )


def _organization(which: str) -> Any:
    return strawberry.field(description=f"{which}(组织编码或全局编号,code or id)")


def _on(which: str) -> Any:
    return strawberry.field(default=None, description=which)


def _code() -> Any:
    return strawberry.field(
        default=None,
        description="组织编码,本市内唯一;不填则为上级编码加顺序号,如 210411002-01 | code, unique "
        "in its tenant; left out it is the parent's with the first free number",
    )


def _name() -> Any:
    return strawberry.field(description="名称,1 至 100 个字符 | name, 1 to 100 characters")


@strawberry.input(description="设立一个组织。 | An organization to establish.")
class EstablishOrganizationInput:
    """Of `establishOrganization`."""

    tenant: strawberry.ID = _tenant()
    name: str = _name()
    level: str = strawberry.field(description="层级键 | key of its level")
    parent: strawberry.ID | None = strawberry.field(
        default=None,
        description="上级组织(组织编码或全局编号);仅最上级组织可不填 | the organization above "
        "(code or id); left out only at the top",
    )
    code: str | None = _code()
    valid_from: datetime.date | None = _on(
        "生效日期,缺省今天,至多一年之后 | first day, default today, at most a year ahead"
    )


@strawberry.input(description="为一个组织改名。 | An organization to rename.")
class RenameOrganizationInput:
    """Of `renameOrganization`."""

    tenant: strawberry.ID = _tenant()
    organization: strawberry.ID = _organization("要改名的组织 | what to rename")
    name: str = _name()
    on: datetime.date | None = _on(
        "新名称的首日,缺省今天,不能预定 | first day of the name, default today, none to come"
    )


@strawberry.input(description="将一个组织连同其下级移到另一上级。 | An organization to move.")
class MoveOrganizationInput:
    """Of `moveOrganization`."""

    tenant: strawberry.ID = _tenant()
    organization: strawberry.ID = _organization("要移动的组织 | what to move")
    parent: strawberry.ID = _organization("新的上级 | where to")
    on: datetime.date | None = _on(
        "隶属新上级的首日,缺省今天,不能预定 | first day there, default today, none to come"
    )


@strawberry.input(description="合并后新设的组织。 | The new organization of a merger.")
class MergedOrganizationInput:
    """Of `mergeOrganizations`."""

    name: str = _name()
    parent: strawberry.ID | None = strawberry.field(
        default=None,
        description="上级组织;不填则为被合并组织的共同上级 | the organization above (code or id); "
        "left out it is that of all merged ones",
    )
    code: str | None = _code()


@strawberry.input(
    description="合并同一层级的组织:并入现有组织(into)或新设组织(intoNew),二者选一。 | "
    "Organizations of one level to merge into one that exists or a new one."
)
class MergeOrganizationsInput:
    """Of `mergeOrganizations`."""

    tenant: strawberry.ID = _tenant()
    organizations: list[strawberry.ID] = strawberry.field(
        description="被合并的组织,1 至 100 个,合并后不再存续(组织编码或全局编号)| what ends in the "
        "merger, 1 to 100 (codes or ids)"
    )
    into: strawberry.ID | None = strawberry.field(
        default=None, description="并入的现有组织 | the existing organization that goes on"
    )
    into_new: MergedOrganizationInput | None = strawberry.field(
        default=None, description="并入的新设组织 | the new organization"
    )
    on: datetime.date | None = _on(
        "合并之日,缺省今天,至多一年之后;仍有下级时不能预定 | day of the merger, default today, at "
        "most a year ahead; none to come while children remain"
    )


@strawberry.input(description="撤销一个组织。 | An organization to dissolve.")
class DissolveOrganizationInput:
    """Of `dissolveOrganization`."""

    tenant: strawberry.ID = _tenant()
    organization: strawberry.ID = _organization("要撤销的组织 | what to dissolve")
    successors: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="继任组织,至多 100 个;只有一个时由其接收下级 | successors, at most 100 (codes "
        "or ids); a single one takes in the children",
    )
    on: datetime.date | None = _on(
        "不再存续的首日,缺省今天,至多一年之后;仍有下级时不能预定 | first day without it, default "
        "today, at most a year ahead; none to come while children remain"
    )


@strawberry.type(
    name="OrganizationPayload",
    description="组织变更的结果。 | What a change of organizations gave.",
)
class OrganizationPayload:
    """Of an `Answer` with a `Changed`."""

    organization: OrganizationType | None = relation(
        OrganizationById,
        "变更后的组织(合并时为并入的组织);预演时为现状,尚不存在或未予办理时为空 | the organization "
        "afterwards (of a merger the one that goes on); with dryRun as it is; null where it does "
        "not exist or nothing was carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.id),
    )
    changes: list[ChangeType] = changes()
    refusals: list[RefusalType] = refusals()


async def _write(
    context: Context, definition: Definition, action: Action[Changed], dry_run: bool
) -> Answer[Changed]:
    return await written(context, definition, Permission.CHANGE_ORGANIZATIONS, action, dry_run)


async def _named(
    context: Context, definition: Definition, given: str, *path: str
) -> Named | Refused:
    """A name, spelled only for those who may change something here."""
    denied = denied_everywhere(context, Permission.CHANGE_ORGANIZATIONS, definition)
    return denied or await named(context.resources.speller, given, *path)


async def _establish(
    context: Context, given: EstablishOrganizationInput, dry_run: bool
) -> Answer[Changed]:
    definition = find_tenant(context, given.tenant)
    name = await _named(context, definition, given.name, "name")
    if isinstance(name, Refused):
        return answer(name)
    action = Establish(New(name, given.code), given.level, given.parent, given.valid_from)
    return await _write(context, definition, action, dry_run)


async def _rename(
    context: Context, given: RenameOrganizationInput, dry_run: bool
) -> Answer[Changed]:
    definition = find_tenant(context, given.tenant)
    name = await _named(context, definition, given.name, "name")
    if isinstance(name, Refused):
        return answer(name)
    action = Rename(given.organization, name, given.on)
    return await _write(context, definition, action, dry_run)


async def _move(context: Context, given: MoveOrganizationInput, dry_run: bool) -> Answer[Changed]:
    definition = find_tenant(context, given.tenant)
    action = Move(given.organization, given.parent, given.on)
    return await _write(context, definition, action, dry_run)


async def _merge(
    context: Context, given: MergeOrganizationsInput, dry_run: bool
) -> Answer[Changed]:
    definition = find_tenant(context, given.tenant)
    into = await _goal(context, definition, given)
    if isinstance(into, Refused):
        return answer(into)
    action = Merge(tuple(given.organizations), into, given.on)
    return await _write(context, definition, action, dry_run)


async def _goal(
    context: Context, definition: Definition, given: MergeOrganizationsInput
) -> str | NewPlace | Refused:
    if (given.into is None) == (given.into_new is None):
        return refuse(
            RefusalCode.SUCCESSOR_NOT_ALLOWED,
            "into 与 intoNew 应且只应给出一个。",
            "Expected exactly one of into and intoNew.",
        )
    if given.into_new is None:
        return str(given.into)
    name = await _named(context, definition, given.into_new.name, "intoNew", "name")
    if isinstance(name, Refused):
        return name
    return NewPlace(New(name, given.into_new.code), given.into_new.parent)


async def _dissolve(
    context: Context, given: DissolveOrganizationInput, dry_run: bool
) -> Answer[Changed]:
    definition = find_tenant(context, given.tenant)
    action = Dissolve(given.organization, tuple(given.successors), given.on)
    return await _write(context, definition, action, dry_run)


@strawberry.type
class OrganizationMutations:
    """The part of `Mutation` that changes organizations."""

    establish_organization: OrganizationPayload | None = mutation(
        _establish,
        "设立组织。需对其上级有组织变更权限 | establish an organization; needs the permission over "
        "the one above",
        takes=EstablishOrganizationInput,
        cost=SPELLING_COST,
    )
    rename_organization: OrganizationPayload | None = mutation(
        _rename,
        "组织改名,原名称留存。需对其上级有权限,故不能改本组织之名 | rename one, the former name is "
        "kept; needs the permission over the one above it",
        takes=RenameOrganizationInput,
        cost=SPELLING_COST,
    )
    move_organization: OrganizationPayload | None = mutation(
        _move,
        "组织连同下级改隶,原上级留存。需对新旧上级均有权限 | move one with all below it, the "
        "former place is kept; needs the permission over both parents",
        takes=MoveOrganizationInput,
    )
    merge_organizations: OrganizationPayload | None = mutation(
        _merge,
        "合并组织:下级归并入的组织,任职终止,历史留存 | merge organizations: the children go over, "
        "posts end, history is kept",
        takes=MergeOrganizationsInput,
        cost=SPELLING_COST,
    )
    dissolve_organization: OrganizationPayload | None = mutation(
        _dissolve,
        "撤销组织:须无下级或有唯一继任组织,任职终止,历史留存 | dissolve one: without children, or "
        "with a single successor; posts end, history is kept",
        takes=DissolveOrganizationInput,
    )
