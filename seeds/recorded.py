"""Which reported figures the data at the published scale come to, and why the others do not.

`recorded.yaml` says of each figure what is measured: a query of GraphQL, where statistics have
the measure, else a statement of SQL, or what the city's own definition says.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BeforeValidator

from seeds.cooperatives import Closed
from seeds.measures import Measure, measure

FILE = Path(__file__).parent / "data" / "recorded.yaml"


class Unmeasured(Closed):
    """Figures that nothing recorded is, and why."""

    reason: str
    figures: tuple[str, ...]


class Recorded(Closed):
    """The whole file."""

    measured: Mapping[str, Annotated[Measure, BeforeValidator(measure)]]
    unmeasured: tuple[Unmeasured, ...]

    @property
    def reasons(self) -> Mapping[str, str]:
        """The reason of each figure that is not measured."""
        return {code: group.reason for group in self.unmeasured for code in group.figures}


@cache
def load_recorded() -> Recorded:
    """The file.

    Errors: `OSError`, `yaml.YAMLError`, `pydantic.ValidationError` where the file is not as it was
    shipped.
    """
    content = yaml.load(FILE.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return Recorded.model_validate(content)
