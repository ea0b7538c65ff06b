"""Operations: what is asked of the server, and the hand-written SQL that gives the same answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from server.pages.examples import load_examples

FOLDER = Path(__file__).parent / "operations"
SECURED = Path(__file__).parent / "secured"
REPORT, ADVANCE = "M1", "M2"
WRITES = (REPORT, ADVANCE)
KEYS = ("Q0", "Q0L", "Q1", "Q1D", "Q1K", "Q2", "Q3", *WRITES)

_VARIABLES = re.compile(r"\s*\(\s*\$[^)]*\)")


@dataclass(frozen=True)
class Walk:
    """How the variable `after` is found: so many pages are asked for, each after the one before.

    `path` leads to the connection in the answer.
    """

    path: tuple[str, ...]
    pages: int


@dataclass(frozen=True)
class Question:
    """A GraphQL document with the variables that all requests have.

    Where it `is_inline`, values are written into the text, and each request has another text.
    """

    query: str
    variables: Mapping[str, Any]
    walk: Walk | None = None
    is_inline: bool = False

    def body(self, variables: Mapping[str, Any]) -> bytes:
        """The JSON body of the request with these variables."""
        if self.is_inline:
            return orjson.dumps({"query": inlined(self.query, variables)})
        return orjson.dumps({"query": self.query, "variables": variables})


@dataclass(frozen=True)
class Operation:
    """A question, and its SQL; `parameters` names the values of `$1`, `$2`, … in it.

    A write has no SQL here: its statements are in `bench/writes.py`.
    """

    key: str
    title: str
    question: Question
    sql: str = ""
    parameters: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """The GraphQL document."""
        return self.question.query

    @property
    def variables(self) -> Mapping[str, Any]:
        """The variables that all requests have."""
        return self.question.variables

    @property
    def body(self) -> bytes:
        """The JSON body of a request with these variables and no others."""
        return self.question.body(self.variables)

    @property
    def is_write(self) -> bool:
        """Whether it changes something, so that each answer is another."""
        return self.key in WRITES


def load_operations(folder: Path = FOLDER) -> tuple[Operation, ...]:
    """All operations that are measured against the other contenders, in the order of `KEYS`."""
    own = {operation.key: operation for operation in _read(folder)}
    one, page, deep = own["Q0"], own["Q1"], Walk(("city", "organizations"), 20)
    walked = replace(page.question, walk=deep)
    own |= {
        "Q0L": replace(
            one,
            key="Q0L",
            title=f"{one.title}, its literals inlined, each text another",
            question=replace(one.question, is_inline=True),
        ),
        "Q1D": replace(
            page,
            key="Q1D",
            title="City page, 400 communities deep 第四百个之后",
            question=walked,
            sql=_offset(page.sql),
        ),
        "Q1K": replace(
            page,
            key="Q1K",
            title="The same, for all by a cursor",
            question=walked,
            sql=_keyed(page),
            parameters=(*page.parameters, "after_pinyin", "after_code"),
        ),
        "Q2": replace(
            own["Q2"],
            question=replace(own["Q2"].question, walk=Walk(("city", "first"), 1)),
        ),
    }
    return tuple(own[key] for key in KEYS)


def load_secured(folder: Path = SECURED) -> tuple[Operation, ...]:
    """The operations that are measured with security and without; they have no SQL."""
    return _read(folder)


def questions(folder: Path) -> dict[str, tuple[str, Question]]:
    """Title and question of every `*.graphql` of the folder, by the name of the file."""
    paths = sorted(folder.glob("*.graphql"))
    return {
        path.stem: (example.name, Question(example.query, orjson.loads(example.variables)))
        for path, example in zip(paths, load_examples(folder), strict=True)
    }


def _read(folder: Path) -> tuple[Operation, ...]:
    """Every `*.graphql` of the folder, with the `*.sql` of the same name where there is one."""
    operations = []
    for key, (title, question) in questions(folder).items():
        path = folder / f"{key}.sql"
        sql = path.read_text("utf-8") if path.exists() else ""
        names = tuple(re.findall(r"\$\d+ (\w+)", sql.partition("\n")[0]))
        operations.append(Operation(key, title, question, sql, names))
    return tuple(operations)


def inlined(query: str, variables: Mapping[str, Any]) -> str:
    """The document with the values of its variables written into it, and no variables."""
    text = _VARIABLES.sub("", query, count=1)
    for name, value in variables.items():
        text = re.sub(rf"\${name}\b", orjson.dumps(value).decode().replace("\\", r"\\"), text)
    return text


PLACE = "/* place */"
"""Where the SQL of a page says from where on, and how far it goes."""


def _offset(sql: str) -> str:
    return sql.replace("LIMIT 21", "LIMIT 21 OFFSET 400")


def _keyed(page: Operation) -> str:
    at = len(page.parameters)
    after = f"AND (o.pinyin, o.code) > (${at + 1}::text, ${at + 2}::text)"
    return page.sql.replace(PLACE, after)
