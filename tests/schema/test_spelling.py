"""Names spelled by a process of their own."""

import asyncio
import os
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from schema.names import search_name
from schema.pinyin import initials, syllables
from schema.spelling import Speller, Spelling, SpellingError

NAMES = ["望海寺街道办事处", "第2网格 A", "长兴岛", "🙂", "", '"\\']


async def test_spells_as_the_loader_does() -> None:
    """The columns are those that loading the same names gives."""
    plain = [search_name(name) for name in NAMES]
    assert await Speller().spell(NAMES) == [
        Spelling(name, syllables(name), initials(syllables(name))) for name in plain
    ]


def _python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("/no/such/program",), "cannot be started"),
        (_python("import sys; sys.exit('no dictionary')"), "ended with 1: no dictionary"),
        (_python("print('no JSON')"), "answered b'no JSON"),
        (_python("print('[]')"), "answered b'[]"),
        (_python("print('[[1, 2], [3]]')"), "answered b'[[1, 2], [3]]"),
        (_python("print(7)"), "answered b'7"),
    ],
)
async def test_a_failing_process_is_a_fault(command: tuple[str, ...], message: str) -> None:
    """Whatever goes wrong there is told as one kind of error."""
    with pytest.raises(SpellingError) as fault:
        await Speller(command=command).spell(["甲", "乙"])
    assert message in str(fault.value)


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children())


async def test_a_process_that_hangs_is_ended() -> None:
    """It takes its time once, and is gone afterwards."""
    before = _children()
    with pytest.raises(SpellingError, match=r"took longer than 0\.2 s"):
        await Speller(command=_python("import time; time.sleep(600)"), seconds=0.2).spell(["甲"])
    assert _children() <= before


async def test_a_cancelled_request_leaves_no_process(tmp_path: Path) -> None:
    """Where nobody waits for the names any more, their process is gone too."""
    before = _children()
    pipe = tmp_path / "started"
    os.mkfifo(pipe)
    program = f"import time; open({str(pipe)!r}, 'w').close(); time.sleep(600)"
    asked = asyncio.create_task(Speller(command=_python(program)).spell(["甲"]))
    await asyncio.to_thread(pipe.read_bytes)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert _children() <= before


async def test_few_processes_run_at_once(tmp_path: Path) -> None:
    """However many ask, only so many processes run at a time, and everybody is answered."""
    log = tmp_path / "log"
    program = (
        "import json, os, sys\n"
        f"log = os.open({str(log)!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n"
        "os.write(log, b'+'); names = json.load(sys.stdin)\n"
        "print(json.dumps([[name, name] for name in names])); os.write(log, b'-')"
    )
    speller = Speller(at_once=2, command=_python(program))
    answers = await asyncio.gather(*(speller.spell([str(number)]) for number in range(6)))
    assert [answer[0].pinyin for answer in answers] == [str(number) for number in range(6)]
    running = [0]
    for sign in log.read_text():
        running.append(running[-1] + (1 if sign == "+" else -1))
    assert max(running) <= 2
    assert running[-1] == 0
