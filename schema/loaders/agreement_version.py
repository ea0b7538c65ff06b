"""Versions of agreements, agreed or not; for who sees the copy whole."""

from typing import Any

import asyncpg
from sqlalchemy import Select, and_, select

from schema.loaders.agreement import AGREEMENT, VERSION, AgreementReach, ByAgreement, whole


class AgreementVersionRecord(asyncpg.Record):
    """A row of `agreement_version` with the columns that were asked for.

    `agreed` is the number of the version that all have signed.
    """


class VersionsOfAgreement(ByAgreement):
    """(tenant, id) → its versions, the newest first; none unless the viewer sees the copy whole."""

    record = AgreementVersionRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The versions of the keys."""
        a, v = AGREEMENT.alias("a"), VERSION.alias("v")
        copy = and_(a.c.tenant_id == k.c.tenant_id, a.c.id == k.c.id)
        own = and_(v.c.tenant_id == a.c.tenant_id, v.c.agreement_id == a.c.id)
        names = [name for name in dict.fromkeys((*columns, "tenant_id")) if name in v.c]
        found = select(k.c.n, a.c.agreed, *(v.c[name] for name in names))
        rows = found.select_from(k.join(a, copy).join(v, own)).where(whole(a, shape))
        return rows.order_by(k.c.n, v.c.version.desc())

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: AgreementReach) -> Any:
        """All of the agreement."""
        return rows
