"""What a household brings into a cooperative, and its share: checked, all reasons at once."""

from collections.abc import Mapping
from decimal import Decimal

from schema.amounts import FEN, THOUSANDTH, checked_amount
from schema.cooperatives.shares import WHOLE
from schema.refusals import Refusal, RefusalCode, Refused, refuse

STEPS: Mapping[str, Decimal] = {"land": THOUSANDTH, "capital": FEN, "share": THOUSANDTH}
"""What may be given, and how finely it is kept: 亩, 元, %."""

Contribution = Mapping[str, Decimal | None]
"""Of the names in `STEPS` those that are given; None says that there is none of it."""


def checked_contribution(given: Contribution) -> dict[str, Decimal | None] | Refused:
    """What is given, each value as it is kept."""
    found: dict[str, Decimal | None] = {}
    reasons: list[Refusal] = []
    for name, value in given.items():
        checked = checked_amount(value, name, step=STEPS[name])
        if name == "share" and isinstance(checked, Decimal) and checked > WHOLE:
            checked = _too_much(checked)
        if isinstance(checked, Refused):
            reasons += checked.refusals
        else:
            found[name] = checked
    return Refused(tuple(reasons)) if reasons else found


def _too_much(share: Decimal) -> Refused:
    return refuse(
        RefusalCode.AMOUNT_OUT_OF_RANGE,
        f"股份 {share:f}% 不可用:应在 0 至 100 之间。",
        f"A share of {share:f} % cannot be: expected 0 to 100.",
        "share",
    )
