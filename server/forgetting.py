"""Forgetting in time what was done under idempotency keys."""

import asyncio
import datetime
from collections.abc import Callable

import structlog

from server.live import FAILURES, Live

SECONDS = 3600.0
"""How often it looks."""

log = structlog.get_logger("onegrid")


async def forget_keys(
    live: Live,
    hours: float,
    now: Callable[[], datetime.datetime],
    seconds: float = SECONDS,
) -> None:
    """Forget for ever, every so many seconds, what was done under keys more than `hours` ago.

    Several processes may do so at once. Where the database is away, the next time will do.
    """
    await live.ready.wait()
    while True:
        try:
            forgotten = await live.forget_keys(now() - datetime.timedelta(hours=hours))
        except FAILURES as error:
            log.warning("idempotency keys could not be forgotten", reason=str(error))
        except Exception:  # a fault must not end it
            log.exception("idempotency keys could not be forgotten")
        else:
            log.debug("idempotency keys forgotten", requests=forgotten)
        await asyncio.sleep(seconds)
