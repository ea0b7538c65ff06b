"""seeds/data/SOURCES.md: what it says of the files is so."""

import re

from seeds.divisions import load_divisions
from seeds.figures import load_figures
from tenants.definition import Definition
from tests.docs.documents import document, section, table

NAME = "seeds/data/SOURCES.md"


def test_documents(shipped: tuple[Definition, ...]) -> None:
    """The documents listed are those that figures and shipped tenants name as their source."""
    named = {figure.source for figure in load_figures()}
    named |= {value.source for item in shipped for value in item.values if value.source}
    assert {row[0] for row in table(NAME, "figures.csv")} == named


def test_counts() -> None:
    """The files have as many rows as the document says."""
    said = [
        int(found.replace(",", ""))
        for found in re.findall(r"([\d,]+) (?:rows|figures that)", document(NAME))
    ]
    assert said == [len(load_divisions()), len(load_figures())]


def test_licences_are_named() -> None:
    """Both licences of the divisions are named beside their publisher and package."""
    text = section(NAME, "divisions.csv.gz")
    words = ("National Bureau of Statistics", "china-division", "2.7.0", "MIT", "WTFPL")
    assert [word for word in words if word not in text] == []
