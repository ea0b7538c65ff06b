"""PostGraphile's own documents for the operations, and its answers in the shape of the server's."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench.operations import Question, Walk, questions

FOLDER = Path(__file__).parent / "postgraphile" / "operations"

Names = Mapping[str, Mapping[str, Any]]
"""What a city calls its levels, states (`workflow:state`) and services, by key."""

_CHINA = ZoneInfo("Asia/Shanghai")


def load_questions(folder: Path = FOLDER) -> dict[str, Question]:
    """PostGraphile's question for each operation that it answers, by the operation's key.

    400 communities deep it goes by an offset, as the prototype did whose figures the bounds are
    made of; in Q1K by its cursor.
    """
    own = {key: question for key, (_, question) in questions(folder).items()}
    page = own["Q1"]
    deep = Walk(("allOrganizations",), 20)
    return own | {
        "Q0L": replace(own["Q0"], is_inline=True),
        "Q1D": replace(page, variables={**page.variables, "offset": 400}),
        "Q1K": replace(page, walk=deep),
        "Q2": replace(own["Q2"], walk=Walk(("first",), 1)),
    }


def reshaped(key: str, data: Any, names: Names) -> Any:
    """The data of an answer of PostGraphile as the server gives it; keys become names."""
    return {"city": _RESHAPE[key](data, names)}


def _issue(row: Any, names: Names) -> dict[str, Any]:
    """An issue, whatever was asked of it."""
    found = {name: row[name] for name in _SAME if name in row}
    for name in ("reportedAt", "resolvedAt"):
        if name in row:
            found[name] = _moment(row[name])
    if "state" in row:
        found["state"] = names["state"][f"{row['workflow']}:{row['state']}"]
        found["service"] = names["service"][row["service"]]
    if "organizationByTenantIdAndOrganizationId" in row:
        found["organization"] = row["organizationByTenantIdAndOrganizationId"]
    if "eventsByTenantIdAndIssueId" in row:
        events = reversed(row["eventsByTenantIdAndIssueId"]["nodes"])
        found["timeline"] = {"nodes": [_event(event) for event in events]}
    return found


_SAME = ("number", "title", "phase", "severity", "channel", "revision")


def _event(row: Any) -> dict[str, Any]:
    return {"kind": row["kind"], "at": _moment(row["at"]), "actor": {"role": row["role"]}}


def _moment(text: str | None) -> str | None:
    if text is None:
        return None
    return datetime.datetime.fromisoformat(text).astimezone(_CHINA).isoformat()


def _one(data: Any, names: Names) -> Any:
    return {"issue": _issue(data["issueByTenantIdAndNumber"], names)}


def _page(data: Any, names: Names) -> Any:
    found = data["allOrganizations"]
    nodes = [
        {
            "code": row["code"],
            "name": row["name"],
            "level": names["level"][row["level"]],
            "parent": row["organizationByTenantIdAndParentId"],
            "issues": {
                "nodes": [
                    _issue(issue, names)
                    for issue in row["issuesByTenantIdAndOrganizationId"]["nodes"]
                ]
            },
        }
        for row in found["nodes"]
    ]
    return {"organizations": {"pageInfo": found["pageInfo"], "nodes": nodes}}


def _lists(data: Any, names: Names) -> Any:
    return {
        alias: {**page, "nodes": [_issue(row, names) for row in page["nodes"]]}
        for alias, page in data.items()
    }


_RESHAPE: Mapping[str, Callable[[Any, Names], Any]] = {
    "Q0": _one,
    "Q0L": _one,
    "Q1": _page,
    "Q1D": _page,
    "Q1K": _page,
    "Q2": _lists,
}
