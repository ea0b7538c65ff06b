"""The parties of agreements: those of the version that the viewer sees, and all that ever were."""

from typing import Any

import asyncpg
from sqlalchemy import (
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    not_,
    select,
    true,
)

from schema.loaders.agreement import (
    AGREEMENT,
    PARTY,
    VERSION,
    AgreementReach,
    ByAgreement,
    seen_version,
    visible,
    whole,
)
from schema.loaders.organization import ORGANIZATION

SEEN_VERSION, AGREEMENT_ID = "seen_version", "agreement_id"
"""Columns of a party: the number of the version that the viewer sees, and whose party it is."""


class AgreementPartyRecord(asyncpg.Record):
    """A party with the columns that were asked for, always `tenant_id`, `number` and its agreement.

    What it has signed is as the viewer sees it. `organization_id` is null unless the party is of
    the tenant whose copy this is.
    """


class _Parties(ByAgreement):
    """A list of parties a key, in order of number."""

    record = AgreementPartyRecord

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: AgreementReach) -> Any:
        """All of the agreement."""
        return rows


class PartiesOfAgreement(_Parties):
    """(tenant, id) → the parties of the version that the viewer sees."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Those that the content names, with their signatures."""
        a, v, p = AGREEMENT.alias("a"), VERSION.alias("v"), PARTY.alias("p")
        e = content_parties(v.c.content)
        copy = and_(a.c.tenant_id == k.c.tenant_id, a.c.id == k.c.id)
        version = of_version(v, a, seen_version(a, shape))
        own = and_(p.c.tenant_id == a.c.tenant_id, p.c.agreement_id == a.c.id)
        source = k.join(a, copy).join(v, version).join(e, true())
        source = source.outerjoin(p, and_(own, p.c.number == e.c.number))
        named = {
            "number": e.c.number,
            "party_tenant_id": cast(e.c.city, Integer()),
            "city": e.c.cityName,
            "code": e.c.code,
            "name": e.c.name,
            "role": e.c.role,
        }
        found = select(k.c.n, *_taken(columns, named, a, p, shape)).select_from(source)
        return found.where(visible(a, shape)).order_by(k.c.n, e.c.number)


class SignersOfAgreement(PartiesOfAgreement):
    """(tenant, id) → the same with `path`, `state`, `version` and `agreed`, as the rules ask.

    None, and no statement, where the viewer sees no copy whole. `path` is that of the party's
    organization where it is the tenant's own.
    """

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The parties, each with how the agreement stands."""
        columns = (*columns, "signed_version", "organization_id")
        found = super().select(k, columns, shape).subquery("f")
        a, o = AGREEMENT.alias("c"), ORGANIZATION.alias("o")
        copy = and_(a.c.tenant_id == found.c.tenant_id, a.c.id == found.c[AGREEMENT_ID])
        at = and_(o.c.tenant_id == found.c.tenant_id, o.c.id == found.c.organization_id)
        standing = (a.c.state, a.c.version, a.c.agreed, o.c.path)
        rows = select(*found.c, *standing).select_from(found.join(a, copy).outerjoin(o, at))
        return rows.where(whole(a, shape)).order_by(found.c.n, found.c.number)

    @classmethod
    def is_nowhere(cls, arguments: AgreementReach) -> bool:
        """Whether the viewer sees no copy whole."""
        return arguments.codes == ()


class EveryPartyOfAgreement(_Parties):
    """(tenant, id) → all that are or were to be parties, for who sees the copy whole."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Those that were ever asked to sign."""
        a, p = AGREEMENT.alias("a"), PARTY.alias("p")
        copy = and_(a.c.tenant_id == k.c.tenant_id, a.c.id == k.c.id)
        own = and_(p.c.tenant_id == a.c.tenant_id, p.c.agreement_id == a.c.id)
        found = select(k.c.n, *_taken(columns, dict(p.c), a, p, shape))
        rows = found.select_from(k.join(a, copy).join(p, own)).where(visible(a, shape))
        return rows.order_by(k.c.n, p.c.number)


def of_version(v: Any, a: Any, number: Any) -> Any:
    """Whether `v` is the version of the agreement `a` with a number."""
    return and_(v.c.tenant_id == a.c.tenant_id, v.c.agreement_id == a.c.id, v.c.version == number)


def has_number(content: Any, number: Any) -> Any:
    """Whether a content names a party with the number."""
    wanted = func.jsonb_build_array(func.jsonb_build_object("number", number))
    return content["parties"].contains(wanted)


def content_parties(content: Any) -> Any:
    """The parties of a content as rows `e`."""
    texts: list[Any] = [column(name, Text()) for name in ("city", "cityName", "code", "name")]
    rows = func.jsonb_to_recordset(content["parties"]).table_valued(
        column("number", Integer()), *texts, column("role", Text()), name="e"
    )
    return rows.render_derived(with_types=True)


def _taken(columns: tuple[str, ...], named: Any, a: Any, p: Any, shape: str) -> list[Any]:
    """The wanted columns of a party."""
    made = {
        **named,
        "tenant_id": a.c.tenant_id,
        AGREEMENT_ID: a.c.id,
        "organization_id": p.c.organization_id,
        "signed_version": _signed(p.c.signed_version, a.c.agreed, a, p, shape),
        "signed_at": _signed(p.c.signed_at, a.c.signed_at, a, p, shape),
        SEEN_VERSION: seen_version(a, shape),
    }
    wanted = dict.fromkeys((*columns, "tenant_id", AGREEMENT_ID, "number"))
    return [made[name].label(name) for name in wanted if name in made]


def _signed(own: Any, agreed: Any, a: Any, p: Any, shape: str) -> Any:
    """What a party signed; of a version that is not for the viewer, that of the agreed one."""
    if shape == "all":
        return own
    newer = p.c.signed_version > a.c.agreed
    hidden = newer if shape == "none" else and_(newer, not_(whole(a, shape)))
    return case((hidden, agreed), else_=own)
