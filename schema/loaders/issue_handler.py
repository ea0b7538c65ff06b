"""Who handles an issue: its lead, and those who handle it jointly."""

from collections.abc import Hashable
from typing import Any

import asyncpg
from sqlalchemy import Select, and_, case, null, select
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.held_post import PERSON
from schema.loaders.issue_standing import HANDLER, ISSUE
from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION, Codes, covered


class HandlerRecord(asyncpg.Record):
    """One who handles an issue, with the columns that were asked for.

    `organization_name` is the name of its organization, `person_name` that of the person, None
    where there is none or the viewer may not see who it is.
    """


class _Handlers(KeyedLoader[Codes]):
    """Those of an issue; the argument says where the viewer sees who holds posts."""

    record = HandlerRecord
    private = True

    @classmethod
    def shape(cls, arguments: Codes) -> Hashable:
        """Whether people are seen everywhere, somewhere or nowhere."""
        return "all" if arguments is None else "some" if arguments else "none"

    @classmethod
    def values(cls, arguments: Codes) -> dict[str, Any]:
        """The subtrees."""
        return {"people": list(arguments or ())}


class LeadOfIssue(_Handlers):
    """(tenant, issue) → its lead."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The lead of each issue."""
        i, o, x = ISSUE.alias("i"), ORGANIZATION.alias("o"), PERSON.alias("x")
        source = (
            k.join(i, and_(i.c.tenant_id == k.c.tenant_id, i.c.id == k.c.id))
            .join(o, and_(o.c.tenant_id == i.c.tenant_id, o.c.id == i.c.lead_organization_id))
            .outerjoin(x, and_(x.c.tenant_id == i.c.tenant_id, x.c.id == i.c.lead_person_id))
        )
        own: dict[str, Any] = {
            "tenant_id": i.c.tenant_id,
            "issue_id": i.c.id,
            "organization_id": i.c.lead_organization_id,
            "person_id": i.c.lead_person_id,
            "added_at": null(),
            "answered_at": null(),
            "note_id": null(),
            **_names(o, x, shape),
        }
        return select(k.c.n, *_chosen(own, columns)).select_from(source)


class HandlersOfIssue(_Handlers):
    """(tenant, issue) → those who handle it jointly with the lead, the first asked first."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The co-handlers of each issue; how many there may be is bounded when they are named."""
        h, o, x = HANDLER.alias("h"), ORGANIZATION.alias("o"), PERSON.alias("x")
        source = (
            k.join(h, and_(h.c.tenant_id == k.c.tenant_id, h.c.issue_id == k.c.id))
            .join(o, and_(o.c.tenant_id == h.c.tenant_id, o.c.id == h.c.organization_id))
            .outerjoin(x, and_(x.c.tenant_id == h.c.tenant_id, x.c.id == h.c.person_id))
        )
        own = {column.name: column for column in h.c} | _names(o, x, shape)
        statement = select(k.c.n, *_chosen(own, columns)).select_from(source)
        return statement.order_by(k.c.n, h.c.added_at, h.c.id)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: Codes) -> Any:
        """All of them."""
        return rows


def _names(o: Any, x: Any, shape: str) -> dict[str, Any]:
    """The name of the organization, and of the person where people are seen there."""
    return {"organization_name": o.c.name, "person_name": _person_name(o, x, shape)}


def _person_name(o: Any, x: Any, shape: str) -> ColumnElement[Any]:
    if shape == "some":
        return case((covered(o, "people"), x.c.name), else_=None)
    name: ColumnElement[Any] = x.c.name if shape == "all" else null()
    return name


def _chosen(own: dict[str, Any], columns: tuple[str, ...]) -> list[Any]:
    return [own[name].label(name) for name in columns if name in own]
