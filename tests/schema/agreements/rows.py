"""Agreements put into a database at once, in every copy, without a mutation or an event."""

import datetime
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import asyncpg

from schema.agreements.content import Content, ContentCommitment, content_hash
from schema.ids import GlobalId, derived_uuid
from tests.conftest import NOW
from tests.rollups import recounted
from tests.schema.agreements.pair import REGISTRY, A, B

SIGNED_AT = datetime.datetime(2026, 1, 10, 2, tzinfo=datetime.UTC)
DIMENSIONS = {"party": "党建", "industry": "产业", "welfare": "民生"}
PAIRING = ((A, "S1-1"), (B, "S1-1"))


@dataclass(frozen=True)
class Promise:
    """A commitment."""

    key: str = "c1"
    dimension: str = "industry"
    owner: int | None = 1
    text: str = "采购农产品"
    quantity: str | None = None
    unit: str | None = None
    every: str | None = None
    due_on: str | None = None

    @property
    def content(self) -> ContentCommitment:
        """As a content has it."""
        return {
            "key": self.key,
            "dimension": self.dimension,
            "owner": self.owner,
            "text": self.text,
            "quantity": self.quantity,
            "unit": self.unit,
            "every": self.every,
            "dueOn": self.due_on,
        }


@dataclass(frozen=True)
class Delivered:
    """A delivery; `answered_by` another party where it has been answered."""

    on: datetime.date
    quantity: str | None = None
    funds: str | None = None
    state: str = "CONFIRMED"
    commitment: str = "c1"
    party: int = 1
    answered_by: int = 2


@dataclass(frozen=True)
class Did:
    """A meeting or an activity."""

    on: datetime.date
    kind: str = "MEETING"
    way: str | None = None
    funds: str | None = None
    solved: int | None = None
    parties: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Text:
    """What a version says."""

    title: str = "村社结对"
    parties: tuple[tuple[int, str], ...] = PAIRING
    dimensions: tuple[str, ...] = ("industry",)
    promises: tuple[Promise, ...] = ()
    alliance: str | None = None
    facilitator: str | None = None
    group: tuple[tuple[int, str, str], ...] = ()
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None

    @property
    def content(self) -> Content:
        """As a version has it."""
        return {
            "title": self.title,
            "alliance": self.alliance,
            "facilitator": self.facilitator,
            "parties": [
                {
                    "number": number,
                    "city": str(tenant_id),
                    "cityName": REGISTRY.by_id[tenant_id].tenant.name,
                    "code": code,
                    "name": _name(tenant_id, code),
                    "role": "INITIATOR" if number == 1 else "PARTNER",
                }
                for number, (tenant_id, code) in enumerate(self.parties, start=1)
            ],
            "dimensions": [{"key": key, "name": DIMENSIONS[key]} for key in self.dimensions],
            "workingGroup": [
                {"party": party, "duty": duty, "title": title} for party, duty, title in self.group
            ],
            "commitments": [promise.content for promise in self.promises],
            "startsOn": None if self.starts_on is None else str(self.starts_on),
            "endsOn": None if self.ends_on is None else str(self.ends_on),
        }


@dataclass(frozen=True)
class Put:
    """An agreement; its id follows from its name.

    `pending` is a second version that only its proposer, party 1, has signed: the state is then
    PROPOSED, as it is with `agreed` False, where nothing is signed by all.
    """

    name: str
    text: Text = Text()
    state: str = "ACTIVE"
    agreed: bool = True
    pending: Text | None = None
    signed_at: datetime.datetime = SIGNED_AT
    ended_at: datetime.datetime | None = None
    end_reason: str | None = None
    renews: str | None = None
    created_at: datetime.datetime = NOW
    delivered: tuple[Delivered, ...] = ()
    did: tuple[Did, ...] = ()

    @property
    def uuid(self) -> uuid.UUID:
        """The id that all copies have."""
        return agreement_uuid(self.name)

    @property
    def newest(self) -> Text:
        """What the newest version says."""
        return self.pending or self.text

    @property
    def tenants(self) -> list[int]:
        """Those that have a copy."""
        everyone = [tenant_id for tenant_id, _ in self.newest.parties]
        return sorted({everyone[0]} if self.state == "DRAFT" else set(everyone))


def agreement_uuid(name: str) -> uuid.UUID:
    """The id of an agreement that `put` stored."""
    return derived_uuid("Agreement", 0, name)


def agreement_id(name: str, tenant_id: int = A) -> str:
    """The global id of a tenant's copy."""
    return str(GlobalId("Agreement", tenant_id, agreement_uuid(name).hex))


def member_id(name: str, kind: str, at: int) -> uuid.UUID:
    """The id of a delivery or activity of an agreement, by its place from 0."""
    return derived_uuid(f"{kind}-{name}", 0, f"{at:06}")


@asynccontextmanager
async def owner_of(url: str) -> AsyncIterator[Any]:
    """A connection of who owns the tables, and so sees and may do everything."""
    connection: Any = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def put(url: str, *agreements: Put) -> None:
    """Store agreements in all copies."""
    made: dict[str, list[dict[str, Any]]] = {table: [] for table in _TABLES}
    async with owner_of(url) as connection:
        rows = await connection.fetch("SELECT tenant_id, code, id FROM organization")
        ids = {(row["tenant_id"], row["code"]): row["id"] for row in rows}
        for one in agreements:
            for tenant_id in one.tenants:
                for table, make in _TABLES.items():
                    made[table] += [
                        {"tenant_id": tenant_id, **row} for row in make(one, tenant_id, ids)
                    ]
        for table, found in made.items():
            await _insert(connection, table, found)
    await recounted(url)


async def _insert(connection: Any, table: str, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    names = list(rows[0])
    values = [tuple(row[name] for name in names) for row in rows]
    await connection.copy_records_to_table(table, records=values, columns=names)


Ids = dict[tuple[int, str], uuid.UUID]


def _agreement(one: Put, tenant_id: int, ids: Ids) -> list[dict[str, Any]]:
    content = one.newest.content
    version = 1 if one.pending is None else 2
    is_agreed = one.agreed and one.state not in ("DRAFT", "DECLINED")
    return [
        {
            "id": one.uuid,
            "title": content["title"],
            "alliance": content["alliance"],
            "state": "PROPOSED" if one.pending or not one.agreed else one.state,
            "version": version,
            "agreed": 1 if is_agreed else None,
            "content_hash": content_hash(content),
            "cities": len({city for city, _ in one.newest.parties}),
            "starts_on": one.newest.starts_on,
            "ends_on": one.newest.ends_on,
            "renews": None if one.renews is None else agreement_uuid(one.renews),
            "created_at": one.created_at,
            "signed_at": one.signed_at if is_agreed else None,
            "ended_at": one.ended_at,
            "end_reason": one.end_reason,
            "end_text": None if one.end_reason is None else "结束说明",
            "revision": 3,
            "data_kind": "GENERATED",
            "source": None,
        }
    ]


def _versions(one: Put, tenant_id: int, ids: Ids) -> list[dict[str, Any]]:
    texts = [one.text] if one.pending is None else [one.text, one.pending]
    return [
        {
            "agreement_id": one.uuid,
            "version": version,
            "content": json.dumps(text.content),
            "content_hash": content_hash(text.content),
            "proposed_by": 1,
            "proposed_at": one.created_at,
            "declined_by": 2 if one.state == "DECLINED" else None,
            "declined_at": NOW if one.state == "DECLINED" else None,
            "decline_reason": "条件不成熟" if one.state == "DECLINED" else None,
        }
        for version, text in enumerate(texts, start=1)
    ]


def _parties(one: Put, tenant_id: int, ids: Ids) -> list[dict[str, Any]]:
    hashes = [content_hash(one.text.content), content_hash(one.newest.content)]
    made = []
    for party in one.newest.content["parties"]:
        number, city = party["number"], int(party["city"])
        signed = 2 if one.pending and number == 1 else 1
        if (
            number > len(one.text.parties)
            or one.state == "DRAFT"
            or (not one.agreed and number > 1)
        ):
            signed = 0
        made.append(
            {
                "agreement_id": one.uuid,
                "number": number,
                "party_tenant_id": city,
                "city": party["cityName"],
                "code": party["code"],
                "name": party["name"],
                "role": party["role"],
                "organization_id": ids[city, party["code"]] if city == tenant_id else None,
                "signed_version": signed or None,
                "signed_hash": hashes[signed - 1] if signed else None,
                "signed_at": (one.signed_at if signed == 1 else NOW) if signed else None,
            }
        )
    return made


def _deliveries(one: Put, tenant_id: int, ids: Ids) -> list[dict[str, Any]]:
    return [
        {
            "id": member_id(one.name, "delivery", at),
            "agreement_id": one.uuid,
            "commitment": item.commitment,
            "party": item.party,
            "delivered_on": item.on,
            "quantity": _decimal(item.quantity),
            "funds": _decimal(item.funds),
            "text": f"兑现说明{at}",
            "evidence": [f"https://files.example/{at}.jpg"],
            "recorded_at": NOW,
            "state": item.state,
            "answered_by": None if item.state == "RECORDED" else item.answered_by,
            "answered_at": None if item.state == "RECORDED" else NOW,
            "answer": "数量不符" if item.state == "DISPUTED" else None,
            "data_kind": "GENERATED",
        }
        for at, item in enumerate(one.delivered)
    ]


def _activities(one: Put, tenant_id: int, ids: Ids) -> list[dict[str, Any]]:
    return [
        {
            "id": member_id(one.name, "activity", at),
            "agreement_id": one.uuid,
            "kind": item.kind,
            "way": item.way,
            "subject": f"主题{at}",
            "held_on": item.on,
            "parties": list(item.parties),
            "funds": _decimal(item.funds),
            "solved": item.solved,
            "text": f"活动说明{at}",
            "recorded_by": item.parties[0],
            "recorded_at": NOW,
            "data_kind": "GENERATED",
        }
        for at, item in enumerate(one.did)
    ]


_TABLES = {
    "agreement": _agreement,
    "agreement_version": _versions,
    "agreement_party": _parties,
    "agreement_delivery": _deliveries,
    "agreement_activity": _activities,
}


@cache
def _name(tenant_id: int, code: str) -> str:
    organizations = REGISTRY.by_id[tenant_id].tenant.organizations
    return next(str(item.name) for item in organizations if item.code == code)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
