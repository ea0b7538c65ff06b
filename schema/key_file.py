"""The file with the keys of personal data: read, made, and changed without losing a key."""

import base64
import binascii
import glob
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

VERSION = 1
KEY_BYTES = 32
EXPECTED = (
    'expected {"version": 1, "sealing": {"current": ID, "keys": {ID: BASE64 OF 32 BYTES}}, '
    '"index": {the same}}'
)


class KeyFileError(Exception):
    """A key file that cannot be used; the text names the file and what to do, never a key."""


@dataclass(frozen=True)
class KeySet:
    """Secrets of 32 bytes by their ids; `current` is the id of the one for what is new."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    def with_new(self) -> "KeySet":
        """With one more key, which is the current one."""
        key_id = new_id()
        return KeySet(key_id, {**self.keys, key_id: secrets.token_bytes(KEY_BYTES)})

    def without(self, key_id: str) -> "KeySet":
        """With one key less, if it is one of these."""
        return replace(self, keys={k: v for k, v in self.keys.items() if k != key_id})


@dataclass(frozen=True)
class Keys:
    """What the file holds: keys that seal, and keys of the blind index; no id is in both."""

    sealing: KeySet
    index: KeySet


@dataclass(frozen=True)
class Stamp:
    """What differs between two versions of a file."""

    inode: int
    changed: int
    size: int


Change = Callable[[Keys], Keys]


def new_id() -> str:
    """A name for a key; says nothing of it."""
    return secrets.token_hex(6)


def stamp(path: Path) -> Stamp:
    """The version of the file that is there now.

    Errors: `KeyFileError`.
    """
    with _named(path):
        return _stamp(os.stat(path))


def read_keys(path: Path) -> tuple[Keys, Stamp]:
    """The keys of a file, and its version.

    Errors: `KeyFileError` where it is missing, not readable or not a key file.
    """
    with _named(path), path.open("rb") as file:
        # a change replaces the file: what is open stays one version
        version, raw = _stamp(os.fstat(file.fileno())), file.read()
    return _parsed(path, raw), version


def make_keys(path: Path) -> None:
    """Make the file with a key of each kind, and its folder, unless it is there.

    Of any number of processes one makes it, and all find the same.
    Errors: `KeyFileError`.
    """
    with _named(path):
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path), _named(path):
        if not path.exists():
            sealing, index = KeySet("", {}).with_new(), KeySet("", {}).with_new()
            _write(path, Keys(sealing, index))


def change_keys(path: Path, change: Change) -> Keys:
    """Replace the file by what `change` makes of the keys in it; those keys.

    The file is read and written under a lock, and the new one is on the disk before it takes
    the old one's place: neither another change nor a crash loses a key.
    Errors: `KeyFileError`; what `change` raises, and then nothing is changed.
    """
    with _locked(path):
        keys, _ = read_keys(path)
        changed = change(keys)
        with _named(path):
            _write(path, changed)
    return changed


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_ino, status.st_mtime_ns, status.st_size)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # the lock or the folder may be what is in the way
        place = "" if error.filename in (None, str(path)) else f" at {error.filename}"
        raise KeyFileError(
            f"the key file {path} cannot be used ({error.strerror or error}{place}): restore it "
            "from a backup, let this user use it, or name another with ONEGRID_PERSONAL_KEYS"
        ) from None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keeps other processes and threads from changing the file meanwhile."""
    lock = Path(f"{os.path.realpath(path)}.lock")
    with _named(path):
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with _named(path):
            _inherit(lock, path)
            if sys.platform == "win32":
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
            else:
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, keys: Keys) -> None:
    """Put a whole new file in the place of the old one, for the same users; under the lock."""
    target = Path(os.path.realpath(path))  # where a link names the file, the link stays
    prefix = f".{target.name}."
    for left in target.parent.glob(f"{glob.escape(prefix)}*"):
        left.unlink()  # by a process that was killed while it wrote
    handle, name = tempfile.mkstemp(prefix=prefix, dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if target.exists():
                shutil.copymode(target, temporary)
            _inherit(temporary, target)
            file.write(_text(keys))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _inherit(made: Path, beside: Path) -> None:
    """Let the user of the server use what the administrator (root) made."""
    if sys.platform != "win32" and os.geteuid() == 0:
        status = os.stat(beside if beside.exists() else made.parent)
        os.chown(made, status.st_uid, status.st_gid)


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _text(keys: Keys) -> bytes:
    tree = {"version": VERSION, "sealing": _tree(keys.sealing), "index": _tree(keys.index)}
    return json.dumps(tree, indent=2).encode() + b"\n"


def _tree(key_set: KeySet) -> dict[str, Any]:
    written = {key_id: base64.b64encode(key).decode() for key_id, key in key_set.keys.items()}
    return {"current": key_set.current, "keys": written}


def _parsed(path: Path, raw: bytes) -> Keys:
    tree = _loaded(raw)
    sealing, index = _key_set(tree, "sealing"), _key_set(tree, "index")
    if tree.get("version") != VERSION:
        problem = f'it is no JSON object whose "version" is {VERSION}, or has a key twice'
    elif isinstance(sealing, str):
        problem = sealing
    elif isinstance(index, str):
        problem = index
    elif sealing.keys.keys() & index.keys.keys():
        problem = "a key is in both sets"
    else:
        return Keys(sealing, index)
    # made here, outside of any handler: no context of this error holds the text
    raise KeyFileError(f"the key file {path} is malformed: {problem}; {EXPECTED}")


def _loaded(raw: bytes) -> Mapping[str, Any]:
    """The object in the file; an empty one where there is none."""
    try:
        tree = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a key that stands twice would lose one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _key_set(tree: Mapping[str, Any], name: str) -> KeySet | str:
    """The keys under a name, or what is wrong with them."""
    found = tree.get(name)
    if not isinstance(found, dict) or not isinstance(found.get("keys"), dict):
        return f'it has no "{name}" with "keys" in it'
    keys = {key_id: _key(text) for key_id, text in found["keys"].items()}
    whole = {key_id: key for key_id, key in keys.items() if key is not None}
    if len(whole) < len(keys):
        return f'a key of "{name}" is not {KEY_BYTES} bytes in base64'
    if not isinstance(found.get("current"), str) or found["current"] not in whole:
        return f'"current" of "{name}" is none of its keys'
    return KeySet(found["current"], whole)


def _key(text: object) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        key = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return key if len(key) == KEY_BYTES else None
