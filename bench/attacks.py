"""Bad input: requests that are meant to take a server down, and the refusal that each must get."""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

MANY = 4000
DEEP = 3000
FOLDS = 20
MEBIBYTES = 10


@dataclass(frozen=True)
class Attack:
    """A request body, another for each number, so that nobody remembers it; and its refusal."""

    key: str
    title: str
    body: Callable[[int], bytes]
    status: int
    code: str


def attacks() -> tuple[Attack, ...]:
    """All of them."""
    return (
        Attack("fragments", f"2^{FOLDS}-fold nested fragments", _fragments, 400, "FIELDS_EXCEEDED"),
        Attack("aliases", f"{MANY:,} aliases", _aliases, 400, "TOKENS_EXCEEDED"),
        Attack("fields", f"{MANY:,} fields", _fields, 400, "TOKENS_EXCEEDED"),
        Attack("directives", f"{MANY:,} directives", _directives, 400, "TOKENS_EXCEEDED"),
        Attack("depth", f"depth {DEEP:,}", _depth, 400, "DEPTH_EXCEEDED"),
        Attack("invalid", "a document full of mistakes", _mistakes, 400, "VALIDATION_FAILED"),
        Attack("string", "100 KB in a string", _string, 400, "VALIDATION_FAILED"),
        Attack("body", f"a body of {MEBIBYTES} MiB", _large, 413, "BODY_TOO_LARGE"),
        Attack("batch", "a batch of 3,000 operations", _batch, 400, "BAD_REQUEST"),
        Attack("utf-8", "invalid UTF-8", _not_utf8, 400, "BAD_REQUEST"),
        Attack("nesting", "50,000 nested arrays of JSON", _nesting, 400, "BAD_REQUEST"),
    )


def _query(text: str) -> bytes:
    return orjson.dumps({"query": text})


def _fragments(number: int) -> bytes:
    folds = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(FOLDS - 1)]
    last = f"fragment F{FOLDS - 1} on Query {{ __typename }}"
    return _query(f"query Q{number} {{ ...F0 ...F0 }} {' '.join(folds)} {last}")


def _aliases(number: int) -> bytes:
    return _query("{" + " ".join(f"a{number}_{n}: __typename" for n in range(MANY)) + "}")


def _fields(number: int) -> bytes:
    return _query(f"query Q{number} {{{'__typename ' * MANY}}}")


def _directives(number: int) -> bytes:
    return _query(f"query Q{number} {{ __typename {'@skip(if: false) ' * MANY}}}")


def _depth(number: int) -> bytes:
    return _query(f"query Q{number} {'{ a ' * DEEP}{'}' * DEEP}")


def _mistakes(number: int) -> bytes:
    fields = " ".join(f'a{n}: city(cod: "x") {{ nam levl provinc }}' for n in range(15))
    return _query(f"query Q{number} {{ {fields} }}")


def _string(number: int) -> bytes:
    return _query(f'{{ city(code: "{number}{"x" * 100_000}") {{ nam }} }}')


def _large(number: int) -> bytes:
    return b"x" * (MEBIBYTES * 1024 * 1024)


def _batch(number: int) -> bytes:
    return orjson.dumps([{"query": f"{{a{number}:__typename}}"}] * 3000)


def _not_utf8(number: int) -> bytes:
    return b'{"query": "{ __typename }", "x": "\xff\xfe%d"}' % number


def _nesting(number: int) -> bytes:
    return b'{"query":"{a%d}","variables":%s%s}' % (number, b"[" * 50_000, b"]" * 50_000)
