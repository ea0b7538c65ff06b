"""Staffing rules held against who is there: what the fields of several slices share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schema.arguments import UnderOrganization, organization_ref
from schema.connections import After, Before, First, Last
from schema.context import Context
from schema.loaders.staffing import GapPage, Rule, Rules, StaffingArguments
from schema.paging import window
from tenants.definition import Definition


@dataclass(frozen=True)
class Staffing:
    """A rule for one organization: how many it needs of a post, and has."""

    definition: Definition
    post: str
    required: int
    held: int


def rules_of(definitions: Sequence[Definition]) -> Rules:
    """The staffing rules of tenants, in the order of their levels."""
    return tuple(
        Rule(definition.tenant_id, level.key, rule.post, rule.required)
        for definition in definitions
        for level in definition.hierarchy
        for rule in level.staffing
    )


def staffing_of(held: dict[str, int], root: Any, context: Context) -> list[Staffing]:
    """The rules of an organization's level against the posts that are held there."""
    definition = context.registry.by_id[root["tenant_id"]]
    if root["level"] not in definition.hierarchy:
        return []
    return [
        Staffing(definition, rule.post, rule.required, held.get(rule.post, 0))
        for rule in definition.hierarchy[root["level"]].staffing
    ]


@dataclass(frozen=True)
class StaffingTotalsArguments:
    """Arguments of `City.staffing`."""

    under: UnderOrganization = None

    def checked(self, context: Context, root: Definition) -> StaffingArguments:
        """All rules of the tenant.

        Errors: `CodedError` ORGANIZATION_UNKNOWN, ID_MALFORMED.
        """
        under = organization_ref(root, self.under)
        return StaffingArguments(rules_of([root]), context.today, under)


@dataclass(frozen=True)
class ProvinceStaffingArguments:
    """No arguments: every rule of every city."""

    def checked(self, context: Context, root: Definition) -> StaffingArguments:
        """All rules of the cities."""
        return StaffingArguments(rules_of(context.registry.cities_of(root)), context.today)


@dataclass(frozen=True)
class GapsArguments:
    """Arguments of `City.staffingGaps`."""

    under: UnderOrganization = None
    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Definition) -> GapPage:
        """The page asked for.

        Errors: `CodedError` ORGANIZATION_UNKNOWN, ID_MALFORMED or those of paging.
        """
        under = organization_ref(root, self.under)
        staffing = StaffingArguments(rules_of([root]), context.today, under)
        return GapPage(staffing, window(self.first, self.after, self.last, self.before))
