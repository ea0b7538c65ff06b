"""What documents state about single cooperatives, unions and associations."""

import datetime
import decimal
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from uuid import UUID

import yaml
from pydantic import BaseModel, ConfigDict, Field

from schema.ids import derived_uuid
from schema.tables.cooperative import AnnualResultRow, CooperativeKind, CooperativeRow
from seeds.events import json_text
from seeds.rows import Row, columns_of
from tenants.definition import DataKind

FILE = Path(__file__).parent / "data" / "cooperatives.yaml"

COOPERATIVE_ROW = tuple(CooperativeRow.model_fields)
RESULT_ROW = tuple(AnnualResultRow.model_fields)


class Closed(BaseModel):
    """Base of what a file states: closed keys, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StatedSale(Closed):
    """What a product brought in a channel, in 元."""

    channel: str
    product: str | None = None
    amount: decimal.Decimal


class StatedResult(Closed):
    """What a document states of one year; amounts in 元."""

    year: int
    collective_income: decimal.Decimal | None = None
    online_sales: decimal.Decimal | None = None
    mean_household_gain: decimal.Decimal | None = None
    households: int | None = None
    sales: tuple[StatedSale, ...] = ()
    approximate: bool = False


class StatedCooperative(Closed):
    """One cooperative of the file; `leader` and `village` are codes of organizations.

    `assumed` lists the keys that the document does not state.
    """

    tenant: str
    code: str
    name: str
    kind: CooperativeKind
    industry: str
    products: list[str]
    leader: str
    village: str | None = None
    source: str
    assumed: tuple[str, ...] = ()
    note: str | None = None
    results: tuple[StatedResult, ...] = Field(min_length=1)

    @property
    def tenant_id(self) -> int:
        """The city's."""
        return int(self.tenant)

    @property
    def id(self) -> UUID:
        """Follows from the code."""
        return derived_uuid("Cooperative", self.tenant_id, self.code)

    @property
    def organizations(self) -> set[str]:
        """The codes of those that must be there."""
        return {code for code in (self.leader, self.village) if code is not None}


@cache
def load_cooperatives(file: Path = FILE) -> tuple[StatedCooperative, ...]:
    """Every cooperative of the file.

    Errors: `OSError`, `yaml.YAMLError`, `pydantic.ValidationError` where the file is not as it was
    shipped.
    """
    content = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return tuple(StatedCooperative.model_validate(item) for item in content)


def cooperative_rows(
    stated: Iterable[StatedCooperative], organizations: Mapping[str, UUID]
) -> list[Row]:
    """Rows of `cooperative` with the columns of `COOPERATIVE_ROW`; ids of organizations by code."""
    rows = (
        {
            "tenant_id": item.tenant_id,
            "id": item.id,
            "code": item.code,
            "name": item.name,
            "kind": item.kind.value,
            "industry": item.industry,
            "products": item.products,
            "leader_id": organizations[item.leader],
            "village_id": None if item.village is None else organizations[item.village],
            "revision": 1,
            "data_kind": DataKind.REPORTED.value,
            "source": item.source,
            "assumed": bool(item.assumed),
        }
        for item in stated
    )
    return columns_of(rows, COOPERATIVE_ROW)


def result_rows(stated: Iterable[StatedCooperative], now: datetime.datetime) -> list[Row]:
    """Rows of `annual_result` with the columns of `RESULT_ROW`, as recorded at `now`."""
    rows = (
        {
            "tenant_id": item.tenant_id,
            "id": derived_uuid("AnnualResult", item.tenant_id, f"{item.code}/{result.year}"),
            "cooperative_id": item.id,
            "year": result.year,
            "revision": 1,
            "collective_income": result.collective_income,
            "online_sales": _online(result),
            "sales": json_text([_sale(sale) for sale in result.sales]),
            "mean_household_gain": result.mean_household_gain,
            "households": result.households,
            "approximate": result.approximate,
            "recorded_at": now,
            "data_kind": DataKind.REPORTED.value,
            "source": item.source,
        }
        for item in stated
        for result in item.results
    )
    return columns_of(rows, RESULT_ROW)


def _online(result: StatedResult) -> decimal.Decimal | None:
    """The sum of the channels, where those are stated."""
    if result.sales:
        return sum((sale.amount for sale in result.sales), decimal.Decimal())
    return result.online_sales


def _sale(sale: StatedSale) -> dict[str, str | None]:
    return {
        "channel": sale.channel,
        "product": sale.product,
        "amount": str(sale.amount.quantize(decimal.Decimal("0.01"))),
    }
