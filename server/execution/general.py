"""The general executor: any operation, by graphql-core and the resolvers of the schema."""

from inspect import isawaitable

import graphql
from graphql import ExecutionResult, GraphQLSchema

from server.operations import Operation


async def execute(schema: GraphQLSchema, operation: Operation, context: object) -> ExecutionResult:
    """The result of a query or mutation; `context` is what resolvers get as `info.context`.

    Errors of resolvers are in the result, located; variables that do not fit are errors without
    a path and without data. `schema` is the graphql-core schema of a strawberry one (`_schema`):
    strawberry's schema extensions do not run.
    """
    result = graphql.execute(
        schema,
        operation.document,
        context_value=context,
        variable_values=operation.variables,
        operation_name=operation.operation_name,
    )
    return await result if isawaitable(result) else result
