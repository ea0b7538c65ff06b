"""The landing page: which provinces and cities there are, and where to go."""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.pages.examples import Example
from server.pages.explorer import PERSONAS
from server.pages.rights import rights
from server.personas import HOURS, NOBODY, TITLES, Persona
from tenants.registry import Registry
from tenants.roles import Role

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)


def landing_page(
    registry: Registry | None,
    reason: str | None,
    examples: tuple[Example, ...],
    personas: Sequence[Persona] | None = None,
) -> str:
    """HTML; `reason` says why the server is not ready, if it is not.

    `personas` are those of demo mode, a tenant's next to each other; None without demo mode. Their
    tokens are not in the page.
    """
    named = {example.operation: example for example in examples}
    provinces = []
    if registry is not None:
        provinces = [(item, registry.cities_of(item)) for item in registry.provinces]
    return _TEMPLATES.get_template("landing.html").render(
        provinces=provinces,
        reason=reason,
        link=_link,
        overview=named["ProvinceOverview"],
        levels=named["Levels"],
        catalogue=named["CatalogueForResidents"],
        page=named["CityPage"],
        personas=_by_place(personas or ()),
        rights=[
            ("、".join(map(_title, right.roles)), right.reads, right.changes)
            for right in rights([Role.PUBLIC, *TITLES])
        ],
        personas_address=PERSONAS,
        hours=HOURS,
    )


def _link(example: Example, **variables: str) -> str:
    """Where GraphiQL opens the example with these variables."""
    given = json.dumps(variables, ensure_ascii=False)
    return f"/graphiql?query={quote(example.query)}&variables={quote(given)}"


def _by_place(personas: Sequence[Persona]) -> list[tuple[str, list[tuple[Persona, str]]]]:
    """The name of each tenant, and its personas with their titles there."""
    return [
        (place, [(persona, _title(persona["role"])) for persona in found])
        for place, found in groupby(personas, _place)
    ]


def _place(persona: Persona) -> str:
    return persona["tenant"]["name"] if persona["tenant"] else "各地"


def _title(role: Role) -> str:
    return TITLES[role].zh if role in TITLES else NOBODY["nameZh"]
