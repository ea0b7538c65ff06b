"""Tenant files for one test: written to a folder of their own, read, and gone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tenants.definition import Definition
from tenants.files import load_tenants
from tenants.problems import InvalidTenantsError, Place, Problem

Text = str | bytes

PROVINCE = """\
code: "990000"
slug: sheng
name: 某省
domains:
  - {key: care, name: 关爱}
  - {key: safety, name: 安全}
defaults:
  levels:
    - {key: county, name: 区县}
    - {key: street, name: 街道, under: [county]}
  workflows:
    - key: standard
      name: 通用
      states:
        - {key: reported, name: 已上报, phase: REPORTED}
        - {key: closed, name: 已办结, phase: CLOSED}
      actions:
        - {key: close, name: 办结, from: [reported], to: closed, by: [SECRETARY]}
"""

# four lines: what a test adds begins on line 5
CITY = """\
province: "990000"
code: "990100"
slug: shi
name: 某市
"""


@contextmanager
def written(files: Mapping[str, Text]) -> Iterator[Path]:
    """A folder with these files, by their paths."""
    with TemporaryDirectory(prefix="onegrid-tenants-") as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode() if isinstance(text, str) else text)
        yield folder


def read(files: Mapping[str, Text]) -> tuple[Definition, ...]:
    """The definitions in these files; `InvalidTenantsError` where they are wrong."""
    with written(files) as folder:
        return load_tenants((folder,))


def read_city(text: Text, province: Text = PROVINCE) -> Definition:
    """One city's definition."""
    (_, city) = read({"provinces/p.yaml": province, "cities/c.yaml": text})
    return city


def problems(files: Mapping[str, Text]) -> list[Problem]:
    """What is wrong with these files, each file by its name in the folder."""
    with written(files) as folder:
        try:
            load_tenants((folder,))
        except InvalidTenantsError as error:
            return [_below(folder, problem) for problem in error.problems]
    return []


def _below(folder: Path, problem: Problem) -> Problem:
    texts = (problem.place.file, problem.value, problem.expected)
    file, value, expected = (text.replace(f"{folder}/", "") for text in texts)
    return Problem(Place(file, problem.place.line), problem.key, value, expected)


def told(files: Mapping[str, Text]) -> list[str]:
    """What is wrong with these files, as people read it."""
    return [str(problem) for problem in problems(files)]


def city_problems(text: Text, province: Text = PROVINCE) -> list[str]:
    """What is wrong with one city's file, the province's being right: lines without the file."""
    found = told({"provinces/p.yaml": province, "cities/c.yaml": text})
    return [line.removeprefix("cities/c.yaml:") for line in found]
