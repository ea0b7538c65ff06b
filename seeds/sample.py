"""What sample cooperatives, enterprises and agreements are made of: our own words.

Apart from what makes them, as with `seeds/shares.py`: a server that goes on running asks only
which cities have them.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml

from schema.tables.agreement import Every
from seeds.cooperatives import Closed
from tenants.hierarchy import Rung

FILE = Path(__file__).parent / "data" / "sample_cooperation.yaml"


class Product(Closed):
    """A product: its unit, and from what to what a price in 元 and a quantity may be."""

    name: str
    unit: str
    price: tuple[int, int]
    quantity: tuple[int, int]


class Trade(Closed):
    """What cooperatives of an industry are called and sell."""

    word: str
    products: tuple[Product, ...]


class Business(Closed):
    """What an enterprise is called; `industry` is a key of the province's words, or None."""

    word: str
    industry: str | None


class Promise(Closed):
    """A commitment: `owner` is the number of a party; an early one is due before the term ends."""

    dimension: str
    owner: int | None = None
    text: str
    quantity: str
    unit: str
    every: Every
    early: bool = False


class Pairing(Closed):
    """A pairing agreement of organizations of these rungs."""

    title: str
    between: tuple[Rung, ...]
    dimensions: tuple[str, ...]
    commitments: tuple[Promise, ...]


class Stage(StrEnum):
    """How far a sample agreement has come; REVISED: a new version of it waits for signatures."""

    DRAFT = "DRAFT"
    PROPOSED = "PROPOSED"
    DECLINED = "DECLINED"
    SIGNED = "SIGNED"
    ACTIVE = "ACTIVE"
    REVISED = "REVISED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


class SharedPairing(Closed):
    """One of several cities, by their codes, and how far it has come."""

    cities: tuple[int, ...]
    state: Stage


class Duty(Closed):
    """A place in a working group: a duty, and the title of a post."""

    duty: str
    title: str


class Alliances(Closed):
    """What alliances are like; `leads` says of each kind on which rung the first member is."""

    title: str
    leads: Mapping[str, Rung]
    dimensions: tuple[str, ...]
    commitments: tuple[Promise, ...]
    working_group: tuple[Duty, ...]
    meeting: str
    activities: tuple[str, ...]


class Sample(Closed):
    """The whole file; `{n}` in its words is a number."""

    cities: tuple[int, ...]
    invented: tuple[str, ...]
    industries: Mapping[str, Trade]
    channels: tuple[str, ...]
    enterprises: tuple[Business, ...]
    addresses: tuple[str, ...]
    matching: tuple[str, ...]
    assets: tuple[str, ...]
    deliveries: tuple[str, ...]
    failures: tuple[str, ...]
    corrections: tuple[str, ...]
    endings: tuple[str, ...]
    declines: tuple[str, ...]
    disputes: tuple[str, ...]
    evidence: str
    pairings: tuple[Pairing, ...]
    states: tuple[Stage, ...]
    shared: tuple[SharedPairing, ...]
    alliances: Alliances


@cache
def load_sample() -> Sample:
    """The words of the file.

    Errors: `OSError`, `yaml.YAMLError`, `pydantic.ValidationError` where the file is not as it was
    shipped.
    """
    content = yaml.load(FILE.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return Sample.model_validate(content)
