"""Mutations of households and memberships: GraphQL in, one transaction, a payload out."""

import datetime
from decimal import Decimal
from typing import Any

import strawberry

from schema.context import Context
from schema.cooperatives.belonging import unknown_household, unknown_membership
from schema.cooperatives.change_household import ChangedHousehold, ChangeHousehold
from schema.cooperatives.change_membership import ChangeMembership
from schema.cooperatives.contribution import STEPS, Contribution
from schema.cooperatives.enrol import Enrol, Member
from schema.cooperatives.households import HouseholdType
from schema.cooperatives.leave import Leave
from schema.cooperatives.led import unknown_cooperative
from schema.cooperatives.memberships import MembershipType
from schema.cooperatives.registering import NewHead, NewHousehold
from schema.cooperatives.writing import given_of, write
from schema.entries import tenant_of
from schema.fields import relation
from schema.household_reach import HouseholdReachArguments
from schema.loaders.household import HouseholdById
from schema.loaders.membership import MembershipById
from schema.mutations import (
    Answer,
    RefusalType,
    answer,
    mutation,
    refusals,
)
from schema.refusals import RefusalCode, Refused, refuse

LAND = "入股土地(亩),至多三位小数 | land, 亩, up to three decimals"
CAPITAL = "入股资金(元),至多两位小数 | capital, 元, up to two decimals"
SHARE = "股份(%),0 至 100,至多三位小数 | share, %, 0 to 100, up to three decimals"
KEPT = ";不给则不变,null 为无 | ; left out = as it is, null = none"


def _changed(description: str) -> Any:
    """A field of an input that may be left out, where that differs from null."""
    zh, en = description.split(" | ")
    kept_zh, kept_en = KEPT.split(" | ")
    described = f"{zh}{kept_zh} | {en}{kept_en}"
    return strawberry.field(default=strawberry.UNSET, description=described)


@strawberry.input(description="尚未登记的户主。 | Who heads a household, not known yet.")
class NewHeadInput:
    """Of `enrolHousehold`."""

    name: str = strawberry.field(description="姓名,1 至 50 个字符 | name, 1 to 50 characters")
    phone: str | None = strawberry.field(
        default=None, description="电话,加密保存 | phone, stored encrypted"
    )


@strawberry.input(
    description="尚未登记的农户;head 与 person 二选一。 | A household that is not known yet; give "
    "head or person."
)
class NewHouseholdInput:
    """Of `enrolHousehold`."""

    organization: strawberry.ID = strawberry.field(
        description="所在村或其下级(编码或全局编号)| village, or what is below one (code or id)"
    )
    head: NewHeadInput | None = strawberry.field(
        default=None, description="新登记的户主 | a head who is not known yet"
    )
    person: strawberry.ID | None = strawberry.field(
        default=None, description="已登记的人为户主(全局编号)| somebody known who heads it (id)"
    )
    address: str | None = strawberry.field(
        default=None, description="住址,至多 200 个字符 | address, up to 200 characters"
    )
    people: int | None = strawberry.field(
        default=None,
        description="人数;本市记录人口的须给出,否则不可给 | how many belong to it; needed where "
        "the city records PEOPLE, refused elsewhere",
    )


@strawberry.input(
    description="农户入社;household 与 newHousehold 二选一。 | A household joins a cooperative; "
    "give household or newHousehold."
)
class EnrolHouseholdInput:
    """Of `enrolHousehold`."""

    cooperative: strawberry.ID = strawberry.field(
        description="合作社(全局编号)| the cooperative (id)"
    )
    household: strawberry.ID | None = strawberry.field(
        default=None, description="已登记的农户(全局编号)| a household that is known (id)"
    )
    new_household: NewHouseholdInput | None = strawberry.field(
        default=None, description="新登记的农户 | a new household"
    )
    since: datetime.date | None = strawberry.field(
        default=None,
        description="入社日,缺省今天;不早于成立,不晚于今天 | first day, default today; not before "
        "the cooperative was founded, nor after today",
    )
    land: Decimal | None = strawberry.field(default=None, description=LAND)
    capital: Decimal | None = strawberry.field(default=None, description=CAPITAL)
    share: Decimal | None = strawberry.field(default=None, description=SHARE)


@strawberry.input(description="农户退社。 | A household leaves a cooperative.")
class LeaveCooperativeInput:
    """Of `leaveCooperative`."""

    membership: strawberry.ID = strawberry.field(description="社员(全局编号)| the membership (id)")
    until: datetime.date | None = strawberry.field(
        default=None,
        description="退社日(不含),缺省今天;今天入社的为明天 | first day on which it is no member, "
        "default today; tomorrow where it joined today",
    )


@strawberry.input(description="更正社员的入股信息。 | What a household brought, corrected.")
class ChangeMembershipInput:
    """Of `changeMembership`."""

    membership: strawberry.ID = strawberry.field(description="社员(全局编号)| the membership (id)")
    land: Decimal | None = _changed(LAND)
    capital: Decimal | None = _changed(CAPITAL)
    share: Decimal | None = _changed(SHARE)


@strawberry.input(description="更正农户信息。 | What is known of a household, corrected.")
class ChangeHouseholdInput:
    """Of `changeHousehold`."""

    household: strawberry.ID = strawberry.field(description="农户(全局编号)| the household (id)")
    address: str | None = _changed("住址,至多 200 个字符 | address, up to 200 characters")
    people: int | None = _changed(
        "人数;本市记录人口的不可为空 | how many belong to it; never null where the city records "
        "PEOPLE"
    )
    organization: strawberry.ID | None = strawberry.field(
        default=None,
        description="迁至此村或其下级(编码或全局编号)| village, or what is below one, that it "
        "moved to (code or id)",
    )


@strawberry.type
class MembershipPayload:
    """Of an `Answer` with a `Member`; the base of the payloads that have a membership."""

    membership: MembershipType | None = relation(
        MembershipById,
        "社员;预演或未予办理时为空 | the membership; null with dryRun or where nothing was carried "
        "out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.membership),
        arguments=HouseholdReachArguments,
    )
    refusals: list[RefusalType] = refusals()


@strawberry.type(name="EnrolHouseholdPayload", description="入社的结果。 | What an enrolment gave.")
class EnrolHouseholdPayload(MembershipPayload):
    """Of an `Answer` with a `Member`."""


@strawberry.type(
    name="LeaveCooperativePayload", description="退社的结果。 | What leaving a cooperative gave."
)
class LeaveCooperativePayload(MembershipPayload):
    """Of an `Answer` with a `Member`."""


@strawberry.type(
    name="ChangeMembershipPayload",
    description="更正入股信息的结果。 | What changing a membership gave.",
)
class ChangeMembershipPayload(MembershipPayload):
    """Of an `Answer` with a `Member`."""


@strawberry.type(
    name="ChangeHouseholdPayload",
    description="更正农户信息的结果。 | What changing a household gave.",
)
class ChangeHouseholdPayload:
    """Of an `Answer` with a `ChangedHousehold`."""

    household: HouseholdType | None = relation(
        HouseholdById,
        "农户;预演或未予办理时为空 | the household; null with dryRun or where nothing was carried "
        "out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.household),
        arguments=HouseholdReachArguments,
    )
    refusals: list[RefusalType] = refusals()


async def _enrol(context: Context, given: EnrolHouseholdInput, dry_run: bool) -> Answer[Member]:
    household = _household(given)
    if isinstance(household, Refused):
        return answer(household)
    contribution = {name: getattr(given, name) for name in STEPS}
    action = Enrol(given.cooperative, household, given.since, contribution)
    definition = tenant_of(context, given.cooperative, "Cooperative")
    if definition is None:
        return answer(unknown_cooperative(given.cooperative))
    return await write(context, definition, action, dry_run)


def _household(given: EnrolHouseholdInput) -> str | NewHousehold | Refused:
    new = given.new_household
    if (given.household is None) == (new is None):
        return refuse(
            RefusalCode.HOUSEHOLD_UNKNOWN,
            "household 与 newHousehold 应且只应给出一个。",
            "Expected exactly one of household and newHousehold.",
        )
    if new is None:
        return str(given.household)
    if (new.head is None) == (new.person is None):
        return refuse(
            RefusalCode.PERSON_MALFORMED,
            "newHousehold.head 与 newHousehold.person 应且只应给出一个。",
            "Expected exactly one of newHousehold.head and newHousehold.person.",
            "newHousehold",
        )
    head = str(new.person) if new.head is None else NewHead(new.head.name, new.head.phone)
    return NewHousehold(new.organization, head, new.address, new.people)


async def _leave(context: Context, given: LeaveCooperativeInput, dry_run: bool) -> Answer[Member]:
    definition = tenant_of(context, given.membership, "Membership")
    if definition is None:
        return answer(unknown_membership())
    return await write(context, definition, Leave(given.membership, given.until), dry_run)


async def _change_membership(
    context: Context, given: ChangeMembershipInput, dry_run: bool
) -> Answer[Member]:
    definition = tenant_of(context, given.membership, "Membership")
    if definition is None:
        return answer(unknown_membership())
    contribution: Contribution = given_of(given, *STEPS)
    action = ChangeMembership(given.membership, contribution)
    return await write(context, definition, action, dry_run)


async def _change_household(
    context: Context, given: ChangeHouseholdInput, dry_run: bool
) -> Answer[ChangedHousehold]:
    definition = tenant_of(context, given.household, "Household")
    if definition is None:
        return answer(unknown_household())
    action = ChangeHousehold(given.household, given_of(given, "address", "people", "organization"))
    return await write(context, definition, action, dry_run)


@strawberry.type
class HouseholdMutations:
    """The part of `Mutation` that changes who belongs to cooperatives."""

    enrol_household: EnrolHouseholdPayload | None = mutation(
        _enrol,
        "农户入社。须对领办组织有权限 | a household joins a cooperative; needs the permission at "
        "its leader",
        takes=EnrolHouseholdInput,
    )
    leave_cooperative: LeaveCooperativePayload | None = mutation(
        _leave,
        "农户退社,历史留存 | a household leaves a cooperative; history is kept",
        takes=LeaveCooperativeInput,
    )
    change_membership: ChangeMembershipPayload | None = mutation(
        _change_membership,
        "更正入股的土地、资金、股份 | correct land, capital or share of a membership",
        takes=ChangeMembershipInput,
    )
    change_household: ChangeHouseholdPayload | None = mutation(
        _change_household,
        "更正农户的住址、人数、所在村 | correct address, people or village of a household",
        takes=ChangeHouseholdInput,
    )
