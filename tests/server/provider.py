"""An OIDC provider's JWKS address on this machine: keys that tests change."""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Signer:
    """A key pair of the provider, as its tokens and its set of keys name it."""

    key_id: str | None
    algorithm: str
    private: Private

    @property
    def public(self) -> dict[str, Any]:
        """The public key, as it stands in the set."""
        named = {"kid": self.key_id} if self.key_id is not None else {}
        return _jwk(self.private.public_key()) | named | {"use": "sig", "alg": self.algorithm}

    def token(self, payload: dict[str, Any], key_id: str | None = "") -> str:
        """A token; `key_id` names another key than the one that signs it, None names none."""
        named = self.key_id if key_id == "" else key_id
        headers = {} if named is None else {"kid": named}
        return jwt.encode(payload, self.private, self.algorithm, headers)


@cache
def rs256(key_id: str | None, bits: int = 2048) -> Signer:
    """An RS256 signer, the same for the same key id."""
    return Signer(key_id, "RS256", rsa.generate_private_key(65537, bits))


@cache
def es256(key_id: str | None) -> Signer:
    """An ES256 signer, the same for the same key id."""
    return Signer(key_id, "ES256", ec.generate_private_key(ec.SECP256R1()))


def _jwk(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPublicKey):
        return RSAAlgorithm.to_jwk(key, as_dict=True)
    return ECAlgorithm.to_jwk(key, as_dict=True)


def oct_jwk(secret: bytes, key_id: str) -> dict[str, Any]:
    """A symmetric key as it might stand in a set, where it should not."""
    value = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    return {"kty": "oct", "kid": key_id, "alg": "HS256", "k": value}


@dataclass
class Provider:
    """What the address answers with; tests change it while it runs."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    drips: Literal["", "head", "body"] = ""
    open_gate: threading.Event = field(default_factory=threading.Event)
    stop: Callable[[], None] = lambda: None

    def show(self, signers: Sequence[Signer]) -> None:
        """Have exactly these keys in the set."""
        self.keys = [signer.public for signer in signers]

    def answer(self) -> bytes:
        """The body of the next answer."""
        return json.dumps({"keys": self.keys}).encode() if self.body is None else self.body


@contextmanager
def provider(*signers: Signer) -> Iterator[Provider]:
    """A running provider with these keys; its gate is open: it answers at once."""
    state = Provider()
    state.show(signers)
    state.open_gate.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/keys"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def stop() -> None:
        state.open_gate.set()
        server.shutdown()
        server.server_close()
        thread.join()

    state.stop = stop
    try:
        yield state
    finally:
        if thread.is_alive():
            stop()


DRIP_SECONDS = 0.02
"""Between two bytes of a provider that drips, until its gate opens."""


def _handler(state: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            try:
                self.respond()
            except OSError:  # who asked has gone
                self.close_connection = True

        def respond(self) -> None:
            if state.drips == "head":
                self.drip(b"HTTP/1.1 200 OK\r\nx: ")
            if state.drips == "body":
                self.drip(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
            state.open_gate.wait()
            body = state.answer()
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def drip(self, start: bytes) -> None:
            self.wfile.write(start)
            while not state.open_gate.wait(DRIP_SECONDS):
                self.wfile.write(b"x")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
