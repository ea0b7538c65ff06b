"""The provider's keys: fetched once, rotated, kept while the provider is away."""

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pydantic import ValidationError

from schema.errors import CodedError, ErrorCode
from server.claims import Claims
from server.identity import Identity
from server.jwks import MAX_BYTES, PAUSE_SECONDS, ProviderKeys, fetch_keys
from server.settings import Settings
from tenants.roles import Role
from tests.server.clock import Clock
from tests.server.provider import Provider, Signer, es256, oct_jwk, provider, rs256

SECONDS = 300.0
RSA, EC = rs256("r1"), es256("e1")
UNAVAILABLE: tuple[Any, ...] = (
    ErrorCode.UNAVAILABLE,
    "暂时取不到校验令牌的公钥，请稍后重试；不带令牌的请求不受影响。",
    "The keys that tokens are checked with are not available now; try again later. "
    "Requests without a token are answered.",
    {},
)


@pytest.fixture
def running() -> Iterator[Provider]:
    """A provider with an RSA and an EC key."""
    with provider(RSA, EC) as state:
        yield state


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


def keys_of(state: Provider, clock: Clock, timeout: float = 5.0) -> ProviderKeys:
    return ProviderKeys(state.url, SECONDS, timeout=timeout, clock=clock)


async def found(keys: ProviderKeys, *key_ids: str | None) -> list[str | None]:
    """The ids of the keys that are found, None for each that is not."""
    keys_found = [await keys.find(key_id) for key_id in key_ids]
    return [key.key_id if isinstance(key, PyJWK) else None for key in keys_found]


async def refusal(keys: ProviderKeys, key_id: str | None) -> tuple[Any, ...]:
    with pytest.raises(CodedError) as caught:
        await keys.find(key_id)
    error = caught.value
    return error.code, error.zh, error.en, error.facts


def payload(**changes: object) -> dict[str, Any]:
    standard = {"iss": "login", "aud": "onegrid", "exp": 2_000, "sub": "u1"}
    return standard | {"role": "RESIDENT", "tenants": ["210400"]} | changes


@pytest.mark.parametrize("signer", [RSA, EC], ids=["RS256", "ES256"])
async def test_tokens_of_a_provider(running: Provider, clock: Clock, signer: Signer) -> None:
    """A token that the provider signed with RS256 or ES256 gives its claims."""
    identity = Identity(keys_of(running, clock), "login", "onegrid", clock=clock)
    claims = await identity.claims(f"Bearer {signer.token(payload())}")
    assert claims == Claims("u1", Role.RESIDENT, ("210400",))


async def test_keys_are_fetched_once(running: Provider, clock: Clock) -> None:
    """However many tokens come, at once or later, the keys are fetched once in their time."""
    keys = keys_of(running, clock)
    at_once = await asyncio.gather(*(found(keys, "r1") for _ in range(50)))
    clock.now += SECONDS - 1
    assert (at_once, await found(keys, "r1", "e1")) == ([["r1"]] * 50, ["r1", "e1"])
    assert running.asked == ["/keys"]


async def test_old_keys_are_fetched_anew(running: Provider, clock: Clock) -> None:
    """A key that the provider took back is not found any more once the time of the keys is over."""
    keys = keys_of(running, clock)
    assert await found(keys, "r1", "e1") == ["r1", "e1"]
    running.show([EC])
    assert await found(keys, "r1", "e1") == ["r1", "e1"]
    clock.now += SECONDS
    assert await found(keys, "r1", "e1") == [None, "e1"]


async def test_rotation(running: Provider, clock: Clock) -> None:
    """A token signed with a new key is taken at once: its unknown key id fetches the set anew."""
    keys = keys_of(running, clock)
    await found(keys, "r1")
    running.show([EC, es256("e2")])
    clock.now += PAUSE_SECONDS
    assert await found(keys, "e2", "r1", "e1") == ["e2", None, "e1"]
    assert len(running.asked) == 2


async def test_random_key_ids_do_not_hammer_the_provider(running: Provider, clock: Clock) -> None:
    """Unknown key ids fetch at most once in ten seconds, one after another and all at once."""
    keys = keys_of(running, clock)
    await found(keys, "r1")
    for _ in range(3):
        clock.now += PAUSE_SECONDS / 2
        one_by_one = await found(keys, *map(str, range(50)))
        at_once = await asyncio.gather(*(found(keys, f"x{number}") for number in range(50)))
        assert (one_by_one, at_once) == ([None] * 50, [[None]] * 50)
    assert len(running.asked) == 2


@pytest.mark.parametrize("broken", ["refused", "500", "garbage"])
async def test_outage(running: Provider, clock: Clock, broken: str) -> None:
    """While the provider is down the old keys go on serving; afterwards new ones are fetched."""
    keys = keys_of(running, clock)
    await found(keys, "r1")
    if broken == "refused":
        running.stop()
    running.status = 500 if broken == "500" else 200
    running.body = b"<html>" if broken == "garbage" else None
    for _ in range(5):
        clock.now += SECONDS
        assert await found(keys, "r1", "e1", "x") == ["r1", "e1", None]
    if broken != "refused":
        assert len(running.asked) == 6
        running.status, running.body = 200, None
        running.show([EC])
        clock.now += PAUSE_SECONDS
        assert await found(keys, "new", "r1", "e1") == [None, None, "e1"]


async def test_nobody_waits_for_a_provider_that_hangs(running: Provider, clock: Clock) -> None:
    """Once it is known that the provider does not answer, old keys are found without waiting."""
    keys = keys_of(running, clock, timeout=0.2)
    await found(keys, "r1")
    running.open_gate.clear()
    clock.now += SECONDS
    async with asyncio.timeout(60):
        while not keys.failing:
            assert await found(keys, "r1") == ["r1"]
    clock.now += PAUSE_SECONDS
    assert at_once(keys.find("r1")) is True


def at_once(finding: Coroutine[Any, Any, PyJWK | None]) -> bool:
    """Whether a coroutine gives something without waiting for anything."""
    try:
        finding.send(None)
    except StopIteration as end:
        return end.value is not None
    finding.close()
    return False


async def test_a_client_that_leaves_takes_no_fetch_along(running: Provider, clock: Clock) -> None:
    """A fetch goes on where the request that began it is cancelled, and serves the others."""
    keys = keys_of(running, clock)
    running.open_gate.clear()
    first = asyncio.create_task(found(keys, "r1"))
    await asyncio.sleep(0)
    others = [asyncio.create_task(found(keys, "e1")) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    running.open_gate.set()
    assert await asyncio.gather(*others) == [["e1"]] * 3
    assert running.asked == ["/keys"]


async def test_one_fetch_at_a_time(running: Provider, clock: Clock) -> None:
    """While a fetch runs no other begins, however long it takes."""
    keys = keys_of(running, clock)
    running.open_gate.clear()
    waiting = []
    for _ in range(3):
        waiting.append(asyncio.create_task(found(keys, "r1")))
        await asyncio.sleep(0)
        clock.now += PAUSE_SECONDS
    running.open_gate.set()
    assert await asyncio.gather(*waiting) == [["r1"]] * 3
    assert running.asked == ["/keys"]


async def test_a_provider_that_drips(running: Provider, clock: Clock) -> None:
    """Nobody waits longer than the timeout for headers that come byte by byte."""
    running.drips = "head"
    running.open_gate.clear()
    async with asyncio.timeout(60):
        assert await refusal(keys_of(running, clock, timeout=0.2), "r1") == UNAVAILABLE


def test_a_body_that_drips(running: Provider) -> None:
    """A set of keys that comes byte by byte is given up after the timeout."""
    running.drips = "body"
    running.open_gate.clear()
    with pytest.raises(TimeoutError, match="too slowly"):
        fetch_keys(running.url, timeout=0.2)


async def test_keys_that_were_never_reached(running: Provider, clock: Clock) -> None:
    """Without any key nothing can be said of a token: UNAVAILABLE, until the provider answers."""
    keys = keys_of(running, clock)
    running.status = 503
    assert [await refusal(keys, key_id) for key_id in ("r1", None)] == [UNAVAILABLE] * 2
    assert len(running.asked) == 1
    running.status = 200
    clock.now += PAUSE_SECONDS
    assert await found(keys, "r1") == ["r1"]


async def test_the_loop_runs_while_keys_are_fetched(running: Provider, clock: Clock) -> None:
    """Fetching blocks a thread of its own, never the event loop."""
    keys = keys_of(running, clock)
    running.open_gate.clear()
    fetching = asyncio.create_task(found(keys, "r1"))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not fetching.done()
    assert "jwks" in {thread.name for thread in threading.enumerate()}
    running.open_gate.set()
    assert await fetching == ["r1"]


@pytest.mark.parametrize(
    ("signers", "key_id", "expected"),
    [
        ([es256(None)], None, [None]),
        ([RSA], None, ["r1"]),
        ([RSA, EC], None, "none"),
        ([es256(None), RSA], None, [None]),
        ([es256(None)], "e1", "none"),
    ],
)
async def test_tokens_without_a_key_id(
    running: Provider, clock: Clock, signers: list[Signer], key_id: str | None, expected: Any
) -> None:
    """A token that names no key is checked with the only one, or with the one without a name."""
    running.show(signers)
    key = await keys_of(running, clock).find(key_id)
    assert ([key.key_id] if key is not None else "none") == expected


def unusable() -> list[Any]:
    rsa, curve = RSA.public, EC.public
    wide = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)
    private = RSAAlgorithm.to_jwk(generate_private_key(65537, 2048), as_dict=True)
    return [
        pytest.param(rsa | {"use": "enc"}, id="for encryption"),
        pytest.param(rsa | {"alg": "RS512"}, id="other algorithm"),
        pytest.param(rsa | {"alg": ["RS256"]}, id="list of algorithms"),
        pytest.param(rsa | {"alg": "HS256"}, id="confused"),
        pytest.param(rsa | {"kid": 1}, id="numbered"),
        pytest.param(rsa | {"n": 5}, id="no text"),
        pytest.param({"kty": "RSA", "kid": "x"}, id="empty"),
        pytest.param(private | {"kid": "x"}, id="private"),
        pytest.param(wide | {"kid": "x"}, id="other curve"),
        pytest.param(wide | {"kid": "x", "alg": "ES256"}, id="curve of another algorithm"),
        pytest.param(curve | {"x": "AAAA"}, id="off the curve"),
        pytest.param(oct_jwk(b"x" * 32, "x"), id="secret"),
        pytest.param("key", id="text"),
        pytest.param(None, id="null"),
    ]


@pytest.mark.parametrize("item", unusable())
def test_unusable_keys_are_left_out(running: Provider, item: Any) -> None:
    """A key that is of no use for RS256 or ES256 is left out; the others are taken."""
    running.keys = [item, EC.public | {"kid": "good"}]
    assert list(fetch_keys(running.url)) == ["good"]


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (200, {}, b"{}", "expected a JSON object with a list `keys`"),
        (200, {}, b"[]", "expected a JSON object with a list `keys`"),
        (200, {}, b'{"keys": {}}', "expected a JSON object with a list `keys`"),
        (200, {}, b'{"keys": []}', "no key for RS256 or ES256 among 0"),
        (200, {}, b'{"keys": [1]}', "no key for RS256 or ES256 among 1"),
        (200, {}, b"", "zero-length, empty document"),
        (200, {}, b" " * (MAX_BYTES + 1), f"more than {MAX_BYTES} bytes"),
        (302, {"location": "/other"}, b"", "HTTP Error 302: Found"),
        (404, {}, b"", "HTTP Error 404: Not Found"),
    ],
)
def test_answers_without_keys(
    running: Provider, status: int, headers: dict[str, str], body: bytes, said: str
) -> None:
    """Whatever is no set of keys is refused whole, and no redirect is followed."""
    running.status, running.headers, running.body = status, headers, body
    with pytest.raises((OSError, ValueError)) as caught:
        fetch_keys(running.url)
    assert (said in str(caught.value), running.asked) == (True, ["/keys"])


def test_deeply_nested_answer(running: Provider) -> None:
    """A set nested a hundred thousand deep is refused, not followed."""
    running.body = b'{"keys": ' + b"[" * 100_000
    with pytest.raises(ValueError, match="depth limit exceeded"):
        fetch_keys(running.url)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/keys", "data:,{}", "keys", ""])
def test_only_http(url: str) -> None:
    """Keys are fetched over http or https only."""
    with pytest.raises(ValueError, match="over http or https"):
        ProviderKeys(url)


async def test_same_key_id_with_other_key(running: Provider, clock: Clock) -> None:
    """A key that changed under its old id is noticed when the time of the keys is over."""
    identity = Identity(keys_of(running, clock), "login", "onegrid", clock=clock)
    old = f"Bearer {RSA.token(payload(exp=9_000))}"
    assert await identity.claims(old) is not None
    running.keys = [rs256("other").public | {"kid": "r1"}]
    clock.now += SECONDS
    with pytest.raises(CodedError) as caught:
        await identity.claims(old)
    assert caught.value.code is ErrorCode.TOKEN_INVALID


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # of signing
async def test_weak_key(running: Provider, clock: Clock) -> None:
    """An RSA key of less than 2048 bits checks nothing."""
    weak = rs256("weak", 1024)
    running.show([weak])
    identity = Identity(keys_of(running, clock), "login", "onegrid", clock=clock)
    with pytest.raises(CodedError) as caught:
        await identity.claims(f"Bearer {weak.token(payload())}")
    assert caught.value.code is ErrorCode.TOKEN_INVALID


def test_provider_document() -> None:
    """The keys of these tests stand in their set as providers write them."""
    names = {name for signer in (RSA, EC) for name in json.loads(json.dumps(signer.public))}
    assert names >= {"kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"}


@pytest.mark.parametrize(
    ("url", "is_sound"),
    [
        ("https://login.example/keys", True),
        ("http://127.0.0.1:8080/keys?set=1", True),
        ("https://[::1]:8443/keys", True),
        ("file:///etc/passwd", False),
        ("ftp://login.example/keys", False),
        ("login.example/keys", False),
        ("https:///keys", False),
        ("https://login.example:port/keys", False),
        ("https://[::1/keys", False),
    ],
)
def test_setting(url: str, is_sound: bool) -> None:
    """ONEGRID_JWKS_URL is an address of http or https with a host."""
    try:
        said = Settings(jwks_url=url, _env_file=None).jwks_url
    except ValidationError as error:
        said = error.errors()[0]["msg"]
    refused = "Value error, expected an address like https://login.example/keys"
    assert said == (url if is_sound else refused)
