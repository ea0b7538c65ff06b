"""What several actions of the market ask of their input."""

import datetime

from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work
from tenants.cooperation import CooperativeMeasure


def checked_day(
    work: Work, given: datetime.date | None, *path: str, earliest: datetime.date | None = None
) -> datetime.date | Refused:
    """A day from `earliest` (inclusive) to today, or to `earliest` where that is later.

    None is the last day that may be.
    """
    latest = max(work.today, earliest or work.today)
    day = given or latest
    if (earliest or day) <= day <= latest:
        return day
    since_zh = f"不早于 {earliest}、" if earliest else ""
    since_en = f"not before {earliest} and " if earliest else ""
    return refuse(
        RefusalCode.DATE_OUT_OF_RANGE,
        f"日期 {day} 不可用:应{since_zh}不晚于 {latest}。",
        f"The day {day} cannot be: expected {since_en}not after {latest}.",
        *path,
    )


def not_recorded(work: Work, measure: CooperativeMeasure, *path: str) -> Refused | None:
    """Why something is refused in a city that does not record this; None in one that does."""
    if work.definition.cooperation.records(measure):
        return None
    name = work.definition.tenant.name
    return refuse(
        RefusalCode.MEASURE_NOT_RECORDED,
        f"{name}不记录 {measure}:租户文件的 cooperatives.records 未列此项。",
        f"{name} does not record {measure}: cooperatives.records of its file does not list it.",
        *path,
    )


def missing(zh: str, en: str, *path: str) -> Refused:
    """What is said of something that is needed and not given."""
    return refuse(RefusalCode.NEED_MISSING, zh, en, *path)


def not_taken(zh: str, en: str, *path: str) -> Refused:
    """What is said of something that is given and has no place here."""
    return refuse(RefusalCode.NEED_NOT_TAKEN, zh, en, *path)
