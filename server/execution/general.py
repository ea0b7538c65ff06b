"""The general executor: any operation, by graphql-core and the resolvers of the schema."""

from inspect import isawaitable

import graphql
from graphql import ExecutionResult, Executor, GraphQLSchema, create_source_event_stream

from schema.stream import Stream
from server.execution.locations import located
from server.operations import Operation


async def execute(
    schema: GraphQLSchema, operation: Operation, context: object, root: object = None
) -> ExecutionResult:
    """The result of a query or mutation; `context` is what resolvers get as `info.context`.

    Of a subscription the result for one event, which is the `root`.
    Errors of resolvers are in the result, located; variables that do not fit are errors without
    a path and without data. `schema` is the graphql-core schema of a strawberry one (`_schema`):
    strawberry's schema extensions do not run.
    """
    result = graphql.execute(
        schema,
        operation.document,
        root_value=root,
        context_value=context,
        variable_values=operation.variables,
        operation_name=operation.operation_name,
    )
    return located(await result if isawaitable(result) else result, operation)


async def begin(
    schema: GraphQLSchema, operation: Operation, context: object
) -> Stream | ExecutionResult:
    """The stream of a subscription, or the errors for which there is none."""
    built = Executor.build(
        schema,
        operation.document,
        context_value=context,
        raw_variable_values=operation.variables,
        operation_name=operation.operation_name,
    )
    if isinstance(built, list):
        return located(ExecutionResult(None, built), operation)
    source = create_source_event_stream(built)
    found = await source if isawaitable(source) else source
    assert isinstance(found, Stream | ExecutionResult)
    return located(found, operation) if isinstance(found, ExecutionResult) else found
