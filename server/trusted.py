"""Trusted documents: which text a request means, and whether it may run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from starlette.requests import Request

from schema.errors import CodedError, ErrorCode
from server.documents import DocumentFailure, Documents
from server.manifests import ManifestError, TrustedDocument, read_manifests
from server.parameters import Parameters
from server.registered import RegisteredDocuments
from server.settings import PREFIX, Settings

PUBLIC_SECONDS = 60
"""How long caches may keep the answer to a trusted query that anybody may ask."""

_VARY = "Accept, Accept-Language, Authorization"


@dataclass(frozen=True, slots=True)
class InvalidDocument:
    """A trusted document that this schema does not allow; `errors` are their messages."""

    document: TrustedDocument
    errors: tuple[str, ...]


class TrustedDocuments:
    """The documents that clients may name instead of sending them.

    Names are the ids of manifests, and the SHA-256 of any trusted document, bare or as
    "sha256:…". With `registration` clients may add documents by their hash (APQ); with `only`
    nothing else than trusted documents runs, and nothing is added.
    """

    def __init__(
        self,
        documents: Iterable[TrustedDocument] = (),
        *,
        only: bool = False,
        registration: bool = True,
        registered: RegisteredDocuments | None = None,
    ) -> None:
        self.documents = tuple(documents)
        self._only = only
        self._registration = registration and not only
        self._registered = RegisteredDocuments() if registered is None else registered
        self._trusted = {document.id: document.text for document in self.documents}
        for document in self.documents:
            digest = _digest(document.text)
            self._trusted[digest] = self._trusted[f"sha256:{digest}"] = document.text
        self._texts = frozenset(self._trusted.values())

    @classmethod
    def of(cls, settings: Settings) -> "TrustedDocuments":
        """The trusted documents of these settings.

        Errors: `ManifestError`, also where only trusted documents may run and there are none.
        """
        documents = read_manifests(settings.trusted_documents)
        if settings.trusted_only and not documents:
            raise ManifestError(
                f"{PREFIX}TRUSTED_ONLY is set, but {PREFIX}TRUSTED_DOCUMENTS names no document: "
                "nothing could be asked"
            )
        return cls(documents, only=settings.trusted_only, registration=settings.persisted_queries)

    def text_of(self, parameters: Parameters) -> str:
        """The text that a request holds or names.

        Errors: `CodedError` PERSISTED_QUERY_NOT_FOUND, PERSISTED_QUERY_NOT_SUPPORTED,
        DOCUMENT_HASH_MISMATCH, DOCUMENT_UNTRUSTED.
        """
        text = parameters.query
        if text is None or parameters.document_id or parameters.persisted_hash:
            text = self._checked(parameters)
        if self._only and text not in self._texts:
            raise _untrusted(text)
        return text

    def _checked(self, parameters: Parameters) -> str:
        names = [name for name in (parameters.document_id, parameters.persisted_hash) if name]
        text = self._named(parameters) if parameters.query is None else parameters.query
        if names and (parameters.query is not None or len(names) > 1):
            self._check(names, text)
        return text

    def register(self, parameters: Parameters) -> None:
        """Remember a text that came with its hash; call it once the text has proved valid."""
        text = parameters.query
        if text is None or not parameters.persisted_hash or not self._registration:
            return
        if text not in self._texts:
            self._registered.add(_digest(text), text)

    def is_trusted(self, parameters: Parameters) -> bool:
        """Whether the request names a trusted document and does not send it."""
        name = parameters.document_id or parameters.persisted_hash
        return parameters.query is None and name in self._trusted

    def _named(self, parameters: Parameters) -> str:
        name = parameters.document_id or parameters.persisted_hash or ""
        text = self._trusted.get(name) or self._registered.get(name.removeprefix("sha256:"))
        if text is not None:
            return text
        if parameters.document_id:
            raise _unknown(parameters.document_id)
        raise _not_found() if self._registration or self.documents else _not_supported()

    def _check(self, names: Iterable[str], text: str) -> None:
        """That each of `names` is a name of `text`."""
        digest = _digest(text)
        for name in names:
            if name.removeprefix("sha256:") != digest and self._trusted.get(name) != text:
                raise _mismatch(name, digest)


def cache_headers(
    trusted: TrustedDocuments, parameters: Parameters, request: Request
) -> dict[str, str]:
    """How long caches may keep the answer to a request, which has no errors.

    Everybody's answer to a trusted query by GET is anybody's for PUBLIC_SECONDS; the answer to a
    token is only its owner's, and nobody keeps it. Other requests get no headers of their own.
    """
    if request.method != "GET" or not trusted.is_trusted(parameters):
        return {}
    if "authorization" in request.headers:
        return {"cache-control": "private, no-store", "vary": _VARY}
    return {"cache-control": f"public, max-age={PUBLIC_SECONDS}", "vary": _VARY}


def invalid(documents: Documents, trusted: TrustedDocuments) -> Iterator[InvalidDocument]:
    """The trusted documents that the schema of `documents`, or a bound, does not allow any more.

    Those that are valid are in the memory of `documents` afterwards.
    """
    for document in trusted.documents:
        found = documents.get(document.text)
        if isinstance(found, DocumentFailure):
            yield InvalidDocument(document, tuple(error.message for error in found.errors))


def operation_names(documents: Documents, trusted: TrustedDocuments) -> frozenset[str]:
    """The names of all operations in trusted documents that are valid."""
    found = (documents.get(document.text) for document in trusted.documents)
    return frozenset(
        operation.name.value
        for document in found
        if not isinstance(document, DocumentFailure)
        for operation in document.operations
        if operation.name
    )


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _not_found() -> CodedError:
    # the clients of Apollo look for these very words, and send the text then
    words = "PersistedQueryNotFound"
    return CodedError(ErrorCode.PERSISTED_QUERY_NOT_FOUND, words, words)


def _not_supported() -> CodedError:
    # the clients of Apollo look for these very words, and send texts only from then on
    words = "PersistedQueryNotSupported"
    return CodedError(ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, words, words)


def _unknown(document_id: str) -> CodedError:
    return CodedError(
        ErrorCode.PERSISTED_QUERY_NOT_FOUND,
        f"没有编号为 {document_id} 的文档；应为可信文档清单中的编号，"
        "或“sha256:”加文档文本 SHA-256 的十六进制值。",
        f"There is no document with the id {document_id}; expected an id of a manifest of trusted"
        " documents, or sha256: and the hash of its text in hex.",
        documentId=document_id,
    )


def _mismatch(name: str, digest: str) -> CodedError:
    return CodedError(
        ErrorCode.DOCUMENT_HASH_MISMATCH,
        f"文档的编号为 {name}，但其文本的 SHA-256 为 {digest}；应一致。",
        f"The document is called {name}, but the SHA-256 of its text is {digest}; expected them"
        " to agree.",
        given=name,
        expected=digest,
    )


def _untrusted(text: str) -> CodedError:
    digest = _digest(text)
    return CodedError(
        ErrorCode.DOCUMENT_UNTRUSTED,
        f"本服务只运行可信文档；此文档（SHA-256 为 {digest}）不在清单中，请运维人员加入。",
        f"Only trusted documents are run here; this one (its SHA-256 is {digest}) is in no"
        " manifest: ask the operator to add it.",
        sha256=digest,
    )
