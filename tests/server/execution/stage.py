"""The real schema over a world of several cities, asked by both executors as different people."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, ValueNode, get_named_type, parse_value
from starlette.requests import Request

from schema.context import Context
from schema.root import graphql_schema
from server.documents import Document, Documents
from server.execution import general, level_wise
from server.facts import RequestFacts
from server.gate import Admission
from server.operations import Operation, select_operation
from server.parameters import Parameters
from server.runs import Contexts
from tests.conftest import NOW, Graph, database_at, opened, run_sql, services_of
from tests.isolation.casts import Cast, cast, first_samples, known
from tests.isolation.conftest import PlainSpeller
from tests.isolation.samples import CURSORS, Samples, foreign, own
from tests.isolation.world import World, make_world
from tests.server.execution.comparing import differences, nothing_given_up

ROLES = (
    "PUBLIC",
    "RESIDENT",
    "GRID_WORKER",
    "SECRETARY",
    "CITY_ADMIN",
    "PROVINCE_ANALYST",
    "a person with a post",
)

WRONG: Mapping[str, Sequence[str]] = {
    "Int": ("0", "-1", "101", "1"),
    "ID": ('"x"', '"999999"', '""', "1", '"Q2l0eTo5OTAxMDA6"'),
    "String": ('"x"', '"%"', '""', '"W10"', '"bnVsbA"', '"WyJ4IiwieCJd"'),
    "Date": ('"1900-01-01"', '"2999-12-31"'),
}
"""Literals that fit a type, and mostly nothing else."""


@dataclass
class Stage:
    """An application over a world that nobody changes; `run` runs what is asynchronous."""

    schema: GraphQLSchema
    runner: asyncio.Runner
    graph: Graph
    documents: Documents
    casts: Mapping[str, Cast]

    def operation(self, text: str, variables: dict[str, Any]) -> Operation:
        """The one operation of a valid text."""
        document = self.documents.get(text)
        assert isinstance(document, Document), (text, document)
        return select_operation(document, Parameters(text, None, variables, {}))

    def compare(self, asked: Operation, role: str) -> tuple[list[str], ExecutionResult]:
        """What differs between the executors, and what graphql-core answers."""
        return self.runner.run(self._compare(asked, role))

    async def _compare(self, asked: Operation, role: str) -> tuple[list[str], ExecutionResult]:
        execute = partial(level_wise.execute, self.schema)
        expected, reference = await self._run(partial(general.execute, self.schema), asked, role)
        found, context = await self._run(execute, asked, role)
        said = differences(found, expected)
        if nothing_given_up(expected):
            if context.statements > reference.statements:
                said.append(f"statements: {context.statements} > {reference.statements}")
            mine, theirs = (each.disclosures.events("") for each in (context, reference))
            if mine != theirs:
                said.append(f"audit: {mine}\n≠ {theirs}")
        return said, expected

    async def _run(
        self, execute: Any, asked: Operation, role: str
    ) -> tuple[ExecutionResult, Context]:
        live, services = self.graph.live, self.graph.services
        request = _request(self.casts[role].graph.headers)
        admission = Admission(live, services.identity, services.rates, services.trusted)
        caller = await admission.admit(request, RequestFacts())
        async with Contexts(live, services, lambda: NOW)(request, caller) as context:
            return await execute(asked, context), context

    def meant(
        self, role: str, wrong: float, place: str, type_: Any, rng: random.Random
    ) -> ValueNode | None:
        """A literal for an argument of who knows what this role knows; None leaves it.

        `wrong` is how often it is one that makes no sense or is another city's, from 0 to 1.
        """
        who, named = self.casts[role], get_named_type(type_)
        name = place.rpartition(".")[2]
        throw, returned = rng.random(), self._returned(place)
        if throw < wrong / 2 and named.name in WRONG:
            return _value(type_, rng.choice(WRONG[named.name]))
        if throw < wrong:
            others = list(foreign(who.others, named, name, returned))
            return _value(type_, rng.choice(others)) if others else None
        if name in ("first", "last"):
            return parse_value(rng.choice(("1", "2", "3")))
        if place in ("Query.node.id", "Query.nodes.ids"):
            ids = [id_ for _, id_ in who.samples.ids()]
            texts = [f'"{id_}"' for id_ in rng.sample(ids, len(ids))]
            return parse_value(texts[0] if place.endswith("id") else f"[{', '.join(texts)}]")
        return self._own(who.samples, place, name, type_, returned)

    def _own(
        self, samples: Samples, place: str, name: str, type_: Any, returned: Any
    ) -> ValueNode | None:
        named = get_named_type(type_)
        if hasattr(named, "values") or hasattr(named, "fields"):
            return None  # enums and input objects are good as they were generated
        given: Any = type("Given", (), {"type": type_})
        try:
            return parse_value(own(samples, place.rpartition(".")[0], name, given, returned))
        except StopIteration:
            return None

    def _returned(self, place: str) -> Any:
        """What the field gives, where the place is an argument's; of cursors only connections."""
        type_, _, rest = place.partition(".")
        field, _, argument = rest.partition(".")
        if argument not in CURSORS:
            return None
        above: Any = self.schema.type_map[type_]
        named: Any = get_named_type(above.fields[field].type)
        return named if "edges" in named.fields else None


def _value(type_: Any, text: str) -> ValueNode:
    return parse_value(f"[{text}]" if "[" in str(type_) else text)


def _request(headers: Mapping[str, str]) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/graphql", "headers": raw})


@contextmanager
def staged(server: str, template: str) -> Iterator[Stage]:
    """A stage with a world of its own; everybody knows what the administrators are shown."""
    folder = Path(tempfile.mkdtemp(prefix="onegrid-stage-"))
    services = replace(services_of(folder), speller=PlainSpeller())
    world = make_world(server, template, services, "stage")
    try:
        with asyncio.Runner() as runner:
            stack = AsyncExitStack()
            graph = runner.run(_opened(stack, database_at(server, "stage"), world))
            try:
                yield runner.run(_stage(runner, graph, world))
            finally:
                runner.run(stack.aclose())
    finally:
        asyncio.run(run_sql(server, "DROP DATABASE stage WITH (FORCE)"))
        shutil.rmtree(folder, ignore_errors=True)


async def _opened(stack: AsyncExitStack, url: str, world: World) -> Graph:
    return await stack.enter_async_context(opened(url, services=world.services))


async def _stage(runner: asyncio.Runner, graph: Graph, world: World) -> Stage:
    schema = graphql_schema()
    samples = await known(graph, world, schema, "a")
    samples |= {letter: first_samples(world, letter) for letter in "bd"}
    casts = {role: cast(role, graph, world, samples, "b") for role in ROLES}
    return Stage(schema, runner, graph, Documents(schema), casts)
