"""The rules of a definition that types cannot say; each check yields what it finds wrong."""

from collections.abc import Iterator

from tenants.catalogue import QuestionKind, Service, ServiceDefaults, with_defaults
from tenants.definition import City, Province, Shared
from tenants.findings import Finding, Known, duplicates, unknown
from tenants.hierarchy import MAX_DEPTH, Hierarchy, Level, StaffingRule, cycles
from tenants.posts import PostKind
from tenants.problems import shown
from tenants.sourced import Loc
from tenants.workflow_checks import check_workflow


def check_tenant(tenant: City | Province, known: Known) -> Iterator[Finding]:
    """Every broken rule of an effective city or province, but for a province's `defaults`."""
    yield from check_shared(tenant, known, ())
    yield from _organizations(tenant, known)
    yield from _generated(tenant, known)
    if isinstance(tenant, Province):
        yield from duplicates(tenant.domains, lambda item: item.key, ("domains",), "key")
        yield from duplicates(tenant.rungs, lambda item: item.rung, ("rungs",), "rung")
        yield from duplicates(tenant.phases, lambda item: item.phase, ("phases",), "phase")
        yield from duplicates(tenant.industries, lambda item: item.key, ("industries",), "key")
        yield from duplicates(tenant.dimensions, lambda item: item.key, ("dimensions",), "key")
    else:
        yield from duplicates(tenant.alliances, lambda item: item.key, ("alliances",), "key")
        yield from duplicates(tenant.ways, lambda item: item.key, ("ways",), "key")
        records = ("cooperatives", "records")
        yield from duplicates(tenant.cooperatives.records, str, records, None)


def check_shared(shared: Shared, known: Known, at: Loc) -> Iterator[Finding]:
    """Levels, posts, workflows and catalogue, at `at` of the tree."""
    yield from _levels(shared.levels, known, (*at, "levels"))
    yield from _posts(shared.posts, known, (*at, "posts"))
    yield from _staffing(shared, known, at)
    yield from duplicates(shared.workflows, lambda item: item.key, (*at, "workflows"), "key")
    for index, workflow in enumerate(shared.workflows):
        yield from check_workflow(workflow, known, (*at, "workflows", index))
    yield from _catalogue(shared, known, (*at, "categories"))


def _levels(levels: list[Level], known: Known, at: Loc) -> Iterator[Finding]:
    yield from duplicates(levels, lambda level: level.key, at, "key")
    holders: dict[str, str] = {}
    for index, level in enumerate(levels):
        for place, key in enumerate(level.under):
            yield from unknown(key, known.levels, (*at, index, "under", place), "level")
        for place, kind in enumerate(level.divisions):
            if holders.setdefault(kind, level.key) != level.key:
                yield Finding(
                    (*at, index, "divisions", place),
                    shown(str(kind)),
                    f"each division in one level; {holders[kind]!r} holds it already",
                )
        yield from duplicates(
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
    yield from duplicates(posts, lambda kind: kind.key, at, "key")
    for index, kind in enumerate(posts):
        for place, key in enumerate(kind.levels):
            yield from unknown(key, known.levels, (*at, index, "levels", place), "level")


def _staffing(shared: Shared, known: Known, at: Loc) -> Iterator[Finding]:
    kinds = {kind.key: (index, kind) for index, kind in enumerate(shared.posts)}
    for index, level in enumerate(shared.levels):
        for place, rule in enumerate(level.staffing):
            here = (*at, "levels", index, "staffing", place)
            yield from unknown(rule.post, known.posts, (*here, "post"), "post kind")
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


def _catalogue(shared: Shared, known: Known, at: Loc) -> Iterator[Finding]:
    yield from duplicates(shared.categories, lambda item: item.key, at, "key")
    codes: set[str] = set()
    caught: str | None = None
    for index, category in enumerate(shared.categories):
        yield from _references(category, known, (*at, index))
        for place, service in enumerate(category.services):
            here = (*at, index, "services", place)
            if service.code in codes:
                expected = "each service code once in a city"
                yield Finding((*here, "code"), shown(service.code), expected)
            codes.add(service.code)
            if service.catch_all:
                yield from _catch_all(service, caught, here)
                caught = caught or service.code
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


def _catch_all(service: Service, earlier: str | None, here: Loc) -> Iterator[Finding]:
    """The one service for whatever people write without choosing any, so without answers too."""
    if earlier is not None:
        expected = f"one service for all else in a catalogue; {earlier!r} is it already"
        yield Finding((*here, "catch_all"), "true", expected)
    for index, question in enumerate(service.questions):
        if question.required:
            expected = "no required question on the service for all else"
            yield Finding((*here, "questions", index), shown(question.key), expected)


def _references(part: ServiceDefaults, known: Known, at: Loc) -> Iterator[Finding]:
    """What a category or a service names itself."""
    for name, value, keys, what in (
        ("workflow", part.workflow, known.workflows, "workflow"),
        ("handled_by", part.handled_by, known.levels, "level"),
        ("domain", part.domain, known.domains, "service domain"),
    ):
        if value is not None:
            yield from unknown(value, keys, (*at, name), what)


def _questions(service: Service, known: Known, at: Loc) -> Iterator[Finding]:
    yield from duplicates(service.questions, lambda item: item.key, at, "key")
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
    yield from duplicates(declared, lambda item: item.code, ("organizations",), "code")
    for index, item in enumerate(declared):
        if item.level is not None:
            at: Loc = ("organizations", index, "level")
            yield from unknown(item.level, known.levels, at, "level")
        if item.valid_from and item.valid_to and item.valid_from >= item.valid_to:
            yield Finding(
                ("organizations", index, "valid_to"),
                str(item.valid_to),
                f"a day after valid_from ({item.valid_from})",
            )


def _generated(tenant: City | Province, known: Known) -> Iterator[Finding]:
    keys = [item.key for item in tenant.generated] + sorted(known.lacks(("generated",)) - {""})
    levels = {level.key: index for index, level in enumerate(tenant.levels)}
    yield from duplicates(tenant.generated, lambda item: item.key, ("generated",), "key")
    for index, made in enumerate(tenant.generated):
        here: Loc = ("generated", index)
        yield from unknown(made.level, known.levels, (*here, "level"), "level")
        yield from unknown(made.under.level, known.levels, (*here, "under", "level"), "level")
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
            yield from unknown(made.merged_into, keys, at_key, "generated entry")
