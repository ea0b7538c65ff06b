"""Results: their file, the bounds, and the page that is made of them."""

import json
from pathlib import Path

from bench import report, results
from bench.bounds import bounds
from bench.operations import KEYS, load_operations, load_secured
from bench.results import LIMIT, POSTGRAPHILE, SERVER
from tests.bench.made import made

TITLES = {item.key: item.title for item in (*load_operations(), *load_secured())}


def test_the_file_has_the_documented_shape() -> None:
    """results.json is generated: a row an operation and contender."""
    saved = json.loads(results.PATH.read_text("utf-8"))
    assert saved["generated"] == "by `make bench`; do not edit"
    assert [row["operation"] for row in saved["rows"] if row["contender"] == SERVER] == [*KEYS]
    assert {row["contender"] for row in saved["rows"]} <= set(results.NAMES)
    for row in saved["rows"]:
        assert list(row) == [
            "operation",
            "contender",
            "rps",
            "p50_ms",
            "p99_ms",
            "statements",
            "server_cpu_us",
            "database_cpu_us",
        ]
        assert all(value > 0 for value in list(row.values())[2:])


def test_the_page_is_that_of_the_results() -> None:
    """docs/benchmark.md is what the report makes of results.json."""
    written = report.PATH.read_text("utf-8")
    assert written == report.document(results.saved(), TITLES)
    assert "Generated" in written.partition("\n")[0]


def test_saved_results_are_read_back(tmp_path: Path) -> None:
    """What is saved is read back the same; ratios are of requests a second, growth of medians."""
    found = made()
    results.save(found, tmp_path / "results.json")
    assert results.saved(tmp_path / "results.json") == found
    assert found.ratio("Q0", LIMIT) == 0.85
    assert found.ratio("Q0", POSTGRAPHILE) == 2.2
    assert found.ratio("Q1", LIMIT) is None
    assert found.growth(SERVER) == 1.2
    assert found.growth(LIMIT) is None


def test_bounds_are_met_up_to_and_with_their_number() -> None:
    """A bound is met up to and with its number, from below or above."""
    assert [bound.verdict for bound in bounds(made())] == ["met"] * 9


def test_bounds_are_missed_by_a_part_of_them() -> None:
    """What is missed says by how much of what was asked."""
    found = bounds(made(rps=425, peak_mb=250.5, security_us=180, slowed_ms=21))
    assert {bound.what: bound.verdict for bound in found if not bound.is_met} == {
        "Q0, as a multiple of the limit's": "missed by 51%",
        "Q0, as a multiple of PostGraphile's": "missed by 50%",
        "MB of server memory under load, at most": "missed by less than 1%",
        "CPU µs of security, organization": "missed by 20%",
        "a neighbour's p99 beside it, at most times": "missed by 5%",
    }


def test_a_page_tells_of_everything() -> None:
    """The page has a table of each kind, and says why a contender is left out."""
    found = made()
    page = report.document(found, TITLES)
    assert "| Q0: One issue 一件事项: by its number | onegrid | 850 |  | 2.00 |" in page
    assert "|  | limit | 1,000 | 0.85 |" in page
    assert "| 2,000,000 | 600 | onegrid | 90 | 12.00 |" in page
    assert "| loaders | 100 |" in page
    assert "- **postgraphile**: PostGraphile 5.1.5, Node 22.23.3 (`bench/postgraphile`" in page
    gone = found.setting.model_copy(update={"postgraphile": None, "skipped": "npm is away"})
    without = report.document(found.model_copy(update={"setting": gone}), TITLES)
    assert "- **postgraphile**: left out, because npm is away." in without
    assert len(list(report.tables(found))) == 7
