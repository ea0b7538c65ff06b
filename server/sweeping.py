"""The sweep of all cities: what falls due is marked, whoever asks or does not ask for it."""

import asyncio
import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from schema.agreements.life import Lived
from schema.database import Database, engine
from schema.errors import CodedError, ErrorCode
from schema.issues.sweep import BATCH, Batch, Failure, Sweep, Swept, sweeper
from schema.keyring import Keyring
from schema.loaders.agreement_due import Turn, due_agreements
from schema.loaders.issue_wake import FIRST, Wake, is_any_awake
from schema.loaders.tenant import read_definitions
from schema.refusals import Refused
from schema.scalars import CHINA
from schema.scope import Login, Scope
from schema.work import perform
from server.aging import age
from server.live import FAILURES, Live
from server.prepare import login_addresses
from server.settings import Settings
from tenants.definition import Definition
from tenants.registry import Registry

SHOWN = 5
"""Failures of one batch that the log names one by one."""

Now = Callable[[], datetime.datetime]

log = structlog.get_logger("onegrid")


@dataclass
class Pass:
    """What one pass did: how often each thing in each city, what failed, and when it ended.

    `counts` are of issues, `agreements` of agreements. `failed_issues` and `failed_agreements` were
    left as they were, `failed_cities` (by code) were not swept to their end; the next pass tries
    all of them again.
    """

    counts: dict[str, Counter[Swept]] = field(default_factory=dict)
    failed_issues: int = 0
    failed_cities: list[str] = field(default_factory=list)
    ended_at: datetime.datetime | None = None
    agreements: dict[str, Counter[Lived]] = field(default_factory=dict)
    failed_agreements: int = 0

    @property
    def total(self) -> Counter[Swept]:
        """How often each thing was done to issues, in all cities."""
        return sum(self.counts.values(), Counter[Swept]())

    @property
    def aged(self) -> Counter[Lived]:
        """How often each thing was done to agreements, in all cities."""
        return sum(self.agreements.values(), Counter[Lived]())


Observe = Callable[[Pass], None]


async def sweep(
    database: Database,
    cities: Sequence[Definition],
    keyring: Keyring,
    now: Now,
    size: int = BATCH,
) -> Pass:
    """One pass: sweep every city until nothing is left; `size` rows are looked for at once.

    The cities take turns, a transaction each, so that none waits until a large one is done. A
    city that fails is left for the next pass. Several processes may sweep at once.
    Errors: `CodedError` UNAVAILABLE where the database is away.
    """
    done = Pass()
    lanes = [_Lane(database, definition, keyring, now, size, done) for definition in cities]
    while lanes:
        lanes = [lane for lane in lanes if await _goes_on(lane, done)]
    done.ended_at = now()
    return done


async def sweep_for_ever(
    live: Live, keyring: Keyring, seconds: float, now: Now, observe: Observe
) -> None:
    """Sweep every so many seconds. Where the database is away, the next time will do."""
    await live.ready.wait()
    while True:
        try:
            observe(await sweep(live.database, live.registry.cities, keyring, now))
        except CodedError as error:
            log.warning("issues could not be swept", reason=error.en)
        except FAILURES as error:
            log.warning("issues could not be swept", reason=str(error))
        except Exception:  # a fault must not end it
            log.exception("issues could not be swept")
        await asyncio.sleep(seconds)


async def sweep_once(settings: Settings, url: str, keyring: Keyring, now: Now) -> Pass:
    """One pass in a process of its own, over the cities that are in force.

    Errors: those of `FAILURES`, `CodedError` UNAVAILABLE.
    """
    owner = engine(url)
    try:
        async with owner.connect() as connection:
            registry = Registry(await read_definitions(connection))
    finally:
        await owner.dispose()
    logins = login_addresses(settings, url)
    database = Database(url, 1, settings.statement_timeout, logins)
    await database.open()
    try:
        return await sweep(database, registry.cities, keyring, now)
    finally:
        await database.close()


@dataclass
class _Lane:
    """How far the pass has come in one city; `after` is None before the first look."""

    database: Database
    definition: Definition
    keyring: Keyring
    now: Now
    size: int
    done: Pass
    after: Wake | None = None

    async def next(self) -> Batch:
        """Sweep the next issues of the city; at first look what is due, and do the agreements."""
        if self.after is None:
            is_any_awake, due = await self._look()
            await self._age(due)
            if not is_any_awake:
                return Batch()
            self.after = FIRST
        now = self.now()
        batch = await perform(
            self.database.unit_of_work,
            Sweep(self.after, self.size),
            sweeper(self.definition.tenant_id),
            self.definition,
            now,
            now.astimezone(CHINA).date(),
            self.keyring,
        )
        assert not isinstance(batch, Refused)
        self.after = batch.last
        return batch

    async def _look(self) -> tuple[bool, list[Turn]]:
        """Whether any issue is due, and the first agreements that are."""
        tenant_id, now = self.definition.tenant_id, self.now()
        scope = Scope(frozenset({tenant_id}), Login.CITY)
        today = now.astimezone(CHINA).date()
        async with self.database.snapshot(scope) as snapshot:
            return (
                await is_any_awake(snapshot, scope, tenant_id, now),
                await due_agreements(snapshot, scope, tenant_id, today, limit=self.size),
            )

    async def _age(self, due: Sequence[Turn]) -> None:
        if not due:
            return
        city, actor = self.definition, sweeper(self.definition.tenant_id)
        aged = await age(self.database, city, self.keyring, actor, self.now(), due, self.size)
        self.done.failed_agreements += aged.failures
        if aged.counts:
            self.done.agreements[city.tenant.code] = aged.counts
            said = {kind.value: count for kind, count in aged.counts.items()}
            log.info("agreements swept", city=city.tenant.code, **said)


async def _goes_on(lane: _Lane, done: Pass) -> bool:
    """Let a city have its turn; whether it needs another one."""
    code = lane.definition.tenant.code
    try:
        batch = await lane.next()
    except CodedError as error:
        if error.code is ErrorCode.UNAVAILABLE:
            raise
        log.error("a city could not be swept", city=code, reason=error.en)
    except Exception:  # one city must not hold up the others
        log.exception("a city could not be swept", city=code)
    else:
        done.counts.setdefault(code, Counter()).update(batch.counts)
        done.failed_issues += len(batch.failures)
        _report(code, batch.counts, batch.failures)
        return batch.last is not None
    done.failed_cities.append(code)
    return False


def _report(code: str, counts: Counter[Swept], failures: Sequence[Failure]) -> None:
    if counts:
        log.info("issues swept", city=code, **{kind.value: n for kind, n in counts.items()})
    for failure in failures[:SHOWN]:
        log.error(
            "an issue could not be swept",
            city=code,
            issue=str(failure.issue),
            error=type(failure.error).__name__,
            reason=str(failure.error),
        )
    if len(failures) > SHOWN:
        log.error("more issues could not be swept", city=code, issues=len(failures) - SHOWN)
