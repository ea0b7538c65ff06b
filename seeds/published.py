"""The plan of the published scale: what is generated so that it comes to the documents' numbers.

Numbers are resolved here: `F087` of the file is the value of that figure.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BeforeValidator, Field

from seeds.cooperatives import Closed
from seeds.figures import load_figures
from seeds.quotas import Outcome
from tenants.definition import Definition
from tenants.hierarchy import Rung

FILE = Path(__file__).parent / "data" / "published.yaml"
WINDOW = 365
"""Days before the day of reference in which what has no year is reported."""


@cache
def _values() -> Mapping[str, Decimal]:
    return {figure.code: figure.value for figure in load_figures()}


def _resolved(given: object) -> object:
    """A figure's value for its code.

    Errors: `ValueError` for a code that there is not.
    """
    if isinstance(given, str) and given.startswith("F"):
        if given not in _values():
            raise ValueError(f"there is no figure {given!r} in figures.csv")
        return _values()[given]
    return given


def _percentage(given: object) -> object:
    value = _resolved(given)
    return Fraction(str(value)) / 100 if isinstance(value, (Decimal, int, float)) else value


Count = Annotated[int, BeforeValidator(_resolved)]
Money = Annotated[Decimal, BeforeValidator(_resolved)]
Share = Annotated[Fraction, BeforeValidator(_percentage)]


class PlannedSeats(Closed):
    """Holders of a post: so many in each organization of these levels, or over all of them."""

    post: str
    at: tuple[str, ...]
    each: Count | None = None
    count: Count | None = None


class PlannedIssues(Closed):
    """A set of issues: of these services or a workflow's (else of all), below one organization.

    Reported in a calendar year, else in the last `WINDOW` days. For the outcome see
    `seeds/quotas.py`.
    """

    key: str
    services: tuple[str, ...] = ()
    workflow: str | None = None
    within: str | None = None
    year: int | None = None
    reported: Count | None = None
    answered: Count | None = None
    closed: Share | None = None
    replied: Share | None = None
    satisfied: Share | None = None
    solved: Share | None = None
    open: Share = Fraction(0)
    days: Count | None = None

    def chosen(self, definition: Definition) -> frozenset[str] | None:
        """The codes of the services, None = all.

        Errors: `ValueError` where the city has none of them.
        """
        if not self.services and self.workflow is None:
            return None
        found = frozenset(
            code
            for code, (_, service) in definition.services.items()
            if code in self.services or (not self.services and service.workflow == self.workflow)
        )
        if not found:
            raise ValueError(f"{definition.tenant.name} has no service for issues {self.key!r}")
        return found

    def outcome(self, scale: Fraction) -> Outcome:
        """What so many times the set has to come to."""
        names = ("reported", "answered", "closed", "replied", "satisfied", "solved", "open", "days")
        return Outcome(**{name: getattr(self, name) for name in names}).times(scale)


class PlannedCooperatives(Closed):
    """A city's cooperatives; `count` has those that documents name among them.

    `member_households` is how many households are members of all of them together, `households`
    how many of each at most where nothing is stated. Results are those of the years from `since`
    on; `people` and `online_sales` those of the last one. Amounts in 元.
    """

    count: Count
    since: int = 2023
    member_households: Count | None = None
    households: int | None = None
    people: Count | None = None
    online_sales: Money | None = None
    enterprises: Count = 0
    matching_events: Count = 0
    deals: Count = 0
    deal_collective_income: Money = Decimal(0)
    deal_household_income: Money = Decimal(0)
    weak_villages_cleared: Count = 0
    support_funds: Money = Decimal(0)
    asset_trades: Count = 0
    asset_amount: Money = Decimal(0)
    asset_premium: Money = Decimal(0)

    def times(self, scale: Fraction) -> "PlannedCooperatives":
        """So many times of everything; villages that were weak stay as many as there are."""
        keep = {"since", "households", "weak_villages_cleared"}
        changed = {
            name: type(value)(round(Fraction(value) * scale))
            for name, value in self
            if name not in keep and value is not None
        }
        return self.model_copy(update=changed)


class PlannedAgreements(Closed):
    """A city's agreements: pairings `between` two rungs, or alliances of these kinds in turn.

    `activities` are what their members did together, `solved` the problems that these settled,
    `funds` (元) what was brought in.
    """

    key: str
    count: Count
    within: str | None = None
    between: tuple[Rung, ...] = ()
    alliances: tuple[str, ...] = ()
    activities: Count = 0
    solved: Count = 0
    funds: Money = Decimal(0)

    def times(self, scale: Fraction) -> "PlannedAgreements":
        """So many times of everything."""
        names = ("count", "activities", "solved", "funds")
        changed = {name: round(Fraction(getattr(self, name)) * scale) for name in names}
        return self.model_copy(update=changed | {"funds": Decimal(changed["funds"])})


class PlannedCity(Closed):
    """What is generated in one city."""

    tenant: str
    staff: tuple[PlannedSeats, ...] = ()
    issues: tuple[PlannedIssues, ...] = ()
    cooperatives: PlannedCooperatives | None = None
    agreements: tuple[PlannedAgreements, ...] = Field(default=())

    @property
    def tenant_id(self) -> int:
        """The city's."""
        return int(self.tenant)


@cache
def load_plan(file: Path = FILE) -> Mapping[int, PlannedCity]:
    """The plan of each city, by its code.

    Errors: `OSError`, `yaml.YAMLError`, `pydantic.ValidationError` where the file is not as it was
    shipped.
    """
    content = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
    cities = [PlannedCity.model_validate(item) for item in content]
    return {city.tenant_id: city for city in cities}
