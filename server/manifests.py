"""Manifests: the files in which front-end tools list the documents of an application."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import Any

from server.settings import SettingsError

APOLLO = "apollo-persisted-query-manifest"

_PREFIX = "sha256:"
_HASHES = {32: ("MD5", md5), 40: ("SHA-1", sha1), 64: ("SHA-256", sha256)}
_HEX = frozenset("0123456789abcdef")
_EXPECTED_ID = "its hash in lower-case hex: SHA-256 (sha256: may stand before it), SHA-1 or MD5"
_EXPECTED_SHAPE = (
    'expected {"id": "text"} (graphql-codegen, relay-compiler) or'
    f' {{"format": "{APOLLO}", "version": 1, "operations": [...]}} (Apollo)'
)


@dataclass(frozen=True, slots=True)
class TrustedDocument:
    """A document as a manifest lists it: `id` is a hash of `text`, which was checked."""

    id: str
    text: str
    file: str


class ManifestError(SettingsError):
    """Manifests that cannot be used; the text has one line for each mistake in all of them."""


def read_manifests(files: Iterable[Path]) -> tuple[TrustedDocument, ...]:
    """The documents of all manifests, in their order.

    Errors: `ManifestError`.
    """
    documents: list[TrustedDocument] = []
    mistakes: list[str] = []
    for file in files:
        try:
            entries = list(_entries(_content(file)))
        except _UnreadableError as error:
            mistakes.append(f"{file}: {error}")
            continue
        for place, key, text in entries:
            mistake = _mistake(key, text)
            if mistake:
                mistakes.append(f"{file}: {place}: {mistake}")
            else:
                documents.append(TrustedDocument(key, text, str(file)))
    mistakes += _conflicts(documents)
    if mistakes:
        raise ManifestError("\n".join(mistakes))
    return tuple(documents)


class _UnreadableError(Exception):
    """Why nothing of a file can be used."""


def _content(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes().decode("utf-8-sig"), object_pairs_hook=_unique)
    except OSError as error:
        raise _UnreadableError(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise _UnreadableError(f"is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _UnreadableError(f"is not JSON ({where}: {error.msg})") from None
    except RecursionError:
        raise _UnreadableError(f"is nested too deeply; {_EXPECTED_SHAPE}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise _UnreadableError(f"has {_shown(key)} twice, with different values")
        found[key] = value
    return found


def _entries(content: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each entry: where it stands, its id and its text, of whatever types they are."""
    if not isinstance(content, dict):
        raise _UnreadableError(f"is {_type(content)}; {_EXPECTED_SHAPE}")
    if "format" in content or "operations" in content:
        yield from _apollo_entries(content)
        return
    for key, text in content.items():
        yield _shown(key), key, text


def _apollo_entries(content: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key, expected in (("format", APOLLO), ("version", 1)):
        given = content.get(key)
        if given != expected or isinstance(given, bool):
            raise _UnreadableError(f"{key} is {_shown(given)}; expected {_shown(expected)}")
    operations = content.get("operations")
    if not isinstance(operations, list):
        raise _UnreadableError(f"operations is {_type(operations)}; expected an array")
    for position, operation in enumerate(operations):
        fields = operation if isinstance(operation, dict) else {}
        name = f" ({fields['name']})" if "name" in fields else ""
        yield f"operations[{position}]{name}", fields.get("id"), fields.get("body")


def _mistake(key: object, text: object) -> str | None:
    """What is wrong with an entry, if anything is."""
    if not isinstance(text, str):
        return f"the document is {_type(text)}; expected its text"
    try:
        written = text.encode()
    except UnicodeEncodeError:
        return "the document has half a character (a lone surrogate); expected Unicode text"
    if not text.strip():
        return "the document is empty; expected its text"
    if not isinstance(key, str):
        return f"the id is {_type(key)}; expected {_EXPECTED_ID}"
    name, expected = _hashed(key, written)
    if not name:
        return f"the id {_shown(key)} is no hash of the document; expected {_EXPECTED_ID}"
    if key != expected:
        return f"the {name} of the document is {expected}, not {key}: build the manifest again"
    return None


def _hashed(key: str, written: bytes) -> tuple[str, str]:
    """By which hash `key` is made, and what it should be; empty texts where it is none."""
    prefix = _PREFIX if key.startswith(_PREFIX) else ""
    digits = key.removeprefix(_PREFIX)
    if set(digits) - _HEX or len(digits) not in _HASHES or (prefix and len(digits) != 64):
        return "", ""
    name, hashed = _HASHES[len(digits)]
    return name, prefix + hashed(written, usedforsecurity=False).hexdigest()


def _conflicts(documents: Iterable[TrustedDocument]) -> Iterator[str]:
    """One id for two texts, which only somebody who breaks MD5 or SHA-1 can make."""
    found: dict[str, TrustedDocument] = {}
    for document in documents:
        first = found.setdefault(document.id, document)
        if first.text != document.text:
            yield f"{document.file}: {document.id}: is another document in {first.file}"


def _type(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
