"""Stories: issues as the documents tell of them, by the operations that front ends send."""

from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Graph

REPORT = """mutation Report($input: ReportIssueInput!) {
  reportIssue(input: $input) {
    issue { id number deadline { at } } secret refusals { code message path }
  }
}"""
ADVANCE = """mutation Advance($input: AdvanceIssueInput!) {
  advanceIssue(input: $input) {
    issue { id phase state { name } availableActions { key name } } refusals { code message path }
  }
}"""
PAGE = """query IssuePage($city: ID!, $number: ID!, $secret: String) {
  city(code: $city) {
    issue(number: $number, secret: $secret) {
      id state { name } phase organization { code level { key } } service { name }
      lead { name organization { code } } coHandlers { name answeredAt }
      availableActions { key name }
      timeline(first: 50) { nodes { ... on IssueEvent { kind action { name } } } }
      rating { solved satisfied }
    }
  }
}"""
ORGANIZATIONS = """query ($city: ID!, $level: String, $under: ID) {
  city(code: $city) {
    organizations(level: $level, under: $under, first: 3) { nodes { code ancestors { code } } }
  }
}"""
NOTE = "已了解情况,正在办理"
GOOD = {"solved": "YES", "satisfied": 5}


@dataclass
class Story:
    """One issue of a city, told step by step."""

    graph: Graph
    city: str
    number: str = ""
    id: str = ""
    secret: str | None = None
    reporter: Graph | None = None
    steps: list[str] = field(default_factory=list)

    async def place(self, level: str, under: str | None = None) -> tuple[str, list[str]]:
        """The first organization of a level: its code, and those above it from the top."""
        data = await self.graph.data(ORGANIZATIONS, city=self.city, level=level, under=under)
        node = data["city"]["organizations"]["nodes"][0]
        return node["code"], [above["code"] for above in node["ancestors"]]

    def who(self, role: str, organization: str | None = None, subject: str = "") -> Graph:
        """Somebody of the city."""
        name = subject or f"{role} {organization}"
        return self.graph.as_(role, self.city, organization, subject=name)

    async def report(self, who: Graph, **given: Any) -> None:
        """Report the issue; it must be accepted."""
        data = await who.data(REPORT, input={"city": self.city, **given})
        payload = data["reportIssue"]
        assert payload["refusals"] == [], payload
        self.number, self.id = payload["issue"]["number"], payload["issue"]["id"]
        self.secret, self.reporter = payload["secret"], who

    async def step(self, who: Graph, action: str, **given: Any) -> str:
        """Do an action that is offered; the name of the state that it leads to."""
        offered = {item["key"]: item["name"] for item in (await self.page(who))["availableActions"]}
        assert action in offered, (self.steps, action, offered)
        payload = await self.tried(who, action, **{"note": NOTE, **given})
        assert payload["refusals"] == [], payload
        self.steps.append(offered[action])
        return str(payload["issue"]["state"]["name"])

    async def tried(self, who: Graph, action: str, **given: Any) -> Any:
        """The payload of an action, offered or not."""
        secret = {"secret": self.secret} if self.secret and who is self.reporter else {}
        input_ = {"issue": self.id, "action": action, **secret, **given}
        return (await who.data(ADVANCE, input=input_))["advanceIssue"]

    async def page(self, who: Graph) -> Any:
        """The issue as somebody sees it."""
        secret = self.secret if who is self.reporter else None
        variables = {"city": self.city, "number": self.number, "secret": secret}
        return (await who.data(PAGE, **variables))["city"]["issue"]
