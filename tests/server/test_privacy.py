"""Personal data from the command line: exports, erasures, rotations, and what stands in the way."""

import asyncio
import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from schema.ids import GlobalId
from schema.keyring import CannotOpenError, Keyring
from schema.privacy.keys import KeyKind
from schema.privacy.rotation import LOCK, BusyError
from server import privacy
from server.claims import Claims
from server.privacy import Rotated, Rotation
from server.settings import Settings
from server.tokens import open_mint
from tenants.roles import Role
from tests.conftest import NewDatabase, load_all, run_sql
from tests.schema.people.staffed import TENANTS
from tests.server.processes import ONEGRID, Done, Server, environment, onegrid, serving, start
from tests.server.sealed import (
    NORTH,
    SOUTH,
    assert_whole,
    id_of,
    insert,
    keys_at,
    phone_of,
    populate,
    row,
    stored,
    used,
)

KINDS = pytest.mark.parametrize("kind", list(KeyKind))
PEOPLE = range(2, 42)
WAITING = """SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE c.relname = 'post' AND NOT l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@pytest.fixture
def peopled(database: str, tmp_path: Path) -> tuple[str, Keyring]:
    """A database with forty people in two cities, and their keys in the folder `var`."""
    asyncio.run(load_all(database, TENANTS))
    keyring = keys_at(tmp_path / "var")
    populate(database, keyring, PEOPLE)
    return database, keyring


def rotation(url: str, keyring: Keyring, kind: KeyKind, **given: Any) -> Rotation:
    """A rotation in small batches that nobody watches."""
    return Rotation(url, keyring, kind, lambda done, total: None, batch=7, **given)


def rotate(url: str, keyring: Keyring, kind: KeyKind, drop_old: bool = False) -> Rotated:
    """Run a rotation to its end."""
    return asyncio.run(rotation(url, keyring, kind).run(drop_old=drop_old))


@KINDS
def test_rotate(kind: KeyKind, peopled: tuple[str, Keyring]) -> None:
    """Every row gets the new key, the old one is kept, the other kind stays as it was."""
    url, keyring = peopled
    old, (other,) = kind.current(keyring), [item for item in KeyKind if item is not kind]
    before = other.current(keyring)
    done = rotate(url, keyring, kind)
    new = kind.current(keyring)
    assert done == Rotated(kind, new, True, 40, 0, (old,), ())
    rows = asyncio.run(stored(url))
    assert (used(rows, kind), used(rows, other)) == ({new: 40}, {before: 40})
    assert_whole(rows, keyring, PEOPLE)


@KINDS
def test_drop_old(kind: KeyKind, peopled: tuple[str, Keyring]) -> None:
    """With the old key dropped all rows still open, and the file has the new key alone."""
    url, keyring = peopled
    old = kind.current(keyring)
    done = rotate(url, keyring, kind, drop_old=True)
    assert done == Rotated(kind, kind.current(keyring), True, 40, 0, (), (old,))
    assert kind.known(keyring) == {done.key_id}
    assert_whole(asyncio.run(stored(url)), keyring, PEOPLE)


@KINDS
def test_an_unfinished_rotation_goes_on(kind: KeyKind, peopled: tuple[str, Keyring]) -> None:
    """Where rows have an older key, no key is added: they get the one that there is."""
    url, keyring = peopled
    key_id = keyring.rotate() if kind is KeyKind.SEALING else keyring.rotate_index()
    populate(url, keyring, range(50, 55))
    done = rotate(url, keyring, kind)
    assert (done.key_id, done.is_new, done.changed) == (key_id, False, 40)
    assert used(asyncio.run(stored(url)), kind) == {key_id: 45}
    again = rotate(url, keyring, kind)
    assert (again.is_new, again.changed, len(again.kept)) == (True, 45, 2)


def test_dropping_what_an_earlier_rotation_left(peopled: tuple[str, Keyring]) -> None:
    """`--drop-old` after a rotation drops the old key and adds none."""
    url, keyring = peopled
    old = keyring.key_id
    key_id = rotate(url, keyring, KeyKind.SEALING).key_id
    done = rotate(url, keyring, KeyKind.SEALING, drop_old=True)
    assert done == Rotated(KeyKind.SEALING, key_id, False, 0, 0, (), (old,))


@KINDS
def test_rows_that_stay_closed(kind: KeyKind, peopled: tuple[str, Keyring]) -> None:
    """Changed values and lost keys are counted, keep their key, and stop no rotation for ever."""
    url, keyring = peopled
    damage = f"UPDATE person SET phone_sealed = '\\\\x00' WHERE id = '{id_of(2)}'"
    lost = f"UPDATE person SET {kind.column.name} = 'lost' WHERE id = '{id_of(4)}'"
    asyncio.run(run_sql(url, damage, lost))
    old = kind.current(keyring)
    first = rotate(url, keyring, kind, drop_old=True)
    assert (first.is_new, first.changed, first.failed) == (True, 38, 1)
    assert (first.kept, first.dropped) == ((old,), ())
    second = rotate(url, keyring, kind, drop_old=True)
    assert (second.is_new, second.changed, second.failed) == (True, 38, 1)
    assert (second.kept, second.dropped) == ((old,), (first.key_id,))
    rows = asyncio.run(stored(url))
    assert used(rows, kind) == {second.key_id: 38, old: 1, "lost": 1}


def test_progress(peopled: tuple[str, Keyring]) -> None:
    """Progress goes from nothing to all rows."""
    url, keyring = peopled
    heard: list[tuple[int, int]] = []
    watched = Rotation(url, keyring, KeyKind.SEALING, lambda *step: heard.append(step), batch=7)
    asyncio.run(watched.run(drop_old=False))
    assert (heard[0], heard[-1]) == ((0, 40), (40, 40))
    assert heard == sorted(heard)


@KINDS
async def test_beside_writers(kind: KeyKind, new_database: NewDatabase, tmp_path: Path) -> None:
    """What servers write while a rotation runs has its key in the end, and nothing is lost."""
    url, keyring = await new_database(TENANTS), keys_at(tmp_path)
    connection: Any = await asyncpg.connect(url)
    await insert(connection, [row(keyring, number) for number in range(200)])
    server = Keyring(keyring.path, create=False)  # another process reads the file by itself

    async def write(begin: int) -> None:
        own: Any = await asyncpg.connect(url)
        for number in range(begin, begin + 60):
            async with own.transaction():
                await own.execute("LOCK TABLE post IN ROW EXCLUSIVE MODE")
                await insert(own, [row(server, number)])
        await own.close()

    turning = rotation(url, keyring, kind)
    writing = asyncio.gather(*(write(begin) for begin in (200, 260, 320)))
    done = await turning.run(drop_old=True)
    await writing
    rows = await stored(url)
    await connection.close()
    assert used(rows, kind) == {done.key_id: 380}
    assert kind.known(keyring) == {done.key_id}
    assert_whole(rows, keyring, range(380))


@KINDS
async def test_a_writer_that_had_sealed_before(
    kind: KeyKind, new_database: NewDatabase, tmp_path: Path
) -> None:
    """A transaction that sealed with the old key and commits late is waited for, and not lost."""
    url, keyring = await new_database(TENANTS), keys_at(tmp_path)
    writer, watcher = [await asyncpg.connect(url) for _ in range(2)]
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute("LOCK TABLE post IN ROW EXCLUSIVE MODE")
    late = row(keyring, 3)
    old = kind.current(keyring)
    turning = asyncio.create_task(rotation(url, keyring, kind).run(drop_old=True))
    while not await watcher.fetchval(WAITING):
        assert not turning.done()
    await insert(writer, [late])
    await transaction.commit()
    done = await turning
    assert (done.changed, done.dropped) == (1, (old,))
    assert_whole(await stored(url), keyring, range(3, 4))
    await writer.close()
    await watcher.close()


async def test_a_writer_that_never_ends(new_database: NewDatabase, tmp_path: Path) -> None:
    """Where a writer does not end the rotation gives up, says so, and can be repeated."""
    url, keyring = await new_database(TENANTS), keys_at(tmp_path)
    writer: Any = await asyncpg.connect(url)
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute(LOCK)
    with pytest.raises(BusyError, match="does not end"):
        await rotation(url, keyring, KeyKind.SEALING, lock_seconds=0.05).run(drop_old=True)
    assert len(keyring.key_ids) == 2
    await transaction.rollback()
    await writer.close()
    done = await rotation(url, keyring, KeyKind.SEALING).run(drop_old=True)
    assert (done.is_new, len(done.dropped)) == (False, 1)
    assert keyring.key_ids == {done.key_id}


@KINDS
async def test_an_operation_that_began_before(
    kind: KeyKind, new_database: NewDatabase, tmp_path: Path
) -> None:
    """No key is dropped that a running operation may still need; when it has ended it is."""
    url, keyring = await new_database(TENANTS), keys_at(tmp_path)
    reader: Any = await asyncpg.connect(url)
    await insert(reader, [row(keyring, number) for number in range(10)])
    transaction = reader.transaction(isolation="repeatable_read", readonly=True)
    await transaction.start()
    await reader.fetch("SELECT 1 FROM tenant")  # its snapshot is older than the new key
    with pytest.raises(BusyError, match="1 transactions that began earlier still run"):
        await rotation(url, keyring, kind, patience=0.0).run(drop_old=True)
    before = await reader.fetch("SELECT * FROM person ORDER BY id")
    assert_whole(before, keyring, range(10))
    await transaction.rollback()
    await reader.close()
    done = await rotation(url, keyring, kind).run(drop_old=True)
    assert (done.is_new, done.changed, len(done.dropped)) == (False, 0, 1)
    assert_whole(await stored(url), keyring, range(10))


async def test_two_at_once(new_database: NewDatabase, tmp_path: Path) -> None:
    """Of two rotations at once one is refused."""
    url, keyring = await new_database(TENANTS), keys_at(tmp_path)
    connection: Any = await asyncpg.connect(url)
    await insert(connection, [row(keyring, number) for number in range(50)])
    await connection.close()
    both = [rotation(url, keyring, kind).run(drop_old=False) for kind in KeyKind]
    found = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(item).__name__ for item in found) == ["BusyError", "Rotated"]
    assert_whole(await stored(url), keyring, range(50))


def command(url: str, cwd: Path, *arguments: str) -> Done:
    """`onegrid privacy` with the keys of the folder `var`."""
    return onegrid("privacy", *arguments, cwd=cwd, database_url=url)


def test_check_command(peopled: tuple[str, Keyring], tmp_path: Path) -> None:
    """`privacy check` shows every key with its rows; what the file lacks ends with 1."""
    url, keyring = peopled
    sound = command(url, tmp_path, "check")
    assert (sound.code, sound.err) == (0, "")
    assert [line.split("│")[1:5] for line in sound.out.splitlines() if "40" in line] == [
        [" sealing ", f" {keyring.key_id} ", " 40   ", " current     "],
        [" index   ", f" {keyring.index_key_id} ", " 40   ", " current     "],
    ]
    asyncio.run(run_sql(url, f"UPDATE person SET phone_key = 'lost' WHERE id = '{id_of(2)}'"))
    lacking = command(url, tmp_path, "check")
    assert (lacking.code, lacking.err) == (
        1,
        "1 rows have the sealing key lost, which the key file lacks: restore the file from the "
        "backup of the time when it was in use\n",
    )


def test_rotate_command(peopled: tuple[str, Keyring], tmp_path: Path) -> None:
    """`privacy rotate` says which key the rows have now, and which old ones it kept or dropped."""
    url, keyring = peopled
    old = keyring.key_id
    first = command(url, tmp_path, "rotate")
    assert (first.code, first.err) == (0, "")
    assert first.out.splitlines()[-2:] == [
        f"sealing key {keyring.key_id} (new): 40 rows changed.",
        f"Old keys kept in the file: {old}.",
    ]
    second = command(url, tmp_path, "rotate", "--drop-old")
    assert second.out.splitlines()[-2:] == [
        f"sealing key {keyring.key_id} (of an earlier rotation, which is finished now): "
        "0 rows changed.",
        f"Old keys dropped: {old}.",
    ]
    third = command(url, tmp_path, "rotate", "--index")
    assert f"index key {keyring.index_key_id} (new): 40 rows changed." in third.out
    assert_whole(asyncio.run(stored(url)), keyring, PEOPLE)


def test_rotate_command_names_what_stays_closed(
    peopled: tuple[str, Keyring], tmp_path: Path
) -> None:
    """Rows that cannot be opened are counted on standard error, and the command ends with 1."""
    url, _ = peopled
    damage = f"UPDATE person SET phone_sealed = '\\\\x00' WHERE id = '{id_of(2)}'"
    asyncio.run(run_sql(url, damage))
    done = command(url, tmp_path, "rotate")
    assert (done.code, done.err) == (
        1,
        "1 rows cannot be opened: they were changed, or moved\n",
    )


def test_without_the_file(peopled: tuple[str, Keyring], tmp_path: Path) -> None:
    """Where the key file is gone no command makes a new one."""
    url, keyring = peopled
    keyring.path.unlink()
    person = ("--city", "north", "--person", str(id_of(2)))
    for arguments in (("check",), ("rotate",), ("export", *person)):
        done = command(url, tmp_path, *arguments)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("the key file var/secrets/personal-keys.json cannot be used")
    assert not keyring.path.exists()


def test_export_command(peopled: tuple[str, Keyring], tmp_path: Path) -> None:
    """`privacy export` writes a document to a closed file, or prints it; either is audited."""
    url, _ = peopled
    person = ("--city", "north", "--person", str(id_of(2)))
    out = tmp_path / "export.json"
    out.write_text("older", "utf-8")
    os.chmod(out, 0o644)
    done = command(url, tmp_path, "export", *person, "--out", "export.json")
    assert done == Done(0, "export.json has the person, 0 posts and 0 events.\n", "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(out.read_text("utf-8"))["person"]["phone"] == phone_of(2)
    given = str(GlobalId("Person", NORTH, id_of(2).hex))
    printed = command(url, tmp_path, "export", "--city", "990100", "--person", given)
    assert (printed.code, printed.err) == (0, "")
    events = json.loads(printed.out)["events"]
    assert [(event["seq"], event["kind"], event["about"]) for event in events] == [
        (1, "PERSONAL_DATA_EXPORTED", {"person": str(id_of(2))})
    ]
    assert [path.name for path in tmp_path.iterdir() if "export" in path.name] == ["export.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--city", "nowhere"),
            "no city 'nowhere'; the database has: north (990100), south (990200)",
        ),
        (
            ("--city", "990000"),
            "no city '990000'; the database has: north (990100), south (990200)",
        ),
        (
            ("--person", "张三"),
            "'张三' is no id of a person: expected the `id` of a Person as the API",
        ),
        (
            ("--person", str(id_of(3))),
            f"虚构北市 (990100) has no person {id_of(3)}; ids are those of City.people",
        ),
        (
            ("--person", str(GlobalId("Person", SOUTH, id_of(3).hex))),
            f"'{GlobalId('Person', SOUTH, id_of(3).hex)}' is the id of a person of 990200, ",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["export", "erase"])
def test_what_names_nobody(
    verb: str, arguments: tuple[str, ...], said: str, peopled: tuple[str, Keyring], tmp_path: Path
) -> None:
    """A city or person that is not there is explained, ends with 2, and leaves no trace."""
    url, _ = peopled
    given = {"--city": "north", "--person": str(id_of(2)), arguments[0]: arguments[1]}
    words = [word for pair in given.items() for word in pair]
    extra = ["--yes"] if verb == "erase" else ["--out", "out.json"]
    done = command(url, tmp_path, verb, *words, *extra)
    assert (done.code, done.out, done.err[: len(said)]) == (2, "", said)
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("out", ["no-such-folder/file.json", "."])
def test_export_that_cannot_be_written(
    out: str, peopled: tuple[str, Keyring], tmp_path: Path
) -> None:
    """Where the file cannot be made nothing is exported, and no audit event says so."""
    url, _ = peopled
    person = ("--city", "north", "--person", str(id_of(2)))
    done = command(url, tmp_path, "export", *person, "--out", out)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"--out {out} cannot be written (")
    assert asyncio.run(_events(url)) == 0


def test_erase_command(peopled: tuple[str, Keyring], tmp_path: Path) -> None:
    """`privacy erase --yes` erases once; again it says when that was."""
    url, _ = peopled
    words = ("erase", "--city", "north", "--person", str(id_of(2)), "--yes")
    first, second = command(url, tmp_path, *words), command(url, tmp_path, *words)
    ended = "0 posts ended, texts of 0 issues and addresses of 0 households erased"
    assert first == Done(0, f"{id_of(2)} is erased; {ended}.\n", "")
    assert (second.code, second.err) == (0, "")
    assert second.out.startswith(f"{id_of(2)} was erased at 20")
    assert second.out.endswith("+08:00; nothing changed.\n")
    assert asyncio.run(_events(url)) == 1


def test_erase_asks(peopled: tuple[str, Keyring], tmp_path: Path) -> None:
    """Without --yes nothing is erased where nobody can be asked."""
    url, _ = peopled
    done = command(url, tmp_path, "erase", "--city", "north", "--person", str(id_of(2)))
    said = "nobody can be asked here: give --yes to erase for ever\n"
    assert done == Done(2, "", said)
    assert asyncio.run(_events(url)) == 0


@pytest.mark.soak
@pytest.mark.skipif(os.name != "posix", reason="needs a terminal")
@pytest.mark.parametrize(("answer", "code", "events"), [("y", 0, 1), ("", 1, 0)])
def test_erase_asks_in_a_terminal(
    answer: str, code: int, events: int, peopled: tuple[str, Keyring], tmp_path: Path
) -> None:
    """In a terminal the person is shown masked, and only a yes erases."""
    url, _ = peopled
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [ONEGRID, "privacy", "erase", "--city", "north", "--person", str(id_of(2))],
        cwd=tmp_path,
        env=environment(database_url=url),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        os.write(ours, f"{answer}\n".encode())
        said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    ends = "0 posts end today, texts of 0 issues and addresses of 0 households are erased"
    assert said.startswith(f"样** 138****0002, {ends}.")
    assert (process.returncode, asyncio.run(_events(url))) == (code, events)


def test_missing_keys_at_start(peopled: tuple[str, Keyring], tmp_path: Path) -> None:
    """A server whose key file lacks keys that rows have says so in its log, and serves."""
    url, _ = peopled
    asyncio.run(run_sql(url, f"UPDATE person SET phone_key = 'lost' WHERE id = '{id_of(2)}'"))
    with serving("--no-prepare", cwd=tmp_path, database_url=url, log_format="json") as server:
        assert server.process.stdout is not None
        lines = (json.loads(line) for line in server.process.stdout if line.startswith("{"))
        found = next(line for line in lines if line["level"] == "error")
    assert {name: found[name] for name in ("event", "kind", "key", "rows", "file")} == {
        "event": "rows have a key of personal data that the key file lacks: restore the file",
        "kind": "sealing",
        "key": "lost",
        "rows": 1,
        "file": "var/secrets/personal-keys.json",
    }


PHONE = """{ viewer { role } city(code: "north") { people(phone: "%s") { nodes { phone } } } }"""


# everybody held a post once: who never did is not listed
POSTED = (
    "INSERT INTO post (tenant_id, id, person_id, organization_id, kind, valid_from, valid_to,"
    " data_kind) SELECT p.tenant_id, gen_random_uuid(), p.id, o.id, 'worker', '2020-01-01',"
    " '2020-02-01', 'GENERATED' FROM person p JOIN organization o ON o.tenant_id = p.tenant_id"
    " AND o.code = 'S1'"
)


def test_beside_a_running_server(peopled: tuple[str, Keyring], tmp_path: Path) -> None:
    """A server goes on finding and opening phones through rotations that drop the old keys."""
    url, keyring = peopled
    asyncio.run(run_sql(url, POSTED))
    with serving("--no-prepare", cwd=tmp_path, database_url=url) as server:
        claims = Claims("someone", Role.CITY_ADMIN, ("990100",))
        for arguments in ((), ("--drop-old",), ("--index", "--drop-old")):
            found = _asked(server, tmp_path, claims, PHONE % phone_of(2))["data"]["city"]["people"]
            assert found == {"nodes": [{"phone": phone_of(2)}]}
            assert command(url, tmp_path, "rotate", *arguments).code == 0
        found = _asked(server, tmp_path, claims, PHONE % phone_of(4))["data"]["city"]["people"]
    assert found == {"nodes": [{"phone": phone_of(4)}]}
    assert (len(keyring.key_ids), len(keyring.index_key_ids)) == (1, 1)


@pytest.mark.soak
def test_a_token_of_an_erased_person(peopled: tuple[str, Keyring], tmp_path: Path) -> None:
    """A running server refuses the token of a person whom an operator has just erased."""
    url, _ = peopled
    claims = Claims("someone", None, ("990100",), None, id_of(2))
    query = "{ viewer { role person { name phone } } }"
    with serving("--no-prepare", cwd=tmp_path, database_url=url) as server:
        before = _asked(server, tmp_path, claims, query)
        erased = command(
            url, tmp_path, "erase", "--city", "north", "--person", str(id_of(2)), "--yes"
        )
        after = _asked(server, tmp_path, claims, query)
    assert before["data"]["viewer"] == {
        "role": "RESIDENT",
        "person": {"name": "样本2", "phone": phone_of(2)},
    }
    assert erased.code == 0
    assert [error["extensions"]["code"] for error in after["errors"]] == ["TOKEN_SCOPE"]


def _asked(server: Server, cwd: Path, claims: Claims, query: str) -> Any:
    """The answer of a running server to the bearer of a token, who states a purpose."""
    mint = open_mint(Settings(_env_file=None, data=cwd / "var"))
    assert mint is not None
    headers = {"authorization": f"Bearer {mint.token(claims, 1)}", "x-purpose": "visit"}
    return httpx.post(f"{server.url}/graphql", json={"query": query}, headers=headers).json()


async def _events(url: str) -> int:
    connection: Any = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM event"))
    finally:
        await connection.close()


@pytest.mark.soak
@KINDS
def test_killed_rotations(kind: KeyKind, database: str, tmp_path: Path) -> None:
    """Killed again and again, a rotation loses nothing and ends with one new key."""
    asyncio.run(load_all(database, TENANTS))
    keyring = keys_at(tmp_path / "var")
    people = range(30_000)
    populate(database, keyring, people)
    old = kind.current(keyring)
    words = ["privacy", "rotate", "--drop-old", *(["--index"] if kind is KeyKind.INDEX else [])]
    kills = 0
    for share in (0, 5_000, 15_000, 25_000):
        process = start(*words, cwd=tmp_path, database_url=database)
        while process.poll() is None and _renewed(database, kind, old) <= share:
            pass
        process.kill()
        process.communicate()
        kills += process.returncode == -9
        assert_whole(asyncio.run(stored(database)), keyring, people)
    assert kills >= 2
    assert onegrid(*words, cwd=tmp_path, database_url=database).code == 0
    rows = asyncio.run(stored(database))
    assert used(rows, kind) == {kind.current(keyring): 30_000}
    assert kind.known(keyring) == {kind.current(keyring)}
    assert_whole(rows, keyring, people)


def _renewed(url: str, kind: KeyKind, old: str) -> int:
    async def count() -> int:
        connection: Any = await asyncpg.connect(url)
        try:
            column = kind.column.name
            sql = f"SELECT count(*) FROM person WHERE {column} <> $1"
            return int(await connection.fetchval(sql, old))
        finally:
            await connection.close()

    return asyncio.run(count())


def test_nothing_opens_without_its_key(peopled: tuple[str, Keyring]) -> None:
    """A key that is dropped takes with it what only it opens: hence the checks before."""
    url, keyring = peopled
    old = keyring.key_id
    keyring.rotate()
    keyring.drop(old)
    with pytest.raises(CannotOpenError, match="has no such key"):
        assert_whole(asyncio.run(stored(url)), keyring, PEOPLE)


def test_the_operator_is_nobody_of_the_city() -> None:
    """Events of the command line have the subject `cli` and no person."""
    operator = privacy.OPERATOR
    assert (operator.subject, operator.person, operator.grants) == ("cli", None, ())
