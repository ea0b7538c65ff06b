"""Postings inside a writing transaction, as the input names them."""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from schema.ids import uuid_in
from schema.loaders.posting import POSTING
from schema.refusals import RefusalCode, Refused, refuse
from schema.tables.market import PostingKind, PostingState
from schema.work import Work

COLUMNS = ("id", "kind", "cooperative_id", "enterprise_id", "product", "product_key", "quantity",
           "unit", "until_on", "state")  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """A posting as the transaction sees it."""

    id: uuid.UUID
    kind: PostingKind
    cooperative_id: uuid.UUID | None
    enterprise_id: uuid.UUID | None
    product: str
    product_key: str
    quantity: Decimal
    unit: str
    until_on: datetime.date | None
    state: PostingState


async def known_posting(
    work: Work, given: str, *path: str, lock: str | None = "SHARE"
) -> Offer | Refused:
    """The posting that the input names (a global id) at `path`.

    With the lock SHARE nobody closes it until the end; UPDATE is for who closes it.
    """
    id_ = uuid_in(given, "Posting", work.tenant_id)
    p: Any = POSTING
    statement = select(*(p.c[name] for name in COLUMNS)).where(
        p.c.tenant_id == work.tenant_id, p.c.id == id_
    )
    if lock is not None:
        statement = statement.with_for_update(read=lock == "SHARE")
    found = None if id_ is None else (await work.connection.execute(statement)).first()
    if found is None:
        return unknown_posting(given, *path)
    row = {**found._mapping}
    kind, state = PostingKind(row.pop("kind")), PostingState(row.pop("state"))
    return Offer(kind=kind, state=state, **row)


def closed(work: Work, offer: Offer, *path: str) -> Refused | None:
    """Why nothing comes of a posting that is closed or past; None of one that is open."""
    if offer.state is PostingState.CLOSED:
        return refuse(
            RefusalCode.POSTING_CLOSED,
            f"“{offer.product}”这条供需信息已关闭。",
            f"The posting of {offer.product!r} is closed.",
            *path,
        )
    if offer.until_on is not None and offer.until_on < work.today:
        return refuse(
            RefusalCode.POSTING_CLOSED,
            f"“{offer.product}”这条供需信息已于 {offer.until_on} 到期。",
            f"The posting of {offer.product!r} ended on {offer.until_on}.",
            *path,
        )
    return None


def unknown_posting(given: str, *path: str) -> Refused:
    """What is said of a posting that the city does not have."""
    return refuse(
        RefusalCode.POSTING_UNKNOWN,
        f"没有编号为“{given[:40]}”的供需信息;请用 City.postings 查找。",
        f"There is no posting with the id {given[:40]!r}; find one with City.postings.",
        *(path or ("posting",)),
    )
