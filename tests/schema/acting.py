"""Acting as front ends do: a mutation by name, and organizations of a shipped city by level."""

from dataclasses import dataclass
from typing import Any

from tests.conftest import Graph

ORGANIZATIONS = """query ($city: ID!, $level: String, $under: ID, $search: String) {
  city(code: $city) {
    organizations(level: $level, under: $under, search: $search, first: 12) {
      nodes { code name ancestors { code } }
    }
  }
}"""


@dataclass(frozen=True)
class Somebody:
    """Who acts, in which city."""

    graph: Graph
    city: str

    async def tries(self, mutation: str, selection: str, **given: Any) -> Any:
        """The payload of a mutation, whatever it says."""
        type_ = f"{mutation[0].upper()}{mutation[1:]}Input"
        text = (
            f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ {selection} "
            "refusals { code message path } } }"
        )
        return (await self.graph.data(text, input=given))[mutation]

    async def does(self, mutation: str, selection: str, **given: Any) -> Any:
        """The payload of a mutation that must be carried out."""
        payload = await self.tries(mutation, selection, **given)
        assert payload["refusals"] == [], payload
        return payload

    async def is_refused(self, mutation: str, selection: str, **given: Any) -> list[str]:
        """The codes of the reasons why a mutation is not carried out."""
        payload = await self.tries(mutation, selection, **given)
        assert all(payload[name] is None for name in payload if name != "refusals"), payload
        return [reason["code"] for reason in payload["refusals"]]

    async def sees(self, query: str, **given: Any) -> Any:
        """What `city` gives in a query that begins at it; `$city` is declared already."""
        declared = "".join(f", ${name}: {kind}" for name, (kind, _) in given.items())
        text = f"query ($city: ID!{declared}) {{ city(code: $city) {{ {query} }} }}"
        values = {name: value for name, (_, value) in given.items()}
        return (await self.graph.data(text, city=self.city, **values))["city"]


@dataclass(frozen=True)
class Cast:
    """The people of one application."""

    graph: Graph

    def secretary(self, city: str, organization: str) -> Somebody:
        """The secretary of an organization."""
        who = self.graph.as_("SECRETARY", city, organization, subject=f"secretary {organization}")
        return Somebody(who, city)

    def admin(self, city: str) -> Somebody:
        """The administrator of a city."""
        return Somebody(self.graph.as_("CITY_ADMIN", city, subject=f"admin {city}"), city)

    def visitor(self, city: str) -> Somebody:
        """Somebody without a token."""
        return Somebody(self.graph, city)

    async def places(
        self, city: str, level: str, under: str | None = None, search: str | None = None
    ) -> list[dict[str, Any]]:
        """The first organizations of a level."""
        data = await self.graph.data(
            ORGANIZATIONS, city=city, level=level, under=under, search=search
        )
        found: list[dict[str, Any]] = data["city"]["organizations"]["nodes"]
        return found
