"""The administrative divisions of 2023: real organizations by statistical code."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tenants.definition import City, Province
from tenants.hierarchy import DivisionKind

FILE = Path(__file__).parent / "data" / "divisions.csv.gz"
SOURCE = "国家统计局 2023 年统计用区划代码"

_STREETS = {
    "0": DivisionKind.STREET,
    "1": DivisionKind.TOWN,
    "2": DivisionKind.TOWNSHIP,
}
_COMMUNITIES = {
    "0": DivisionKind.RESIDENTS,
    "1": DivisionKind.RESIDENTS,
    "2": DivisionKind.VILLAGE,
    "3": DivisionKind.VILLAGE,
    "4": DivisionKind.QUASI_RESIDENTS,
    "5": DivisionKind.QUASI_VILLAGE,
}


@dataclass(frozen=True)
class Division:
    """A division: its code (six digits for provinces, cities, counties; then 9 and 12)."""

    code: str
    name: str
    kind: DivisionKind
    parent: str | None


@cache
def load_divisions(file: Path = FILE) -> tuple[Division, ...]:
    """Every division of the file, parents before children."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as rows:
        return tuple(
            Division(
                _code(row["code"]),
                row["name"],
                _kind(row["code"]),
                _code(row["parent_code"]) if row["parent_code"] else None,
            )
            for row in csv.DictReader(rows)
        )


def divisions_of(tenant: City | Province, divisions: tuple[Division, ...]) -> Iterator[Division]:
    """The divisions that a tenant's tree is made of: a province's own is itself alone."""
    if isinstance(tenant, Province):
        yield from (item for item in divisions if item.code == tenant.code)
        return
    prefix = tenant.code[:4]
    for item in divisions:
        if item.code.startswith(prefix) and item.kind is not DivisionKind.PROVINCE:
            yield item


def _code(code: str) -> str:
    return code.ljust(6, "0")


def _kind(code: str) -> DivisionKind:
    if len(code) <= 6:
        return {2: DivisionKind.PROVINCE, 4: DivisionKind.CITY, 6: DivisionKind.COUNTY}[len(code)]
    # 3 to 9 stand for development zones, farms and the like
    return _STREETS.get(code[6], DivisionKind.SPECIAL) if len(code) == 9 else _COMMUNITIES[code[9]]
