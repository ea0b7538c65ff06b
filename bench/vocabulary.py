"""What the server holds in memory: tenants, the names of their levels, and their rungs."""

import base64
import datetime
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
import orjson

from bench.drawn import CITY
from schema.scope import Login, Scope

IN_FORCE = """
SELECT t.tenant_id, t.slug, v.content
FROM tenant t
JOIN tenant_version v USING (tenant_id, version)
ORDER BY t.tenant_id
"""

FEW = 5
"""Rows of fewer issues are held back from a province, by default."""

END = datetime.datetime.max.replace(tzinfo=datetime.UTC)
"""Later than whatever was reported."""


class Vocabulary:
    """The values that the SQL of an operation takes, by name; JSON ones as text.

    `content` is that of the definition in force of each tenant, by id.
    """

    def __init__(self, content: Mapping[int, Mapping[str, Any]]) -> None:
        self._known = {
            name: _city(tenant_id, tenant)
            if "province" in tenant
            else _province(
                tenant_id, tenant, {at: item for at, item in content.items() if "province" in item}
            )
            for tenant_id, tenant in content.items()
            for name in (tenant["code"], tenant["slug"])
        }

    def values(
        self, names: Iterable[str], variables: Mapping[str, Any], today: datetime.date
    ) -> list[Any]:
        """The values of `names`, of the city or province that the variables name."""
        given = {**variables, "today": today, **self._of(variables), **_after(variables)}
        return [given[name] for name in names]

    def names(self, city: str) -> Mapping[str, Mapping[str, Any]]:
        """What a city calls its levels, states (`workflow:state`) and services, by key."""
        found: Mapping[str, Mapping[str, Any]] = self._known[city]["names"]
        return found

    def scope(self, variables: Mapping[str, Any]) -> Scope:
        """What its token opens: the city, or the province with its cities."""
        found: Scope = self._of(variables)["scope"]
        return found

    def _of(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._known[variables.get("province") or variables.get("city", CITY)]


async def read_vocabulary(url: str) -> Vocabulary:
    """The vocabulary of the definitions in force."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(IN_FORCE)
    finally:
        await connection.close()
    return Vocabulary({row["tenant_id"]: orjson.loads(row["content"]) for row in rows})


def _after(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The place that a cursor names, of either kind: of organizations or of issues."""
    if "after" not in variables:
        return {}
    if (after := variables["after"]) is None:
        return {"after_pinyin": "", "after_code": "", "after_at": END, "after_id": uuid.UUID(int=0)}
    values = orjson.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    if len(values) == 2:
        return {"after_pinyin": values[0], "after_code": values[1]}
    return {
        "after_at": datetime.datetime.fromisoformat(values[1]),
        "after_id": uuid.UUID(values[2]),
    }


def _city(tenant_id: int, tenant: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "level": {level["key"]: {"name": level["name"]} for level in tenant["levels"]},
        "state": {
            f"{workflow['key']}:{state['key']}": {"name": state["name"]}
            for workflow in tenant["workflows"]
            for state in workflow["states"]
        },
        "service": {
            service["code"]: {"name": service["name"]}
            for category in tenant["categories"]
            for service in category["services"]
        },
    }
    scope = Scope(frozenset({tenant_id}), Login.CITY)
    texts = {f"{kind}_names": _json(found) for kind, found in names.items()}
    return {"scope": scope, "tenant": tenant_id, "names": names, **texts}


def _province(
    tenant_id: int, tenant: Mapping[str, Any], cities: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    own = {at: city for at, city in cities.items() if city["province"] == tenant["code"]}
    mapped = [
        (at, service["code"], domain)
        for at, city in own.items()
        for category in city["categories"]
        for service in category["services"]
        if (domain := service.get("domain") or category.get("domain"))
    ]
    tenants, services, keys = zip(*mapped, strict=True) if mapped else ((), (), ())
    domains = [{"place": at, **domain} for at, domain in enumerate(tenant["domains"])]
    return {
        "scope": Scope(frozenset({tenant_id, *own})),
        "tenants": list(own),
        "mapped_tenants": tenants,
        "mapped_services": services,
        "mapped_domains": keys,
        "city_names": _json({str(at): {"name": city["name"]} for at, city in own.items()}),
        "domains": _json(domains),
        "few": FEW,
    }


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
