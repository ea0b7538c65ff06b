"""The life of agreements by time: the sweep begins and ends them, in all copies, and once."""

import asyncio
import datetime
import uuid
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from schema.agreements.life import Age, Aged, Lived
from schema.agreements.revise import Revise
from schema.database import Database
from schema.errors import CodedError, ErrorCode
from schema.loaders.agreement_due import Turn
from server.aging import age
from server.metrics import Metrics
from server.sweeping import Pass, sweep
from tests.conftest import NOW
from tests.schema.agreements.pair import REGISTRY, TERMS, A, B, Pair, admin, pair_at
from tests.server.processes import onegrid
from tests.server.test_metrics import counted

DAY = datetime.date
SPRING_BEGINS = DAY(2026, 4, 1)
SPRING = replace(TERMS, starts_on=SPRING_BEGINS, ends_on=DAY(2026, 6, 30))


def noon(day: datetime.date) -> datetime.datetime:
    """Noon in China."""
    return datetime.datetime.combine(day, datetime.time(4), datetime.UTC)


async def swept(pair: Pair, day: datetime.date, database: Database | None = None) -> Pass:
    """One pass over all cities on a day."""
    moment = noon(day)
    cities = REGISTRY.cities
    return await sweep(database or pair.database, cities, pair.keyring, lambda: moment)


async def kinds(pair: Pair, tenant_id: int, agreement: uuid.UUID) -> list[tuple[str, str]]:
    """Kind and actor of what a tenant's log has of an agreement since it was signed."""
    events = [one for one in await pair.events(tenant_id) if one["agreement_id"] == agreement]
    return [(one["kind"].removeprefix("AGREEMENT_"), one["actor"]) for one in events[4:]]


async def test_a_life(pair: Pair) -> None:
    """It begins on its first day and is over after its last one, once for both cities."""
    agreement = await pair.signed(SPRING)
    seen = []
    for day in (DAY(2026, 3, 31), DAY(2026, 4, 1), DAY(2026, 6, 30), DAY(2026, 7, 1)):
        done = await swept(pair, day)
        seen.append((await pair.state(agreement), done.agreements))
        await pair.demand_sound()
    assert seen == [
        ("SIGNED", {}),
        ("ACTIVE", {"990100": Counter({Lived.ACTIVATED: 1})}),
        ("ACTIVE", {}),
        ("COMPLETED", {"990100": Counter({Lived.EXPIRED: 1})}),
    ]
    row = await pair.row(agreement, B)
    assert (row["end_reason"], row["ended_at"]) == ("EXPIRED", noon(DAY(2026, 7, 1)))
    assert await kinds(pair, A, agreement) == [("ACTIVATED", "sweep"), ("COMPLETED", "sweep")]
    assert await kinds(pair, B, agreement) == [
        ("ACTIVATED", f"city:{A}"), ("COMPLETED", f"city:{A}"),
    ]  # fmt: skip
    assert await swept(pair, DAY(2027, 1, 1)) == Pass(ended_at=noon(DAY(2027, 1, 1)), counts={
        city: Counter() for city in ("980100", "990100", "990200")
    })  # fmt: skip


async def test_after_an_outage(pair: Pair) -> None:
    """What has begun and ended since the last look does both, in order."""
    agreement = await pair.signed(SPRING)
    done = await swept(pair, DAY(2026, 8, 1))
    assert done.aged == Counter({Lived.ACTIVATED: 1, Lived.EXPIRED: 1})
    assert [kind for kind, _ in await kinds(pair, B, agreement)] == ["ACTIVATED", "COMPLETED"]
    await pair.demand_sound()


async def test_nothing_due(pair: Pair) -> None:
    """What is proposed, drafted, endless or over already is left alone."""
    proposed, draft = await pair.proposed(), await pair.proposed(draft=True)
    endless = await pair.signed(replace(TERMS, ends_on=None))
    waiting = await pair.signed()
    row = await pair.row(waiting)
    newer = replace(TERMS, title="新", ends_on=DAY(2028, 1, 1))
    await pair.done(Revise(REGISTRY, waiting, row["revision"], newer), admin(A))
    before = await pair.copies()
    assert (await swept(pair, DAY(2027, 2, 1))).aged == Counter()
    assert await pair.copies() == before
    for agreement in (proposed, draft, endless, waiting):
        assert await pair.do(Age(agreement), admin(A)) == Aged()


async def test_several_at_once(pair: Pair, tmp_path: Path) -> None:
    """However many sweep at once, each agreement begins once, with one event in each log."""
    agreements = [await pair.signed(SPRING) for _ in range(8)]
    async with AsyncExitStack() as stack:
        others = [
            await stack.enter_async_context(pair_at(pair.url, tmp_path / f"{n}", size=2))
            for n in range(4)
        ]
        passes = await asyncio.gather(
            *(swept(pair, DAY(2026, 4, 1), other.database) for other in others)
        )
    assert sum((one.aged for one in passes), Counter()) == Counter({Lived.ACTIVATED: 8})
    assert [one.failed_agreements for one in passes] == [0] * 4
    for tenant_id in (A, B):
        for agreement in agreements:
            assert [kind for kind, _ in await kinds(pair, tenant_id, agreement)] == ["ACTIVATED"]
    await pair.demand_sound()


async def test_one_that_fails(pair: Pair) -> None:
    """An agreement whose copies differ is left as it is, and holds up no other."""
    broken, sound = await pair.signed(SPRING), await pair.signed(SPRING)
    await pair.sql("UPDATE agreement SET revision = 9 WHERE tenant_id = $1 AND id = $2", B, broken)
    done = await swept(pair, DAY(2026, 4, 1))
    # both of its cities have looked at it
    assert (done.failed_agreements, done.aged) == (2, Counter({Lived.ACTIVATED: 1}))
    rows = [await pair.row(broken, tenant_id) for tenant_id in (A, B)]
    assert [(row["state"], row["revision"]) for row in rows] == [("SIGNED", 3), ("SIGNED", 9)]
    assert await pair.state(sound) == "ACTIVE"


async def test_more_than_a_page(pair: Pair) -> None:
    """All that are due are done, however few one look finds."""
    for _ in range(5):
        await pair.signed(SPRING)
    done = await sweep(
        pair.database, REGISTRY.cities, pair.keyring, lambda: noon(SPRING_BEGINS), size=2
    )
    assert done.aged == Counter({Lived.ACTIVATED: 5})
    await pair.demand_sound()


async def test_database_away(pair: Pair) -> None:
    """Where the database is away the turn ends with UNAVAILABLE: the next pass will do."""
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    city = REGISTRY.by_id[A]
    with pytest.raises(CodedError) as caught:
        await age(away, city, pair.keyring, admin(A), NOW, [Turn(DAY(2026, 1, 1), uuid.uuid4())], 1)
    assert caught.value.code is ErrorCode.UNAVAILABLE


@pytest.mark.soak
async def test_command(pair: Pair, tmp_path: Path) -> None:
    """`onegrid sweep` says what the day did to agreements."""
    agreement = await pair.signed(replace(TERMS, ends_on=None))
    await pair.sql("UPDATE agreement SET state = 'SIGNED' WHERE id = $1", agreement)
    pair.keyring.index("x", A)  # makes the file
    settings = {"database_url": pair.url, "personal_keys": pair.keyring.path}
    done = await asyncio.to_thread(onegrid, "sweep", cwd=tmp_path, **settings)
    assert (done.code, done.out.splitlines()[-1].split(":")) == (
        0,
        ["990100", " agreements 1 activated"],
    )


def test_metrics() -> None:
    """What passes did to agreements is counted by kind, and what failed with the other failures."""
    metrics = Metrics()
    aged = {"990100": Counter({Lived.EXPIRED: 2, Lived.ACTIVATED: 1})}
    metrics.observe_sweep(Pass({}, 1, [], agreements=aged, failed_agreements=3))
    assert counted(metrics) == {
        "agreements_swept_total{kind=activated}": 1,
        "agreements_swept_total{kind=expired}": 2,
        "sweep_failures_total{}": 4,
    }
