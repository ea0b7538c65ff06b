"""Preferences: media type and language by quality."""

import pytest

from server.preferences import GRAPHQL_RESPONSE, JSON, language, media_type


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("Application/JSON; Charset=UTF-8", JSON),
        ("application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/json, multipart/mixed", JSON),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json;q=0.9", JSON),
        ("application/graphql-response+json, */*", GRAPHQL_RESPONSE),
        ("application/json, */*", JSON),
        ("application/json;q=0, */*;q=0.1", GRAPHQL_RESPONSE),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("application/json;q=high, application/graphql-response+json;q=0.1", GRAPHQL_RESPONSE),
        ("application/json; charset=gbk", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("text/html", None),
        (",;=", None),
    ],
)
def test_media_type(accept: str, expected: str | None) -> None:
    """The client's better liked type wins; a wildcard alone means application/json."""
    assert media_type(accept) == expected


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [
        ("", "zh"),
        ("*", "zh"),
        ("fr", "zh"),
        ("en", "en"),
        ("en-US,en;q=0.9", "en"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en, zh", "zh"),
        ("en;q=0.5, *;q=0.8", "zh"),
        ("zh;q=0.5, *;q=0.8", "en"),
        ("EN;q=0.1", "en"),
        ("en;q=0", "zh"),
        ("en;q=2", "zh"),
    ],
)
def test_language(accept_language: str, expected: str) -> None:
    """English is chosen only where it is better liked than Chinese."""
    assert language(accept_language) == expected
