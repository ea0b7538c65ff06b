"""The level-wise executor gives the answers of graphql-core, over the whole real schema."""

import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_object_type,
    parse,
    validate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from schema.root import graphql_schema
from tests.isolation.probes import Probes
from tests.isolation.walking import batches
from tests.server.execution.growing import Grower
from tests.server.execution.rewriting import Chances, Rewriter, selected_places
from tests.server.execution.stage import ROLES, Stage, staged

SCHEMA = graphql_schema()
SCALARS = {
    "Decimal": st.sampled_from((0, 1, 2)).map(nodes.Int),
    "Date": st.sampled_from(("2026-03-01", "2025-12-31", "2020-06-01")).map(nodes.String),
    "DateTime": st.just("2026-03-01T00:00:00+08:00").map(nodes.String),
}
GENERATED = queries(SCHEMA, custom_scalars=SCALARS, allow_x00=False, print_ast=lambda node: node)
BEGINNINGS = ("city", "nodes", "nodes", "viewer", "cities", "province", "node")
ADMIN = "CITY_ADMIN"
OTHERS = [role for role in ROLES if role != ADMIN]
SOAK = (pytest.mark.soak, pytest.mark.timeout(1800))


@pytest.fixture(scope="module")
def stage(server_url: str, migrated_template: str) -> Iterator[Stage]:
    """The application that both executors run in."""
    with staged(server_url, migrated_template) as made:
        yield made


def reachable(schema: GraphQLSchema) -> set[str]:
    """`Type.field` of all fields of object types that queries lead to."""
    found: set[str] = set()
    seen: set[str] = set()
    todo: list[Any] = [schema.query_type]
    while todo:
        type_ = todo.pop()
        if type_.name in seen:
            continue
        seen.add(type_.name)
        if is_abstract_type(type_):
            todo += schema.get_possible_types(type_)
        elif is_object_type(type_):
            found |= {f"{type_.name}.{name}" for name in type_.fields}
            todo += [get_named_type(field.type) for field in type_.fields.values()]
    return found


@pytest.mark.parametrize("role", [ADMIN, *(pytest.param(r, marks=SOAK) for r in OTHERS)])
def test_each_field(stage: Stage, role: str) -> None:
    """Each field of each type is answered as graphql-core answers it."""
    asked: set[str] = set()
    probes = Probes(SCHEMA, stage.casts[ADMIN].samples, []).queries()
    for batch in batches(probe for probe in probes if probe.is_plain):
        text = f"{{ {' '.join(f'p{at}: {probe.text}' for at, probe in enumerate(batch))} }}"
        asked.update(selected_places(SCHEMA, parse(text)))
        said, _ = stage.compare(stage.operation(text, {}), role)
        assert said == [], text
    assert reachable(SCHEMA) - asked == set()


# graphql-core leaves coroutines that nobody awaits, whose warning fails where it is collected
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("times", [30, pytest.param(1_001, marks=SOAK)])
def test_generated(stage: Stage, times: int) -> None:
    """Generated queries, rewritten at random, are answered as graphql-core answers them."""
    asked: set[str] = set()
    answered = 0

    @settings(
        max_examples=times, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(
        document=st.none() | st.none() | GENERATED,
        number=st.integers(0, 10**6),
        role=st.sampled_from(ROLES),
    )
    def ask(document: Any, number: int, role: str) -> None:
        nonlocal answered
        rng = random.Random(number)
        wrong = rng.choice((0.0, 0.0, 0.02, 0.2))
        meant = partial(stage.meant, role, wrong)
        if document is None:
            document = Grower(SCHEMA, rng, rng.choice((20, 60)), 7, meant, BEGINNINGS).grow()
        made = Rewriter(SCHEMA, rng, Chances(wrong=wrong / 20), meant).rewrite(document)
        if validate(SCHEMA, parse(made.text)):
            return
        said, expected = stage.compare(stage.operation(made.text, made.variables), role)
        assert said == [], made
        answered += expected.data is not None
        asked.update(selected_places(SCHEMA, parse(made.text)))

    ask()
    assert answered > times / 4
    if times > 1_000:  # `test_each_field` asks for all
        assert len(asked) > 0.75 * len(reachable(SCHEMA))
