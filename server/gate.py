"""The gate before every operation: who asks, which text, and what it costs."""

from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from starlette.requests import Request

from schema.actor import Actor
from schema.idempotency import IdempotencyKey
from schema.scope import Login, Scope
from server.actors import actor_of
from server.claims import Claims
from server.documents import Document
from server.facts import RequestFacts
from server.graphql import Gate
from server.headers import headers_of
from server.idempotency import idempotency_key, key_of
from server.identity import Identity
from server.live import Live
from server.operations import Operation
from server.parameters import Parameters
from server.payers import named_cities
from server.preferences import language
from server.purpose import purpose_of
from server.rates import RateLimitedError, Rates, address_key
from server.trusted import TrustedDocuments, cache_headers
from tenants.registry import Registry
from tenants.roles import Role

_PROVINCIAL = (Role.PROVINCE_ANALYST, Role.PROVINCE_ADMIN)


class Caller(NamedTuple):
    """Who asks, what may be read, and the tenants in force as the request came in.

    `payer` says whose budget an operation takes from: a tenant's subject, or without a token an
    address.
    """

    actor: Actor
    scope: Scope
    registry: Registry
    language: str
    payer: str
    facts: RequestFacts
    idempotency: IdempotencyKey | None = None


class Admission(Gate):
    """The gate of the real server."""

    def __init__(
        self, live: Live, identity: Identity, rates: Rates, trusted: TrustedDocuments
    ) -> None:
        self._live = live
        self._identity = identity
        self._rates = rates
        self._trusted = trusted
        self._openings = Openings()

    async def admit(self, request: Request, facts: RequestFacts) -> Caller:
        """The caller of a request.

        Errors: `CodedError` TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_SCOPE, BAD_REQUEST, UNAVAILABLE.
        """
        headers = headers_of(request.scope)
        claims = await self._identity.claims(headers.get("authorization"))
        registry = await self._live.current()
        purpose = purpose_of(headers.get("x-purpose"))
        actor, scope, payer, facts.role, facts.tenant = self._openings.of(claims, registry)
        if purpose is not None:
            actor = replace(actor, purpose=purpose)
        accepted = headers.get("accept-language", "")
        spoken = language(accepted) if accepted or not actor.language else actor.language
        client = request.scope.get("client")
        if payer is None:
            payer = address_key(client[0] if client else "unknown")
        return Caller(actor, scope, registry, spoken, payer, facts)

    def text(self, parameters: Parameters) -> str:
        """The text that a request holds or names."""
        return self._trusted.text_of(parameters)

    def valid(self, parameters: Parameters) -> None:
        """Remember a text that was sent with its hash."""
        self._trusted.register(parameters)

    def keyed(self, caller: Caller, request: Request, text: str, operation: Operation) -> Caller:
        """The caller with the hashes of the request's Idempotency-Key, if it has one.

        Errors: `CodedError` BAD_REQUEST.
        """
        given = key_of(request.headers.getlist("idempotency-key"))
        if given is None:
            return caller
        key = idempotency_key(given, caller.payer, text, operation)
        return caller._replace(idempotency=key)

    def charge(
        self, caller: Caller, document: Document, operation: Operation
    ) -> Coroutine[Any, Any, Mapping[str, str]]:
        """Take the operation's cost off what the actor and the city may spend.

        Errors: `CodedError` NODES_EXCEEDED, COST_EXCEEDED, RATE_LIMITED.
        """
        cost = document.cost(operation.definition, operation.variables)
        return self.spend(caller, operation, cost.cost)

    async def spend(self, caller: Caller, operation: Operation, cost: int) -> Mapping[str, str]:
        """Take a cost off what the actor and the city may spend.

        Errors: `CodedError` RATE_LIMITED.
        """
        public = caller.actor.tenant_ids is None
        tenants = charged(caller, operation)
        try:
            spent = await self._rates.spend(caller.payer, tenants, cost, public=public)
            return spent.headers()
        except RateLimitedError as refusal:
            caller.facts.limited = refusal.bound
            raise

    def owner(self, caller: Caller) -> str:
        """The actor, as the rates know it."""
        return caller.payer

    def cached(self, parameters: Parameters, request: Request) -> Mapping[str, str]:
        """Answers to trusted queries that anybody may ask can be kept by caches."""
        return cache_headers(self._trusted, parameters, request)


class Opened(NamedTuple):
    """What claims open: an actor without a purpose, what it may read, and what is said of it.

    `payer` is whose budget its operations take from; None without a token.
    """

    actor: Actor
    scope: Scope
    payer: str | None
    role: str
    tenant: str | None


class Openings:
    """What claims open, worked out once while a registry is in force, for `size` claims."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._registry: Registry | None = None
        self._known: dict[Claims | None, Opened] = {}

    def of(self, claims: Claims | None, registry: Registry) -> Opened:
        """What claims open.

        Errors: `CodedError` TOKEN_SCOPE.
        """
        if registry is not self._registry:
            self._registry, self._known = registry, {}
        found = self._known.get(claims)
        if found is None:
            if len(self._known) >= self._size:
                self._known.clear()
            found = self._known[claims] = opened_by(actor_of(claims, registry), registry)
        return found


def opened_by(actor: Actor, registry: Registry) -> Opened:
    """What an actor opens."""
    payer = None
    if actor.tenant_ids is not None:
        payer = f"{min(actor.tenant_ids)} {actor.subject}"
    tenant = f"{actor.grants[0].tenant_id:06}" if actor.grants else None
    return Opened(actor, scope_of(actor, registry), payer, actor.role.value, tenant)


def scope_of(actor: Actor, registry: Registry) -> Scope:
    """What an actor may read: a city's whole, or what is shared of many tenants."""
    if actor.tenant_ids is None:
        return registry_scope(registry)
    if actor.role in _PROVINCIAL:
        return Scope(actor.tenant_ids)
    return Scope(actor.tenant_ids, Login.CITY)


def registry_scope(registry: Registry) -> Scope:
    """The public rows of every tenant."""
    return Scope(frozenset(registry.by_id))


def charged(caller: Caller, operation: Operation) -> frozenset[int]:
    """The cities whose budget an operation takes from: the token's, else those that it names."""
    actor = caller.actor
    if caller.scope.login is Login.CITY:
        return caller.scope.tenant_ids
    if actor.tenant_ids is not None:
        return frozenset()
    return named_cities(operation, caller.registry)
