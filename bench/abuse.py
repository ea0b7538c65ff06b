"""Abuse: what bad input costs the server, and its neighbours, while it is refused."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from http.client import HTTPConnection
from itertools import count, repeat

import orjson

from bench.attacks import Attack, attacks
from bench.bearers import authorization
from bench.client import HOST, PATIENCE, Burst, Exchange, ask, burst, post
from bench.operations import Operation
from bench.process import Process
from bench.results import Abuse

NEIGHBOURS = 16
"""Connections of those who ask on, each with one request at a time."""


async def measure_abuse(
    process: Process,
    operation: Operation,
    requests: int,
    seconds: float,
    say: Callable[[str], None],
) -> list[Abuse]:
    """A row for each attack: `requests` of them alone, then for `seconds` beside neighbours.

    The neighbours ask `operation`. Errors: `ValueError` where an attack is not refused as it must.
    """
    asked = post("/graphql", operation.body, {"authorization": authorization(operation)})
    expected = (await ask(process.port, asked)).body

    async def neighbours() -> Burst:
        return await burst(process.port, repeat(Exchange(asked, expected)), NEIGHBOURS, seconds)

    await neighbours()  # warms up
    rows = []
    for attack in attacks():
        say(attack.title)
        cpu_ms, growth_mb = _alone(process, attack, requests)
        quiet = await neighbours()
        async with _attacked(process.port, attack):
            loud = await neighbours()
        rows.append(
            Abuse(
                attack=attack.title,
                status=attack.status,
                code=attack.code,
                cpu_ms=round(cpu_ms, 2),
                growth_mb=round(growth_mb, 1),
                neighbour_p99_ms=round(loud.percentile(99), 2),
                quiet_p99_ms=round(quiet.percentile(99), 2),
            )
        )
    return rows


def _alone(process: Process, attack: Attack, requests: int) -> tuple[float, float]:
    """Milliseconds of processor time that one takes, and megabytes that all of them add at most."""
    send(process.port, attack, range(requests))  # what it takes once for all
    process.forget_peak()
    before, started = process.cpu_seconds(), process.memory_mb()
    send(process.port, attack, range(requests, 2 * requests))
    used = process.cpu_seconds() - before
    return used / requests * 1000, max(0.0, process.peak_memory_mb() - started)


@asynccontextmanager
async def _attacked(port: int, attack: Attack) -> AsyncIterator[None]:
    """Inside, another process attacks without a pause."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.abuse", str(port), attack.key, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    await child.stdout.readline()  # it has begun
    try:
        yield
        if child.returncode is not None:
            raise ValueError(f"the attack {attack.key} ended with {child.returncode}")
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


def send(port: int, attack: Attack, numbers: Iterable[int]) -> None:
    """Attack once for each number, on one connection as long as the server keeps it.

    Errors: `ValueError` where an answer is another than the attack's refusal.
    """
    headers = {"content-type": "application/json", "accept": "application/graphql-response+json"}
    connection = HTTPConnection(HOST, port, timeout=PATIENCE)
    with closing(connection):
        for number in numbers:
            connection.request("POST", "/graphql", attack.body(number), headers)
            response = connection.getresponse()
            body = response.read()
            codes = {error["extensions"]["code"] for error in orjson.loads(body).get("errors", [])}
            if (response.status, codes) != (attack.status, {attack.code}):
                raise ValueError(f"{attack.title}: {response.status} {body[:500]!r}")


def main(port: int, key: str) -> None:
    """Attack until ended."""
    (attack,) = (item for item in attacks() if item.key == key)
    send(port, attack, [0])
    print("begun", flush=True)
    send(port, attack, count(1))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
