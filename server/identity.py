"""Who sends a request: the claims of its token, checked, or a refusal that says nothing more."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import jwt
import structlog

from schema.errors import CodedError, ErrorCode
from server.claims import Claims, MalformedClaimsError, read_claims
from server.jwks import ProviderKeys
from server.secrets import token_secret
from server.settings import Settings
from server.tokens import HS256

MAX_HEADER = 8192
LEEWAY = 30.0
"""Seconds that clocks of issuer and server may differ."""
REFUSAL_SECONDS = 0.005
"""Until a wrong token is refused: longer than any check, so that all take the same time."""
LATEST = 10**11
"""A later point in time, in seconds since 1970, is malformed."""

log = structlog.get_logger("onegrid")


class Keys(Protocol):
    """Where the keys of signatures come from."""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The only algorithms that are taken."""

    @property
    def seconds(self) -> float:
        """How long a checked signature may be believed without asking again."""

    async def find(self, key_id: str | None) -> jwt.PyJWK | bytes | None:
        """The key with this id.

        Errors: `CodedError` UNAVAILABLE.
        """


class SharedSecret:
    """The one secret of HS256, whatever key id a token names."""

    algorithms = (HS256,)
    seconds = float("inf")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    async def find(self, key_id: str | None) -> bytes:
        """The secret."""
        return self._secret


class Identity:
    """Checks the Authorization header; `clock` gives seconds since 1970.

    Claims of a good token are remembered under its hash until it expires, or for as long as its
    key may be believed; those of `size` tokens, the latest used.
    """

    def __init__(
        self,
        keys: Keys,
        issuer: str,
        audience: str,
        prefix: str = "",
        *,
        clock: Callable[[], float] = time.time,
        refusal_seconds: float = REFUSAL_SECONDS,
        size: int = 10_000,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._prefix = prefix
        self._clock = clock
        self._refusal_seconds = refusal_seconds
        self._size = size
        self._jwt = jwt.PyJWT(_OPTIONS)
        self._remembered: OrderedDict[bytes, tuple[Claims, float]] = OrderedDict()

    async def claims(self, header: str | None) -> Claims | None:
        """The claims of `Authorization: Bearer <token>`; None without the header.

        Errors: `CodedError` TOKEN_INVALID, the same for whatever is wrong; TOKEN_EXPIRED where
        only the time is; UNAVAILABLE while a provider's keys have never been reached.
        """
        if header is None:
            return None
        digest = _digest(header)
        found = self._remembered.get(digest)
        if found is not None and self._clock() < found[1]:
            self._remembered.move_to_end(digest)
            return found[0]
        started = time.monotonic()
        try:
            return await self._checked(header, digest)
        except _WrongTokenError as wrong:
            log.debug("token refused", reason=str(wrong))
        await asyncio.sleep(started + self._refusal_seconds - time.monotonic())
        raise _invalid()

    async def _checked(self, header: str, digest: bytes) -> Claims:
        try:
            payload = await self._verified(_bearer(header))
            claims = read_claims(payload, self._prefix)
        except (jwt.PyJWTError, MalformedClaimsError) as error:
            raise _WrongTokenError(_reason(error)) from None
        now = self._clock()
        expires = _expiry(payload, now)
        if now >= expires:
            log.debug("token refused", reason="expired")
            raise _expired()
        self._remember(digest, claims, min(expires, now + self._keys.seconds))
        return claims

    async def _verified(self, token: str) -> dict[str, Any]:
        """The payload of a token whose signature, issuer and audience are right."""
        head = jwt.get_unverified_header(token)
        if head.get("alg") not in self._keys.algorithms:
            raise _WrongTokenError("alg")
        key = await self._keys.find(head.get("kid"))
        if key is None:
            raise _WrongTokenError("kid")
        return self._jwt.decode(
            token,
            key,
            algorithms=self._keys.algorithms,
            audience=self._audience,
            issuer=self._issuer,
        )

    def _remember(self, digest: bytes, claims: Claims, until: float) -> None:
        self._remembered[digest] = claims, until
        self._remembered.move_to_end(digest)
        if len(self._remembered) > self._size:
            self._remembered.popitem(last=False)


def open_identity(settings: Settings, clock: Callable[[], float] = time.time) -> Identity:
    """The identity of these settings: HS256, or with ONEGRID_JWKS_URL RS256 and ES256 alone.

    Errors: `SecretError`.
    """
    keys: Keys = (
        SharedSecret(token_secret(settings))
        if settings.jwks_url is None
        else ProviderKeys(settings.jwks_url, settings.jwks_seconds)
    )
    return Identity(
        keys,
        settings.token_issuer,
        settings.token_audience,
        settings.token_claim_prefix,
        clock=clock,
    )


# the times are compared here, by the clock that is passed in; the subject with the other claims
_OPTIONS: Any = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_sub": False,
    "verify_jti": False,
    "enforce_minimum_key_length": True,
}


class _WrongTokenError(Exception):
    """Why a token is refused, for the log alone; never holds a part of the token."""


def _digest(header: str) -> bytes:
    """What claims are remembered under; too long a header is never remembered, so none is made."""
    if len(header) > MAX_HEADER:
        return b""
    return hashlib.sha256(header.encode("utf-8", "surrogatepass")).digest()


def _bearer(header: str) -> str:
    """The token of the header."""
    if len(header) > MAX_HEADER:
        raise _WrongTokenError("size")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.isascii():
        raise _WrongTokenError("scheme")
    return token.strip()


def _expiry(payload: Mapping[str, Any], now: float) -> float:
    """When the token ends, leeway included; one that has not begun is wrong."""
    begins = max(_instant(payload, "iat", 0), _instant(payload, "nbf", 0))
    if begins > now + LEEWAY:
        raise _WrongTokenError("not yet valid")
    return _instant(payload, "exp", None) + LEEWAY


def _instant(payload: Mapping[str, Any], name: str, default: float | None) -> float:
    value = payload.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
        raise _WrongTokenError(name)
    return value


def _reason(error: Exception) -> str:
    """What failed, without PyJWT's texts: they quote the token."""
    return str(error) if isinstance(error, MalformedClaimsError) else type(error).__name__


def _invalid() -> CodedError:
    return CodedError(
        ErrorCode.TOKEN_INVALID,
        "令牌无效；Authorization 应为“Bearer <令牌>”，令牌由本服务认可的签发者签发。请重新登录。",
        "The token is not valid; expected Authorization: Bearer <token>, with a token of this "
        "server's issuer. Sign in again.",
    )


def _expired() -> CodedError:
    return CodedError(
        ErrorCode.TOKEN_EXPIRED,
        "令牌已过期；请重新登录。",
        "The token has expired; sign in again.",
    )
