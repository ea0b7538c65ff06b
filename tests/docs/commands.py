"""Commands of `onegrid`, run inside the test's process."""

import structlog
import typer
from typer.testing import CliRunner

from seeds.cli import Loader
from server.cli import build


def command_line() -> typer.Typer:
    """The whole command, with the data that it loads."""
    return build(Loader())


def run(command: str, **environment: str) -> tuple[int, str]:
    """The exit code and the output of the words after `onegrid`."""
    try:
        result = CliRunner().invoke(command_line(), command.split(), env=environment)
    finally:
        structlog.reset_defaults()  # the command had set up the log for its own, closed output
    return result.exit_code, result.output
