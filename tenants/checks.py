"""The rules of a definition that types cannot say; each check yields what it finds wrong."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tenants.catalogue import QuestionKind, with_defaults
from tenants.definition import City, Province, Shared
from tenants.hierarchy import MAX_DEPTH, Hierarchy, Level, cycle
from tenants.problems import shown
from tenants.sourced import Loc
from tenants.workflow import Workflow, dead_ends, unreachable

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """A broken rule at `loc` of the merged tree."""

    loc: Loc
    value: str
    expected: str


@dataclass(frozen=True)
class Known:
    """Keys that exist, including those of items that failed their own validation.

    A reference to a broken item is not a second mistake.
    """

    levels: Collection[str]
    workflows: Collection[str]
    domains: Collection[str]


def check_tenant(tenant: City | Province, known: Known) -> Iterator[Finding]:
    """Every broken rule of an effective city or province."""
    yield from check_shared(tenant, known, ())
    yield from _organizations(tenant, known)
    if isinstance(tenant, Province):
        yield from _duplicates(tenant.domains, lambda item: item.key, ("domains",), "key")
        yield from check_shared(tenant.defaults, known, ("defaults",))


def check_shared(shared: Shared, known: Known, at: Loc) -> Iterator[Finding]:
    """Levels, workflows and catalogue, at `at` of the tree."""
    yield from _levels(shared.levels, known, (*at, "levels"))
    yield from _duplicates(shared.workflows, lambda item: item.key, (*at, "workflows"), "key")
    for index, workflow in enumerate(shared.workflows):
        yield from _workflow(workflow, (*at, "workflows", index))
    yield from _catalogue(shared, known, (*at, "categories"))


def _duplicates(
    items: Iterable[T], key_of: Callable[[T], str], at: Loc, name: str
) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        key = key_of(item)
        if key in seen:
            yield Finding((*at, index, name), shown(key), "each one once, this one is a duplicate")
        seen.add(key)


def _unknown(value: str, known: Collection[str], at: Loc, what: str) -> Iterator[Finding]:
    if value not in known:
        names = ", ".join(known) or f"(no {what} is declared)"
        yield Finding(at, shown(value), f"the key of a declared {what}: {names}")


def _levels(levels: list[Level], known: Known, at: Loc) -> Iterator[Finding]:
    yield from _duplicates(levels, lambda level: level.key, at, "key")
    holders: dict[str, str] = {}
    for index, level in enumerate(levels):
        for place, key in enumerate(level.under):
            yield from _unknown(key, known.levels, (*at, index, "under", place), "level")
        for place, kind in enumerate(level.divisions):
            if holders.setdefault(kind, level.key) != level.key:
                yield Finding(
                    (*at, index, "divisions", place),
                    shown(str(kind)),
                    f"each division in one level; {holders[kind]!r} holds it already",
                )
        yield from _duplicates(
            level.staffing, lambda rule: rule.post, (*at, index, "staffing"), "post"
        )
        for place, key in enumerate(level.formerly):
            if key in known.levels:
                yield Finding(
                    (*at, index, "formerly", place),
                    shown(key),
                    "the key of a level that no longer exists; this one still does",
                )
    by_key = {level.key: level for level in levels}
    indexes = {level.key: index for index, level in enumerate(levels)}
    if found := cycle(by_key):
        yield Finding(
            (*at, indexes[found[0]], "under"),
            " → ".join(found),
            "levels without a cycle: none may stand under itself, directly or through others",
        )
    elif all(key in by_key for level in levels for key in level.under):
        depth = Hierarchy(levels).depth
        if depth > MAX_DEPTH:
            yield Finding(at, f"a chain of {depth} levels", f"at most {MAX_DEPTH} levels")


def _workflow(workflow: Workflow, at: Loc) -> Iterator[Finding]:
    yield from _duplicates(workflow.states, lambda item: item.key, (*at, "states"), "key")
    yield from _duplicates(workflow.actions, lambda item: item.key, (*at, "actions"), "key")
    states = {state.key: index for index, state in enumerate(workflow.states)}
    broken = False
    for index, action in enumerate(workflow.actions):
        ends = [(("from", place), key) for place, key in enumerate(action.from_)]
        for end, key in [*ends, (("to",), action.to)]:
            findings = list(_unknown(key, states, (*at, "actions", index, *end), "state"))
            broken = broken or bool(findings)
            yield from findings
    if broken:
        return
    for key in unreachable(workflow):
        yield Finding(
            (*at, "states", states[key]),
            shown(key),
            "a state that actions reach from the first state; no action leads to this one",
        )
    for key in dead_ends(workflow):
        yield Finding(
            (*at, "states", states[key]),
            shown(key),
            "a state from which a final one (CLOSED, REJECTED, WITHDRAWN) can be reached",
        )


def _catalogue(shared: Shared, known: Known, at: Loc) -> Iterator[Finding]:
    yield from _duplicates(shared.categories, lambda item: item.key, at, "key")
    codes: set[str] = set()
    for index, category in enumerate(shared.categories):
        for place, own in enumerate(category.services):
            here = (*at, index, "services", place)
            if own.code in codes:
                yield Finding((*here, "code"), shown(own.code), "each service code once in a city")
            codes.add(own.code)
            service = with_defaults(category, own)
            if service.workflow is None:
                yield Finding(
                    here,
                    f"service {own.code!r} without a workflow",
                    "`workflow` on the service or on its category: " + ", ".join(known.workflows),
                )
            else:
                at_workflow = here if own.workflow is None else (*here, "workflow")
                yield from _unknown(service.workflow, known.workflows, at_workflow, "workflow")
            if service.handled_by is not None:
                at_level = here if own.handled_by is None else (*here, "handled_by")
                yield from _unknown(service.handled_by, known.levels, at_level, "level")
            if service.domain is not None:
                at_domain = here if own.domain is None else (*here, "domain")
                yield from _unknown(service.domain, known.domains, at_domain, "service domain")
            yield from _duplicates(
                own.questions, lambda item: item.key, (*here, "questions"), "key"
            )
            for number, question in enumerate(own.questions):
                if (question.kind is QuestionKind.CHOICE) != bool(question.choices):
                    yield Finding(
                        (*here, "questions", number),
                        f"kind {question.kind} with {len(question.choices)} choices",
                        "choices on a CHOICE question, and on no other",
                    )


def _organizations(tenant: City | Province, known: Known) -> Iterator[Finding]:
    declared = tenant.organizations
    yield from _duplicates(declared, lambda item: item.code, ("organizations",), "code")
    for index, item in enumerate(declared):
        if item.level is not None:
            at: Loc = ("organizations", index, "level")
            yield from _unknown(item.level, known.levels, at, "level")
        if item.valid_from and item.valid_to and item.valid_from >= item.valid_to:
            yield Finding(
                ("organizations", index, "valid_to"),
                str(item.valid_to),
                f"a day after valid_from ({item.valid_from})",
            )
    keys = {item.key for item in tenant.generated}
    yield from _duplicates(tenant.generated, lambda item: item.key, ("generated",), "key")
    for index, made in enumerate(tenant.generated):
        here: Loc = ("generated", index)
        yield from _unknown(made.level, known.levels, (*here, "level"), "level")
        yield from _unknown(made.under.level, known.levels, (*here, "under", "level"), "level")
        level = next((lv for lv in tenant.levels if lv.key == made.level), None)
        if level is not None and made.under.level not in level.under:
            yield Finding(
                (*here, "under", "level"),
                shown(made.under.level),
                f"a level that {made.level!r} may stand under: " + ", ".join(level.under),
            )
        if (made.count is None) == (made.each is None):
            yield Finding(here, "count and each", "one of the two: `count` in all or `each` parent")
        if made.merged_into is not None:
            at_key: Loc = (*here, "merged_into")
            yield from _unknown(made.merged_into, keys, at_key, "generated entry")
