"""What is said of a year of a cooperative: amounts, numbers and online sales, checked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schema.amounts import MOST, checked_amount, checked_count
from schema.cooperatives.registering import unrecorded
from schema.products import checked_product
from schema.refusals import Refusal, RefusalCode, Refused, refuse
from schema.texts import checked_line
from tenants.cooperation import CooperativeMeasure
from tenants.definition import Definition

MEASURES: Mapping[str, CooperativeMeasure] = {
    "revenue": CooperativeMeasure.REVENUE,
    "collective_income": CooperativeMeasure.COLLECTIVE_INCOME,
    "online_sales": CooperativeMeasure.ONLINE_SALES,
    "sales": CooperativeMeasure.ONLINE_SALES,
    "mean_household_gain": CooperativeMeasure.HOUSEHOLD_GAIN,
    "households": CooperativeMeasure.HOUSEHOLDS,
    "people": CooperativeMeasure.PEOPLE,
    "jobs": CooperativeMeasure.JOBS,
}
"""The columns of a result that hold a measure, with the measure."""

FIELDS: Mapping[str, str] = {
    "revenue": "revenue",
    "collective_income": "collectiveIncome",
    "online_sales": "onlineSales",
    "sales": "sales",
    "mean_household_gain": "meanHouseholdGain",
    "households": "households",
    "people": "people",
    "jobs": "jobs",
    "approximate": "approximate",
    "source": "source",
}
"""The columns with the fields of the input that give them."""

MOST_SALES = 100
LONGEST_CHANNEL = 40
LONGEST_SOURCE = 200


@dataclass(frozen=True)
class Sale:
    """What a product, or all of them, brought in a channel in a year; in 元."""

    channel: str
    product: str | None
    amount: Decimal


Figures = Mapping[str, Any]
"""Values by column, those of `FIELDS`; `sales` has a tuple of `Sale`.

A column that is not there is not given; None says that it is not recorded.
"""


def checked_figures(definition: Definition, given: Figures) -> dict[str, Any] | Refused:
    """What is given, as it is kept, or every reason against it; `online_sales` follows `sales`."""
    found: dict[str, Any] = {}
    reasons = list(_unrecorded(definition, given))
    for name, value in given.items():
        checked = _CHECKS[name](value, FIELDS[name]) if name in _CHECKS else value
        if isinstance(checked, Refused):
            reasons += checked.refusals
        else:
            found[name] = checked
    if found.get("sales"):
        summed = _summed(found["sales"], found.get("online_sales"))
        if isinstance(summed, Refused):
            reasons += summed.refusals
        else:
            found["online_sales"] = summed
    return Refused(tuple(reasons)) if reasons else found


def _unrecorded(definition: Definition, given: Figures) -> Iterator[Refusal]:
    for name, measure in MEASURES.items():
        is_given = given.get(name) not in (None, ())
        if is_given and not definition.cooperation.records(measure):
            yield unrecorded(definition, measure, FIELDS[name])


def _sales(given: Sequence[Sale] | None, field: str) -> list[dict[str, str | None]] | Refused:
    """The entries of the column: channel, product and amount, the latter as text."""
    sales = given or ()
    if len(sales) > MOST_SALES:
        return refuse(
            RefusalCode.COUNT_OUT_OF_RANGE,
            f"分渠道销售有 {len(sales)} 项,至多 {MOST_SALES} 项。",
            f"There are {len(sales)} entries of sales; {MOST_SALES} are the most.",
            field,
        )
    entries = [_sale(sale, field, str(at)) for at, sale in enumerate(sales)]
    refused = [entry.refusals for entry in entries if isinstance(entry, Refused)]
    if refused:
        return Refused(tuple(reason for each in refused for reason in each))
    return [entry for entry in entries if not isinstance(entry, Refused)]


def _sale(sale: Sale, *path: str) -> dict[str, str | None] | Refused:
    code, longest = RefusalCode.TEXT_MALFORMED, LONGEST_CHANNEL
    channel = checked_line(sale.channel, code, *path, "channel", longest=longest)
    product = None
    if sale.product is not None:
        product = checked_product(sale.product, *path, "product")
    amount = checked_amount(sale.amount, *path, "amount")
    refused = [item.refusals for item in (channel, product, amount) if isinstance(item, Refused)]
    if refused:
        return Refused(tuple(reason for each in refused for reason in each))
    return {"channel": str(channel), "product": product, "amount": str(amount)}  # type: ignore[dict-item]


def _summed(sales: Sequence[Mapping[str, Any]], given: Decimal | None) -> Decimal | Refused:
    """The sum of the sales, which has to be what else is given of it."""
    total = total_of(sales)
    if given is not None and given != total:
        return refuse(
            RefusalCode.AMOUNT_OUT_OF_RANGE,
            f"线上销售额 {given:f} 与分渠道合计 {total:f} 不一致;可只给出分渠道数。",
            f"The online sales, {given:f}, are not the sum of the channels, {total:f}; leave them "
            "out where the channels are given.",
            "onlineSales",
        )
    if total > MOST:
        return refuse(
            RefusalCode.AMOUNT_OUT_OF_RANGE,
            f"分渠道合计 {total:f} 超过 {MOST}。",
            f"The channels come to {total:f}, more than {MOST}.",
            "sales",
        )
    return total


def total_of(sales: Sequence[Mapping[str, Any]]) -> Decimal:
    """The sum of the entries of the column `sales`."""
    return sum((Decimal(entry["amount"]) for entry in sales), Decimal("0.00"))


def _source(given: str | None, field: str) -> str | Refused | None:
    if given is None or not given.strip():
        return None
    return checked_line(given, RefusalCode.TEXT_MALFORMED, field, longest=LONGEST_SOURCE)


_CHECKS: Mapping[str, Callable[[Any, str], Any]] = {
    "revenue": checked_amount,
    "collective_income": checked_amount,
    "online_sales": checked_amount,
    "sales": _sales,
    "mean_household_gain": checked_amount,
    "households": checked_count,
    "people": checked_count,
    "jobs": checked_count,
    "source": _source,
}
