"""The rules of a definition that types cannot say; each check yields what it finds wrong."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tenants.catalogue import QuestionKind, Service, ServiceDefaults, with_defaults
from tenants.definition import City, Province, Shared
from tenants.hierarchy import MAX_DEPTH, Hierarchy, Level, StaffingRule, cycles
from tenants.posts import PostKind
from tenants.problems import shown
from tenants.sourced import Loc
from tenants.workflow import Workflow, dead_ends, unreachable

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """A broken rule at `loc` of the merged tree, and at `also` as much."""

    loc: Loc
    value: str
    expected: str
    also: tuple[Loc, ...] = ()


@dataclass(frozen=True)
class Known:
    """Keys that exist, including those of items that failed their own validation.

    A reference to a broken item is not a second mistake. None: it cannot be told which exist.
    `lacks` gives what was left out as broken of the mapping or list at a loc.
    """

    levels: Collection[str] | None
    posts: Collection[str] | None
    workflows: Collection[str] | None
    domains: Collection[str] | None
    lacks: Callable[[Loc], frozenset[str]]


def check_tenant(tenant: City | Province, known: Known) -> Iterator[Finding]:
    """Every broken rule of an effective city or province, but for a province's `defaults`."""
    yield from check_shared(tenant, known, ())
    yield from _organizations(tenant, known)
    yield from _generated(tenant, known)
    if isinstance(tenant, Province):
        yield from _duplicates(tenant.domains, lambda item: item.key, ("domains",), "key")
        yield from _duplicates(tenant.rungs, lambda item: item.rung, ("rungs",), "rung")
        yield from _duplicates(tenant.phases, lambda item: item.phase, ("phases",), "phase")


def check_shared(shared: Shared, known: Known, at: Loc) -> Iterator[Finding]:
    """Levels, posts, workflows and catalogue, at `at` of the tree."""
    yield from _levels(shared.levels, known, (*at, "levels"))
    yield from _posts(shared.posts, known, (*at, "posts"))
    yield from _staffing(shared, known, at)
    yield from _duplicates(shared.workflows, lambda item: item.key, (*at, "workflows"), "key")
    for index, workflow in enumerate(shared.workflows):
        yield from _workflow(workflow, known, (*at, "workflows", index))
    yield from _catalogue(shared, known, (*at, "categories"))


def _duplicates(
    items: Iterable[T], key_of: Callable[[T], str], at: Loc, name: str
) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        key = key_of(item)
        if key in seen:
            given = shown(str(key))
            yield Finding((*at, index, name), given, "each one once, this one is a duplicate")
        seen.add(key)


def _unknown(value: str, known: Collection[str] | None, at: Loc, what: str) -> Iterator[Finding]:
    if known is not None and value not in known:
        names = ", ".join(dict.fromkeys(known)) or f"(no {what} is declared)"
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
            if key in (known.levels or ()):
                yield Finding(
                    (*at, index, "formerly", place),
                    shown(key),
                    "the key of a level that no longer exists; this one still does",
                )
    by_key = {level.key: level for level in levels}
    indexes = {level.key: index for index, level in enumerate(levels)}
    circular = list(cycles(by_key))
    for found in circular:
        first, *others = ((*at, indexes[key], "under") for key in found[:-1])
        expected = "levels without a cycle: none may stand under itself, directly or through others"
        yield Finding(first, " → ".join(found), expected, also=tuple(others))
    if not circular and all(key in by_key for level in levels for key in level.under):
        depth = Hierarchy(levels).depth
        if depth > MAX_DEPTH:
            yield Finding(at, f"a chain of {depth} levels", f"at most {MAX_DEPTH} levels")


def _posts(posts: list[PostKind], known: Known, at: Loc) -> Iterator[Finding]:
    yield from _duplicates(posts, lambda kind: kind.key, at, "key")
    for index, kind in enumerate(posts):
        for place, key in enumerate(kind.levels):
            yield from _unknown(key, known.levels, (*at, index, "levels", place), "level")


def _staffing(shared: Shared, known: Known, at: Loc) -> Iterator[Finding]:
    kinds = {kind.key: (index, kind) for index, kind in enumerate(shared.posts)}
    for index, level in enumerate(shared.levels):
        for place, rule in enumerate(level.staffing):
            here = (*at, "levels", index, "staffing", place)
            yield from _unknown(rule.post, known.posts, (*here, "post"), "post kind")
            if rule.post in kinds:
                number, kind = kinds[rule.post]
                yield from _rule(rule, level, kind, known, here, (*at, "posts", number))


def _rule(
    rule: StaffingRule, level: Level, kind: PostKind, known: Known, here: Loc, there: Loc
) -> Iterator[Finding]:
    """A staffing rule at `here` that its kind of post, declared at `there`, cannot fulfil."""
    if rule.name is not None and rule.name != kind.name:
        expected = f"{kind.name!r}, as the post kind is named, or no `name`"
        yield Finding((*here, "name"), shown(rule.name), expected, also=((*there, "name"),))
    is_whole = not known.lacks((*there, "levels")) and {*kind.levels} <= {*(known.levels or ())}
    if is_whole and not kind.is_held_at(level.key):
        names = ", ".join(kind.levels)
        expected = f"a post that may be held at {level.key!r}; this one only at: {names}"
        yield Finding((*here, "post"), shown(rule.post), expected, also=((*there, "levels"),))
    if kind.single and rule.required > 1:
        expected = f"1, since {rule.post!r} is `single`: one holder an organization at most"
        yield Finding((*here, "required"), str(rule.required), expected, ((*there, "single"),))


def _workflow(workflow: Workflow, known: Known, at: Loc) -> Iterator[Finding]:
    yield from _duplicates(workflow.states, lambda item: item.key, (*at, "states"), "key")
    yield from _duplicates(workflow.actions, lambda item: item.key, (*at, "actions"), "key")
    states = {state.key: index for index, state in enumerate(workflow.states)}
    lost = known.lacks((*at, "states"))
    is_whole = not lost and not known.lacks((*at, "actions"))
    for index, action in enumerate(workflow.actions):
        here = (*at, "actions", index)
        ends: list[tuple[Loc, str]] = [
            ((*here, "from", place), key) for place, key in enumerate(action.from_)
        ]
        for end, key in [*ends, ((*here, "to"), action.to)]:
            yield from _unknown(key, [*states, *sorted(lost - {""})], end, "state")
            is_whole = is_whole and key in states
        is_whole = is_whole and not known.lacks((*here, "from"))
    if is_whole:
        yield from _ways(workflow, states, at)


def _ways(workflow: Workflow, states: dict[str, int], at: Loc) -> Iterator[Finding]:
    """States without a way in or out."""
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
        yield from _references(category, known, (*at, index))
        for place, service in enumerate(category.services):
            here = (*at, index, "services", place)
            if service.code in codes:
                expected = "each service code once in a city"
                yield Finding((*here, "code"), shown(service.code), expected)
            codes.add(service.code)
            yield from _references(service, known, here)
            lost = known.lacks((*at, index)) | known.lacks(here)
            if with_defaults(category, service).workflow is None and "workflow" not in lost:
                yield Finding(
                    here,
                    f"service {service.code!r} without a workflow",
                    "`workflow` on the service or on its category: "
                    + ", ".join(known.workflows or ("the key of one",)),
                )
            yield from _questions(service, known, (*here, "questions"))


def _references(part: ServiceDefaults, known: Known, at: Loc) -> Iterator[Finding]:
    """What a category or a service names itself."""
    for name, value, keys, what in (
        ("workflow", part.workflow, known.workflows, "workflow"),
        ("handled_by", part.handled_by, known.levels, "level"),
        ("domain", part.domain, known.domains, "service domain"),
    ):
        if value is not None:
            yield from _unknown(value, keys, (*at, name), what)


def _questions(service: Service, known: Known, at: Loc) -> Iterator[Finding]:
    yield from _duplicates(service.questions, lambda item: item.key, at, "key")
    for index, question in enumerate(service.questions):
        lost = known.lacks((*at, index)) & {"kind", "choices"} | known.lacks(
            (*at, index, "choices")
        )
        if not lost and (question.kind is QuestionKind.CHOICE) != bool(question.choices):
            yield Finding(
                (*at, index),
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


def _generated(tenant: City | Province, known: Known) -> Iterator[Finding]:
    keys = [item.key for item in tenant.generated] + sorted(known.lacks(("generated",)) - {""})
    levels = {level.key: index for index, level in enumerate(tenant.levels)}
    yield from _duplicates(tenant.generated, lambda item: item.key, ("generated",), "key")
    for index, made in enumerate(tenant.generated):
        here: Loc = ("generated", index)
        yield from _unknown(made.level, known.levels, (*here, "level"), "level")
        yield from _unknown(made.under.level, known.levels, (*here, "under", "level"), "level")
        if made.level in levels and made.under.level in (known.levels or ()):
            level = levels[made.level]
            under = tenant.levels[level].under
            lost = known.lacks(("levels", level)) & {"under"}
            lost |= known.lacks(("levels", level, "under"))
            if not lost and made.under.level not in under:
                names = ", ".join(under) or f"(none, {made.level!r} is at the top)"
                expected = f"a level that {made.level!r} may stand under: {names}"
                yield Finding((*here, "under", "level"), shown(made.under.level), expected)
        if (made.count is None) == (made.each is None) and not (
            known.lacks(here) & {"count", "each"}
        ):
            given = "neither `count` nor `each`" if made.count is None else "`count` and `each`"
            yield Finding(here, given, "one of the two: `count` in all or `each` parent")
        if made.merged_into is not None:
            at_key: Loc = (*here, "merged_into")
            yield from _unknown(made.merged_into, keys, at_key, "generated entry")
