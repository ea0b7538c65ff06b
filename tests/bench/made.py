"""Made-up results of a run."""

import datetime

from bench.results import (
    LIMIT,
    POSTGRAPHILE,
    SERVER,
    Abuse,
    Memory,
    Name,
    Results,
    Row,
    Scale,
    Security,
    Setting,
    Share,
    Spent,
)


def row(operation: str, contender: Name, rps: float, p50_ms: float = 2) -> Row:
    """A row of a contender with so many requests a second."""
    return Row(
        operation=operation,
        contender=contender,
        rps=rps,
        p50_ms=p50_ms,
        p99_ms=4,
        statements=1,
        server_cpu_us=900,
        database_cpu_us=300,
    )


def made(
    rps: float = 850, peak_mb: float = 250, security_us: float = 150, slowed_ms: float = 20
) -> Results:
    """Results of one operation with these figures; the limit does 1,000 a second."""
    setting = Setting(
        date=datetime.date(2026, 3, 15),
        cores=2,
        python="3.11.7",
        postgresql="18.4",
        postgraphile="PostGraphile 5.1.5, Node 22.23.3",
        skipped=None,
        organizations=10,
        issues=200_000,
        rounds=5,
        seconds=2,
        connections=16,
    )
    attack = Abuse(
        attack="2^20-fold",
        status=400,
        code="FIELDS_EXCEEDED",
        cpu_ms=0.5,
        growth_mb=0.1,
        quiet_p99_ms=10,
        neighbour_p99_ms=slowed_ms,
    )
    security = Security(
        operation="organization", on_us=security_us, off_us=0, on_p50_ms=1, off_p50_ms=1
    )
    return Results(
        setting=setting,
        memory=[Memory(contender=SERVER, started_mb=100, peak_mb=peak_mb)],
        rows=[row("Q0", SERVER, rps), row("Q0", LIMIT, 1000), row("Q0", POSTGRAPHILE, 386)],
        scale=[
            Scale(issues=20_000, cells=500, row=row("Q3", SERVER, 100, p50_ms=10)),
            Scale(issues=2_000_000, cells=600, row=row("Q3", SERVER, 90, p50_ms=12)),
        ],
        spent=[Spent(operation="Q0", part="loaders", us=100)],
        security=[security],
        shares=[Share(what="identity", us=5)],
        abuse=[attack],
    )
