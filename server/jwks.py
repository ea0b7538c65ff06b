"""The public keys of an OIDC provider: fetched from its JWKS address, kept, rotated."""

import asyncio
import http.client
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import jwt
import orjson
import structlog

from schema.errors import CodedError, ErrorCode

ALGORITHMS = ("RS256", "ES256")
CURVES = (None, "P-256")
MAX_BYTES = 262_144
FETCH_SECONDS = 5.0
PAUSE_SECONDS = 10.0
"""From one fetch to the next at least, however many unknown key ids come."""

log = structlog.get_logger("onegrid")

KeySet = Mapping[str | None, jwt.PyJWK]


@dataclass(frozen=True)
class FetchFailure:
    """A fetch that gave no keys, with the reason for the log."""

    reason: str


class ProviderKeys:
    """The keys at `url`, believed for `seconds`; `clock` gives seconds of any origin.

    Nothing is fetched before a token comes. Keys that are too old are fetched anew by the next
    token. While the provider fails, the old keys go on serving and nobody waits; without any,
    `find` raises UNAVAILABLE. An unknown key id fetches too, but not within `PAUSE_SECONDS`
    of the last fetch, nor beside one that runs. Fetching is done in a thread of its own, and
    waited for `timeout` seconds at most. `failing` says whether the last fetch gave nothing.
    """

    algorithms = ALGORITHMS

    def __init__(
        self,
        url: str,
        seconds: float = 300.0,
        *,
        timeout: float = FETCH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"keys are fetched over http or https, not from {url!r}")
        self.seconds = seconds
        self._url = url
        self._timeout = timeout
        self._clock = clock
        self._keys: KeySet = {}
        self._fresh_until = self._begun = -float("inf")
        self.failing = False
        self._fetch: Future[KeySet | FetchFailure] | None = None

    async def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """The key with this id; None for the only key there is, if there is just one.

        Errors: `CodedError` UNAVAILABLE while there has never been a key.
        """
        self._take()
        key = self._known(key_id)
        if key is None or self._clock() >= self._fresh_until:
            self._begin()
            if key is None or not self.failing:
                await self._finished()
                key = self._known(key_id)
        if not self._keys:
            raise _unavailable()
        return key

    def _known(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _begin(self) -> None:
        """Start a fetch, if none runs and the last one was not just now."""
        now = self._clock()
        if self._fetch is None and now - self._begun >= min(PAUSE_SECONDS, self.seconds):
            self._begun = now
            self._fetch = _in_thread(lambda: fetch_keys(self._url, self._timeout))

    async def _finished(self) -> None:
        """Wait for the fetch that runs, as long as one may take."""
        if self._fetch is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.wrap_future(self._fetch), self._timeout)
            self._take()

    def _take(self) -> None:
        """Take what a fetch that has ended gave."""
        if self._fetch is None or not self._fetch.done():
            return
        found, self._fetch = self._fetch.result(), None
        self.failing = isinstance(found, FetchFailure)
        if isinstance(found, FetchFailure):
            log.warning("the keys of ONEGRID_JWKS_URL were not fetched", reason=found.reason)
            return
        if found.keys() != self._keys.keys():
            log.info("keys of ONEGRID_JWKS_URL", ids=sorted(map(str, found)))
        self._keys = found
        self._fresh_until = self._begun + self.seconds


def fetch_keys(url: str, timeout: float = FETCH_SECONDS) -> KeySet:
    """The usable keys at `url`, by key id; blocks for `timeout` seconds a step.

    Redirects are not followed, and no more than `MAX_BYTES` are read.
    Errors: `OSError`, `http.client.HTTPException`, `ValueError`.
    """
    request = urllib.request.Request(url, headers={"accept": "application/json"})
    deadline = time.monotonic() + timeout
    try:
        with _OPENER.open(request, timeout=timeout) as response:
            return _usable(_read(response, deadline))
    except HTTPError as error:
        error.close()
        raise


def _read(response: http.client.HTTPResponse, deadline: float) -> bytes:
    body = b""
    while part := response.read1(65_536):
        body += part
        if len(body) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError("the answer came too slowly")
    return body


def _usable(body: bytes) -> KeySet:
    document = orjson.loads(body)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("expected a JSON object with a list `keys`")
    keys = [key for item in listed if (key := _key(item)) is not None]
    if not keys:
        raise ValueError(f"no key for {' or '.join(ALGORITHMS)} among {len(listed)}")
    return MappingProxyType({key.key_id: key for key in keys})


def _key(item: Any) -> jwt.PyJWK | None:
    """A key of the set, or None where it is none for signatures that are taken here."""
    if not isinstance(item, dict) or not isinstance(item.get("kid"), str | None):
        return None
    if item.get("use") not in (None, "sig") or "d" in item:  # a private key is everybody's
        return None
    try:
        key = jwt.PyJWK(item)
    except Exception:  # odd values raise more than PyJWT's own; the other keys are still good
        return None
    return key if key.algorithm_name in ALGORITHMS and item.get("crv") in CURVES else None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow none: what the operator set is where the keys are."""


_OPENER = urllib.request.build_opener(_NoRedirects)


def _in_thread(work: Callable[[], KeySet]) -> Future[KeySet | FetchFailure]:
    """Run in a thread that no shutdown waits for: a provider may hold on to a connection."""
    outcome: Future[KeySet | FetchFailure] = Future()
    outcome.set_running_or_notify_cancel()  # who waits may give up, the work goes on

    def run() -> None:
        try:
            outcome.set_result(work())
        except Exception as error:  # whatever it is, the keys that there are go on serving
            outcome.set_result(FetchFailure(f"{type(error).__name__}: {error}"))

    threading.Thread(target=run, name="jwks", daemon=True).start()
    return outcome


def _unavailable() -> CodedError:
    return CodedError(
        ErrorCode.UNAVAILABLE,
        "暂时取不到校验令牌的公钥，请稍后重试；不带令牌的请求不受影响。",
        "The keys that tokens are checked with are not available now; try again later. "
        "Requests without a token are answered.",
    )
