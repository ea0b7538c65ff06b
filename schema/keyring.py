"""The keys of personal data at work: what is sealed, opened, and found without being opened."""

import hmac
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schema.key_file import KeyFileError, Keys, Stamp, change_keys, make_keys, read_keys, stamp

FILE_NAME = "personal-keys.json"
NONCE_BYTES = 12
TAG_BYTES = 16


@dataclass(frozen=True)
class Sealed:
    """A text that only its key opens: nonce (12 bytes), AES-256-GCM ciphertext, tag (16)."""

    key_id: str
    data: bytes


@dataclass(frozen=True)
class Indexed:
    """What a value is found by: HMAC-SHA-256, 32 bytes, with the key of this id."""

    key_id: str
    data: bytes


class CannotOpenError(Exception):
    """A sealed value that stays closed; the text names its key, nothing of the value."""

    def __init__(self, key_id: str, reason: str) -> None:
        super().__init__(f"a value sealed with the key {key_id!r} cannot be opened: {reason}")
        self.key_id = key_id


def sealing_context(tenant_id: int, row_id: uuid.UUID, column: str) -> bytes:
    """Where a sealed value belongs: taken from there, it opens nowhere else."""
    return f"{tenant_id}/{row_id}/{column}".encode()


@dataclass(frozen=True)
class _Loaded:
    """One version of the file, ready for use."""

    keys: Keys = field(repr=False)
    stamp: Stamp
    ciphers: dict[str, AESGCM] = field(repr=False)


class Keyring:
    """The keys in a file, which other processes may change: a change is noticed by itself."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Read the file; where it is missing and `create`, make it.

        Errors: `KeyFileError`.
        """
        self.path = path
        if create:
            make_keys(path)
        self._loaded = _load(path)

    def __repr__(self) -> str:
        return f"Keyring({str(self.path)!r})"

    @property
    def key_id(self) -> str:
        """The id of the key that seals now.

        Errors: `KeyFileError`.
        """
        return self._fresh().keys.sealing.current

    @property
    def index_key_id(self) -> str:
        """The id of the key that indexes now.

        Errors: `KeyFileError`.
        """
        return self._fresh().keys.index.current

    @property
    def key_ids(self) -> frozenset[str]:
        """The ids of all keys that seal or sealed.

        Errors: `KeyFileError`.
        """
        return frozenset(self._fresh().keys.sealing.keys)

    @property
    def index_key_ids(self) -> frozenset[str]:
        """The ids of all keys that index or indexed.

        Errors: `KeyFileError`.
        """
        return frozenset(self._fresh().keys.index.keys)

    def seal(self, plaintext: str, context: bytes) -> Sealed:
        """`plaintext` under the current key, bound to `context` (see `sealing_context`).

        Two seals of one text differ. A key seals 2^32 values safely.
        Errors: `KeyFileError` where the file is gone: what it does not hold would be lost.
        """
        loaded = self._fresh()
        key_id, nonce = loaded.keys.sealing.current, os.urandom(NONCE_BYTES)
        sealed = loaded.ciphers[key_id].encrypt(nonce, _bytes(plaintext), context)
        return Sealed(key_id, nonce + sealed)

    def open(self, sealed: Sealed, context: bytes) -> str:
        """The text that was sealed with this context.

        Errors: `CannotOpenError` where the key is unknown (also after a look at the file), or the
        value was changed or sealed with another context.
        """
        cipher = self._loaded.ciphers.get(sealed.key_id) or self._newer_cipher(sealed.key_id)
        if len(sealed.data) < NONCE_BYTES + TAG_BYTES:
            raise CannotOpenError(sealed.key_id, "it is too short")
        nonce, text = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, text, context).decode("utf-8", "surrogatepass")
        except InvalidTag:
            raise CannotOpenError(
                sealed.key_id, "it was changed, or belongs to another row or field"
            ) from None

    def index(self, value: str, tenant_id: int) -> Indexed:
        """What equal values of one tenant have in common, under the current key.

        `value` is in the one form in which it is kept (`Phone.e164`).
        Errors: `KeyFileError`.
        """
        keys = self._fresh().keys.index
        return _indexed(keys.current, keys.keys[keys.current], value, tenant_id)

    def indexes(self, value: str, tenant_id: int) -> tuple[Indexed, ...]:
        """What to look a value up by: under every key, so that none is missed while a rotated
        index is made anew.

        Errors: `KeyFileError`.
        """
        keys = self._fresh().keys.index.keys
        return tuple(_indexed(key_id, key, value, tenant_id) for key_id, key in keys.items())

    def rotate(self) -> str:
        """Add a key that seals from now on, in every process; its id. The old ones still open.

        Errors: `KeyFileError`.
        """
        changed = change_keys(self.path, lambda keys: Keys(keys.sealing.with_new(), keys.index))
        return changed.sealing.current

    def rotate_index(self) -> str:
        """Add a key that indexes from now on; its id. Rows of the old ones must be indexed anew.

        Errors: `KeyFileError`.
        """
        changed = change_keys(self.path, lambda keys: Keys(keys.sealing, keys.index.with_new()))
        return changed.index.current

    def drop(self, key_id: str) -> None:
        """Remove a key of either kind for ever; what is still sealed with it is lost.

        Errors: `KeyFileError` where the key is a current one, or there is none with this id.
        """
        change_keys(self.path, lambda keys: self._dropped(keys, key_id))
        self._fresh()

    def _dropped(self, keys: Keys, key_id: str) -> Keys:
        if key_id in (keys.sealing.current, keys.index.current):
            raise KeyFileError(f"the key {key_id} of {self.path} is in use: rotate the keys first")
        if key_id not in {*keys.sealing.keys, *keys.index.keys}:
            raise KeyFileError(f"the key file {self.path} has no key {key_id}")
        return Keys(keys.sealing.without(key_id), keys.index.without(key_id))

    def _newer_cipher(self, key_id: str) -> AESGCM:
        try:
            cipher = self._fresh().ciphers.get(key_id)
        except KeyFileError as error:
            raise CannotOpenError(key_id, str(error)) from None
        if cipher is None:
            raise CannotOpenError(key_id, f"the key file {self.path} has no such key")
        return cipher

    def _fresh(self) -> _Loaded:
        """The version of the file that is there now; read only where it is another."""
        if stamp(self.path) != self._loaded.stamp:
            self._loaded = _load(self.path)
        return self._loaded


def _load(path: Path) -> _Loaded:
    keys, version = read_keys(path)
    ciphers = {key_id: AESGCM(key) for key_id, key in keys.sealing.keys.items()}
    return _Loaded(keys, version, ciphers)


def _indexed(key_id: str, key: bytes, value: str, tenant_id: int) -> Indexed:
    return Indexed(key_id, hmac.digest(key, _bytes(f"{tenant_id}:{value}"), "sha256"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
