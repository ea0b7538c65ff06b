"""The metrics: what is counted, under which labels, and in which formats it is read."""

import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text
from starlette.applications import Starlette

from schema.errors import ErrorCode
from server.facts import RequestFacts
from server.metrics import MAX_NAMES, Metrics, PoolNumbers, Readings
from tests.docs.documents import table

Samples = dict[str, float]


def samples(metrics: Metrics) -> Samples:
    """What is counted, as `name{labels}`; without the process, the buckets and the moments."""
    found: Samples = {}
    for family in parse_text(metrics.text()):
        for sample in family.samples:
            if re.match(r"onegrid_.*(?<!_bucket)(?<!_created)$", sample.name):
                labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
                found[f"{sample.name.removeprefix('onegrid_')}{{{labels}}}"] = sample.value
    return found


def counted(metrics: Metrics) -> Samples:
    """What is counted, without zeros and this process."""
    found = samples(metrics).items()
    return {name: value for name, value in found if value and name != "workers{}"}


def operation(name: str | None, kind: str = "query", **facts: object) -> RequestFacts:
    """The facts of a request for one operation."""
    known = RequestFacts("POST", "/graphql", operation_name=name, operation_kind=kind)
    for fact, value in facts.items():
        setattr(known, fact, value)
    return known


def client(metrics: Metrics) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=[metrics.app_route]))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


def test_request() -> None:
    """A request is counted by method and class of status, and timed by whether it asks the API."""
    metrics = Metrics()
    metrics.observe(RequestFacts("GET", "/"), 200, 0.25)
    metrics.observe(RequestFacts("GET", "/none"), 404, 0.25)
    metrics.observe(RequestFacts("POST", "/graphql"), 499, 0.5)
    metrics.observe(RequestFacts("BREW", "/graphql"), 405, 0.5)
    assert counted(metrics) == {
        "requests_total{method=GET,status=2xx}": 1,
        "requests_total{method=GET,status=4xx}": 1,
        "requests_total{method=POST,status=4xx}": 1,
        "requests_total{method=other,status=4xx}": 1,
        "request_seconds_count{route=/graphql}": 2,
        "request_seconds_sum{route=/graphql}": 1.0,
        "request_seconds_count{route=other}": 2,
        "request_seconds_sum{route=other}": 0.5,
    }


def test_operation() -> None:
    """An operation is counted by name and kind, with its errors, statements and refusals."""
    metrics = Metrics()
    codes = ["UNAVAILABLE", "LEVEL_UNKNOWN", "UNAVAILABLE"]
    metrics.observe(
        operation("CityPage", codes=codes, statements=3, sql_seconds=0.5, cache="hit"), 200, 0.25
    )
    metrics.observe(operation("CityPage", statements=1, sql_seconds=0.25, cache="hit"), 200, 0.25)
    metrics.observe(operation(None, "mutation", cache="miss"), 200, 0.5)
    metrics.observe(operation("CityPage", codes=["RATE_LIMITED"], limited="city"), 429, 0.0)
    found = {name: value for name, value in counted(metrics).items() if "request" not in name}
    assert found == {
        "operations_total{kind=query,name=CityPage}": 3,
        "operation_seconds_total{kind=query,name=CityPage}": 0.5,
        "operations_total{kind=mutation,name=unnamed}": 1,
        "operation_seconds_total{kind=mutation,name=unnamed}": 0.5,
        "errors_total{code=UNAVAILABLE}": 2,
        "errors_total{code=LEVEL_UNKNOWN}": 1,
        "errors_total{code=RATE_LIMITED}": 1,
        "sql_statements_total{}": 4,
        "sql_seconds_total{}": 0.75,
        "document_cache_total{result=hit}": 2,
        "document_cache_total{result=miss}": 1,
        "rate_limited_total{by=city}": 1,
    }


def test_refused_before_its_operation() -> None:
    """A request that never came to an operation counts as none."""
    metrics = Metrics()
    metrics.observe(RequestFacts("POST", "/graphql", codes=["BODY_TOO_LARGE"]), 413, 0.0)
    assert [name for name in counted(metrics) if "operation" in name] == []


@given(st.lists(st.text(st.characters(codec=None)), max_size=20))
def test_labels_are_bounded(names: list[str]) -> None:
    """However many names clients make up, few are counted by name; those known always are."""
    metrics = Metrics(["CityPage"])
    for at in range(MAX_NAMES * 3):
        metrics.observe(operation(f"Made{at}", codes=[f"MADE_{at}"]), 200, 0.0)
    for name in [*names, "CityPage"]:
        metrics.observe(operation(name, codes=[name]), 200, 0.0)
    found = counted(metrics)
    counts = [value for name, value in found.items() if name.startswith("operations_total")]
    assert len(counts) <= MAX_NAMES + len(["CityPage", "unnamed", "other"])
    assert sum(counts) == MAX_NAMES * 3 + len(names) + 1
    assert found["operations_total{kind=query,name=CityPage}"] == 1 + names.count("CityPage")
    errors = {name for name in found if name.startswith("errors_total")}
    assert errors <= {f"errors_total{{code={code}}}" for code in [*ErrorCode, "other"]}


@pytest.mark.parametrize(
    "name", ["x" * 65, "q13812345678", "a1234567b", "", "a b", "a-b", "名", 'a"} 1\n', "1a"]
)
def test_names_that_are_not_shown(name: str) -> None:
    """A name that is no plain name, or may be somebody's number, is not shown."""
    metrics = Metrics()
    metrics.observe(operation(name), 200, 0.0)
    (found,) = [each for each in counted(metrics) if each.startswith("operations_total")]
    shown = "other" if name else "unnamed"
    assert found == f"operations_total{{kind=query,name={shown}}}"


def test_every_error_code_is_shown() -> None:
    """Each code that clients may see is counted under its own name."""
    metrics = Metrics()
    metrics.observe(RequestFacts(codes=[str(code) for code in ErrorCode]), 200, 0.0)
    found = {name for name in counted(metrics) if name.startswith("errors_total")}
    assert found == {f"errors_total{{code={code}}}" for code in ErrorCode}


def test_readings() -> None:
    """Connections, readiness and tenants are read when they are asked for."""
    state = {"ready": False, "pools": []}
    readings = Readings(
        pools=lambda: state["pools"],  # type: ignore[arg-type, return-value]
        ready=lambda: bool(state["ready"]),
        tenants=lambda: 14,
    )
    metrics = Metrics(readings=readings)
    before = samples(metrics)
    state["ready"] = True
    state["pools"] = [
        PoolNumbers("onegrid_city", size=4, in_use=3, limit=10, waiting=2),
        PoolNumbers("onegrid_province", size=1, in_use=0, limit=10),
    ]
    after = samples(metrics)
    assert before["ready{}"] == 0
    assert {name: value for name, value in after.items() if name not in before} == {
        "pool_size{login=onegrid_city}": 4,
        "pool_size{login=onegrid_province}": 1,
        "pool_in_use{login=onegrid_city}": 3,
        "pool_in_use{login=onegrid_province}": 0,
        "pool_limit{login=onegrid_city}": 10,
        "pool_limit{login=onegrid_province}": 10,
        "pool_waiting{login=onegrid_city}": 2,
        "pool_waiting{login=onegrid_province}": 0,
    }
    assert (after["ready{}"], after["tenants{}"]) == (1, 14)


def test_documented() -> None:
    """The operations guide names every metric of our own, and no other."""
    metrics = Metrics(readings=Readings(lambda: [PoolNumbers("onegrid_city", 1, 1, 1)]))
    metrics.observe(operation("CityPage", codes=["X"], cache="hit", limited="actor"), 200, 0.25)
    families = {
        f"{family.name}{'_total' if family.type == 'counter' else ''}"
        for family in parse_text(metrics.text())
    }
    documented = [row[0] for row in table("docs/operations.md", "Metrics")]
    assert sorted(documented) == sorted(
        name for name in families if name.startswith("onegrid_") and "_created" not in name
    )


def test_several_applications() -> None:
    """Each application counts for itself."""
    first, second = Metrics(), Metrics()
    first.observe(RequestFacts("GET", "/"), 200, 0.25)
    assert ("requests_total{method=GET,status=2xx}" in counted(first), counted(second)) == (
        True,
        {},
    )


def test_process() -> None:
    """The process and its garbage collector are measured too."""
    names = {family.name for family in parse_text(Metrics().text())}
    assert {"process_cpu_seconds", "python_info", "python_gc_collections"} <= names


async def test_text_format() -> None:
    """Prometheus reads the text format by default."""
    response = await client(Metrics()).get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "onegrid_ready" in {family.name for family in parse_text(response.text)}


async def test_openmetrics() -> None:
    """OpenMetrics is given where it is asked for."""
    headers = {"accept": "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"}
    response = await client(Metrics()).get("/metrics", headers=headers)
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    families = parse_openmetrics(response.text)  # type: ignore[no-untyped-call]
    assert "onegrid_ready" in {family.name for family in families}


@given(
    st.lists(
        st.sampled_from(
            ["text/plain", "application/openmetrics-text", ";", ",", "=", " version=", "1.0.0", "x"]
        )
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126)),
)
async def test_any_accept_header(parts: list[str], more: str) -> None:
    """No Accept header makes it fail."""
    headers = {"accept": "".join(parts) + more}
    assert (await client(Metrics()).get("/metrics", headers=headers)).status_code == 200


async def test_query_strings() -> None:
    """A query string changes nothing."""
    response = await client(Metrics()).get("/metrics?name[]=%ff&name[]=x")
    assert (response.status_code, "onegrid_ready" in response.text) == (200, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods(method: str) -> None:
    """Metrics are for reading."""
    assert (await client(Metrics()).request(method, "/metrics")).status_code == 405
