"""Mapped tables: numbers by key in a file that several processes map, a lock for each bucket."""

import mmap
import os
import struct
import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

if sys.platform != "win32":
    import fcntl

_ENTRY = struct.Struct("=16sqqdd")
_PREFIX = struct.Struct("=16sq")
_NUMBER = struct.Struct("=q")
_DIGEST = 16
_EMPTY = bytes(_ENTRY.size)
_NOBODY = bytes(_DIGEST)


class Entry(NamedTuple):
    """A value of one part of a key, the second from which it counts no more, and of its change."""

    part: int
    value: int
    ends: float
    changed: float


class MappedTable:
    """Whole numbers by key and part in the file `path`, which is made where it is missing.

    A key has room for `ways` parts in its bucket, which it shares with the keys of the same
    bucket; of all entries that do not fit, the one that was changed longest ago is forgotten. All
    who open a file give the same numbers. Locks are the operating system's: those of a process
    that is killed are gone with it. They last some microseconds, and are waited for.
    """

    def __init__(self, path: Path, buckets: int = 32_768, ways: int = 8) -> None:
        self._buckets = buckets
        self._width = ways * _ENTRY.size
        size = buckets * self._width
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, size)
        self._map = mmap.mmap(self._file, size)

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()
        os.close(self._file)

    def held(self, key: str) -> "Bucket":
        """The entries of a key; a context manager, in which no other process sees or changes them.

        Never wait for anything inside.
        """
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
        return self._bucket(int.from_bytes(digest[:4], "little") % self._buckets, digest)

    def forget_part(self, part: int) -> None:
        """Remove the entries of this part, of all keys."""
        for index in range(self._buckets):
            bucket = self._bucket(index, b"")
            if part in bucket.parts_of_all():
                with bucket:
                    bucket.forget_part(part)

    def clear(self) -> None:
        """Remove all entries."""
        for index in range(self._buckets):
            with self._bucket(index, b"") as bucket:
                bucket.clear()

    def _bucket(self, index: int, digest: bytes) -> "Bucket":
        return Bucket(self._map, self._file, index, self._width, digest)


class Bucket:
    """The entries of one key, and of those that share its bucket, while it is held."""

    __slots__ = ("_digest", "_file", "_index", "_map", "_start", "_width")

    def __init__(self, map_: mmap.mmap, file: int, index: int, width: int, digest: bytes) -> None:
        self._map = map_
        self._file = file
        self._index = index
        self._width = width
        self._start = index * width
        self._digest = digest

    def __enter__(self) -> Self:
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, self._index)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._index)

    def value(self, part: int, now: float) -> int:
        """What stands there, 0 where nothing does or it has ended."""
        at = self._find(part)
        if at is None:
            return 0
        _, _, value, ends, _ = _ENTRY.unpack_from(self._map, at)
        return int(value) if ends > now else 0

    def ends(self, part: int) -> float | None:
        """When what stands there ends."""
        at = self._find(part)
        return None if at is None else float(_ENTRY.unpack_from(self._map, at)[3])

    def entries(self) -> Iterator[Entry]:
        """All entries of the key."""
        for _, (digest, part, value, ends, changed) in self._all():
            if digest == self._digest:
                yield Entry(part, value, ends, changed)

    def put(self, part: int, value: int, ends: float, now: float) -> None:
        """Let an entry stand there, instead of the one that did."""
        at = self._find(part)
        if at is None:
            at = self._room(now)
        _ENTRY.pack_into(self._map, at, self._digest, part, value, ends, now)

    def remove(self, part: int) -> None:
        """Remove what stands there."""
        at = self._find(part)
        if at is not None:
            self._map[at : at + _ENTRY.size] = _EMPTY

    def parts_of_all(self) -> set[int]:
        """The parts of all entries of the bucket, whatever their key."""
        return {entry[1] for _, entry in self._all() if entry[0] != _NOBODY}

    def forget_part(self, part: int) -> None:
        """Remove the entries of this part, whatever their key."""
        for at, entry in self._all():
            if entry[1] == part:
                self._map[at : at + _ENTRY.size] = _EMPTY

    def clear(self) -> None:
        """Remove all entries of the bucket."""
        self._map[self._start : self._start + self._width] = bytes(self._width)

    def _find(self, part: int) -> int | None:
        wanted, end = _PREFIX.pack(self._digest, part), self._start + self._width
        at = self._map.find(wanted, self._start, end)
        while at >= 0 and (at - self._start) % _ENTRY.size:  # it stands across two entries
            at = self._map.find(wanted, at + 1, end)
        return at if at >= 0 else None

    def _room(self, now: float) -> int:
        """Where a new entry goes: an empty place, else one that ended, else the oldest."""

        def age(place: tuple[int, tuple[bytes, int, int, float, float]]) -> tuple[int, float]:
            digest, _, _, ends, changed = place[1]
            return (0 if digest == _NOBODY else 1 if ends <= now else 2), changed

        return min(self._all(), key=age)[0]

    def _all(self) -> list[tuple[int, tuple[bytes, int, int, float, float]]]:
        view = self._map[self._start : self._start + self._width]
        places = range(self._start, self._start + self._width, _ENTRY.size)
        return list(zip(places, _ENTRY.iter_unpack(view), strict=True))


class MappedNumber:
    """A number in the file `path`, 0 at first, that several processes see and count up."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, _NUMBER.size)
        self._map = mmap.mmap(self._file, _NUMBER.size)

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()
        os.close(self._file)

    @property
    def value(self) -> int:
        """What it is now."""
        return int(_NUMBER.unpack_from(self._map)[0])

    def count_up(self) -> int:
        """Add one; gives what it is then."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            value = self.value + 1
            _NUMBER.pack_into(self._map, 0, value)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
        return value
