"""The secret of tokens: made once, closed to others, refused where it is no good."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.secrets import SHORTEST, SecretError, kept_secret, token_key_file, token_secret
from server.settings import Settings

PROCESSES = 4


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var", token_secret=None, _env_file=None)


def test_made_once(settings: Settings) -> None:
    """The secret is made in the data folder on first use, for its user alone, and stays."""
    first = token_secret(settings)
    file = token_key_file(settings)
    assert (len(first), token_secret(settings)) == (64, first)
    assert file.read_bytes() == first + b"\n"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)]
    assert (modes, [path.name for path in file.parent.iterdir()]) == ([0o600, 0o700], ["token.key"])


def test_another_folder_has_another_secret(tmp_path: Path) -> None:
    """Two data folders have different secrets."""
    assert kept_secret(tmp_path / "a") != kept_secret(tmp_path / "b")


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Processes that start from nothing."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        yield pool


def test_processes_that_start_at_once_share_it(
    tmp_path: Path, processes: ProcessPoolExecutor
) -> None:
    """However many processes make the secret at once, all get the same one."""
    files = [tmp_path / str(number) / "token.key" for number in range(20)]
    found = list(processes.map(kept_secret, [file for file in files for _ in range(PROCESSES)]))
    by_file = [set(found[start : start + PROCESSES]) for start in range(0, len(found), PROCESSES)]
    assert by_file == [{file.read_bytes().strip()} for file in files]
    assert [sorted(os.listdir(file.parent)) for file in files] == [["token.key"]] * len(files)


def test_setting_wins(tmp_path: Path) -> None:
    """A secret that is set is used, and no file is made."""
    settings = Settings(data=tmp_path / "var", token_secret="键" * 32, _env_file=None)
    assert token_secret(settings) == ("键" * 32).encode()
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"x" * (SHORTEST - 1)])
def test_too_short(tmp_path: Path, content: bytes) -> None:
    """A file with too short a secret is named, and left as it is."""
    file = tmp_path / "token.key"
    file.write_bytes(content)
    with pytest.raises(SecretError) as caught:
        kept_secret(file)
    assert (str(caught.value), file.read_bytes()) == (
        f"the secret {file} has {len(content.strip())} bytes, expected at least 32: restore it, "
        "or remove the file to have a new one made",
        content,
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda file: file.mkdir(), "Is a directory"),
        (lambda file: file.symlink_to("nowhere"), "No such file or directory"),
    ],
    ids=["folder", "dangling link"],
)
def test_not_readable(tmp_path: Path, make: object, reason: str) -> None:
    """A place that cannot be read is named with the reason and what to do."""
    file = tmp_path / "token.key"
    make(file)  # type: ignore[operator]
    with pytest.raises(SecretError) as caught:
        kept_secret(file)
    assert str(caught.value) == (
        f"the secret {file} can be neither read nor made ({reason}): let this user read it, or "
        "set ONEGRID_DATA to another folder"
    )


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in the place of the folder is an error that names the secret."""
    (tmp_path / "var").touch()
    with pytest.raises(SecretError, match=r"var/secrets/token.key .* \(Not a directory\)"):
        kept_secret(tmp_path / "var" / "secrets" / "token.key")


def test_open_to_others(tmp_path: Path) -> None:
    """A file that other users can read is used, with a warning in the log."""
    file = tmp_path / "token.key"
    secret = kept_secret(file)
    file.chmod(0o640)
    with capture_logs() as logs:
        assert kept_secret(file) == secret
    said = "other users can reach a secret: chmod 600"
    assert logs == [{"event": said, "log_level": "warning", "file": str(file), "mode": "640"}]


@pytest.mark.parametrize("where", ["setting", "file"])
def test_public_key_is_no_secret(settings: Settings, where: str) -> None:
    """A public key where the secret belongs is refused: it would let anybody sign."""
    pem = f"-----BEGIN PUBLIC KEY-----\n{'A' * 64}\n-----END PUBLIC KEY-----"
    place = "ONEGRID_TOKEN_SECRET"
    if where == "file":
        token_secret(settings)
        place = str(token_key_file(settings))
        token_key_file(settings).write_text(pem)
    else:
        settings = Settings(data=settings.data, token_secret=pem, _env_file=None)
    with pytest.raises(SecretError) as caught:
        token_secret(settings)
    assert str(caught.value) == (
        f"{place} holds a public key or certificate, expected a random text: HS256 signs with "
        "what nobody else knows"
    )
