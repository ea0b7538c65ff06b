"""Names made ready for sorting and searching, by a process that ends with its work.

The dictionary of pinyin takes some 55 MB: a server that runs for months should not keep it for
the few names that people change.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from schema.names import search_name

# how long it may take; a cold start on a busy machine takes two seconds
SECONDS = 20.0
# -P: a folder `schema` in the working folder is not ours
COMMAND = (sys.executable, "-P", "-m", "schema.pinyin")


class SpellingError(RuntimeError):
    """The process that knows pinyin failed; nothing has been written then."""


@dataclass(frozen=True)
class Spelling:
    """The columns of an organization that follow from its name."""

    search_name: str
    pinyin: str
    initials: str


class Speller:
    """Spells names, by at most `at_once` processes at a time: each takes 70 MB while it runs."""

    def __init__(
        self, at_once: int = 2, command: Sequence[str] = COMMAND, seconds: float = SECONDS
    ) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._command = command
        self._seconds = seconds

    async def spell(self, names: Sequence[str]) -> list[Spelling]:
        """The spellings of `names`, in order; takes some 0.3 s, so call it outside transactions.

        Errors: `SpellingError`.
        """
        plain = [search_name(name) for name in names]
        async with self._turn:
            answer = await _ask(json.dumps(plain).encode(), self._command, self._seconds)
        try:
            found = [(str(pinyin), str(letters)) for pinyin, letters in json.loads(answer)]
            return [Spelling(name, *pair) for name, pair in zip(plain, found, strict=True)]
        except (ValueError, TypeError) as error:
            raise SpellingError(f"{self._command[-1]} answered {answer[:200]!r}") from error


async def _ask(question: bytes, command: Sequence[str], seconds: float) -> bytes:
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe
        )
    except OSError as error:
        raise SpellingError(f"{command[0]} cannot be started: {error}") from error
    try:
        async with asyncio.timeout(seconds):
            answer, complaint = await process.communicate(question)
    except TimeoutError:
        raise SpellingError(f"{command[-1]} took longer than {seconds} s") from None
    finally:
        await _ended(process)
    if process.returncode:
        said = complaint.decode(errors="replace").strip()[-500:]
        raise SpellingError(f"{command[-1]} ended with {process.returncode}: {said}")
    return answer


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Leave no process behind, also where the request was cancelled."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
