"""What sample issues are called and what is written about them: our own words, for each service."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from schema.issues.placing import Place
from seeds.chance import Chance
from tenants.catalogue import Category, Service

FILE = Path(__file__).parent / "data" / "issue_titles.yaml"

SLOT = re.compile(r"\{(\w+)\}")
_SLOTS = {"b": 28, "u": 4, "f": 6, "n": 9, "d": 15}
"""Numbers that a template may have: building, unit, floor, a small number, days; each from 1."""


@dataclass(frozen=True)
class Titles:
    """Templates: of services by name, of categories by key, of domains by key; texts by effect."""

    services: Mapping[str, Sequence[str]]
    categories: Mapping[str, Sequence[str]]
    domains: Mapping[str, Sequence[str]]
    words: Mapping[str, Sequence[str]]
    descriptions: Mapping[str, Sequence[str]]
    notes: Mapping[str, Sequence[str]]
    comments: Mapping[str, Sequence[str]]
    answers: Sequence[str]

    def of(self, category: Category, service: Service) -> Sequence[str]:
        """The templates of a service: its own, else its category's, else its domain's; or none."""
        return (
            self.services.get(service.name)
            or self.categories.get(category.key)
            or self.domains.get(service.domain or "")
            or ()
        )

    def title(self, category: Category, service: Service, place: Place, chance: Chance) -> str:
        """A title; that of a service without templates is its name."""
        found = self.of(category, service)
        return self.filled(chance.pick(found), place, chance) if found else service.name

    def description(self, service: Service, place: Place, chance: Chance) -> str:
        """A sentence or two, by the domain of the service."""
        found = self.descriptions.get(service.domain or "") or self.descriptions["other"]
        return self.filled(chance.pick(found), place, chance)

    def filled(self, template: str, place: Place, chance: Chance) -> str:
        """A template with everything in braces filled in."""

        def fill(match: "re.Match[str]") -> str:
            slot = match[1]
            if slot == "place":
                return place.name
            if slot in _SLOTS:
                return str(1 + chance.number(_SLOTS[slot]))
            return chance.pick(self.words[slot])

        return SLOT.sub(fill, template)


@cache
def load_titles() -> Titles:
    """The templates of the file.

    Errors: `OSError`, `yaml.YAMLError`, `TypeError` where the file is not as it was shipped.
    """
    content: dict[str, Any] = yaml.load(FILE.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return Titles(**content)
