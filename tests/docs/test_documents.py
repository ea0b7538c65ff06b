"""Every document: the commands and files that it names exist."""

import re
import shlex
from typing import Any

import pytest
import typer

from tests.docs.commands import command_line
from tests.docs.documents import ROOT, anchors, document, shell_lines

DOCUMENTS = sorted(
    str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
)
COMMAND = re.compile(r"(\S+=\S+ )*(\S*/)?onegrid [a-z]")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_exist(name: str) -> None:
    """Every `make` target that a document names is in the Makefile."""
    known = set(re.findall(r"^([a-z]+):", document("Makefile"), re.MULTILINE))
    text = document(name)
    named = set(re.findall(r"`make ([a-z]+)`", text))
    named |= set(re.findall(r"^make (?:-C \S+ )?([a-z]+)$", text, re.MULTILINE))
    assert named - known == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_onegrid_commands_exist(name: str) -> None:
    """Every `onegrid` command that a document names is one, with the options that it has."""
    lines = re.findall(r"`(onegrid [^`]+)`|^# (onegrid .+)$", document(name), re.MULTILINE)
    lines = ["".join(found) for found in lines]
    lines += [line for line in shell_lines(name) if COMMAND.match(line)]
    wrong = [line for line in lines if not _is_command(shlex.split(line))]
    assert wrong == []


def _is_command(words: list[str]) -> bool:
    """Whether the words after `onegrid` are a command and options of it."""
    command: Any = typer.main.get_command(command_line())
    start = next(at for at, word in enumerate(words) if word.endswith("onegrid"))
    for word in words[start + 1 :]:
        if word in ("|", ">", "&&"):
            break
        if word.startswith("--"):
            options = [
                name for item in command.params for name in (*item.opts, *item.secondary_opts)
            ]
            if word not in options:
                return False
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return False
            command = command.commands[word]
    return True


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    """Every link to a file of the repository leads to one."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document(name))
    folder = (ROOT / name).parent
    assert [target for target in targets if not (folder / target).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_anchors_are_headings(name: str) -> None:
    """Every link to a part of a document leads to one of its headings."""
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", document(name))
    folder = (ROOT / name).parent
    lacking = []
    for path, anchor in links:
        target = (folder / path).resolve() if path else ROOT / name
        if anchor not in anchors(str(target.relative_to(ROOT))):
            lacking.append(f"{path}#{anchor}")
    assert lacking == []
