"""Secrets that the server makes for itself: files in the data folder, closed to other users."""

import os
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

import jwt
import structlog

from server.settings import Settings

SHORTEST = 32
"""Bytes that a secret must have at least: the output of SHA-256."""

log = structlog.get_logger("onegrid")


class SecretError(Exception):
    """A secret that cannot be used; the text names its file and says what to do."""


def token_key_file(settings: Settings) -> Path:
    """Where the secret of tokens is kept, unless ONEGRID_TOKEN_SECRET is set."""
    return settings.data / "secrets" / "token.key"


def token_secret(settings: Settings) -> bytes:
    """The secret that tokens are signed with: as set, else from its file, made on first use.

    Errors: `SecretError`.
    """
    if settings.token_secret is None:
        return _usable(kept_secret(token_key_file(settings)), str(token_key_file(settings)))
    return _usable(settings.token_secret.encode(), "ONEGRID_TOKEN_SECRET")


def kept_secret(path: Path) -> bytes:
    """The secret in a file; where there is none, a new one of 64 characters is put there first.

    The file appears whole, with mode 0600: processes that start at once all get the same secret.
    Errors: `SecretError` where it cannot be read or made, or is shorter than `SHORTEST`.
    """
    try:
        if not path.exists():
            _make(path)
        _warn_if_open(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SecretError(
            f"the secret {path} can be neither read nor made ({error.strerror}): let this user "
            "read it, or set ONEGRID_DATA to another folder"
        ) from None
    if len(secret) < SHORTEST:
        raise SecretError(
            f"the secret {path} has {len(secret)} bytes, expected at least {SHORTEST}: restore it, "
            "or remove the file to have a new one made"
        )
    return secret


def _make(path: Path) -> None:
    """Write beside the place, then link: the name never stands for half a file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(48).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its secret is everybody's
            os.link(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)


def _warn_if_open(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        log.warning("other users can reach a secret: chmod 600", file=str(path), mode=f"{mode:o}")


def _usable(secret: bytes, place: str) -> bytes:
    """The secret, if it is none that belongs to another kind of signature."""
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(secret)
    except jwt.InvalidKeyError:
        raise SecretError(
            f"{place} holds a public key or certificate, expected a random text: HS256 signs with "
            "what nobody else knows"
        ) from None
    return secret
