"""A server with two workers, each of which can be asked alone."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from server.claims import Claims
from server.settings import Settings
from server.tokens import open_mint
from tenants.roles import Role
from tests.server.processes import SECONDS, Server, start_server, wait_ready
from tests.server.wire import Client, connected

SECRET = "a secret of thirty-two characters"


def _serves(process: Any) -> bool:
    """Whether it is a worker that lives."""
    try:
        return process.status() != "zombie" and "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it ended a moment ago
        return False


@dataclass
class Crew:
    """A running server with its workers; `said` are the lines of its output so far."""

    server: Server
    folder: Path
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it serves."""
        return int(self.server.url.rpartition(":")[2])

    def workers(self) -> list[int]:
        """The processes that serve."""
        parent = psutil.Process(self.server.process.pid)
        return [child.pid for child in parent.children() if _serves(child)]

    def commons(self) -> Path:
        """The folder of what the workers have together."""
        opened = psutil.Process(self.workers()[0]).open_files()
        return next(Path(file.path).parent for file in opened if file.path.endswith("/duty"))

    def token(self, subject: str, role: Role = Role.CITY_ADMIN, tenant: str = "990100") -> str:
        """What the Authorization header says of somebody."""
        mint = open_mint(Settings(_env_file=None, data=self.folder, token_secret=SECRET))
        assert mint is not None
        return f"Bearer {mint.token(Claims(subject, role, (tenant,)), 1)}"

    @contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """Let no other worker run, so that this one takes what connects."""
        others = [pid for pid in self.workers() if pid != worker]
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in others:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @asynccontextmanager
    async def clients(self) -> AsyncIterator[list[Client]]:
        """A connection to each worker."""
        async with AsyncExitStack() as stack:
            made = []
            for worker in self.workers():
                with self.only(worker):
                    client = await stack.enter_async_context(connected(self.port))
                    await client.ask("{ __typename }", {})
                    await client.answer()
                made.append(client)
            yield made

    async def all_work(self, number: int = 2) -> list[int]:
        """Wait until so many workers serve."""
        async with asyncio.timeout(SECONDS), httpx.AsyncClient(base_url=self.server.url) as http:
            while f"\nonegrid_workers {number}.0" not in (await http.get("/metrics")).text:
                pass
        return self.workers()

    async def says(self, words: str) -> str:
        """Wait for a line of the output with these words."""
        async with asyncio.timeout(SECONDS):
            while not (found := [line for line in self.said if words in line]):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return found[0]

    def _listen(self) -> None:
        assert self.server.process.stdout is not None
        self.said.extend(iter(self.server.process.stdout.readline, ""))


@contextmanager
def crew(url: str, folder: Path, **settings: Any) -> Iterator[Crew]:
    """A ready server with two workers over a database; killed at the end if it still runs."""
    given = {"token_secret": SECRET, "log_level": "warning", "sweep_seconds": 3600, **settings}
    server = start_server("--workers", "2", cwd=folder, database_url=url, **given)
    made = Crew(server, folder)
    hearing = threading.Thread(target=made._listen)
    try:
        wait_ready(server)
        hearing.start()
        yield made
    finally:
        server.process.terminate()
        server.process.wait(SECONDS)
        if hearing.ident is not None:
            hearing.join(SECONDS)
        assert server.process.stdout is not None
        server.process.stdout.close()


async def ask(client: Client, query: str, token: str, **variables: Any) -> Any:
    """The JSON of the answer of one worker; the connection stays."""
    headers = {"authorization": token}
    for name, header in (("key", "idempotency-key"), ("purpose", "x-purpose")):
        if name in variables:
            headers[header] = variables.pop(name)
    await client.ask(query, headers, **variables)
    return (await client.answer())[1]
