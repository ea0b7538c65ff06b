"""Walking the graph: probes sent as one asker, what came back, and what was in it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from graphql import (
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)

from tests.conftest import Graph
from tests.isolation.canaries import Sighting, seen
from tests.isolation.probes import Probe
from tests.isolation.samples import Samples

# within the bounds of a document: 15 aliases a level, 1,000 tokens
ALIASES, TOKENS = 15, 950
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z0-9_]+|\.\.\.|[{}()\[\]:!$]')
# which request it was, when, how long it took, and what its sender may still spend
_OWN = ("x-request-id", "date", "ratelimit")
_DURATION = re.compile(r";dur=[0-9.]+")
_REFERENCE = re.compile(r'"reference":"[0-9a-f]{32}"')
# refusals of a whole document for its size: it is sent again in parts
TOO_LARGE = {"COST_EXCEEDED", "NODES_EXCEEDED", "TOKENS_EXCEEDED", "FIELDS_EXCEEDED"}


@dataclass(frozen=True)
class Reply:
    """What came back for some probes of one kind of operation."""

    kind: str
    probes: tuple[Probe, ...]
    request: str
    status: int
    text: str
    headers: str
    body: Mapping[str, Any]

    @property
    def whole(self) -> str:
        """All that is the same for the same request, whenever it is sent."""
        return f"{self.status}\n{self.headers}\n{_REFERENCE.sub('', self.text)}"

    @property
    def codes(self) -> list[str]:
        """The codes of its errors, in order."""
        return [error["extensions"]["code"] for error in self.body.get("errors", ())]

    def canaries(self) -> frozenset[Sighting]:
        """What it shows, but for what its request had already."""
        return seen(self.whole) - seen(self.request)

    def answers(self) -> Iterator[tuple[Probe, Any]]:
        """Each probe with what its selection gave, None where that is nothing."""
        data = self.body.get("data") or {}
        for at, probe in enumerate(self.probes):
            yield probe, data.get(f"p{at}")

    def __str__(self) -> str:
        return f"{self.request[:2000]}\n→ {self.text[:2000]}"


async def walk(graph: Graph, probes: Iterable[Probe], kind: str = "query") -> list[Reply]:
    """Send the probes, several in a document where they bear it, in order."""
    (replies,) = await walk_together([graph], probes, kind)
    return replies


async def walk_together(
    graphs: Sequence[Graph], probes: Iterable[Probe], kind: str = "query", of: int = 1
) -> list[list[Reply]]:
    """Send each document as everybody before the next, for servers remember the last ones.

    With `of`, each sends its own part, one of so many, of those with other tenants' values.
    """
    given = list(probes)
    own = [probe for probe in given if not probe.is_foreign]
    foreign = [probe for probe in given if probe.is_foreign]
    replies: list[list[Reply]] = [[] for _ in graphs]
    for batch in batches(own):
        for at, graph in enumerate(graphs):
            replies[at] += await _sent(graph, batch, kind)
    for number, batch in enumerate(batches(foreign)):
        for at, graph in enumerate(graphs):
            if number % of == at % of:
                replies[at] += await _sent(graph, batch, kind)
    return replies


async def _sent(graph: Graph, batch: tuple[Probe, ...], kind: str) -> list[Reply]:
    parts = [f"p{at}: {probe.text}" for at, probe in enumerate(batch)]
    request = f"{kind} Walk {{ {' '.join(parts)} }}"
    reply = _reply(kind, batch, request, await graph.post(request))
    if len(batch) > 1 and TOO_LARGE & set(reply.codes):
        middle = len(batch) // 2
        first = await _sent(graph, batch[:middle], kind)
        return [*first, *await _sent(graph, batch[middle:], kind)]
    return [reply]


def _reply(kind: str, batch: tuple[Probe, ...], request: str, response: httpx.Response) -> Reply:
    headers = [f"{k}: {v}" for k, v in response.headers.items() if not k.startswith(_OWN)]
    return Reply(
        kind,
        batch,
        request,
        response.status_code,
        response.text,
        _DURATION.sub("", "\n".join(headers)),
        response.json(),
    )


def batches(probes: Iterable[Probe]) -> Iterator[tuple[Probe, ...]]:
    """Probes that share a document."""
    batch: list[Probe] = []
    tokens = 0
    for probe in probes:
        size = len(_TOKEN.findall(probe.text)) + 2
        if probe.alone:
            yield (probe,)
            continue
        if batch and (len(batch) == ALIASES or tokens + size > TOKENS):
            yield tuple(batch)
            batch, tokens = [], 0
        batch.append(probe)
        tokens += size
    if batch:
        yield tuple(batch)


@dataclass
class Coverage:
    """Which fields of which types gave something, and values that were seen there."""

    schema: GraphQLSchema
    fields: Counter[str] = field(default_factory=Counter)

    def add(self, reply: Reply, samples: Samples | None = None) -> None:
        """Count what a reply has; keep texts for `samples`."""
        root = self.schema.query_type if reply.kind == "query" else self.schema.mutation_type
        assert root is not None
        for probe, value in reply.answers():
            if value is not None:
                self.fields[f"{root.name}.{probe.field}"] += 1
                named = get_named_type(root.fields[probe.field].type)
                self._add(named, value, samples)

    def _add(self, named: GraphQLNamedType, value: Any, samples: Samples | None) -> None:
        if isinstance(value, list):
            for item in value:
                self._add(named, item, samples)
        if not isinstance(value, dict):
            return
        type_: Any = named
        if is_abstract_type(named):
            type_ = self.schema.type_map[value["__typename"]]
        for name, below in value.items():
            if below is None or name == "__typename":
                continue
            self.fields[f"{type_.name}.{name}"] += 1
            inner = get_named_type(type_.fields[name].type)
            if is_leaf_type(inner) and samples is not None:
                samples.add(f"{type_.name}.{name}", below)
            self._add(inner, below, samples)

    def missing(self) -> list[str]:
        """Fields of object types that gave nothing, sorted."""
        every = {
            f"{type_.name}.{name}"
            for type_ in self.schema.type_map.values()
            if is_object_type(type_)
            and not type_.name.startswith("__")
            # what can be followed is walked by itself
            and type_ is not self.schema.subscription_type
            for name in type_.fields
        }
        return sorted(every - set(self.fields))


def differences(replies: Iterable[Reply], others: Iterable[Reply]) -> list[str]:
    """What differs between two answers to each request of `others`; the first ten."""
    by_request = {reply.request: reply for reply in replies}
    found = []
    for other in others:
        reply = by_request[other.request]
        if reply.whole == other.whole:
            continue
        pairs = zip(reply.answers(), other.answers(), strict=True)
        names = [probe.name for (probe, value), (_, another) in pairs if value != another]
        found.append(f"{names}\n{reply}\n≠ {other}\n{reply.headers}\n≠ {other.headers}")
    return found[:10]
