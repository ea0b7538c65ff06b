"""The limit's writes leave the rows that the server leaves."""

from datetime import datetime
from typing import Any

import orjson

from bench.answers import check_equal
from bench.operations import Operation, load_operations
from schema.scalars import CHINA
from tests.bench.conftest import Both
from tests.rollups import differences

WRITES = {operation.key: operation for operation in load_operations() if operation.is_write}
OWN = ("id", "number", "seq")
"""What each row has for itself, besides moments."""


async def written(both: Both, operation: Operation, given: Any, by_limit: bool) -> Any:
    """The answer of one of them, and the rows that are new, without what is theirs alone."""
    before = await both.rows("SELECT seq FROM event_counter WHERE tenant_id = 210200")
    if by_limit:
        today = datetime.now(CHINA).date()
        answer = orjson.loads(await both.limit.answer(operation, given, today))
    else:
        answer = await both.ask(operation, given)
    (event,) = await both.rows(
        "SELECT * FROM event WHERE tenant_id = 210200 AND seq > $1", before[0]["seq"]
    )
    (issue,) = await both.rows("SELECT * FROM issue WHERE id = $1", event["issue_id"])
    words = await both.rows(
        "SELECT word, place FROM issue_word WHERE issue_id = $1 ORDER BY place", issue["id"]
    )
    event["about"] = orjson.loads(event["about"])
    return answer["data"], issue, event, words


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what it has for itself."""
    about = row.pop("about", None)
    kept = {
        name: value
        for name, value in row.items()
        if name not in (*OWN, "issue_id") and not name.endswith("_at") and name != "at"
    }
    if about is not None:
        about.pop("number")
        kept["about"] = {**about, "set": plain(about["set"])}
    return kept


async def test_a_report_leaves_the_same_rows(both: Both) -> None:
    """An issue, its words, its event and its counts are those that the server writes."""
    report = WRITES["M1"]
    given = next(both.drawn.variables("M1", report.variables))
    answer, issue, event, words = await written(both, report, given, by_limit=False)
    own, own_issue, own_event, own_words = await written(both, report, given, by_limit=True)
    check_equal(report, "limit", [answer], [own])
    assert answer["reportIssue"]["refusals"] == []
    assert plain(own_issue) == plain(issue)
    assert plain(own_event) == plain(event)
    assert own_words == words
    assert await differences(both.url) == []


async def test_an_assignment_leaves_the_same_rows(both: Both) -> None:
    """The issue and its event are changed as the server changes them, and counted."""
    advance = WRITES["M2"]
    given = next(both.drawn.variables("M2", advance.variables))
    first = await written(both, advance, given, by_limit=False)
    second = await written(both, advance, given, by_limit=False)
    own = await written(both, advance, given, by_limit=True)
    check_equal(advance, "limit", [second[0]], [own[0]])
    assert second[0]["advanceIssue"]["refusals"] == []
    trails = [len(found[1].pop("trail")) for found in (first, second, own)]
    assert trails == [trails[0], trails[0] + 1, trails[0] + 2]
    for found in (second, own):
        del found[2]["about"]["set"]["trail"], found[2]["about"]["set"]["revision"]
        del found[1]["revision"]
    assert plain(own[1]) == plain(second[1])
    assert plain(own[2]) == plain(second[2])
    assert await differences(both.url) == []
