"""One row's INSERT and UPDATE, rendered once for each set of columns that is written."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, update
from sqlalchemy.dialects.postgresql import JSONB

from schema.loaders.statement import Statement, render


def insert_row(table: Any, row: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The statement that writes a row of the table, with its values."""
    statement, jsons = _inserting(table, tuple(row))
    return statement.sql, statement.values(_given(row, jsons))


def update_row(
    table: Any, tenant_id: int, id_: Any, sets: Mapping[str, Any]
) -> tuple[str, list[Any]]:
    """The statement that sets columns of the row with the id, with its values."""
    statement, jsons = _updating(table, tuple(sets))
    own = {"of_tenant": tenant_id, "of_id": id_}
    return statement.sql, statement.values(_given(sets, jsons) | own)


def _given(row: Mapping[str, Any], jsons: tuple[str, ...]) -> dict[str, Any]:
    given = {f"new_{name}": value for name, value in row.items()}
    for name in jsons:
        given[f"new_{name}"] = orjson.dumps(row[name]).decode()
    return given


@lru_cache(maxsize=256)
def _inserting(table: Any, names: tuple[str, ...]) -> tuple[Statement, tuple[str, ...]]:
    return render(insert(table).values(_new(table, names))), _jsons(table, names)


@lru_cache(maxsize=256)
def _updating(table: Any, names: tuple[str, ...]) -> tuple[Statement, tuple[str, ...]]:
    tenant = bindparam("of_tenant", type_=table.c.tenant_id.type)
    id_ = bindparam("of_id", type_=table.c.id.type)
    own = (table.c.tenant_id == tenant, table.c.id == id_)
    return render(update(table).where(*own).values(_new(table, names))), _jsons(table, names)


def _new(table: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}


def _jsons(table: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if isinstance(table.c[name].type, JSONB))
