"""What a broken request is answered with: a code, a sentence in two languages, and the facts."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """The closed set of `extensions.code`; clients may rely on each name."""

    BAD_REQUEST = "BAD_REQUEST"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    PARSE_FAILED = "PARSE_FAILED"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    OPERATION_UNKNOWN = "OPERATION_UNKNOWN"
    VARIABLES_INVALID = "VARIABLES_INVALID"
    CITY_UNKNOWN = "CITY_UNKNOWN"
    PROVINCE_UNKNOWN = "PROVINCE_UNKNOWN"
    TENANT_UNKNOWN = "TENANT_UNKNOWN"
    LEVEL_UNKNOWN = "LEVEL_UNKNOWN"
    ORGANIZATION_UNKNOWN = "ORGANIZATION_UNKNOWN"
    ID_MALFORMED = "ID_MALFORMED"
    CURSOR_MALFORMED = "CURSOR_MALFORMED"
    PAGE_SIZE = "PAGE_SIZE"
    ARGUMENTS_CONFLICT = "ARGUMENTS_CONFLICT"
    TOKEN_INVALID = "TOKEN_INVALID"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"
    TOKEN_SCOPE = "TOKEN_SCOPE"
    FORBIDDEN = "FORBIDDEN"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    TOKENS_EXCEEDED = "TOKENS_EXCEEDED"
    DEPTH_EXCEEDED = "DEPTH_EXCEEDED"
    ALIASES_EXCEEDED = "ALIASES_EXCEEDED"
    FIELDS_EXCEEDED = "FIELDS_EXCEEDED"
    DIRECTIVES_EXCEEDED = "DIRECTIVES_EXCEEDED"
    FRAGMENTS_EXCEEDED = "FRAGMENTS_EXCEEDED"
    NODES_EXCEEDED = "NODES_EXCEEDED"
    COST_EXCEEDED = "COST_EXCEEDED"
    STATISTICS_EXCEEDED = "STATISTICS_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    OPERATIONS_EXCEEDED = "OPERATIONS_EXCEEDED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    DOCUMENT_HASH_MISMATCH = "DOCUMENT_HASH_MISMATCH"
    DOCUMENT_UNTRUSTED = "DOCUMENT_UNTRUSTED"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class CodedError(Exception):
    """A request that cannot be answered, for a reason its sender can mend (or wait out).

    `zh` and `en` are whole sentences that name what was given, what was expected and what to do;
    `facts` are the same values for a program, shown in `extensions` beside `code`.
    """

    def __init__(self, code: ErrorCode, zh: str, en: str, **facts: object) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en
        self.facts = facts

    def message(self, language: str) -> str:
        """The sentence in `language` ("zh" or "en")."""
        return self.en if language == "en" else self.zh
