"""The files of five tenants, every text of which is a canary: three cities of two provinces."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import yaml

from tenants.cooperation import CooperativeMeasure
from tenants.definition import Definition
from tests.isolation.canaries import LETTERS, Kind, word
from tests.tenants.folders import read

CODES = {"a": "990100", "b": "990200", "c": "980100", "d": "990000", "e": "980000"}
PROVINCES = {"a": "d", "b": "d", "c": "e"}
LETTER_OF = {int(code): letter for letter, code in CODES.items()}


def definitions() -> tuple[Definition, ...]:
    """All five, as they are read from their files."""
    files: dict[str, str | bytes] = {}
    for letter in LETTERS:
        folder = "cities" if letter in PROVINCES else "provinces"
        name = word(letter, Kind.DEFINITION, 0)
        files[f"{folder}/{name}.yaml"] = yaml.safe_dump(_file(letter), allow_unicode=True)
    return read(files)


def _file(letter: str) -> dict[str, Any]:
    words = (word(letter, Kind.DEFINITION, number) for number in count(1))
    body = _body(letter, words)
    if letter in PROVINCES:
        body["province"] = CODES[PROVINCES[letter]]
        body["categories"] = [_category(body, words, _domain(PROVINCES[letter]))]
        body["cooperatives"] = {
            # one of the cities records less
            "records": [str(m) for m in CooperativeMeasure if letter != "b" or m != "DEALS"],
            "source": next(words),
        }
        for list_, number in (("alliances", 901), ("ways", 902)):
            body[list_] = [_named(letter, number, words)]
        return body
    body["domains"] = [{"key": _domain(letter), "name": next(words), "source": next(words)}]
    body["rungs"] = [{"rung": "STREET", "name": next(words)}]
    body["phases"] = [{"phase": "REPORTED", "name": next(words)}]
    for list_, number in (("industries", 903), ("dimensions", 904)):
        body[list_] = [_named(letter, number, words)]
    return body


def _named(letter: str, number: int, words: Iterator[str]) -> dict[str, Any]:
    """A word of a vocabulary, whose key rows name."""
    key = word(letter, Kind.DEFINITION, number)
    return {"key": key, "name": next(words), "source": next(words)}


def _domain(letter: str) -> str:
    return word(letter, Kind.DEFINITION, 900)


def _body(letter: str, words: Iterator[str]) -> dict[str, Any]:
    top, middle, bottom, key, first, last, late = (next(words) for _ in range(7))
    posts = [
        {"key": next(words), "name": next(words), "role": role, "source": next(words)}
        for role in ("SECRETARY", "GRID_WORKER", "AGENT")
    ]
    rule = {"post": posts[0]["key"], "required": 3, "source": next(words)}
    return {
        "code": CODES[letter],
        "slug": next(words),
        "name": next(words),
        "levels": [
            {"key": top, "name": next(words), "rung": "CITY", "source": next(words)},
            {
                "key": middle,
                "name": next(words),
                "rung": "STREET",
                "under": [top],
                "staffing": [rule],
                "source": next(words),
                "assumed": ["name"],
            },
            {"key": bottom, "name": next(words), "under": [middle], "source": next(words)},
        ],
        "posts": posts,
        "workflows": [
            {
                "key": key,
                "name": next(words),
                "source": next(words),
                "states": [
                    {
                        "key": first,
                        "name": next(words),
                        "phase": "REPORTED",
                        "time_limit": {"amount": 3, "unit": "DAYS"},
                        "source": next(words),
                    },
                    {"key": last, "name": next(words), "phase": "CLOSED"},
                ],
                "actions": [
                    {
                        "key": next(words),
                        "name": next(words),
                        "from": [first],
                        "to": last,
                        "by": ["SECRETARY", "CITY_ADMIN"],
                        "needs": ["NOTE"],
                        "source": next(words),
                    },
                    {
                        "key": late,
                        "name": next(words),
                        "from": [first],
                        "to": first,
                        "by": ["SECRETARY"],
                        "needs": ["NOTE"],
                        "effect": "escalate",
                    },
                ],
                "rules": {"open_claims": 9, "overdue": late},
            }
        ],
    }


def _category(body: dict[str, Any], words: Iterator[str], domain: str) -> dict[str, Any]:
    service = {
        "code": next(words).upper(),
        "name": next(words),
        "workflow": body["workflows"][0]["key"],
        "time_limit": {"amount": 5, "unit": "WORKING_DAYS"},
        "handled_by": body["levels"][1]["key"],
        "department": next(words),
        "audience": ["PUBLIC", "RESIDENT", "CITY_ADMIN"],
        "domain": domain,
        "source": next(words),
        "priority_groups": [next(words)],
        "guide": {
            "unit": next(words),
            "manner": next(words),
            "path": next(words),
            "materials": [next(words)],
            "source": next(words),
        },
        "questions": [
            {
                "key": next(words),
                "label": next(words),
                "kind": "CHOICE",
                "choices": [next(words), next(words)],
            }
        ],
    }
    return {
        "key": next(words),
        "name": next(words),
        "source": next(words),
        "services": [service],
    }
