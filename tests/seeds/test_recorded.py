"""Reported figures and what is recorded of them at the published scale."""

import asyncpg
import pytest

from schema.keyring import Keyring
from seeds.data_page import PAGE, page
from seeds.figures import load_figures
from seeds.load_published import Scale, load_published
from seeds.measures import rounded
from seeds.recorded import load_recorded
from tenants.definition import Definition
from tests.conftest import NOW, NewDatabase, load_all, opened
from tests.rollups import differences
from tests.seeds.recording import measured

FIGURES = {figure.code: figure for figure in load_figures()}


def test_every_figure_is_measured_or_has_a_reason() -> None:
    """Each of the 310 is in the file exactly once."""
    recorded = load_recorded()
    codes = [*recorded.measured, *(c for group in recorded.unmeasured for c in group.figures)]
    assert (sorted(codes), len(codes)) == (sorted(FIGURES), len(FIGURES))


def test_the_page_is_made_from_the_file() -> None:
    """docs/data.md lists what is matched, and what is not with the reason."""
    assert PAGE.read_text("utf-8") == page()


def test_every_measure_says_how() -> None:
    """Each is a query, a statement or a rule in one line that a table can hold."""
    for measure in load_recorded().measured.values():
        assert "\n" not in measure.how
        assert measure.how


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_recorded_measures_are_the_reported_figures(
    new_database: NewDatabase, shipped: tuple[Definition, ...], keys: Keyring
) -> None:
    """At the published scale every measure is its figure, and what is counted is right."""
    url = await new_database()
    await load_all(url, shipped)
    connection = await asyncpg.connect(url)
    try:
        async for _ in load_published(connection, shipped, NOW, keys, Scale()):
            pass
        async with opened(url, statement_timeout=60) as graph:
            by_code = {item.tenant.code: item for item in shipped}
            measures = load_recorded().measured
            found = await measured(graph, connection, by_code, measures)
        said = {code: str(rounded(value, FIGURES[code])) for code, value in found.items()}
        assert said == {code: str(FIGURES[code].value) for code in measures}
    finally:
        await connection.close()
    assert await differences(url) == []
