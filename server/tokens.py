"""Tokens that this server makes itself: HS256, for as long as no OIDC provider issues them."""

import time
from collections.abc import Callable

import jwt

from server.claims import Claims, write_claims
from server.secrets import token_secret
from server.settings import Settings

HS256 = "HS256"


class Mint:
    """Makes tokens; `clock` gives seconds since 1970."""

    def __init__(
        self,
        secret: bytes,
        issuer: str,
        audience: str,
        prefix: str = "",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secret = secret
        self._issuer = issuer
        self._audience = audience
        self._prefix = prefix
        self._clock = clock

    def token(self, claims: Claims, hours: float) -> str:
        """A token that says `claims`, valid from now for `hours`."""
        now = int(self._clock())
        frame = {"iss": self._issuer, "aud": self._audience, "iat": now}
        payload = frame | {"exp": now + int(hours * 3600)} | write_claims(claims, self._prefix)
        return jwt.encode(payload, self._secret, HS256)


def open_mint(settings: Settings, clock: Callable[[], float] = time.time) -> Mint | None:
    """The mint of these settings; None where a provider issues the tokens (ONEGRID_JWKS_URL).

    Errors: `SecretError`.
    """
    if settings.jwks_url is not None:
        return None
    return Mint(
        token_secret(settings),
        settings.token_issuer,
        settings.token_audience,
        settings.token_claim_prefix,
        clock=clock,
    )
