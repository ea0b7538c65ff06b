"""The contenders start, answer equally, and are measured."""

import sys
from pathlib import Path

import pytest

from bench.backends import Backends
from bench.contenders import contenders, login_url, pair
from bench.database import swept
from bench.drawn import CITY, draw
from bench.measure import Plan, count_statements, memories, run, runners
from bench.node import Installed, Missing, install
from bench.operations import load_operations, load_secured
from bench.parts import OTHER, PARTS, SOCKETS, measure_parts
from bench.process import free_port, running
from bench.results import GENERAL, LIMIT, NAMES, POSTGRAPHILE, SERVER
from bench.security import measure_security
from bench.shares import measure_shares
from bench.statements import statement_log
from bench.vocabulary import read_vocabulary
from schema.scope import Login

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
SHORT = Plan(rounds=1, seconds=0, connections=2)


@LINUX
@pytest.mark.soak
async def test_all_contenders_are_measured(issues_url: str, tmp_path: Path) -> None:
    """All start, answer every operation equally, and give a row each with all figures."""
    foreign = install()
    installed = foreign if isinstance(foreign, Installed) else None
    operations, drawn = load_operations(), await draw(issues_url)
    names = (await read_vocabulary(issues_url)).names(CITY)
    with contenders(issues_url, tmp_path, names, installed) as all_:
        await swept(issues_url)
        for is_write in (False, True):
            asked = [item for item in operations if item.is_write is is_write]
            groups = await runners(asked, all_, drawn)
            async with statement_log(issues_url) as log:
                await count_statements(groups, log)
            await run(groups, await Backends.of(issues_url), SHORT, lambda text: None)
            rows = [runner.row() for group in groups for runner in group]
            own = [row.operation for row in rows if row.contender == SERVER]
            assert own == [item.key for item in asked]
            limits = {row.operation: row.statements for row in rows if row.contender == LIMIT}
            assert limits == ({"M1": 10, "M2": 7} if is_write else dict.fromkeys(own, 1))
            assert all(min(list(row.model_dump().values())[2:]) > 0 for row in rows)
        taken = memories(all_)
    assert [part.contender for part in taken] == list(NAMES if installed else NAMES[:3])
    assert all(0 < part.started_mb <= part.peak_mb for part in taken)


@LINUX
@pytest.mark.soak
async def test_the_time_is_told_by_parts(issues_url: str, tmp_path: Path) -> None:
    """Samples tell of each part of an operation; with what sockets take it is all of its time."""
    one = [item for item in load_operations() if item.key == "Q1"]
    with pair(issues_url, tmp_path) as both:
        groups = await runners(one, both, await draw(issues_url))
        await run(groups, await Backends.of(issues_url), SHORT, lambda text: None)
        found = await measure_parts(issues_url, tmp_path, groups, seconds=1)
    assert {item.operation for item in found} == {"Q1"}
    assert {item.part for item in found} <= {*(name for name, _ in PARTS), OTHER, SOCKETS}
    assert {"execution", "loaders"} <= {item.part for item in found if item.us > 0}


@LINUX
@pytest.mark.soak
async def test_security_is_measured(full_url: str, tmp_path: Path) -> None:
    """With and without security the answers are equal, and each operation has its cost."""
    found = await measure_security(full_url, tmp_path, load_secured(), SHORT, lambda text: None)
    assert [item.operation for item in found] == ["city-page", "organization", "rungs"]
    assert all(item.on_us > 0 and item.off_us > 0 for item in found)


async def test_shares_are_measured(full_url: str, tmp_path: Path) -> None:
    """Each part of security has a time, and none takes a millisecond."""
    (one,) = (item for item in load_secured() if item.key == "organization")
    found = await measure_shares(full_url, tmp_path, one, times=20)
    names = ["identity", "bounds and cost", "rates", "deadline", "row-level security"]
    assert [share.what for share in found] == names
    assert all(0 <= share.us < 1000 for share in found)


def test_addresses_name_the_login() -> None:
    """A login's address has its user and password, and the owner's place and options."""
    local = login_url("postgresql://postgres:@/postgres?host=/tmp/x", Login.CITY)
    assert local == "postgresql://onegrid_city@/postgres?host=/tmp/x"
    remote = login_url("postgresql://owner:secret@db:5433/one", Login.CITY)
    assert remote.startswith("postgresql://onegrid_city:")
    assert remote.endswith("@db:5433/one")
    assert "secret" not in remote


def test_what_cannot_be_installed_says_why(tmp_path: Path) -> None:
    """Without npm PostGraphile is left out, with the reason."""
    missing = install(tmp_path / "cache", find=lambda name: None)
    assert missing == Missing("npm is not installed")


@LINUX
def test_a_contender_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The error holds what the process printed."""
    command = [sys.executable, "-c", "raise SystemExit('no such luck')"]
    with (
        pytest.raises(RuntimeError, match="no such luck"),
        running(command, free_port(), {}, tmp_path / "log"),
    ):
        pass


def test_names_are_those_of_the_issue() -> None:
    """The contenders have the names that results are read by."""
    assert NAMES == (SERVER, LIMIT, GENERAL, POSTGRAPHILE)
    assert NAMES == ("onegrid", "limit", "graphql-core", "postgraphile")
