"""Manifests: what tools write is read, and every mistake in all files is named."""

import json
from collections.abc import Callable
from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import Any

import pytest

from server.manifests import ManifestError, TrustedDocument, read_manifests

MANIFESTS = Path(__file__).parent / "manifests"

SHAPE = (
    'expected {"id": "text"} (graphql-codegen, relay-compiler) or {"format": '
    '"apollo-persisted-query-manifest", "version": 1, "operations": [...]} (Apollo)'
)
ID = "expected its hash in lower-case hex: SHA-256 (sha256: may stand before it), SHA-1 or MD5"
TEXT = "{ cities { code } }"
TEXT_SHA256 = sha256(TEXT.encode()).hexdigest()
TEXT_MD5 = md5(TEXT.encode()).hexdigest()

# two texts of the same MD5, by Marc Stevens
COLLIDING = [
    f"TEXTCOLLBYfGiJUETHQ4h{letter}cKSMd5zYpgqf1YRDhkmxHkhPWptrkoyz28wnI9V0aHeAuaKnak"
    for letter in "AE"
]

Written = Callable[..., list[Path]]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes contents, JSON or bytes, to a.json, b.json and so on."""

    def write(*contents: Any) -> list[Path]:
        files = []
        for name, content in zip("abc", contents, strict=False):
            file = tmp_path / f"{name}.json"
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            file.write_bytes(raw)
            files.append(file)
        return files

    return write


def mistakes(files: list[Path]) -> list[str]:
    """The lines of the error, without the folder."""
    with pytest.raises(ManifestError) as raised:
        read_manifests(files)
    return str(raised.value).replace(f"{files[0].parent}/", "").splitlines()


def apollo(*operations: Any, **others: Any) -> dict[str, Any]:
    return {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": operations,
    } | others


@pytest.mark.parametrize(
    ("name", "ids", "names"),
    [
        ("codegen", 71, ["query Cities {", "query Levels(", "query OrganizationPage("]),
        (
            "relay",
            32,
            ["query CitiesQuery {", "query LevelsQuery(", "query OrganizationPageQuery("],
        ),
        ("relay-sha256", 64, ["query CitiesQuery {", "query LevelsQuery(", "query Organ"]),
        ("apollo", 64, ["query Cities {", "query Levels(", "query OrganizationPage("]),
    ],
)
def test_tools(name: str, ids: int, names: list[str]) -> None:
    """What the tools themselves wrote of three of our examples is read, hashes and all."""
    file = MANIFESTS / f"{name}.json"
    documents = read_manifests([file])
    assert {len(document.id) for document in documents} == {ids}
    assert {document.file for document in documents} == {str(file)}
    found = sorted(document.text.replace("\n", "") for document in documents)
    assert [text.startswith(start) for text, start in zip(found, names, strict=True)] == [True] * 3


@pytest.mark.parametrize(
    "key",
    [f"sha256:{TEXT_SHA256}", TEXT_SHA256, TEXT_MD5, sha1(TEXT.encode()).hexdigest()],
)
def test_hashes(written: Written, key: str) -> None:
    """An id is a hash of its text; its length says which."""
    (file,) = written({key: TEXT})
    assert read_manifests([file]) == (TrustedDocument(key, TEXT, str(file)),)


def test_several(written: Written) -> None:
    """Several manifests may be used at once, and may list the same document."""
    one, two, three = written(
        {TEXT_SHA256: TEXT}, {TEXT_MD5: TEXT}, apollo({"id": TEXT_SHA256, "body": TEXT})
    )
    assert read_manifests([one, two, three]) == (
        TrustedDocument(TEXT_SHA256, TEXT, str(one)),
        TrustedDocument(TEXT_MD5, TEXT, str(two)),
        TrustedDocument(TEXT_SHA256, TEXT, str(three)),
    )


@pytest.mark.parametrize("content", [{}, apollo(), b"\xef\xbb\xbf{}"])
def test_empty(written: Written, content: Any) -> None:
    """A manifest may be empty, and may begin with a byte order mark."""
    assert read_manifests(written(content)) == ()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "a.json: is not JSON (line 1, column 1: Expecting value)"),
        (b'{"a":\n "b"', "a.json: is not JSON (line 2, column 5: Expecting ',' delimiter)"),
        (b'{"a": "\xff"}', "a.json: is not UTF-8 (byte 7)"),
        (b"[" * 100_000, f"a.json: is nested too deeply; {SHAPE}"),
        (b"[]", f"a.json: is an array; {SHAPE}"),
        (b"null", f"a.json: is null; {SHAPE}"),
        (b"7", f"a.json: is a number; {SHAPE}"),
        (b'{"a": "b", "a": "c"}', 'a.json: has "a" twice, with different values'),
        (
            apollo(format="relay"),
            'a.json: format is "relay"; expected "apollo-persisted-query-manifest"',
        ),
        ({"operations": []}, 'a.json: format is null; expected "apollo-persisted-query-manifest"'),
        (apollo(version=2), "a.json: version is 2; expected 1"),
        (apollo(version=True), "a.json: version is true; expected 1"),
        (apollo(operations={}), "a.json: operations is an object; expected an array"),
    ],
)
def test_unreadable(written: Written, content: Any, expected: str) -> None:
    """A file that is no manifest is explained."""
    assert mistakes(written(content)) == [expected]


def test_missing(tmp_path: Path) -> None:
    """A file that is not there is named, a folder too."""
    (tmp_path / "folder").mkdir()
    assert mistakes([tmp_path / "no.json", tmp_path / "folder"]) == [
        "no.json: cannot be read (No such file or directory)",
        "folder: cannot be read (Is a directory)",
    ]


def test_mistakes(written: Written) -> None:
    """Every wrong entry of every file is named at once: file, key, expectation."""
    wrong = "0" * 64
    files = written(
        {
            "cities": TEXT,
            "md5:" + TEXT_MD5: TEXT,
            "sha256:" + TEXT_MD5: TEXT,
            TEXT_SHA256.upper(): TEXT,
            wrong: TEXT,
            "sha256:" + wrong: TEXT,
            TEXT_MD5: TEXT + "\n",
            "": "",
            "n": 7,
            "u": "\ud800",
        },
        b"}",
        apollo(
            {"id": wrong, "name": "Cities", "type": "query", "body": TEXT},
            {"name": "Cities", "body": TEXT},
            {"id": TEXT_SHA256, "body": None},
            "Cities",
            {"id": TEXT_SHA256, "body": TEXT},
        ),
    )
    again = "build the manifest again"
    assert mistakes(files) == [
        f'a.json: "cities": the id "cities" is no hash of the document; {ID}',
        f'a.json: "md5:{TEXT_MD5}": the id "md5:{TEXT_MD5}" is no hash of the document; {ID}',
        f'a.json: "sha256:{TEXT_MD5}": the id "sha256:{TEXT_MD5}" is no hash of the document; {ID}',
        f'a.json: "{TEXT_SHA256.upper()}": the id "{TEXT_SHA256.upper()}" is no hash of the'
        f" document; {ID}",
        f'a.json: "{wrong}": the SHA-256 of the document is {TEXT_SHA256}, not {wrong}: {again}',
        f'a.json: "sha256:{wrong}": the SHA-256 of the document is sha256:{TEXT_SHA256}, not'
        f" sha256:{wrong}: {again}",
        f'a.json: "{TEXT_MD5}": the MD5 of the document is'
        f" {md5((TEXT + chr(10)).encode()).hexdigest()}, not {TEXT_MD5}: {again}",
        'a.json: "": the document is empty; expected its text',
        'a.json: "n": the document is a number; expected its text',
        'a.json: "u": the document has half a character (a lone surrogate); expected Unicode text',
        "b.json: is not JSON (line 1, column 1: Expecting value)",
        f"c.json: operations[0] (Cities): the SHA-256 of the document is {TEXT_SHA256}, not"
        f" {wrong}: {again}",
        f"c.json: operations[1] (Cities): the id is null; {ID}",
        "c.json: operations[2]: the document is null; expected its text",
        "c.json: operations[3]: the document is null; expected its text",
    ]


def test_conflict(written: Written) -> None:
    """One id for two texts, by a broken hash, is refused."""
    one, two = COLLIDING
    key = md5(one.encode()).hexdigest()
    assert md5(two.encode()).hexdigest() == key
    assert mistakes(written({key: one}, {key: two})) == [
        f"b.json: {key}: is another document in a.json"
    ]
