"""Reported figures: rows of `figures.csv`, for the tenants that they speak of."""

import csv
import decimal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from schema.ids import derived_uuid
from tenants.definition import Definition, TenantKind

FILE = Path(__file__).parent / "data" / "figures.csv"

# whom the documents speak of, where that is not the name of one tenant
PROVINCIAL_BODIES = {"省直机关工委": (210000,), "省国资委": (210000,)}
REGIONS = {"西部地区": (150000, 510000, 520000, 630000, 640000)}
SHORT_NAMES = {"黔东南州": (522600,)}


@dataclass(frozen=True)
class Figure:
    """One figure as `figures.csv` has it."""

    code: str
    source: str
    stated_for: str
    place: str | None
    period: str | None
    subject: str
    value: decimal.Decimal
    unit: str
    approximate: bool


def load_figures(file: Path = FILE) -> tuple[Figure, ...]:
    """Every figure, in order of code."""
    with file.open(encoding="utf-8", newline="") as rows:
        return tuple(
            Figure(
                row["code"],
                row["source"],
                row["stated_for"],
                row["place"] or None,
                row["period"] or None,
                row["subject"],
                decimal.Decimal(row["value"]),
                row["unit"],
                row["approximate"] == "yes",
            )
            for row in csv.DictReader(rows)
        )


def tenants_of(figure: Figure, definitions: Iterable[Definition]) -> list[int]:
    """The tenants that keep a figure; one that speaks of two is kept by both."""
    cities = {
        item.tenant.name: (item.tenant_id,) for item in definitions if item.kind is TenantKind.CITY
    }
    known = cities | PROVINCIAL_BODIES | REGIONS | SHORT_NAMES
    return [tenant for name in figure.stated_for.split(";") for tenant in known.get(name, ())]


ROW = (
    "tenant_id",
    "id",
    "code",
    "stated_for",
    "subject",
    "value",
    "unit",
    "approximate",
    "period",
    "place",
    "source",
)


def figure_rows(tenant_id: int, figures: Iterable[Figure]) -> list[tuple[object, ...]]:
    """Rows of `figure` with the columns of `ROW`, for one tenant."""
    return [
        (
            tenant_id,
            derived_uuid("Figure", tenant_id, figure.code),
            figure.code,
            figure.stated_for,
            figure.subject,
            figure.value,
            figure.unit,
            figure.approximate,
            figure.period,
            figure.place,
            figure.source,
        )
        for figure in figures
    ]
