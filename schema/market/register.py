"""Registering an enterprise in the directory of those that work with cooperatives."""

import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, or_, select
from uuid_utils.compat import uuid7

from schema.access import Permission
from schema.codes import Coded, free_code
from schema.cooperative_rollups import COOPERATION
from schema.events import Event, EventKind
from schema.loaders.enterprise import ENTERPRISE
from schema.market.checks import checked_day
from schema.market.outcome import Recorded
from schema.places import Place, managed_place
from schema.refusals import RefusalCode, Refused, reasons_in, refuse
from schema.texts import checked_line
from schema.work import Work
from tenants.definition import DataKind

# the first key of the advisory lock on a city's directory; the second is the city
DIRECTORY_LOCK = 7_201_105

CODED = Coded(ENTERPRISE, "企业", width=4)
PREFIX = "E"
"""Codes that are made are E0001, E0002 …"""


@dataclass(frozen=True)
class Register:
    """Put an enterprise into the directory; `industries` are the keys that the province has.

    Without a `code` one is made; `joined_on` None is today.
    """

    name: str
    organization: str
    code: str | None
    industry: str | None
    joined_on: datetime.date | None
    industries: tuple[str, ...]

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the enterprise, or why not."""
        at = await managed_place(work, self.organization, Permission.MANAGE_COOPERATIVES)
        if isinstance(at, Refused):
            return at
        lock = select(func.pg_advisory_xact_lock(DIRECTORY_LOCK, work.tenant_id))
        await work.connection.execute(lock)
        values = {
            "name": await self._name(work),
            "code": await free_code(work, CODED, self.code, PREFIX, "code"),
            "industry": self._industry(work),
            "joined_on": checked_day(work, self.joined_on, "joinedOn"),
        }
        if reasons := reasons_in(values.values()):
            return Refused(reasons)
        return await _write(work, at, values)

    async def _name(self, work: Work) -> str | Refused:
        name = checked_line(self.name, RefusalCode.NAME_MALFORMED, "name")
        if isinstance(name, Refused):
            return name
        e = ENTERPRISE
        stays = or_(e.c.left_on.is_(None), e.c.left_on > work.today)
        same = select(e.c.code).where(e.c.tenant_id == work.tenant_id, e.c.name == name, stays)
        code = await work.connection.scalar(same.limit(1))
        if code is None:
            return name
        return refuse(
            RefusalCode.NAME_TAKEN,
            f"目录中已有“{name}”(编码 {code})。",
            f"The directory has {name!r} already (code {code}).",
            "name",
        )

    def _industry(self, work: Work) -> str | Refused | None:
        if self.industry is None or self.industry in self.industries:
            return self.industry
        known = ", ".join(self.industries)
        return refuse(
            RefusalCode.INDUSTRY_UNKNOWN,
            f"全省词汇没有产业“{self.industry[:40]}”;可用:{known}。",
            f"The province has no industry {self.industry[:40]!r}; it has: {known}.",
            "industry",
        )


async def _write(work: Work, at: Place, values: dict[str, Any]) -> Recorded:
    id_ = uuid7()
    work.count_new(COOPERATION, [id_])
    await work.connection.execute(
        insert(ENTERPRISE).values(
            tenant_id=work.tenant_id,
            id=id_,
            organization_id=at.id,
            data_kind=DataKind.REAL.value,
            **values,
        )
    )
    facts = {"enterprise": str(id_), "code": values["code"], "on": str(values["joined_on"])}
    work.events.append(Event(EventKind.ECONOMY_ENTERPRISE_LISTED, at.id, facts))
    return Recorded(work.tenant_id, id_)
