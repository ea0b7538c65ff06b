"""What is measured of the recorded data: queries, statements, and what definitions say."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from seeds.cooperatives import Closed
from seeds.figures import Figure
from tenants.definition import Definition


class Measure(Closed):
    """What is measured in a city; a class for each `of`."""

    city: str

    @property
    def is_scaled(self) -> bool:
        """Whether `--scale` multiplies it."""
        return False

    @property
    def how(self) -> str:
        """The query, statement or rule, in one line."""
        raise NotImplementedError


class Queried(Measure):
    """What a query of GraphQL tells."""

    within: str | None = None

    @property
    def how(self) -> str:
        """The document."""
        return self.document()

    def document(self) -> str:
        """The document that asks for it."""
        inner = self._asked()
        if self.within is not None:
            inner = f'organization(code: "{self.within}") {{ {inner} }}'
        return f'{{ city(code: "{self.city}") {{ {inner} }} }}'

    def value(self, data: Any, definition: Definition) -> Decimal:
        """The measure in an answer, in the unit of the figure."""
        city = data["city"]
        return self._read(city if self.within is None else city["organization"], definition)

    def _asked(self) -> str:
        raise NotImplementedError

    def _read(self, root: Any, definition: Definition) -> Decimal:
        raise NotImplementedError


class Stated(Measure):
    """What a statement of SQL tells: one row with one number."""

    @property
    def how(self) -> str:
        """The statement with what it is asked about."""
        text, *given = self.statement()
        text = str(text)
        for number, value in enumerate(given, start=1):
            text = text.replace(f"${number}", repr(value))
        return text

    def statement(self) -> tuple[Any, ...]:
        """The statement and its arguments."""
        raise NotImplementedError

    @property
    def tenant_id(self) -> int:
        """The city's."""
        return int(self.city)


class Issues(Queried):
    """Issues, of a calendar year or of all time; of some services or of a workflow's, or all."""

    of: Literal["issues"]
    measure: str
    year: int | None = None
    services: tuple[str, ...] = ()
    workflow: str | None = None

    @property
    def is_scaled(self) -> bool:
        """Numbers are, rates are not."""
        return self.measure in ("reported", "resolved", "closed", "open")

    def _asked(self) -> str:
        where = []
        if self.year is not None:
            where.append(f'reportedFrom: "{self.year}-01-01T00:00:00+08:00"')
            where.append(f'reportedTo: "{self.year + 1}-01-01T00:00:00+08:00"')
        if len(self.services) == 1:
            where.append(f'service: "{self.services[0]}"')
        given = f", where: {{ {', '.join(where)} }}" if where else ""
        if self._is_total:
            return f"issueStatistics(by: []{given}) {{ total {{ {self.measure} }} }}"
        rows = f"rows {{ service {{ code }} measures {{ {self.measure} }} }}"
        return f"issueStatistics(by: [SERVICE]{given}) {{ {rows} }}"

    @property
    def _is_total(self) -> bool:
        return self.workflow is None and len(self.services) < 2

    def _read(self, root: Any, definition: Definition) -> Decimal:
        found = root["issueStatistics"]
        if self._is_total:
            return _in_unit(found["total"][self.measure], self.measure)
        own = [
            row["measures"][self.measure]
            for row in found["rows"]
            if self._counts(row["service"]["code"], definition)
        ]
        return _in_unit(sum(own), self.measure)

    def _counts(self, code: str, definition: Definition) -> bool:
        if self.services:
            return code in self.services
        service = definition.service(code)
        return service is not None and service[1].workflow == self.workflow


class Organizations(Queried):
    """Organizations of some levels, today or on a day."""

    of: Literal["organizations"]
    levels: tuple[str, ...]
    day: datetime.date | None = None

    def _asked(self) -> str:
        at = "" if self.day is None else f', asOf: "{self.day}"'
        if self.within is not None:
            at += f', under: "{self.within}"'
        return " ".join(
            f'{level}: organizations(level: "{level}"{at}) {{ totalCount }}'
            for level in self.levels
        )

    def document(self) -> str:
        """The document that asks for it; what is below an organization is asked of the city."""
        return f'{{ city(code: "{self.city}") {{ {self._asked()} }} }}'

    def value(self, data: Any, definition: Definition) -> Decimal:
        """All levels together."""
        return Decimal(sum(found["totalCount"] for found in data["city"].values()))


class Posts(Queried):
    """Posts of a kind that are held; `each`: of one organization of this level, all having as
    many."""

    of: Literal["posts"]
    post: str
    each: str | None = None

    def _asked(self) -> str:
        level = (
            "" if self.each is None else f' organizations(level: "{self.each}") {{ totalCount }}'
        )
        rows = "rows { post { key } measures { held } }"
        return f"organizationStatistics(by: [POST]) {{ {rows} }}{level}"

    def _read(self, root: Any, definition: Definition) -> Decimal:
        rows = root["organizationStatistics"]["rows"]
        held = sum(
            row["measures"]["held"]
            for row in rows
            if row["post"] and row["post"]["key"] == self.post
        )
        return Decimal(held) / (1 if self.each is None else root["organizations"]["totalCount"])


class Cooperatives(Queried):
    """Cooperatives and their market; results of a year, or of the last one."""

    of: Literal["cooperatives"]
    measure: str
    year: int | None = None

    @property
    def is_scaled(self) -> bool:
        """All but villages, of which there are only so many."""
        return self.measure != "weakVillagesCleared"

    def _asked(self) -> str:
        year = "" if self.year is None else f", year: {self.year}"
        return f"cooperativeStatistics(by: []{year}) {{ total {{ {self.measure} }} }}"

    def _read(self, root: Any, definition: Definition) -> Decimal:
        return Decimal(str(root["cooperativeStatistics"]["total"][self.measure]))


class Agreements(Queried):
    """Pairings or alliances."""

    of: Literal["agreements"]
    kind: Literal["PAIRING", "ALLIANCE"]
    measure: str

    @property
    def is_scaled(self) -> bool:
        """All of it."""
        return True

    def _asked(self) -> str:
        where = f"where: {{ kind: {self.kind} }}"
        return f"agreementStatistics(by: [], {where}) {{ total {{ {self.measure} }} }}"

    def _read(self, root: Any, definition: Definition) -> Decimal:
        return Decimal(str(root["agreementStatistics"]["total"][self.measure]))


class Rows(Stated):
    """Rows of a table."""

    of: Literal["rows"]
    table: Literal["matching_event"]

    @property
    def is_scaled(self) -> bool:
        """All of it."""
        return True

    def statement(self) -> tuple[Any, ...]:
        """How many there are."""
        return f"SELECT count(*) FROM {self.table} WHERE tenant_id = $1", self.tenant_id


class Result(Stated):
    """What a document states of a year of one cooperative."""

    of: Literal["result"]
    cooperative: str
    year: int
    measure: Literal["households", "mean_household_gain", "online_sales", "collective_income"]

    def statement(self) -> tuple[Any, ...]:
        """The result as it is kept."""
        text = (
            f"SELECT r.{self.measure} FROM annual_result r JOIN cooperative c"
            " ON c.tenant_id = r.tenant_id AND c.id = r.cooperative_id"
            " WHERE c.tenant_id = $1 AND c.code = $2 AND r.year = $3 AND r.superseded_at IS NULL"
        )
        return text, self.tenant_id, self.cooperative, self.year


class AgreementText(Stated):
    """What an agreement that documents state says."""

    of: Literal["agreement"]
    title: str
    what: Literal["dimensions", "quantity"]
    commitment: str = ""

    def statement(self) -> tuple[Any, ...]:
        """A number in the content of its only version."""
        of = (
            "FROM agreement a JOIN agreement_version v"
            " ON v.tenant_id = a.tenant_id AND v.agreement_id = a.id"
        )
        where = "WHERE a.tenant_id = $1 AND a.title = $2 AND a.data_kind = 'REPORTED'"
        if self.what == "dimensions":
            text = f"SELECT jsonb_array_length(v.content -> 'dimensions') {of} {where}"
            return text, self.tenant_id, self.title
        one = "CROSS JOIN jsonb_array_elements(v.content -> 'commitments') c"
        text = f"SELECT (c ->> 'quantity')::numeric {of} {one} {where} AND c ->> 'key' = $3"
        return text, self.tenant_id, self.title, self.commitment


class Founded(Stated):
    """The year in which an organization was founded."""

    of: Literal["founded"]
    organization: str

    def statement(self) -> tuple[Any, ...]:
        """The year of its first day."""
        text = (
            "SELECT extract(year FROM valid_from) FROM organization"
            " WHERE tenant_id = $1 AND code = $2"
        )
        return text, self.tenant_id, self.organization


class Defined(Measure):
    """What the city's own file declares."""

    of: Literal["definition"]
    what: Literal["depth", "categories", "services", "ways", "steps"]
    workflow: str = ""

    @property
    def how(self) -> str:
        """What is counted in the file."""
        about = f" of workflow {self.workflow!r} that a document names" if self.workflow else ""
        return f"tenant file of {self.city}: {self.what}{about}"

    def counted(self, definition: Definition) -> Decimal:
        """The number."""
        match self.what:
            case "depth":
                return Decimal(definition.hierarchy.depth)
            case "categories":
                return Decimal(len(definition.tenant.categories))
            case "services":
                return Decimal(len(definition.services))
            case "ways":
                return Decimal(len(definition.cooperation.ways))
            case "steps":
                workflow = definition.workflows[self.workflow]
                return Decimal(sum(action.source is not None for action in workflow.actions))


def rounded(value: Decimal, figure: Figure) -> Decimal:
    """A measure with as many decimals as its figure has."""
    return value.quantize(Decimal(1).scaleb(min(0, int(figure.value.as_tuple().exponent))))


_RATES = ("closureRate", "replyRate", "resolutionRate", "satisfactionRate", "onTimeRate")


def _in_unit(value: Any, measure: str) -> Decimal:
    """Rates in percent, hours in days."""
    if measure in _RATES:
        return Decimal(str(value)) * 100
    return Decimal(str(value)) / 24 if measure == "meanHandlingHours" else Decimal(str(value))


_CLASSES: Sequence[type[Measure]] = (
    Issues,
    Organizations,
    Posts,
    Cooperatives,
    Agreements,
    Rows,
    Result,
    AgreementText,
    Founded,
    Defined,
)
_BY_NAME = {cls.model_fields["of"].annotation.__args__[0]: cls for cls in _CLASSES}  # type: ignore[union-attr]


def measure(given: Any) -> Measure:
    """The measure that an entry of the file describes.

    Errors: `KeyError` for an unknown `of`, `pydantic.ValidationError`.
    """
    return _BY_NAME[given["of"]].model_validate(given)
