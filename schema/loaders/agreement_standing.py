"""How agreements stand, as the rules look at it; for who sees the copy whole."""

from typing import Any

from sqlalchemy import Select, and_, exists, or_, select

from schema.loaders.agreement import (
    AGREEMENT,
    PARTY,
    VERSION,
    AgreementReach,
    ByAgreement,
    whole,
)
from schema.loaders.agreement_delivery import DELIVERY
from schema.loaders.agreement_party import has_number, of_version
from schema.loaders.organization import ORGANIZATION
from schema.tables.agreement import DeliveryState


class AgreementStandings(ByAgreement):
    """(tenant, id) → a row a party of the newest or the agreed version, with how all stands.

    `path` is that of the party's organization where it is the tenant's own. No rows, and no
    statement, where the viewer sees no copy whole.
    """

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The parties with their organizations' paths."""
        a, p, o = AGREEMENT.alias("a"), PARTY.alias("p"), ORGANIZATION.alias("o")
        copy = and_(a.c.tenant_id == k.c.tenant_id, a.c.id == k.c.id)
        own = and_(p.c.tenant_id == a.c.tenant_id, p.c.agreement_id == a.c.id)
        at = and_(o.c.tenant_id == p.c.tenant_id, o.c.id == p.c.organization_id)
        newest, agreed = _names(a, a.c.version, p), _names(a, a.c.agreed, p)
        found = select(
            k.c.n,
            a.c.tenant_id,
            a.c.state,
            a.c.version,
            a.c.agreed,
            p.c.number,
            p.c.signed_version,
            o.c.path,
            newest.label("is_newest"),
            agreed.label("is_agreed"),
            _unanswered(p).label("is_unanswered"),
        )
        rows = found.select_from(k.join(a, copy).join(p, own).outerjoin(o, at))
        return rows.where(whole(a, shape), or_(newest, agreed)).order_by(k.c.n, p.c.number)

    @classmethod
    def is_nowhere(cls, arguments: AgreementReach) -> bool:
        """Whether the viewer sees no copy whole."""
        return arguments.codes == ()

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: AgreementReach) -> Any:
        """All of the agreement."""
        return rows


def _names(a: Any, number: Any, p: Any) -> Any:
    """Whether a version names the party."""
    v = VERSION.alias("nv")
    named = select(1).where(of_version(v, a, number), has_number(v.c.content, p.c.number))
    return exists(named.correlate(a, p))


def _unanswered(p: Any) -> Any:
    """Whether a delivery of the party has been answered by nobody."""
    d = DELIVERY.alias("ud")
    own = and_(d.c.tenant_id == p.c.tenant_id, d.c.agreement_id == p.c.agreement_id)
    open_ = and_(d.c.party == p.c.number, d.c.state == DeliveryState.RECORDED.value)
    return exists(select(1).where(own, open_).correlate(p))
