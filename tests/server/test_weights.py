"""Weights: what one field of the real schema weighs."""

import re

import pytest
from graphql import GraphQLObjectType, build_schema

from schema.agreements.mutations import COST as COPIES_COST
from schema.agreements.mutations import PROPOSAL_COST
from schema.issues.mutations import COST as REPORT_COST
from schema.mutations import COST as WRITE_COST
from schema.organizations.mutations import SPELLING_COST
from schema.root import graphql_schema
from server.weights import (
    COUNT,
    FEW,
    FIELD,
    KEY,
    MANY,
    OBJECT,
    OPERATION,
    POINT,
    SEARCH,
    STATEMENT,
    WHOLE_SCHEMA,
    Kind,
    Weight,
    Weights,
)
from tests.docs.documents import table

SCHEMA = graphql_schema()
WEIGHTS = Weights(SCHEMA)


def weight(parent: str, name: str, is_searched: bool = False) -> Weight:
    """The weight of a field by its names."""
    type_ = SCHEMA.type_map[parent]
    assert isinstance(type_, GraphQLObjectType)
    field = SCHEMA.get_field(type_, name)
    assert field is not None
    return WEIGHTS.of(type_, name, field, is_searched)


@pytest.mark.parametrize(
    ("parent", "name", "expected"),
    [
        ("Organization", "name", Weight(Kind.ONE, 0, FIELD, 0, 0, FEW)),
        ("Organization", "__typename", Weight(Kind.ONE, 0, FIELD, 0, 0, FEW)),
        ("City", "dataKinds", Weight(Kind.ONE, STATEMENT, FIELD + COUNT, 0, 0, FEW)),
        ("Organization", "level", Weight(Kind.ONE, 0, FIELD, OBJECT, 1, FEW)),
        ("Organization", "parent", Weight(Kind.ONE, STATEMENT, FIELD + KEY, OBJECT, 1, FEW)),
        ("Organization", "ancestors", Weight(Kind.LIST, STATEMENT, FIELD + KEY, OBJECT, 1, FEW)),
        ("Organization", "children", Weight(Kind.PAGE, STATEMENT, FIELD + KEY, OBJECT, 0, FEW)),
        ("Organization", "descendantCount", Weight(Kind.ONE, STATEMENT, FIELD + COUNT, 0, 0, FEW)),
        ("OrganizationConnection", "nodes", Weight(Kind.ROWS, 0, FIELD, OBJECT, 1, FEW)),
        ("OrganizationConnection", "edges", Weight(Kind.ROWS, 0, FIELD, OBJECT, 0, FEW)),
        ("OrganizationConnection", "pageInfo", Weight(Kind.ONE, 0, FIELD, OBJECT, 0, FEW)),
        (
            "OrganizationConnection",
            "totalCount",
            Weight(Kind.ONE, STATEMENT, FIELD + COUNT, 0, 0, FEW),
        ),
        ("OrganizationEdge", "node", Weight(Kind.ONE, 0, FIELD, OBJECT, 1, FEW)),
        ("Query", "cities", Weight(Kind.LIST, 0, FIELD, OBJECT, 1, MANY["City"])),
        ("Query", "nodes", Weight(Kind.LIST, STATEMENT, FIELD, OBJECT + KEY, 1, FEW)),
        (
            "TenantDefinition",
            "values",
            Weight(Kind.LIST, 0, FIELD, OBJECT, 1, MANY["DefinitionValue"]),
        ),
    ],
)
def test_weight(parent: str, name: str, expected: Weight) -> None:
    """A field weighs what its type and its loader make it weigh."""
    assert weight(parent, name) == expected


def test_search() -> None:
    """To search weighs more, where the database does it."""
    assert weight("City", "organizations", True).own == FIELD + KEY + SEARCH
    assert weight("ServiceCatalogue", "services", True).own == FIELD


def test_writes() -> None:
    """Each mutation weighs what it says, more where it spells a name."""
    mutations = SCHEMA.mutation_type
    assert mutations
    owns = {name: weight("Mutation", name).own - FIELD for name in mutations.fields}
    spelling = {"establishOrganization", "renameOrganization", "mergeOrganizations"}
    points = {name: SPELLING_COST if name in spelling else WRITE_COST for name in owns}
    points |= dict.fromkeys(("reportIssue", "joinIssue"), REPORT_COST)
    in_copies = ("Agreement", "Delivery", "recordActivity")
    points |= {name: COPIES_COST for name in owns if name.endswith(in_copies)}
    points |= dict.fromkeys(("proposeAgreement", "renewAgreement"), PROPOSAL_COST)
    assert owns == {name: cost * POINT for name, cost in points.items()}


def test_every_count_weighs_as_one() -> None:
    """A field that is named after a count or a total, and reads the database, weighs as one."""
    light = []
    for type_ in SCHEMA.type_map.values():
        for name in type_.fields if isinstance(type_, GraphQLObjectType) else ():
            found = weight(type_.name, name)
            if found.once and name.endswith(("Count", "Counts", "Totals", "rungs", "coverage")):
                light += [f"{type_.name}.{name}"] if found.own < COUNT else []
    assert light == []


def test_longer_lists_are_in_the_schema() -> None:
    """The types whose lists are taken to be longer exist."""
    assert [name for name in MANY if name not in SCHEMA.type_map] == []


def test_introspection() -> None:
    """Lists of introspection are as long as the schema makes them."""
    schema = build_schema(
        """
        type Query { a(x: Int, y: Int): A  b: Int  c: Int }
        interface I { d: Int }
        type A implements I { d: Int }
        type B implements I { d: Int }
        enum E { ONE TWO }
        input F { x: Int }
        """
    )
    weights = Weights(schema)
    lengths = {}
    for parent in ("__Schema", "__Type", "__Field", "__EnumValue"):
        type_ = schema.type_map[parent]
        assert isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items():
            found = weights.of(type_, name, field, False)
            if found.kind is Kind.LIST:
                lengths[f"{parent}.{name}"] = found.usual
    types = len(schema.type_map)
    fields = sum(len(t.fields) for t in schema.type_map.values() if hasattr(t, "fields"))
    assert lengths == {
        "__Schema.types": types,
        "__Schema.directives": len(schema.directives),
        "__Type.fields": -(-(fields - 1) // types),
        "__Type.interfaces": 1,
        "__Type.possibleTypes": 1,
        "__Type.enumValues": -(-(2 + 8 + 19) // types),
        "__Type.inputFields": 1,
        "__Field.args": 1,
    }


def test_documented() -> None:
    """The guide gives the points that the weights are."""
    rows = table("docs/api.md", "Bounds")
    points = [float(row[0]) for row in rows if re.fullmatch(r"[\d.]+", row[0])]
    weights = [OPERATION, FIELD, OBJECT, STATEMENT, KEY, COUNT, SEARCH]
    weights += [cost * POINT for cost in (WRITE_COST, REPORT_COST, SPELLING_COST)]
    weights.append(WHOLE_SCHEMA)
    assert points == [weight / 1000 for weight in weights]
