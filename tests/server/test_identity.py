"""Identity: which tokens are taken, and that all others get the same refusal."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from schema.errors import CodedError, ErrorCode
from server.claims import Claims
from server.identity import LEEWAY, MAX_HEADER, Identity, SharedSecret, open_identity
from server.jwks import ALGORITHMS
from server.settings import Settings
from server.tokens import Mint, open_mint
from tenants.roles import Role
from tests.server.clock import Clock
from tests.server.provider import es256, provider, rs256

SECRET = b"s" * 48
NOW = 1_000_000.0
PERSON = uuid.UUID("0190c1e2-0000-7000-8000-000000000001")
CLAIMS = Claims("u1", Role.AGENT, ("210400",), "210411002", PERSON, "en")
INVALID: tuple[Any, ...] = (
    ErrorCode.TOKEN_INVALID,
    "令牌无效；Authorization 应为“Bearer <令牌>”，令牌由本服务认可的签发者签发。请重新登录。",
    "The token is not valid; expected Authorization: Bearer <token>, with a token of this "
    "server's issuer. Sign in again.",
    {},
)
EXPIRED: tuple[Any, ...] = (
    ErrorCode.TOKEN_EXPIRED,
    "令牌已过期；请重新登录。",
    "The token has expired; sign in again.",
    {},
)
PAYLOAD: dict[str, Any] = {
    "iss": "onegrid",
    "aud": "onegrid",
    "iat": int(NOW),
    "exp": int(NOW) + 3600,
    "sub": "u1",
    "role": "AGENT",
    "tenants": ["210400"],
}


class CountedSecret(SharedSecret):
    """A secret that counts how often it was asked for."""

    asked = 0

    async def find(self, key_id: str | None) -> bytes:
        self.asked += 1
        return await super().find(key_id)


def identity_at(now: float = NOW, prefix: str = "", refusal_seconds: float = 0) -> Identity:
    keys, clock = SharedSecret(SECRET), Clock(now)
    return Identity(
        keys, "onegrid", "onegrid", prefix, clock=clock, refusal_seconds=refusal_seconds
    )


def mint_at(now: float = NOW) -> Mint:
    return Mint(SECRET, "onegrid", "onegrid", clock=Clock(now))


def signed(**changes: object) -> str:
    """A header with a token of the right secret; None leaves a claim out."""
    payload = {name: value for name, value in (PAYLOAD | changes).items() if value is not None}
    return f"Bearer {jwt.encode(payload, SECRET, 'HS256')}"


def raw(head: object, payload: object = PAYLOAD, secret: bytes | None = SECRET) -> str:
    """A header with a token put together by hand; without a secret its signature is empty."""
    parts = [head, payload]
    texts = [part if isinstance(part, str) else json.dumps(part) for part in parts]
    signing = ".".join(base64url(text.encode()) for text in texts)
    algorithm = jwt.get_algorithm_by_name("HS256")
    signature = algorithm.sign(signing.encode(), secret) if secret is not None else b""
    return f"Bearer {signing}.{base64url(signature)}"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


async def answer(identity: Identity, header: str | None) -> Any:
    """The claims, or the whole refusal."""
    try:
        return await identity.claims(header)
    except CodedError as error:
        return error.code, error.zh, error.en, error.facts


async def test_token() -> None:
    """A token of the mint gives the claims that it was made of."""
    token = mint_at().token(CLAIMS, 8)
    assert await answer(identity_at(), f"Bearer {token}") == CLAIMS
    assert await answer(identity_at(), f"bearer  {token} ") == CLAIMS


async def test_no_header() -> None:
    """Without the header there are no claims."""
    assert await answer(identity_at(), None) is None


async def test_prefix() -> None:
    """With a prefix only claims that carry it count."""
    identity = identity_at(prefix="https://grid/")
    mint = Mint(SECRET, "onegrid", "onegrid", "https://grid/", clock=Clock(NOW))
    assert await answer(identity, f"Bearer {mint.token(CLAIMS, 8)}") == CLAIMS
    assert await answer(identity, signed()) == Claims("u1")


GOOD = signed().removeprefix("Bearer ")
HEAD, BODY, SIGNATURE = GOOD.split(".")
HS256 = {"alg": "HS256", "typ": "JWT"}
WRONG: dict[str, str] = {
    "empty header": "",
    "other scheme": "Basic dTpw",
    "token alone": GOOD,
    "no token": "Bearer",
    "empty token": "Bearer ",
    "two tokens": f"Bearer {GOOD}, Bearer {GOOD}",
    "undefined": "Bearer undefined",
    "not ASCII": f"Bearer {GOOD}é",
    "half a character": "Bearer \ud800",
    "control character": f"Bearer {GOOD[:-5]}\x00{GOOD[-5:]}",
    "two parts": f"Bearer {HEAD}.{BODY}",
    "four parts": f"Bearer {GOOD}.",
    "no head": f"Bearer .{BODY}.{SIGNATURE}",
    "no signature": f"Bearer {HEAD}.{BODY}.",
    "signature of another": f"Bearer {HEAD}.{BODY}.{base64url(b'x' * 32)}",
    "other secret": raw(HS256, secret=b"t" * 48),
    "no algorithm": raw({"typ": "JWT"}),
    "none": raw({"alg": "none"}, secret=None),
    "None": raw({"alg": "None"}, secret=None),
    "none, signed": raw({"alg": "none"}),
    "HS512": f"Bearer {jwt.encode(PAYLOAD, b's' * 64, 'HS512')}",
    "ES256": f"Bearer {es256('e').token(PAYLOAD)}",
    "list of algorithms": raw({"alg": ["HS256"]}),
    "numbered key": raw(HS256 | {"kid": 1}),
    "critical extension": raw(HS256 | {"crit": ["exp"], "exp": 1}),
    "detached": raw(HS256 | {"b64": False, "crit": ["b64"]}),
    "head is a list": raw([HS256]),
    "head is deep": raw("[" * 2000),
    "payload is a text": raw(HS256, "hello"),
    "payload is a list": raw(HS256, [PAYLOAD]),
    "payload is deep": raw(HS256, "[" * 4000),
    "long number": raw(HS256, '{"exp": ' + "9" * 4500 + "}"),
    "other issuer": signed(iss="evil"),
    "no issuer": signed(iss=None),
    "issuer in a list": raw(HS256, PAYLOAD | {"iss": ["onegrid"]}),
    "other audience": signed(aud="evil"),
    "no audience": signed(aud=None),
    "audience is a number": signed(aud=1),
    "no expiry": signed(exp=None),
    "null expiry": raw(HS256, PAYLOAD | {"exp": None}),
    "expiry is a text": raw(HS256, PAYLOAD | {"exp": str(int(NOW) + 3600)}),
    "expiry is true": raw(HS256, PAYLOAD | {"exp": True}),
    "endless": raw(HS256, json.dumps(PAYLOAD).replace(str(PAYLOAD["exp"]), "1e999")),
    "not a number": raw(HS256, json.dumps(PAYLOAD).replace(str(PAYLOAD["exp"]), "NaN")),
    "too far": raw(HS256, PAYLOAD | {"exp": 10**12}),
    "negative expiry": raw(HS256, PAYLOAD | {"exp": -1}),
    "issued tomorrow": signed(iat=int(NOW) + 86_400),
    "not yet": signed(nbf=int(NOW + LEEWAY) + 1),
    "begin is a text": raw(HS256, PAYLOAD | {"nbf": "now"}),
    "expired and of another issuer": signed(exp=1, iss="evil"),
    "expired and malformed": signed(exp=1, role="KING"),
    "no subject": signed(sub=None),
    "subject is a number": raw(HS256, PAYLOAD | {"sub": 5}),
    "unknown role": signed(role="KING"),
    "tenant is a slug": signed(tenants=["fushun"]),
    "oversized claims": signed(note="x" * 7000),
    "oversized header": f"Bearer {'x' * MAX_HEADER}",
    "ten megabytes": f"Bearer {'x' * 10_000_000}",
}


@pytest.mark.parametrize("header", WRONG.values(), ids=WRONG)
async def test_wrong_tokens(header: str) -> None:
    """Whatever is wrong with a token, the refusal is the same."""
    assert await answer(identity_at(), header) == INVALID


@pytest.mark.parametrize("kind", ["empty header", "none", "other secret", "oversized header"])
async def test_wrong_tokens_take_the_same_time(kind: str) -> None:
    """No refusal comes before its time, which is longer than any check takes."""
    identity = identity_at(refusal_seconds=0.05)
    started = time.perf_counter()
    assert await answer(identity, WRONG[kind]) == INVALID
    assert time.perf_counter() - started >= 0.049


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("other scheme", "scheme"),
        ("oversized header", "size"),
        ("none", "alg"),
        ("other secret", "InvalidSignatureError"),
        ("other audience", "InvalidAudienceError"),
        ("critical extension", "InvalidTokenError"),
        ("not yet", "not yet valid"),
        ("no expiry", "exp"),
        ("tenant is a slug", "tenants"),
    ],
)
async def test_reasons_are_logged(kind: str, reason: str) -> None:
    """The log says at debug what was wrong, and holds no part of the token."""
    with capture_logs() as logs:
        await answer(identity_at(), WRONG[kind])
    assert logs == [{"event": "token refused", "log_level": "debug", "reason": reason}]


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        ({}, NOW, Claims("u1", Role.AGENT, ("210400",))),
        ({"iat": None}, NOW, Claims("u1", Role.AGENT, ("210400",))),
        ({"aud": ["other", "onegrid"]}, NOW, Claims("u1", Role.AGENT, ("210400",))),
        ({"nbf": int(NOW + LEEWAY)}, NOW, Claims("u1", Role.AGENT, ("210400",))),
        ({"iat": NOW + LEEWAY}, NOW, Claims("u1", Role.AGENT, ("210400",))),
        ({}, NOW + 3600 + LEEWAY - 1, Claims("u1", Role.AGENT, ("210400",))),
        ({}, NOW + 3600 + LEEWAY, EXPIRED),
        ({"exp": 0}, NOW, EXPIRED),
        ({}, NOW * 1000, EXPIRED),
    ],
)
async def test_times(changes: dict[str, Any], now: float, expected: object) -> None:
    """A token counts from its beginning to its end, with leeway; a sound one that ended says so."""
    assert await answer(identity_at(now), signed(**changes)) == expected


async def test_remembered_until_it_expires() -> None:
    """A token is checked once; from its expiry on it is refused, though it was remembered."""
    clock, secret = Clock(NOW), CountedSecret(SECRET)
    identity = Identity(secret, "onegrid", "onegrid", clock=clock)
    header = f"Bearer {mint_at().token(CLAIMS, 1)}"
    assert [await answer(identity, header) for _ in range(3)] == [CLAIMS] * 3
    clock.now += 3600 + LEEWAY - 1
    assert (await answer(identity, header), secret.asked) == (CLAIMS, 1)
    clock.now += 1
    assert (await answer(identity, header), secret.asked) == (EXPIRED, 2)


async def test_wrong_tokens_are_not_remembered() -> None:
    """A refused token is checked anew each time, and refused again."""
    secret = CountedSecret(SECRET)
    identity = Identity(secret, "onegrid", "onegrid", clock=Clock(NOW), refusal_seconds=0)
    assert [await answer(identity, WRONG["other secret"]) for _ in range(3)] == [INVALID] * 3
    assert secret.asked == 3


async def test_memory_is_bounded() -> None:
    """Of more tokens than are remembered, those that were used last stay."""
    secret = CountedSecret(SECRET)
    identity = Identity(secret, "onegrid", "onegrid", clock=Clock(NOW), size=2)
    a, b, c = (signed(sub=name) for name in "abc")
    asked = []
    for header in (a, b, a, c, a, b):
        await answer(identity, header)
        asked.append(secret.asked)
    assert asked == [1, 2, 2, 3, 3, 4]


async def test_public_key_as_a_secret() -> None:
    """With a provider HS256 is not taken, not even signed with a public key (confusion of alg)."""
    signer = rs256("r1")
    pem = signer.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = signer.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    head = HS256 | {"kid": "r1"}
    with provider(signer) as running:
        identity = open_identity(with_provider(running.url), Clock(NOW))
        good = f"Bearer {signer.token(PAYLOAD)}"
        assert await answer(identity, good) == Claims("u1", Role.AGENT, ("210400",))
        for secret in (pem, der, SECRET):
            assert await answer(identity, raw(head, secret=secret)) == INVALID
        for algorithm in ALGORITHMS:
            assert await answer(identity, raw(head | {"alg": algorithm})) == INVALID
        assert await answer(identity, raw({"alg": "none", "kid": "r1"}, secret=None)) == INVALID
        assert len(running.asked) == 1


def with_provider(url: str) -> Settings:
    return Settings(jwks_url=url, _env_file=None)


async def test_wrong_algorithms_ask_no_provider() -> None:
    """A token whose algorithm is not taken anyway makes nobody fetch keys."""
    with provider(rs256("r1")) as running:
        identity = open_identity(with_provider(running.url), Clock(NOW))
        for kind in ("none", "HS512", "list of algorithms", "other secret", "undefined"):
            assert await answer(identity, WRONG[kind]) == INVALID
        assert running.asked == []


async def test_settings(tmp_path: Path) -> None:
    """Identity and mint of the same settings agree; those of other settings do not."""
    mine = Settings(
        data=tmp_path,
        token_issuer="me",
        token_audience="you",
        token_claim_prefix="g_",
        _env_file=None,
    )
    mint = open_mint(mine, Clock(NOW))
    assert mint is not None
    header = f"Bearer {mint.token(CLAIMS, 8)}"
    assert await answer(open_identity(mine, Clock(NOW)), header) == CLAIMS
    for changes in ({"token_issuer": "x"}, {"token_audience": "x"}, {"token_secret": "x" * 32}):
        other = mine.model_copy(update=changes)
        assert await answer(open_identity(other, Clock(NOW)), header) == INVALID


def test_no_mint_beside_a_provider() -> None:
    """Where a provider issues tokens there is no mint."""
    assert open_mint(with_provider("https://login.example/keys")) is None


often = settings(max_examples=150, deadline=None, database=None)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NAMES = ["iss", "aud", "iat", "nbf", "exp", "sub", "jti", "role", "tenants", "organization"]
some_claims = st.dictionaries(st.sampled_from([*NAMES, "person", "lang"]), json_values)


@often
@given(some_claims)
async def test_any_claims(changes: dict[str, Any]) -> None:
    """Whatever a signed token says, the answer is claims or a coded refusal."""
    found = await answer(identity_at(), raw(HS256, PAYLOAD | changes))
    assert isinstance(found, Claims) or found in (INVALID, EXPIRED)


@often
@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk"]), json_values))
async def test_any_head(changes: dict[str, Any]) -> None:
    """Whatever the head of a token says, the answer is its claims or a refusal."""
    found = await answer(identity_at(), raw(HS256 | changes))
    assert found in (Claims("u1", Role.AGENT, ("210400",)), INVALID)


@often
@given(st.text(st.characters(max_codepoint=255)) | st.text())
async def test_any_header(header: str) -> None:
    """Whatever stands in the header, it is refused."""
    assert await answer(identity_at(), header) == INVALID
    assert await answer(identity_at(), f"Bearer {header}") == INVALID


def replaced(token: str, place: int, letter: str) -> str:
    return token[:place] + letter + token[place + 1 :]


def dropped(token: str, place: int, letter: str) -> str:
    return token[:place] + token[place + 1 :]


def inserted(token: str, place: int, letter: str) -> str:
    return token[:place] + letter + token[place:]


def doubled(token: str, place: int, letter: str) -> str:
    return token[:place] + token[place] * 2 + token[place + 1 :]


def cut(token: str, place: int, letter: str) -> str:
    return token[:place]


@settings(max_examples=500, deadline=None, database=None)
@given(
    st.sampled_from([replaced, dropped, inserted, doubled, cut]),
    st.integers(0, len(GOOD) - 1),
    st.characters(min_codepoint=33, max_codepoint=126),
)
async def test_mutated_tokens(
    mutate: Callable[[str, int, str], str], place: int, letter: str
) -> None:
    """A token with a letter changed, dropped, added or doubled, or cut off, is never taken."""
    mutated = mutate(GOOD, place, letter)
    found = await answer(identity_at(), f"Bearer {mutated}")
    assert found == (Claims("u1", Role.AGENT, ("210400",)) if mutated == GOOD else INVALID)


@often
@given(st.sampled_from(["r1", "e1"]), st.integers(0, 400), st.integers(1, 255))
async def test_mutated_signatures(key_id: str, place: int, change: int) -> None:
    """A signature of RS256 or ES256 with a byte changed is never taken."""
    signer = rs256("r1") if key_id == "r1" else es256("e1")
    head, body, signature = signer.token(PAYLOAD).split(".")
    content = bytearray(base64.urlsafe_b64decode(f"{signature}=="))
    content[place % len(content)] ^= change
    found = await answer(
        Identity(Held(), "onegrid", "onegrid", clock=Clock(NOW)),
        (f"Bearer {head}.{body}.{base64url(bytes(content))}"),
    )
    assert found == INVALID


class Held:
    """The keys of a provider, without fetching them."""

    algorithms = ALGORITHMS
    seconds = 300.0

    async def find(self, key_id: str | None) -> jwt.PyJWK | None:
        signers = {"r1": rs256("r1"), "e1": es256("e1")}
        return jwt.PyJWK(signers[key_id].public) if key_id in signers else None
