"""The duty: one of several does what is to be done."""

import asyncio
from pathlib import Path

from server.duty import Duty


def test_one_of_several(tmp_path: Path) -> None:
    """The first who asks has it, until he leaves it; then the next who asks."""
    one, two = (Duty(tmp_path / "duty") for _ in range(2))
    assert [two.taken(), one.taken(), two.taken()] == [True, False, True]
    two.close()
    assert [two.taken(), one.taken()] == [False, True]
    one.close()


async def test_do(tmp_path: Path) -> None:
    """The work is begun by one, and by the next as soon as that one is gone."""
    one, two = (Duty(tmp_path / "duty") for _ in range(2))
    begun: asyncio.Queue[str] = asyncio.Queue()

    async def work(name: str) -> None:
        await begun.put(name)
        await asyncio.Event().wait()

    tasks = [
        asyncio.create_task(duty.do(lambda name=name: work(name), seconds=0.001))  # type: ignore[misc]
        for name, duty in (("one", one), ("two", two))
    ]
    async with asyncio.timeout(60):
        assert await begun.get() == "one"
        one.close()
        assert await begun.get() == "two"
    assert begun.empty()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    two.close()


async def test_alone() -> None:
    """Who is alone has it."""
    done: list[str] = []

    async def work() -> None:
        done.append("done")

    await Duty().do(work, work)
    assert done == ["done", "done"]
