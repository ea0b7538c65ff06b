"""Operations: what is asked, and the hand-written SQL that gives the same answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from server.pages.examples import load_examples

FOLDER = Path(__file__).parent / "operations"


@dataclass(frozen=True)
class Operation:
    """A GraphQL operation and its SQL; `parameters` names the values of `$1`, `$2`, … in it.

    Its `key` is the name of its files, `title` their first comment.
    """

    key: str
    title: str
    query: str
    variables: Mapping[str, Any]
    sql: str
    parameters: tuple[str, ...]

    @property
    def body(self) -> bytes:
        """The JSON body that both contenders are sent."""
        return orjson.dumps({"query": self.query, "variables": self.variables})


def load_operations(folder: Path = FOLDER) -> tuple[Operation, ...]:
    """Every `*.graphql` of the folder with the `*.sql` of the same name."""
    paths = sorted(folder.glob("*.graphql"))
    operations = []
    for path, example in zip(paths, load_examples(folder), strict=True):
        sql = path.with_suffix(".sql").read_text("utf-8")
        names = re.findall(r"\$\d+ (\w+)", sql.partition("\n")[0])
        variables = orjson.loads(example.variables)
        operation = Operation(path.stem, example.name, example.query, variables, sql, tuple(names))
        operations.append(operation)
    return tuple(operations)
