"""Shares: how many sample issues there are, and how many of them each city gets.

Apart from what makes them, which needs the dictionary of pinyin: a server that goes on running
should not load that.
"""

COUNT = 3000
"""How many there are in a demo, over all cities."""


def shares(count: int, cities: int) -> list[int]:
    """How many of `count` each city gets."""
    return [count // cities + (at < count % cities) for at in range(cities)]
