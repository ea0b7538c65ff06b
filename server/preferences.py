"""Preferences: what a client's Accept and Accept-Language headers choose."""

import re
from collections.abc import Iterator
from functools import lru_cache

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"

_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


@lru_cache(256)
def media_type(accept: str) -> str | None:
    """The media type to answer with: GRAPHQL_RESPONSE, JSON or, where neither will do, None.

    The higher quality wins, then the type that is named over one that a wildcard covers, then
    GRAPHQL_RESPONSE among named types and JSON among covered ones. An empty header accepts all.
    """
    ranges = list(_ranges(accept))
    if not accept.strip():
        return JSON
    ranks = {offer: _rank(offer, ranges) for offer in (JSON, GRAPHQL_RESPONSE)}
    best = max(ranks, key=lambda offer: ranks[offer])
    return best if ranks[best][0] > 0 else None


@lru_cache(256)
def accepts_stream(accept: str) -> bool:
    """Whether a client names server-sent events among what it takes; a wildcard is not enough."""
    return any(name == EVENT_STREAM and quality > 0 for name, _, quality in _ranges(accept))


@lru_cache(256)
def language(accept_language: str) -> str:
    """The language to answer in: "en" where it has a higher quality than Chinese, else "zh"."""
    qualities: dict[str, float] = {}
    for tag, _, quality in _ranges(accept_language):
        primary = tag.split("-")[0]
        qualities[primary] = max(quality, qualities.get(primary, 0.0))
    other = qualities.get("*", 0.0)
    return "en" if qualities.get("en", other) > qualities.get("zh", other) else "zh"


def _rank(offer: str, ranges: list[tuple[str, str, float]]) -> tuple[float, bool, bool]:
    """How well `ranges` like `offer`: quality, whether it is named, the tie-break above."""
    for pattern in (offer, "application/*", "*/*"):
        found = [q for name, charset, q in ranges if name == pattern and charset in ("", "utf-8")]
        if found:
            named = pattern == offer
            return max(found), named, named and offer == GRAPHQL_RESPONSE
    return 0.0, False, False


def _ranges(header: str) -> Iterator[tuple[str, str, float]]:
    """Each range of a header as (name, charset, quality); one with a malformed q is left out."""
    for part in header.lower().split(","):
        name, *rest = (piece.strip() for piece in part.split(";"))
        parameters = dict(_parameter(piece) for piece in rest)
        quality = parameters.get("q", "1")
        if name and _QUALITY.fullmatch(quality):
            yield name, parameters.get("charset", ""), float(quality)


def _parameter(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    return name.strip(), value.strip().strip('"')
