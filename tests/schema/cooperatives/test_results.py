"""What years brought: recorded once, corrected with the former value kept."""

import asyncio
import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schema.cooperatives.figures import Figures, Sale
from schema.cooperatives.outcome import Recorded
from schema.cooperatives.results import NOTHING, Correct, Record
from schema.ids import parse_id
from schema.refusals import Refused
from tests.conftest import Graph
from tests.schema.cooperatives.acting import act, admin, fresh, reasons, secretary
from tests.schema.cooperatives.village import (
    OTHER_ID,
    Given,
    cooperative_id,
    cooperative_uuid,
    put,
    rows_of,
)
from tests.schema.organizations.town import Town, town_at

EMPTY: dict[str, Any] = {
    "revenue": None,
    "collectiveIncome": None,
    "onlineSales": None,
    "sales": [],
    "meanHouseholdGain": None,
    "households": None,
    "people": None,
    "jobs": None,
    "approximate": False,
    "dataKind": "REAL",
    "source": None,
}
FULL: dict[str, Any] = {
    "revenue": "1200000.50",
    "collectiveIncome": "300000",
    "sales": [
        {"channel": "直播平台", "product": "香菇", "amount": "80000.10"},
        {"channel": "电商", "amount": "20000"},
    ],
    "onlineSales": "100000.10",
    "meanHouseholdGain": "3500",
    "households": 42,
    "people": 130,
    "jobs": 25,
    "approximate": True,
    "source": "年度总结.docx",
}


async def recorded(site: Graph, url: str, **given: Any) -> str:
    """A new cooperative of which 2024 is recorded; its id."""
    id_ = await fresh(url)
    payload = await act(admin(site), "recordResult", cooperative=id_, year=2024, **given)
    assert payload["refusals"] == []
    return id_


async def test_a_year_is_recorded_with_all_that_is_given(site: Graph, shared_url: str) -> None:
    """Amounts are kept to the 分; what names a document is reported by it."""
    id_ = await fresh(shared_url)
    payload = await act(
        secretary(site, "AA3-V1"), "recordResult", cooperative=id_, year=2024, **FULL
    )
    assert payload["refusals"] == []
    assert payload["result"] == {
        "year": 2024,
        "revenue": "1200000.50",
        "collectiveIncome": "300000.00",
        "onlineSales": "100000.10",
        "sales": [
            {"channel": "直播平台", "product": "香菇", "amount": "80000.10"},
            {"channel": "电商", "product": None, "amount": "20000.00"},
        ],
        "meanHouseholdGain": "3500.00",
        "households": 42,
        "people": 130,
        "jobs": 25,
        "approximate": True,
        "revision": 1,
        "dataKind": "REPORTED",
        "source": "年度总结.docx",
        "corrections": [],
    }


async def test_the_newest_year_comes_first(site: Graph, shared_url: str) -> None:
    """Whatever the order in which they were recorded; what is not recorded is null."""
    id_ = await fresh(shared_url)
    for year in (2024, 2022, 2025, 2023):
        await act(admin(site), "recordResult", cooperative=id_, year=year, jobs=year)
    query = "query ($id: ID!) { node(id: $id) { ... on Cooperative { results { year jobs } } } }"
    assert (await site.data(query, id=id_))["node"]["results"] == [
        {"year": year, "jobs": year} for year in (2025, 2024, 2023, 2022)
    ]


async def test_a_correction_keeps_what_there_was(site: Graph, shared_url: str) -> None:
    """What is left out stays, null takes away; former values say why they were superseded."""
    id_ = await recorded(site, shared_url, revenue="100", jobs=3, sales=[
        {"channel": "电商", "amount": "7"},
    ])  # fmt: skip
    who = admin(site)
    year: dict[str, Any] = {"cooperative": id_, "year": 2024}
    first = {**EMPTY, "year": 2024, "revision": 1, "revenue": "100.00", "jobs": 3}
    first |= {
        "onlineSales": "7.00",
        "sales": [{"channel": "电商", "product": None, "amount": "7.00"}],
    }
    one = await act(who, "correctResult", **year, revision=1, reason="漏报", revenue="120")
    second = {**first, "revision": 2, "revenue": "120.00"}
    assert one == {
        "result": {**second, "corrections": [{**first, "correction": "漏报"}]},
        "refusals": [],
    }
    two = await act(
        who, "correctResult", **year, revision=2, reason="口径不同",
        jobs=None, onlineSales="9", approximate=True, source="年报",
    )  # fmt: skip
    third = {**second, "revision": 3, "jobs": None, "onlineSales": "9.00", "sales": []}
    third |= {"approximate": True, "source": "年报", "dataKind": "REPORTED"}
    assert two["result"] == {
        **third,
        "corrections": [
            {**first, "correction": "漏报"},
            {**second, "correction": "口径不同"},
        ],
    }
    sql = "SELECT kind, about->>'revision' AS revision FROM event WHERE cooperative_id = $1"
    log = await rows_of(shared_url, f"{sql} ORDER BY seq", parse_id(id_).uuid)
    assert [tuple(row.values()) for row in log] == [
        ("COOPERATIVE_RESULT_RECORDED", "1"),
        ("COOPERATIVE_RESULT_CORRECTED", "2"),
        ("COOPERATIVE_RESULT_CORRECTED", "3"),
    ]


SALES = [{"channel": "电商", "amount": "7"}, {"channel": "直播", "amount": "3.5"}]
BAD: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"revenue": "-0.01"}, [("AMOUNT_OUT_OF_RANGE", "revenue")]),
    ({"revenue": "0.001"}, [("AMOUNT_OUT_OF_RANGE", "revenue")]),
    ({"revenue": "NaN"}, [("AMOUNT_OUT_OF_RANGE", "revenue")]),
    ({"revenue": "1e14"}, [("AMOUNT_OUT_OF_RANGE", "revenue")]),
    ({"collectiveIncome": "-1"}, [("AMOUNT_OUT_OF_RANGE", "collectiveIncome")]),
    ({"meanHouseholdGain": "Infinity"}, [("AMOUNT_OUT_OF_RANGE", "meanHouseholdGain")]),
    ({"jobs": -1}, [("COUNT_OUT_OF_RANGE", "jobs")]),
    ({"households": -1, "people": -2}, [
        ("COUNT_OUT_OF_RANGE", "households"), ("COUNT_OUT_OF_RANGE", "people"),
    ]),
    ({"sales": SALES, "onlineSales": "10"}, [("AMOUNT_OUT_OF_RANGE", "onlineSales")]),
    ({"sales": [SALES[0]] * 101}, [("COUNT_OUT_OF_RANGE", "sales")]),
    ({"sales": [{"channel": "直播", "amount": "9999999999999"}] * 2}, [
        ("AMOUNT_OUT_OF_RANGE", "sales"),
    ]),
    ({"sales": [SALES[0], {"channel": " ", "product": "", "amount": "-1"}]}, [
        ("TEXT_MALFORMED", "sales.1.channel"),
        ("PRODUCT_MALFORMED", "sales.1.product"),
        ("AMOUNT_OUT_OF_RANGE", "sales.1.amount"),
    ]),
    ({}, [("RESULT_EMPTY", "")]),
    ({"approximate": True, "source": "文件"}, [("RESULT_EMPTY", "")]),
    ({"sales": []}, [("RESULT_EMPTY", "")]),
    ({"jobs": 1, "source": "文" * 201}, [("TEXT_MALFORMED", "source")]),
    ({"year": 2027, "jobs": 1}, [("DATE_OUT_OF_RANGE", "year")]),
    ({"year": 2019, "jobs": -1}, [("DATE_OUT_OF_RANGE", "year"), ("COUNT_OUT_OF_RANGE", "jobs")]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), BAD, ids=lambda value: str(value)[:50])
async def test_bad_input_is_refused(
    site: Graph, shared_url: str, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """Every reason is told at once, each about its field, and nothing is stored."""
    id_ = await fresh(shared_url, founded_on=datetime.date(2020, 5, 1))
    input_ = {"cooperative": id_, "year": 2024, **given}
    payload = await act(admin(site), "recordResult", **input_)
    assert (payload["result"], reasons(payload)) == (None, expected)
    assert await _rows(shared_url, parse_id(id_).uuid) == []


async def test_a_measure_that_the_city_does_not_record_is_refused(
    site: Graph, shared_url: str
) -> None:
    """Each by its field, naming the section of the city's file."""
    code = "ELSEWHERE-1"
    await put(shared_url, Given(code, leader="CC1-V1", tenant_id=OTHER_ID))
    who = site.as_("CITY_ADMIN", "990200")
    given: dict[str, Any] = {"cooperative": cooperative_id(code, OTHER_ID), "year": 2024}
    payload = await act(who, "recordResult", "en", **given, **FULL)
    assert reasons(payload) == [
        ("MEASURE_NOT_RECORDED", field)
        for field in (
            "collectiveIncome", "onlineSales", "sales", "meanHouseholdGain", "people", "jobs"
        )
    ]  # fmt: skip
    assert payload["refusals"][-1]["message"] == (
        "别处市 does not record JOBS: cooperatives.records of the city's file lacks it."
    )
    kept: dict[str, Any] = {"revenue": "1", "households": 2, "people": None, "sales": []}
    assert reasons(await act(who, "recordResult", **given, **kept)) == []


async def test_years_go_up_to_the_end_of_a_dissolved_one(site: Graph, shared_url: str) -> None:
    """Its last year can be recorded afterwards, a later one not."""
    end = datetime.date(2024, 1, 1)  # its last day was in 2023
    id_ = await fresh(shared_url, dissolved_on=end)
    given: dict[str, Any] = {"cooperative": id_, "jobs": 1}
    late = await act(admin(site), "recordResult", **given, year=2024)
    assert reasons(late) == [("DATE_OUT_OF_RANGE", "year")]
    assert reasons(await act(admin(site), "recordResult", **given, year=2023)) == []


async def test_a_year_is_recorded_once(site: Graph, shared_url: str) -> None:
    """A second time it is refused: it has to be corrected."""
    id_ = await recorded(site, shared_url, jobs=1)
    again: dict[str, Any] = {"cooperative": id_, "year": 2024, "jobs": 2}
    assert reasons(await act(admin(site), "recordResult", **again)) == [("RESULT_EXISTS", "year")]


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"year": 2023, "jobs": 2}, [("RESULT_UNKNOWN", "year")]),
    ({"revision": 2, "jobs": 2}, [("COOPERATIVE_CHANGED", "revision")]),
    ({"jobs": 1}, [("CONTENT_UNCHANGED", "")]),
    ({}, [("CONTENT_UNCHANGED", "")]),
    ({"jobs": None}, [("RESULT_EMPTY", "")]),
    ({"reason": " ", "jobs": -1}, [("TEXT_MALFORMED", "reason"), ("COUNT_OUT_OF_RANGE", "jobs")]),
]


@pytest.mark.parametrize(("given", "expected"), WRONG, ids=lambda value: str(value)[:50])
async def test_corrections_that_cannot_be_are_refused(
    site: Graph, shared_url: str, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """Of nothing, of what was not seen, with nothing new, or with bad values."""
    id_ = await recorded(site, shared_url, jobs=1)
    input_ = {"cooperative": id_, "year": 2024, "revision": 1, "reason": "更正", **given}
    payload = await act(admin(site), "correctResult", **input_)
    assert (payload["result"], reasons(payload)) == (None, expected)


async def test_only_who_manages_the_leader_records(site: Graph, shared_url: str) -> None:
    """Neither another secretary nor somebody without a token."""
    id_ = await fresh(shared_url)
    for who in (secretary(site, "AA3-V2"), site):
        payload = await act(who, "recordResult", cooperative=id_, year=2024, jobs=1)
        assert [code for code, _ in reasons(payload)] == ["FORBIDDEN"]


async def test_of_two_who_correct_one_value_one_is_told_that_it_changed(
    shared_url: str, tmp_path: Path
) -> None:
    """Nobody's correction overwrites another's; nor do two record one year."""
    await put(shared_url, Given("RACED"))
    async with town_at(shared_url, tmp_path / "keys.json") as town:
        first = await asyncio.gather(
            *(town.do(Record("RACED", 2024, {"jobs": n})) for n in range(3))
        )
        then = await asyncio.gather(
            *(town.do(Correct("RACED", 2024, 1, "更正", {"jobs": 10 + n})) for n in range(3))
        )
    assert sorted(map(_code, first)) == ["", "RESULT_EXISTS", "RESULT_EXISTS"]
    assert sorted(map(_code, then)) == ["", "COOPERATIVE_CHANGED", "COOPERATIVE_CHANGED"]
    rows = await _rows(shared_url, cooperative_uuid("RACED"))
    assert [(row["revision"], row["superseded_at"] is None) for row in rows] == [
        (1, False),
        (2, True),
    ]


def _code(outcome: Recorded | Refused) -> str:
    return outcome.refusals[0].code if isinstance(outcome, Refused) else ""


async def _rows(url: str, cooperative: uuid.UUID) -> list[dict[str, Any]]:
    """All values of all years of a cooperative, in order."""
    sql = "SELECT * FROM annual_result WHERE cooperative_id = $1 ORDER BY year, revision"
    return await rows_of(url, sql, cooperative)


AMOUNTS = st.none() | st.decimals(0, 1000, places=2)
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "revenue": AMOUNTS,
        "mean_household_gain": AMOUNTS,
        "jobs": st.none() | st.integers(0, 3),
        "approximate": st.booleans(),
        "source": st.none() | st.just("年报"),
    },
)
CHANNELS = st.lists(st.decimals(0, 100, places=2), max_size=2)
ONLINE: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    AMOUNTS.map(lambda total: {"online_sales": total}),
    CHANNELS.map(lambda sums: {"sales": tuple(Sale("电商", None, one) for one in sums)}),
)
FIGURES = st.builds(lambda one, other: {**one, **other}, GIVEN, ONLINE)


@dataclass(frozen=True)
class Step:
    """Somebody records or corrects a year; `seen` is how many revisions ago it was looked at."""

    corrects: bool
    year: int
    seen: int
    figures: Figures


BEGUN = [Step(False, year, 0, {"revenue": Decimal(year)}) for year in (2023, 2024)]
STEP = st.builds(
    Step,
    st.sampled_from([True, True, True, False]),
    st.sampled_from([2023, 2024, 2024]),
    st.sampled_from([0, 0, 0, 1]),
    FIGURES,
)
STEPS = st.builds(
    lambda begun, steps: [*begun, *steps],
    st.sampled_from([BEGUN, BEGUN[1:]]),
    st.lists(STEP, min_size=4, max_size=10),
)


def _expected(before: dict[str, Any], given: Figures) -> dict[str, Any]:
    """The values after figures are given, by the rules as they are described."""
    after = {**before, **given}
    if "sales" in given:
        after["sales"] = [one.amount for one in given["sales"]]
        if after["sales"]:
            after["online_sales"] = sum(after["sales"])
    elif "online_sales" in given and after["online_sales"] != sum(after["sales"]):
        after["sales"] = []
    return after


def _refused(step: Step, history: list[dict[str, Any]], after: dict[str, Any]) -> str:
    """Which code a step has to be refused with; "" where it is carried out."""
    is_empty = all(after[name] in (None, []) for name in MEASURED)
    if not step.corrects:
        return "RESULT_EXISTS" if history else "RESULT_EMPTY" if is_empty else ""
    if not history:
        return "RESULT_UNKNOWN"
    if step.seen:
        return "COOPERATIVE_CHANGED"
    if after == history[-1]:
        return "CONTENT_UNCHANGED"
    return "RESULT_EMPTY" if is_empty else ""


MEASURED = ("revenue", "mean_household_gain", "jobs", "online_sales", "sales")
NAMES = (*MEASURED, "approximate", "source")


async def _told(town: Town, steps: list[Step]) -> None:
    """Carry out the steps, and compare each outcome and at last all rows."""
    code = f"P-{uuid.uuid4().hex.upper()}"
    await put(town.url, Given(code))
    told: dict[int, list[dict[str, Any]]] = {2023: [], 2024: []}
    for step in steps:
        history = told[step.year]
        before = history[-1] if history else {name: NOTHING[name] for name in NAMES}
        after = _expected(before, step.figures)
        expected = _refused(step, history, after)
        assert _code(await _do(town, code, step, len(history))) == expected
        if not expected:
            history.append(after)
    rows = await _rows(town.url, cooperative_uuid(code))
    assert [_shown(row) for row in rows] == [
        (year, at, at == len(history), values)
        for year, history in sorted(told.items())
        for at, values in enumerate(history, start=1)
    ]


async def _do(town: Town, code: str, step: Step, revision: int) -> Recorded | Refused:
    if not step.corrects:
        return await town.do(Record(code, step.year, step.figures))
    seen = revision - step.seen
    return await town.do(Correct(code, step.year, seen, f"第{revision}次更正", step.figures))


def _shown(row: dict[str, Any]) -> tuple[int, int, bool, dict[str, Any]]:
    sales = [Decimal(entry["amount"]) for entry in orjson.loads(row["sales"])]
    values = {**{name: row[name] for name in NAMES}, "sales": sales}
    return row["year"], row["revision"], row["superseded_at"] is None, values


def test_any_sequence_leaves_one_value_a_year_and_the_whole_history(
    shared_url: str, tmp_path: Path
) -> None:
    """Whatever is recorded, corrected and refused: revisions are gapless, the last one holds."""

    with asyncio.Runner() as runner:
        opening = town_at(shared_url, tmp_path / "keys.json", size=1)
        town = runner.run(opening.__aenter__())

        @settings(max_examples=25, deadline=None, database=None, phases=[Phase.generate])
        @given(STEPS)
        def check(steps: list[Step]) -> None:
            runner.run(_told(town, steps))

        try:
            check()
        finally:
            runner.run(opening.__aexit__(None, None, None))
