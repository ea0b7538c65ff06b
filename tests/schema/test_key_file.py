"""The file with the keys of personal data."""

import json
import os
import signal
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schema.key_file import (
    KeyFileError,
    Keys,
    change_keys,
    make_keys,
    read_keys,
    stamp,
)

SECRET = "QSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcyAuLi4="

MAKE = """
import sys
from pathlib import Path
from schema.key_file import make_keys, read_keys
sys.stdin.readline()
make_keys(Path(sys.argv[1]))
print(read_keys(Path(sys.argv[1]))[0].sealing.current)
"""

ROTATE = """
import sys
from pathlib import Path
from schema.keyring import Keyring
keyring = Keyring(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    print(keyring.rotate(), flush=True)
"""


def _process(program: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A key file that was made."""
    made = tmp_path / "data" / "keys.json"
    make_keys(made)
    return made


def test_a_made_file_has_one_key_of_each_kind(path: Path) -> None:
    """The file that is made holds a sealing and an index key of 32 bytes, different from others."""
    keys, version = read_keys(path)
    secrets = [*keys.sealing.keys.values(), *keys.index.keys.values()]
    assert version == stamp(path)
    assert [len(secret) for secret in secrets] == [32, 32]
    assert len({*secrets}) == 2
    assert {*keys.sealing.keys, *keys.index.keys} == {keys.sealing.current, keys.index.current}


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_only_its_user_reads_it(path: Path) -> None:
    """A new file is for its owner alone; a changed one for those who could read it before."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    change_keys(path, lambda keys: Keys(keys.sealing.with_new(), keys.index))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_the_server_reads_what_root_made(path: Path) -> None:
    """What root makes or changes belongs to whom the folder or the file belonged."""
    os.chown(path.parent, 12345, 12346)
    make_keys(path.parent / "more.json")
    os.chown(path, 12345, 12346)
    change_keys(path, lambda keys: keys)
    owners = {(item.stat().st_uid, item.stat().st_gid) for item in path.parent.iterdir()}
    assert owners == {(12345, 12346)}


def test_a_file_is_made_once(path: Path) -> None:
    """A file that is there is never made again, whatever it holds."""
    before = path.read_bytes()
    make_keys(path)
    assert path.read_bytes() == before
    path.write_bytes(b"")
    make_keys(path)
    assert path.read_bytes() == b""


def test_nothing_is_left_beside_the_file(path: Path) -> None:
    """What a killed process left is removed by the next change; only the lock stays."""
    (path.parent / ".keys.json.left").write_text("half a file")
    change_keys(path, lambda keys: keys)
    assert sorted(item.name for item in path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    """Where a link names the file, a change replaces what it leads to."""
    link = tmp_path / "link.json"
    link.symlink_to(path)
    change_keys(link, lambda keys: Keys(keys.sealing.with_new(), keys.index))
    assert link.is_symlink()
    assert read_keys(link) == read_keys(path)
    assert len(read_keys(path)[0].sealing.keys) == 2


def test_processes_that_start_at_once_get_the_same_file(tmp_path: Path) -> None:
    """Of several processes that find no file one makes it, and all read the same key."""
    path = tmp_path / "new" / "keys.json"
    processes = [_process(MAKE, path) for _ in range(6)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = {process.communicate()[0] for process in processes}
    assert found == {read_keys(path)[0].sealing.current + "\n"}


def test_rotations_at_once_lose_no_key(path: Path) -> None:
    """Keys that several processes add at once are all kept."""
    first = read_keys(path)[0].sealing.current
    processes = [_process(ROTATE, path, 10) for _ in range(3)]
    added = [key_id for process in processes for key_id in process.communicate()[0].split()]
    keys = read_keys(path)[0].sealing
    assert sorted(keys.keys) == sorted([first, *added])
    assert len(added) == 30


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
def test_a_killed_process_loses_no_key(path: Path) -> None:
    """A process that is killed while it rotates leaves a whole file with each key it told of."""
    told = {read_keys(path)[0].sealing.current}
    for _ in range(3):
        process = _process(ROTATE, path, 100_000)
        assert process.stdout is not None
        told |= {process.stdout.readline().strip() for _ in range(5)}
        process.send_signal(signal.SIGKILL)
        told |= {line for line in process.communicate()[0].split("\n")[:-1] if line}
        assert told <= read_keys(path)[0].sealing.keys.keys()


def test_a_change_that_fails_changes_nothing(path: Path) -> None:
    """Where a change raises, the file stays, and the next change goes on from it."""
    before = path.read_bytes()

    def fail(keys: Keys) -> Keys:
        raise KeyFileError("no")

    with pytest.raises(KeyFileError, match=r"^no$"):
        change_keys(path, fail)
    assert path.read_bytes() == before
    changed = change_keys(path, lambda keys: Keys(keys.sealing, keys.index.with_new()))
    assert read_keys(path)[0] == changed


def _tree() -> dict[str, Any]:
    return {
        "version": 1,
        "sealing": {"current": "a", "keys": {"a": SECRET}},
        "index": {"current": "b", "keys": {"b": SECRET}},
    }


def _changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    tree = _tree()
    change(tree)
    return json.dumps(tree).encode()


NO_OBJECT = 'it is no JSON object whose "version" is 1, or has a key twice'


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", NO_OBJECT),
        (b"\xff\xfe" + SECRET.encode(), NO_OBJECT),
        (f'{{"sealing": "{SECRET}'.encode(), NO_OBJECT),
        (b"[" * 100_000, NO_OBJECT),
        (json.dumps([SECRET]).encode(), NO_OBJECT),
        (_changed(lambda tree: tree.update(version=2)), NO_OBJECT),
        (b'{"a": 1, ' + _changed(lambda tree: tree.update(a=2))[1:], NO_OBJECT),
        (_changed(lambda tree: tree.pop("sealing")), 'it has no "sealing" with "keys" in it'),
        (_changed(lambda tree: tree.update(index=[])), 'it has no "index" with "keys" in it'),
        (_changed(lambda tree: tree["index"].pop("keys")), 'it has no "index" with "keys" in it'),
        (
            _changed(lambda tree: tree["sealing"]["keys"].update(a=SECRET[4:])),
            'a key of "sealing" is not 32 bytes in base64',
        ),
        (
            _changed(lambda tree: tree["sealing"]["keys"].update(a=SECRET + "é")),
            'a key of "sealing" is not 32 bytes in base64',
        ),
        (
            _changed(lambda tree: tree["index"]["keys"].update(b=7)),
            'a key of "index" is not 32 bytes in base64',
        ),
        (
            _changed(lambda tree: tree["index"].update(current=SECRET)),
            '"current" of "index" is none of its keys',
        ),
        (
            _changed(lambda tree: tree["sealing"].update(current=["a"])),
            '"current" of "sealing" is none of its keys',
        ),
        (
            _changed(lambda tree: tree["index"]["keys"].update(a=SECRET)),
            "a key is in both sets",
        ),
    ],
    ids=range(16),
)
def test_a_malformed_file_is_refused(raw: bytes, problem: str, tmp_path: Path) -> None:
    """A file that is no key file is refused with its name and what is wrong, without its text."""
    path = tmp_path / "keys.json"
    path.write_bytes(raw)
    with pytest.raises(KeyFileError) as caught:
        read_keys(path)
    assert str(caught.value).startswith(f"the key file {path} is malformed: {problem}; expected {{")
    assert SECRET[4:-4] not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None
    assert path.read_bytes() == raw


def test_a_well_formed_file_is_read(tmp_path: Path) -> None:
    """The file that the refusals change is itself sound."""
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(_tree()))
    assert read_keys(path)[0].sealing.keys == {"a": b"A secret of thirty-two bytes ..."}


def _missing(folder: Path) -> Path:
    return folder / "none.json"


def _folder(folder: Path) -> Path:
    (folder / "keys.json").mkdir()
    return folder / "keys.json"


def _loop(folder: Path) -> Path:
    (folder / "keys.json").symlink_to(folder / "keys.json")
    return folder / "keys.json"


def _below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "keys.json"


@pytest.mark.parametrize("place", [_missing, _folder, _loop, _below_a_file])
def test_an_unreadable_file_is_named(place: Callable[[Path], Path], tmp_path: Path) -> None:
    """A file that cannot be read is refused with its name, the reason and what to do."""
    path = place(tmp_path)
    with pytest.raises(KeyFileError) as caught:
        read_keys(path)
    assert str(caught.value).startswith(f"the key file {path} cannot be used (")
    assert str(caught.value).endswith(
        "restore it from a backup, let this user use it, or name another with ONEGRID_PERSONAL_KEYS"
    )


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """Where no file can be made, the error names it, and what stands in the way."""
    path = _below_a_file(tmp_path)
    with pytest.raises(KeyFileError, match=f"^the key file {path} cannot be used .*{path.parent}"):
        make_keys(path)


def test_keys_do_not_show_themselves(path: Path) -> None:
    """What is printed of keys holds their ids alone."""
    keys = read_keys(path)[0]
    assert repr(keys.sealing) == f"KeySet(current={keys.sealing.current!r})"
    assert repr(keys) == f"Keys(sealing={keys.sealing!r}, index={keys.index!r})"
