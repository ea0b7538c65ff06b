"""The report: the tables that a run prints, and docs/benchmark.md."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich import box
from rich.table import Table

from bench.bounds import bounds
from bench.parts import OTHER, PARTS, SOCKETS
from bench.results import NAMES, SERVER, Abuse, Results, Row, Scale, Security

PATH = Path(__file__).parent.parent / "docs" / "benchmark.md"

COLUMNS = (
    "operation",
    "contender",
    "requests/s",
    "ratio",
    "p50 ms",
    "p99 ms",
    "SQL",
    "server CPU µs",
    "database CPU µs",
)
SCALE_COLUMNS = (
    "issues",
    "cells",
    "contender",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "database CPU µs",
)
MEMORY_COLUMNS = ("contender", "MB before any request", "MB at most")
BOUND_COLUMNS = ("bound", "measured", "asked", "")
SECURITY_COLUMNS = ("operation", "CPU µs with", "without", "security", "p50 µs with", "without")
ABUSE_COLUMNS = (
    "bad input",
    "refused with",
    "CPU ms",
    "MB added",
    "p99 ms without",
    "beside it",
    "times",
)
TEXT = """\
# Benchmark 性能基准

`make bench` starts everything itself: a PostgreSQL of its own with every shipped tenant
({organizations:,} organizations, {issues:,} issues), and the contenders over it, which take turns
within each round, the other way around in every other one.

- **onegrid**: the server as `onegrid serve --no-prepare` runs it, one process. Requests bring the
  token of their city or province; limits are on, rates are counted and out of the way. It sweeps
  once before it is measured, and then not for an hour, so that answers stay as they are.
- **limit**: what there is to gain at most. A bare ASGI endpoint on asyncpg that gives the same
  answer by one hand-written SQL statement, in which PostgreSQL itself builds the JSON
  (`bench/limit.py`, `bench/operations/*.sql`), in a read-only snapshot transaction. Of M1 and M2
  the same statements by hand, each prepared (`bench/writes.py`). Who asks is not looked at.
- **graphql-core**: the same server with `ONEGRID_EXECUTOR=general`, which leaves the execution to
  graphql-core alone.
- **postgraphile**: {postgraphile}.

Row-level security is on for all, with the login role of cities (of provinces in Q3) and ten
connections at most. Before anything is timed, the answers of all are compared; under load each
answer is compared with the first, or, where requests differ, must hold what was asked for.
400 communities deep (Q1D) the server goes by its cursor, as it has no other way; the limit and
PostGraphile go by an offset, as the prototype did whose figures the bounds are made of. In Q1K
all go by a cursor.

Measured with {connections} keep-alive connections, each with one request at a time, in {rounds}
rounds of {seconds:g} s an operation and contender; the numbers are medians of the rounds. Client,
contenders and PostgreSQL share the {cores} cores, so read ratios, not absolute numbers.
Python {python}, PostgreSQL {postgresql}.

The ratio is the server's requests a second as a multiple of the contender's; SQL the number of
statements that PostgreSQL logs for a request (what begins, ends and scopes a transaction not
counted); server CPU the processor time that the contender's own process takes a request, database
CPU that of all processes of PostgreSQL.
"""
SCALE = """\
## Many issues 数据量

Q3 over two databases that differ in the number of issues only, asked in turn. It reads cells of
the rollup `issue_total` (city, level, service, phase): the more issues, the more of the
combinations that there can be do occur, and no more than those.
"""
MEMORY = """\
## Memory 内存

Resident memory of each contender's process, after all operations of the table above.
"""
SPENT = """\
## Where the time goes 时间去向

Microseconds of processor time of the server a request, by samples of what runs (`bench/parts.py`);
a part has what it calls of other libraries in it. What PostgreSQL takes stands in the table above.
"""
SECURITY = """\
## Security 安全的代价

Three operations by the same server without its security: the same parts put together without
identity, bounds, cost and rates, reading as the owner, whom row-level security does not bind
(`bench/bare.py`). Both are in one process, because two differ by more than what is measured; one
request at a time, both in turn, medians of many short rounds.
"""
SHARES = """\
By itself and in one process each part takes of the operation on one organization, in
microseconds (a remembered token, a remembered document, the least of many rounds):
"""
ABUSE = """\
## Bad input 恶意输入

What it takes to refuse it: processor time of the server for each request (each text another, so
that none is remembered), the memory that many add at most, and the p99 of neighbours on 16
connections without it, and beside somebody who sends it without a pause
(`bench/attacks.py`).
"""


def table(results: Results) -> Table:
    """For a terminal: all operations under load."""
    rows = [_cells(results, row, row.operation) for row in results.rows]
    ends = [row.operation for row in results.rows]
    last = [at + 1 == len(ends) or ends[at + 1] != key for at, key in enumerate(ends)]
    return _table(COLUMNS, 2, list(zip(rows, last, strict=True)))


def tables(results: Results) -> Iterator[Table]:
    """For a terminal: everything, one after the other."""
    yield table(results)
    for columns, words, rows in (
        (SCALE_COLUMNS, 0, [_scale_cells(item) for item in results.scale]),
        (MEMORY_COLUMNS, 1, _memory_cells(results)),
        *_spent_tables(results),
        (SECURITY_COLUMNS, 1, [_security_cells(item, item.operation) for item in results.security]),
        (ABUSE_COLUMNS, 2, [_abuse_cells(item) for item in results.abuse]),
        (BOUND_COLUMNS, 1, [_plain(row) for row in _bound_cells(results)]),
    ):
        yield _table(columns, words, [(row, False) for row in rows])


def document(results: Results, titles: Mapping[str, str]) -> str:
    """The text of docs/benchmark.md; `titles` are those of all operations, by key."""
    setting = results.setting
    first = (
        f"<!-- Generated by `make bench` on {setting.date} on a machine of {setting.cores} cores;"
        " do not edit. -->"
    )
    other = setting.postgraphile or f"left out, because {setting.skipped}"
    rows = [
        _cells(results, row, f"{row.operation}: {titles[row.operation]}") for row in results.rows
    ]
    parts = [
        first,
        "",
        TEXT.format(**{**setting.model_dump(), "postgraphile": _postgraphile(other)}),
        *_grid(COLUMNS, 2, rows),
        "",
        "## Bounds 上限",
        "",
        *_grid(BOUND_COLUMNS, 1, _bound_cells(results)),
        "",
        SPENT,
        *(line for given in _spent_tables(results) for line in _grid(*given)),
        "",
        SCALE,
        *_grid(SCALE_COLUMNS, 0, [_scale_cells(item) for item in results.scale]),
        "",
        MEMORY,
        *_grid(MEMORY_COLUMNS, 1, _memory_cells(results)),
        "",
        SECURITY,
        *_grid(
            SECURITY_COLUMNS,
            1,
            [_security_cells(item, titles[item.operation]) for item in results.security],
        ),
        "",
        SHARES,
        *(f"- {share.what}: {share.us:g}" for share in results.shares),
        "",
        ABUSE,
        *_grid(ABUSE_COLUMNS, 2, [_abuse_cells(item) for item in results.abuse]),
        "",
    ]
    return "\n".join(parts)


def _postgraphile(other: str) -> str:
    """What it is, or why it is not there; its operations are the queries of a city."""
    return (
        f"{other} (`bench/postgraphile`, installed by npm into\n"
        "  the user's cache), its pgSettings carrying the tenant, with documents of its own; names "
        "of\n  levels, states and services are put in afterwards, untimed. It answers the queries "
        "of a city"
        if other.startswith("PostGraphile")
        else other
    )


def _table(columns: Sequence[str], words: int, rows: Sequence[tuple[Sequence[str], bool]]) -> Table:
    """The first `words` columns are text, the others numbers; a row may end a section."""
    shown = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for at, name in enumerate(columns):
        shown.add_column(name, justify="left" if at < words else "right", no_wrap=at < words)
    for cells, ends in rows:
        shown.add_row(*cells, end_section=ends)
    return shown


def _grid(columns: Sequence[str], words: int, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The same in Markdown."""
    yield _line(columns)
    yield _line(["---"] * words + ["---:"] * (len(columns) - words))
    yield from map(_line, rows)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(results: Results, row: Row, title: str) -> list[str]:
    ratio = None if row.contender == SERVER else results.ratio(row.operation, row.contender)
    return [
        title if row.contender == SERVER else "",
        row.contender,
        f"{row.rps:,.0f}",
        "" if ratio is None else f"{ratio:.2f}",
        f"{row.p50_ms:.2f}",
        f"{row.p99_ms:.2f}",
        str(row.statements),
        f"{row.server_cpu_us:,.0f}",
        f"{row.database_cpu_us:,.0f}",
    ]


def _scale_cells(item: Scale) -> list[str]:
    return [
        f"{item.issues:,}",
        f"{item.cells:,}",
        item.row.contender,
        f"{item.row.rps:,.0f}",
        f"{item.row.p50_ms:.2f}",
        f"{item.row.p99_ms:.2f}",
        f"{item.row.database_cpu_us:,.0f}",
    ]


def _memory_cells(results: Results) -> list[list[str]]:
    known = {part.contender: part for part in results.memory}
    return [
        [name, f"{known[name].started_mb:.0f}", f"{known[name].peak_mb:.0f}"]
        for name in NAMES
        if name in known
    ]


def _bound_cells(results: Results) -> list[list[str]]:
    return [
        [
            bound.what,
            f"{bound.measured:g}",
            f"{'≥' if bound.is_least else '≤'} {bound.allowed:g}",
            bound.verdict if bound.is_met else f"**{bound.verdict}**",
        ]
        for bound in bounds(results)
    ]


def _plain(cells: Sequence[str]) -> list[str]:
    """The same without Markdown."""
    return [cell.replace("**", "") for cell in cells]


def _spent_tables(
    results: Results,
) -> Iterator[tuple[tuple[str, ...], int, list[list[str]]]]:
    """A row a part, a column an operation; none where nothing was measured."""
    known = {(item.operation, item.part): item.us for item in results.spent}
    keys = tuple(dict.fromkeys(item.operation for item in results.spent))
    names = [*(name for name, _ in PARTS), OTHER, SOCKETS]
    rows = [[name, *(f"{known.get((key, name), 0):,.0f}" for key in keys)] for name in names]
    sums = [sum(us for (at, _), us in known.items() if at == key) for key in keys]
    rows.append(["all", *(f"{total:,.0f}" for total in sums)])
    if keys:
        yield ("part", *keys), 1, rows


def _security_cells(item: Security, title: str) -> list[str]:
    return [
        title,
        f"{item.on_us:,.0f}",
        f"{item.off_us:,.0f}",
        f"{item.us:+,.0f}",
        f"{item.on_p50_ms * 1000:,.0f}",
        f"{item.off_p50_ms * 1000:,.0f}",
    ]


def _abuse_cells(item: Abuse) -> list[str]:
    return [
        item.attack,
        f"{item.status} {item.code}",
        f"{item.cpu_ms:.1f}",
        f"{item.growth_mb:.1f}",
        f"{item.quiet_p99_ms:.1f}",
        f"{item.neighbour_p99_ms:.1f}",
        f"{item.slowed:.2f}",
    ]
