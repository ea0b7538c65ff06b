"""An invented province of two unlike cities with drawn issues, and statistics counted one by one.

What an answer should be is worked out from all issues, without SQL, rollups or the code of
statistics.
"""

import datetime
import random
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tenants.catalogue import Category, Service
from tenants.channel import Channel
from tenants.definition import City, Definition, Province, ServiceDomain
from tenants.hierarchy import Rung
from tenants.workflow import Phase, Severity
from tests.conftest import NOW
from tests.schema.issues.desk import EVERYTHING
from tests.schema.organizations.town import CITY, ID, PROVINCE

OTHER = 990200
EMPTY = 990300
MEASURES = (
    "reported open closed resolved overdue rated closureRate replyRate resolutionRate"
    " satisfactionRate onTimeRate meanHandlingHours"
)
ROW = (
    "city { code } organization { code } rung domain { key } service { code } phase severity"
    f" channel month measures {{ {MEASURES} }}"
)
ANSWER = f"rows {{ {ROW} }} total {{ {MEASURES} }} unmapped suppressed"
CHINA = datetime.timezone(datetime.timedelta(hours=8))
FIRST = datetime.datetime(2025, 11, 1, tzinfo=CHINA)

Row = dict[str, Any]


def _province() -> Definition:
    domains = [ServiceDomain(key=key, name=key) for key in ("roads", "order", "water")]
    tenant = PROVINCE.tenant.model_copy(update={"domains": domains})
    assert isinstance(tenant, Province)
    return Definition(tenant, ())


def _city(tenant_id: int, slug: str, services: Sequence[tuple[str, str | None]]) -> Definition:
    def own(code: str | None) -> str | None:
        return None if code is None else code.replace(str(ID), str(tenant_id))

    assert isinstance(CITY.tenant, City)
    organizations = [
        item.model_copy(update={"code": own(item.code), "parent": own(item.parent)})
        for item in CITY.tenant.organizations
    ]
    # of the second city grids do not compare
    levels = [
        level.model_copy(update={"rung": None})
        if tenant_id == OTHER and level.rung is Rung.GRID
        else level
        for level in CITY.tenant.levels
    ]
    made = [
        Service(code=code, name=code, workflow=EVERYTHING.key, domain=domain)
        for code, domain in services
    ]
    changes = {
        "code": str(tenant_id),
        "slug": slug,
        "levels": levels,
        "organizations": organizations,
        "workflows": [EVERYTHING],
        "categories": [Category(key="all", name="全部", services=made)],
    }
    tenant = CITY.tenant.model_copy(update=changes)
    assert isinstance(tenant, City)
    return Definition(tenant, (), workflow_versions={EVERYTHING.key: 1})


SERVICES: dict[int, list[tuple[str, str | None]]] = {
    ID: [("S-ROAD", "roads"), ("S-WAY", "roads"), ("S-ODD", None)],
    OTHER: [("S-ROAD", "order"), ("S-PEACE", "order")],
    EMPTY: [],
}
TENANTS = (
    _province(),
    _city(ID, "invented", SERVICES[ID]),
    _city(OTHER, "other", SERVICES[OTHER]),
    _city(EMPTY, "empty", SERVICES[EMPTY]),
)


def drawn(
    chance: random.Random, count: int, places: dict[int, list[tuple[uuid.UUID, str]]]
) -> list[Row]:
    """Rows of `issue` of both cities, whose columns disagree in every way that is allowed."""
    return [_drawn(chance, n, places) for n in range(count)]


def _drawn(chance: random.Random, n: int, places: dict[int, list[tuple[uuid.UUID, str]]]) -> Row:
    tenant = chance.choice((ID, ID, OTHER))
    place, _ = chance.choice(places[tenant][: chance.choice((3, 12, 60))])
    phase = chance.choice(list(Phase))
    reported = FIRST + datetime.timedelta(minutes=chance.randrange(60 * 24 * 150))
    after = [reported + datetime.timedelta(seconds=chance.randrange(9**7)) for _ in range(4)]
    settled = phase in (Phase.RESOLVED, Phase.CLOSED)
    rated = settled and chance.random() < 0.6
    clock = chance.random() < 0.8
    ended = clock and (settled or chance.random() < 0.2)
    return {
        "tenant_id": tenant,
        "id": uuid.UUID(int=chance.getrandbits(128), version=4),
        "number": f"XX-{n:08}",
        "service": chance.choice(SERVICES[tenant])[0],
        "workflow": EVERYTHING.key,
        "workflow_version": 1,
        "state": "new",
        "phase": phase.value,
        "severity": chance.choice(list(Severity)).value,
        "channel": chance.choice((Channel.APP, Channel.WEB, Channel.VISIT)).value,
        "title": "路灯不亮",
        "answers": "{}",
        "place_id": place,
        "organization_id": place,
        "trail": [],
        "lead_organization_id": place,
        "handed": False,
        "supporters": 0,
        "reported_at": reported,
        "resolved_at": after[0] if settled and chance.random() < 0.8 else None,
        "closed_at": after[1] if phase is Phase.CLOSED else None,
        "started_at": reported if clock else None,
        "due_at": after[2] if clock else None,
        "unit": "HOURS" if clock else None,
        "warn_at": reported if clock else None,
        "paused_at": reported if clock and chance.random() < 0.1 else None,
        "pauses": 0,
        "extensions": 0,
        "ended_at": after[3] if ended else None,
        "marked": chance.choice((None, "DUE_SOON", "OVERDUE")) if clock else None,
        "reopenings": 0,
        "solved": chance.choice(("YES", "PARTLY", "NO")) if rated else None,
        "satisfied": chance.randint(1, 5) if rated else None,
        "rated_at": NOW if rated else None,
        "revision": 1,
        "data_kind": "GENERATED",
    }


@dataclass(frozen=True)
class Place:
    """An organization, as far as statistics look at it."""

    code: str
    path: str
    rung: str | None


@dataclass(frozen=True)
class Ledger:
    """All issues and organizations, by id."""

    issues: list[Row]
    places: dict[uuid.UUID, Place]

    def answer(
        self,
        tenants: Sequence[int],
        path: str | None,
        by: Sequence[str],
        where: dict[str, Any],
        few: int = 0,
    ) -> dict[str, Any]:
        """What `ANSWER` should be; `few` is the threshold for who may not read the issues."""
        issues = [item for item in self.issues if self._is_counted(item, tenants, path, where)]
        rows: dict[tuple[Any, ...], list[Row]] = {}
        for item in issues:
            key = self._key(item, by)
            if by and ("DOMAIN" not in by or key[3] is not None):
                rows.setdefault(key, []).append(item)
        if list(by) == ["CITY"]:
            for tenant in tenants:
                rows.setdefault((f"{tenant}", *[None] * 8), [])
        unmapped = sum(self._domain(item) is None for item in issues)
        sizes = {key: len(rows[key]) for key in sorted(rows, key=self._place)}
        shown = _shown(sizes, few, len(issues))
        return {
            "rows": [self._row(key, rows[key]) for key in sorted(shown, key=self._place)],
            "total": None if 0 < len(issues) < few else _measures(issues),
            "unmapped": None if 0 < unmapped < few else unmapped,
            "suppressed": len(rows) - len(shown),
        }

    def _is_counted(
        self, item: Row, tenants: Sequence[int], path: str | None, where: dict[str, Any]
    ) -> bool:
        stands = self.places[item["organization_id"]].path
        since, until = where.get("reportedFrom"), where.get("reportedTo")
        under = where.get("organization")
        return all(
            (
                item["tenant_id"] in tenants,
                stands.startswith(path or "/"),
                under is None or f"/{under}/" in stands,
                *(item[name] == where[name] for name in _PLAIN if name in where),
                "domain" not in where or self._domain(item) == where["domain"],
                since is None or item["reported_at"] >= datetime.datetime.fromisoformat(since),
                until is None or item["reported_at"] < datetime.datetime.fromisoformat(until),
            )
        )

    def _domain(self, item: Row) -> str | None:
        return dict(SERVICES[item["tenant_id"]])[item["service"]]

    def _key(self, item: Row, by: Sequence[str]) -> tuple[Any, ...]:
        place = self.places[item["organization_id"]]
        tenant = item["tenant_id"]
        values = {
            "CITY": f"{tenant}",
            "ORGANIZATION": (tenant, place.path),
            "RUNG": place.rung,
            "DOMAIN": self._domain(item),
            "SERVICE": (tenant, item["service"]),
            "PHASE": item["phase"],
            "SEVERITY": item["severity"],
            "CHANNEL": item["channel"],
            "MONTH": item["reported_at"].astimezone(CHINA).strftime("%Y-%m-01"),
        }
        return tuple(value if name in by else None for name, value in values.items())

    def _row(self, key: tuple[Any, ...], found: list[Row]) -> dict[str, Any]:
        city, organization, rung, domain, service, phase, severity, channel, month = key
        return {
            "city": city and {"code": city},
            "organization": organization and {"code": organization[1].split("/")[-2]},
            "rung": rung,
            "domain": domain and {"key": domain},
            "service": service and {"code": service[1]},
            "phase": phase,
            "severity": severity,
            "channel": channel,
            "month": month,
            "measures": _measures(found),
        }

    def _place(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        city, organization, rung, domain, service, phase, severity, channel, month = key
        tenant = city or (organization or service or ("",))[0]
        codes = [code for code, _ in SERVICES[service[0]]] if service else []
        return (
            f"{tenant}",
            organization[1] if organization else "",
            [*Rung, None].index(rung),
            ["roads", "order", "water", None].index(domain),
            [*Phase, None].index(phase),
            [*Severity, None].index(severity),
            [*Channel, None].index(channel),
            codes.index(service[1]) if service else 0,
            month or "",
        )


_PLAIN = ("phase", "severity", "channel", "service")


def _shown(sizes: dict[tuple[Any, ...], int], few: int, total: int) -> list[tuple[Any, ...]]:
    """The rows that do not tell of few, one by one."""
    held = {key for key, size in sizes.items() if 0 < size < few}
    if held and not 0 < total < few:
        while len(held) == 1 or sum(sizes[key] for key in held) < few:
            others = [key for key, size in sizes.items() if size and key not in held]
            if not others:
                break
            held.add(min(others, key=lambda key: sizes[key]))
    return [key for key in sizes if key not in held]


def _measures(issues: list[Row]) -> dict[str, Any]:
    def count(condition: Callable[[Row], Any], among: Iterable[Row] = issues) -> int:
        return sum(bool(condition(item)) for item in among)

    def rate(part: int, whole: int) -> float | None:
        return part / whole if whole else None

    answered = [i for i in issues if i["resolved_at"] or i["phase"] == "CLOSED"]
    valid = count(lambda i: i["phase"] not in ("REJECTED", "WITHDRAWN"))
    rated = [i for i in issues if i["rated_at"]]
    ended = [i for i in issues if i["ended_at"] and i["due_at"]]
    lasted = [
        int(Decimal(str(((i["resolved_at"] or i["closed_at"]) - i["reported_at"]).total_seconds())))
        for i in answered
    ]
    closed = count(lambda i: i["phase"] == "CLOSED")
    return {
        "reported": len(issues),
        "open": count(lambda i: i["phase"] in ("REPORTED", "ACCEPTED", "IN_PROGRESS")),
        "closed": closed,
        "resolved": len(answered),
        "overdue": count(lambda i: i["marked"] == "OVERDUE" and not i["ended_at"]),
        "rated": len(rated),
        "closureRate": rate(closed, valid),
        "replyRate": rate(len(answered), valid),
        "resolutionRate": rate(count(lambda i: i["solved"] == "YES", rated), len(rated)),
        "satisfactionRate": rate(count(lambda i: i["satisfied"] > 3, rated), len(rated)),
        "onTimeRate": rate(
            count(lambda i: (i["paused_at"] or i["ended_at"]) <= i["due_at"], ended), len(ended)
        ),
        "meanHandlingHours": sum(lasted) / len(lasted) / 3600 if lasted else None,
    }
