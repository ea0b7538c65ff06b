"""Which service an issue belongs to: the one that is named, or for free text another one.

A catalogue may name the service for whatever no other one names (`catch_all`); free text goes
there. Where it names none, the likeliest is taken, a rule that is assumed: among the services open
to the reporter the one that shares most with the text, by every two neighbouring characters of the
service's name, its category's name and the choices of its questions, where a pair weighs the less
the more services have it; of equals the first of the catalogue. A text that shares nothing goes to
the first service of the workflow `standard`, else to the first of all. The event of an issue whose
service nobody named says `classified`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from schema.errors import CodedError
from schema.ids import parse_id
from schema.refusals import Refusal, RefusalCode, wrong
from schema.words import words
from schema.work import Work
from tenants.catalogue import Category, Service
from tenants.definition import Definition
from tenants.roles import Role

STANDARD = "standard"


@dataclass(frozen=True)
class Chosen:
    """A service; `classified` where nobody named it."""

    service: Service
    classified: bool = False


def chosen(work: Work, given: str | None, text: str) -> Chosen | Refusal:
    """The service (code or id) that is named, or the one that fits `text`; or why there is none."""
    roles = _roles(work)
    if given is not None:
        return _named(work, given, roles)
    found = classified(work.definition, text, roles)
    if found is not None:
        return Chosen(found, classified=True)
    name = work.definition.tenant.name
    return wrong(
        RefusalCode.SERVICE_NOT_OPEN,
        f"{name}没有您可申请的服务事项。",
        f"{name} has no service that you may ask for.",
        "service",
    )


def classified(definition: Definition, text: str, roles: Iterable[Role]) -> Service | None:
    """The service open to one of the roles that a text belongs to, by the rule above."""
    held = frozenset(roles)
    if definition.catch_all is not None and is_open(definition.catch_all[1], held):
        return definition.catch_all[1]
    open_ = [service for _, service in definition.services.values() if is_open(service, held)]
    pairs, weights = words(text, None), _weights(definition)
    scores = [
        sum(weights[pair] for pair in pairs & _words_of(definition, service.code))
        for service in open_
    ]
    if not open_:
        return None
    best = max(scores)
    if best > 0:
        return open_[scores.index(best)]
    fallbacks = [item for item in open_ if item.catch_all]
    fallbacks += [item for item in open_ if item.workflow == STANDARD]
    return next(iter(fallbacks), open_[0])


def is_open(service: Service, roles: frozenset[Role]) -> bool:
    """Whether one of the roles may ask for the service; without an audience everybody may."""
    return not service.audience or not roles.isdisjoint(service.audience)


def _roles(work: Work) -> frozenset[Role]:
    """The roles that the actor holds anywhere in the tenant."""
    if work.actor.tenant_ids is None:
        return frozenset({Role.PUBLIC})
    return frozenset(grant.role for grant in work.actor.grants if grant.tenant_id == work.tenant_id)


def _named(work: Work, given: str, roles: frozenset[Role]) -> Chosen | Refusal:
    found = work.definition.services.get(_code(given, work.tenant_id))
    if found is None:
        return wrong(
            RefusalCode.SERVICE_UNKNOWN,
            f"{work.definition.tenant.name}没有服务事项“{given[:40]}”;请用 catalogue 查找,"
            "或省略 service 按文字归类。",
            f"{work.definition.tenant.name} has no service {given[:40]!r}; find one in catalogue, "
            "or leave service out to have the text classified.",
            "service",
        )
    service = found[1]
    if is_open(service, roles):
        return Chosen(service)
    audience = ", ".join(service.audience)
    return wrong(
        RefusalCode.SERVICE_NOT_OPEN,
        f"“{service.name}”可由 {audience} 申请,您为 {work.actor.role}。",
        f"{service.name!r} is for {audience}; you are {work.actor.role}.",
        "service",
    )


def _code(given: str, tenant_id: int) -> str:
    """The code in a service's global id, else what was given."""
    try:
        parsed = parse_id(given)
    except CodedError:
        return given
    own = parsed.type == "Service" and parsed.tenant_id == tenant_id
    return parsed.key if own else given


@lru_cache(maxsize=64)
def _vocabulary(definition: Definition) -> dict[str, frozenset[str]]:
    """The words of each service, by its code."""
    return {
        code: frozenset().union(*(words(text, None) for text in _texts(category, service)))
        for code, (category, service) in definition.services.items()
    }


@lru_cache(maxsize=64)
def _weights(definition: Definition) -> dict[str, float]:
    counted = Counter(word for known in _vocabulary(definition).values() for word in known)
    return {word: 1 / count for word, count in counted.items()}


def _words_of(definition: Definition, code: str) -> frozenset[str]:
    return _vocabulary(definition)[code]


def _texts(category: Category, service: Service) -> list[str]:
    choices = [choice for question in service.questions for choice in question.choices]
    return [service.name, category.name, *choices]
