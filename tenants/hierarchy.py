"""A city's hierarchy: its levels, what may stand under what, and how deep that goes."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from pydantic import Field

from tenants.provenance import Stated

MAX_DEPTH = 12


class Rung(StrEnum):
    """The provincial, comparable kind of a level, from the top."""

    PROVINCE = "PROVINCE"
    CITY = "CITY"
    COUNTY = "COUNTY"
    STREET = "STREET"
    TOWNSHIP = "TOWNSHIP"
    COMMUNITY = "COMMUNITY"
    VILLAGE = "VILLAGE"
    GRID = "GRID"
    BUILDING = "BUILDING"
    STATION = "STATION"
    PROPERTY = "PROPERTY"
    ENTERPRISE = "ENTERPRISE"
    SECTOR = "SECTOR"


class DivisionKind(StrEnum):
    """Kinds of the statistical divisions that a level may hold (2023 codes, digits 7 and 10)."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STREET = "street"
    TOWN = "town"
    TOWNSHIP = "township"
    SPECIAL = "special"
    RESIDENTS = "residents"
    QUASI_RESIDENTS = "quasi_residents"
    VILLAGE = "village"
    QUASI_VILLAGE = "quasi_village"


class StaffingRule(Stated):
    """How many holders of a post one organization of the level should have."""

    post: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="岗位键 | key of the post")
    name: str | None = Field(
        None, min_length=1, description="岗位名称,可不写 | the post's own name; may be left out"
    )
    required: int = Field(
        ge=1, le=1000, strict=True, description="每个组织应有人数 | holders an organization"
    )


class Level(Stated):
    """One level of a hierarchy, by the city's own name."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="层级键 | key, stable for ever")
    name: str = Field(min_length=1, description="层级名称 | the city's own name")
    rung: Rung | None = Field(None, description="省级可比层级 | the provincial, comparable kind")
    under: list[str] = Field(
        default_factory=list, description="可隶属的层级键 | levels it may stand under; [] = top"
    )
    counted: bool = Field(
        True,
        strict=True,
        description="是否计入级数 | whether the level counts in the city's stated number of levels",
    )
    divisions: list[DivisionKind] = Field(
        default_factory=list, description="对应的统计区划 | the statistical divisions it holds"
    )
    staffing: list[StaffingRule] = Field(default_factory=list, description="配备标准 | staffing")
    formerly: list[str] = Field(
        default_factory=list,
        description="原层级键 | keys of earlier versions whose organizations this level takes over",
    )


class Hierarchy:
    """The levels of one tenant, ordered from the top; without `cycles`, under each other only."""

    def __init__(self, levels: list[Level]) -> None:
        self._by_key: Mapping[str, Level] = {level.key: level for level in levels}

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[Level]:
        return iter(self.levels)

    def __getitem__(self, key: str) -> Level:
        return self._by_key[key]

    @cached_property
    def depths(self) -> Mapping[str, int]:
        """Counted levels on the longest chain from the top down to each level, itself included.

        0 is a level above the city's own chain (not counted).
        """
        depths: dict[str, int] = {}
        for key in TopologicalSorter(_under(self._by_key)).static_order():
            above = max((depths[parent] for parent in self._by_key[key].under), default=0)
            depths[key] = above + self._by_key[key].counted
        return depths

    @cached_property
    def depth(self) -> int:
        """The city's number of levels: counted levels on its longest chain."""
        return max(self.depths.values(), default=0)

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """Every level, each after all that it may stand under; else by depth, then as declared."""
        order: dict[str, Level] = {}
        waiting = sorted(self._by_key, key=lambda key: self.depths[key])[::-1]
        while waiting:
            level = self._by_key[waiting[-1]]
            above = [key for key in level.under if key not in order]
            if above:
                waiting.extend(above[::-1])
            else:
                order.setdefault(waiting.pop(), level)
        return tuple(order.values())

    def allows(self, level: str, parent: str | None) -> bool:
        """Whether an organization of `level` may stand under one of `parent` (None = top)."""
        if level not in self._by_key:
            return False
        under = self._by_key[level].under
        return parent in under if parent is not None else not under

    def of_division(self, kind: DivisionKind) -> Level | None:
        """The level that holds divisions of this kind, if any does."""
        return next((lv for lv in self._by_key.values() if kind in lv.divisions), None)


def cycles(levels: Mapping[str, Level]) -> Iterator[list[str]]:
    """Cycles of `under`, no level in two, each as keys with the first declared at both ends."""
    left = dict(levels)
    while True:
        try:
            TopologicalSorter(_under(left)).prepare()
        except CycleError as error:
            found = list(error.args[1])[:0:-1]
            first = min(found, key=list(left).index)
            at = found.index(first)
            yield [*found[at:], *found[:at], first]
            left = {key: level for key, level in left.items() if key not in found}
        else:
            return


def _under(levels: Mapping[str, Level]) -> dict[str, list[str]]:
    return {key: [up for up in level.under if up in levels] for key, level in levels.items()}
