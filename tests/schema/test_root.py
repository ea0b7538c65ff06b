"""The committed SDL and what the contract with front ends asks of the graph."""

from pathlib import Path

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from schema.root import graphql_schema, sdl


def test_committed_sdl_is_generated() -> None:
    """The committed schema.graphql is what the code makes."""
    committed = Path("schema/schema.graphql").read_text("utf-8")
    assert committed == sdl()


def test_everything_is_described_in_chinese_first() -> None:
    """Every type, field, argument and enum value has a description, Chinese before English."""
    lacking = []
    for name, kind in graphql_schema().type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        described = [(name, kind.description)]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                described.append((f"{name}.{field_name}", field.description))
                for argument_name, argument in getattr(field, "args", {}).items():
                    place = f"{name}.{field_name}({argument_name})"
                    described.append((place, argument.description))
        if isinstance(kind, GraphQLEnumType):
            described += [(f"{name}.{key}", v.description) for key, v in kind.values.items()]
        lacking += [
            place for place, text in described if not text or not ("一" <= text.strip()[0] <= "龥")
        ]
    assert [item for item in lacking if not item.startswith(("Date", "Decimal"))] == []
