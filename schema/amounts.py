"""Amounts and quantities as people give them, checked: never negative, never finer than kept."""

from decimal import Decimal

from schema.refusals import RefusalCode, Refused, refuse

MOST = Decimal("9999999999999")
"""The largest amount or quantity that the tables hold."""

MOST_COUNTED = 10_000_000
"""The largest number of people, households or things: sums of many stay within GraphQL's Int."""

FEN, THOUSANDTH = Decimal("0.01"), Decimal("0.001")


def checked_amount(
    given: Decimal | None, *path: str, step: Decimal = FEN, least: Decimal = Decimal(0)
) -> Decimal | Refused | None:
    """An amount from `least` up, a multiple of `step`; None where none is given.

    Of a quantity that must be more than nothing `least` is `step`.
    """
    if given is None:
        return None
    sound = given.is_finite() and least <= given <= MOST
    if sound and given == given.quantize(step):
        return given.quantize(step)
    return refuse(
        RefusalCode.AMOUNT_OUT_OF_RANGE,
        f"数值 {_shown(given)} 不可用:应在 {least} 至 {MOST} 之间,且至多精确到 {step}。",
        f"The value {_shown(given)} cannot be: expected {least} to {MOST}, in steps of {step}.",
        *path,
    )


def checked_quantity(given: Decimal | None, *path: str) -> Decimal | Refused | None:
    """A quantity of more than nothing, to a thousandth; None where none is given."""
    return checked_amount(given, *path, step=THOUSANDTH, least=THOUSANDTH)


def checked_count(given: int | None, *path: str, least: int = 0) -> int | Refused | None:
    """A number of people, households or things; None where none is given."""
    if given is None or least <= given <= MOST_COUNTED:
        return given
    return refuse(
        RefusalCode.COUNT_OUT_OF_RANGE,
        f"数目 {given} 不可用:应在 {least} 至 {MOST_COUNTED} 之间。",
        f"The number {given} cannot be: expected {least} to {MOST_COUNTED}.",
        *path,
    )


def _shown(given: Decimal) -> str:
    text = str(given)
    return text if len(text) <= 40 else text[:40] + "…"
