"""Registered documents: remembered while there is room."""

from hypothesis import given
from hypothesis import strategies as st

from server.registered import RegisteredDocuments


def test_remembered() -> None:
    """A text is found by its hash until it is forgotten."""
    documents = RegisteredDocuments()
    documents.add("a", "{ a }")
    assert [documents.get("a"), documents.get("b")] == ["{ a }", None]


def test_capacity() -> None:
    """Where there are too many, the one that was not used for longest is forgotten."""
    documents = RegisteredDocuments(capacity=2)
    documents.add("a", "{ a }")
    documents.add("b", "{ b }")
    documents.get("a")
    documents.add("c", "{ c }")
    assert [documents.get(key) for key in "abc"] == ["{ a }", None, "{ c }"]
    documents.add("a", "{ a }")
    documents.add("d", "{ d }")
    assert [documents.get(key) for key in "acd"] == ["{ a }", None, "{ d }"]


def test_size() -> None:
    """Where they are too long together, as many as needed are forgotten, counted in bytes."""
    documents = RegisteredDocuments(size=10)
    for key, text in [("a", "12345"), ("b", "123"), ("c", "一12")]:
        documents.add(key, text)
    assert ([documents.get(key) for key in "abc"], documents.bytes) == ([None, "123", "一12"], 8)
    documents.add("d", "1" * 11)
    assert (len(documents), documents.bytes) == (0, 0)


@given(st.lists(st.text(max_size=12), max_size=40))
def test_bounded(texts: list[str]) -> None:
    """Whatever is added, count and bytes stay within their bounds and agree."""
    documents = RegisteredDocuments(capacity=5, size=30)
    for text in texts:
        documents.add(text, text)
        found = [known for known in set(texts) if documents.get(known) is not None]
        assert len(documents) == len(found) <= 5
        assert documents.bytes == sum(len(known.encode()) for known in found) <= 30
