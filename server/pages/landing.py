"""The landing page: which provinces and cities there are, and where to go."""

import json
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.pages.examples import Example
from tenants.registry import Registry

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)


def landing_page(
    registry: Registry | None, reason: str | None, examples: tuple[Example, ...]
) -> str:
    """HTML; `reason` says why the server is not ready, if it is not."""
    named = {
        example.query.split("query ")[1].split("(")[0].split(" ")[0]: example
        for example in examples
    }
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
    )


def _link(example: Example, **variables: str) -> str:
    """Where GraphiQL opens the example with these variables."""
    given = json.dumps(variables, ensure_ascii=False)
    return f"/graphiql?query={quote(example.query)}&variables={quote(given)}"
