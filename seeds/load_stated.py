"""Loading what documents state of single cooperatives and agreements."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import asyncpg

from schema.cooperative_rollups import COOPERATION
from schema.counting import add
from schema.fetching import fetching_directly
from seeds import agreements, cooperatives
from seeds.cooperatives import COOPERATIVE_ROW, RESULT_ROW
from seeds.copies import Agreed, Party, count_copies, write_copies
from seeds.loading import Loading
from seeds.parts import Part
from seeds.rows import hold_tree, insert
from tenants.definition import Definition


async def load_cooperatives(loading: Loading, part: Part) -> None:
    """The cooperatives of one city with their results.

    One whose organization is not there is left out. One that is there already stays as it is, with
    the results that it has.
    """
    connection, tenant_id = loading.connection, part.definition.tenant_id
    await hold_tree(connection, tenant_id)
    own = [item for item in cooperatives.load_cooperatives() if item.tenant_id == tenant_id]
    named = {code for item in own for code in item.organizations}
    known = await _organizations(connection, tenant_id, named)
    own = [item for item in own if item.organizations <= known.keys()]
    rows = cooperatives.cooperative_rows(own, {code: id_ for code, (id_, _) in known.items()})
    added = await insert(connection, "cooperative", COOPERATIVE_ROW, rows, "id")
    new = {row["id"] for row in added}
    results = cooperatives.result_rows((item for item in own if item.id in new), loading.now)
    await insert(connection, "annual_result", RESULT_ROW, results)
    await add(fetching_directly(connection), tenant_id, COOPERATION, new)


async def load_agreements(loading: Loading, part: Part) -> None:
    """The agreements between these tenants, into all copies at once.

    One with a party that is not there is left out. One that is there already stays as it is.
    """
    tenants = tuple(definition.tenant_id for definition in part.all)
    for tenant_id in tenants:
        await hold_tree(loading.connection, tenant_id)
    found: list[Agreed] = []
    for item in agreements.load_agreements():
        parties = await _parties(loading, part.all, item) if item.tenants == tenants else []
        if parties:
            (first,) = (c for c in part.all if c.tenant_id == parties[0].tenant_id)
            words = loading.province_of(first).dimensions
            found.append(agreements.stated(item, parties, words, loading.now))
    await count_copies(loading.connection, await write_copies(loading.connection, found))


async def _parties(
    loading: Loading, cities: Iterable[Definition], agreement: agreements.StatedAgreement
) -> list[Party]:
    """The parties of an agreement; none where one is not there."""
    names = {city.tenant_id: city.tenant.name for city in cities}
    found: list[Party] = []
    for side in agreement.parties:
        known = await _organizations(loading.connection, side.tenant_id, [side.code])
        if side.code not in known:
            return []
        id_, name = known[side.code]
        found.append(Party(side.tenant_id, names[side.tenant_id], side.code, name, id_))
    return found


async def _organizations(
    connection: "asyncpg.Connection[Any]", tenant_id: int, codes: Iterable[str]
) -> dict[str, tuple[UUID, str]]:
    """Id and name of the organizations with these codes, those that there are."""
    rows = await connection.fetch(
        "SELECT code, id, name FROM organization WHERE tenant_id = $1 AND code = ANY ($2)",
        tenant_id,
        sorted(codes),
    )
    return {row["code"]: (row["id"], row["name"]) for row in rows}
