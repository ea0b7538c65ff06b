"""The level-wise executor: breadth first, each field once a level, not once an object.

It gives the answers of graphql-core, but that of errors which would make the same place null it
tells one. Of a mutation each field is done, and what it gives answered, before the next one. What
it does not support (introspection, subscriptions) the general executor runs.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType, is_union_type
from graphql.execution.values import VariableValues
from graphql.pyutils import is_iterable
from strawberry.exceptions import WrongReturnTypeForUnion

from schema.context import Batch, Context
from schema.declarations import Column, Computed, Done, Related, Sought, Wanted
from server.execution import general
from server.execution.building import builder, is_built
from server.execution.failures import Chosen, Failure, Job, Origin, Spread, null_violation, settle
from server.execution.leaves import serialized
from server.execution.locations import located
from server.execution.plan import FieldPlan, ObjectPlan, Planned
from server.operations import Operation


class _Mark:
    """Stands where a value would be."""


_FAILED: Any = _Mark()
"""The failure is noted already."""

_ODD = (Exception, _Mark)

_FIRST = itemgetter(0)

WARM = 3
"""Uses of a plan after which it is worth a builder."""

_UNASKED: Any = _Mark()
"""No loader is asked for the value, because its key is null."""


async def execute(schema: GraphQLSchema, operation: Operation, context: Context) -> ExecutionResult:
    """The result of a query or mutation, as `general.execute` gives it."""
    planned = _planned(schema, operation)
    variables = planned.variables.coerced(operation.variables)
    if isinstance(variables, list):
        return located(ExecutionResult(None, variables), operation)
    plan = planned.plan(variables.coerced)
    if plan is None:
        return await general.execute(schema, operation, context)
    is_mutation = operation.definition.operation is OperationType.MUTATION
    result = await (_mutation if is_mutation else _query)(context, variables, plan)
    return located(result, operation)


def _planned(schema: GraphQLSchema, operation: Operation) -> Planned:
    key = id(operation.definition)
    found: Planned | None = operation.plans.get(key)
    if found is None:
        found = Planned(schema, operation.document, operation.definition)
        operation.plans[key] = found
    return found


async def _query(context: Context, variables: VariableValues, plan: ObjectPlan) -> ExecutionResult:
    job = Job(plan, [None])
    return _settled(job, await _Run(context, variables).query(job))


async def _mutation(
    context: Context, variables: VariableValues, plan: ObjectPlan
) -> ExecutionResult:
    """One field after the other, each by a run of its own: what is read sees what was written."""
    job = Job(plan, [None])
    job.outs = [{}]
    failures: list[Failure] = []
    for field in plan.fields:
        failures += await _Run(context, variables).done(field, job)
    return _settled(job, failures)


def _settled(job: Job, failures: list[Failure]) -> ExecutionResult:
    (data,) = job.outs
    if not failures:
        return ExecutionResult(data, None)
    answer, errors = settle(data, failures)
    return ExecutionResult(answer, errors)


class _Task:
    """A field of a job whose values are being loaded."""

    __slots__ = ("field", "job", "values")

    def __init__(self, field: FieldPlan, job: Job, values: list[Any]) -> None:
        self.field = field
        self.job = job
        self.values = values


class _Reading:
    """What an execution reads by one batch.

    `keys` are those of the present level, `waiting` the places of tasks where their values go.
    """

    __slots__ = ("_known", "_latest", "batch", "keys", "waiting")

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.keys: dict[Any, None] = {}
        self.waiting: list[tuple[_Task, Sequence[int], Sequence[Any]]] = []
        self._known: dict[Any, Any] = {}
        self._latest: tuple[Sequence[Any], Sequence[Any]] = (), ()

    def note(self, task: _Task, numbers: Sequence[int], keys: Sequence[Any]) -> None:
        """The values of the keys belong at these numbers of the task."""
        self.keys.update(dict.fromkeys(keys))
        self.waiting.append((task, numbers, keys))

    async def read(self, context: Context) -> None:
        """Load what no earlier level has read, and put it where it is waited for."""
        waiting, self.waiting = self.waiting, []
        keys, self.keys = self.keys, {}
        known = self._known
        if self._latest[0]:
            known.update(zip(*self._latest, strict=True))
        left = [key for key in keys if key not in known] if known else list(keys)
        found = await self._loaded(context, left)
        self._latest = left, found
        if len(waiting) == 1 and len(left) == len(waiting[0][1]):  # as many as wait, in their order
            task, numbers, _ = waiting[0]
            _place(task, numbers, found)
            return
        values = {**known, **dict(zip(left, found, strict=True))}
        for task, numbers, wanted in waiting:
            _place(task, numbers, [values[key] for key in wanted])

    async def _loaded(self, context: Context, keys: list[Any]) -> Sequence[Any]:
        """The values of keys; of a batch that failed each one is the exception."""
        if not keys:
            return ()
        try:
            found = await context.read(self.batch, keys)
            if len(found) != len(keys):
                raise RuntimeError(f"{self.batch.loader.__name__} gave {len(found)} of {len(keys)}")
        except Exception as error:
            return [error] * len(keys)
        return found


def _place(task: _Task, numbers: Sequence[int], values: Sequence[Any]) -> None:
    if len(numbers) == len(task.values):
        task.values[:] = values
        return
    for number, value in zip(numbers, values, strict=True):
        task.values[number] = value


class _Run:
    """One execution of a plan."""

    def __init__(self, context: Context, variables: VariableValues) -> None:
        self._context = context
        self._disclosures = context.disclosures
        self._variables = variables
        self._failures: list[Failure] = []
        self._readings: dict[Batch, _Reading] = {}
        self._due: list[_Reading] = []
        self._tasks: list[_Task] = []

    async def query(self, job: Job) -> list[Failure]:
        """Answer the root of a query; what failed."""
        self._begin(job)
        return await self._finished()

    async def done(self, field: FieldPlan, job: Job) -> list[Failure]:
        """Do one field of a mutation, and answer what it gives; what failed."""
        declared = field.declared
        if isinstance(declared, Done):
            values = [await self._do(field, declared, job)]
        else:
            values = self._computed(field, job)
        self._complete(field, job, values)
        return await self._finished()

    async def _do(self, field: FieldPlan, declared: Done, job: Job) -> Any:
        try:
            arguments = field.arguments.of(self._variables)
            return await declared.value(self._context, field.name, arguments)
        except Exception as error:
            self._fail(field, job, 0, error)
            return _FAILED

    async def _finished(self) -> list[Failure]:
        while self._tasks:
            await self._read()
        return self._failures

    def _begin(self, job: Job) -> None:
        """Answer what needs no loading, and note what does."""
        plan = job.plan
        if plan.build is None and plan.uses < WARM:
            plan.uses += 1
            if plan.uses == WARM:
                plan.build = builder(plan)
                plan.unbuilt = tuple(field for field in plan.fields if not is_built(field))
        if plan.build is not None:
            mark = self._disclosures.mark
            try:
                job.outs = plan.build(job.roots, self._context)
            except Exception:  # field by field each failure finds its place
                self._disclosures.back_to(mark)
            else:
                self._go_on(job, plan.unbuilt)
                return
        self._begin_by_fields(job)

    def _begin_by_fields(self, job: Job) -> None:
        plan, roots = job.plan, job.roots
        columns = []
        for field in plan.fields:
            if not field.is_plain:
                columns.append([None] * len(roots))
                continue
            found = self._serialized(field, job, self._computed(field, job))
            columns.append(found)
            if field.is_required and None in found:
                self._note_nulls(field, job, found)
        names = plan.names
        if columns:
            job.outs = [dict(zip(names, values)) for values in zip(*columns)]  # noqa: B905
        else:  # directives left nothing of the selection
            job.outs = [{} for _ in roots]
        self._go_on(job, plan.others)

    def _go_on(self, job: Job, fields: tuple[FieldPlan, ...]) -> None:
        """Answer the fields that are left: what is loaded, and what is above that."""
        for field in fields:
            declared = field.declared
            if field.related is not None:
                self._relate(field, field.related, job)
            elif isinstance(declared, Sought):
                self._seek(field, declared, job)
            else:
                self._complete(field, job, self._computed(field, job))

    # values

    def _serialized(self, field: FieldPlan, job: Job, values: list[Any]) -> list[Any]:
        """The values as they go into the answer, None for those that failed."""
        assert field.serialize is not None
        if not (self._failures and any(value is _FAILED for value in values)):
            try:
                return field.serialize(values)
            except Exception:  # each by itself says which
                pass
        found = self._each(field, job, values, lambda value: _leaf(field, value))
        return [None if value is _FAILED else value for value in found]

    def _computed(self, field: FieldPlan, job: Job) -> list[Any]:
        """The value of each object, with `_FAILED` for what raised."""
        declared, context = field.declared, self._context
        roots = job.roots
        mark = self._disclosures.mark
        if field.read is not None:
            try:
                return field.read(roots, context)
            except Exception:  # each by itself says which
                self._disclosures.back_to(mark)
        try:
            value = self._computing(field)
        except Exception as error:
            return self._all_failed(field, job, error)
        check = declared.check
        try:
            if check is not None:
                for root in roots:
                    check(root, context)
            return [value(root) for root in roots]
        except Exception:
            self._disclosures.back_to(mark)
            return self._each(field, job, roots, _checked(check, context, value))

    def _computing(self, field: FieldPlan) -> Callable[[Any], Any]:
        """The field's function of an object.

        Errors: those of the arguments.
        """
        declared, context = field.declared, self._context
        if isinstance(declared, Column):
            name = field.column
            return lambda root: root[name]
        assert isinstance(declared, Computed)
        function = declared.function
        if declared.arguments is None:
            if not declared.takes_context:
                return function
            return lambda root: function(root, context)
        arguments = field.arguments.of(self._variables)
        return lambda root: declared.value(root, context, arguments)

    def _each(
        self, field: FieldPlan, job: Job, values: list[Any], function: Callable[[Any], Any]
    ) -> list[Any]:
        """The function of each value by itself; what raises is a failure of that object."""
        found = []
        for number, value in enumerate(values):
            try:
                found.append(_FAILED if value is _FAILED else function(value))
            except Exception as error:
                self._fail(field, job, number, error)
                found.append(_FAILED)
        return found

    def _all_failed(self, field: FieldPlan, job: Job, error: Exception) -> list[Any]:
        for number in range(len(job.roots)):
            self._fail(field, job, number, error)
        return [_FAILED] * len(job.roots)

    def _fail(
        self, field: FieldPlan, job: Job, number: int, error: Exception, place: int | None = None
    ) -> None:
        self._failures.append(Failure(job, number, field, place, error))

    def _note_nulls(self, field: FieldPlan, job: Job, values: list[Any]) -> None:
        for number, value in enumerate(values):
            if value is None:
                self._fail(field, job, number, null_violation(field))

    # loading

    def _relate(self, field: FieldPlan, declared: Related, job: Job) -> None:
        """Note what a relation asks its loader for."""
        task = _Task(field, job, [_UNASKED] * len(job.roots))
        try:
            arguments = field.arguments.of(self._variables)
        except Exception as error:
            self._all_failed(field, job, error)
            task.values = [_FAILED] * len(job.roots)
            self._tasks.append(task)
            return
        if declared.names is not None and declared.check is None:
            self._relate_rows(field, declared, job, task, arguments)
        else:
            self._relate_each(field, declared, job, task, arguments)
        self._tasks.append(task)

    def _relate_rows(
        self, field: FieldPlan, declared: Related, job: Job, task: _Task, arguments: Any
    ) -> None:
        """Note the keys that consist of columns; the tenant's is the first one."""
        loader, columns = declared.loader, field.columns
        mark = self._disclosures.mark
        try:
            keys = field.keys_of(job.roots)
            numbers: Sequence[int] = range(len(keys))
            if None in chain.from_iterable(keys):
                numbers = [number for number in numbers if None not in keys[number]]
                keys = [keys[number] for number in numbers]
            if not declared.is_checked:
                self._want(loader, None, columns, task, numbers, keys)
                return
            if keys and declared.is_of_tenant and len(set(map(_FIRST, keys))) == 1:
                checked = arguments.checked(self._context, job.roots[numbers[0]])
                self._want(loader, checked, columns, task, numbers, keys)
                return
        except Exception:  # each by itself says which
            self._disclosures.back_to(mark)
        self._relate_each(field, declared, job, task, arguments)

    def _relate_each(
        self, field: FieldPlan, declared: Related, job: Job, task: _Task, arguments: Any
    ) -> None:
        context, columns = self._context, field.columns
        for number, root in enumerate(job.roots):
            try:
                if declared.check is not None:
                    declared.check(root, context)
                wanted = declared.wanted(root, context, arguments, columns)
            except Exception as error:
                self._fail(field, job, number, error)
                task.values[number] = _FAILED
                continue
            if wanted is not None:
                self._want_one(wanted, task, number)

    def _want(
        self,
        loader: Any,
        arguments: Any,
        columns: tuple[str, ...],
        task: _Task,
        numbers: Sequence[int],
        keys: Sequence[Any],
    ) -> None:
        """Note keys with the same arguments."""
        if loader.private and self._context.actor.tenant_ids is None:
            for number, key in zip(numbers, keys, strict=True):
                self._want_one(Wanted(loader, key, arguments, columns), task, number)
            return
        self._note(Batch(loader, arguments, columns, None), task, numbers, keys)

    def _want_one(self, wanted: Wanted, task: _Task, number: int) -> None:
        batch = self._context.batch_of(wanted)
        if batch is None:
            task.values[number] = None
        else:
            self._note(batch, task, (number,), (wanted.key,))

    def _note(self, batch: Batch, task: _Task, numbers: Sequence[int], keys: Sequence[Any]) -> None:
        reading = self._readings.setdefault(batch, _Reading(batch))
        if not reading.waiting:
            self._due.append(reading)
        reading.note(task, numbers, keys)

    def _seek(self, field: FieldPlan, declared: Sought, job: Job) -> None:
        """Note what an entry finds: a value, what is to be loaded, or a list with such.

        An entry is a field of the root, so there is one object.
        """
        try:
            arguments = field.arguments.of(self._variables)
            found = declared.find(self._context, arguments, field.columns)
        except Exception as error:
            self._complete(field, job, self._all_failed(field, job, error))
            return
        is_list = isinstance(found, list)
        if not any(isinstance(each, Wanted) for each in (found if is_list else (found,))):
            self._complete(field, job, [found])  # on the level where it is asked for
            return
        task = _Task(field, job, [None])
        self._tasks.append(task)
        if not is_list:
            self._want_one(found, task, 0)
            return
        items = _Task(field, job, [None if isinstance(each, Wanted) else each for each in found])
        task.values[0] = items.values
        for number, each in enumerate(found):
            if isinstance(each, Wanted):
                self._want_one(each, items, number)

    async def _read(self) -> None:
        """Load what is noted, and go on with the fields that waited for it."""
        due, self._due = self._due, []
        tasks, self._tasks = self._tasks, []
        for reading in due:
            await reading.read(self._context)
        for task in tasks:
            self._arrived(task)

    def _arrived(self, task: _Task) -> None:
        """Make the field's values of those that were loaded, and go on below."""
        field, job, values = task.field, task.job, task.values
        finish = field.finish
        if finish is None and _are_sound(values):
            self._complete(field, job, values)
            return
        for number, value in enumerate(values):
            if value is _UNASKED:
                values[number] = None
            elif isinstance(value, Exception):
                self._fail(field, job, number, value)
                values[number] = _FAILED
            elif finish is not None and value is not _FAILED:
                try:
                    values[number] = finish(value, job.roots[number], self._context)
                except Exception as error:
                    self._fail(field, job, number, error)
                    values[number] = _FAILED
        self._complete(field, job, values)

    # completion

    def _complete(self, field: FieldPlan, job: Job, values: list[Any]) -> None:
        """Put the answers to a field's values into those of the job's objects."""
        if field.shape.is_list:
            self._complete_lists(field, job, values)
            return
        if field.is_leaf:
            self._put(field, job, self._serialized(field, job, values))
            return
        if None not in values and not (self._failures and _FAILED in values):
            self._put(
                field, job, self._objects(field, job, values, Origin(range(len(values)), None))
            )
            return
        numbers = [
            number
            for number, value in enumerate(values)
            if value is not None and value is not _FAILED
        ]
        present = [values[at] for at in numbers]
        found = self._objects(field, job, present, Origin(numbers, None))
        outs: list[Any] = [None] * len(values)
        for number, out in zip(numbers, found, strict=True):
            outs[number] = out
        self._put(field, job, outs)

    def _put(self, field: FieldPlan, job: Job, values: list[Any]) -> None:
        name = field.name
        for out, value in zip(job.outs, values):  # noqa: B905
            out[name] = value
        if field.is_required and None in values:
            self._note_nulls(field, job, values)

    def _objects(
        self, field: FieldPlan, job: Job, values: list[Any], origin: Origin | Spread
    ) -> list[Any]:
        """The answers of objects, begun; None for one of no type."""
        if not values:
            return []
        if field.only is not None:
            child = Job(field.only, values, job, field, origin)
            self._begin(child)
            return child.outs
        outs: list[Any] = [None] * len(values)
        for plan, numbers in self._by_type(field, job, values, origin).items():
            chosen = [values[number] for number in numbers]
            child = Job(plan, chosen, job, field, Chosen(origin, numbers))
            self._begin(child)
            for number, out in zip(numbers, child.outs, strict=True):
                outs[number] = out
        return outs

    def _by_type(
        self, field: FieldPlan, job: Job, values: list[Any], origin: Origin | Spread
    ) -> dict[ObjectPlan, list[int]]:
        """The positions of the values of each concrete type."""
        groups: dict[ObjectPlan, list[int]] = {}
        for number, value in enumerate(values):
            type_ = field.type_of(value)
            if type_ is None:
                at, place = origin.of(number)
                self._fail(field, job, at, _untyped(field, value), place)
            else:
                groups.setdefault(field.below(type_), []).append(number)
        return groups

    def _complete_lists(self, field: FieldPlan, job: Job, values: list[Any]) -> None:
        """Flatten the lists of all objects, answer their items at once, and cut them up again."""
        if set(map(type, values)) == {list}:
            items = list(chain.from_iterable(values))
            if None not in items and _are_sound(items):
                found = self._items(field, job, items, Spread(values))
                self._put(field, job, _cut(found, values))
                return
        self._complete_each_list(field, job, values)

    def _complete_each_list(self, field: FieldPlan, job: Job, values: list[Any]) -> None:
        """`_complete_lists` where a list or an item is missing, or something else than that."""
        items: list[Any] = []
        at: list[int] = []
        places: list[int] = []
        lists: list[Any] = []
        for number, value in enumerate(values):
            if value is None or value is _FAILED:
                lists.append(None)
                continue
            try:
                found = _items(field, value)
            except Exception as error:
                self._fail(field, job, number, error)
                lists.append(None)
                continue
            out: list[Any] = [None] * len(found)
            lists.append(out)
            for place, item in enumerate(found):
                if item is None or isinstance(item, Exception):
                    self._missing(field, job, number, place, item)
                else:
                    items.append(item)
                    at.append(number)
                    places.append(place)
        answers = self._items(field, job, items, Origin(at, places))
        for number, place, answer in zip(at, places, answers, strict=True):
            lists[number][place] = answer
        self._put(field, job, lists)

    def _items(
        self, field: FieldPlan, job: Job, items: list[Any], origin: Origin | Spread
    ) -> list[Any]:
        if field.is_leaf:
            return self._leaves(field, job, items, origin)
        return self._objects(field, job, items, origin)

    def _missing(
        self, field: FieldPlan, job: Job, number: int, place: int, error: Exception | None
    ) -> None:
        """Note an item of a list that is null where none may be, or an exception."""
        if error is not None:
            self._fail(field, job, number, error, place)
        elif not field.shape.item_nullable:
            self._fail(field, job, number, null_violation(field), place)

    def _leaves(
        self, field: FieldPlan, job: Job, items: list[Any], origin: Origin | Spread
    ) -> list[Any]:
        assert field.serialize is not None
        try:
            return field.serialize(items)
        except Exception:
            found: list[Any] = []
            for number, item in enumerate(items):
                try:
                    found.append(_leaf(field, item))
                except Exception as error:
                    at, place = origin.of(number)
                    self._fail(field, job, at, error, place)
                    found.append(None)
            return found


def _are_sound(values: list[Any]) -> bool:
    """Whether all are values: none an exception, and none a mark."""
    return not any(issubclass(kind, _ODD) for kind in set(map(type, values)))


def _cut(items: list[Any], lists: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The items in lists as long as those."""
    if len(lists) == 1:
        return [items]
    ends = list(accumulate(map(len, lists)))
    return [items[start:end] for start, end in zip([0, *ends], ends)]  # noqa: B905


def _checked(
    check: Callable[[Any, Any], None] | None, context: Context, value: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    def of(root: Any) -> Any:
        if check is not None:
            check(root, context)
        return value(root)

    return of


def _leaf(field: FieldPlan, value: Any) -> Any:
    assert field.serialize is not None
    if field.is_spelt:
        return field.serialize([value])[0]
    return None if value is None else serialized(field.named, value)  # type: ignore[arg-type]


def _items(field: FieldPlan, value: Any) -> Sequence[Any]:
    """The items of a list field's value.

    Errors: `GraphQLError` where it is none.
    """
    if isinstance(value, list | tuple):
        return value
    if not is_iterable(value):
        raise GraphQLError(
            "Expected Iterable, but did not find one for field"
            f" '{field.parent.name}.{field.field_name}'."
        )
    return list(value)


def _untyped(field: FieldPlan, value: Any) -> Exception:
    if is_union_type(field.named):
        return WrongReturnTypeForUnion(field.field_name, str(type(value)))
    return GraphQLError(
        f"Abstract type '{field.named}' must resolve to an Object type at runtime"
        f" for field '{field.parent.name}.{field.field_name}'."
        f" Either the '{field.named}' type should provide a 'resolve_type' function or each"
        " possible type should provide an 'is_type_of' function."
    )
