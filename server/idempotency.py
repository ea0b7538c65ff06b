"""The Idempotency-Key header: under which key a request may be sent again."""

import re
from collections.abc import Sequence
from hashlib import sha256

import orjson

from schema.errors import CodedError, ErrorCode
from schema.idempotency import IdempotencyKey
from server.operations import Operation

LONGEST = 128

_KEY = re.compile(rf"[!-~](?:[ -~]{{0,{LONGEST - 2}}}[!-~])?")


def key_of(headers: Sequence[str]) -> str | None:
    """The key that a request came with, 1 to 128 printable ASCII characters; None without one.

    `headers` are the values of each Idempotency-Key header, a character a byte (latin-1).
    Errors: `CodedError` BAD_REQUEST.
    """
    if not headers:
        return None
    if len(headers) > 1:
        raise _wrong(f"给出了 {len(headers)} 次", f"it was given {len(headers)} times")
    key = headers[0].strip(" \t")
    if not 1 <= len(key) <= LONGEST:
        raise _wrong(f"长度为 {len(key)}", f"its length is {len(key)}")
    if not _KEY.fullmatch(key):
        raise _wrong("含有其他字符", "it has other characters")
    return key


def idempotency_key(key: str, sender: str, text: str, operation: Operation) -> IdempotencyKey:
    """The hashes of a key: with who sent it, and with what was asked.

    `sender` tells actors apart, `text` is the document, however the request gave it. In which
    order variables stand makes no difference.
    Errors: `CodedError` BAD_REQUEST where the variables are nested too deeply.
    """
    sent = operation.variables if operation.sent is None else operation.sent
    asked = [key, text, operation.operation_name, sent]
    return IdempotencyKey(_hash([key, sender]), _hash(asked))


def _hash(parts: Sequence[object]) -> bytes:
    try:
        return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()
    except orjson.JSONEncodeError:  # it reads deeper than it writes
        raise CodedError(
            ErrorCode.BAD_REQUEST,
            "参数 variables 嵌套过深,不能与 Idempotency-Key 同用;请减少层数。",
            "The variables are nested too deeply to go with an Idempotency-Key; nest them less.",
            parameter="variables",
        ) from None


def _wrong(zh: str, en: str) -> CodedError:
    return CodedError(
        ErrorCode.BAD_REQUEST,
        f"请求头 Idempotency-Key {zh};应给出一次,为 1–{LONGEST} 个可见 ASCII 字符,如 UUID。",
        f"The header Idempotency-Key is wrong, {en}; expected it once, 1 to {LONGEST} printable "
        "ASCII characters, a UUID for instance.",
        header="Idempotency-Key",
    )
