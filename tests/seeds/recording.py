"""What is recorded in a database, measured as `recorded.yaml` says."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from seeds.measures import Defined, Measure, Queried, Stated
from tenants.definition import Definition
from tests.conftest import Graph


async def measured(
    graph: Graph,
    connection: Any,
    definitions: Mapping[str, Definition],
    measures: Mapping[str, Measure],
) -> dict[str, Decimal]:
    """The value of each measure, in the unit of its figure; `definitions` by code of the city."""
    found: dict[str, Decimal] = {}
    for code, measure in measures.items():
        definition = definitions[measure.city]
        if isinstance(measure, Queried):
            asking = graph.as_("CITY_ADMIN", measure.city)
            found[code] = measure.value(await asking.data(measure.document()), definition)
        elif isinstance(measure, Stated):
            found[code] = Decimal(await connection.fetchval(*measure.statement()))
        else:
            assert isinstance(measure, Defined)
            found[code] = measure.counted(definition)
    return found
