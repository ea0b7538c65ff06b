"""Staffing: what the rules of levels require, who is there, and where somebody is missing."""

from typing import Any

import strawberry

from schema import refs
from schema.connections import PageInfo, edge_cursor, edge_node, edges, nodes, page_info
from schema.context import Context
from schema.fields import derived, relation
from schema.loaders.organization import OrganizationById
from schema.loaders.staffing import StaffingTotal
from schema.sources import LevelSource, PostKindSource
from schema.staff import Staffing
from tenants.definition import Definition


def _gap(root: Staffing) -> int:
    return max(0, root.required - root.held)


def _kind(root: Any) -> PostKindSource:
    return PostKindSource(root.definition, root.definition.posts[root.post])


@strawberry.type(
    name="Staffing",
    description="一个组织某一岗位的配备:应有、实有、缺额。 | "
    "One post of one organization: required, held, missing.",
)
class StaffingType:
    """Of a `Staffing`."""

    post: refs.PostKind = derived(_kind, "岗位种类 | kind of the post")
    required: int = derived(lambda root: root.required, "应有人数 | holders required")
    held: int = derived(lambda root: root.held, "实有人数 | holders today")
    gap: int = derived(_gap, "缺额,不小于 0 | required less held, never below 0")


def _definition(root: StaffingTotal, context: Context) -> Definition:
    return context.registry.by_id[root.rule.tenant_id]


def _level(root: StaffingTotal, context: Context) -> LevelSource:
    definition = _definition(root, context)
    return LevelSource(definition, definition.hierarchy[root.rule.level])


def _total_kind(root: StaffingTotal, context: Context) -> PostKindSource:
    definition = _definition(root, context)
    return PostKindSource(definition, definition.posts[root.rule.post])


@strawberry.type(
    name="StaffingTotal",
    description="一项配备标准在许多组织的合计。 | One staffing rule over many organizations.",
)
class StaffingTotalType:
    """Of a `StaffingTotal`."""

    city: refs.City = derived(_definition, "城市 | city")
    level: refs.Level = derived(_level, "层级 | level")
    post: refs.PostKind = derived(_total_kind, "岗位种类 | kind of the post")
    organizations: int = derived(
        lambda root: root.organizations, "组织数 | organizations that the rule is for"
    )
    required: int = derived(lambda root: root.required, "应有人数合计 | holders required in all")
    held: int = derived(lambda root: root.held, "实有人数合计 | holders today in all")
    gap: int = derived(
        lambda root: root.gap,
        "缺额合计:逐个组织的缺额之和,一处多出不抵他处 | "
        "missing holders: each organization's own gap, a surplus elsewhere does not count",
    )
    short: int = derived(
        lambda root: root.short, "有缺额的组织数 | organizations that lack a holder"
    )


def _gap_kind(root: Any, context: Context) -> PostKindSource:
    definition = context.registry.by_id[root["tenant_id"]]
    return PostKindSource(definition, definition.posts[root["post"]])


@strawberry.type(name="StaffingGap", description="一个缺额。 | An organization that lacks holders.")
class StaffingGapType:
    """Of a row of `StaffingGaps`."""

    organization: refs.Organization = relation(
        OrganizationById, "组织 | organization", key=("tenant_id", "organization_id")
    )
    post: refs.PostKind = derived(_gap_kind, "岗位种类 | kind of the post")
    required: int = derived(lambda root: root["required"], "应有人数 | holders required")
    held: int = derived(lambda root: root["held"], "实有人数 | holders today")
    gap: int = derived(lambda root: root["required"] - root["held"], "缺额 | missing holders")


@strawberry.type(name="StaffingGapEdge", description="缺额的边 | An edge of gaps.")
class StaffingGapEdge:
    """Of a cursor and a row."""

    cursor: str = edge_cursor()
    node: StaffingGapType = edge_node()


@strawberry.type(name="StaffingGapConnection", description="缺额分页 | A page of gaps.")
class StaffingGapConnection:
    """Of a `Slice`."""

    edges: list[StaffingGapEdge] = edges()
    nodes: list[StaffingGapType] = nodes()
    page_info: PageInfo = page_info()
