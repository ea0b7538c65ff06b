"""Bad input is refused as it must be, and costs neither much nor others."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.abuse import measure_abuse, send
from bench.attacks import attacks
from bench.bounds import MAX_ATTACK_MB, MAX_ATTACK_MS
from bench.contenders import server
from bench.operations import load_secured

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")


@LINUX
@pytest.mark.soak
async def test_bad_input_is_refused(full_url: str, tmp_path: Path) -> None:
    """Every attack is refused as it must be, while the server serves."""
    with server(full_url, tmp_path) as process:
        for attack in attacks():
            send(process.port, attack, range(3))
        bodies = {attack.body(number) for attack in attacks() for number in range(2)}
        assert len(bodies) == 2 * len(attacks()) - 1  # the large one is refused unread


@LINUX
@pytest.mark.soak
async def test_bad_input_costs_little(full_url: str, tmp_path: Path) -> None:
    """To refuse an attack takes 50 ms and 20 MB at most, and its neighbours are measured."""
    (one,) = (item for item in load_secured() if item.key == "organization")
    with server(full_url, tmp_path) as process:
        found = await measure_abuse(process, one, 50, 3, lambda text: None)
    assert [row.attack for row in found] == [attack.title for attack in attacks()]
    for row in found:
        assert row.cpu_ms <= MAX_ATTACK_MS, row
        assert row.growth_mb <= MAX_ATTACK_MB, row
        assert row.slowed > 0, row  # the benchmark says how much: other processes count too


@pytest.mark.soak
async def test_an_answer_that_is_no_refusal_is_noticed(full_url: str, tmp_path: Path) -> None:
    """What is not refused as it must be ends the measuring."""
    harmless = replace(attacks()[0], body=lambda number: b'{"query": "{ __typename }"}')
    with (
        server(full_url, tmp_path) as process,
        pytest.raises(ValueError, match="2\\^20-fold nested fragments: 200"),
    ):
        send(process.port, harmless, [0])
