"""Where exactly an issue is: WGS-84 coordinates in China, or none."""

import math
from dataclasses import dataclass
from decimal import Decimal

from schema.refusals import Refusal, RefusalCode, wrong

LATITUDES = (3.0, 54.0)
LONGITUDES = (73.0, 136.0)
PLACES = Decimal("0.000001")
"""Some ten centimetres."""


@dataclass(frozen=True)
class Coordinates:
    """Degrees north and east, with six digits behind the point; both None for nowhere exactly."""

    latitude: Decimal | None = None
    longitude: Decimal | None = None


def checked_coordinates(latitude: float | None, longitude: float | None) -> Coordinates | Refusal:
    """Both or none, in the box around China."""
    if latitude is None and longitude is None:
        return Coordinates()
    for field, given, (low, high) in (
        ("latitude", latitude, LATITUDES),
        ("longitude", longitude, LONGITUDES),
    ):
        if given is None or not math.isfinite(given) or not low <= given <= high:
            shown = "—" if given is None else f"{given:g}"
            return wrong(
                RefusalCode.COORDINATES_MALFORMED,
                f"{field} {shown} 不可用:经纬度须同时给出,为 WGS-84 度数,"
                f"纬度 {low_high(LATITUDES)}、经度 {low_high(LONGITUDES)}。",
                f"{field} {shown} cannot be: expected both, in degrees of WGS-84, latitude "
                f"{low_high(LATITUDES)}, longitude {low_high(LONGITUDES)}.",
                field,
            )
    return Coordinates(_rounded(latitude), _rounded(longitude))


def low_high(range_: tuple[float, float]) -> str:
    """A range as messages show it."""
    return f"{range_[0]:g}–{range_[1]:g}"


def _rounded(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value)).quantize(PLACES)
