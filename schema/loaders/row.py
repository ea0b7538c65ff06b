"""One row of a table, by its id or by other columns that are unique."""

from typing import Any, ClassVar

from sqlalchemy import Select, and_, select

from schema.loaders.loader import OneRowLoader


class RowByKey(OneRowLoader[None]):
    """(tenant, …) → the row of `table` whose columns `names` are the key, or None."""

    shows = True
    table: ClassVar[Any]

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The rows whose columns are the keys, and always their tenants."""
        t = cls.table.alias("t")
        match = and_(*(t.c[name] == k.c[name] for name in cls.names))
        taken = [t.c[name] for name in dict.fromkeys((*columns, "tenant_id")) if name in t.c]
        return select(k.c.n, *taken).select_from(k.join(t, match))
