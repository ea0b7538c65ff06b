"""Parties of agreements: a small snapshot of an organization, and what it has signed."""

import datetime
from collections.abc import Callable
from typing import Any

import strawberry

from schema import refs
from schema.agreement_reach import AgreementReachArguments
from schema.context import Context
from schema.fields import column, derived, relation
from schema.loaders.agreement_party import (
    SEEN_VERSION,
    AgreementPartyRecord,
    EveryPartyOfAgreement,
)
from schema.loaders.organization import OrganizationByCode
from schema.node import kind_of
from schema.tables.agreement import PartyRole
from tenants.definition import Definition


def _city(root: Any, context: Context) -> Definition:
    return context.registry.by_id[root["party_tenant_id"]]


def _organization_key(root: Any, context: Context) -> tuple[int, str] | None:
    """By code, which never changes; None where the viewer's token does not open the city."""
    tenant_id: int = root["party_tenant_id"]
    return (tenant_id, root["code"]) if context.scope.permits(tenant_id) else None


@strawberry.type(
    name="AgreementParty",
    description="协议的一方:签约时的组织名称与编码,及其签署情况。 | A party of an agreement: which "
    "organization it is, as it was named, and what it has signed.",
)
class AgreementPartyType:
    """Of an `AgreementPartyRecord`."""

    is_type_of = kind_of(AgreementPartyRecord)

    number: int = column("序号,从 1 起;承诺、兑现以此指明哪一方 | number, from 1")
    city: refs.City = derived(
        _city,
        "所属城市;不在令牌之内的城市只可取 id、code、slug、name | city; of one that the token does "
        "not open id, code, slug and name alone",
        ("party_tenant_id",),
    )
    code: str = column("组织编码 | code of the organization")
    name: str = column("组织名称(列为一方时的)| its name, as it was when it was named")
    role: PartyRole = column("角色 | role")
    organization: refs.Organization | None = relation(
        OrganizationByCode,
        "组织;所属城市不在令牌之内则为空 | the organization; null where the token does not open "
        "its city",
        key=_organization_key,
        columns=("party_tenant_id", "code"),
    )
    has_signed: bool = derived(
        lambda root: root["signed_version"] == root[SEEN_VERSION],
        "是否已签署您所见的版本 | whether it has signed the version that you see",
        ("signed_version", SEEN_VERSION),
    )
    signed_version: int | None = column(
        "所签署的最新版本号,空为未签署 | newest version that it signed; null = none"
    )
    signed_at: datetime.datetime | None = column(
        "签署时间,空为未签署或不详 | when it signed that; null = it has not, or not known"
    )


def numbered(number: Callable[[Any], int | None]) -> Callable[[Any, Any, Context], Any]:
    """Of all parties that were loaded the one whose number the object has; None where it has none.

    For `relation(finish=)`.
    """

    def pick(parties: Any, root: Any, context: Context) -> Any:
        wanted = number(root)
        return next((party for party in parties if party["number"] == wanted), None)

    return pick


def party_of(name: str, description: str) -> Any:
    """A field of a row of an agreement that has a party's number in the column `name`."""
    return relation(
        EveryPartyOfAgreement,
        description,
        key=("tenant_id", "agreement_id"),
        columns=(name,),
        arguments=AgreementReachArguments,
        finish=numbered(lambda root: root[name]),
    )
