"""Founding a cooperative, a village enterprise or a union."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from schema.access import Permission
from schema.codes import Coded, free_code, taken
from schema.cooperative_rollups import COOPERATION
from schema.cooperatives.enrol import wrong_day
from schema.cooperatives.outcome import Changed
from schema.cooperatives.sayings import checked_industry, checked_name, checked_products
from schema.events import Event, EventKind
from schema.loaders.cooperative import COOPERATIVE
from schema.places import Place, managed_place, place_in_being
from schema.refusals import Refused
from schema.tables.cooperative import CooperativeKind
from schema.work import Work
from tenants.definition import DataKind

CODED = Coded(COOPERATIVE, "合作社")

ABBREVIATIONS: Mapping[CooperativeKind, str] = {
    CooperativeKind.COOPERATIVE: "HZS",
    CooperativeKind.VILLAGE_ENTERPRISE: "QY",
    CooperativeKind.UNION: "LHS",
}
"""What codes that are made have of the kind: 合作社, 企业, 联合社."""


@dataclass(frozen=True)
class Found:
    """Found a cooperative that an organization (`leader`, code or id) leads.

    Without a code it gets one made from the leader's: 210411002-HZS1. `industries` are the keys
    of the province's vocabulary. `founded_on` None is today.
    """

    name: str
    kind: CooperativeKind
    leader: str
    village: str | None
    industry: str
    industries: tuple[str, ...]
    products: tuple[str, ...] = ()
    code: str | None = None
    founded_on: datetime.date | None = None

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the new cooperative, or why not."""
        leader = await leading(work, self.leader)
        if isinstance(leader, Refused):
            return leader
        village = None
        if self.village is not None:
            village = await place_in_being(work, self.village, "village")
        code = await free_code(work, CODED, self.code, self._prefix(leader), "code")
        values = self._said(work, village, code)
        if isinstance(values, Refused):
            return values
        return await self._write(work, leader, values)

    def _prefix(self, leader: Place) -> str:
        return f"{leader.code}-{ABBREVIATIONS[self.kind]}"

    def _said(
        self, work: Work, village: Place | Refused | None, code: str | Refused
    ) -> dict[str, Any] | Refused:
        """The columns that the input gives, or all reasons against it."""
        day = self.founded_on or work.today
        said: dict[str, Any] = {
            "code": code,
            "name": checked_name(self.name, "name"),
            "industry": checked_industry(self.industry, self.industries, "industry"),
            "products": checked_products(self.products, "products"),
            "village_id": village.id if isinstance(village, Place) else village,
        }
        reasons = [
            reason
            for value in said.values()
            if isinstance(value, Refused)
            for reason in value.refusals
        ]
        if day > work.today:
            reasons.append(wrong_day(day, None, work.today, "foundedOn"))
        if reasons:
            return Refused(tuple(reasons))
        return {**said, "founded_on": day}

    async def _write(
        self, work: Work, leader: Place, values: Mapping[str, Any]
    ) -> Changed | Refused:
        id_ = uuid7()
        row = {
            "tenant_id": work.tenant_id,
            "id": id_,
            "kind": self.kind.value,
            "leader_id": leader.id,
            "revision": 1,
            "data_kind": DataKind.REAL.value,
            "assumed": False,
            **values,
        }
        # somebody may have given the same code meanwhile
        statement = (
            insert(COOPERATIVE)
            .values(row)
            .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
        )
        stored = await work.connection.scalar(statement.returning(COOPERATIVE.c.id))
        if stored is None:
            return taken(CODED, values["code"], "code")
        work.count_new(COOPERATION, [id_])
        facts = {
            "code": values["code"],
            "name": values["name"],
            "kind": self.kind.value,
            "industry": self.industry,
            "on": str(values["founded_on"]),
        }
        work.events.append(
            Event(EventKind.COOPERATIVE_FOUNDED, leader.id, facts, cooperative_id=id_)
        )
        return Changed(work.tenant_id, id_)


async def leading(work: Work, given: str | uuid.UUID, *path: str) -> Place | Refused:
    """An organization in being that may lead a cooperative, for who may change those it leads."""
    named = path or ("leader",)
    return await managed_place(work, given, Permission.MANAGE_COOPERATIVES, *named)
