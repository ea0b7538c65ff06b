"""What the server holds in memory: tenants, the names of their levels, and their rungs."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
import orjson

from schema.scope import Login, Scope

IN_FORCE = """
SELECT t.tenant_id, t.slug, v.content
FROM tenant t
JOIN tenant_version v USING (tenant_id, version)
ORDER BY t.tenant_id
"""


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
        given = {**variables, "today": today, **self._of(variables)}
        return [given[name] for name in names]

    def scope(self, variables: Mapping[str, Any]) -> Scope:
        """What its token opens: the city, or the province with its cities."""
        found: Scope = self._of(variables)["scope"]
        return found

    def _of(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._known[variables.get("city") or variables["province"]]


async def read_vocabulary(url: str) -> Vocabulary:
    """The vocabulary of the definitions in force."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(IN_FORCE)
    finally:
        await connection.close()
    return Vocabulary({row["tenant_id"]: orjson.loads(row["content"]) for row in rows})


def _city(tenant_id: int, tenant: Mapping[str, Any]) -> dict[str, Any]:
    names = {level["key"]: {"name": level["name"]} for level in tenant["levels"]}
    scope = Scope(frozenset({tenant_id}), Login.CITY)
    return {"scope": scope, "tenant": tenant_id, "level_names": _json(names)}


def _province(
    tenant_id: int, tenant: Mapping[str, Any], cities: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    own = {at: city for at, city in cities.items() if city["province"] == tenant["code"]}
    levels = [
        {"tenant_id": at, "city": city["name"], "place": place}
        | {name: level[name] for name in ("key", "name", "rung")}
        for at, city in own.items()
        for place, level in enumerate(city["levels"])
    ]
    rungs = [*tenant["rungs"], {"rung": None, "name": None}]
    placed = [{"place": place, **rung} for place, rung in enumerate(rungs)]
    scope = Scope(frozenset({tenant_id, *own}))
    return {"scope": scope, "tenants": list(own), "levels": _json(levels), "rungs": _json(placed)}


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
